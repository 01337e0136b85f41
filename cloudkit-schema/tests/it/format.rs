//! The formatter.

use cloudkit_schema::{Document, Schema, format};

use crate::support::{COMMENTED, EXPORT, errors, foreign_files, is_schema, with_members};

/// Formats, and checks what must hold of every text.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (before, after) = (Document::parse(text), Document::parse(&once));
    assert_eq!(before.schema, after.schema, "the meaning and the order stay\n{once}");
    let words = |document: &Document<'_>| -> Vec<String> {
        let comments = document.comments.iter().map(|comment| comment.span.text(document.text));
        comments.map(|comment| comment.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(words(&before), words(&after), "every comment stays\n{once}");
    assert_eq!(format(&once).as_ref(), Ok(&once), "twice is once");
    once
}

#[test]
fn an_export_is_formatted_already() {
    assert_eq!(formatted(EXPORT), EXPORT);
}

#[test]
fn a_schema_as_people_write_it() {
    insta::assert_snapshot!(formatted(COMMENTED));
}

#[test]
fn line_ends_of_other_systems_go() {
    assert_eq!(formatted(&COMMENTED.replace('\n', "\r\n")), formatted(COMMENTED));
    assert_eq!(formatted(&format!("\u{feff}{EXPORT}")), EXPORT);
}

#[test]
fn comments_of_all_kinds_stay_in_every_gap() {
    let text = "DEFINE SCHEMA CREATE ROLE r ; RECORD TYPE A ( x ENCRYPTED STRING , \"y\" LIST < NUMBER PREFERRED AS INT64 > \
                QUERYABLE , GRANT READ , WRITE TO r ) ;";
    let words: Vec<&str> = text.split_whitespace().collect();
    for comment in
        ["/* c */", "// c\n", "-- c\n", "/* c\n   d */", "/* c */ // d\n", "\n\n/* c */\n\n", "\n\n// c\n\n"]
    {
        for gap in 0..=words.len() {
            let commented = [&words[..gap], &[comment], &words[gap..]].concat().join(" ");
            formatted(&commented);
        }
        let everywhere = words.join(&format!(" {comment} "));
        formatted(&everywhere);
    }
}

#[test]
fn empty_lines_between_fields_stay_one_at_a_time() {
    let text = "DEFINE SCHEMA\nRECORD TYPE A (\n\n\n a STRING,\n b STRING,\n\n\n\n // about c\n\n c STRING\n\n);\n\n\n\n";
    assert_eq!(
        formatted(text),
        "DEFINE SCHEMA\n\n    RECORD TYPE A (\n        a STRING,\n        b STRING,\n\n        // about c\n\n        c STRING\n    );\n"
    );
}

#[test]
fn a_schema_that_breaks_rules_beyond_the_grammar_is_formatted() {
    let text = with_members("a ASSET SORTABLE, a STRING, GRANT READ TO nobody");
    assert!(!errors(&text).is_empty());
    formatted(&text);
}

#[test]
fn a_text_that_is_not_of_the_language_is_not_formatted() {
    for text in ["", "DEFINE SCHEMA;", "DEFINE SCHEMA RECORD TYPE A (a DATE);", "DEFINE SCHEMA /*"] {
        assert_eq!(format(text).map_err(|_| ()), Err(()), "{text}");
    }
}

#[test]
fn files_of_other_projects_are_formatted() {
    for (path, text) in foreign_files().iter().filter(|(path, _)| is_schema(path)) {
        let formatted = formatted(text);
        assert!(formatted.lines().all(|line| line == line.trim_end()), "{}", path.display());
        assert!(Schema::parse(&formatted).is_ok());
    }
}
