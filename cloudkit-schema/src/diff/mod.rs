//! What changes from one schema to another, what each change does, and what to do instead.
//!
//! ```
//! use cloudkit_schema::Schema;
//! use cloudkit_schema::diff::Class;
//!
//! let production = Schema::parse("DEFINE SCHEMA RECORD TYPE Article (headline STRING QUERYABLE, tags LIST<STRING>);")?;
//! let wanted = Schema::parse("DEFINE SCHEMA RECORD TYPE Article (headLine STRING QUERYABLE, tags LIST<STRING> QUERYABLE);")?;
//!
//! let diff = production.diff(&wanted).against(&production);
//! let changes: Vec<String> = diff.changes.iter().map(|change| format!("{} ({})", change, change.class)).collect();
//! assert_eq!(
//!     changes,
//!     [
//!         "+ field `headLine` of `Article`: STRING QUERYABLE (addition)",
//!         "- field `headline` of `Article`: STRING QUERYABLE (forbidden)",
//!         "+ index QUERYABLE on `tags` of `Article` (index-added)",
//!     ]
//! );
//! assert_eq!(diff.worst(), Some(Class::Forbidden));
//! assert!(diff.changes[1].way_out().is_some_and(|way_out| way_out.contains("#[ck(rename = \"headline\")]")));
//! # Ok::<(), cloudkit_schema::SchemaError>(())
//! ```

mod advice;
mod rename;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{
    DataType, Field, Index, Operations, RecordType, Role, SHARE, SHARE_FIELDS, Schema, SystemField, USERS,
};

/// The changes from one schema to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diff {
    /// The changes: of roles first, then by the name of the record type.
    pub changes: Vec<Change>,
}

/// One change, and how bad it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What it does to data and programs.
    pub class: Class,
    /// What changes.
    pub kind: ChangeKind,
}

/// What a change does to data and programs, from harmless to impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Something new. Programs that do not know it go on as before.
    Addition,
    /// A new index, which more queries can use.
    IndexAdded,
    /// Somebody may do more or less in the public database.
    GrantChanged,
    /// An index goes; CloudKit allows it in every environment, and then refuses the queries that used it.
    IndexRemoved,
    /// Data is lost. CloudKit allows it in development, as long as production does not have what is lost.
    Destructive,
    /// CloudKit refuses the import, and with it the whole schema.
    Forbidden,
}

/// What changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A role is created.
    RoleAdded {
        /// Its name.
        role: String,
    },
    /// A role is left out.
    RoleRemoved {
        /// Its name.
        role: String,
    },
    /// A record type is new, with all its fields, indexes and grants.
    RecordTypeAdded {
        /// Its name.
        record_type: String,
        /// The record type that is left out and that this one is probably meant to be.
        renamed_from: Option<String>,
    },
    /// A record type is left out.
    RecordTypeRemoved {
        /// Its name.
        record_type: String,
        /// The new record type that is probably meant to be this one.
        renamed_to: Option<String>,
    },
    /// A field is new, with its indexes.
    FieldAdded {
        /// The record type.
        record_type: String,
        /// The field.
        field: Field,
        /// The field that is left out and that this one is probably meant to be.
        renamed_from: Option<String>,
    },
    /// A field is left out.
    FieldRemoved {
        /// The record type.
        record_type: String,
        /// The field.
        field: Field,
        /// The new field that is probably meant to be this one.
        renamed_to: Option<String>,
    },
    /// A field holds something else: its type, whether it is a list, or whether it is encrypted.
    TypeChanged {
        /// The record type.
        record_type: String,
        /// The name of the field.
        field: String,
        /// What it held.
        from: DataType,
        /// What it is to hold.
        to: DataType,
    },
    /// A field has a new index.
    IndexAdded {
        /// The record type.
        record_type: String,
        /// The name of the field.
        field: String,
        /// The index.
        index: Index,
    },
    /// A field loses an index.
    IndexRemoved {
        /// The record type.
        record_type: String,
        /// The name of the field.
        field: String,
        /// The index.
        index: Index,
    },
    /// A role may do more.
    Granted {
        /// The record type.
        record_type: String,
        /// Who.
        role: Role,
        /// What it may do in addition.
        operations: Operations,
    },
    /// A role may do less.
    Revoked {
        /// The record type.
        record_type: String,
        /// Who.
        role: Role,
        /// What it may not do any longer.
        operations: Operations,
    },
}

impl Schema {
    /// The changes that make `to` out of this schema, as an import of `to` would make them.
    ///
    /// What CloudKit keeps by itself is no change: `Users` and the managed fields of `cloudkit.share` may be left out.
    /// Changes that lose data are [`Class::Destructive`]; [`Diff::against`] says which of them production forbids.
    #[must_use]
    pub fn diff(&self, to: &Self) -> Diff {
        let mut changes = Vec::new();
        role_changes(self, to, &mut changes);
        let (from, to) = (by_name(self), by_name(to));
        let renames = rename::record_types(&from, &to);
        let mut names: Vec<&String> = from.keys().chain(to.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            match (from.get(name), to.get(name)) {
                (Some(from), Some(to)) => record_type_changes(from, to, &mut changes),
                (None, Some(to)) if name == USERS => {
                    record_type_changes(&completed(&RecordType::users()), to, &mut changes);
                }
                (None, Some(_)) => changes.push(Change {
                    class: Class::Addition,
                    kind: ChangeKind::RecordTypeAdded {
                        record_type: name.clone(),
                        renamed_from: renames.from(name).map(str::to_owned),
                    },
                }),
                (Some(_), None) if name == USERS => {}
                (Some(from), None) => changes.push(Change {
                    class: if from.is_managed() { Class::Forbidden } else { Class::Destructive },
                    kind: ChangeKind::RecordTypeRemoved {
                        record_type: name.clone(),
                        renamed_to: renames.to(name).map(str::to_owned),
                    },
                }),
                (None, None) => {}
            }
        }
        Diff { changes }
    }

    /// Why CloudKit refuses to import `wanted` into development, if this is the schema of production: the changes that
    /// would lose what production has. None means that it does not refuse.
    #[must_use]
    pub fn refusals(&self, wanted: &Self) -> Vec<Change> {
        let diff = self.diff(wanted).against(self);
        diff.changes.into_iter().filter(|change| change.class == Class::Forbidden).collect()
    }
}

impl Diff {
    /// The same changes, with those that this schema of production forbids as [`Class::Forbidden`].
    #[must_use]
    pub fn against(mut self, production: &Schema) -> Self {
        for change in &mut self.changes {
            if change.class == Class::Destructive && change.kind.is_forbidden_by(production) {
                change.class = Class::Forbidden;
            }
        }
        self
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The class of the worst change.
    #[must_use]
    pub fn worst(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).max()
    }
}

impl Class {
    /// A short name, such as `index-added`, that never changes its meaning.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Addition => "addition",
            Self::IndexAdded => "index-added",
            Self::GrantChanged => "grant-changed",
            Self::IndexRemoved => "index-removed",
            Self::Destructive => "destructive",
            Self::Forbidden => "forbidden",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ChangeKind {
    /// The record type that changes; none for roles.
    #[must_use]
    pub fn record_type(&self) -> Option<&str> {
        match self {
            Self::RoleAdded { .. } | Self::RoleRemoved { .. } => None,
            Self::RecordTypeAdded { record_type, .. }
            | Self::RecordTypeRemoved { record_type, .. }
            | Self::FieldAdded { record_type, .. }
            | Self::FieldRemoved { record_type, .. }
            | Self::TypeChanged { record_type, .. }
            | Self::IndexAdded { record_type, .. }
            | Self::IndexRemoved { record_type, .. }
            | Self::Granted { record_type, .. }
            | Self::Revoked { record_type, .. } => Some(record_type),
        }
    }

    /// The field that changes, if it is a change of one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::FieldAdded { field, .. } | Self::FieldRemoved { field, .. } => Some(&field.name),
            Self::TypeChanged { field, .. }
            | Self::IndexAdded { field, .. }
            | Self::IndexRemoved { field, .. } => Some(field),
            _ => None,
        }
    }

    fn is_forbidden_by(&self, production: &Schema) -> bool {
        let field = |record_type: &str, name: &str| {
            production.record_type(record_type).and_then(|record_type| record_type.field(name))
        };
        match self {
            Self::RoleRemoved { role } => production.has_role(role),
            Self::RecordTypeRemoved { record_type, .. } => production.record_type(record_type).is_some(),
            Self::FieldRemoved { record_type, field: removed, .. } => {
                field(record_type, &removed.name).is_some()
            }
            Self::TypeChanged { record_type, field: name, to, .. } => {
                field(record_type, name).is_some_and(|known| !keeps(known.data_type, *to))
            }
            _ => false,
        }
    }
}

fn role_changes(from: &Schema, to: &Schema, changes: &mut Vec<Change>) {
    let names =
        |schema: &Schema| -> BTreeSet<String> { schema.roles.iter().map(|role| role.name.clone()).collect() };
    let (from, to) = (names(from), names(to));
    for role in to.difference(&from).cloned() {
        changes.push(Change { class: Class::Addition, kind: ChangeKind::RoleAdded { role } });
    }
    for role in from.difference(&to).cloned() {
        changes.push(Change { class: Class::Destructive, kind: ChangeKind::RoleRemoved { role } });
    }
}

/// The record types with everything that they have without saying so.
fn by_name(schema: &Schema) -> BTreeMap<String, RecordType> {
    let record_types = schema.record_types.iter();
    record_types.map(|record_type| (record_type.name.clone(), completed(record_type))).collect()
}

fn completed(record_type: &RecordType) -> RecordType {
    let mut record_type = record_type.clone();
    let own: &[(&str, DataType)] = match record_type.name.as_str() {
        USERS => &[("roles", DataType::INT64.list())],
        SHARE => &SHARE_FIELDS,
        _ => &[],
    };
    for (name, data_type) in own {
        if record_type.field(name).is_none() {
            record_type.fields.push(Field::new(*name, *data_type));
        }
    }
    record_type.canonical()
}

fn record_type_changes(from: &RecordType, to: &RecordType, changes: &mut Vec<Change>) {
    let name = &to.name;
    let by_name = |record_type: &RecordType| -> BTreeMap<String, Field> {
        record_type.fields.iter().map(|field| (field.name.clone(), field.clone())).collect()
    };
    let (from_fields, to_fields) = (by_name(from), by_name(to));
    let renames = rename::fields(&from_fields, &to_fields);
    let mut names: Vec<&String> = from_fields.keys().chain(to_fields.keys()).collect();
    names.sort();
    names.dedup();
    for field in names {
        match (from_fields.get(field), to_fields.get(field)) {
            (Some(from), Some(to)) => field_changes(name, from, to, changes),
            (None, Some(to)) => changes.push(Change {
                class: Class::Addition,
                kind: ChangeKind::FieldAdded {
                    record_type: name.clone(),
                    field: to.clone(),
                    renamed_from: renames.from(field).map(str::to_owned),
                },
            }),
            (Some(from), None) => changes.push(Change {
                class: Class::Destructive,
                kind: ChangeKind::FieldRemoved {
                    record_type: name.clone(),
                    field: from.clone(),
                    renamed_to: renames.to(field).map(str::to_owned),
                },
            }),
            (None, None) => {}
        }
    }
    grant_changes(from, to, changes);
}

fn field_changes(record_type: &str, from: &Field, to: &Field, changes: &mut Vec<Change>) {
    let (record_type, field) = (record_type.to_owned(), to.name.clone());
    if from.data_type != to.data_type && SystemField::named(&field).is_none() {
        changes.push(Change {
            class: if keeps(from.data_type, to.data_type) { Class::Addition } else { Class::Destructive },
            kind: ChangeKind::TypeChanged {
                record_type: record_type.clone(),
                field: field.clone(),
                from: from.data_type,
                to: to.data_type,
            },
        });
    }
    for index in Index::ALL {
        let (record_type, field) = (record_type.clone(), field.clone());
        match (from.indexes.has(index), to.indexes.has(index)) {
            (false, true) => changes.push(Change {
                class: Class::IndexAdded,
                kind: ChangeKind::IndexAdded { record_type, field, index },
            }),
            (true, false) => changes.push(Change {
                class: Class::IndexRemoved,
                kind: ChangeKind::IndexRemoved { record_type, field, index },
            }),
            _ => {}
        }
    }
}

/// Whether a field of the first type can become one of the second and keep its values: the same type, or a NUMBER whose
/// kind is settled for the first time.
fn keeps(from: DataType, to: DataType) -> bool {
    use crate::model::Primitive::Number;
    let settled = matches!((from.primitive, to.primitive), (Number(None), Number(Some(_))));
    from == to || (settled && from.list == to.list && from.encrypted == to.encrypted)
}

fn grant_changes(from: &RecordType, to: &RecordType, changes: &mut Vec<Change>) {
    let mut roles: Vec<&Role> = from.grants.iter().chain(&to.grants).map(|grant| &grant.role).collect();
    roles.sort();
    roles.dedup();
    for role in roles {
        let (before, after) = (from.operations(role), to.operations(role));
        let beyond = |one: Operations, other: Operations| -> Operations {
            one.iter().filter(|operation| !other.has(*operation)).collect()
        };
        let (record_type, role) = (to.name.clone(), role.clone());
        let (more, less) = (beyond(after, before), beyond(before, after));
        if !more.is_empty() {
            let (record_type, role) = (record_type.clone(), role.clone());
            let kind = ChangeKind::Granted { record_type, role, operations: more };
            changes.push(Change { class: Class::GrantChanged, kind });
        }
        if !less.is_empty() {
            let kind = ChangeKind::Revoked { record_type, role, operations: less };
            changes.push(Change { class: Class::GrantChanged, kind });
        }
    }
}
