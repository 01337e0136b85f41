//! Statements 61 to 64: what a filter has to say.

use serde_json::{Value, json};

use crate::conformance::support::{Server, create, filter, int64, one, string, typed};

#[tokio::test]
async fn c061_a_filter_needs_its_parts() {
    let server = Server::start().await;
    for incomplete in [
        json!({ "fieldName": "cents", "comparator": "EQUALS" }),
        json!({ "fieldName": "cents", "fieldValue": int64(1) }),
        json!({ "comparator": "EQUALS", "fieldValue": int64(1) }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": {} }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": { "value": null, "type": "INT64" } }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": { "type": "INT64" } }),
        json!({ "fieldName": "cents", "comparator": "SIMILAR_TO", "fieldValue": int64(1) }),
        json!({}),
    ] {
        let query = json!({ "recordType": "Account", "filterBy": [incomplete] });
        server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
    }
}

/// Apple's document does not have it, CloudKit JS does.
#[tokio::test]
async fn c062_list_contains_any_works() {
    let server = Server::start().await;
    let tags = |tags: &[&str]| one("tags", typed("STRING_LIST", tags.to_vec()));
    for (name, has) in [("a-1", ["red", "green"]), ("a-2", ["blue", "green"]), ("a-3", ["black", "white"])] {
        server.key().create("public", "Account", name, tags(&has)).await;
    }
    let wanted = typed("STRING_LIST", vec!["red", "blue"]);
    let query = json!({ "recordType": "Account", "filterBy": [filter("tags", "LIST_CONTAINS_ANY", wanted)] });
    assert_eq!(server.token().query("public", query).await.sorted_names(), ["a-1", "a-2"]);
}

#[tokio::test]
async fn c063_in_needs_a_list_type() {
    let server = Server::start().await;
    let saves = (0..3).map(|at| create("Account", &format!("a-{at}"), one("cents", int64(at)))).collect();
    server.key().create_all("public", saves).await;
    let ask = async |comparator: &str, value: Value| {
        let query = json!({ "recordType": "Account", "filterBy": [filter("cents", comparator, value)] });
        server.token().query("public", query).await
    };
    for comparator in ["IN", "NOT_IN"] {
        for untagged in [json!([1]), json!([]), json!([1, 2])] {
            let reply = ask(comparator, json!({ "value": untagged })).await;
            reply.refused(400, "BAD_REQUEST", "BadRequestException: Unexpected input");
        }
        ask(comparator, typed("INT64", vec![1])).await.refused(400, "BAD_REQUEST", "");
        ask(comparator, typed("INT64", 1)).await.refused(400, "BAD_REQUEST", "");
        ask(comparator, typed("LIST", vec![1])).await.refused(400, "BAD_REQUEST", "");
    }
    assert_eq!(ask("IN", typed("INT64_LIST", vec![1])).await.names(), ["a-1"]);
    let many: Vec<i64> = (1..=200).collect();
    assert_eq!(ask("IN", typed("INT64_LIST", many.clone())).await.sorted_names(), ["a-1", "a-2"]);
    assert_eq!(ask("NOT_IN", typed("INT64_LIST", many)).await.names(), ["a-0"]);
}

#[tokio::test]
async fn c064_references_are_compared_with_references() {
    let server = Server::start().await;
    let friend =
        |name: &str| one("friend", typed("REFERENCE", json!({ "recordName": name, "action": "NONE" })));
    server.key().create("public", "Account", "a-1", friend("ines")).await;
    server.key().create("public", "Account", "a-2", friend("noor")).await;
    let ask = async |value: Value| {
        let query = json!({ "recordType": "Account", "filterBy": [filter("friend", "EQUALS", value)] });
        server.token().query("public", query).await
    };
    assert_eq!(ask(typed("REFERENCE", json!({ "recordName": "ines" }))).await.names(), ["a-1"]);
    let with_zone = json!({ "recordName": "ines", "zoneID": { "zoneName": "_defaultZone" } });
    assert_eq!(ask(typed("REFERENCE", with_zone)).await.names(), ["a-1"]);
    assert_eq!(ask(json!({ "value": { "recordName": "noor" } })).await.names(), ["a-2"]);
    assert!(ask(typed("REFERENCE", json!({ "recordName": "nobody" }))).await.names().is_empty());

    ask(string("ines")).await.refused(
        400,
        "BAD_REQUEST",
        "Field 'friend' has a value type of REFERENCE and cannot be queried using filter value type STRING",
    );
    for text in [json!({ "value": "ines" }), typed("REFERENCE", "ines")] {
        ask(text).await.refused(400, "BAD_REQUEST", "could not decode reference object");
    }
}
