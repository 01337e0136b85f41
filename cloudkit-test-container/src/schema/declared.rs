//! Between the schema language and the form in which requests are checked.
//!
//! The declared schema is what counts: it is imported, deployed, kept and exported. The other form is made from it.

use cloudkit_core::record::{Index, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_schema as declared;
use cloudkit_schema::{DataType, Operation, Preferred, Primitive, SystemField};

use super::{FieldDef, Grant, Permission, RecordType, Role, SHARE, Schema};

/// A schema to start a container with: a text of the schema language, or a schema made in code.
#[derive(Clone, Debug)]
pub struct SchemaSource(pub(crate) Source);

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Text(String),
    Declared(declared::Schema),
}

impl From<&str> for SchemaSource {
    fn from(text: &str) -> Self {
        Self(Source::Text(text.to_owned()))
    }
}

impl From<String> for SchemaSource {
    fn from(text: String) -> Self {
        Self(Source::Text(text))
    }
}

impl From<declared::Schema> for SchemaSource {
    fn from(schema: declared::Schema) -> Self {
        Self(Source::Declared(schema))
    }
}

impl From<Schema> for SchemaSource {
    fn from(schema: Schema) -> Self {
        Self(Source::Declared(schema.declare()))
    }
}

impl Schema {
    /// The form in which requests are checked.
    pub(crate) fn of(schema: &declared::Schema) -> Self {
        let mut out = Self::new();
        for record_type in &schema.record_types {
            out = out.record_type(RecordType::of(record_type));
        }
        // Shares can be saved before any schema speaks of them.
        let share = out.record_types.entry(SHARE.to_owned()).or_insert_with(|| RecordType::new(SHARE));
        for (name, data_type) in declared::model::SHARE_FIELDS {
            let field = FieldDef::of(&declared::Field::new(name, data_type));
            share.fields.entry(name.to_owned()).or_insert(field);
        }
        out
    }

    /// The same in terms of the schema language.
    pub(crate) fn declare(&self) -> declared::Schema {
        let mut out = declared::Schema::new();
        let doubled = self.duplicates.iter().filter_map(|name| self.record_types.get(name));
        for record_type in self.record_types.values().chain(doubled) {
            for grant in &record_type.grants {
                if let Role::Custom(role) = &grant.role
                    && !out.has_role(role)
                {
                    out = out.with_role(role.clone());
                }
            }
            out = out.with_record_type(record_type.declare());
        }
        out
    }
}

impl RecordType {
    fn of(record_type: &declared::RecordType) -> Self {
        let system = |field| index_of(record_type.system_indexes(field));
        let mut out = Self::new(&record_type.name).system_indexes(SystemIndexes {
            record_name: system(SystemField::RecordId),
            created_at: system(SystemField::CreateTime),
            modified_at: system(SystemField::ModTime),
            created_by: system(SystemField::CreatedBy),
            modified_by: system(SystemField::ModifiedBy),
        });
        for field in record_type.user_fields() {
            out = out.field(FieldDef::of(field));
        }
        for grant in &record_type.grants {
            for operation in grant.operations.iter() {
                out = out.grant(permission_of(operation), role_of(&grant.role));
            }
        }
        out
    }

    pub(crate) fn declare(&self) -> declared::RecordType {
        let mut out = declared::RecordType::new(&self.name);
        let doubled = self.duplicates.iter().filter_map(|name| self.fields.get(name));
        for field in self.fields.values().chain(doubled) {
            out = out.with_field(field.declare());
        }
        let system = self.system;
        for (field, index) in [
            (SystemField::RecordId, system.record_name),
            (SystemField::CreateTime, system.created_at),
            (SystemField::ModTime, system.modified_at),
            (SystemField::CreatedBy, system.created_by),
            (SystemField::ModifiedBy, system.modified_by),
        ] {
            for option in declare_index(index).iter() {
                out = out.with_system_index(field, option);
            }
        }
        for Grant { permission, role } in &self.grants {
            out = out.with_grant(declared::Grant::new([declare_permission(*permission)], declare_role(role)));
        }
        out
    }
}

impl FieldDef {
    fn of(field: &declared::Field) -> Self {
        let DataType { primitive, encrypted, list } = field.data_type;
        let value_type = ValueType { scalar: scalar_of(primitive), list };
        Self { name: field.name.clone(), value_type, encrypted, index: index_of(field.indexes) }
    }

    pub(crate) fn declare(&self) -> declared::Field {
        let mut data_type = DataType::of(declare_scalar(self.value_type.scalar));
        if self.value_type.list {
            data_type = data_type.list();
        }
        if self.encrypted {
            data_type = data_type.encrypted();
        }
        let field = declared::Field::new(&self.name, data_type);
        declare_index(self.index).iter().fold(field, declared::Field::with_index)
    }
}

fn scalar_of(primitive: Primitive) -> ScalarType {
    match primitive {
        Primitive::String => ScalarType::String,
        Primitive::Int64 | Primitive::Number(None | Some(Preferred::Int64)) => ScalarType::Int64,
        Primitive::Double | Primitive::Number(Some(Preferred::Double)) => ScalarType::Double,
        Primitive::Timestamp => ScalarType::Timestamp,
        Primitive::Bytes => ScalarType::Bytes,
        Primitive::Location => ScalarType::Location,
        Primitive::Reference => ScalarType::Reference,
        Primitive::Asset => ScalarType::Asset,
    }
}

fn declare_scalar(scalar: ScalarType) -> Primitive {
    match scalar {
        ScalarType::String => Primitive::String,
        ScalarType::Int64 => Primitive::Int64,
        ScalarType::Double => Primitive::Double,
        ScalarType::Timestamp => Primitive::Timestamp,
        ScalarType::Bytes => Primitive::Bytes,
        ScalarType::Location => Primitive::Location,
        ScalarType::Reference => Primitive::Reference,
        ScalarType::Asset => Primitive::Asset,
    }
}

fn index_of(indexes: declared::Indexes) -> Index {
    let declared::Indexes { queryable, sortable, searchable } = indexes;
    Index { queryable, sortable, searchable }
}

fn declare_index(index: Index) -> declared::Indexes {
    let Index { queryable, sortable, searchable } = index;
    declared::Indexes { queryable, sortable, searchable }
}

fn permission_of(operation: Operation) -> Permission {
    match operation {
        Operation::Read => Permission::Read,
        Operation::Create => Permission::Create,
        Operation::Write => Permission::Write,
    }
}

fn declare_permission(permission: Permission) -> Operation {
    match permission {
        Permission::Read => Operation::Read,
        Permission::Create => Operation::Create,
        Permission::Write => Operation::Write,
    }
}

fn role_of(role: &declared::Role) -> Role {
    match role {
        declared::Role::World => Role::World,
        declared::Role::ICloud => Role::ICloud,
        declared::Role::Creator => Role::Creator,
        declared::Role::Custom(name) => Role::Custom(name.clone()),
    }
}

fn declare_role(role: &Role) -> declared::Role {
    declared::Role::named(role.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let text = "DEFINE SCHEMA

    CREATE ROLE editor;

    RECORD TYPE Article (
        \"___createTime\" TIMESTAMP SORTABLE,
        \"___createdBy\"  REFERENCE,
        \"___etag\"       STRING,
        \"___modTime\"    TIMESTAMP,
        \"___modifiedBy\" REFERENCE,
        \"___recordID\"   REFERENCE QUERYABLE,
        places          LIST<LOCATION> QUERYABLE,
        secret          ENCRYPTED STRING,
        title           STRING QUERYABLE SEARCHABLE SORTABLE,
        GRANT WRITE TO \"_creator\",
        GRANT READ TO \"_world\",
        GRANT READ, CREATE, WRITE TO editor
    );

    RECORD TYPE \"cloudkit.share\" (
        \"___createTime\"               TIMESTAMP,
        \"___createdBy\"                REFERENCE,
        \"___etag\"                     STRING,
        \"___modTime\"                  TIMESTAMP,
        \"___modifiedBy\"               REFERENCE,
        \"___recordID\"                 REFERENCE,
        \"cloudkit.thumbnailImageData\" BYTES,
        \"cloudkit.title\"              STRING,
        \"cloudkit.type\"               STRING
    );
";
        let schema = declared::Schema::parse(text).expect("a schema");
        let compiled = Schema::of(&schema);
        assert_eq!(compiled.declare().to_string(), text);
        assert_eq!(Schema::of(&compiled.declare()), compiled);
    }

    #[test]
    fn numbers_are_read_as_preferred() {
        for (text, scalar) in [
            ("NUMBER", ScalarType::Int64),
            ("NUMBER PREFERRED AS INT64", ScalarType::Int64),
            ("NUMBER PREFERRED AS DOUBLE", ScalarType::Double),
        ] {
            let text = format!("DEFINE SCHEMA RECORD TYPE T ( n {text} );");
            let schema = Schema::of(&declared::Schema::parse(&text).expect("a schema"));
            let field = schema.get("T").and_then(|record_type| record_type.fields.get("n"));
            assert_eq!(field.map(|field| field.value_type), Some(ValueType::one(scalar)));
        }
    }
}
