//! The struct held against the schema file: what disagrees is told at the field, and the indexes are those of the file.

use cloudkit_schema::{
    DataType, Index as SchemaIndex, Preferred, Primitive, RecordType, SystemField as Declarable,
};
use syn::{GenericArgument, PathArguments, Type};

use super::model::{Declared, Field, Index, Record, Source, SystemField};
use crate::context::Context;
use crate::schema_file::SchemaFile;
use crate::similar::similar;

/// Takes over what the file says about the record type, and reports what disagrees with it.
pub(crate) fn apply(cx: &mut Context, record: &mut Record<'_>) {
    let Some(option) = record.schema.take() else { return };
    match option.as_ref().and_then(|file| Some((file, record_type(cx, record, file)?))) {
        Some((file, record_type)) => {
            for field in &mut record.fields {
                apply_field(cx, field, file, record_type);
            }
            for field in &mut record.system_fields {
                apply_system_field(cx, field, file, record_type);
            }
            check_completeness(cx, record, file, record_type);
        }
        // One mistake is enough: without the file no field is blamed for an index that it may have.
        None => {
            for field in &mut record.fields {
                field.source = Source::Unknown;
            }
            for field in &mut record.system_fields {
                field.source = Source::Unknown;
            }
        }
    }
    record.schema = Some(option);
}

fn record_type<'f>(cx: &mut Context, record: &Record<'_>, file: &'f SchemaFile) -> Option<&'f RecordType> {
    let name = &record.record_type;
    if let Some(found) = file.schema.record_type(&name.text) {
        return Some(found);
    }
    let known: Vec<&str> = file.schema.record_types.iter().map(|known| known.name.as_str()).collect();
    let hint = match similar(known.iter().copied(), &name.text) {
        Some(known) => format!("did you mean `{known}`? `#[ck(record_type = \"{known}\")]` says so"),
        None if known.is_empty() => "it has none".to_owned(),
        None => {
            let known = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
            format!("it has {known}; add `RECORD TYPE {} ( ... );` there", name.text)
        }
    };
    cx.mistake(name.span, format_args!("`{}` is not a record type in {}: {hint}", name.text, file.name));
    None
}

fn apply_field(cx: &mut Context, field: &mut Field<'_>, file: &SchemaFile, record_type: &RecordType) {
    if field.skip.is_some() {
        return;
    }
    let name = field.name.text.as_str();
    let Some(declared) = record_type.field(name) else {
        let known = record_type.user_fields().map(|known| known.name.as_str());
        let hint = match similar(known, name) {
            Some(known) => format!("did you mean `{known}`? If not, add"),
            None => "add".to_owned(),
        };
        let line = line_to_add(field);
        cx.mistake(
            field.name.span,
            format_args!(
                "`{name}` is not a field of `{}` in {}: {hint} `{line}` to the record type that begins in line {}",
                record_type.name,
                file.name,
                file.line_of_type(record_type)
            ),
        );
        field.source = Source::Unknown;
        return;
    };
    let declared = Declared {
        line: file.line_of(declared),
        file: file.name.clone(),
        named: file.named,
        field: declared.clone(),
    };
    check_encryption(cx, field, &declared);
    field.index = take_over(cx, &field.ident.to_string(), field.index, &declared, field.ident.span());
    field.source = Source::Schema(declared);
}

fn apply_system_field(
    cx: &mut Context,
    field: &mut SystemField,
    file: &SchemaFile,
    record_type: &RecordType,
) {
    let Some(declarable) = Declarable::ALL.into_iter().find(|of| of.mapped_name() == Some(field.mapped_name))
    else {
        return;
    };
    let found = record_type.field(declarable.as_str());
    let declared = Declared {
        line: found.and_then(|found| file.line_of(found)),
        file: file.name.clone(),
        named: file.named,
        field: found.cloned().unwrap_or_else(|| declarable.field()),
    };
    field.index = take_over(cx, field.method, field.index, &declared, proc_macro2::Span::call_site());
    field.source = Source::Schema(declared);
}

/// The indexes of the file. An attribute may repeat one; asking for another is a mistake.
fn take_over(
    cx: &mut Context,
    name: &str,
    asked: Index,
    declared: &Declared,
    place: proc_macro2::Span,
) -> Index {
    for (index, span) in asked.iter() {
        if !declared.field.indexes.has(index) {
            cx.mistake(
                span,
                format_args!(
                    "`{name}` is not {index} in {}: {}, or take `{}` away here",
                    declared.file,
                    declared.with(index),
                    index.as_str().to_lowercase()
                ),
            );
        }
    }
    let has = |index: SchemaIndex| {
        let here = asked.iter().find(|(asked, _)| *asked == index).map(|(_, span)| span);
        (here.is_some() || declared.field.indexes.has(index)).then(|| here.unwrap_or(place))
    };
    Index {
        queryable: has(SchemaIndex::Queryable),
        sortable: has(SchemaIndex::Sortable),
        searchable: has(SchemaIndex::Searchable),
    }
}

fn check_encryption(cx: &mut Context, field: &mut Field<'_>, declared: &Declared) {
    match (field.encrypted, declared.field.data_type.encrypted) {
        (None, true) => {
            cx.mistake(
                field.ident.span(),
                format_args!(
                    "`{}` is encrypted in {}, and not here; add `#[ck(encrypted)]`",
                    field.ident,
                    declared.place()
                ),
            );
            field.encrypted = Some(field.ident.span());
        }
        (Some(span), false) => {
            cx.mistake(
                span,
                format_args!(
                    "`{}` is not encrypted in {}; take `encrypted` away here. A field that CloudKit has cannot become \
                     ENCRYPTED: that takes a new field",
                    field.ident,
                    declared.place()
                ),
            );
            field.encrypted = None;
        }
        _ => {}
    }
}

/// Creating or replacing a record erases the fields that the struct does not name; so it has to name them all.
fn check_completeness(cx: &mut Context, record: &Record<'_>, file: &SchemaFile, record_type: &RecordType) {
    if record.projection {
        return;
    }
    let lacking: Vec<String> = record_type
        .user_fields()
        .filter(|declared| record.stored().all(|field| field.name.text != declared.name))
        .map(|declared| format!("`{declared}`"))
        .collect();
    if !lacking.is_empty() {
        cx.mistake(
            record.input.ident.span(),
            format_args!(
                "`{}` does not have {} of {}, line {}, and would erase what is there when it replaces a record; add {}, \
                 or say `#[ck(projection)]` if the struct only reads and updates",
                record.input.ident,
                lacking.join(", "),
                file.name,
                file.line_of_type(record_type),
                if lacking.len() == 1 { "it" } else { "them" },
            ),
        );
    }
}

impl Declared {
    /// Where the field is declared, and how.
    pub(crate) fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}, line {line}, `{}`", self.file, self.field),
            None => self.file.clone(),
        }
    }

    /// What to write so that the field has the index.
    pub(crate) fn with(&self, index: SchemaIndex) -> String {
        let wanted = self.field.clone().with_index(index);
        match self.line {
            Some(line) => format!("change line {line} from `{}` to `{wanted}`", self.field),
            None => format!("add the line `{wanted}` to its record type"),
        }
    }

    /// What is said to somebody who needs the index and does not have it.
    pub(crate) fn advice(&self, index: SchemaIndex) -> String {
        format!(
            "in {}, {}; CloudKit has the index once that schema is imported, and in production once it is deployed",
            self.file,
            self.with(index)
        )
    }
}

/// The Rust type that holds what the schema declares.
pub(crate) fn rust_type(data_type: DataType) -> String {
    let one = match data_type.primitive {
        Primitive::String => "String",
        Primitive::Int64 | Primitive::Number(Some(Preferred::Int64)) => "i64",
        Primitive::Double | Primitive::Number(_) => "f64",
        Primitive::Timestamp => "Timestamp",
        Primitive::Bytes => "Vec<u8>",
        Primitive::Location => "Location",
        Primitive::Reference => "Reference",
        Primitive::Asset => "Asset",
    };
    if data_type.list { format!("Vec<{one}>") } else { one.to_owned() }
}

/// The line that declares the field as it is in the struct, as far as its type can be told by its name.
fn line_to_add(field: &Field<'_>) -> String {
    let data_type = field.with.is_none().then(|| data_type(field.ty)).flatten();
    let data_type = data_type.map_or_else(
        || "...".to_owned(),
        |data_type| {
            let data_type = if field.encrypted.is_some() { data_type.encrypted() } else { data_type };
            data_type.to_string()
        },
    );
    let indexes: String = field.index.iter().map(|(index, _)| format!(" {index}")).collect();
    format!("{} {data_type}{indexes}", field.name.text)
}

fn data_type(ty: &Type) -> Option<DataType> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let argument = || match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(GenericArgument::Type(ty)) => Some(ty),
            _ => None,
        },
        _ => None,
    };
    let is_byte = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident("u8"));
    Some(match last.ident.to_string().as_str() {
        "String" | "Json" => DataType::STRING,
        "i64" | "i32" | "i16" | "i8" | "u32" | "u16" | "u8" | "bool" => DataType::INT64,
        "f64" | "f32" => DataType::DOUBLE,
        "Timestamp" => DataType::TIMESTAMP,
        "Location" => DataType::LOCATION,
        "Reference" => DataType::REFERENCE,
        "Asset" => DataType::ASSET,
        "JsonBytes" => DataType::BYTES,
        "Option" => data_type(argument()?)?,
        "Vec" if is_byte(argument()?) => DataType::BYTES,
        "Vec" => data_type(argument()?)?.list(),
        _ => return None,
    })
}
