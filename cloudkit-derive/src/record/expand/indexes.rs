//! The index traits of the handles: which there are, and what is said about those that are missing.

use cloudkit_schema::Index as SchemaIndex;
use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::record::model::{Declared, Index, Record, Source, SystemField};
use crate::shape;

/// The index traits of a field, each at what asks for it, because messages about one show who else has it.
pub(super) fn of_field(path: &TokenStream, name: &str, index: Index, source: &Source) -> TokenStream {
    if let Source::Unknown = source {
        let all = SchemaIndex::ALL.map(index_trait);
        return quote!(#(#[automatically_derived] impl __ck::#all for #path {})*);
    }
    let mut impls: TokenStream = index
        .iter()
        .map(|(index, place)| {
            let index = index_trait(index);
            shape::at(place, quote!(#[automatically_derived] impl __ck::#index for #path {}))
        })
        .collect();
    if let Source::Schema(declared) = source {
        let is_missing = |missing: &SchemaIndex| {
            missing.fits(declared.field.data_type) && index.iter().all(|(index, _)| index != *missing)
        };
        impls.extend(
            SchemaIndex::ALL
                .into_iter()
                .filter(is_missing)
                .map(|missing| of_missing(path, name, missing, declared)),
        );
    }
    impls
}

/// An index on a condition that is never met, and whose message quotes the schema file: the traits' own messages do not
/// know it.
fn of_missing(path: &TokenStream, name: &str, missing: SchemaIndex, declared: &Declared) -> TokenStream {
    let cannot = match missing {
        SchemaIndex::Queryable => "filter on it",
        SchemaIndex::Sortable => "sort or range-filter on it",
        SchemaIndex::Searchable => "search its words",
    };
    let message = format!("`{name}` is not {missing}, so CloudKit cannot {cannot}");
    let label = format!("`{name}` has no {missing} index in {}", declared.file);
    never(declared, &message, &label, &declared.advice(missing), &index_trait(missing), path)
}

/// `Listable`, if CloudKit answers a query without a filter: exactly if the record name is QUERYABLE.
pub(super) fn listable(record: &Record<'_>, record_name: &SystemField) -> TokenStream {
    let ident = &record.input.ident;
    match &record_name.source {
        Source::Schema(declared) if record_name.index.queryable.is_none() => {
            let message =
                format!("`{ident}` cannot be queried without a filter: its record name is not QUERYABLE");
            let label = "CloudKit answers this query with \"Field 'recordName' is not marked queryable\"";
            let advice = format!("{}; or add a filter", declared.advice(SchemaIndex::Queryable));
            never(declared, &message, label, &advice, &quote!(Listable), &quote!(#ident))
        }
        Source::Attributes if record_name.index.queryable.is_none() => TokenStream::new(),
        _ => quote!(#[automatically_derived] impl __ck::Listable for #ident {}),
    }
}

/// Implements the trait under a condition that no type meets, with this said to whoever needs it.
fn never(
    declared: &Declared,
    message: &str,
    label: &str,
    note: &str,
    of: &TokenStream,
    to: &TokenStream,
) -> TokenStream {
    // The texts are formats to the compiler.
    let [message, label, note] =
        [message, label, note].map(|text| text.replace('{', "{{").replace('}', "}}"));
    let tokens = quote! {
        const _: () = {
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
            trait __Indexed<'__ck, __F: ?::core::marker::Sized> {}
            impl __ck::#of for #to where for<'__ck> (): __Indexed<'__ck, Self> {}
        };
    };
    shape::at(declared.named, tokens)
}

/// Indexes on a condition that is never met, so that a filter by an encrypted field is told of the encryption and not
/// of the missing index.
pub(super) fn of_encrypted(path: &TokenStream, place: Span) -> TokenStream {
    let indexes = SchemaIndex::ALL.map(index_trait);
    let impls = quote! {#(
        #[automatically_derived]
        impl __ck::#indexes for #path where for<'__ck> __ck::Encrypted: __ck::Readable<'__ck, Self> {}
    )*};
    shape::at(place, impls)
}

fn index_trait(index: SchemaIndex) -> TokenStream {
    match index {
        SchemaIndex::Queryable => quote!(Queryable),
        SchemaIndex::Sortable => quote!(Sortable),
        SchemaIndex::Searchable => quote!(Searchable),
    }
}
