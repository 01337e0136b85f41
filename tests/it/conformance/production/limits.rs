//! How much of what.

use serde_json::{Value, json};

use super::{Alice, Expected::Item, Expected::Whole, Refusal, operation, reference};
use crate::conformance::support::{create, one, string, zone_operation};

const DATA_SIZE: &str = reference!("Data Size Limits");
const NATIVE_NAMES: &str = "the native framework, CKRecord.ID and CKRecordZone.ID";

pub(super) fn refusals() -> Vec<Refusal> {
    let many = |item: Value| Value::Array(vec![item; 201]);
    let post =
        |what, source, path, body, expected| Refusal { what, source, who: Alice, path, body, expected };
    let too_many = Whole(400, "BAD_REQUEST", "201 exceeds the limit of 200");
    let creates: Vec<Value> = (0..201).map(|at| create("Account", &format!("a-{at}"), json!({}))).collect();
    let zones: Vec<Value> = (0..201).map(|at| zone_operation("create", &format!("z-{at}"))).collect();
    let zone = |what, name: &str, reason| {
        let body = json!({ "operations": [zone_operation("create", name)] });
        post(what, NATIVE_NAMES, "private/zones/modify", body, Item("BAD_REQUEST", reason))
    };
    let named = |what, name: &str| {
        operation(
            what,
            NATIVE_NAMES,
            create("Account", name, json!({})),
            Item("BAD_REQUEST", "invalid record name"),
        )
    };
    vec![
        post(
            "201 operations on records",
            DATA_SIZE,
            "public/records/modify",
            json!({ "operations": creates }),
            too_many,
        ),
        post(
            "201 records to look up",
            DATA_SIZE,
            "public/records/lookup",
            json!({ "records": many(json!({ "recordName": "there" })) }),
            too_many,
        ),
        post(
            "201 tokens for uploads",
            DATA_SIZE,
            "public/assets/upload",
            json!({ "tokens": many(json!({ "recordType": "Everything", "fieldName": "assetid" })) }),
            too_many,
        ),
        post(
            "201 operations on zones",
            DATA_SIZE,
            "private/zones/modify",
            json!({ "operations": zones }),
            too_many,
        ),
        post(
            "201 operations on subscriptions",
            DATA_SIZE,
            "public/subscriptions/modify",
            json!({ "operations": many(json!({ "operationType": "delete", "subscription": { "subscriptionID": "s" } })) }),
            too_many,
        ),
        operation(
            "a record over 1 MB",
            DATA_SIZE,
            create("Account", "a-1", one("note", string(&"n".repeat(1_100_000)))),
            Item("BAD_REQUEST", "record too large"),
        ),
        post(
            "a request over 2 MB",
            "the native framework, CKError.limitExceeded; the status is inferred",
            "public/records/query",
            json!({ "query": { "recordType": "Account" }, "padding": "x".repeat(4 << 20) }),
            Whole(413, "BAD_REQUEST", ""),
        ),
        post(
            "a page of no records",
            "inferred",
            "public/records/query",
            json!({ "query": { "recordType": "Account" }, "resultsLimit": 0 }),
            Whole(400, "BAD_REQUEST", "resultsLimit"),
        ),
        named("a record name of 256 characters", &"n".repeat(256)),
        named("a record name beyond ASCII", "caf\u{e9}"),
        named("a record name with an underscore in front", "_mine"),
        named("an empty record name", ""),
        zone("a zone name of 256 characters", &"z".repeat(256), "zone name"),
        zone("a zone name beyond ASCII", "b\u{fc}cher", "zone name"),
        zone("a zone name with an underscore in front", "_mine", "zone name"),
        zone("the default zone is not made", "_defaultZone", "default zone"),
    ]
}
