//! The rules beyond the grammar.

use cloudkit_schema::{
    DataType, Field, Grant, Index, MOST_FIELDS, Operation, Primitive, RecordType, Role, Schema, SystemField,
};

use crate::support::{errors, schema, warnings, with_members};

/// Which indexes fields of a type can have, as the real files show: QUERYABLE, SORTABLE, SEARCHABLE.
const INDEXES: [(&str, [bool; 3]); 24] = [
    ("STRING", [true, true, true]),
    ("INT64", [true, true, false]),
    ("DOUBLE", [true, true, false]),
    ("TIMESTAMP", [true, true, false]),
    ("BYTES", [true, true, false]),
    ("LOCATION", [true, true, false]),
    ("REFERENCE", [true, true, false]),
    ("ASSET", [false, false, false]),
    ("LIST<STRING>", [true, false, true]),
    ("LIST<INT64>", [true, false, false]),
    ("LIST<DOUBLE>", [true, false, false]),
    ("LIST<TIMESTAMP>", [true, false, false]),
    ("LIST<BYTES>", [true, false, false]),
    ("LIST<REFERENCE>", [true, false, false]),
    ("LIST<LOCATION>", [true, false, false]),
    ("LIST<ASSET>", [false, false, false]),
    ("ENCRYPTED STRING", [false, false, false]),
    ("ENCRYPTED INT64", [false, false, false]),
    ("ENCRYPTED DOUBLE", [false, false, false]),
    ("ENCRYPTED TIMESTAMP", [false, false, false]),
    ("ENCRYPTED BYTES", [false, false, false]),
    ("ENCRYPTED LOCATION", [false, false, false]),
    ("LIST<ENCRYPTED STRING>", [false, false, false]),
    ("NUMBER", [true, true, false]),
];

#[test]
fn every_type_with_every_index() {
    for (data_type, possible) in INDEXES {
        for (option, possible) in ["QUERYABLE", "SORTABLE", "SEARCHABLE"].into_iter().zip(possible) {
            let text = with_members(&format!("a {data_type} {option}, GRANT READ TO \"_world\""));
            let expected = match possible {
                true => vec![],
                false if data_type.contains("ENCRYPTED") => vec!["encrypted-index"],
                false => vec!["index-type"],
            };
            assert_eq!(errors(&text), expected, "{data_type} {option}");
            let mut expected = vec![];
            if data_type == "NUMBER" {
                expected.push("number-type");
            }
            if (data_type, option) == ("REFERENCE", "SORTABLE") {
                expected.push("sortable-reference");
            }
            assert_eq!(warnings(&text), expected, "{data_type} {option}");
        }
    }
}

#[test]
fn options_stand_in_any_order_and_are_printed_in_one() {
    for options in
        ["SORTABLE SEARCHABLE QUERYABLE", "SEARCHABLE SORTABLE QUERYABLE", "QUERYABLE SEARCHABLE SORTABLE"]
    {
        let schema = schema(&with_members(&format!("a STRING {options}")));
        assert!(schema.to_string().contains("a               STRING QUERYABLE SEARCHABLE SORTABLE\n"));
    }
}

#[test]
fn what_can_be_encrypted() {
    for primitive in Primitive::ALL.into_iter().chain([Primitive::Number(None)]) {
        for form in [format!("ENCRYPTED {primitive}"), format!("LIST<ENCRYPTED {primitive}>")] {
            let can = matches!(
                primitive.as_str(),
                "BYTES" | "STRING" | "DOUBLE" | "INT64" | "LOCATION" | "TIMESTAMP"
            );
            assert_eq!(primitive.can_be_encrypted(), can);
            let expected = if can { vec![] } else { vec!["encrypted-type"] };
            assert_eq!(errors(&with_members(&format!("a {form}"))), expected, "{form}");
        }
    }
}

#[test]
fn system_fields_have_the_type_that_cloudkit_gives_them() {
    for system in SystemField::ALL {
        let name = system.as_str();
        assert_eq!(errors(&with_members(&format!("\"{name}\" {}", system.data_type()))), [""; 0]);
        for wrong in ["BYTES", "LIST<STRING>", "LIST<REFERENCE>", "ENCRYPTED STRING", "INT64"] {
            assert_eq!(
                errors(&with_members(&format!("\"{name}\" {wrong}"))),
                ["system-field-type"],
                "{name} {wrong}"
            );
        }
    }
    let share = |field: &str| errors(&format!("DEFINE SCHEMA RECORD TYPE \"cloudkit.share\" ({field});"));
    assert_eq!(share("\"cloudkit.title\" STRING, color STRING"), [""; 0]);
    assert_eq!(share("\"cloudkit.title\" INT64"), ["system-field-type"]);
    assert_eq!(share("\"cloudkit.another\" INT64"), [""; 0]);
}

#[test]
fn names_of_the_system_are_not_for_users() {
    for name in ["_private", "___recordId", "__etag", "a.b", "cloudkit.title"] {
        assert_eq!(errors(&with_members(&format!("\"{name}\" STRING"))), ["system-name"], "{name}");
    }
    for name in ["_Article", "my.type", "Cloudkit.share"] {
        assert_eq!(errors(&format!("DEFINE SCHEMA RECORD TYPE \"{name}\" ();")), ["system-name"], "{name}");
    }
    for name in ["_world", "_icloud", "_creator", "_moderator", "a.b"] {
        assert_eq!(errors(&format!("DEFINE SCHEMA CREATE ROLE \"{name}\";")), ["system-name"], "{name}");
    }
}

#[test]
fn names_consist_of_letters_digits_and_underscores_even_in_quotes() {
    for name in ["9lives", "with space", "größe", "a-b", "a//b", "a\\b", "", " ", "a\tb"] {
        assert_eq!(errors(&with_members(&format!("\"{name}\" STRING"))), ["invalid-name"], "{name}");
    }
    assert_eq!(errors(&with_members("größe STRING, 9lives STRING")), ["invalid-name", "invalid-name"]);
    let long = "x".repeat(255);
    assert_eq!(errors(&with_members(&format!("{long} STRING"))), [""; 0]);
    assert_eq!(errors(&with_members(&format!("{long}x STRING"))), ["invalid-name"]);
}

#[test]
fn a_record_type_has_at_most_256_fields_of_its_own() {
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|number| format!("f{number} INT64")).collect();
        with_members(&format!("\"___recordID\" REFERENCE QUERYABLE, {}", fields.join(", ")))
    };
    assert_eq!(errors(&fields(MOST_FIELDS)), [""; 0]);
    assert_eq!(errors(&fields(MOST_FIELDS + 1)), ["too-many-fields"]);
}

#[test]
fn a_record_type_without_grants_is_warned_of() {
    assert_eq!(warnings(&with_members("a STRING")), ["no-grants"]);
    assert_eq!(warnings(&with_members("a STRING, GRANT READ TO \"_icloud\"")), [""; 0]);
    assert_eq!(warnings(&with_members("GRANT READ, READ TO \"_icloud\"")), ["repeated-operation"]);
}

#[test]
fn a_schema_that_was_made_in_code_is_checked_by_the_same_rules() {
    let record_type = RecordType::new("Article")
        .with_field(Field::new("a b", DataType::STRING))
        .with_field(Field::new("cover", DataType::ASSET.encrypted()))
        .with_field(Field::new("tags", DataType::STRING.list()).sortable())
        .with_system_index(SystemField::RecordId, Index::Searchable)
        .with_grant(Grant::new([Operation::Read], Role::Custom("editor".to_owned())))
        .with_grant(Grant::new([], Role::World));
    let problems = Schema::new().with_record_type(record_type).check();
    let codes: Vec<&str> = problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(
        codes,
        ["invalid-name", "encrypted-type", "index-type", "index-type", "unknown-role", "empty-grant"]
    );
    assert!(problems.iter().all(|problem| problem.place.is_none()));
    assert_eq!(
        problems[1].report(""),
        "error[encrypted-type]: `cover` of `Article` is ASSET, which cannot be ENCRYPTED\n  help: leave `ENCRYPTED` out: assets are encrypted anyway"
    );
}
