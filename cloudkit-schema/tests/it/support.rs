//! Schemas to test with.

use std::path::{Path, PathBuf};

use cloudkit_schema::{Document, Schema};

/// A schema as CloudKit exports it, with everything that exports hold.
pub(crate) const EXPORT: &str = include_str!("../schemas/export.ckdb");

/// A schema as people write it.
pub(crate) const COMMENTED: &str = include_str!("../schemas/commented.ckdb");

/// A schema with every type, and with names that Rust has other plans for.
pub(crate) const AWKWARD: &str = include_str!("../schemas/awkward.ckdb");

/// The schema of a text without errors.
#[track_caller]
pub(crate) fn schema(text: &str) -> Schema {
    match Schema::parse(text) {
        Ok(schema) => schema,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// A schema with one record type `A` of these members.
pub(crate) fn with_members(members: &str) -> String {
    format!("DEFINE SCHEMA\nRECORD TYPE A (\n{members}\n);\n")
}

/// The names of the rules that a text breaks, in the order of the text, without warnings.
pub(crate) fn errors(text: &str) -> Vec<&'static str> {
    Document::parse(text).errors().map(|problem| problem.code.as_str()).collect()
}

/// The names of the rules that are warned of, in the order of the text.
pub(crate) fn warnings(text: &str) -> Vec<&'static str> {
    Document::parse(text).warnings().map(|problem| problem.code.as_str()).collect()
}

/// The schema files of the directory in `CLOUDKIT_SCHEMA_FILES`, by path; none if it is not set.
///
/// They are files of other projects, which are not ours to publish: with them the tests say more, without them nothing
/// is left out that the fixtures do not cover.
pub(crate) fn foreign_files() -> Vec<(PathBuf, String)> {
    let Some(directory) = std::env::var_os("CLOUDKIT_SCHEMA_FILES") else {
        println!("CLOUDKIT_SCHEMA_FILES names no directory of schema files: testing with the fixtures alone");
        return Vec::new();
    };
    let entries = std::fs::read_dir(Path::new(&directory)).expect("CLOUDKIT_SCHEMA_FILES is a directory");
    let paths = entries.map(|entry| entry.expect("the directory can be read").path());
    let mut files: Vec<(PathBuf, String)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ckdb"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("the file is text");
            (path, text)
        })
        .collect();
    assert!(!files.is_empty(), "CLOUDKIT_SCHEMA_FILES has no .ckdb files");
    files.sort();
    files
}

/// Whether a file is what its name says: one that must be refused has `not-a-schema` in it.
pub(crate) fn is_schema(path: &Path) -> bool {
    !path.to_string_lossy().contains("not-a-schema")
}
