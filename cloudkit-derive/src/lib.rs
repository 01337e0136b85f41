//! The derive macros of `cloudkit-core`.

use proc_macro::TokenStream;

/// A struct as a CloudKit record type.
#[proc_macro_derive(CkRecord, attributes(ck))]
pub fn record(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// An enum of record structs.
#[proc_macro_derive(CkRecords, attributes(ck))]
pub fn records(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// An enum that is stored as text.
#[proc_macro_derive(CkEnum, attributes(ck))]
pub fn enumeration(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
