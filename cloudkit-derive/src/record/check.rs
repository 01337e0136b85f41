//! The rules that need more than one attribute, or the names in CloudKit.

use std::collections::HashMap;

use cloudkit_schema::Index;

use super::model::{Field, Record, SystemField, SystemKind};
use crate::context::Context;
use crate::names;

/// The most fields that a record type can have.
const MOST_FIELDS: usize = 256;

/// Reports everything that CloudKit would refuse and the type system cannot see.
pub(crate) fn check(cx: &mut Context, record: &Record<'_>) {
    let record_type = &record.record_type;
    if let Err(reason) = names::check(&record_type.text) {
        cx.mistake(
            record_type.span,
            format_args!(
                "`{}` is not a valid record type: {reason}{}",
                record_type.text,
                way_out(record_type.derived, "record_type")
            ),
        );
    }
    for field in &record.system_fields {
        check_system_field(cx, field);
    }
    for field in &record.fields {
        check_field(cx, field);
    }
    check_one_name_each(cx, record);
    if let Some(field) = record.stored().nth(MOST_FIELDS) {
        cx.mistake(
            field.ident.span(),
            format_args!(
                "this is field number {} of `{}`; a record type in CloudKit has at most {MOST_FIELDS}",
                MOST_FIELDS + 1,
                record.input.ident
            ),
        );
    }
}

fn check_system_field(cx: &mut Context, field: &SystemField) {
    let method = field.method;
    for (index, span) in field.index.iter() {
        let reason = match (index, field.kind) {
            (Index::Searchable, _) => "only text has words to search",
            (Index::Sortable, SystemKind::User) => "it refers to a user, and references have no order",
            _ => continue,
        };
        cx.mistake(span, format_args!("`{method}` cannot be {index}: {reason}"));
    }
}

fn check_field(cx: &mut Context, field: &Field<'_>) {
    if field.skip.is_some() {
        for (option, span) in field.options.iter() {
            // `skip, default = "..."` says what the field is filled with.
            if option != "skip" && !(option == "default" && field.options.text("default").is_some()) {
                cx.mistake(
                    span,
                    format_args!("`{option}` means nothing beside `skip`: CloudKit does not have this field"),
                );
            }
        }
        return;
    }
    if field.encrypted.is_some() {
        for (index, span) in field.index.iter() {
            cx.mistake(
                span,
                format_args!(
                    "`{}` cannot be encrypted and {index}: CloudKit keeps no index of what it cannot read",
                    field.ident
                ),
            );
        }
    }
    if let Err(reason) = names::check(&field.name.text) {
        cx.mistake(
            field.name.span,
            format_args!(
                "`{}` is not a valid field name: {reason}{}",
                field.name.text,
                way_out(field.name.derived, "rename")
            ),
        );
    }
}

fn check_one_name_each(cx: &mut Context, record: &Record<'_>) {
    let mut first_of: HashMap<&str, &Field<'_>> = HashMap::new();
    for field in record.stored() {
        let name = field.name.text.as_str();
        match first_of.get(name) {
            Some(first) => cx.mistake(
                field.name.span,
                format_args!(
                    "two fields are named `{name}` in CloudKit: `{}` and `{}`; give one of them another name with `#[ck(rename = \"...\")]`",
                    first.ident, field.ident
                ),
            ),
            None => {
                first_of.insert(name, field);
            }
        }
    }
}

fn way_out(derived: bool, option: &str) -> String {
    if derived { format!("; give it another with `#[ck({option} = \"...\")]`") } else { String::new() }
}
