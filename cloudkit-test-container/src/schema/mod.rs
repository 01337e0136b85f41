//! Record types, their fields, indexes and grants, in the form in which requests are checked.

mod declared;
mod import;

use std::collections::BTreeMap;

use cloudkit_core::record::{Index, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_schema::Severity;

pub use declared::SchemaSource;
pub(crate) use import::{check_import, check_record_type, complete, declared_schema, read};

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

    pub(crate) fn get(&self, record_type: &str) -> Option<&RecordType> {
        self.record_types.get(record_type)
    }
}

/// The record type of shares.
pub(crate) const SHARE: &str = cloudkit_schema::model::SHARE;

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

/// The indexes of a field that a save in development has created.
pub(crate) fn created_index(field: &FieldDef) -> Index {
    let possible = possible_index(field);
    // Of references only equality was seen.
    Index { sortable: possible.sortable && field.value_type.scalar != ScalarType::Reference, ..possible }
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

/// The schema cannot be one of CloudKit's, or not this container's.
///
/// It begins with what CloudKit's service would say, where its words are known, and goes on with everything else that is
/// wrong, a line for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}{}", if more.is_empty() { "" } else { "\n" }, more.join("\n"))]
pub struct SchemaError {
    pub(crate) message: String,
    pub(crate) more: Vec<String>,
}

impl SchemaError {
    /// Everything in a list of messages, of which there is one at least.
    pub(crate) fn of(mut messages: Vec<String>) -> Self {
        let more = messages.split_off(messages.len().min(1));
        Self { message: messages.pop().unwrap_or_default(), more }
    }

    fn of_problems<'p>(problems: impl IntoIterator<Item = &'p cloudkit_schema::Problem>) -> Option<Self> {
        let errors = problems.into_iter().filter(|problem| problem.severity() == Severity::Error);
        let errors: Vec<_> = errors.collect();
        // The service stops at the first mistake of the language, and looks at the rest only if there is none.
        let syntax = errors.iter().find(|problem| problem.syntax.is_some());
        let message = syntax.or(errors.first())?.service_message();
        let lines = errors.iter().map(|problem| problem.to_string());
        // What the first has to say beyond the words of the service.
        let more = lines.filter(|line| *line != message).collect();
        Some(Self { message, more })
    }
}
