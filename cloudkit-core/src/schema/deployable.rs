//! Whether a program's record types and queries would work with a schema.

use std::fmt;
use std::path::{Path, PathBuf};

use cloudkit_schema::{Index, Schema, SchemaError, Shortfall, SystemField};

use super::{SchemaConflict, schema_of};
use crate::query::{Comparator, QueryDescription};
use crate::record::RecordTypes;

/// Why a program cannot be held against a schema, or does not fit it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotDeployable {
    /// The schema lacks what the program needs.
    #[error("{} does not have what the program needs:\n{}", path.display(), Listed(shortfalls))]
    Shortfalls {
        /// The schema file.
        path: PathBuf,
        /// What is missing.
        shortfalls: Vec<Shortfall>,
    },
    /// Two structs say different things about one field.
    #[error("the structs do not make one schema")]
    Conflict(#[from] SchemaConflict),
    /// The file cannot be read.
    #[error("cannot read the schema file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not a schema.
    #[error("{} is not a schema", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its mistakes.
        source: SchemaError,
    },
}

struct Listed<'a>(&'a [Shortfall]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, shortfall) in self.0.iter().enumerate() {
            write!(f, "{}  {shortfall}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Holds record structs against a schema file, such as one exported from production: do the record types, fields, types and
/// indexes that they rely on exist there? A typed query uses no index that its struct does not declare, so this answers
/// for the queries too.
///
/// The path is relative to the current directory, which in a test is that of its `Cargo.toml`.
///
/// # Errors
///
/// [`NotDeployable`], which names each thing that is missing and the line that the schema needs.
pub fn check_deployable<T: RecordTypes>(path: impl AsRef<Path>) -> Result<(), NotDeployable> {
    let path = path.as_ref();
    let needed = schema_of::<T>()?;
    let shortfalls = read(path)?.shortfalls(&needed);
    if shortfalls.is_empty() {
        Ok(())
    } else {
        Err(NotDeployable::Shortfalls { path: path.into(), shortfalls })
    }
}

/// The same as a test in one line.
///
/// ```
/// use cloudkit_core::{CkRecord, schema::assert_deployable};
///
/// #[derive(CkRecord)]
/// struct Author {
///     name: String,
/// }
///
/// assert_deployable::<Author>("../cloudkit-derive/tests/news.ckdb");
/// ```
///
/// # Panics
///
/// If [`check_deployable`] has an error: it is an assertion.
#[track_caller]
pub fn assert_deployable<T: RecordTypes>(path: impl AsRef<Path>) {
    if let Err(error) = check_deployable::<T>(path) {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        #[expect(clippy::panic, reason = "it is an assertion of a test")]
        {
            panic!("{error}{cause}");
        }
    }
}

fn read(path: &Path) -> Result<Schema, NotDeployable> {
    let text =
        std::fs::read_to_string(path).map_err(|source| NotDeployable::Read { path: path.into(), source })?;
    Schema::parse(&text).map_err(|source| NotDeployable::Schema { path: path.into(), source })
}

impl QueryDescription {
    /// What the query relies on and the schema lacks: the record type, fields and indexes.
    ///
    /// ```
    /// use cloudkit_core::schema::Schema;
    /// use cloudkit_core::{CkRecord, Query};
    ///
    /// #[derive(CkRecord)]
    /// struct Article {
    ///     #[ck(queryable)]
    ///     title: String,
    /// }
    ///
    /// let query = Query::<Article>::new().filter(|a| a.title.eq("Hello"));
    /// let schema = Schema::parse("DEFINE SCHEMA RECORD TYPE Article ( title STRING );")?;
    /// let shortfalls = query.description().shortfalls(&schema);
    /// assert_eq!(shortfalls[0].needs, "title STRING QUERYABLE");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn shortfalls(&self, schema: &Schema) -> Vec<Shortfall> {
        let mut needs: Vec<(&str, Index)> = Vec::new();
        if self.filters.is_empty() {
            needs.push((SystemField::RecordId.as_str(), Index::Queryable));
        }
        needs.extend(self.filters.iter().map(|filter| (filter.field.as_str(), filter.comparator.index())));
        needs.extend(self.sorts.iter().map(|sort| (sort.field.as_str(), Index::Sortable)));
        let mut shortfalls: Vec<Shortfall> = Vec::new();
        for (field, index) in needs {
            if let Some(shortfall) = schema.index_shortfall(&self.record_type, field, index)
                && !shortfalls.contains(&shortfall)
            {
                shortfalls.push(shortfall);
            }
        }
        shortfalls
    }
}

impl Comparator {
    /// The index that a filter with this comparator relies on.
    ///
    /// That ranges take SORTABLE is this library's reading of Apple's schema language, which calls it the index of ranges.
    #[must_use]
    pub const fn index(self) -> Index {
        match self {
            Self::LessThan | Self::LessThanOrEquals | Self::GreaterThan | Self::GreaterThanOrEquals => {
                Index::Sortable
            }
            Self::ContainsAllTokens | Self::ContainsAnyTokens => Index::Searchable,
            _ => Index::Queryable,
        }
    }
}
