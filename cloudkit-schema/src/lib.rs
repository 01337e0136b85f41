//! CloudKit's schema language: the text files, usually called `schema.ckdb`, that say which record types, fields,
//! indexes and grants a container has.
//!
//! ```
//! use cloudkit_schema::{Document, Schema};
//!
//! let text = "\
//! DEFINE SCHEMA
//!     RECORD TYPE Article (
//!         title STRING QUERABLE, // what it is called
//!         when  DATE,
//!         GRANT READ TO \"_world\"
//!     );
//! ";
//! let problems: Vec<String> = Document::parse(text).problems.iter().map(|it| it.to_string()).collect();
//! assert_eq!(
//!     problems,
//!     [
//!         "line 3, column 22: `QUERABLE` of field `title` is not an option; did you mean `QUERYABLE`?",
//!         "line 4, column 15: `DATE` is not a type; an instant is a `TIMESTAMP`",
//!     ]
//! );
//!
//! let text = text.replace("QUERABLE", "QUERYABLE").replace("DATE", "TIMESTAMP");
//! let schema = Schema::parse(&text)?;
//! assert!(schema.to_string().starts_with("DEFINE SCHEMA\n\n    RECORD TYPE Article (\n"));
//! # Ok::<(), cloudkit_schema::SchemaError>(())
//! ```
//!
//! - [`Schema`] and [`model`]: what a schema says; read from a text with [`Schema::parse`], or made in code.
//! - [`Document`]: a text with its comments, and with every mistake in it as a [`Problem`].
//! - `Display` of [`Schema`]: the text that CloudKit exports, byte for byte.
//! - [`format()`]: the same text in the layout of exports, with its comments and its order.
//! - [`Schema::is_equivalent`]: whether two schemas mean the same. [`Schema::diff`]: what changes from one to another, what
//!   production forbids, and what to do instead.
//! - [`mod@generate`]: the structs of a schema as Rust.
//!
//! The language is Apple's:
//! [Integrating a Text-Based Schema into Your Workflow](https://developer.apple.com/documentation/cloudkit/integrating-a-text-based-schema-into-your-workflow).
//! Its keywords are read in any case, as Apple's list of reserved words suggests, and printed in capitals.

mod canonical;
pub mod case;
mod check;
pub mod diff;
mod document;
mod format;
pub mod generate;
mod lexer;
mod merge;
pub mod model;
pub mod name;
mod parser;
mod print;
pub mod problem;
mod shortfall;
pub mod span;

pub use check::MOST_FIELDS;
pub use diff::{Change, Diff};
pub use document::Document;
pub use format::format;
pub use lexer::Comment;
pub use merge::MergeConflict;
pub use model::{
    DataType, Field, Grant, Index, Indexes, Operation, Operations, Preferred, Primitive, RecordType, Role,
    RoleDeclaration, Schema, SystemField,
};
pub use problem::{Code, Problem, SchemaError, Severity};
pub use shortfall::Shortfall;
pub use span::{Origin, Position, Span};
