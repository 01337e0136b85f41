//! `#[derive(CkRecords)]`: an enum of record structs.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Path, Type, Variant};

use crate::attr::{self, Options};
use crate::context::Context;
use crate::shape;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut cx = Context::default();
    let options = Options::read(&mut cx, &input.attrs, &attr::RECORDS);
    let core = shape::core_path(&mut cx, &options);
    let generic = shape::refuse_generics(
        &mut cx,
        &input.generics,
        "the variants of `CkRecords` are record structs, which are not generic, so the enum has no use for parameters",
    );
    let declared = match &input.data {
        Data::Enum(data) => {
            if data.variants.is_empty() {
                cx.mistake(
                    input.ident.span(),
                    format_args!(
                        "`{}` has no variants; write one for each record type, such as `Article(Article)`",
                        input.ident
                    ),
                );
            }
            data.variants.iter().collect()
        }
        Data::Struct(_) | Data::Union(_) => {
            cx.mistake(
                input.ident.span(),
                "`CkRecords` can only be derived for enums; a struct that is a record type derives `CkRecord`",
            );
            Vec::new()
        }
    };
    let mut variants: Vec<RecordVariant<'_>> =
        declared.iter().filter_map(|variant| read_variant(&mut cx, variant)).collect();
    if generic {
        variants.clear();
    }
    let complete = !declared.is_empty() && variants.len() == declared.len();
    let implementation = expand(&core, &input, &variants, complete);
    let errors = cx.into_compile_errors();
    quote!(#errors #implementation)
}

/// A variant that holds one record.
struct RecordVariant<'a> {
    ident: &'a Ident,
    ty: &'a Type,
}

fn read_variant<'a>(cx: &mut Context, variant: &'a Variant) -> Option<RecordVariant<'a>> {
    Options::read(cx, &variant.attrs, &attr::RECORDS_VARIANT);
    let ident = &variant.ident;
    let (place, found) = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = fields.unnamed.first()?;
            Options::read(cx, &field.attrs, &attr::RECORDS_VARIANT);
            return Some(RecordVariant { ident, ty: &field.ty });
        }
        Fields::Unit => (ident.span(), "holds nothing"),
        Fields::Named(_) => (ident.span(), "holds named fields"),
        Fields::Unnamed(fields) => (
            fields.unnamed.get(1).map_or(ident.span(), Spanned::span),
            if fields.unnamed.is_empty() { "holds nothing" } else { "holds several values" },
        ),
    };
    cx.mistake(
        place,
        format_args!("each variant of `CkRecords` holds one record struct, and `{ident}` {found}; write `{ident}({ident})`"),
    );
    None
}

fn expand(core: &Path, input: &DeriveInput, variants: &[RecordVariant<'_>], complete: bool) -> TokenStream {
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let markers: Vec<Ident> =
        variants.iter().map(|variant| format_ident!("__{}", variant.ident.unraw())).collect();
    let names: Vec<&Ident> = variants.iter().map(|variant| variant.ident).collect();
    let types = variants.iter().map(|variant| shape::without_self(variant.ty, ident));
    let questions = questions(variants, &markers);
    // A variant that was refused has no arm of its own.
    let rest = (!complete).then(|| quote!(_ => ::core::unreachable!(),));
    shape::anonymous(
        core,
        quote! {
            #(
                enum #markers {}
                #[automatically_derived]
                impl __ck::VariantDef for #markers {
                    type Record = #types;
                }
            )*
            #questions
            #[automatically_derived]
            impl #impl_generics __ck::FromRecord for #ident #ty_generics #where_clause {
                const ONLY_TYPE: ::core::option::Option<&'static ::core::primitive::str> =
                    ::core::option::Option::None;
                fn desired_keys() -> ::core::option::Option<::std::vec::Vec<&'static ::core::primitive::str>> {
                    __ck::union_of_keys([#(__ck::variant_keys::<#markers>()),*])
                }
                fn decode_fields<'de, __D: __ck::Deserializer<'de>>(
                    __record_type: &::core::primitive::str,
                    __fields: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    #(
                        if __record_type == __ck::variant_type::<#markers>() {
                            return __ck::decode_variant::<#markers, __D>(__record_type, __fields)
                                .map(Self::#names);
                        }
                    )*
                    ::core::result::Result::Err(__ck::unknown_record_type(
                        __record_type,
                        &[#(__ck::variant_type::<#markers>()),*],
                    ))
                }
            }
            #[automatically_derived]
            impl #impl_generics __ck::ToRecord for #ident #ty_generics #where_clause {
                fn record_type(&self) -> &::core::primitive::str {
                    match self {
                        #(Self::#names(__record) =>
                            __ck::ToRecord::record_type(__ck::variant_record::<#markers>(__record)),)*
                        #rest
                    }
                }
                fn has_encrypted_fields(&self) -> ::core::primitive::bool {
                    match self {
                        #(Self::#names(__record) =>
                            __ck::ToRecord::has_encrypted_fields(__ck::variant_record::<#markers>(__record)),)*
                        #rest
                    }
                }
                fn encode_fields<__M: __ck::SerializeMap>(
                    &self,
                    __fields: &mut __M,
                ) -> ::core::result::Result<(), __M::Error> {
                    match self {
                        #(Self::#names(__record) =>
                            __ck::ToRecord::encode_fields(__ck::variant_record::<#markers>(__record), __fields),)*
                        #rest
                    }
                }
            }
        },
    )
}

/// What only the compiler can know: whether two variants hold records of one type.
fn questions(variants: &[RecordVariant<'_>], markers: &[Ident]) -> TokenStream {
    let mut questions = TokenStream::new();
    for (later, (variant, marker)) in variants.iter().zip(markers).enumerate() {
        for (earlier, earlier_marker) in variants.iter().zip(markers).take(later) {
            let message = format!(
                "the variants `{}` and `{}` hold records of the same type in CloudKit, and only the first would ever be read",
                earlier.ident, variant.ident
            );
            questions.extend(quote_spanned! {variant.ty.span()=>
                const _: () = ::core::assert!(
                    !__ck::is_same_text(__ck::variant_type::<#earlier_marker>(), __ck::variant_type::<#marker>()),
                    #message
                );
            });
        }
    }
    questions
}
