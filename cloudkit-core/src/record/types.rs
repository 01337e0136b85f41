use super::{CkRecord, RecordDescriptor};

/// Several record types at once: a record struct, or a tuple of up to twelve of them.
///
/// Test containers take their schema from it: `TestContainer::start_with::<(Article, Author)>()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a record struct nor a tuple of record structs",
    label = "not record types",
    note = "put `#[derive(CkRecord)]` on each struct, and several of them into a tuple: `(Article, Author)`"
)]
pub trait RecordTypes {
    /// What each struct says about its record type, in order.
    fn descriptors() -> Vec<RecordDescriptor>;
}

impl<R: CkRecord> RecordTypes for R {
    fn descriptors() -> Vec<RecordDescriptor> {
        vec![R::DESCRIPTOR]
    }
}

macro_rules! tuples {
    ($(($($record:ident),+))*) => {$(
        impl<$($record: CkRecord),+> RecordTypes for ($($record,)+) {
            fn descriptors() -> Vec<RecordDescriptor> {
                vec![$($record::DESCRIPTOR),+]
            }
        }
    )*};
}

tuples! {
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K)
    (A, B, C, D, E, F, G, H, I, J, K, L)
}
