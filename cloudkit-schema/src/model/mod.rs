//! What a schema says: roles, record types, fields, indexes and grants.
//!
//! Each part that was read from a text remembers where it stood, and the model can as well be made in code:
//!
//! ```
//! use cloudkit_schema::{DataType, Field, Index, RecordType, Schema, SystemField};
//!
//! let article = RecordType::new("Article")
//!     .with_field(Field::new("title", DataType::STRING).queryable())
//!     .with_field(Field::new("tags", DataType::STRING.list()))
//!     .with_system_index(SystemField::RecordId, Index::Queryable)
//!     .with_default_grants();
//! let schema = Schema::new().with_record_type(article);
//!
//! assert!(schema.check().is_empty());
//! assert!(schema.to_string().contains("title           STRING QUERYABLE,\n"));
//! ```

mod data_type;
mod grant;
mod index;
mod system;

pub use data_type::{DataType, Preferred, Primitive};
pub use grant::{Grant, Operation, Operations, Role};
pub use index::{Index, Indexes};
pub use system::{MANAGED_PREFIX, SHARE, SHARE_FIELDS, SystemField, USERS};

use crate::span::{Origin, Span};

/// The record types of a container and the roles that may use them.
///
/// [`Schema::parse`] reads one, and `Display` prints one exactly as CloudKit exports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Schema {
    /// The roles that `CREATE ROLE` makes, in the order of the text.
    pub roles: Vec<RoleDeclaration>,
    /// The record types, in the order of the text.
    pub record_types: Vec<RecordType>,
}

/// `CREATE ROLE …`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RoleDeclaration {
    /// The name of the role.
    pub name: String,
    /// Where it was read.
    pub origin: Origin<RoleSpans>,
}

/// `RECORD TYPE … ( … )`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RecordType {
    /// The name, case-sensitive.
    pub name: String,
    /// The fields that the text names, in its order, system fields among them. A system field that is not named exists
    /// all the same, without index.
    pub fields: Vec<Field>,
    /// The grants, in the order of the text.
    pub grants: Vec<Grant>,
    /// Where it was read.
    pub origin: Origin<RecordTypeSpans>,
}

/// One field of a record type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Field {
    /// The name, case-sensitive.
    pub name: String,
    /// What it holds.
    pub data_type: DataType,
    /// Its indexes.
    pub indexes: Indexes,
    /// Where it was read.
    pub origin: Origin<FieldSpans>,
}

/// Where a role was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoleSpans {
    /// The whole statement, the semicolon included.
    pub statement: Span,
    /// The name.
    pub name: Span,
}

/// Where a record type was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordTypeSpans {
    /// From `RECORD` to `(`.
    pub head: Span,
    /// The name.
    pub name: Span,
    /// From `)` to `;`.
    pub close: Span,
}

/// Where a field was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSpans {
    /// From the name to the last option, without the comma.
    pub field: Span,
    /// The name, with its quotes if it has any.
    pub name: Span,
    /// The type.
    pub data_type: Span,
    /// The options, in the order of [`Index::ALL`].
    pub options: [Option<Span>; 3],
}

/// Where a grant was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrantSpans {
    /// From `GRANT` to the role, without the comma.
    pub grant: Span,
    /// The role.
    pub role: Span,
}

impl Schema {
    /// A schema without record types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same schema and this role.
    #[must_use]
    pub fn with_role(mut self, name: impl Into<String>) -> Self {
        self.roles.push(RoleDeclaration { name: name.into(), origin: Origin::default() });
        self
    }

    /// The same schema and this record type.
    #[must_use]
    pub fn with_record_type(mut self, record_type: RecordType) -> Self {
        self.record_types.push(record_type);
        self
    }

    /// The record type of this name.
    #[must_use]
    pub fn record_type(&self, name: &str) -> Option<&RecordType> {
        self.record_types.iter().find(|record_type| record_type.name == name)
    }

    /// Whether `CREATE ROLE` makes a role of this name.
    #[must_use]
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.name == name)
    }
}

impl RecordType {
    /// A record type without fields and grants.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), fields: Vec::new(), grants: Vec::new(), origin: Origin::default() }
    }

    /// The same record type and this field.
    #[must_use]
    pub fn with_field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// The same record type, with this index on a system field.
    #[must_use]
    pub fn with_system_index(mut self, system: SystemField, index: Index) -> Self {
        match self.fields.iter_mut().find(|field| field.name == system.as_str()) {
            Some(field) => field.indexes = field.indexes.with(index),
            None => self.fields.push(system.field().with_index(index)),
        }
        self
    }

    /// The same record type and this grant.
    #[must_use]
    pub fn with_grant(mut self, grant: Grant) -> Self {
        self.grants.push(grant);
        self
    }

    /// The same record type with the grants that CloudKit gives to types that development creates: everybody reads,
    /// who is signed in creates, and the creator writes.
    #[must_use]
    pub fn with_default_grants(self) -> Self {
        self.with_grant(Grant::new([Operation::Write], Role::Creator))
            .with_grant(Grant::new([Operation::Create], Role::ICloud))
            .with_grant(Grant::new([Operation::Read], Role::World))
    }

    /// The field of this name, if the schema names it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The fields without the system fields.
    pub fn user_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.system().is_none())
    }

    /// The indexes of a system field; none if the schema does not name it.
    #[must_use]
    pub fn system_indexes(&self, system: SystemField) -> Indexes {
        self.field(system.as_str()).map_or(Indexes::NONE, |field| field.indexes)
    }

    /// What a role is allowed, by all grants to it together. Grants to other roles that a user has as well add to it.
    #[must_use]
    pub fn operations(&self, role: &Role) -> Operations {
        let grants = self.grants.iter().filter(|grant| grant.role == *role);
        grants.fold(Operations::default(), |all, grant| all.union(grant.operations))
    }
}

impl Field {
    /// A field without index.
    #[must_use]
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, indexes: Indexes::NONE, origin: Origin::default() }
    }

    /// The same field with this index.
    #[must_use]
    pub fn with_index(mut self, index: Index) -> Self {
        self.indexes = self.indexes.with(index);
        self
    }

    /// The same field, QUERYABLE.
    #[must_use]
    pub fn queryable(self) -> Self {
        self.with_index(Index::Queryable)
    }

    /// The same field, SORTABLE.
    #[must_use]
    pub fn sortable(self) -> Self {
        self.with_index(Index::Sortable)
    }

    /// The same field, SEARCHABLE.
    #[must_use]
    pub fn searchable(self) -> Self {
        self.with_index(Index::Searchable)
    }

    /// Which system field it is, if it is one.
    #[must_use]
    pub fn system(&self) -> Option<SystemField> {
        if self.name.starts_with('_') { SystemField::named(&self.name) } else { None }
    }
}
