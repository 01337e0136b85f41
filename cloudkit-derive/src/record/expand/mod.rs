//! Model → tokens.

mod coding;
mod handles;
mod indexes;
mod visibility;

use std::collections::HashSet;

use cloudkit_schema::{Index as SchemaIndex, Primitive};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use self::handles::{Handle, SystemHandle};
use super::model::{Declared, Fallback, Field, Index, Record, Source};
use super::schema::rust_type;
use crate::shape;

pub(crate) fn expand(record: &Record<'_>) -> TokenStream {
    if record.refused {
        return refused(record);
    }
    let taken = Taken::by(record);
    let handles: Vec<Handle<'_>> =
        stored_once(record).map(|field| Handle::of(field, record, &taken)).collect();
    let system: Vec<SystemHandle<'_>> =
        record.system_fields.iter().map(|field| SystemHandle::of(field, record, &taken)).collect();
    let items = [
        handles::field_handles(record, &handles),
        handles::system_handles(record, &system),
        handles::fields_struct(record, &taken, &handles, &system),
        record_impl(record, &taken, &handles),
        coding::encoding(record, &handles),
        coding::decoding(record, &handles),
        questions(&handles),
        schema_file(record),
    ];
    shape::anonymous(&record.core, quote!(#(#items)*))
}

/// The stored fields, of those with one name the first.
fn stored_once<'r, 'a>(record: &'r Record<'a>) -> impl Iterator<Item = &'r Field<'a>> {
    let mut names = HashSet::new();
    record.stored().filter(move |field| names.insert(field.name.text.as_str()))
}

/// Every word in the types and paths of the user. An item of ours with such a name would take its place.
struct Taken {
    words: HashSet<String>,
    record: String,
}

impl Taken {
    fn by(record: &Record<'_>) -> Self {
        let mut words = HashSet::new();
        collect_words(record.core.to_token_stream(), &mut words);
        for field in &record.fields {
            collect_words(field.ty.to_token_stream(), &mut words);
            collect_words(field.with.to_token_stream(), &mut words);
            if let Some(Fallback::Function(path)) = &field.default {
                collect_words(path.to_token_stream(), &mut words);
            }
        }
        let record = record.input.ident.unraw().to_string();
        words.insert(record.clone());
        Self { words, record }
    }

    fn contains(&self, ident: &Ident) -> bool {
        self.words.contains(&ident.unraw().to_string())
    }

    /// The name of the struct of the fields' handles, which the compiler's messages show.
    fn fields_struct(&self) -> Ident {
        let name = format_ident!("{}Fields", self.record);
        if self.contains(&name) { format_ident!("__{name}") } else { name }
    }
}

fn collect_words(tokens: TokenStream, words: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                words.insert(ident.unraw().to_string());
            }
            TokenTree::Group(group) => collect_words(group.stream(), words),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn record_impl(record: &Record<'_>, taken: &Taken, handles: &[Handle<'_>]) -> TokenStream {
    let (ident, fields) = (&record.input.ident, taken.fields_struct());
    let (record_type, projection) = (&record.record_type.text, record.projection);
    let descriptors = handles.iter().map(|handle| {
        let (path, index) = (handle.path(), index_value(handle.field.index));
        let default = handle.field.default.is_some();
        handle.spanned(quote!(__ck::describe_field::<#path>(#default, #index)))
    });
    let system_indexes = system_indexes(record);
    let idents = handles.iter().map(|handle| handle.field.ident);
    let privacy = if record.stored().any(|field| field.encrypted.is_some()) {
        quote!(Encrypted)
    } else {
        quote!(Plain)
    };
    let whole = (!projection).then(|| quote!(#[automatically_derived] impl __ck::WholeRecord for #ident {}));
    quote! {
        #[automatically_derived]
        impl __ck::CkRecord for #ident {
            const RECORD_TYPE: &'static ::core::primitive::str = #record_type;
            const DESCRIPTOR: __ck::RecordDescriptor = __ck::RecordDescriptor::new(
                #record_type,
                &[#(#descriptors),*],
                #system_indexes,
                #projection,
            );
            type Fields = #fields;
            const FIELDS: #fields = #fields { #(#idents: __ck::Field::new()),* };
            type Privacy = __ck::#privacy;
        }
        #whole
    }
}

fn system_indexes(record: &Record<'_>) -> TokenStream {
    let indexes = record.system_fields.iter().map(|field| {
        let (ident, index) = (Ident::new(field.method, Span::call_site()), index_value(field.index));
        quote!(#ident: #index)
    });
    quote!(__ck::SystemIndexes { #(#indexes),* })
}

fn index_value(index: Index) -> TokenStream {
    let (queryable, sortable, searchable) =
        (index.queryable.is_some(), index.sortable.is_some(), index.searchable.is_some());
    quote!(__ck::Index { queryable: #queryable, sortable: #sortable, searchable: #searchable })
}

/// What only the type system knows is asked at the field's type.
fn questions(handles: &[Handle<'_>]) -> TokenStream {
    let questions = handles.iter().flat_map(|handle| {
        let field = handle.field;
        let stored = handle.stored();
        let place = field.with.as_ref().map_or_else(|| field.ty.span(), Spanned::span);
        // An encrypted field with an index is refused already.
        let index = if field.encrypted.is_some() { Index::default() } else { field.index };
        let of_the_index = index.iter().map(|(index, _)| match index {
            SchemaIndex::Queryable => quote!(assert_queryable),
            SchemaIndex::Sortable => quote!(assert_sortable),
            SchemaIndex::Searchable => quote!(assert_searchable),
        });
        let mut questions: Vec<TokenStream> = match &field.source {
            // The schema has the index, so it fits; whether the type does is asked below.
            Source::Schema(declared) => vec![of_the_schema(handle, declared, place)],
            Source::Attributes | Source::Unknown => {
                of_the_index.map(|question| quote_spanned!(place=> __ck::#question::<#stored>();)).collect()
            }
        };
        if field.encrypted.is_some() {
            questions.push(quote_spanned!(place=> __ck::assert_encryptable::<#stored>();));
        }
        questions
    });
    quote!(const _: () = { #(#questions)* };)
}

/// Whether the field's type holds what the schema file declares.
fn of_the_schema(handle: &Handle<'_>, declared: &Declared, place: Span) -> TokenStream {
    let (path, field) = (handle.path(), handle.field);
    let data_type = declared.field.data_type;
    let scalars = match data_type.primitive {
        Primitive::String => quote!(&[__ck::ScalarType::String]),
        Primitive::Int64 | Primitive::Number(Some(cloudkit_schema::Preferred::Int64)) => {
            quote!(&[__ck::ScalarType::Int64])
        }
        Primitive::Double | Primitive::Number(Some(cloudkit_schema::Preferred::Double)) => {
            quote!(&[__ck::ScalarType::Double])
        }
        Primitive::Number(None) => quote!(&[__ck::ScalarType::Int64, __ck::ScalarType::Double]),
        Primitive::Timestamp => quote!(&[__ck::ScalarType::Timestamp]),
        Primitive::Bytes => quote!(&[__ck::ScalarType::Bytes]),
        Primitive::Location => quote!(&[__ck::ScalarType::Location]),
        Primitive::Reference => quote!(&[__ck::ScalarType::Reference]),
        Primitive::Asset => quote!(&[__ck::ScalarType::Asset]),
    };
    let list = data_type.list;
    let message = format!(
        "`{}` does not hold {data_type}, which it is in {}; make it `{}` here, or change the schema",
        field.ident,
        declared.place(),
        rust_type(data_type)
    );
    // It is a format to the compiler.
    let message = message.replace('{', "{{").replace('}', "}}");
    // A constant of its own: the evaluation of one ends with the first mistake.
    quote_spanned!(place=> const _: () = ::core::assert!(__ck::holds::<#path>(#scalars, #list), #message);)
}

/// So that an edit of the schema file compiles the struct anew.
fn schema_file(record: &Record<'_>) -> TokenStream {
    record.schema.iter().flatten().map(crate::schema_file::SchemaFile::dependency).collect()
}

/// What is emitted for something that cannot be a record, so that its uses are no errors as well.
fn refused(record: &Record<'_>) -> TokenStream {
    let (ident, record_type) = (&record.input.ident, &record.record_type.text);
    let system_indexes = system_indexes(record);
    let (impl_generics, ty_generics, where_clause) = record.input.generics.split_for_impl();
    shape::anonymous(
        &record.core,
        quote! {
            #[automatically_derived]
            impl #impl_generics __ck::CkRecord for #ident #ty_generics #where_clause {
                const RECORD_TYPE: &'static ::core::primitive::str = #record_type;
                const DESCRIPTOR: __ck::RecordDescriptor = __ck::RecordDescriptor::new(
                    #record_type,
                    &[],
                    #system_indexes,
                    false,
                );
                type Fields = ();
                const FIELDS: () = ();
                type Privacy = __ck::Plain;
            }
            #[automatically_derived]
            impl #impl_generics __ck::WholeRecord for #ident #ty_generics #where_clause {}
            #[automatically_derived]
            impl #impl_generics __ck::Listable for #ident #ty_generics #where_clause {}
            #[automatically_derived]
            impl #impl_generics __ck::ToRecord for #ident #ty_generics #where_clause {
                fn record_type(&self) -> &::core::primitive::str {
                    #record_type
                }
                fn has_encrypted_fields(&self) -> ::core::primitive::bool {
                    false
                }
                fn encode_fields<__M: __ck::SerializeMap>(
                    &self,
                    _: &mut __M,
                ) -> ::core::result::Result<(), __M::Error> {
                    ::core::result::Result::Ok(())
                }
            }
            #[automatically_derived]
            impl #impl_generics __ck::FromRecord for #ident #ty_generics #where_clause {
                const ONLY_TYPE: ::core::option::Option<&'static ::core::primitive::str> =
                    ::core::option::Option::None;
                fn desired_keys() -> ::core::option::Option<::std::vec::Vec<&'static ::core::primitive::str>> {
                    ::core::option::Option::None
                }
                fn decode_fields<'de, __D: __ck::Deserializer<'de>>(
                    _: &::core::primitive::str,
                    _: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    ::core::unreachable!()
                }
            }
        },
    )
}
