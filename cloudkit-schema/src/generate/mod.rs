//! Schema → Rust: a struct with `#[derive(CkRecord)]` for each record type.
//!
//! ```
//! use cloudkit_schema::Schema;
//! use cloudkit_schema::generate::{FieldPath, Options, TypeMapping, generate};
//!
//! let schema = Schema::parse(
//!     "DEFINE SCHEMA
//!      RECORD TYPE Article (
//!          \"___recordID\" REFERENCE QUERYABLE,
//!          publishedAt TIMESTAMP QUERYABLE SORTABLE,
//!          siteURL STRING,
//!          status STRING QUERYABLE,
//!          tags LIST<STRING>
//!      );",
//! )?;
//! let mut options = Options::default();
//! options.field_types.insert(FieldPath::new("Article", "status"), TypeMapping::new("crate::Status"));
//! assert_eq!(
//!     generate(&schema, &options)?,
//!     r#"use cloudkit_core::{CkRecord, Timestamp};
//!
//! /// A record of type `Article`.
//! #[derive(CkRecord, Clone, Debug, Default, PartialEq)]
//! #[ck(index(record_name(queryable)))]
//! pub struct Article {
//!     /// `publishedAt TIMESTAMP QUERYABLE SORTABLE`
//!     #[ck(queryable, sortable)]
//!     pub published_at: Option<Timestamp>,
//!     /// `siteURL STRING`
//!     #[ck(rename = "siteURL")]
//!     pub site_url: Option<String>,
//!     /// `status STRING QUERYABLE`
//!     #[ck(queryable)]
//!     pub status: Option<crate::Status>,
//!     /// `tags LIST<STRING>`
//!     pub tags: Option<Vec<String>>,
//! }
//! "#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How things are called
//!
//! A struct has the name of its record type, and a field that of its field in `snake_case`; `record_type`, `rename_all`
//! and `rename` say so where the names of Rust do not lead back to those of CloudKit. A name that is taken, such as
//! `String` or `Location`, gets `Record` behind it, and the second of two fields that come to the same name a number.
//!
//! # What fields hold
//!
//! | schema | Rust |
//! |---|---|
//! | `STRING` | `String` |
//! | `INT64` | `i64`; the language does not tell truth values from numbers |
//! | `DOUBLE` | `f64` |
//! | `TIMESTAMP` | `Timestamp` |
//! | `BYTES` | `Vec<u8>` |
//! | `LOCATION` | `Location` |
//! | `REFERENCE` | `Reference`, to a record of any type, since the language does not say of which |
//! | `ASSET` | `Asset` |
//! | `NUMBER` | `i64` after `PREFERRED AS INT64`, else `f64` |
//! | `LIST<T>` | `Vec` of these |
//! | `ENCRYPTED T` | the same, with `#[ck(encrypted)]` |
//!
//! Every field is an `Option`, because CloudKit has no required fields: any record may lack any of them. Where programs see
//! to it that all records have a field, [`Options::required`] leaves the `Option` out, and [`Options::field_types`] gives
//! fields types of the program's own.
//!
//! Indexes that the struct's type cannot have are left out: `SORTABLE` on a REFERENCE, and on `___etag` all.

mod error;
mod names;
mod plan;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

pub use error::GenerateError;

use crate::model::Schema;
use crate::problem::SchemaError;

/// What is generated. [`Options::default`] gives public structs for all record types of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The record types, or `None` for all but `Users` and those that CloudKit manages.
    pub record_types: Option<Vec<String>>,
    /// The names of structs, by record type.
    pub struct_names: BTreeMap<String, String>,
    /// The names of fields in Rust.
    pub field_names: BTreeMap<FieldPath, String>,
    /// The types of fields in Rust.
    pub field_types: BTreeMap<FieldPath, TypeMapping>,
    /// The fields that are no `Option`, because every record has them. Reading a record that lacks one is an error.
    pub required: BTreeSet<FieldPath>,
    /// What the structs derive beside `CkRecord`. `Default` is left out for structs with a field that is no `Option`.
    pub derives: Vec<String>,
    /// Before `struct` and the names of fields, such as `pub(crate)`; empty for none.
    pub visibility: String,
    /// The schema file for `#[ck(schema = "…")]`, which gives the structs their indexes; without it, the structs name
    /// their indexes themselves.
    pub schema: Option<String>,
    /// Where `cloudkit_core` is.
    pub crate_path: String,
    /// Whether the types of `cloudkit_core` come in by a `use` at the start. Otherwise each is named by its whole path, as a
    /// macro needs it.
    pub imports: bool,
    /// Lines before everything else, such as a comment on where the file comes from.
    pub header: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            record_types: None,
            struct_names: BTreeMap::new(),
            field_names: BTreeMap::new(),
            field_types: BTreeMap::new(),
            required: BTreeSet::new(),
            derives: ["Clone", "Debug", "Default", "PartialEq"].map(str::to_owned).into(),
            visibility: "pub".to_owned(),
            schema: None,
            crate_path: "cloudkit_core".to_owned(),
            imports: true,
            header: None,
        }
    }
}

/// A field of a record type; as text `Article.title`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    /// The record type's name in CloudKit.
    pub record_type: String,
    /// The field's name in CloudKit.
    pub field: String,
}

impl FieldPath {
    /// This field of this record type.
    #[must_use]
    pub fn new(record_type: impl Into<String>, field: impl Into<String>) -> Self {
        Self { record_type: record_type.into(), field: field.into() }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record_type, self.field)
    }
}

/// A text is not the path of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseFieldPathError(String);

impl fmt::Display for ParseFieldPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a field; write record type and field with a full stop between them, such as `Article.title`",
            self.0
        )
    }
}

impl std::error::Error for ParseFieldPathError {}

impl FromStr for FieldPath {
    type Err = ParseFieldPathError;

    fn from_str(text: &str) -> Result<Self, ParseFieldPathError> {
        match text.split_once('.') {
            Some((record_type, field)) if !record_type.is_empty() && !field.is_empty() => {
                Ok(Self::new(record_type, field))
            }
            _ => Err(ParseFieldPathError(text.to_owned())),
        }
    }
}

/// The Rust type of a field that is not the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeMapping {
    /// The type: of the whole field, `Vec` included, but without `Option`.
    pub rust: String,
    /// The conversion for `#[ck(with = "…")]`. With one, the type is taken as it is, without `Option`.
    pub with: Option<String>,
    /// Whether fields of the type can have the indexes of the schema. `Json` and conversions to it cannot, enums can;
    /// `SEARCHABLE` is left out of every mapped field, because only text has it.
    pub indexes: bool,
}

impl TypeMapping {
    /// This type, stored in its own way, such as an enum with `#[derive(CkEnum)]` for a STRING or `bool` for an INT64.
    #[must_use]
    pub fn new(rust: impl Into<String>) -> Self {
        Self { rust: rust.into(), with: None, indexes: true }
    }

    /// This type, stored as the conversion says.
    #[must_use]
    pub fn with(rust: impl Into<String>, conversion: impl Into<String>) -> Self {
        Self { rust: rust.into(), with: Some(conversion.into()), indexes: true }
    }

    /// The same for a type whose fields have no index.
    #[must_use]
    pub fn without_indexes(self) -> Self {
        Self { indexes: false, ..self }
    }
}

/// Writes the structs of a schema as source that rustfmt leaves as it is.
///
/// # Errors
///
/// If the schema breaks a rule, or the options name something that it does not have, or two things come to one name that
/// the options gave.
pub fn generate(schema: &Schema, options: &Options) -> Result<String, GenerateError> {
    if let Some(error) = SchemaError::of(schema.check()) {
        return Err(GenerateError::Schema(error));
    }
    let structs = plan::plan(schema, options)?;
    Ok(write::write(&structs, options))
}
