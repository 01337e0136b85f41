use std::fmt;

use super::FieldPath;
use crate::problem::SchemaError;

/// Why no Rust can be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GenerateError {
    /// The schema breaks a rule of the language.
    Schema(SchemaError),
    /// The options name a record type that the schema does not have.
    UnknownRecordType {
        /// The name.
        name: String,
        /// One that the schema has, and that is like it.
        similar: Option<String>,
    },
    /// The options name a field that the schema does not have.
    UnknownField {
        /// The field.
        path: FieldPath,
        /// One that the record type has, and that is like it.
        similar: Option<String>,
    },
    /// CloudKit manages the record type, and no struct can be it.
    Managed {
        /// The record type.
        name: String,
    },
    /// A name that the options give is not one in Rust.
    NotAnIdentifier {
        /// The name.
        name: String,
    },
    /// A type, path or visibility that the options give is not one in Rust.
    NotRust {
        /// What it should be, such as `a type`.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// The options give one name to two structs, or to two fields of one.
    NameTaken {
        /// The name.
        name: String,
        /// What has it already: a record type, or a field with its record type.
        first: String,
        /// What is to have it too.
        second: String,
    },
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did_you_mean = |f: &mut fmt::Formatter<'_>, similar: &Option<String>| match similar {
            Some(similar) => write!(f, "; did you mean `{similar}`?"),
            None => f.write_str("; names are case-sensitive"),
        };
        match self {
            Self::Schema(_) => f.write_str("the schema breaks rules of the language"),
            Self::UnknownRecordType { name, similar } => {
                write!(f, "the schema has no record type `{name}`")?;
                did_you_mean(f, similar)
            }
            Self::UnknownField { path, similar } => {
                write!(f, "the schema has no field `{path}`")?;
                did_you_mean(f, similar)
            }
            Self::Managed { name } => {
                write!(
                    f,
                    "CloudKit manages record type `{name}`, and its name is not one that a struct can have; leave it out"
                )
            }
            Self::NotAnIdentifier { name } => {
                write!(
                    f,
                    "`{name}` is not a name in Rust; use letters, digits and `_`, a letter first, and no keyword"
                )
            }
            Self::NotRust { what, text } => write!(f, "`{text}` is not {what} in Rust"),
            Self::NameTaken { name, first, second } => {
                write!(
                    f,
                    "`{first}` and `{second}` are both to be called `{name}`; give one of them another name"
                )
            }
        }
    }
}

impl std::error::Error for GenerateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Schema(error) => Some(error),
            _ => None,
        }
    }
}
