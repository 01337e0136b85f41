//! Operations and requests that cannot be.

use serde_json::{Value, json};

use super::{Alice, Expected::Item, Expected::Whole, Key, Refusal, operation, reference};
use crate::conformance::support::create;

const MODIFYING: &str = reference!("Modifying Records");

/// An operation on the account that is there.
fn there(kind: &str, tag: Option<&str>) -> Value {
    let mut record = json!({ "recordType": "Account", "recordName": "there", "fields": {} });
    if let Some(tag) = tag {
        record["recordChangeTag"] = tag.into();
    }
    json!({ "operationType": kind, "record": record })
}

pub(super) fn refusals() -> Vec<Refusal> {
    let no_tag = Whole(400, "BAD_REQUEST", "BadRequestException: missing required field 'recordChangeTag'");
    let tag_source = "Modifying Records, and several reports from the live service";
    let post =
        |what, source, path, body, expected| Refusal { what, source, who: Alice, path, body, expected };
    let account = create("Account", "a-1", json!({}));
    let books = json!({ "zoneName": "books" });
    let gone = json!({ "zoneName": "gone" });
    let default = json!({ "zoneName": "_defaultZone" });
    let public = Whole(400, "BAD_REQUEST", "endpoint not applicable in the database type 'publicdb'");
    let zone_subscription = json!({ "operations": [{ "operationType": "create", "subscription":
        { "subscriptionID": "z", "subscriptionType": "zone", "zoneID": default } }] });
    vec![
        operation("an update without its tag", tag_source, there("update", None), no_tag),
        operation("a replacement without its tag", tag_source, there("replace", None), no_tag),
        operation("a deletion without its tag", tag_source, there("delete", None), no_tag),
        operation(
            "an update with an empty tag",
            "KuvopLLC/better-bear#19",
            there("update", Some("")),
            no_tag,
        ),
        operation(
            "an update with a stale tag",
            reference!("Error Codes"),
            there("update", Some("0")),
            Item("CONFLICT", "oplock error"),
        ),
        operation(
            "a deletion with a stale tag",
            reference!("Error Codes"),
            there("delete", Some("0")),
            Item("CONFLICT", "oplock error"),
        ),
        operation(
            "an update of what is not there",
            "reported from the live service",
            json!({ "operationType": "update", "record": { "recordName": "gone", "recordChangeTag": "k3" } }),
            Item("NOT_FOUND", "recordChangeTag specified, but record not found"),
        ),
        operation(
            "a create of what is there",
            "texts of the live service; the reference says EXISTS",
            there("create", None),
            Item("CONFLICT", "record to insert already exists"),
        ),
        operation(
            "a create without record type",
            "inferred from the tag",
            json!({ "operationType": "create", "record": { "recordName": "a-1" } }),
            Whole(400, "BAD_REQUEST", "missing required field 'recordType'"),
        ),
        operation(
            "another record type than the stored one",
            "inferred",
            json!({ "operationType": "forceUpdate", "record": { "recordType": "Node", "recordName": "there" } }),
            Item("BAD_REQUEST", ""),
        ),
        operation(
            "an unknown operation",
            "reported from the live service in 2026",
            there("force_update", None),
            Whole(400, "BAD_REQUEST", "BadRequestException: unexpected input"),
        ),
        post(
            "one name twice",
            MODIFYING,
            "public/records/modify",
            json!({ "operations": [account, account] }),
            Whole(400, "BAD_REQUEST", "more than one operation on record 'a-1'"),
        ),
        post(
            "atomic in a default zone",
            "seen live in 2016",
            "public/records/modify",
            json!({ "operations": [account], "atomic": true }),
            Whole(400, "BAD_REQUEST", "atomic operations not supported in default zone"),
        ),
        post(
            "an atomic batch with a mistake",
            reference!("Error Codes"),
            "private/records/modify",
            json!({ "zoneID": books, "operations": [account, create("Nowhere", "a-2", json!({}))] }),
            Whole(400, "ATOMIC_ERROR", ""),
        ),
        post(
            "records of a zone that is not there",
            reference!("Error Codes"),
            "private/records/modify",
            json!({ "zoneID": gone, "operations": [account] }),
            Whole(404, "ZONE_NOT_FOUND", "'gone'"),
        ),
        post(
            "a lookup in a zone that is not there",
            "inferred",
            "private/records/lookup",
            json!({ "zoneID": gone, "records": [{ "recordName": "a" }] }),
            Item("ZONE_NOT_FOUND", "'gone'"),
        ),
        post(
            "a lookup of what is not there",
            "several reports from the live service",
            "public/records/lookup",
            json!({ "records": [{ "recordName": "nobody" }] }),
            Item("NOT_FOUND", "Record not found"),
        ),
        post(
            "a shared zone without its owner",
            "brightdigit/MistKit#444",
            "shared/records/query",
            json!({ "query": { "recordType": "Account" }, "zoneID": books }),
            Whole(400, "BAD_REQUEST", "zoneID needs to have ownerRecordName field for calls to sharedb"),
        ),
        post(
            "zones of the public database",
            "inferred",
            "public/zones/modify",
            json!({ "operations": [{ "operationType": "create", "zone": { "zoneID": books } }] }),
            public,
        ),
        post("changes of the public database", "inferred", "public/changes/database", json!({}), public),
        post(
            "changes of a default zone",
            "reported from the live service",
            "private/records/changes",
            json!({ "zoneID": default }),
            Whole(400, "BAD_REQUEST", "cannot get changes in default zone"),
        ),
        post(
            "changes after a token that is none",
            "reported from the live service",
            "private/changes/zone",
            json!({ "zones": [{ "zoneID": books, "syncToken": "garbage" }] }),
            Item("BAD_REQUEST", "Unknown sync continuation type"),
        ),
        post(
            "changes of a zone that is not there",
            reference!("Error Codes"),
            "private/changes/zone",
            json!({ "zones": [{ "zoneID": gone }] }),
            Item("ZONE_NOT_FOUND", "'gone'"),
        ),
        post(
            "a zone subscription in the public database",
            "inferred",
            "public/subscriptions/modify",
            zone_subscription,
            Item("BAD_REQUEST", "not supported in the public database"),
        ),
        operation(
            "a share in the spelling of the reference",
            "brightdigit/MistKit#437",
            json!({ "operationType": "create", "record": { "recordType": "cloudKit.share", "recordName": "s",
                "forRecord": { "recordName": "there", "recordChangeTag": "1" } } }),
            Item("BAD_REQUEST", "Cannot share - no such record exists to share"),
        ),
        post(
            "a share of what is not there",
            "reported from the live service in 2026",
            "private/records/modify",
            json!({ "zoneID": books, "atomic": false, "operations": [{ "operationType": "create", "record":
                { "recordType": "cloudkit.share", "recordName": "s", "publicPermission": "NONE",
                    "forRecord": { "recordName": "gone", "recordChangeTag": "1" } } }] }),
            Item("BAD_REQUEST", "Cannot share - no such record exists to share"),
        ),
        post(
            "an endpoint that there is not",
            "reported from the live service in 2026",
            "public/records/upsert",
            json!({}),
            Whole(404, "NOT_FOUND", "could not find handler for endpoint"),
        ),
        post(
            "push tokens where the reference has them",
            "brightdigit/MistKit#382",
            "tokens/create",
            json!({ "apnsEnvironment": "development" }),
            Whole(405, "BAD_REQUEST", "method not allowed"),
        ),
        Refusal {
            who: Key,
            ..post(
                "a body that is no object",
                "reported: BadRequestException",
                "public/records/query",
                json!([]),
                Whole(400, "BAD_REQUEST", "BadRequestException:"),
            )
        },
    ]
}
