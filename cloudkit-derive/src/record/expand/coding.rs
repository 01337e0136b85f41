//! How a record is written and read.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::handles::Handle;
use crate::record::model::{Fallback, Field, Record};
use crate::shape;

pub(super) fn encoding(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
    let (ident, record_type) = (&record.input.ident, &record.record_type.text);
    let encrypted = record.stored().any(|field| field.encrypted.is_some());
    let writes = handles.iter().map(|handle| {
        let (ident, path) = (handle.field.ident, handle.path());
        let value = match &handle.field.with {
            None => quote!(self.#ident),
            Some(with) => {
                let conversion = handle.conversion(with);
                let to_value = shape::at(with.span(), quote!(#conversion::to_value));
                quote!(#to_value(&self.#ident).map_err(__ck::not_written::<#path, _, __M::Error>)?)
            }
        };
        handle.spanned(quote!(__ck::write_field::<#path, __M>(__fields, &#value)?;))
    });
    quote! {
        #[automatically_derived]
        impl __ck::ToRecord for #ident {
            fn record_type(&self) -> &::core::primitive::str {
                #record_type
            }
            fn has_encrypted_fields(&self) -> ::core::primitive::bool {
                #encrypted
            }
            fn encode_fields<__M: __ck::SerializeMap>(
                &self,
                __fields: &mut __M,
            ) -> ::core::result::Result<(), __M::Error> {
                #(#writes)*
                ::core::result::Result::Ok(())
            }
        }
    }
}

pub(super) fn decoding(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
    let (ident, record_type) = (&record.input.ident, &record.record_type.text);
    let names = handles.iter().map(|handle| &handle.field.name.text);
    let numbers: Vec<usize> = (0..handles.len()).collect();
    let slots = handles.iter().map(|handle| {
        let (ident, path) = (handle.field.ident, handle.path());
        handle.spanned(quote!(#ident: __ck::Slot<#path>))
    });
    let empty = handles.iter().map(|handle| {
        let ident = handle.field.ident;
        handle.spanned(quote!(#ident: ::core::option::Option::None))
    });
    let fills = handles.iter().map(|handle| {
        let (ident, path) = (handle.field.ident, handle.path());
        handle.spanned(quote!(__ck::fill_field::<#path, __A>(&mut self.#ident, __fields)))
    });
    let values = record.fields.iter().map(|field| {
        let ident = field.ident;
        let handle = handles.iter().find(|handle| handle.field.ident == ident);
        let value = value(field, handle, &record.input.ident);
        quote!(#ident: #value)
    });
    quote! {
        struct __Slots {
            #(#slots,)*
        }
        #[automatically_derived]
        impl ::core::default::Default for __Slots {
            fn default() -> Self {
                Self { #(#empty,)* }
            }
        }
        #[automatically_derived]
        impl __ck::FieldSlots for __Slots {
            type Record = #ident;
            fn index(
                __name: &::core::primitive::str,
            ) -> ::core::option::Option<::core::primitive::usize> {
                match __name {
                    #(#names => ::core::option::Option::Some(#numbers),)*
                    _ => ::core::option::Option::None,
                }
            }
            fn fill<'de, __A: __ck::MapAccess<'de>>(
                &mut self,
                __index: ::core::primitive::usize,
                __fields: &mut __A,
            ) -> ::core::result::Result<(), __A::Error> {
                match __index {
                    #(#numbers => #fills,)*
                    _ => ::core::result::Result::Ok(()),
                }
            }
            fn finish<__E: __ck::DeError>(self) -> ::core::result::Result<#ident, __E> {
                ::core::result::Result::Ok(#ident { #(#values,)* })
            }
        }
        #[automatically_derived]
        impl __ck::FromRecord for #ident {
            const ONLY_TYPE: ::core::option::Option<&'static ::core::primitive::str> =
                ::core::option::Option::Some(#record_type);
            fn desired_keys() -> ::core::option::Option<::std::vec::Vec<&'static ::core::primitive::str>> {
                ::core::option::Option::Some(__ck::field_names::<Self>())
            }
            fn decode_fields<'de, __D: __ck::Deserializer<'de>>(
                _record_type: &::core::primitive::str,
                __fields: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                __ck::decode_slots::<__Slots, __D>(__fields)
            }
        }
    }
}

/// What a field is filled with; without a handle it is not read.
fn value(field: &Field<'_>, handle: Option<&Handle<'_>>, record: &Ident) -> TokenStream {
    let fallback = match &field.default {
        Some(Fallback::Function(path)) => {
            let ty = shape::without_self(field.ty, record);
            let call = quote_spanned!(path.span()=> #path());
            quote!({ let __default: #ty = #call; __default })
        }
        Some(Fallback::Default(span)) => quote_spanned!(*span=> ::core::default::Default::default()),
        None => {
            let place = field.skip.unwrap_or_else(|| field.ty.span());
            quote_spanned!(place=> ::core::default::Default::default())
        }
    };
    let (Some(handle), ident) = (handle, field.ident) else { return fallback };
    let path = handle.path();
    let from_stored = |stored: TokenStream| match &field.with {
        None => stored,
        Some(with) => {
            let conversion = handle.conversion(with);
            let from_value = shape::at(with.span(), quote!(#conversion::from_value));
            quote!(#from_value(#stored).map_err(__ck::not_read::<#path, _, __E>)?)
        }
    };
    if field.default.is_none() {
        return handle.spanned(from_stored(quote!(__ck::take_field::<#path, __E>(self.#ident)?)));
    }
    let stored = from_stored(quote!(__value));
    quote! {
        match self.#ident {
            ::core::option::Option::Some(__value) => #stored,
            ::core::option::Option::None => #fallback,
        }
    }
}
