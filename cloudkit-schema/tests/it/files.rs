//! Whole files.

use cloudkit_schema::{Document, Schema};

use crate::support::{COMMENTED, EXPORT, errors, foreign_files, is_schema, schema, warnings};

#[test]
fn an_export_is_printed_byte_for_byte() {
    assert_eq!(schema(EXPORT).to_string(), EXPORT);
}

#[test]
fn an_export_has_nothing_to_be_warned_of() {
    assert_eq!(warnings(EXPORT), [""; 0]);
}

#[test]
fn a_schema_as_people_write_it_is_read() {
    let document = Document::parse(COMMENTED);
    assert_eq!(document.comments.len(), 16);
    let schema = document.into_schema().unwrap();
    let article = schema.record_type("Article").unwrap();
    let fields: Vec<String> = article.fields.iter().map(ToString::to_string).collect();
    assert_eq!(
        fields,
        [
            "\"___recordID\" REFERENCE QUERYABLE",
            "title STRING SEARCHABLE SORTABLE",
            "body STRING",
            "summary STRING",
            "published_at TIMESTAMP QUERYABLE SORTABLE",
            "isFeatured INT64 QUERYABLE",
            "views INT64",
        ]
    );
    let grants: Vec<String> = article.grants.iter().map(ToString::to_string).collect();
    assert_eq!(
        grants,
        ["GRANT READ TO \"_world\"", "GRANT READ, WRITE TO moderator", "GRANT CREATE TO editor"]
    );
    let draft: Vec<String> = schema.record_types[1].fields.iter().map(ToString::to_string).collect();
    assert_eq!(draft, ["text ENCRYPTED STRING", "pages LIST<ASSET>"]);
}

#[test]
fn line_ends_and_the_last_of_them_mean_nothing() {
    let expected = schema(COMMENTED);
    assert_eq!(schema(&COMMENTED.replace('\n', "\r\n")), expected);
    assert_eq!(schema(&COMMENTED.replace('\n', "\r")), expected);
    assert_eq!(schema(COMMENTED.trim_end()), expected);
    assert_eq!(schema(&format!("\u{feff}{COMMENTED}")), expected);
    assert_eq!(schema(&COMMENTED.replace("    ", "\t")), expected);
}

#[test]
fn files_of_other_projects_are_read_or_refused_as_they_should() {
    for (path, text) in foreign_files() {
        if is_schema(&path) {
            let read = Schema::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!read.record_types.is_empty(), "{}", path.display());
            let again = schema(&read.to_string());
            assert!(again.is_equivalent(&read), "{}", path.display());
            assert_eq!(again.to_string(), read.to_string());
        } else {
            assert_eq!(errors(&text), ["missing-define-schema"], "{}", path.display());
        }
    }
}

/// These were exported by CloudKit's own tool, and are not edited since.
const EXPORTS: [&str; 3] = ["03-", "19-", "28-"];

#[test]
fn exports_of_other_projects_are_printed_byte_for_byte() {
    for (path, text) in foreign_files() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if EXPORTS.iter().any(|export| name.starts_with(export)) {
            // On standard output the tool adds an end of line.
            assert_eq!(schema(&text).to_string().trim_end(), text.trim_end(), "{name}");
        }
    }
}
