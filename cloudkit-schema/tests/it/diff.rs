//! Changes between schemas, and what production forbids.

use cloudkit_schema::Schema;
use cloudkit_schema::diff::{Change, ChangeKind, Class, Diff};

use crate::support::{EXPORT, foreign_files, is_schema, schema, with_members};

/// The changes between record types `A` of these members, production having the first.
#[track_caller]
fn changes(from: &str, to: &str) -> Vec<String> {
    let (from, to) = (schema(&with_members(from)), schema(&with_members(to)));
    shown(&from.diff(&to).against(&from))
}

fn shown(diff: &Diff) -> Vec<String> {
    diff.changes.iter().map(|change| format!("{} {change}", change.class)).collect()
}

fn schema_of(statements: &str) -> Schema {
    schema(&format!("DEFINE SCHEMA\n{statements}"))
}

#[test]
fn what_means_the_same_does_not_differ() {
    let export = schema(EXPORT);
    assert!(export.diff(&export).is_empty());
    assert_eq!(changes("a STRING, \"___etag\" STRING", "\"a\" string"), [""; 0]);
    assert_eq!(
        changes("GRANT READ TO \"_icloud\", GRANT WRITE TO \"_icloud\"", "GRANT WRITE, READ TO \"_icloud\""),
        [""; 0]
    );
}

#[test]
fn new_things_are_additions() {
    let from = schema_of("RECORD TYPE A (a STRING);");
    let to = schema_of("CREATE ROLE r; RECORD TYPE A (a STRING, b INT64 SORTABLE); RECORD TYPE B (c ASSET);");
    let diff = from.diff(&to).against(&from);
    assert_eq!(
        shown(&diff),
        ["addition + role `r`", "addition + field `b` of `A`: INT64 SORTABLE", "addition + record type `B`"]
    );
    assert_eq!(diff.worst(), Some(Class::Addition));
    assert_eq!(from.refusals(&to), []);
}

#[test]
fn indexes_come_and_go_in_production_too() {
    assert_eq!(
        changes(
            "a STRING QUERYABLE SORTABLE, \"___recordID\" REFERENCE QUERYABLE",
            "a STRING SORTABLE SEARCHABLE"
        ),
        [
            "index-removed - index QUERYABLE on `___recordID` of `A`",
            "index-removed - index QUERYABLE on `a` of `A`",
            "index-added + index SEARCHABLE on `a` of `A`",
        ]
    );
}

#[test]
fn grants_change_operation_by_operation() {
    assert_eq!(
        changes(
            "GRANT READ, WRITE TO \"_icloud\", GRANT READ TO \"_world\"",
            "GRANT READ, CREATE TO \"_icloud\", GRANT WRITE TO \"_creator\""
        ),
        [
            "grant-changed + grant WRITE of `A` to `_creator`",
            "grant-changed + grant CREATE of `A` to `_icloud`",
            "grant-changed - grant WRITE of `A` to `_icloud`",
            "grant-changed - grant READ of `A` to `_world`",
        ]
    );
}

#[test]
fn what_loses_data_is_forbidden_where_production_has_it_and_destructive_elsewhere() {
    let production =
        schema_of("CREATE ROLE old; RECORD TYPE A (a STRING, b INT64); RECORD TYPE B (x ASSET);");
    let development = schema_of(
        "CREATE ROLE old; CREATE ROLE new;
         RECORD TYPE A (a STRING, b INT64, c DOUBLE, d BYTES); RECORD TYPE B (x ASSET); RECORD TYPE C (z BYTES);",
    );
    let wanted = schema_of("RECORD TYPE A (b LIST<INT64>, d LOCATION);");
    assert_eq!(
        shown(&development.diff(&wanted).against(&production)),
        [
            "destructive - role `new`",
            "forbidden - role `old`",
            "forbidden - field `a` of `A`: STRING",
            "forbidden ~ field `b` of `A`: INT64 becomes LIST<INT64>",
            "destructive - field `c` of `A`: DOUBLE",
            "destructive ~ field `d` of `A`: BYTES becomes LOCATION",
            "forbidden - record type `B`",
            "destructive - record type `C`",
        ]
    );
    let messages: Vec<_> = production.refusals(&wanted).iter().map(Change::service_message).collect();
    assert_eq!(messages.len(), 4);
    assert_eq!(
        messages[3],
        Some("invalid attempt to delete a record type which is active in a production container")
    );
    assert_eq!(development.diff(&wanted).worst(), Some(Class::Destructive));
}

#[test]
fn a_type_that_goes_back_to_that_of_production_is_not_forbidden() {
    let production = schema_of("RECORD TYPE A (a STRING);");
    let development = schema_of("RECORD TYPE A (a INT64);");
    assert_eq!(development.diff(&production).against(&production).worst(), Some(Class::Destructive));
}

#[test]
fn encryption_is_neither_given_nor_taken() {
    let to_and_fro = [("a STRING", "a ENCRYPTED STRING"), ("a LIST<ENCRYPTED INT64>", "a LIST<INT64>")];
    for (from, to) in to_and_fro {
        let (from, to) = (schema(&with_members(from)), schema(&with_members(to)));
        let [change] = &from.refusals(&to)[..] else { panic!("one change") };
        assert!(change.way_out().is_some_and(|way_out| way_out.contains("ENCRYPTED from its beginning")));
    }
}

#[test]
fn the_kind_of_a_number_is_settled_once() {
    assert_eq!(
        changes("a NUMBER", "a NUMBER PREFERRED AS INT64"),
        ["addition ~ field `a` of `A`: NUMBER becomes NUMBER PREFERRED AS INT64"]
    );
    for to in ["a NUMBER", "a NUMBER PREFERRED AS DOUBLE", "a INT64"] {
        assert!(changes("a NUMBER PREFERRED AS INT64", to)[0].starts_with("forbidden ~ field `a`"), "{to}");
    }
}

#[test]
fn what_cloudkit_keeps_by_itself_can_be_left_out() {
    let full = schema(EXPORT);
    let mut without_users = full.clone();
    without_users.record_types.retain(|record_type| record_type.name != "Users");
    assert!(full.diff(&without_users).is_empty());
    assert!(without_users.diff(&full).is_empty());

    let share = schema_of(
        "RECORD TYPE \"cloudkit.share\" (\"cloudkit.title\" STRING, GRANT WRITE TO \"_creator\", GRANT READ TO \"_world\");",
    );
    let with_share = |schema: &Schema| {
        let mut schema = schema.clone();
        schema.record_types.retain(|record_type| record_type.name != "cloudkit.share");
        schema.record_types.extend(share.record_types.clone());
        schema
    };
    assert!(full.diff(&with_share(&full)).is_empty());
}

#[test]
fn a_managed_record_type_cannot_be_left_out_even_if_only_development_has_it() {
    let development = schema_of("RECORD TYPE \"cloudkit.share\" ();");
    let diff = development.diff(&Schema::new()).against(&Schema::new());
    assert_eq!(shown(&diff), ["forbidden - record type `cloudkit.share`"]);
    assert_eq!(
        diff.changes[0].service_message(),
        Some("invalid attempt to delete cloudkit managed record type")
    );
}

/// The probable renames of fields of `A`.
#[track_caller]
fn renames(from: &str, to: &str) -> Vec<(String, String)> {
    let (from, to) = (schema(&with_members(from)), schema(&with_members(to)));
    let diff = from.diff(&to);
    let removed = diff.changes.into_iter().filter_map(|change| match change.kind {
        ChangeKind::FieldRemoved { field, renamed_to, .. } => Some((field.name, renamed_to?)),
        _ => None,
    });
    removed.collect()
}

#[test]
fn probable_renames_of_fields_are_found() {
    let pair = |from: &str, to: &str| vec![(from.to_owned(), to.to_owned())];
    assert_eq!(
        renames("published_at TIMESTAMP", "publishedAt TIMESTAMP"),
        pair("published_at", "publishedAt")
    );
    assert_eq!(renames("titel STRING, x STRING", "title STRING, y STRING, z STRING"), pair("titel", "title"));
    assert_eq!(renames("name STRING, a INT64", "authorName STRING, b DOUBLE"), pair("name", "authorName"));
    assert_eq!(renames("headline STRING QUERYABLE", "summary STRING QUERYABLE"), pair("headline", "summary"));
    assert_eq!(renames("headline STRING, x STRING", "summary STRING, y STRING"), []);
    assert_eq!(renames("title STRING", "title2 INT64"), []);
}

#[test]
fn each_field_is_renamed_once() {
    let renames = renames("nameA STRING, nameB STRING", "name_a STRING, nameC STRING");
    assert_eq!(
        renames,
        [("nameA".to_owned(), "name_a".to_owned()), ("nameB".to_owned(), "nameC".to_owned())]
    );
}

#[test]
fn probable_renames_of_record_types_are_found() {
    let from =
        schema_of("RECORD TYPE Post (title STRING, body STRING, views INT64); RECORD TYPE X (q ASSET);");
    let to = schema_of(
        "RECORD TYPE Article (title STRING, body STRING, views INT64, tags LIST<STRING>); RECORD TYPE Y (r ASSET);",
    );
    let diff = from.diff(&to).against(&from);
    let renamed = diff.changes.iter().filter_map(|change| match &change.kind {
        ChangeKind::RecordTypeRemoved { record_type, renamed_to } => {
            Some((record_type.as_str(), renamed_to.as_deref()))
        }
        _ => None,
    });
    assert_eq!(renamed.collect::<Vec<_>>(), [("Post", Some("Article")), ("X", None)]);
    let way_out = diff.changes.iter().find_map(Change::way_out).unwrap();
    assert!(way_out.contains("#[ck(record_type = \"Post\")]"), "{way_out}");
}

#[test]
fn every_harmful_change_has_a_reason_and_a_way_out() {
    let from = schema_of(
        "CREATE ROLE r; RECORD TYPE A (a STRING QUERYABLE, b INT64, GRANT READ TO r); RECORD TYPE B ();",
    );
    let to = schema_of("RECORD TYPE A (a ENCRYPTED STRING);");
    for production in [&from, &Schema::new()] {
        for change in from.diff(&to).against(production).changes {
            assert!(!change.reason().is_empty());
            assert_eq!(change.way_out().is_some(), change.class >= Class::IndexRemoved, "{change}");
            assert_eq!(change.service_message().is_some(), change.class == Class::Forbidden, "{change}");
        }
    }
}

#[test]
fn a_diff_is_empty_exactly_for_schemas_that_mean_the_same() {
    let files: Vec<Schema> = foreign_files()
        .iter()
        .filter(|(path, _)| is_schema(path))
        .map(|(_, text)| schema(text))
        .chain([schema(EXPORT), Schema::new()])
        .collect();
    for (number, one) in files.iter().enumerate() {
        assert!(one.diff(&one.canonical()).is_empty());
        for other in &files[number + 1..] {
            assert!(!one.diff(other).is_empty());
        }
    }
}
