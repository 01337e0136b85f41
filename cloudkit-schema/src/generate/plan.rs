//! Which structs and fields there are, and how they are called.

use std::collections::{BTreeMap, HashMap};

use super::names::{field_name, is_identifier, is_path, is_type, is_visibility, struct_name};
use super::{FieldPath, GenerateError, Options, TypeMapping};
use crate::case::Case;
use crate::model::{
    DataType, Field, Index, Indexes, MANAGED_PREFIX, Preferred, Primitive, RecordType, Schema, SystemField,
    USERS,
};
use crate::name::similar;

pub(super) struct Struct<'a> {
    pub(super) name: String,
    pub(super) record_type: &'a RecordType,
    pub(super) case: Case,
    pub(super) fields: Vec<StructField<'a>>,
    /// The indexes of system fields that a struct can have, by the name that the option `index` has for them.
    pub(super) system_indexes: Vec<(&'static str, Indexes)>,
}

pub(super) struct StructField<'a> {
    /// Without `r#`.
    pub(super) name: String,
    pub(super) field: &'a Field,
    pub(super) value: Value,
    pub(super) is_option: bool,
    /// The name in CloudKit, if the name in Rust does not lead to it.
    pub(super) rename: Option<&'a str>,
    pub(super) indexes: Indexes,
}

pub(super) enum Value {
    /// A type of Rust itself.
    Rust(&'static str),
    /// A type of `cloudkit_core`.
    Core(&'static str),
    Mapped(TypeMapping),
}

pub(super) fn plan<'a>(schema: &'a Schema, options: &Options) -> Result<Vec<Struct<'a>>, GenerateError> {
    check(schema, options)?;
    let record_types = chosen(schema, options)?;
    let wanted = record_types.iter().map(|record_type| {
        let given = options.struct_names.get(&record_type.name);
        (record_type.name.clone(), given.cloned(), struct_name(&record_type.name))
    });
    let names = one_name_each(wanted.collect(), "")?;
    record_types
        .iter()
        .zip(names)
        .map(|(record_type, name)| plan_struct(record_type, name, options))
        .collect()
}

/// Checks that the options name what there is, and that what they give is Rust.
fn check(schema: &Schema, options: &Options) -> Result<(), GenerateError> {
    let Options { struct_names, field_names, field_types, required, derives, visibility, crate_path, .. } =
        options;
    for (name, struct_name) in struct_names {
        record_type(schema, name)?;
        identifier(struct_name)?;
    }
    for path in field_names.keys().chain(field_types.keys()).chain(required) {
        let record_type = record_type(schema, &path.record_type)?;
        if !record_type.user_fields().any(|field| field.name == path.field) {
            let known = record_type.user_fields().map(|field| field.name.as_str());
            let similar = similar(&path.field, known).map(str::to_owned);
            return Err(GenerateError::UnknownField { path: path.clone(), similar });
        }
    }
    for name in field_names.values() {
        identifier(name)?;
    }
    let not_rust = |what, text: &str| GenerateError::NotRust { what, text: text.to_owned() };
    for TypeMapping { rust, with, .. } in field_types.values() {
        if !is_type(rust) {
            return Err(not_rust("a type", rust));
        }
        if let Some(with) = with.as_ref().filter(|with| !is_type(with)) {
            return Err(not_rust("a type", with));
        }
    }
    if let Some(derive) = derives.iter().find(|derive| !is_path(derive)) {
        return Err(not_rust("the path of a derive macro", derive));
    }
    if !is_path(crate_path) {
        return Err(not_rust("the path of a crate", crate_path));
    }
    if !is_visibility(visibility) {
        return Err(not_rust("a visibility", visibility));
    }
    Ok(())
}

fn record_type<'a>(schema: &'a Schema, name: &str) -> Result<&'a RecordType, GenerateError> {
    schema.record_type(name).ok_or_else(|| {
        let known = schema.record_types.iter().map(|record_type| record_type.name.as_str());
        GenerateError::UnknownRecordType {
            name: name.to_owned(),
            similar: similar(name, known).map(str::to_owned),
        }
    })
}

fn identifier(name: &str) -> Result<(), GenerateError> {
    if is_identifier(name.strip_prefix("r#").unwrap_or(name)) {
        Ok(())
    } else {
        Err(GenerateError::NotAnIdentifier { name: name.to_owned() })
    }
}

fn chosen<'a>(schema: &'a Schema, options: &Options) -> Result<Vec<&'a RecordType>, GenerateError> {
    let Some(names) = &options.record_types else {
        let record_types = schema.record_types.iter();
        return Ok(record_types
            .filter(|record_type| record_type.name != USERS && !record_type.is_managed())
            .collect());
    };
    if let Some(name) = names.iter().find(|name| name.starts_with(MANAGED_PREFIX)) {
        return Err(GenerateError::Managed { name: name.clone() });
    }
    let mut record_types: Vec<&RecordType> = Vec::new();
    for name in names {
        let record_type = record_type(schema, name)?;
        if !record_types.iter().any(|known| known.name == record_type.name) {
            record_types.push(record_type);
        }
    }
    Ok(record_types)
}

/// What is named, the name that the options give, and the one that it has otherwise.
type Wanted = Vec<(String, Option<String>, String)>;

/// Gives each a name of its own. Those that the options give come first; others may get a number.
fn one_name_each(wanted: Wanted, numbered: &str) -> Result<Vec<String>, GenerateError> {
    let mut taken: HashMap<String, &str> = HashMap::new();
    for (what, given, _) in &wanted {
        if let Some(given) = given {
            let name = given.strip_prefix("r#").unwrap_or(given).to_owned();
            if let Some(first) = taken.insert(name.clone(), what) {
                let (first, second) = (first.to_owned(), what.clone());
                return Err(GenerateError::NameTaken { name, first, second });
            }
        }
    }
    let mut names = Vec::with_capacity(wanted.len());
    for (what, given, usual) in &wanted {
        let name = match given {
            Some(given) => given.strip_prefix("r#").unwrap_or(given).to_owned(),
            None => {
                let numbers = (2..).map(|number: usize| format!("{usual}{numbered}{number}"));
                let free =
                    std::iter::once(usual.clone()).chain(numbers).find(|name| !taken.contains_key(name));
                let name = free.unwrap_or_else(|| usual.clone());
                taken.insert(name.clone(), what);
                name
            }
        };
        names.push(name);
    }
    Ok(names)
}

fn plan_struct<'a>(
    record_type: &'a RecordType,
    name: String,
    options: &Options,
) -> Result<Struct<'a>, GenerateError> {
    let fields: Vec<&Field> = record_type.user_fields().collect();
    let path = |field: &Field| FieldPath::new(&record_type.name, &field.name);
    let wanted = fields.iter().map(|field| {
        let given = options.field_names.get(&path(field));
        (path(field).to_string(), given.cloned(), field_name(&field.name))
    });
    let names = one_name_each(wanted.collect(), "_")?;
    let case = best_case(&names, &fields);
    let fields = fields.into_iter().zip(names).map(|(field, name)| {
        let mapping = options.field_types.get(&path(field)).cloned();
        StructField {
            rename: (case.apply(&name) != field.name).then_some(field.name.as_str()),
            is_option: mapping.as_ref().is_none_or(|mapping| mapping.with.is_none())
                && !options.required.contains(&path(field)),
            indexes: possible_indexes(field, mapping.as_ref()),
            value: mapping.map_or_else(|| value(field.data_type.primitive), Value::Mapped),
            name,
            field,
        }
    });
    Ok(Struct {
        name,
        record_type,
        case,
        fields: fields.collect(),
        system_indexes: system_indexes(record_type),
    })
}

/// The case that leads most names of Rust to those of CloudKit; in doubt the one that need not be said.
fn best_case(names: &[String], fields: &[&Field]) -> Case {
    let renamed =
        |case: Case| names.iter().zip(fields).filter(|(name, field)| case.apply(name) != field.name).count();
    [Case::Camel, Case::Snake, Case::Pascal, Case::ScreamingSnake]
        .into_iter()
        .min_by_key(|case| renamed(*case))
        .unwrap_or_default()
}

fn value(primitive: Primitive) -> Value {
    match primitive {
        Primitive::String => Value::Rust("String"),
        Primitive::Int64 | Primitive::Number(Some(Preferred::Int64)) => Value::Rust("i64"),
        Primitive::Double | Primitive::Number(None | Some(Preferred::Double)) => Value::Rust("f64"),
        Primitive::Bytes => Value::Rust("Vec<u8>"),
        Primitive::Timestamp => Value::Core("Timestamp"),
        Primitive::Location => Value::Core("Location"),
        Primitive::Reference => Value::Core("Reference"),
        Primitive::Asset => Value::Core("Asset"),
    }
}

fn possible_indexes(field: &Field, mapping: Option<&TypeMapping>) -> Indexes {
    let DataType { primitive, .. } = field.data_type;
    let possible = |index: &Index| match index {
        _ if mapping.is_some_and(|mapping| !mapping.indexes) => false,
        Index::Queryable => true,
        Index::Sortable => primitive != Primitive::Reference,
        Index::Searchable => mapping.is_none(),
    };
    field.indexes.iter().filter(possible).collect()
}

fn system_indexes(record_type: &RecordType) -> Vec<(&'static str, Indexes)> {
    let known: BTreeMap<SystemField, &'static str> = [
        (SystemField::RecordId, "record_name"),
        (SystemField::CreateTime, "created_at"),
        (SystemField::ModTime, "modified_at"),
        (SystemField::CreatedBy, "created_by"),
        (SystemField::ModifiedBy, "modified_by"),
    ]
    .into();
    let is_user = |system: &SystemField| matches!(system, SystemField::CreatedBy | SystemField::ModifiedBy);
    let indexes = known.iter().map(|(system, name)| {
        let Indexes { queryable, sortable, .. } = record_type.system_indexes(*system);
        (*name, Indexes { queryable, sortable: sortable && !is_user(system), searchable: false })
    });
    indexes.filter(|(_, indexes)| !indexes.is_empty()).collect()
}
