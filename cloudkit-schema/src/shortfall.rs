//! What a program needs of a schema and the schema lacks.

use std::fmt;

use crate::diff::ChangeKind;
use crate::model::{DataType, Field, Index, Preferred, Primitive, Schema, SystemField};

/// Something that a program needs and a schema does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortfall {
    /// The record type.
    pub record_type: String,
    /// Its field, if it is about one.
    pub field: Option<String>,
    /// The line that the schema would need, such as `title STRING QUERYABLE`.
    pub needs: String,
    /// What happens without it, to be read behind the name of the type or field.
    pub consequence: String,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "`{field}` of `{}` ", self.record_type)?,
            None => write!(f, "`{}` ", self.record_type)?,
        }
        write!(f, "{}; it needs `{}`", self.consequence, self.needs)
    }
}

impl Schema {
    /// What a program that needs `needed` would miss here: record types, fields, types and indexes. Grants are not looked
    /// at, and what is here beyond the needs does no harm.
    ///
    /// ```
    /// use cloudkit_schema::Schema;
    ///
    /// let deployed = Schema::parse("DEFINE SCHEMA RECORD TYPE Article ( title STRING, views INT64 );")?;
    /// let needed = Schema::parse("DEFINE SCHEMA RECORD TYPE Article ( title STRING QUERYABLE );")?;
    /// let shortfalls = deployed.shortfalls(&needed);
    /// assert_eq!(
    ///     shortfalls[0].to_string(),
    ///     "`title` of `Article` is not marked QUERYABLE: queries that rely on it are refused; \
    ///      it needs `title STRING QUERYABLE`"
    /// );
    /// assert_eq!(shortfalls.len(), 1);
    /// # Ok::<(), cloudkit_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn shortfalls(&self, needed: &Self) -> Vec<Shortfall> {
        let mut shortfalls = Vec::new();
        for change in self.diff(needed).changes {
            let shortfall = match change.kind {
                ChangeKind::RecordTypeAdded { record_type, .. } => Shortfall {
                    needs: format!("RECORD TYPE {record_type} ( ... );"),
                    consequence: "is no record type there: saves and queries are refused".to_owned(),
                    record_type,
                    field: None,
                },
                ChangeKind::FieldAdded { record_type, field, .. } => Shortfall {
                    needs: field.to_string(),
                    consequence: "is no field there: saves that hold it are refused".to_owned(),
                    record_type,
                    field: Some(field.name),
                },
                ChangeKind::TypeChanged { from, to, .. } if is_read_as(from, to) => continue,
                ChangeKind::TypeChanged { record_type, field, from, to } => Shortfall {
                    needs: format!("{field} {to}"),
                    consequence: format!(
                        "is {from} there and not {to}: saves are refused and reading fails; a field that was deployed \
                         keeps its type, so it takes another name"
                    ),
                    record_type,
                    field: Some(field),
                },
                ChangeKind::IndexAdded { record_type, field, index } => {
                    self.unindexed(&record_type, &field, index)
                }
                _ => continue,
            };
            shortfalls.push(shortfall);
        }
        shortfalls
    }

    /// What a query misses that relies on this index, or `None` if nothing.
    #[must_use]
    pub fn index_shortfall(&self, record_type: &str, field: &str, index: Index) -> Option<Shortfall> {
        let Some(declared) = self.record_type(record_type) else {
            return Some(Shortfall {
                record_type: record_type.to_owned(),
                field: None,
                needs: format!("RECORD TYPE {record_type} ( ... );"),
                consequence: "is no record type there: saves and queries are refused".to_owned(),
            });
        };
        match declared.field(field) {
            Some(declared) if declared.indexes.has(index) => None,
            None if SystemField::named(field).is_none() => Some(Shortfall {
                record_type: record_type.to_owned(),
                field: Some(field.to_owned()),
                needs: format!("{field} ... {index}"),
                consequence: "is no field there: queries that name it are refused".to_owned(),
            }),
            _ => Some(self.unindexed(record_type, field, index)),
        }
    }

    fn unindexed(&self, record_type: &str, field: &str, index: Index) -> Shortfall {
        let declared = self.record_type(record_type).and_then(|declared| declared.field(field)).cloned();
        let declared = declared
            .or_else(|| SystemField::named(field).map(SystemField::field))
            .unwrap_or_else(|| Field::new(field, DataType::STRING));
        Shortfall {
            record_type: record_type.to_owned(),
            field: Some(field.to_owned()),
            needs: declared.with_index(index).to_string(),
            consequence: format!("is not marked {index}: queries that rely on it are refused"),
        }
    }
}

/// Whether the schema leaves open which kind of number it is, or prefers this one.
fn is_read_as(from: DataType, to: DataType) -> bool {
    let Primitive::Number(preferred) = from.primitive else { return false };
    let is_kind = match to.primitive {
        Primitive::Int64 => preferred != Some(Preferred::Double),
        Primitive::Double => preferred != Some(Preferred::Int64),
        _ => false,
    };
    is_kind && from.list == to.list && !to.encrypted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(body: &str) -> Schema {
        Schema::parse(&format!("DEFINE SCHEMA {body}")).expect("a schema")
    }

    #[test]
    fn only_what_the_program_lacks_is_missing() {
        let deployed = schema(
            "CREATE ROLE r; RECORD TYPE Old ( );
             RECORD TYPE A ( x STRING QUERYABLE, y INT64, z BYTES, GRANT READ TO r );",
        );
        assert_eq!(
            deployed.shortfalls(&schema("RECORD TYPE A ( x STRING, y INT64, GRANT WRITE TO \"_creator\" );")),
            []
        );
        let more = schema(
            "RECORD TYPE New ( ); RECORD TYPE A ( x STRING SORTABLE, y DOUBLE, w ASSET,
             \"___recordID\" REFERENCE QUERYABLE );",
        );
        let found = deployed.shortfalls(&more);
        let found: Vec<_> =
            found.iter().map(|found| (found.field.as_deref().unwrap_or("-"), found.needs.as_str())).collect();
        assert_eq!(
            found,
            [
                ("___recordID", "\"___recordID\" REFERENCE QUERYABLE"),
                ("w", "w ASSET"),
                ("x", "x STRING QUERYABLE SORTABLE"),
                ("y", "y DOUBLE"),
                ("-", "RECORD TYPE New ( ... );"),
            ]
        );
    }

    #[test]
    fn an_index_that_a_query_relies_on_is_looked_for() {
        let deployed = schema("RECORD TYPE A ( x STRING QUERYABLE );");
        let needs = |of: &str, field: &str, index| {
            deployed.index_shortfall(of, field, index).map(|found| found.needs)
        };
        assert_eq!(needs("A", "x", Index::Queryable), None);
        assert_eq!(needs("A", "x", Index::Sortable).as_deref(), Some("x STRING QUERYABLE SORTABLE"));
        assert_eq!(needs("A", "y", Index::Queryable).as_deref(), Some("y ... QUERYABLE"));
        assert_eq!(needs("B", "x", Index::Queryable).as_deref(), Some("RECORD TYPE B ( ... );"));
        assert_eq!(
            needs("A", "___modTime", Index::Sortable).as_deref(),
            Some("\"___modTime\" TIMESTAMP SORTABLE")
        );
    }
}
