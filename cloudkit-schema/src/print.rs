//! Schema → text, exactly as CloudKit exports it.

use std::fmt::{self, Write};

use crate::model::{Field, Grant, RecordType, Schema};
use crate::name::quoted;

/// The text that CloudKit would export for the schema: in [canonical](Schema::canonical) order, without comments, and
/// with one line end at the end. (Apple's tool adds another when it writes to standard output.)
///
/// ```
/// use cloudkit_schema::{RecordType, Schema};
///
/// let fresh = Schema::new().with_record_type(RecordType::users());
/// assert_eq!(
///     fresh.to_string(),
///     r#"DEFINE SCHEMA
///
///     RECORD TYPE Users (
///         "___createTime" TIMESTAMP,
///         "___createdBy"  REFERENCE,
///         "___etag"       STRING,
///         "___modTime"    TIMESTAMP,
///         "___modifiedBy" REFERENCE,
///         "___recordID"   REFERENCE,
///         roles           LIST<INT64>,
///         GRANT WRITE TO "_creator",
///         GRANT READ TO "_world"
///     );
/// "#
/// );
/// ```
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.canonical();
        f.write_str("DEFINE SCHEMA\n")?;
        for (number, role) in schema.roles.iter().enumerate() {
            f.write_str(if number == 0 { "\n" } else { "" })?;
            writeln!(f, "    CREATE ROLE {};", quoted(&role.name))?;
        }
        for record_type in &schema.record_types {
            write_record_type(f, record_type)?;
        }
        Ok(())
    }
}

fn write_record_type(f: &mut fmt::Formatter<'_>, record_type: &RecordType) -> fmt::Result {
    let RecordType { name, fields, grants, .. } = record_type;
    writeln!(f, "\n    RECORD TYPE {} (", quoted(name))?;
    let width = name_width(fields);
    let lines = fields.len() + grants.len();
    for (number, member) in members(fields, grants).enumerate() {
        f.write_str("        ")?;
        match member {
            Member::Field(field) => write_field(f, field, width)?,
            Member::Grant(grant) => write_grant(f, grant)?,
        }
        f.write_str(if number + 1 == lines { "\n" } else { ",\n" })?;
    }
    f.write_str("    );\n")
}

enum Member<'a> {
    Field(&'a Field),
    Grant(&'a Grant),
}

fn members<'a>(fields: &'a [Field], grants: &'a [Grant]) -> impl Iterator<Item = Member<'a>> {
    fields.iter().map(Member::Field).chain(grants.iter().map(Member::Grant))
}

/// How wide the column of the names is.
pub(crate) fn name_width(fields: &[Field]) -> usize {
    fields.iter().map(|field| quoted(&field.name).chars().count()).max().unwrap_or_default()
}

/// The line of a field, without indentation and comma.
pub(crate) fn write_field(f: &mut impl Write, field: &Field, width: usize) -> fmt::Result {
    let Field { name, data_type, indexes, .. } = field;
    write!(f, "{:width$} {data_type}", quoted(name))?;
    if indexes.is_empty() { Ok(()) } else { write!(f, " {indexes}") }
}

/// The line of a grant, without indentation and comma.
pub(crate) fn write_grant(f: &mut impl Write, grant: &Grant) -> fmt::Result {
    write!(f, "GRANT {} TO {}", grant.operations, quoted(grant.role.as_str()))
}

/// The line of the field in a schema, without indentation and comma, such as `title STRING QUERYABLE`.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_field(f, self, 0)
    }
}

/// The line of the grant in a schema, without indentation and comma, such as `GRANT READ TO "_world"`.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_grant(f, self)
    }
}
