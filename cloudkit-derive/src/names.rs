//! The names of Rust become those of CloudKit.

use std::fmt;

use cloudkit_schema::case::Case;
use syn::LitStr;

use crate::attr::Options;
use crate::context::Context;

/// Reads the option `rename_all`: how the words of a Rust name are joined.
pub(crate) fn read_case(cx: &mut Context, options: &Options) -> Case {
    let Some(text) = options.text("rename_all") else { return Case::default() };
    let wanted = text.value();
    Case::named(&wanted).unwrap_or_else(|| {
        let known = Case::ALL.map(|case| format!("`{case}`")).join(", ");
        cx.mistake(text.span(), format_args!("unknown case `{wanted}` in `rename_all`; known are {known}"));
        Case::default()
    })
}

/// Why CloudKit refuses a name of a record type or field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadName {
    Empty,
    Reserved,
    FirstLetter,
    Letter(char),
    TooLong(usize),
}

/// Checks the name of a record type or field against `[A-Za-z][A-Za-z0-9_]*`.
pub(crate) fn check(name: &str) -> Result<(), BadName> {
    match name.chars().next() {
        None => return Err(BadName::Empty),
        Some('_') => return Err(BadName::Reserved),
        Some(first) if !first.is_ascii_alphabetic() => return Err(BadName::FirstLetter),
        Some(_) => {}
    }
    match name.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '_') {
        Some(letter) => Err(BadName::Letter(letter)),
        None if name.len() > 255 => Err(BadName::TooLong(name.len())),
        None => Ok(()),
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Reserved => f.write_str("CloudKit keeps names that start with an underscore for itself"),
            Self::FirstLetter => f.write_str("it must start with one of the letters A to Z or a to z"),
            Self::Letter(letter) => {
                write!(f, "it must consist of A to Z, a to z, 0 to 9 and `_`, and holds `{letter}`")
            }
            Self::TooLong(length) => write!(f, "it has {length} characters, and 255 is the most"),
        }
    }
}

/// A name that was given in an option, or `None` (and a mistake) if it is no name at all.
pub(crate) fn given(cx: &mut Context, text: &LitStr, what: &str) -> Option<String> {
    let name = text.value();
    if name.is_empty() {
        cx.mistake(text.span(), format_args!("the name of {what} cannot be empty"));
        return None;
    }
    Some(name)
}
