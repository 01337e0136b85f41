//! Schemas with mistakes, and what is said of them: each snapshot holds the texts of one theme and their reports.

use std::collections::HashSet;
use std::fmt::Write;

use cloudkit_schema::{Code, Document, Severity};

const FRAME: &[(&str, &str)] = &[
    ("nothing", ""),
    ("only a comment", "// later"),
    ("another language", "import Foundation\n\nstruct Article {}\n"),
    ("no DEFINE SCHEMA", "RECORD TYPE A (\n    a STRING,\n    GRANT READ TO \"_world\"\n);"),
    ("DEFINE alone", "DEFINE\nRECORD TYPE A (GRANT READ TO \"_world\");"),
    ("DEFINE SCHEMA twice", "DEFINE SCHEMA\nRECORD TYPE A (GRANT READ TO \"_world\");\nDEFINE SCHEMA\n"),
    ("semicolon after DEFINE SCHEMA", "DEFINE SCHEMA;\nRECORD TYPE A (GRANT READ TO \"_world\");"),
    ("text at the end", "DEFINE SCHEMA\nRECORD TYPE A (GRANT READ TO \"_world\");\nDROP TYPE B;"),
    ("no semicolon", "DEFINE SCHEMA\nRECORD TYPE A (\n    a STRING,\n    GRANT READ TO \"_world\"\n)\n"),
    ("no semicolon between", "DEFINE SCHEMA\nCREATE ROLE r\nRECORD TYPE A (GRANT READ TO r);"),
    ("not closed", "DEFINE SCHEMA\nRECORD TYPE A (\n    a STRING\n"),
    ("not closed before a semicolon", "DEFINE SCHEMA\nRECORD TYPE A (\n    a STRING;\n"),
    ("not opened", "DEFINE SCHEMA\nRECORD TYPE A\n    a STRING\n);"),
    ("braces", "DEFINE SCHEMA\nRECORD TYPE A {\n    a STRING\n};"),
    ("no TYPE", "DEFINE SCHEMA\nRECORD A (GRANT READ TO \"_world\");"),
    ("no name", "DEFINE SCHEMA\nRECORD TYPE (GRANT READ TO \"_world\");"),
    ("no ROLE", "DEFINE SCHEMA\nCREATE moderator;"),
    ("comment not closed", "DEFINE SCHEMA\n/* what follows\nRECORD TYPE A (a STRING);"),
    ("comment of another language", "DEFINE SCHEMA\n# Articles\nRECORD TYPE A (GRANT READ TO \"_world\");"),
];

const FIELDS: &[(&str, &str)] = &[
    ("type of another system", "flag BOOLEAN,\nwhen DATETIME,\ncount INTEGER"),
    ("type of the wire", "tags STRING_LIST"),
    ("slip in a type", "title STIRNG"),
    ("no such type", "title XYZZY"),
    ("no type", "title,\nbody STRING"),
    ("type before name", "STRING title"),
    ("colon", "title: STRING"),
    ("list in other brackets", "tags LIST(STRING)"),
    ("list of nothing", "tags LIST"),
    ("list not closed", "tags LIST<STRING,\nbody STRING"),
    ("list of lists", "grid LIST<LIST<INT64>>"),
    ("array", "tags STRING[]"),
    ("encrypted outside of a list", "secrets ENCRYPTED LIST<STRING>"),
    ("encrypted after the type", "secret STRING ENCRYPTED"),
    ("number without kind", "weight NUMBER PREFERRED INT64"),
    ("number of another kind", "weight NUMBER PREFERRED AS STRING"),
    ("slip in an option", "title STRING QUERIABLE SORTABEL"),
    ("options of another language", "title STRING NOT NULL INDEXED"),
    ("option twice", "title STRING QUERYABLE SORTABLE QUERYABLE"),
    ("comma before an option", "title STRING,\nQUERYABLE,\nbody STRING"),
    ("no comma", "title STRING\nbody STRING"),
    ("no comma before a grant", "title STRING\nGRANT READ TO \"_world\""),
    ("two commas", "title STRING,, body STRING"),
    ("comma at the end", "title STRING,\nbody STRING,"),
    ("default value", "views INT64 = 0"),
    ("optional field", "title STRING?"),
    ("no-break space", "title\u{a0}STRING"),
];

const NAMES: &[(&str, &str)] = &[
    ("system field without quotes", "___recordID REFERENCE QUERYABLE"),
    ("system field with a slip", "\"___recordId\" REFERENCE"),
    ("system field of another type", "\"___createTime\" INT64 SORTABLE"),
    ("name of the system", "\"_private\" STRING"),
    ("name with a full stop", "cloudkit.title STRING"),
    ("reserved word", "searchable STRING"),
    ("digit first", "2fa INT64"),
    ("foreign letters", "größe DOUBLE"),
    ("hyphen", "published-at TIMESTAMP"),
    ("hyphen in quotes", "\"published-at\" TIMESTAMP"),
    ("empty name", "\"\" STRING"),
    ("quote not closed", "\"title STRING,\nbody STRING"),
    ("typographic quotes", "“title” STRING"),
    ("field twice", "title STRING,\nbody STRING,\ntitle STRING"),
];

const RULES: &[(&str, &str)] = &[
    ("sortable list", "tags LIST<STRING> SORTABLE"),
    ("searchable number", "views INT64 SEARCHABLE"),
    ("index on an asset", "cover ASSET QUERYABLE"),
    ("index on an encrypted field", "secret ENCRYPTED STRING QUERYABLE"),
    ("encrypted asset", "cover ENCRYPTED ASSET"),
    ("encrypted reference", "author ENCRYPTED REFERENCE"),
    ("encrypted list of assets", "covers LIST<ENCRYPTED ASSET>"),
    ("role that does not exist", "GRANT READ TO moderator"),
    ("built-in role without underscore", "GRANT READ TO world"),
    ("built-in role without quotes", "GRANT READ TO _world"),
    ("no operation", "GRANT TO \"_world\""),
    ("operation of another language", "GRANT SELECT, DELETE TO \"_world\""),
    ("slip in an operation", "GRANT WRIT TO \"_creator\""),
    ("no comma between operations", "GRANT READ WRITE TO \"_creator\""),
    ("comma before TO", "GRANT READ, TO \"_creator\""),
    ("no role", "GRANT READ, WRITE"),
    ("warnings", "GRANT READ, READ TO \"_world\", weight NUMBER, author REFERENCE SORTABLE"),
];

const SCHEMAS: &[(&str, &str)] = &[
    (
        "record type twice",
        "RECORD TYPE A (GRANT READ TO \"_world\");\nRECORD TYPE A (GRANT READ TO \"_world\");",
    ),
    ("role twice", "CREATE ROLE r;\nCREATE ROLE r;"),
    ("built-in role", "CREATE ROLE \"_world\";"),
    ("type of the system", "RECORD TYPE \"_A\" (GRANT READ TO \"_world\");"),
    ("share without quotes", "RECORD TYPE cloudkit.share (GRANT READ TO \"_world\");"),
    (
        "share with a type of its own",
        "RECORD TYPE \"cloudkit.share\" (\"cloudkit.title\" BYTES, GRANT READ TO \"_world\");",
    ),
    ("no grants", "RECORD TYPE A (a STRING);"),
];

/// Every case as a whole text.
fn cases() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let whole = |cases: &[(&'static str, &str)], frame: &dyn Fn(&str) -> String| {
        cases.iter().map(|(name, text)| (*name, frame(text))).collect::<Vec<_>>()
    };
    let in_a_type = |members: &str| {
        let members = members.replace('\n', "\n    ");
        let end = if members.contains("GRANT") || members.ends_with(',') {
            ""
        } else {
            ",\n    GRANT READ TO \"_world\""
        };
        format!("DEFINE SCHEMA\nRECORD TYPE A (\n    {members}{end}\n);\n")
    };
    let in_a_schema = |statements: &str| format!("DEFINE SCHEMA\n{statements}\n");
    vec![
        ("frame", whole(FRAME, &str::to_owned)),
        ("fields", whole(FIELDS, &in_a_type)),
        ("names", whole(NAMES, &in_a_type)),
        ("rules", whole(RULES, &in_a_type)),
        ("schemas", whole(SCHEMAS, &in_a_schema)),
    ]
}

#[test]
fn every_mistake_has_its_message() {
    for (theme, cases) in cases() {
        let mut reports = String::new();
        for (name, text) in cases {
            let document = Document::parse(&text);
            assert!(!document.problems.is_empty(), "{name}: {text}");
            writeln!(reports, "== {name}").unwrap();
            for problem in &document.problems {
                // What is expected is much the same everywhere; the first line of it says where.
                let report = problem.report("schema.ckdb");
                let end = report.find("\n  Was expecting").unwrap_or(report.len());
                writeln!(reports, "{}", &report[..end]).unwrap();
            }
            reports.push('\n');
        }
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(theme, reports);
        });
    }
}

#[test]
fn there_are_many_and_every_rule_is_among_them() {
    let cases: Vec<String> = cases().into_iter().flat_map(|(_, cases)| cases).map(|(_, text)| text).collect();
    let refused = cases.iter().filter(|text| Document::parse(text).errors().next().is_some()).count();
    assert!(refused > 60, "{refused}");
    let shown: HashSet<Code> =
        cases.iter().flat_map(|text| Document::parse(text).problems).map(|problem| problem.code).collect();
    // These have tests of their own; the last takes a text of 4 GiB.
    let elsewhere = [Code::EmptyGrant, Code::TooManyFields, Code::TooManyProblems, Code::TooLong];
    let missing: Vec<&Code> =
        Code::ALL.iter().filter(|code| !shown.contains(code) && !elsewhere.contains(code)).collect();
    assert_eq!(missing, [&Code::UnknownType; 0]);
}

#[test]
fn every_problem_says_where_it_is_and_every_error_what_to_do() {
    for (_, cases) in cases() {
        for (name, text) in cases {
            for problem in Document::parse(&text).problems {
                let place = problem.place.as_ref().unwrap_or_else(|| panic!("{name}: {problem}"));
                assert!(place.line.chars().count() >= place.offset, "{name}");
                let line = text.lines().nth(place.position.line - 1).unwrap_or_default();
                assert_eq!(place.line, line.replace('\u{a0}', "\u{fffd}"), "{name}");
                assert!(!problem.message.ends_with('.'), "{name}");
                let is_plain = matches!(problem.code, Code::UnexpectedToken | Code::UnexpectedCharacter);
                if problem.severity() == Severity::Error && !is_plain {
                    assert!(problem.help.is_some(), "{name}: {problem}");
                }
            }
        }
    }
}
