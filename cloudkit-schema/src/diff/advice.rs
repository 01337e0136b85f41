//! Changes in words: what each is, why it is of its class, and what to do instead.

use std::fmt;

use super::{Change, ChangeKind, Class};
use crate::model::{Field, MANAGED_PREFIX};

impl Change {
    /// Why the change is of its class; one sentence without a full stop.
    #[must_use]
    pub fn reason(&self) -> String {
        match (&self.kind, self.class) {
            (ChangeKind::RoleAdded { .. }, _) => "a new role changes nothing until a user has it".to_owned(),
            (ChangeKind::RecordTypeAdded { .. } | ChangeKind::FieldAdded { .. }, _) => {
                "programs that do not know it go on as before".to_owned()
            }
            (ChangeKind::TypeChanged { .. }, Class::Addition) => {
                "the kind of the number is settled for the first time".to_owned()
            }
            (ChangeKind::IndexAdded { index, .. }, _) => {
                format!("more queries are possible; existing records are in the {index} index after a while")
            }
            (ChangeKind::IndexRemoved { .. }, _) => {
                "CloudKit allows it, and from then on refuses the queries that use the index".to_owned()
            }
            (ChangeKind::Granted { .. } | ChangeKind::Revoked { .. }, _) => {
                "grants decide in the public database only".to_owned()
            }
            (ChangeKind::RecordTypeRemoved { record_type, .. }, Class::Forbidden)
                if record_type.starts_with(MANAGED_PREFIX) =>
            {
                "CloudKit manages the record type and does not delete it".to_owned()
            }
            (ChangeKind::RoleRemoved { .. }, Class::Forbidden) => {
                "production has the role, and what production has can only grow".to_owned()
            }
            (ChangeKind::RecordTypeRemoved { .. }, Class::Forbidden) => {
                "production has the record type, and what production has can only grow".to_owned()
            }
            (ChangeKind::FieldRemoved { .. }, Class::Forbidden) => {
                "production has the field, and what production has can only grow".to_owned()
            }
            (ChangeKind::TypeChanged { .. }, Class::Forbidden) => {
                "production has the field with another type, which never changes there".to_owned()
            }
            (ChangeKind::RoleRemoved { .. }, _) => {
                "users lose the role, and with it what it was granted".to_owned()
            }
            (ChangeKind::RecordTypeRemoved { .. }, _) => {
                "records of the type in development become unreadable".to_owned()
            }
            (ChangeKind::FieldRemoved { .. }, _) => {
                "the values of the field in development are lost".to_owned()
            }
            (ChangeKind::TypeChanged { .. }, _) => {
                "values of the other type in development become unreadable".to_owned()
            }
        }
    }

    /// What to do instead, if the change does harm.
    #[must_use]
    pub fn way_out(&self) -> Option<String> {
        Some(match &self.kind {
            ChangeKind::RecordTypeRemoved { record_type, renamed_to: Some(new) } => format!(
                "CloudKit cannot rename: keep `{record_type}` in the schema. If only the program's name for it changes, \
                 write `#[ck(record_type = \"{record_type}\")]` on the struct. Else add `{new}` beside it, write both, \
                 copy the records, and read `{new}` once every program in use knows it"
            ),
            ChangeKind::RecordTypeRemoved { record_type, renamed_to: None } => {
                format!("keep `{record_type}` in the schema, and stop using it in programs")
            }
            ChangeKind::FieldRemoved { field: Field { name, .. }, renamed_to: Some(new), .. } => format!(
                "CloudKit cannot rename: keep `{name}` in the schema. If only the program's name for it changes, write \
                 `#[ck(rename = \"{name}\")]` on the field. Else add `{new}` beside it, write both, copy the values, \
                 and read `{new}` once every program in use knows it"
            ),
            ChangeKind::FieldRemoved { field: Field { name, .. }, renamed_to: None, .. } => {
                format!("keep `{name}` in the schema, and stop using it in programs")
            }
            ChangeKind::TypeChanged { field, from, to, .. } if self.class != Class::Addition => {
                let encrypted = if from.encrypted == to.encrypted {
                    ""
                } else {
                    " (a field is ENCRYPTED from its beginning, or never)"
                };
                format!(
                    "keep `{field} {from}` and add a field of another name that is {to}{encrypted}; write both, copy the \
                     values, and read the new one once every program in use knows it"
                )
            }
            ChangeKind::RoleRemoved { role } => {
                format!("keep `CREATE ROLE {role};` and take its grants away instead")
            }
            ChangeKind::IndexRemoved { field, index, .. } => {
                format!("keep {index} on `{field}` until no program in use queries by it")
            }
            _ => return None,
        })
    }

    /// What CloudKit's service says when it refuses an import for this change; `None` if it does not refuse it.
    ///
    /// The texts of deleted record types are as people report them. Those of fields and roles are made after them, since
    /// nobody is known to have written them down.
    #[must_use]
    pub fn service_message(&self) -> Option<&'static str> {
        if self.class != Class::Forbidden {
            return None;
        }
        match &self.kind {
            ChangeKind::RecordTypeRemoved { record_type, .. } if record_type.starts_with(MANAGED_PREFIX) => {
                Some("invalid attempt to delete cloudkit managed record type")
            }
            ChangeKind::RecordTypeRemoved { .. } => {
                Some("invalid attempt to delete a record type which is active in a production container")
            }
            ChangeKind::FieldRemoved { .. } => {
                Some("invalid attempt to delete a field which is active in a production container")
            }
            ChangeKind::TypeChanged { .. } => Some(
                "invalid attempt to change the type of a field which is active in a production container",
            ),
            ChangeKind::RoleRemoved { .. } => {
                Some("invalid attempt to delete a role which is active in a production container")
            }
            _ => None,
        }
    }
}

/// One line: what comes (`+`), goes (`-`) or changes (`~`).
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ChangeKind::RoleAdded { role } => write!(f, "+ role `{role}`"),
            ChangeKind::RoleRemoved { role } => write!(f, "- role `{role}`"),
            ChangeKind::RecordTypeAdded { record_type, .. } => write!(f, "+ record type `{record_type}`"),
            ChangeKind::RecordTypeRemoved { record_type, .. } => write!(f, "- record type `{record_type}`"),
            ChangeKind::FieldAdded { record_type, field, .. } => {
                write!(f, "+ field `{}` of `{record_type}`: {}", field.name, Type(field))
            }
            ChangeKind::FieldRemoved { record_type, field, .. } => {
                write!(f, "- field `{}` of `{record_type}`: {}", field.name, Type(field))
            }
            ChangeKind::TypeChanged { record_type, field, from, to } => {
                write!(f, "~ field `{field}` of `{record_type}`: {from} becomes {to}")
            }
            ChangeKind::IndexAdded { record_type, field, index } => {
                write!(f, "+ index {index} on `{field}` of `{record_type}`")
            }
            ChangeKind::IndexRemoved { record_type, field, index } => {
                write!(f, "- index {index} on `{field}` of `{record_type}`")
            }
            ChangeKind::Granted { record_type, role, operations } => {
                write!(f, "+ grant {operations} of `{record_type}` to `{role}`")
            }
            ChangeKind::Revoked { record_type, role, operations } => {
                write!(f, "- grant {operations} of `{record_type}` to `{role}`")
            }
        }
    }
}

/// The type of a field and its indexes.
struct Type<'a>(&'a Field);

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Field { data_type, indexes, .. } = self.0;
        write!(f, "{data_type}")?;
        if indexes.is_empty() { Ok(()) } else { write!(f, " {indexes}") }
    }
}
