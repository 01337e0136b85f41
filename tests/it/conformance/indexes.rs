//! Statements 68 and 71: what queries need of the schema, and indexes that lag behind.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Server, create, filter, int64, one, operation, string, typed};

/// Queries of `Sparse` for which an index is missing, with the text that says so.
fn without_index() -> Vec<(Value, &'static str)> {
    let sparse = |filter_by: Value, sort_by: Value| json!({ "recordType": "Sparse", "filterBy": filter_by, "sortBy": sort_by });
    let by_name = filter("name", "EQUALS", string("x"));
    let words = |comparator: &str| json!([filter("name", comparator, string("x"))]);
    vec![
        (json!({ "recordType": "Sparse" }), "Field 'recordName' is not marked queryable"),
        (sparse(json!([]), json!([])), "Field 'recordName' is not marked queryable"),
        (
            sparse(json!([filter("text", "EQUALS", string("x"))]), json!([])),
            "Field 'text' is not marked queryable",
        ),
        (
            sparse(json!([by_name, filter("text", "EQUALS", string("x"))]), json!([])),
            "Field 'text' is not marked queryable",
        ),
        (
            sparse(json!([filter("text", "LESS_THAN", string("x"))]), json!([])),
            "Field 'text' is not marked queryable",
        ),
        (
            sparse(json!([filter("text", "BEGINS_WITH", string("x"))]), json!([])),
            "Field 'text' is not marked queryable",
        ),
        (
            sparse(json!([filter("code", "EQUALS", string("x"))]), json!([])),
            "Field 'code' is not marked queryable",
        ),
        (
            sparse(json!([filter("code", "IN", typed("STRING_LIST", vec!["x"]))]), json!([])),
            "Field 'code' is not marked queryable",
        ),
        (sparse(json!([by_name]), json!([{ "fieldName": "name" }])), "Field 'name' is not marked sortable"),
        (
            sparse(json!([by_name]), json!([{ "fieldName": "code" }, { "fieldName": "text" }])),
            "Field 'text' is not marked sortable",
        ),
        (
            sparse(json!([by_name]), json!([{ "fieldName": "___createTime" }])),
            "Field '___createTime' is not marked sortable",
        ),
        (sparse(words("CONTAINS_ALL_TOKENS"), json!([])), "Field 'name' is not marked searchable"),
        (sparse(words("CONTAINS_ANY_TOKENS"), json!([])), "Field 'name' is not marked searchable"),
    ]
}

#[tokio::test]
async fn c068_queries_need_their_indexes() {
    let server = Server::start().await;
    for (query, text) in without_index() {
        server.key().query("public", query.clone()).await.refused(400, "BAD_REQUEST", text);
        server.key().production().query("public", query).await.refused(400, "BAD_REQUEST", text);
    }
}

#[tokio::test]
async fn c068_queries_with_their_indexes_work() {
    let server = Server::start().await;
    let fields = json!({ "name": string("x"), "code": string("c") });
    server.key().create("public", "Sparse", "s-1", fields).await;
    for (filter_by, sort_by) in [
        (json!([filter("name", "EQUALS", string("x"))]), json!([])),
        (json!([filter("name", "EQUALS", string("x"))]), json!([{ "fieldName": "code" }])),
        (json!([filter("name", "IN", typed("STRING_LIST", vec!["x"]))]), json!([])),
        (json!([filter("name", "BEGINS_WITH", string("x"))]), json!([])),
        // Either index serves ranges (inferred).
        (json!([filter("name", "GREATER_THAN_OR_EQUALS", string("x"))]), json!([])),
        (json!([filter("code", "LESS_THAN", string("d"))]), json!([])),
    ] {
        let query = json!({ "recordType": "Sparse", "filterBy": filter_by, "sortBy": sort_by });
        assert_eq!(server.key().query("public", query).await.names(), ["s-1"], "{filter_by}");
    }
}

#[tokio::test]
async fn c068_a_type_without_any_index_is_not_indexable() {
    let server = Server::start().await;
    for filter_by in [json!([]), json!([filter("text", "EQUALS", string("x"))])] {
        let query = json!({ "recordType": "Bare", "filterBy": filter_by });
        server.key().query("public", query).await.refused(
            400,
            "BAD_REQUEST",
            "Queried type is not marked indexable",
        );
    }
}

#[tokio::test]
async fn c068_unknown_fields_are_named() {
    let server = Server::start().await;
    let query = json!({ "recordType": "Account", "filterBy": [filter("colour", "EQUALS", string("red"))] });
    server.key().query("public", query).await.refused(400, "BAD_REQUEST", "Unknown field 'colour'");
    for unknown in [json!({ "fieldName": "colour" }), json!({ "systemFieldName": "etag" }), json!({})] {
        let query = json!({ "recordType": "Account", "sortBy": [unknown] });
        server.key().query("public", query).await.refused(400, "BAD_REQUEST", "");
    }
}

#[tokio::test]
async fn c068_open_indexes_make_every_query_work() {
    let server = Server::start_with(|builder| builder.open_indexes(true)).await;
    let fields = json!({ "name": string("x"), "code": string("x"), "text": string("x") });
    server.key().create("public", "Sparse", "s-1", fields).await;
    for (query, _) in without_index() {
        server.key().query("public", query).await.ok().records();
    }
    let all = json!({ "recordType": "Sparse" });
    assert_eq!(server.key().query("public", all).await.names(), ["s-1"]);
    server.key().create("public", "Bare", "b-1", one("text", string("x"))).await;
    let query = json!({ "recordType": "Bare", "filterBy": [filter("text", "EQUALS", string("x"))],
        "sortBy": [{ "fieldName": "text" }] });
    assert_eq!(server.key().query("public", query).await.names(), ["b-1"]);
}

const ALL: fn() -> Value = || json!({ "recordType": "Account" });

#[tokio::test]
async fn c071_indexes_are_immediate_by_default() {
    let server = Server::start().await;
    let key = server.key();
    key.create("public", "Account", "a-1", one("cents", int64(1))).await;
    assert_eq!(key.query("public", ALL()).await.names(), ["a-1"]);
    let two = operation(
        "forceUpdate",
        json!({ "recordType": "Account", "recordName": "a-1",
        "fields": one("cents", int64(2)) }),
    );
    key.modify("public", json!([two])).await.record(0);
    for (cents, expected) in [(1, vec![]), (2, vec!["a-1"])] {
        let query = json!({ "recordType": "Account", "filterBy": [filter("cents", "EQUALS", int64(cents))] });
        assert_eq!(key.query("public", query).await.names(), expected);
    }
    key.modify("public", json!([operation("forceDelete", json!({ "recordName": "a-1" }))])).await.record(0);
    assert!(key.query("public", ALL()).await.names().is_empty());
}

#[tokio::test]
async fn c071_indexes_can_lag_behind() {
    let server = Server::start_with(|builder| builder.index_lag(Duration::from_secs(3600 * 24))).await;
    let key = server.key();
    key.create("public", "Account", "a-1", one("cents", int64(1))).await;
    assert!(key.query("public", ALL()).await.names().is_empty());
    assert_eq!(key.lookup("public", &["a-1"]).await.record(0)["fields"]["cents"]["value"], 1);
    // Neither does a second save make the name free.
    let again = key.modify("public", json!([create("Account", "a-1", json!({}))])).await;
    again.failed(0, "CONFLICT", "");

    server.container.clock().advance(Duration::from_secs(3600 * 12));
    assert!(key.query("public", ALL()).await.names().is_empty());
    server.container.clock().advance(Duration::from_secs(3600 * 12 + 1));
    assert_eq!(key.query("public", ALL()).await.names(), ["a-1"]);
}
