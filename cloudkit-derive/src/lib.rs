//! The derive macros of `cloudkit-core`.

mod attr;
mod context;
mod enumeration;
mod names;
mod record;
mod records;
mod shape;

use proc_macro::TokenStream;

/// A struct as a CloudKit record type.
#[proc_macro_derive(CkRecord, attributes(ck))]
pub fn record(input: TokenStream) -> TokenStream {
    record::derive(input.into()).into()
}

/// An enum of record structs.
#[proc_macro_derive(CkRecords, attributes(ck))]
pub fn records(input: TokenStream) -> TokenStream {
    records::derive(input.into()).into()
}

/// An enum that is stored as text.
#[proc_macro_derive(CkEnum, attributes(ck))]
pub fn enumeration(input: TokenStream) -> TokenStream {
    enumeration::derive(input.into()).into()
}
