//! The grammar: what can stand where.

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
}

#[test]
fn names_are_case_sensitive_and_quotes_do_not_matter() {
    let schema = schema(&with_members("title STRING, Title STRING, \"TITLE\" STRING"));
    let names: Vec<&str> = schema.record_types[0].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["title", "Title", "TITLE"]);
    assert_eq!(errors(&with_members("title STRING, \"title\" STRING")), ["duplicate-field"]);
}
