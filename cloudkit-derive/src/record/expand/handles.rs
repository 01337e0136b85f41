//! The handles of the fields: a type without size for each, its indexes, and the struct that holds them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Type, Visibility};

use super::Taken;
use super::indexes;
use super::visibility::{narrower, one_module_down};
use crate::record::model::{Field, Record, Source, SystemField, SystemKind};
use crate::shape;

/// The zero-sized type of a field. It is named after the field, because the compiler's messages name it.
pub(super) struct Handle<'a> {
    pub(super) field: &'a Field<'a>,
    /// The field's type, where `Self` is not the struct.
    ty: TokenStream,
    visibility: Visibility,
    /// Whether it stands in a module, because the name is taken outside.
    inside: bool,
}

impl<'a> Handle<'a> {
    pub(super) fn of(field: &'a Field<'a>, record: &Record<'_>, taken: &Taken) -> Self {
        Self {
            field,
            ty: shape::without_self(field.ty, &record.input.ident),
            visibility: narrower(&record.input.vis, field.visibility).clone(),
            inside: taken.contains(field.ident),
        }
    }

    pub(super) fn path(&self) -> TokenStream {
        let ident = self.field.ident;
        if self.inside { quote!(__fields::#ident) } else { ident.to_token_stream() }
    }

    /// The type of the value that CloudKit is given.
    pub(super) fn stored(&self) -> TokenStream {
        match &self.field.with {
            None => self.ty.clone(),
            Some(with) => {
                let conversion = self.conversion(with);
                shape::at(with.span(), quote!(#conversion::Value))
            }
        }
    }

    /// The code that deals with the field: at the conversion if there is one, so that what is wrong with that is said
    /// once.
    pub(super) fn spanned(&self, tokens: TokenStream) -> TokenStream {
        match &self.field.with {
            None => tokens,
            Some(with) => shape::at(with.span(), tokens),
        }
    }

    pub(super) fn conversion(&self, with: &Type) -> TokenStream {
        let ty = &self.ty;
        shape::at(with.span(), quote!(<#with as __ck::Conversion<#ty>>))
    }
}

/// The zero-sized type of one of the fields that CloudKit adds.
pub(super) struct SystemHandle<'a> {
    field: &'a SystemField,
    ident: Ident,
    inside: bool,
}

impl<'a> SystemHandle<'a> {
    pub(super) fn of(field: &'a SystemField, record: &Record<'_>, taken: &Taken) -> Self {
        let ident = Ident::new(field.method, Span::call_site());
        let inside = taken.contains(&ident) || record.fields.iter().any(|other| other.ident.unraw() == ident);
        Self { field, ident, inside }
    }

    pub(super) fn path(&self) -> TokenStream {
        let ident = &self.ident;
        if self.inside { quote!(__system::#ident) } else { ident.to_token_stream() }
    }
}

pub(super) fn field_handles(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
    let record_ident = &record.input.ident;
    let definition = |handle: &Handle<'_>, visibility: &Visibility| {
        let ident = handle.field.ident;
        // Messages about the handle show where it is defined, which is to be the field.
        generated_at(ident.span(), quote!(#visibility enum #ident {}))
    };
    let outside =
        handles.iter().filter(|handle| !handle.inside).map(|handle| definition(handle, &handle.visibility));
    let mut inside = handles
        .iter()
        .filter(|handle| handle.inside)
        .map(|handle| definition(handle, &one_module_down(&handle.visibility)))
        .peekable();
    let module = inside.peek().is_some().then(|| quote!(mod __fields { #(#inside)* }));
    let implementations = handles.iter().map(|handle| {
        let (path, stored, name) = (handle.path(), handle.stored(), &handle.field.name.text);
        let encrypted = handle.field.encrypted.is_some();
        let field = handle.field;
        let mut indexes = indexes::of_field(&path, &field.ident.to_string(), field.index, &field.source);
        if let Some(place) = field.encrypted
            && field.index.iter().next().is_none()
            && !matches!(field.source, Source::Unknown)
        {
            indexes.extend(indexes::of_encrypted(&path, place));
        }
        quote! {
            #[automatically_derived]
            impl __ck::FieldDef for #path {
                type Record = #record_ident;
                type Type = #stored;
                const NAME: __ck::FieldName = __ck::FieldName::Field(#name);
                const ENCRYPTED: ::core::primitive::bool = #encrypted;
            }
            #indexes
        }
    });
    quote!(#(#outside)* #module #(#implementations)*)
}

/// The tokens as if they stood at the place, and still as generated code, which the user's lints do not judge.
fn generated_at(place: Span, tokens: TokenStream) -> TokenStream {
    shape::at(Span::call_site().located_at(place), tokens)
}

pub(super) fn system_handles(record: &Record<'_>, handles: &[SystemHandle<'_>]) -> TokenStream {
    let (ident, visibility) = (&record.input.ident, &record.input.vis);
    let definition = |handle: &SystemHandle<'_>, visibility: &Visibility| {
        let ident = &handle.ident;
        quote!(#visibility enum #ident {})
    };
    let outside = handles.iter().filter(|handle| !handle.inside).map(|handle| definition(handle, visibility));
    let mut inside = handles
        .iter()
        .filter(|handle| handle.inside)
        .map(|handle| definition(handle, &one_module_down(visibility)))
        .peekable();
    let module = inside.peek().is_some().then(|| quote!(mod __system { #(#inside)* }));
    let implementations = handles.iter().map(|handle| {
        let (path, name) = (handle.path(), handle.field.mapped_name);
        let ty = match handle.field.kind {
            SystemKind::RecordName => quote!(__ck::Reference<#ident>),
            SystemKind::Time => quote!(__ck::Timestamp),
            SystemKind::User => quote!(__ck::Reference<__ck::AnyRecordType>),
        };
        let field = handle.field;
        let indexes = indexes::of_field(&path, field.method, field.index, &field.source);
        quote! {
            #[automatically_derived]
            impl __ck::FieldDef for #path {
                type Record = #ident;
                type Type = #ty;
                const NAME: __ck::FieldName = __ck::FieldName::System(#name);
                const ENCRYPTED: ::core::primitive::bool = false;
            }
            #indexes
        }
    });
    let listable = handles
        .iter()
        .filter(|handle| handle.field.kind == SystemKind::RecordName)
        .map(|handle| indexes::listable(record, handle.field));
    quote!(#(#outside)* #module #(#implementations)* #(#listable)*)
}

pub(super) fn fields_struct(
    record: &Record<'_>,
    taken: &Taken,
    handles: &[Handle<'_>],
    system: &[SystemHandle<'_>],
) -> TokenStream {
    let (ident, visibility) = (taken.fields_struct(), &record.input.vis);
    let fields = handles.iter().map(|handle| {
        let (visibility, ident, path) = (&handle.visibility, handle.field.ident, handle.path());
        generated_at(ident.span(), quote!(#visibility #ident: __ck::Field<#path>))
    });
    let methods = system.iter().map(|handle| {
        let (ident, path) = (&handle.ident, handle.path());
        quote! {
            #visibility const fn #ident(self) -> __ck::Field<#path> {
                __ck::Field::new()
            }
        }
    });
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        #visibility struct #ident {
            #(#fields,)*
        }
        impl #ident {
            #(#methods)*
        }
    }
}
