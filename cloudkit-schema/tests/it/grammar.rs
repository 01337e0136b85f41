//! The grammar: what can stand where.

use cloudkit_schema::{Document, Operation, Preferred, Primitive, Role, Schema, Severity};

use crate::support::{errors, schema, with_members};

#[test]
fn words_of_the_grammar_are_names_by_position() {
    let members = "timestamp TIMESTAMP, location LOCATION, type STRING, role STRING, asset ASSET, index INT64,
        group REFERENCE, key STRING, LIST LIST<STRING>, ENCRYPTED ENCRYPTED STRING, NUMBER NUMBER, RECORD STRING,
        TYPE STRING, CREATE STRING, ROLE INT64, TO STRING, READ STRING, AS BYTES, DEFINE STRING, SCHEMA STRING,
        GRANT READ TO \"_world\"";
    let schema = schema(&with_members(members));
    let record_type = &schema.record_types[0];
    assert_eq!(record_type.fields.len(), 20);
    assert_eq!(record_type.field("ENCRYPTED").unwrap().to_string(), "ENCRYPTED ENCRYPTED STRING");
    assert_eq!(record_type.field("LIST").unwrap().to_string(), "LIST LIST<STRING>");
    assert_eq!(
        self::schema("DEFINE SCHEMA RECORD TYPE RECORD (TYPE STRING);").record_types[0].name,
        "RECORD"
    );
}

#[test]
fn reserved_words_need_quotes_in_any_case_and_get_them_back() {
    for word in ["grant", "preferred", "queryable", "sortable", "searchable"] {
        for word in [word.to_owned(), word.to_uppercase(), word[..1].to_uppercase() + &word[1..]] {
            let bare = with_members(&format!("a INT64, {word} STRING, b INT64"));
            assert_eq!(errors(&bare), ["unquoted-reserved-word"], "{word}");
            let quoted = schema(&with_members(&format!("\"{word}\" STRING")));
            assert_eq!(quoted.record_types[0].fields[0].name, word);
            assert!(quoted.to_string().contains(&format!("        \"{word}\"")), "{word}");
            assert_eq!(errors(&format!("DEFINE SCHEMA RECORD TYPE {word} ();")), ["unquoted-reserved-word"]);
            let named = schema(&format!("DEFINE SCHEMA CREATE ROLE \"{word}\"; RECORD TYPE \"{word}\" ();"));
            assert!(named.to_string().contains(&format!("CREATE ROLE \"{word}\";")));
        }
    }
}

#[test]
fn names_are_case_sensitive_and_quotes_do_not_matter() {
    let schema = schema(&with_members("title STRING, Title STRING, \"TITLE\" STRING"));
    let names: Vec<&str> = schema.record_types[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["title", "Title", "TITLE"]);
    assert_eq!(errors(&with_members("title STRING, \"title\" STRING")), ["duplicate-field"]);
}

#[test]
fn keywords_have_no_case() {
    let small = "define schema create role r; record type A (a list<encrypted string>, b number preferred as int64, \
                 c string queryable searchable sortable, grant read, create, write to r);";
    let large = small.to_uppercase().replace("ROLE R", "ROLE r").replace("TO R", "TO r");
    let large = large.replace("(A ", "(a ").replace(" B ", " b ").replace(" C ", " c ");
    assert_eq!(schema(small), schema(&large));
}

#[test]
fn names_of_the_system_need_quotes() {
    assert_eq!(errors(&with_members("___recordID REFERENCE QUERYABLE")), ["unquoted-system-name"]);
    assert_eq!(errors(&with_members("GRANT READ TO _creator")), ["unquoted-system-name"]);
    assert_eq!(
        errors(&with_members("\"___recordID\" REFERENCE QUERYABLE, GRANT READ TO \"_creator\"")),
        [""; 0]
    );
}

#[test]
fn names_with_full_stops_need_quotes_and_the_message_is_at_the_full_stop() {
    let text = "DEFINE SCHEMA\n\n    RECORD TYPE cloudkit.share (\n        cloudkit.title STRING\n    );\n";
    let document = Document::parse(text);
    let codes: Vec<&str> = document.errors().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["unquoted-full-stop", "unquoted-full-stop"]);
    assert_eq!(
        document.errors().next().unwrap().service_message(),
        "Encountered \".\" at line 3, column 25.\nWas expecting:\n    \"(\" ..."
    );
    let quoted =
        text.replace("cloudkit.share", "\"cloudkit.share\"").replace("cloudkit.title", "\"cloudkit.title\"");
    assert_eq!(errors(&quoted), [""; 0]);
}

#[test]
fn a_syntax_error_reads_as_that_of_the_service() {
    let text = "DEFINE SCHEMA\n\n    RECORD TYPE A (\n        \"___createTime\" TIMESTAMP,\n        \"___createdBy\"  REFERENCE,\n        title           BADTYPE\n    );\n";
    let message = Document::parse(text).into_schema().unwrap_err().service_message();
    assert!(
        message
            .starts_with("Encountered \" <IDENTIFIER> \"BADTYPE \"\" at line 6, column 25.\nWas expecting"),
        "{message}"
    );
    assert!(message.contains("\n    \"LIST\" ..."), "{message}");
}

#[test]
fn lines_and_columns_are_counted_after_comments_of_several_lines() {
    for end in ["\n", "\r\n", "\r"] {
        let text = "DEFINE SCHEMA /* a\n ü\n\n c */ RECORD TYPE A ( /* é */ x DATE,\n\ty -- z\n DATE );"
            .replace('\n', end);
        let document = Document::parse(&text);
        let places: Vec<(usize, usize, &str)> = document
            .errors()
            .map(|problem| {
                let place = problem.place.as_ref().unwrap();
                (place.position.line, place.position.column, place.span.text(&text))
            })
            .collect();
        assert_eq!(places, [(4, 33, "DATE"), (6, 2, "DATE")]);
    }
}

#[test]
fn texts_that_hold_nothing() {
    assert_eq!(errors(""), ["missing-define-schema"]);
    assert_eq!(errors(" \r\n\t// nothing"), ["missing-define-schema"]);
    assert_eq!(errors("DEFINE"), ["missing-define-schema"]);
    assert_eq!(schema("DEFINE SCHEMA"), Schema::new());
    assert_eq!(schema("/* empty */ DEFINE /* very */ SCHEMA -- really").to_string(), "DEFINE SCHEMA\n");
    assert_eq!(schema("DEFINE SCHEMA RECORD TYPE A ();").record_types[0].fields, []);
}

#[test]
fn text_after_the_last_semicolon() {
    assert_eq!(errors("DEFINE SCHEMA RECORD TYPE A (); // a comment"), [""; 0]);
    assert_eq!(errors("DEFINE SCHEMA RECORD TYPE A (); and more"), ["unexpected-token"]);
    assert_eq!(errors("DEFINE SCHEMA RECORD TYPE A ();;"), ["unexpected-token"]);
}

#[test]
fn fields_and_grants_stand_in_any_order() {
    let schema = schema(&with_members(
        "GRANT READ, WRITE TO \"_creator\", a STRING, GRANT CREATE TO \"_icloud\", b INT64, GRANT CREATE TO \"_creator\"",
    ));
    let record_type = &schema.record_types[0];
    assert_eq!(record_type.fields.len(), 2);
    assert_eq!(record_type.grants.len(), 3);
    assert_eq!(record_type.operations(&Role::Creator), Operation::ALL.into_iter().collect());
    assert_eq!(record_type.operations(&Role::World).to_string(), "");
    assert!(schema.to_string().ends_with(
        "        GRANT READ, CREATE, WRITE TO \"_creator\",\n        GRANT CREATE TO \"_icloud\"\n    );\n"
    ));
}

#[test]
fn roles_are_created_anywhere_between_record_types() {
    let schema = schema(
        "DEFINE SCHEMA RECORD TYPE A (GRANT READ TO editor); CREATE ROLE editor; RECORD TYPE B (); CREATE ROLE admin;",
    );
    assert!(schema.to_string().starts_with(
        "DEFINE SCHEMA\n\n    CREATE ROLE admin;\n    CREATE ROLE editor;\n\n    RECORD TYPE A (\n"
    ));
}

#[test]
fn types_of_all_forms() {
    let schema = schema(&with_members(
        "a LIST < STRING >, b LIST<ENCRYPTED BYTES>, c NUMBER, d NUMBER PREFERRED AS INT64,
         e LIST<NUMBER PREFERRED AS DOUBLE>, f ENCRYPTED LOCATION",
    ));
    let types: Vec<String> =
        schema.record_types[0].fields.iter().map(|field| field.data_type.to_string()).collect();
    assert_eq!(
        types,
        [
            "LIST<STRING>",
            "LIST<ENCRYPTED BYTES>",
            "NUMBER",
            "NUMBER PREFERRED AS INT64",
            "LIST<NUMBER PREFERRED AS DOUBLE>",
            "ENCRYPTED LOCATION",
        ]
    );
    let kind = schema.record_types[0].field("d").unwrap().data_type.primitive;
    assert_eq!(kind, Primitive::Number(Some(Preferred::Int64)));
}

#[test]
fn a_mistake_does_not_hide_what_follows() {
    let text = "DEFINE SCHEMA
        CREATE ROL x;
        RECORD TYPE A (
            a STRING QUERABLE,
            b DATE SORTABLE,
            c LIST(STRING),
            d STRING e STRING,
            _f STRING,
            g STRING = 5,
            GRANT REED TO \"_world\",
            h INT64 SEARCHABLE,
        );
        RECORD B (x STRING);
        RECORD TYPE C x STRING );
        RECORD TYPE D (
            i STRING
        RECORD TYPE E (
            j STRING
        )
        RECORD TYPE F ( k BLOB );
        RECORD TYPE F ();";
    let document = Document::parse(text);
    let found: Vec<(usize, &str)> = document
        .errors()
        .map(|problem| (problem.place.as_ref().map_or(0, |place| place.position.line), problem.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "unexpected-token"),
            (4, "unknown-option"),
            (5, "unknown-type"),
            (6, "unexpected-token"),
            (7, "missing-comma"),
            (8, "unquoted-system-name"),
            (9, "unexpected-character"),
            (10, "unknown-operation"),
            (11, "index-type"),
            (11, "trailing-comma"),
            (13, "unexpected-token"),
            (14, "unexpected-token"),
            (17, "unclosed-record-type"),
            (20, "missing-semicolon"),
            (20, "unknown-type"),
            (21, "duplicate-record-type"),
        ]
    );
    let names: Vec<&str> = document.schema.record_types.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["A", "B", "D", "E", "F", "F"]);
}

#[test]
fn a_text_that_is_no_schema_gives_one_message() {
    for text in [
        "//\n//  CloudKitSchema.ckdb\n//\n\nimport Foundation\n",
        "{\"a\": [1, 2, {\"b\": null}]}",
        "<html><body>Not Found</body></html>",
        "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
        "\u{0}\u{1}\u{2}",
    ] {
        let found = errors(text);
        assert_eq!(found, ["missing-define-schema"], "{text}");
    }
}

#[test]
fn a_text_of_mistakes_alone_gives_the_first_hundred() {
    let members: Vec<String> = (0..1000).map(|number| format!("f{number} DATE")).collect();
    let document = Document::parse(&with_members(&members.join(",\n"))).problems;
    let errors: Vec<_> = document.iter().filter(|problem| problem.severity() == Severity::Error).collect();
    assert_eq!(errors.len(), 101);
    assert_eq!(errors[100].message, "only the first 100 of 1000 mistakes are shown");
}

#[test]
fn many_warnings_are_no_mistake() {
    let record_types: String = (0..300).map(|number| format!("RECORD TYPE A{number} ();\n")).collect();
    let document = Document::parse(&format!("DEFINE SCHEMA {record_types}")).problems;
    assert_eq!(document.len(), 300);
    assert!(document.iter().all(|problem| problem.severity() == Severity::Warning));
}
