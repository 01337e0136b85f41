//! The schema that record structs need, in CloudKit's schema language.
//!
//! ```
//! use cloudkit_core::{CkRecord, Timestamp};
//!
//! #[derive(CkRecord)]
//! struct Article {
//!     #[ck(queryable)]
//!     title: String,
//!     published_at: Timestamp,
//! }
//!
//! let text = cloudkit_core::schema::emit::<Article>()?;
//! assert!(text.contains("title           STRING QUERYABLE,"));
//! assert!(text.contains("publishedAt     TIMESTAMP,"));
//! # Ok::<(), cloudkit_core::schema::SchemaConflict>(())
//! ```
//!
//! `cloudkit schema emit` runs a program's own test to get this text. The test is one line:
//!
//! ```
//! # use cloudkit_core::CkRecord;
//! # #[derive(CkRecord)]
//! # struct Article { title: String }
//! # #[derive(CkRecord)]
//! # struct Author { name: String }
//! #[test]
//! fn emit_schema() -> Result<(), cloudkit_core::schema::EmitError> {
//!     cloudkit_core::schema::emit_when_asked::<(Article, Author)>()
//! }
//! ```

#![expect(clippy::test_attr_in_doctest, reason = "the test is what the example shows")]

mod deployable;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use cloudkit_schema::{DataType, Field, Primitive, RecordType, SystemField};
#[doc(no_inline)]
pub use cloudkit_schema::{Index, Schema, Shortfall};

use crate::record::{self, FieldDescriptor, RecordDescriptor, RecordTypes};
use crate::value::ScalarType;

pub use deployable::{NotDeployable, assert_deployable, check_deployable};

/// Two structs say different things about one field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaConflict(#[from] cloudkit_schema::MergeConflict);

/// Why a schema was not emitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// Two structs say different things about one field.
    #[error("the structs do not make one schema")]
    Conflict(#[from] SchemaConflict),
    /// The schema cannot be written.
    #[error("cannot write the schema to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// The schema of these record types, with CloudKit's default grants: a struct with `#[derive(CkRecord)]`, or a tuple of
/// several. Structs of one record type are joined.
///
/// # Errors
///
/// [`SchemaConflict`] if two structs give one field different types.
pub fn schema_of<T: RecordTypes>() -> Result<Schema, SchemaConflict> {
    of_descriptors(&T::descriptors())
}

/// The schema of record types that are described as plain data. See [`schema_of`].
///
/// # Errors
///
/// [`SchemaConflict`] if two descriptions give one field different types.
pub fn of_descriptors(descriptors: &[RecordDescriptor]) -> Result<Schema, SchemaConflict> {
    let mut schema = Schema::new();
    for descriptor in descriptors {
        schema.merge(&Schema::new().with_record_type(record_type(descriptor)))?;
    }
    Ok(schema)
}

/// The schema of these record types as text, in the form in which CloudKit exports schemas.
///
/// # Errors
///
/// [`SchemaConflict`] if two structs give one field different types.
pub fn emit<T: RecordTypes>() -> Result<String, SchemaConflict> {
    schema_of::<T>().map(|schema| schema.to_string())
}

/// Writes the schema of these record types for `cloudkit schema emit`, which asks for it by the environment variable
/// `CLOUDKIT_EMIT_SCHEMA`: a directory, in which each call makes a file. Without the variable it does nothing but
/// see that the structs make one schema.
///
/// # Errors
///
/// [`EmitError`] if two structs give one field different types, or if the file cannot be written.
pub fn emit_when_asked<T: RecordTypes>() -> Result<(), EmitError> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let text = emit::<T>()?;
    let Some(directory) = crate::config::emit_schema_directory() else { return Ok(()) };
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    // Several test programs may write at the same time.
    let path = directory.join(format!("{}-{call}.ckdb", std::process::id()));
    std::fs::write(&path, text).map_err(|source| EmitError::Write { path, source })
}

fn record_type(descriptor: &RecordDescriptor) -> RecordType {
    let mut record_type = RecordType::new(descriptor.record_type).with_default_grants();
    for described in descriptor.fields {
        record_type = record_type.with_field(field(described));
    }
    let system = &descriptor.system_indexes;
    for (field, index) in [
        (SystemField::RecordId, system.record_name),
        (SystemField::CreateTime, system.created_at),
        (SystemField::ModTime, system.modified_at),
        (SystemField::CreatedBy, system.created_by),
        (SystemField::ModifiedBy, system.modified_by),
    ] {
        for option in indexes(index).iter() {
            record_type = record_type.with_system_index(field, option);
        }
    }
    record_type
}

fn field(described: &FieldDescriptor) -> Field {
    let mut data_type = DataType::of(match described.value_type.scalar {
        ScalarType::String => Primitive::String,
        ScalarType::Int64 => Primitive::Int64,
        ScalarType::Double => Primitive::Double,
        ScalarType::Timestamp => Primitive::Timestamp,
        ScalarType::Bytes => Primitive::Bytes,
        ScalarType::Location => Primitive::Location,
        ScalarType::Reference => Primitive::Reference,
        ScalarType::Asset => Primitive::Asset,
    });
    if described.value_type.list {
        data_type = data_type.list();
    }
    if described.encrypted {
        data_type = data_type.encrypted();
    }
    indexes(described.index).iter().fold(Field::new(described.name, data_type), Field::with_index)
}

fn indexes(index: record::Index) -> cloudkit_schema::Indexes {
    let record::Index { queryable, sortable, searchable } = index;
    cloudkit_schema::Indexes { queryable, sortable, searchable }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Index, SystemIndexes};
    use crate::value::ValueType;

    const QUERYABLE: Index = Index { queryable: true, sortable: false, searchable: false };

    fn descriptor(fields: &'static [FieldDescriptor]) -> RecordDescriptor {
        let system = SystemIndexes { record_name: QUERYABLE, ..SystemIndexes::default() };
        RecordDescriptor::new("Thing", fields, system, false)
    }

    const fn text(name: &'static str, encrypted: bool, index: Index) -> FieldDescriptor {
        FieldDescriptor::new(name, ValueType::list_of(ScalarType::String), encrypted, false, index)
    }

    #[test]
    fn structs_of_one_type_are_joined_and_the_text_is_a_schema() {
        const ONE: &[FieldDescriptor] = &[
            text("a", false, QUERYABLE),
            text("b", true, Index { queryable: false, sortable: false, searchable: false }),
        ];
        const OTHER: &[FieldDescriptor] =
            &[text("a", false, Index { queryable: false, sortable: false, searchable: true })];
        let schema = of_descriptors(&[descriptor(ONE), descriptor(OTHER)]).expect("one schema");
        let again = Schema::parse(&schema.to_string()).expect("a schema");
        assert!(again.is_equivalent(&schema));
        for line in [
            "a               LIST<STRING> QUERYABLE SEARCHABLE,\n",
            "b               LIST<ENCRYPTED STRING>,\n",
            "\"___recordID\"   REFERENCE QUERYABLE,\n",
            "GRANT CREATE TO \"_icloud\",\n",
        ] {
            assert!(schema.to_string().contains(line), "{schema}");
        }
    }

    #[test]
    fn structs_that_disagree_are_refused_by_name() {
        const ONE: &[FieldDescriptor] = &[text("a", false, QUERYABLE)];
        const OTHER: &[FieldDescriptor] =
            &[FieldDescriptor::new("a", ValueType::one(ScalarType::Int64), false, false, QUERYABLE)];
        let conflict = of_descriptors(&[descriptor(ONE), descriptor(OTHER)]).expect_err("a conflict");
        let text = conflict.to_string();
        assert!(["`a`", "Thing", "LIST<STRING>", "INT64"].iter().all(|part| text.contains(part)), "{text}");
    }
}
