//! `#[derive(CkEnum)]`: an enum stored as text.

use std::collections::HashMap;

use cloudkit_schema::case::Case;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Path, Variant};

use crate::attr::{self, Options};
use crate::context::Context;
use crate::names;
use crate::shape;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut cx = Context::default();
    let options = Options::read(&mut cx, &input.attrs, &attr::ENUM);
    let core = shape::core_path(&mut cx, &options);
    let case = names::read_case(&mut cx, &options);
    let generic = shape::refuse_generics(
        &mut cx,
        &input.generics,
        "the variants of `CkEnum` are stored as their names and hold no values, so the enum has no use for parameters",
    );
    let mut enumeration =
        Enumeration { input: &input, core, named: Vec::new(), other: None, complete: !generic };
    match &input.data {
        Data::Enum(data) => {
            if data.variants.is_empty() {
                cx.mistake(
                    input.ident.span(),
                    format_args!(
                        "`{}` has no variants, so there is no text that it could be stored as",
                        input.ident
                    ),
                );
                enumeration.complete = false;
            }
            for variant in &data.variants {
                enumeration.read_variant(&mut cx, variant, case);
            }
        }
        Data::Struct(_) | Data::Union(_) => {
            cx.mistake(input.ident.span(), "`CkEnum` can only be derived for enums");
            enumeration.complete = false;
        }
    }
    check(&mut cx, &enumeration.named);
    let implementation = enumeration.expand();
    let errors = cx.into_compile_errors();
    quote!(#errors #implementation)
}

struct Enumeration<'a> {
    input: &'a DeriveInput,
    core: Path,
    named: Vec<NamedVariant<'a>>,
    /// The variant that keeps texts which have no variant.
    other: Option<&'a Ident>,
    /// Whether no variant was left out.
    complete: bool,
}

/// A variant that is stored as its name.
struct NamedVariant<'a> {
    ident: &'a Ident,
    name: String,
    span: Span,
}

impl<'a> Enumeration<'a> {
    fn read_variant(&mut self, cx: &mut Context, variant: &'a Variant, case: Case) {
        let ident = &variant.ident;
        let options = Options::read(cx, &variant.attrs, &attr::ENUM_VARIANT);
        let given = options
            .text("rename")
            .and_then(|text| names::given(cx, text, "a variant").map(|name| (name, text.span())));
        match (options.given("other"), &variant.fields) {
            (None, Fields::Unit) => {
                let (name, span) =
                    given.unwrap_or_else(|| (case.apply(&ident.unraw().to_string()), ident.span()));
                self.named.push(NamedVariant { ident, name, span });
            }
            (None, fields) => {
                self.complete = false;
                cx.mistake(
                    fields.span(),
                    format_args!(
                        "`{ident}` holds data, and only its name would be stored; \
                         `#[ck(other)]` is for a variant that keeps unknown texts"
                    ),
                );
            }
            (Some(place), fields) => {
                if let Some(rename) = options.given("rename") {
                    cx.mistake(
                        rename,
                        "`rename` means nothing beside `other`: the variant is stored as the text in it",
                    );
                }
                match (fields, self.other) {
                    (Fields::Unnamed(fields), None) if fields.unnamed.len() == 1 => self.other = Some(ident),
                    (Fields::Unnamed(fields), Some(first)) if fields.unnamed.len() == 1 => {
                        self.complete = false;
                        cx.mistake(
                            place,
                            format_args!(
                                "two variants are `other`: `{first}` and `{ident}`; one keeps every unknown text"
                            ),
                        );
                    }
                    _ => {
                        self.complete = false;
                        cx.mistake(
                            ident.span(),
                            format_args!("the variant that keeps unknown texts holds a `String`; write `{ident}(String)`"),
                        );
                    }
                }
            }
        }
    }

    fn expand(&self) -> TokenStream {
        let ident = &self.input.ident;
        let (impl_generics, ty_generics, where_clause) = self.input.generics.split_for_impl();
        let variants: Vec<&Ident> = self.named.iter().map(|variant| variant.ident).collect();
        let names: Vec<&String> = self.named.iter().map(|variant| &variant.name).collect();
        // Of variants with one name, reading gives the first.
        let mut seen = HashMap::new();
        let read = self.named.iter().filter_map(|variant| {
            let (ident, name) = (variant.ident, variant.name.as_str());
            seen.insert(name, ident)
                .is_none()
                .then(|| quote!(#name => ::core::option::Option::Some(Self::#ident),))
        });
        let write_other =
            self.other.map(|other| quote!(Self::#other(__text) => ::core::convert::AsRef::as_ref(__text),));
        let read_other = match self.other {
            Some(other) => {
                quote!(__text => ::core::option::Option::Some(Self::#other(::core::convert::From::from(__text))),)
            }
            None => quote!(_ => ::core::option::Option::None,),
        };
        // A variant that was refused has no arm of its own.
        let rest = (!self.complete).then(|| quote!(_ => ::core::unreachable!(),));
        shape::anonymous(
            &self.core,
            quote! {
                #[automatically_derived]
                impl #impl_generics __ck::CkEnum for #ident #ty_generics #where_clause {
                    const NAMES: &'static [&'static ::core::primitive::str] = &[#(#names),*];
                    fn as_str(&self) -> &::core::primitive::str {
                        match self {
                            #(Self::#variants => #names,)*
                            #write_other
                            #rest
                        }
                    }
                    fn from_name(
                        __name: &::core::primitive::str,
                    ) -> ::core::option::Option<Self> {
                        match __name {
                            #(#read)*
                            #read_other
                        }
                    }
                }
                #[automatically_derived]
                impl #impl_generics __ck::StoredValue for #ident #ty_generics #where_clause {
                    const VALUE_TYPE: __ck::ValueType = __ck::TEXT;
                    fn serialize_value<__S: __ck::Serializer>(
                        &self,
                        __serializer: __S,
                    ) -> ::core::result::Result<__S::Ok, __S::Error> {
                        __ck::Serializer::serialize_str(__serializer, __ck::CkEnum::as_str(self))
                    }
                    fn deserialize_value<'de, __D: __ck::Deserializer<'de>>(
                        __deserializer: __D,
                    ) -> ::core::result::Result<Self, __D::Error> {
                        __ck::deserialize_enum(__deserializer)
                    }
                }
                #[automatically_derived]
                impl #impl_generics __ck::ListElement for #ident #ty_generics #where_clause {}
                #[automatically_derived]
                impl #impl_generics __ck::Encryptable for #ident #ty_generics #where_clause {}
            },
        )
    }
}

fn check(cx: &mut Context, variants: &[NamedVariant<'_>]) {
    let mut first_of: HashMap<&str, &Ident> = HashMap::new();
    for variant in variants {
        let name = variant.name.as_str();
        match first_of.get(name) {
            Some(first) => cx.mistake(
                variant.span,
                format_args!(
                    "two variants are stored as \"{name}\": `{first}` and `{}`; give one of them another text with `#[ck(rename = \"...\")]`",
                    variant.ident
                ),
            ),
            None => {
                first_of.insert(name, variant.ident);
            }
        }
    }
}
