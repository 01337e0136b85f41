//! What the three macros share: what they refuse, and the block that their output stands in.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics, Path, parse_quote};

use crate::attr::Options;
use crate::context::Context;

/// Reports generic parameters, once for all of them. Says whether there were any.
pub(crate) fn refuse_generics(cx: &mut Context, generics: &Generics, reason: &str) -> bool {
    let place = match generics.params.first() {
        None => return false,
        Some(GenericParam::Type(parameter)) => parameter.ident.span(),
        Some(GenericParam::Lifetime(parameter)) => parameter.lifetime.span(),
        Some(GenericParam::Const(parameter)) => parameter.ident.span(),
    };
    cx.mistake(place, reason);
    true
}

/// Where `cloudkit_core` is: `#[ck(crate = "...")]`, for those who re-export it.
pub(crate) fn core_path(cx: &mut Context, options: &Options) -> Path {
    options
        .parsed(cx, "crate", "the path of a crate or module that re-exports `cloudkit_core`")
        .unwrap_or_else(|| parse_quote!(::cloudkit_core))
}

/// Puts items where their names are nobody else's, with `__ck` for what `cloudkit_core` has for the macros.
pub(crate) fn anonymous(core: &Path, items: impl ToTokens) -> TokenStream {
    quote! {
        const _: () = {
            use #core::__private as __ck;
            #items
        };
    }
}

/// The tokens with the name of the type in place of `Self`, which means something else where they are going.
pub(crate) fn without_self(tokens: impl ToTokens, ident: &Ident) -> TokenStream {
    tokens
        .into_token_stream()
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(word) if word == "Self" => {
                let mut ident = ident.clone();
                ident.set_span(word.span());
                TokenTree::Ident(ident)
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), without_self(group.stream(), ident));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            token => token,
        })
        .collect()
}

/// The tokens as if they all stood at one place, so that the compiler's errors about them are there, and are one.
pub(crate) fn at(place: Span, tokens: TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                token = TokenTree::Group(Group::new(group.delimiter(), at(place, group.stream())));
            }
            token.set_span(place);
            token
        })
        .collect()
}
