//! `#[derive(CkRecord)]`: a struct that is a record type.

mod check;
mod expand;
mod model;
mod schema;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::context::Context;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut cx = Context::default();
    let mut record = model::Record::read(&mut cx, &input);
    check::check(&mut cx, &record);
    schema::apply(&mut cx, &mut record);
    // The impl is emitted even beside errors: without it every use of the type would fail too.
    let implementation = expand::expand(&record);
    let errors = cx.into_compile_errors();
    quote!(#errors #implementation)
}
