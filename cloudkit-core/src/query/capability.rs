//! Which questions CloudKit answers about which values, a trait for each: so that a comparator exists exactly where
//! CloudKit has it, and the compiler's message says so in CloudKit's words.
//!
//! The table is section "Comparators" of Apple's
//! [Filter Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html).

use crate::value::{CkEnum, ListElement, Location, Reference, StoredValue, Timestamp};

/// A field with the index QUERYABLE.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not QUERYABLE, so CloudKit cannot filter on it",
    label = "`{Self}` has no QUERYABLE index",
    note = "add `#[ck(queryable)]` to the field (`#[ck(index(...))]` to the struct for a system field), and QUERYABLE to its line in the schema"
)]
pub trait Queryable {}

/// A field with the index SORTABLE.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not SORTABLE, so CloudKit cannot sort or range-filter on it",
    label = "`{Self}` has no SORTABLE index",
    note = "add `#[ck(sortable)]` to the field (`#[ck(index(...))]` to the struct for a system field), and SORTABLE to its line in the schema"
)]
pub trait Sortable {}

/// A field with the index SEARCHABLE.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not SEARCHABLE, so CloudKit cannot search its words",
    label = "`{Self}` has no SEARCHABLE index",
    note = "add `#[ck(searchable)]` to the field, and SEARCHABLE to its line in the schema"
)]
pub trait Searchable {}

/// A privacy in which CloudKit can read the field `F`: implemented for none. The derive macro makes the indexes of
/// encrypted fields depend on it, so that the message about them is not to add one.
///
/// The lifetime means nothing: without one, the compiler would refuse a condition that is never met where it is written.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{F}` is encrypted, so CloudKit can neither filter nor sort by it",
    label = "`{F}` is encrypted",
    note = "encrypted fields take no index; filter by another field, and by this one in the program"
)]
pub trait Readable<'a, F> {}

/// A record type that can be queried without a filter.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be queried without a filter: its record name is not QUERYABLE",
    label = "CloudKit answers this query with \"Field 'recordName' is not marked queryable\"",
    note = "add `#[ck(index(record_name(queryable)))]` to the struct and QUERYABLE to `___recordID` in the schema, or add a filter"
)]
pub trait Listable {}

/// Values that `EQUALS` and `NOT_EQUALS` compare.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, which CloudKit does not compare for equality",
    label = "no EQUALS for `{Self}`",
    note = "lists have `contains`; assets and JSON have no comparator"
)]
pub trait Equatable<F> {}

/// Values that have an order for `LESS_THAN` and its kin.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, which has no order in CloudKit",
    label = "no order for `{Self}`",
    note = "text, numbers and timestamps have one"
)]
pub trait Ordered<F> {}

/// Values that `IN` and `NOT_IN` look for in a list.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, which CloudKit cannot look for in a list",
    label = "no IN for `{Self}`",
    note = "IN takes text, numbers, timestamps and references"
)]
pub trait InList<F> {}

/// Values that have a beginning.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, and BEGINS_WITH compares text only",
    label = "not text"
)]
pub trait Text<F> {}

/// Values whose words can be searched.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, and words can be searched in text only",
    label = "not text"
)]
pub trait Words<F> {}

/// Values that lie somewhere.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, and NEAR compares locations only",
    label = "not a `Location`"
)]
pub trait Place<F> {}

/// Values that are lists.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, and LIST_CONTAINS looks into lists only",
    label = "not a list",
    note = "for text, `begins_with` finds a prefix and `contains_all_tokens` words; CloudKit has no search for a part of a word"
)]
pub trait List<F> {
    /// What the list holds.
    type Element: StoredValue;
}

/// Values that results can be sorted by.
#[diagnostic::on_unimplemented(
    message = "`{F}` holds `{Self}`, and CloudKit cannot sort by that",
    label = "no sort order for `{Self}`",
    note = "text, numbers, timestamps and bytes can be sorted; locations by distance, with `nearest_to`"
)]
pub trait SortOrder<F> {}

/// Values whose field can have the index QUERYABLE.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be QUERYABLE",
    label = "CloudKit has no QUERYABLE index for this type"
)]
pub trait QueryableType {}

/// Values whose field can have the index SORTABLE.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be SORTABLE",
    label = "CloudKit has no SORTABLE index for this type"
)]
pub trait SortableType {}

/// Values whose field can have the index SEARCHABLE.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be SEARCHABLE",
    label = "CloudKit has no SEARCHABLE index for this type",
    note = "text and lists of text have one"
)]
pub trait SearchableType {}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl<F> Equatable<F> for $type {}
        impl<F> Ordered<F> for $type {}
        impl<F> InList<F> for $type {}
        impl<F> SortOrder<F> for $type {}
        impl QueryableType for $type {}
        impl SortableType for $type {}
    )*};
}

numbers!(i64, i32, i16, i8, u32, u16, u8, f64, f32, Timestamp, String);

impl<F> Text<F> for String {}
impl<F> Words<F> for String {}
impl SearchableType for String {}

impl<F> Equatable<F> for bool {}
impl<F> InList<F> for bool {}
impl<F> SortOrder<F> for bool {}
impl QueryableType for bool {}
impl SortableType for bool {}

impl<F> Equatable<F> for Vec<u8> {}
impl<F> SortOrder<F> for Vec<u8> {}
impl QueryableType for Vec<u8> {}
impl SortableType for Vec<u8> {}

impl<F> Equatable<F> for Location {}
impl<F> Place<F> for Location {}
impl QueryableType for Location {}
impl SortableType for Location {}

impl<T, F> Equatable<F> for Reference<T> {}
impl<T, F> InList<F> for Reference<T> {}
impl<T> QueryableType for Reference<T> {}

#[diagnostic::do_not_recommend]
impl<T: CkEnum, F> Equatable<F> for T {}
#[diagnostic::do_not_recommend]
impl<T: CkEnum, F> InList<F> for T {}
#[diagnostic::do_not_recommend]
impl<T: CkEnum, F> SortOrder<F> for T {}
#[diagnostic::do_not_recommend]
impl<T: CkEnum> QueryableType for T {}
#[diagnostic::do_not_recommend]
impl<T: CkEnum> SortableType for T {}

impl<T: ListElement, F> List<F> for Vec<T> {
    type Element = T;
}
impl<T: ListElement + QueryableType> QueryableType for Vec<T> {}
impl SearchableType for Vec<String> {}
