//! Bodies that nobody would send: good ones, with parts of them replaced, repeated, renamed or left out.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Map, Number, Value, json};

use super::support::{Request, Server, create, int64, operation};

/// Words that mean something to the server, so that a body gets past the first check.
const WORDS: &[&str] = &[
    "query",
    "recordType",
    "filterBy",
    "sortBy",
    "fieldName",
    "systemFieldName",
    "comparator",
    "fieldValue",
    "value",
    "type",
    "distance",
    "ascending",
    "relativeLocation",
    "zoneID",
    "zoneName",
    "ownerRecordName",
    "zoneWide",
    "resultsLimit",
    "continuationMarker",
    "desiredKeys",
    "numbersAsStrings",
    "records",
    "recordName",
    "operations",
    "operationType",
    "record",
    "recordChangeTag",
    "fields",
    "atomic",
    "action",
    "parent",
    "latitude",
    "longitude",
    "timestamp",
    "isEncrypted",
    "created",
    "deleted",
    "Account",
    "Everything",
    "Secret",
    "Node",
    "Users",
    "owner",
    "cents",
    "rate",
    "opened",
    "place",
    "friend",
    "tags",
    "note",
    "string",
    "int64_list",
    "up",
    "___recordID",
    "___modTime",
    "modifiedTimestamp",
    "_defaultZone",
    "_defaultOwner",
    "books",
    "a-1",
    "a-2",
    "EQUALS",
    "NOT_EQUALS",
    "LESS_THAN",
    "IN",
    "NEAR",
    "BEGINS_WITH",
    "LIST_CONTAINS_ANY",
    "CONTAINS_ALL_TOKENS",
    "STRING",
    "INT64",
    "DOUBLE",
    "TIMESTAMP",
    "BYTES",
    "LOCATION",
    "REFERENCE",
    "ASSETID",
    "STRING_LIST",
    "INT64_LIST",
    "REFERENCE_LIST",
    "LOCATION_LIST",
    "create",
    "update",
    "replace",
    "delete",
    "forceUpdate",
    "forceReplace",
    "forceDelete",
    "VALIDATE",
    "DELETE_SELF",
    "NONE",
    "",
    "\0",
    "k3",
    "AAEC",
    "AQAAAAAA",
    "HwoEAAAA",
    "zone",
    "zones",
    "syncToken",
    "metaSyncToken",
    "reverse",
    "desiredRecordTypes",
    "numberAsStrings",
    "subscription",
    "subscriptions",
    "subscriptionID",
    "subscriptionType",
    "firesOn",
    "firesOnce",
    "notificationInfo",
    "alertBody",
    "alertLocalizationArgs",
    "additionalFields",
    "shouldBadge",
    "sub-1",
    "apnsEnvironment",
    "development",
    "apnsToken",
    "clientId",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![9 => proptest::sample::select(WORDS).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        (-3_i64..300).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
        (-200.0..200.0).prop_map(|number: f64| json!(number)),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// What is done to one node of a body.
#[derive(Clone, Debug)]
enum Change {
    Replace(Value),
    Remove,
    Repeat,
    Wrap,
    Add(String, Value),
    Rename(String),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_json().prop_map(Change::Replace),
        1 => Just(Change::Remove),
        1 => Just(Change::Repeat),
        1 => Just(Change::Wrap),
        2 => (word(), any_json()).prop_map(|(key, value)| Change::Add(key, value)),
        1 => word().prop_map(Change::Rename),
    ]
}

/// Changes the `at`th node, counted from the top; returns how many were counted.
fn apply(value: &mut Value, at: usize, change: &Change) -> usize {
    if at == 0 {
        match change {
            Change::Replace(with) => *value = with.clone(),
            Change::Wrap => *value = json!([value.take()]),
            Change::Remove => match value {
                Value::Array(array) => drop(array.pop()),
                Value::Object(object) => {
                    let first = object.keys().next().cloned();
                    first.map(|key| object.remove(&key));
                }
                _ => *value = Value::Null,
            },
            Change::Repeat => {
                if let Value::Array(array) = value {
                    array.extend(array.clone());
                }
            }
            Change::Add(key, with) => {
                if let Value::Object(object) = value {
                    object.insert(key.clone(), with.clone());
                }
            }
            Change::Rename(key) => {
                if let Value::Object(object) = value
                    && let Some(first) = object.keys().next().cloned()
                {
                    let moved = object.remove(&first).unwrap_or_default();
                    object.insert(key.clone(), moved);
                }
            }
        }
        return 1;
    }
    let mut counted = 1;
    let mut visit = |child: &mut Value| {
        if counted <= at {
            counted += apply(child, at - counted, change);
        }
    };
    match value {
        Value::Array(array) => array.iter_mut().for_each(&mut visit),
        Value::Object(object) => object.values_mut().for_each(&mut visit),
        _ => {}
    }
    counted
}

fn queries() -> Vec<Value> {
    vec![
        json!({ "query": { "recordType": "Account",
            "filterBy": [
                { "fieldName": "cents", "comparator": "GREATER_THAN", "fieldValue": int64(0) },
                { "fieldName": "tags", "comparator": "LIST_CONTAINS_ANY",
                  "fieldValue": { "value": ["a"], "type": "STRING_LIST" } },
            ],
            "sortBy": [{ "fieldName": "cents", "ascending": false }] },
            "resultsLimit": 2, "desiredKeys": ["cents"] }),
        json!({ "query": { "recordType": "Account",
            "filterBy": [{ "fieldName": "place", "comparator": "NEAR", "distance": 1000.0,
                "fieldValue": { "value": { "latitude": 1.0, "longitude": 2.0 }, "type": "LOCATION" } }],
            "sortBy": [{ "fieldName": "place",
                "relativeLocation": { "value": { "latitude": 1.0, "longitude": 2.0 }, "type": "LOCATION" } }] },
            "zoneID": { "zoneName": "_defaultZone" } }),
        json!({ "query": { "recordType": "Account",
            "filterBy": [{ "systemFieldName": "recordName", "comparator": "IN", "fieldValue": {
                "value": [{ "recordName": "a-1" }], "type": "REFERENCE_LIST" } }] } }),
    ]
}

fn lookups() -> Vec<Value> {
    vec![json!({ "records": [{ "recordName": "a-1", "desiredKeys": ["cents"] }, { "recordName": "a-2" }],
        "zoneID": { "zoneName": "_defaultZone" }, "numbersAsStrings": true })]
}

fn saves() -> Vec<Value> {
    let fields = json!({
        "cents": int64(1),
        "place": { "value": { "latitude": 1.0, "longitude": 2.0, "timestamp": 3 }, "type": "LOCATION" },
        "friend": { "value": { "recordName": "a-2", "action": "VALIDATE" }, "type": "REFERENCE" },
        "tags": { "value": ["a", "b"], "type": "STRING_LIST" },
    });
    vec![
        json!({ "operations": [
            { "operationType": "forceReplace", "record": { "recordName": "a-1", "recordType": "Account", "fields": fields } },
            { "operationType": "update", "record": { "recordName": "a-2", "recordChangeTag": "k3", "fields": {} } },
            { "operationType": "forceDelete", "record": { "recordName": "a-3" } },
        ] }),
        json!({ "operations": [create("Account", "a-2", json!({}))], "zoneID": { "zoneName": "_defaultZone" },
            "atomic": false, "desiredKeys": [] }),
    ]
}

fn zone_operations() -> Vec<Value> {
    vec![json!({ "operations": [
        { "operationType": "create", "zone": { "zoneID": { "zoneName": "books" } } },
        { "operationType": "delete", "zone": { "zoneID": { "zoneName": "films", "ownerRecordName": "_defaultOwner" } } },
    ] })]
}

fn zone_lookups() -> Vec<Value> {
    vec![
        json!({ "zones": [{ "zoneName": "books" }, { "zoneName": "_defaultZone" }, { "zoneName": "gone" }] }),
    ]
}

fn zone_changes() -> Vec<Value> {
    vec![json!({ "zones": [
        { "zoneID": { "zoneName": "books" }, "syncToken": "AQAAAAAA", "resultsLimit": 3 },
        { "zoneID": { "zoneName": "books" }, "desiredKeys": ["cents"], "desiredRecordTypes": ["Account"] },
        { "zoneID": { "zoneName": "books" }, "reverse": true, "numberAsStrings": true },
    ], "resultsLimit": 2 })]
}

fn other_changes() -> Vec<Value> {
    vec![
        json!({ "syncToken": "HwoEAAAA", "resultsLimit": 3 }),
        json!({ "metaSyncToken": "AQAB", "resultsLimit": 3 }),
        json!({ "zoneID": { "zoneName": "books" }, "syncToken": "AQAAAAAA", "resultsLimit": 3, "reverse": false }),
    ]
}

fn subscriptions() -> Vec<Value> {
    let query = json!({ "recordType": "Account", "filterBy": [
        { "fieldName": "cents", "comparator": "LESS_THAN", "fieldValue": int64(5) },
        { "fieldName": "place", "comparator": "NEAR", "distance": 1000.0,
          "fieldValue": { "value": { "latitude": 1.0, "longitude": 2.0 }, "type": "LOCATION" } },
    ] });
    vec![
        json!({ "operations": [
            { "operationType": "create", "subscription": {
                "subscriptionID": "sub-1", "subscriptionType": "query", "query": query,
                "firesOn": ["create", "update", "delete"], "firesOnce": false, "zoneWide": true,
                "notificationInfo": { "alertBody": "b", "alertLocalizationArgs": ["cents", "place"],
                    "additionalFields": ["cents", "place", "friend", "tags"], "shouldBadge": true } } },
            { "operationType": "create", "subscription": {
                "subscriptionID": "all", "subscriptionType": "query", "query": { "recordType": "Account" },
                "firesOn": ["create", "update"], "zoneID": { "zoneName": "_defaultZone" } } },
        ] }),
        json!({ "operations": [
            { "operationType": "create", "subscription": {
                "subscriptionID": "z", "subscriptionType": "zone", "zoneID": { "zoneName": "books" } } },
            { "operationType": "delete", "subscription": { "subscriptionID": "sub-1" } },
        ] }),
    ]
}

fn push_tokens() -> Vec<Value> {
    vec![json!({ "apnsEnvironment": "development", "apnsToken": "t", "clientId": "c" })]
}

/// Sends bodies to endpoints, each of which answers with an array of this name, if it answers at all. A failing body is
/// made small, printed, and its seed kept beside this file.
fn fuzz(paths: &[&str], array: Option<&str>, good: Vec<Value>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start());
    let runtime = &runtime;
    let caller = server.user("alice");
    runtime.block_on(caller.create_zone("books"));
    runtime.block_on(caller.register_for_notifications());
    let body = prop_oneof![
        1 => any_json(),
        9 => (proptest::sample::select(good), vec((0_usize..40, change()), 1..5)).prop_map(|(mut body, changes)| {
            for (at, change) in &changes {
                apply(&mut body, *at, change);
            }
            body
        }),
    ];
    let config = Config {
        cases: 400,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        ..Config::default()
    };
    let result = TestRunner::new(config).run(&body, |body| {
        for path in paths {
            let target = match path.strip_prefix("device/") {
                Some(path) => caller.target(path).replacen("/database/", "/device/", 1),
                None => caller.target(path),
            };
            let reply = runtime.block_on(caller.send(Request::post(target, body.to_string())));
            prop_assert!(reply.status < 500, "{:?}", reply);
            prop_assert!(reply.status != 401 && reply.status != 421, "{:?}", reply);
            prop_assert!(
                reply.status != 200 || array.is_none_or(|array| reply.body[array].is_array()),
                "{:?}",
                reply
            );
        }
        // Whatever it has made of that, it still takes saves, and tells subscribers of them.
        let fields = json!({
            "cents": int64(1),
            "place": { "value": { "latitude": 1.0, "longitude": 2.0 }, "type": "LOCATION" },
        });
        let save = json!([operation(
            "forceUpdate",
            json!({
            "recordType": "Account", "recordName": "after-all", "fields": fields })
        )]);
        for database in ["public", "private"] {
            let saved = runtime.block_on(caller.modify(database, save.clone()));
            prop_assert_eq!(&saved.record(0)["recordName"], "after-all");
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn any_query_is_answered() {
    fuzz(&["public/records/query", "private/records/query"], Some("records"), queries());
}

#[test]
fn any_lookup_is_answered() {
    fuzz(&["public/records/lookup", "private/records/lookup"], Some("records"), lookups());
}

#[test]
fn any_save_is_answered() {
    fuzz(&["public/records/modify", "private/records/modify"], Some("records"), saves());
}

#[test]
fn any_zone_operation_is_answered() {
    fuzz(&["public/zones/modify", "private/zones/modify"], Some("zones"), zone_operations());
}

#[test]
fn any_zone_lookup_is_answered() {
    fuzz(&["public/zones/lookup", "private/zones/lookup"], Some("zones"), zone_lookups());
}

#[test]
fn any_question_for_changes_is_answered() {
    fuzz(&["private/changes/zone", "shared/changes/zone"], Some("zones"), zone_changes());
    fuzz(
        &["private/changes/database", "private/zones/changes", "shared/changes/database"],
        Some("zones"),
        other_changes(),
    );
    fuzz(&["private/records/changes"], Some("records"), other_changes());
}

#[test]
fn any_subscription_is_answered() {
    let paths =
        ["public/subscriptions/modify", "private/subscriptions/modify", "public/subscriptions/lookup"];
    fuzz(&paths, Some("subscriptions"), subscriptions());
}

#[test]
fn any_push_token_is_answered() {
    fuzz(&["device/tokens/create", "device/tokens/register"], None, push_tokens());
}
