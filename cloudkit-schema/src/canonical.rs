//! The one form of all schemas that mean the same.

use crate::model::{Field, Grant, RecordType, Schema, SystemField};
use crate::span::Origin;

impl Schema {
    /// The same schema in the order and completeness of an export: roles, record types, fields and grants by name and
    /// code point, every system field named, and one grant for each role. It remembers no text.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut schema = self.clone();
        for role in &mut schema.roles {
            role.origin = Origin::default();
        }
        schema.roles.sort_by(|one, other| one.name.cmp(&other.name));
        schema.roles.dedup_by(|one, other| one.name == other.name);
        schema.record_types = schema.record_types.into_iter().map(RecordType::canonical).collect();
        schema.record_types.sort_by(|one, other| one.name.cmp(&other.name));
        schema
    }

    /// Whether the two mean the same: whatever their comments, layout and order, they have the same roles, record
    /// types and fields, and allow each role the same. A system field without index equals one that is not named.
    ///
    /// ```
    /// use cloudkit_schema::Schema;
    ///
    /// let one = Schema::parse("DEFINE SCHEMA RECORD TYPE A (x STRING, GRANT READ, WRITE TO \"_icloud\");")?;
    /// let other = Schema::parse(
    ///     "-- the same
    ///      define schema record type A (
    ///          grant write to \"_icloud\",
    ///          \"x\" string,
    ///          \"___etag\" string,
    ///          grant read to \"_icloud\"
    ///      );",
    /// )?;
    /// assert!(one.is_equivalent(&other));
    /// # Ok::<(), cloudkit_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn is_equivalent(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl RecordType {
    /// The same record type in the order and completeness of an export.
    pub(crate) fn canonical(mut self) -> Self {
        for system in SystemField::ALL {
            if self.field(system.as_str()).is_none() {
                self.fields.push(system.field());
            }
        }
        for field in &mut self.fields {
            field.origin = Origin::default();
        }
        self.fields.sort_by(|one: &Field, other| one.name.cmp(&other.name));
        let mut grants: Vec<Grant> =
            self.grants.into_iter().map(|grant| Grant { origin: Origin::default(), ..grant }).collect();
        grants.sort_by(|one, other| one.role.cmp(&other.role));
        grants.dedup_by(|grant, kept| {
            let is_same = grant.role == kept.role;
            if is_same {
                kept.operations = kept.operations.union(grant.operations);
            }
            is_same
        });
        grants.retain(|grant| !grant.operations.is_empty());
        Self { grants, origin: Origin::default(), ..self }
    }
}
