//! Two schemas made one.

use std::fmt;

use crate::model::{DataType, Primitive, RecordType, Schema};

/// Two schemas give one field different types, so they cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeConflict {
    /// The record type.
    pub record_type: String,
    /// The field.
    pub field: String,
    /// Its type in the schema that was to grow.
    pub known: DataType,
    /// Its type in the schema that was to be added.
    pub added: DataType,
}

impl fmt::Display for MergeConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_type, field, known, added } = self;
        write!(f, "field `{field}` of `{record_type}` is {known} in one description and {added} in another")
    }
}

impl std::error::Error for MergeConflict {}

impl Schema {
    /// Adds the roles, record types, fields, indexes and grants of another schema, and removes nothing. This is what
    /// deploying a schema to production does.
    ///
    /// ```
    /// use cloudkit_schema::Schema;
    ///
    /// let mut production = Schema::parse("DEFINE SCHEMA RECORD TYPE A (x STRING QUERYABLE);")?;
    /// let development = Schema::parse("DEFINE SCHEMA RECORD TYPE A (x STRING, y INT64);")?;
    /// production.merge(&development)?;
    /// let merged = Schema::parse("DEFINE SCHEMA RECORD TYPE A (x STRING QUERYABLE, y INT64);")?;
    /// assert!(production.is_equivalent(&merged));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MergeConflict`] if the schemas give one field different types. The schema is then as it was.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeConflict> {
        for added in &other.record_types {
            let Some(known) = self.record_type(&added.name) else { continue };
            for field in &added.fields {
                let Some(before) = known.field(&field.name) else { continue };
                if joined(before.data_type, field.data_type).is_none() {
                    return Err(MergeConflict {
                        record_type: added.name.clone(),
                        field: field.name.clone(),
                        known: before.data_type,
                        added: field.data_type,
                    });
                }
            }
        }
        for role in &other.roles {
            if !self.has_role(&role.name) {
                self.roles.push(role.clone());
            }
        }
        for added in &other.record_types {
            match self.record_types.iter_mut().find(|known| known.name == added.name) {
                Some(known) => known.merge(added),
                None => self.record_types.push(added.clone()),
            }
        }
        Ok(())
    }
}

impl RecordType {
    fn merge(&mut self, other: &Self) {
        for added in &other.fields {
            match self.fields.iter_mut().find(|known| known.name == added.name) {
                Some(known) => {
                    known.indexes = added.indexes.iter().fold(known.indexes, |all, index| all.with(index));
                    known.data_type = joined(known.data_type, added.data_type).unwrap_or(known.data_type);
                }
                None => self.fields.push(added.clone()),
            }
        }
        for added in &other.grants {
            match self.grants.iter_mut().find(|known| known.role == added.role) {
                Some(known) => known.operations = known.operations.union(added.operations),
                None => self.grants.push(added.clone()),
            }
        }
    }
}

/// The type that two descriptions of one field give it. A number whose kind is open takes the kind of the other.
fn joined(one: DataType, other: DataType) -> Option<DataType> {
    let same_shape = (one.list, one.encrypted) == (other.list, other.encrypted);
    match (one.primitive, other.primitive) {
        _ if one == other => Some(one),
        (Primitive::Number(None), Primitive::Number(_)) if same_shape => Some(other),
        (Primitive::Number(_), Primitive::Number(None)) if same_shape => Some(one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(body: &str) -> Schema {
        Schema::parse(&format!("DEFINE SCHEMA {body}")).expect("a schema")
    }

    #[test]
    fn everything_of_both_is_in_the_result() {
        let mut one =
            schema("CREATE ROLE r; RECORD TYPE A ( x STRING SORTABLE, n NUMBER, GRANT READ TO r );");
        let other = schema(
            "CREATE ROLE r; CREATE ROLE s; RECORD TYPE B ( ); RECORD TYPE A ( x STRING QUERYABLE, y BYTES, n NUMBER PREFERRED AS
             DOUBLE, GRANT WRITE TO r, GRANT READ TO s );",
        );
        one.merge(&other).expect("no conflict");
        let all = schema(
            "CREATE ROLE r; CREATE ROLE s; RECORD TYPE B ( );
             RECORD TYPE A ( x STRING QUERYABLE SORTABLE, y BYTES, n NUMBER PREFERRED AS DOUBLE,
                             GRANT READ, WRITE TO r, GRANT READ TO s );",
        );
        assert!(one.is_equivalent(&all), "{one}");
        let again = one.clone();
        one.merge(&other).expect("no conflict");
        assert_eq!(one, again);
    }

    #[test]
    fn a_conflict_names_the_field_and_changes_nothing() {
        let before = schema("RECORD TYPE A ( x STRING );");
        for other in ["INT64", "LIST<STRING>", "ENCRYPTED STRING", "NUMBER"] {
            let mut one = before.clone();
            let other = schema(&format!("CREATE ROLE r; RECORD TYPE B ( ); RECORD TYPE A ( x {other} );"));
            let conflict = one.merge(&other).expect_err("a conflict");
            assert_eq!((conflict.record_type.as_str(), conflict.field.as_str()), ("A", "x"));
            assert_eq!(one, before);
        }
    }
}
