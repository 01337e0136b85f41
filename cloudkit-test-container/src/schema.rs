//! Record types, their fields, indexes and grants, described in code.

use std::collections::BTreeMap;

use cloudkit_core::record::{Index, RecordDescriptor, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};

/// The record types of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub(crate) record_types: BTreeMap<String, RecordType>,
    duplicates: Vec<String>,
}

/// One record type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordType {
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<String, FieldDef>,
    pub(crate) system: SystemIndexes,
    pub(crate) grants: Vec<Grant>,
    duplicates: Vec<String>,
}

/// One field of a record type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDef {
    pub(crate) name: String,
    pub(crate) value_type: ValueType,
    pub(crate) encrypted: bool,
    pub(crate) index: Index,
}

/// Who is allowed something in the public database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `_world`: anyone, signed in or not.
    World,
    /// `_icloud`: any signed-in user, and any server-to-server key.
    ICloud,
    /// `_creator`: whoever created the record.
    Creator,
    /// A role of the schema, which users are given by [`User::role`](crate::User::role).
    Custom(String),
}

/// What a role may be allowed to do with the records of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Look up and query.
    Read,
    /// Make new records.
    Create,
    /// Change and delete.
    Write,
}

/// A permission given to a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) permission: Permission,
    pub(crate) role: Role,
}

impl Role {
    /// The role as the schema language spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::World => "_world",
            Self::ICloud => "_icloud",
            Self::Creator => "_creator",
            Self::Custom(name) => name,
        }
    }
}

impl Schema {
    /// A schema without record types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record type.
    #[must_use]
    pub fn record_type(mut self, record_type: RecordType) -> Self {
        let name = record_type.name.clone();
        if self.record_types.insert(name.clone(), record_type).is_some() {
            self.duplicates.push(name);
        }
        self
    }

    /// Adds the record types of structs. Two descriptions of one type are joined, if they agree about each field.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if two descriptions give one field different types.
    pub fn descriptors(mut self, descriptors: &[&RecordDescriptor]) -> Result<Self, SchemaError> {
        for descriptor in descriptors {
            let described = RecordType::from_descriptor(descriptor);
            match self.record_types.remove(&described.name) {
                None => self = self.record_type(described),
                Some(known) => {
                    let joined = known.join(described)?;
                    self.record_types.insert(joined.name.clone(), joined);
                }
            }
        }
        Ok(self)
    }

    /// Whether the schema says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.record_types.is_empty()
    }

    pub(crate) fn get(&self, record_type: &str) -> Option<&RecordType> {
        self.record_types.get(record_type)
    }

    /// The schema with the types that every container has.
    pub(crate) fn with_built_in_types(mut self) -> Self {
        let users = RecordType::new(USERS)
            .field(FieldDef::new("roles", ValueType::list_of(ScalarType::Int64)))
            .grant(Permission::Read, Role::World)
            .grant(Permission::Write, Role::Creator);
        let users = match self.record_types.remove(USERS) {
            Some(mut declared) => {
                for (name, field) in users.fields {
                    declared.fields.entry(name).or_insert(field);
                }
                declared.grants = users.grants;
                declared
            }
            None => users,
        };
        self.record_types.insert(USERS.to_owned(), users);
        let share = self.record_types.remove(SHARE).unwrap_or_else(|| RecordType::new(SHARE));
        let share = [
            ("title", ScalarType::String),
            ("thumbnailImageData", ScalarType::Bytes),
            ("type", ScalarType::String),
        ]
        .into_iter()
        .fold(share, |mut share, (name, scalar)| {
            let field = FieldDef::new(format!("cloudkit.{name}"), ValueType::one(scalar));
            share.fields.entry(field.name.clone()).or_insert(field);
            share
        });
        self.record_types.insert(SHARE.to_owned(), share);
        self
    }

    /// Checks names, and that every index fits the type of its field.
    pub(crate) fn check(&self) -> Result<(), SchemaError> {
        if let Some(name) = self.duplicates.first() {
            return Err(SchemaError(format!("two record types are named `{name}`")));
        }
        for record_type in self.record_types.values() {
            record_type.check()?;
        }
        Ok(())
    }
}

/// The record type of shares.
pub(crate) const SHARE: &str = "cloudkit.share";

/// The record type of the records that stand for users.
pub(crate) const USERS: &str = "Users";

impl RecordType {
    /// A record type without fields, indexes or grants.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            fields: BTreeMap::new(),
            system: SystemIndexes::default(),
            grants: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: FieldDef) -> Self {
        let name = field.name.clone();
        if self.fields.insert(name.clone(), field).is_some() {
            self.duplicates.push(name);
        }
        self
    }

    /// Declares the indexes of the fields that CloudKit adds to each record. There is none otherwise.
    #[must_use]
    pub fn system_indexes(mut self, system: SystemIndexes) -> Self {
        self.system = system;
        self
    }

    /// Makes record names QUERYABLE, which a query without any filter needs.
    #[must_use]
    pub fn record_name_queryable(mut self) -> Self {
        self.system.record_name.queryable = true;
        self
    }

    /// Allows a role something. Without any grant nobody may do anything in the public database.
    #[must_use]
    pub fn grant(mut self, permission: Permission, role: Role) -> Self {
        self.grants.push(Grant { permission, role });
        self
    }

    /// The grants that CloudKit's Console gives a new type: the world reads, users create, creators write.
    #[must_use]
    pub fn default_grants(self) -> Self {
        self.grant(Permission::Read, Role::World)
            .grant(Permission::Create, Role::ICloud)
            .grant(Permission::Write, Role::Creator)
    }

    fn from_descriptor(descriptor: &RecordDescriptor) -> Self {
        let mut record_type = Self::new(descriptor.record_type).default_grants();
        record_type.system = descriptor.system_indexes;
        for field in descriptor.fields {
            let mut def = FieldDef::new(field.name, field.value_type);
            def.encrypted = field.encrypted;
            def.index = field.index;
            record_type = record_type.field(def);
        }
        record_type
    }

    fn join(mut self, other: Self) -> Result<Self, SchemaError> {
        for (name, field) in other.fields {
            let Some(known) = self.fields.get_mut(&name) else {
                self.fields.insert(name, field);
                continue;
            };
            if (known.value_type, known.encrypted) != (field.value_type, field.encrypted) {
                return Err(SchemaError(format!(
                    "field `{name}` of `{}` is {} in one description and {} in another",
                    self.name,
                    known.type_text(),
                    field.type_text()
                )));
            }
            known.index = join_index(known.index, field.index);
        }
        let (mine, theirs) = (self.system, other.system);
        self.system = SystemIndexes {
            record_name: join_index(mine.record_name, theirs.record_name),
            created_at: join_index(mine.created_at, theirs.created_at),
            modified_at: join_index(mine.modified_at, theirs.modified_at),
            created_by: join_index(mine.created_by, theirs.created_by),
            modified_by: join_index(mine.modified_by, theirs.modified_by),
        };
        Ok(self)
    }

    fn check(&self) -> Result<(), SchemaError> {
        let type_name = &self.name;
        // Names with a full stop are Apple's own, such as `cloudkit.share`.
        if !is_name(type_name) && !type_name.starts_with("cloudkit.") {
            return Err(SchemaError(format!("`{type_name}` is not a valid record type name")));
        }
        if let Some(name) = self.duplicates.first() {
            return Err(SchemaError(format!("two fields of `{type_name}` are named `{name}`")));
        }
        for field in self.fields.values() {
            let name = &field.name;
            let is_apples = type_name == SHARE && name.starts_with("cloudkit.");
            if !is_name(name) && !is_apples {
                return Err(SchemaError(format!("`{name}` of `{type_name}` is not a valid field name")));
            }
            let encryptable = !matches!(field.value_type.scalar, ScalarType::Reference | ScalarType::Asset);
            if field.encrypted && !encryptable {
                return Err(SchemaError(format!(
                    "`{name}` of `{type_name}` is {}, which cannot be ENCRYPTED",
                    field.value_type
                )));
            }
            let possible = possible_index(field);
            for (option, wanted, possible) in [
                ("QUERYABLE", field.index.queryable, possible.queryable),
                ("SORTABLE", field.index.sortable, possible.sortable),
                ("SEARCHABLE", field.index.searchable, possible.searchable),
            ] {
                if wanted && !possible {
                    return Err(SchemaError(format!(
                        "`{name}` of `{type_name}` is {}, which cannot be {option}",
                        field.type_text()
                    )));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn allows(&self, permission: Permission, role: &Role) -> bool {
        self.grants.iter().any(|grant| grant.permission == permission && grant.role == *role)
    }

    /// Whether any index exists, on whatever field.
    pub(crate) fn has_any_index(&self) -> bool {
        let system = self.system;
        let system = [
            system.record_name,
            system.created_at,
            system.modified_at,
            system.created_by,
            system.modified_by,
        ];
        let any = |index: &Index| index.queryable || index.sortable || index.searchable;
        system.iter().any(any) || self.fields.values().any(|field| any(&field.index))
    }

    /// The type with every index that its fields can take.
    pub(crate) fn with_open_indexes(mut self) -> Self {
        for field in self.fields.values_mut() {
            field.index = possible_index(field);
        }
        let all = Index { queryable: true, sortable: true, searchable: false };
        self.system = SystemIndexes {
            record_name: all,
            created_at: all,
            modified_at: all,
            created_by: all,
            modified_by: all,
        };
        self
    }
}

impl FieldDef {
    /// A field without index.
    #[must_use]
    pub fn new(name: impl Into<String>, value_type: ValueType) -> Self {
        Self { name: name.into(), value_type, encrypted: false, index: Index::default() }
    }

    /// Makes the field QUERYABLE: filters may compare it for equality and membership.
    #[must_use]
    pub fn queryable(mut self) -> Self {
        self.index.queryable = true;
        self
    }

    /// Makes the field SORTABLE: results may be sorted by it, and filters may compare its order.
    #[must_use]
    pub fn sortable(mut self) -> Self {
        self.index.sortable = true;
        self
    }

    /// Makes the field SEARCHABLE: filters may look for words in it.
    #[must_use]
    pub fn searchable(mut self) -> Self {
        self.index.searchable = true;
        self
    }

    /// Makes the field ENCRYPTED: it takes no index, and exists in private and shared databases only.
    #[must_use]
    pub fn encrypted(mut self) -> Self {
        self.encrypted = true;
        self
    }

    /// The type as CloudKit's error texts spell it.
    pub(crate) fn type_text(&self) -> String {
        if self.encrypted { format!("ENCRYPTED_{}", self.value_type) } else { self.value_type.to_string() }
    }
}

/// The indexes that a field can take, by its type.
pub(crate) fn possible_index(field: &FieldDef) -> Index {
    let (queryable, sortable, searchable) = match (field.value_type.scalar, field.value_type.list) {
        _ if field.encrypted => (false, false, false),
        (ScalarType::Asset, _) => (false, false, false),
        (ScalarType::String, list) => (true, !list, true),
        (_, true) => (true, false, false),
        (_, false) => (true, true, false),
    };
    Index { queryable, sortable, searchable }
}

fn join_index(one: Index, other: Index) -> Index {
    Index {
        queryable: one.queryable || other.queryable,
        sortable: one.sortable || other.sortable,
        searchable: one.searchable || other.searchable,
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && text.len() <= 255
}

/// The schema cannot be one of CloudKit's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn with(field: FieldDef) -> Schema {
        Schema::new().record_type(RecordType::new("Thing").field(field))
    }

    #[test]
    fn indexes_that_the_type_of_a_field_cannot_take_are_refused() {
        let list = FieldDef::new("tags", ValueType::list_of(ScalarType::String)).sortable();
        let number = FieldDef::new("count", ValueType::one(ScalarType::Int64)).searchable();
        let secret = FieldDef::new("secret", ValueType::one(ScalarType::String)).encrypted().queryable();
        let pointer = FieldDef::new("pointer", ValueType::one(ScalarType::Reference)).encrypted();
        for field in [list, number, secret, pointer] {
            assert!(with(field.clone()).check().is_err(), "{field:?}");
        }
    }

    #[test]
    fn names_of_the_system_are_refused() {
        for name in ["_private", "9lives", "a-b", ""] {
            assert!(with(FieldDef::new(name, ValueType::one(ScalarType::String))).check().is_err(), "{name}");
        }
    }

    #[test]
    fn every_container_has_users() {
        let schema = Schema::new().with_built_in_types();
        assert!(schema.get(USERS).is_some_and(|users| users.fields.contains_key("roles")));
        assert_eq!(schema.check(), Ok(()));
    }
}
