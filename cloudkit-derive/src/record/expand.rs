//! Model → tokens.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Type, Visibility, parse_quote};

use super::model::{Fallback, Field, Index, Record, SystemField, SystemKind};
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
        field_handles(record, &handles),
        system_handles(record, &system),
        fields_struct(record, &taken, &handles, &system),
        record_impl(record, &taken, &handles),
        encoding(record, &handles),
        decoding(record, &handles),
        questions(&handles),
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

/// The zero-sized type of a field. It is named after the field, because the compiler's messages name it.
struct Handle<'a> {
    field: &'a Field<'a>,
    /// The field's type, where `Self` is not the struct.
    ty: TokenStream,
    visibility: Visibility,
    /// Whether it stands in a module, because the name is taken outside.
    inside: bool,
}

impl<'a> Handle<'a> {
    fn of(field: &'a Field<'a>, record: &Record<'_>, taken: &Taken) -> Self {
        Self {
            field,
            ty: shape::without_self(field.ty, &record.input.ident),
            visibility: narrower(&record.input.vis, field.visibility).clone(),
            inside: taken.contains(field.ident),
        }
    }

    fn path(&self) -> TokenStream {
        let ident = self.field.ident;
        if self.inside { quote!(__fields::#ident) } else { ident.to_token_stream() }
    }

    /// The type of the value that CloudKit is given.
    fn stored(&self) -> TokenStream {
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
    fn spanned(&self, tokens: TokenStream) -> TokenStream {
        match &self.field.with {
            None => tokens,
            Some(with) => shape::at(with.span(), tokens),
        }
    }

    fn conversion(&self, with: &Type) -> TokenStream {
        let ty = &self.ty;
        shape::at(with.span(), quote!(<#with as __ck::Conversion<#ty>>))
    }
}

/// The zero-sized type of one of the fields that CloudKit adds.
struct SystemHandle<'a> {
    field: &'a SystemField,
    ident: Ident,
    inside: bool,
}

impl<'a> SystemHandle<'a> {
    fn of(field: &'a SystemField, record: &Record<'_>, taken: &Taken) -> Self {
        let ident = Ident::new(field.method, Span::call_site());
        let inside = taken.contains(&ident) || record.fields.iter().any(|other| other.ident.unraw() == ident);
        Self { field, ident, inside }
    }

    fn path(&self) -> TokenStream {
        let ident = &self.ident;
        if self.inside { quote!(__system::#ident) } else { ident.to_token_stream() }
    }
}

fn field_handles(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
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
        let mut indexes = index_impls(&path, handle.field.index);
        if encrypted && handle.field.index.iter().next().is_none() {
            indexes.extend(encrypted_index_impls(&path));
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

fn system_handles(record: &Record<'_>, handles: &[SystemHandle<'_>]) -> TokenStream {
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
        let indexes = index_impls(&path, handle.field.index);
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
    // CloudKit answers a query without a filter exactly if the record name is QUERYABLE.
    let listable = handles
        .iter()
        .any(|handle| handle.field.kind == SystemKind::RecordName && handle.field.index.queryable.is_some())
        .then(|| quote!(#[automatically_derived] impl __ck::Listable for #ident {}));
    quote!(#(#outside)* #module #(#implementations)* #listable)
}

/// The index traits, each at the option that asks for it, because messages about one show who else has it.
fn index_impls(path: &TokenStream, index: Index) -> TokenStream {
    index
        .iter()
        .map(|(index, place)| {
            let index = match index {
                "QUERYABLE" => quote!(Queryable),
                "SORTABLE" => quote!(Sortable),
                _ => quote!(Searchable),
            };
            shape::at(place, quote!(#[automatically_derived] impl __ck::#index for #path {}))
        })
        .collect()
}

/// Indexes on a condition that is never met, so that a filter by an encrypted field is told of the encryption and not
/// of the missing index.
fn encrypted_index_impls(path: &TokenStream) -> TokenStream {
    // Not marked as derived: the compiler would advise to write such an impl by hand.
    quote! {
        impl __ck::Queryable for #path where for<'__ck> __ck::Encrypted: __ck::Readable<'__ck, Self> {}
        impl __ck::Sortable for #path where for<'__ck> __ck::Encrypted: __ck::Readable<'__ck, Self> {}
        impl __ck::Searchable for #path where for<'__ck> __ck::Encrypted: __ck::Readable<'__ck, Self> {}
    }
}

fn fields_struct(
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

fn encoding(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
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

fn decoding(record: &Record<'_>, handles: &[Handle<'_>]) -> TokenStream {
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

/// What only the type system knows is asked at the field's type.
fn questions(handles: &[Handle<'_>]) -> TokenStream {
    let questions = handles.iter().flat_map(|handle| {
        let field = handle.field;
        let stored = handle.stored();
        let place = field.with.as_ref().map_or_else(|| field.ty.span(), Spanned::span);
        // An encrypted field with an index is refused already.
        let index = if field.encrypted.is_some() { Index::default() } else { field.index };
        let of_the_index = index.iter().map(|(index, _)| match index {
            "QUERYABLE" => quote!(assert_queryable),
            "SORTABLE" => quote!(assert_sortable),
            _ => quote!(assert_searchable),
        });
        let mut questions: Vec<TokenStream> =
            of_the_index.map(|question| quote_spanned!(place=> __ck::#question::<#stored>();)).collect();
        if field.encrypted.is_some() {
            questions.push(quote_spanned!(place=> __ck::assert_encryptable::<#stored>();));
        }
        questions
    });
    quote!(const _: () = { #(#questions)* };)
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

/// The narrower of two visibilities: a handle is seen where both its record and its field are.
fn narrower<'a>(left: &'a Visibility, right: &'a Visibility) -> &'a Visibility {
    if reach(left) <= reach(right) { left } else { right }
}

fn reach(visibility: &Visibility) -> u8 {
    match visibility {
        Visibility::Inherited => 0,
        Visibility::Restricted(restricted) if restricted.path.is_ident("self") => 0,
        Visibility::Restricted(restricted) if restricted.path.is_ident("super") => 1,
        Visibility::Restricted(restricted) if restricted.path.is_ident("crate") => 3,
        Visibility::Restricted(_) => 2,
        Visibility::Public(_) => 4,
    }
}

/// The same visibility, said one module further down.
fn one_module_down(visibility: &Visibility) -> Visibility {
    match visibility {
        Visibility::Inherited => parse_quote!(pub(super)),
        Visibility::Restricted(restricted) => {
            let mut path = restricted.path.segments.iter();
            match path.next() {
                Some(first) if first.ident == "self" => {
                    parse_quote!(pub(in super #(:: #path)*))
                }
                Some(first) if first.ident == "super" => parse_quote!(pub(in super::super #(:: #path)*)),
                _ => visibility.clone(),
            }
        }
        Visibility::Public(_) => visibility.clone(),
    }
}
