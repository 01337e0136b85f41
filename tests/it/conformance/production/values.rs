//! Values that a field or a filter does not take.

use serde_json::{Value, json};

use super::{Alice, Expected::Item, Expected::Whole, Refusal, operation, query, reference};
use crate::conformance::support::{create, filter, int64, one, string, typed};

pub(super) fn refusals() -> Vec<Refusal> {
    let save = |what, source, record_type: &str, field: &str, value: Value, reason| {
        operation(what, source, create(record_type, "new", one(field, value)), Item("BAD_REQUEST", reason))
    };
    let find = |what, source, field: &str, comparator: &str, value: Value, reason| {
        let query_of = json!({ "recordType": "Account", "filterBy": [filter(field, comparator, value)] });
        query(what, source, query_of, reason)
    };
    let live = "brightdigit/MistKit#192 and pull request 205";
    let encrypted = "reported from the live service in 2026";
    let privately = |refusal: Refusal| refusal.at("private/records/modify");
    let secret = |encrypted: Value| json!({ "value": "s", "type": "STRING", "isEncrypted": encrypted });
    let reference =
        |name: &str, action: &str| typed("REFERENCE", json!({ "recordName": name, "action": action }));
    let place = json!({ "latitude": 0.0, "longitude": 0.0 });
    vec![
        save(
            "a fraction of a millisecond",
            live,
            "Account",
            "opened",
            typed("TIMESTAMP", 0.5),
            "Invalid value, expected type TIMESTAMP",
        ),
        save(
            "a time without its type",
            live,
            "Account",
            "opened",
            json!({ "value": 1 }),
            "Invalid value, expected type TIMESTAMP",
        ),
        save(
            "bytes without their type",
            live,
            "Account",
            "photo",
            json!({ "value": "AAEC" }),
            "Invalid value, expected type BYTES",
        ),
        save(
            "bytes that are not base64",
            reference!("Types and Dictionaries"),
            "Account",
            "photo",
            typed("BYTES", "!"),
            "Invalid value, expected type BYTES",
        ),
        save(
            "a text in a number",
            "reported from the live service",
            "Account",
            "cents",
            string("12"),
            "invalid attempt to set value type STRING for field 'cents' for type 'Account', defined to be: INT64",
        ),
        save(
            "a text in a reference",
            "reported from the live service",
            "Account",
            "friend",
            string("there"),
            "invalid attempt to set value type STRING for field 'friend' for type 'Account', defined to be: REFERENCE",
        ),
        save(
            "a number beyond 64 bits",
            reference!("Types and Dictionaries"),
            "Account",
            "cents",
            json!({ "value": 1e30, "type": "INT64" }),
            "Invalid value, expected type INT64",
        ),
        save(
            "one value in a list",
            "reported from the live service",
            "Account",
            "tags",
            string("a"),
            "defined to be: STRING_LIST",
        ),
        save(
            "a list in one value",
            "reported from the live service",
            "Account",
            "owner",
            typed("STRING_LIST", json!(["a"])),
            "defined to be: STRING",
        ),
        save(
            "a place that there is not",
            reference!("Types and Dictionaries"),
            "Account",
            "place",
            typed("LOCATION", json!({ "latitude": 91.0, "longitude": 0.0 })),
            "",
        ),
        operation(
            "a reference that validates, to nothing",
            reference!("Error Codes"),
            create("Node", "new", one("up", reference("gone", "VALIDATE"))),
            Item("VALIDATING_REFERENCE_ERROR", ""),
        ),
        operation(
            "a deletion of what is validated",
            reference!("Error Codes"),
            json!({ "operationType": "forceDelete", "record": { "recordName": "there" } }),
            Item(
                "VALIDATING_REFERENCE_ERROR",
                "Record delete would violate validating reference, rejecting update",
            ),
        ),
        save(
            "an encrypted field in the public database",
            encrypted,
            "Secret",
            "string",
            secret(json!(true)),
            "encrypted fields are not supported in the public database",
        ),
        privately(save(
            "an encrypted field that is not marked as one",
            encrypted,
            "Secret",
            "string",
            string("s"),
            "defined to be: ENCRYPTED_STRING",
        )),
        privately(save(
            "an encrypted field with neither type nor mark",
            encrypted,
            "Secret",
            "string",
            json!({ "value": "s" }),
            "set value type STRING for field 'string' for type 'Secret', defined to be: ENCRYPTED_STRING",
        )),
        privately(save(
            "an encrypted field without its type",
            encrypted,
            "Secret",
            "string",
            json!({ "value": "s", "isEncrypted": true }),
            "set value type ENCRYPTED_BYTES",
        )),
        privately(save(
            "a plain field that is marked as encrypted",
            encrypted,
            "Secret",
            "label",
            secret(json!(true)),
            "Attempt to save encrypted data in non encrypted field type",
        )),
        save(
            "a file that was not uploaded",
            "reported from the live service in 2026",
            "Everything",
            "assetid",
            typed("ASSETID", json!({ "fileChecksum": "AYt0", "size": 1, "receipt": "A0x" })),
            "bad upload receipt (did_not_validate)",
        ),
        save(
            "a file that is a text",
            "reported from the live service",
            "Everything",
            "assetid",
            typed("ASSETID", "file.png"),
            "could not decode asset object",
        ),
        find("IN with the type of one value", live, "cents", "IN", typed("INT64", json!([1])), ""),
        find(
            "IN without a type",
            live,
            "cents",
            "IN",
            json!({ "value": [1] }),
            "BadRequestException: Unexpected input",
        ),
        find(
            "NOT_IN without a type",
            live,
            "cents",
            "NOT_IN",
            json!({ "value": [1] }),
            "BadRequestException: Unexpected input",
        ),
        find(
            "a number compared with a text",
            "reported from the live service",
            "cents",
            "EQUALS",
            string("1"),
            "Field 'cents' has a value type of INT64 and cannot be queried using filter value type STRING",
        ),
        find(
            "a reference compared with a text",
            "reported from the live service",
            "friend",
            "EQUALS",
            string("there"),
            "Field 'friend' has a value type of REFERENCE and cannot be queried using filter value type STRING",
        ),
        find(
            "a reference compared with a bare text",
            "reported from the live service",
            "friend",
            "EQUALS",
            json!({ "value": "there" }),
            "could not decode reference object",
        ),
        find(
            "a prefix of a number",
            reference!("Types and Dictionaries"),
            "cents",
            "BEGINS_WITH",
            string("1"),
            "cannot be queried using filter type BEGINS_WITH",
        ),
        find(
            "a list that is compared as one value",
            reference!("Types and Dictionaries"),
            "tags",
            "EQUALS",
            string("a"),
            "cannot be queried using filter",
        ),
        find(
            "membership of what is no list",
            reference!("Types and Dictionaries"),
            "owner",
            "LIST_CONTAINS",
            string("a"),
            "cannot be queried using filter type LIST_CONTAINS",
        ),
        find(
            "an order of references",
            reference!("Types and Dictionaries"),
            "friend",
            "LESS_THAN",
            typed("REFERENCE", json!({ "recordName": "a" })),
            "cannot be queried using filter type LESS_THAN",
        ),
        find(
            "nearness without a distance",
            reference!("Types and Dictionaries"),
            "place",
            "NEAR",
            typed("LOCATION", place),
            "missing required field 'distance'",
        ),
        find(
            "a comparator that there is not",
            reference!("Types and Dictionaries"),
            "cents",
            "BETWEEN",
            int64(1),
            "BadRequestException: unexpected input",
        ),
        Refusal {
            what: "a filter on an encrypted field",
            source: encrypted,
            who: Alice,
            path: "private/records/query",
            body: json!({ "query": { "recordType": "Secret", "filterBy": [filter("string", "EQUALS", string("s"))] } }),
            expected: Whole(
                400,
                "BAD_REQUEST",
                "Field 'string' has a value type of ENCRYPTED_STRING and cannot be queried using filter type EQUALS",
            ),
        },
        query(
            "a query without record type",
            "reported from the live service",
            json!({}),
            "BadRequestException: missing required field 'recordType'",
        ),
        Refusal {
            body: json!({ "query": { "recordType": "Account" }, "continuationMarker": "garbage" }),
            ..query("a marker that is none", "inferred", Value::Null, "Invalid continuation marker")
        },
    ]
}
