use std::fmt::Display;

use proc_macro2::{Span, TokenStream};

/// Collects mistakes, so that all of a type are reported together, each at its own token.
#[derive(Default)]
pub(crate) struct Context {
    mistakes: Vec<syn::Error>,
}

impl Context {
    /// Notes a mistake at a place.
    pub(crate) fn mistake(&mut self, place: Span, message: impl Display) {
        self.mistakes.push(syn::Error::new(place, message));
    }

    /// Notes what `syn` found.
    pub(crate) fn syntax(&mut self, error: syn::Error) {
        self.mistakes.push(error);
    }

    /// The mistakes as the compiler's errors, in the order in which they were found; nothing if there are none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.mistakes.iter().map(syn::Error::to_compile_error).collect()
    }
}
