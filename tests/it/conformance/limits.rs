//! The limits of the service, and where each is held.
//!
//! | limit | held by |
//! |---|---|
//! | 200 operations, records, zones or subscriptions in a request | `modify::batches::c038_two_hundred_operations_are_the_most`, `lookup::c055_two_hundred_names_are_the_most`, [`two_hundred_of_anything_in_a_request`] |
//! | 200 records in a page, larger wishes clamped | `query::c058_two_hundred_records_are_the_default_and_the_most` |
//! | 200 tokens of `assets/upload` | `assets::c094_at_most_two_hundred_uploads_in_a_request` |
//! | 1 MB of fields in a record | `modify::limits::c052_a_record_over_a_megabyte_is_refused` |
//! | 50 MB in a file | `assets::c099_a_file_above_the_limit_is_refused`, `assets::c099_a_file_may_be_larger_than_a_record` |
//! | 15 minutes for an upload | `assets::c099_an_upload_that_comes_too_late_is_refused` |
//! | 15 minutes for the sign-in page | `sign_in::c014_the_page_expires` |
//! | 30 minutes or two weeks for a web auth token | `sign_in::c017_an_old_token_lives_on_until_it_expires`, `sign_in::c018_whoever_stays_signed_in_does_so_for_two_weeks` |
//! | 750 sources of DELETE_SELF | `modify::references::c051_a_target_has_at_most_750_sources`, [`sources_of_delete_self`] |
//! | ten minutes around the date of a signature | `server_key::c022_a_date_outside_the_window_is_refused` |
//! | 2 MB in a body | `refusals::an_oversize_body_is_refused`, [`a_body_that_just_fits`] |
//! | 255 ASCII characters in a record name | `modify::limits::c052_record_names_are_short_and_ascii` |
//! | 256 fields in a record type | [`fields_of_a_record_type`] |
//! | 1,000 zones in a database | [`zones_of_a_database`] |
//! | 5,000 records shared together | [`records_that_are_shared_together`] |
//! | 100 participants | `sharing::participants::c092_bad_participants_are_refused` |
//! | 3 additional fields in a notification | not enforced: [`additional_fields_are_not_counted`] |

use std::time::Duration;

use cloudkit_test_container::{Limits, TestContainer};
use serde_json::{Value, json};

use super::support::{Request, Server, create, int64, one, operation, string, text, typed, zone_operation};

/// A server with a limit lowered to where a test reaches it.
async fn limited(limits: Limits) -> Server {
    Server::start_with(|builder| builder.limits(limits).long_poll(Duration::ZERO)).await
}

#[tokio::test]
async fn two_hundred_of_anything_in_a_request() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (path, member, item) in [
        (
            "private/records/modify",
            "operations",
            json!(operation("forceDelete", json!({ "recordName": "a" }))),
        ),
        ("private/records/lookup", "records", json!({ "recordName": "a" })),
        ("private/zones/lookup", "zones", json!({ "zoneName": "a" })),
        ("private/zones/modify", "operations", zone_operation("create", "a")),
        ("private/changes/zone", "zones", json!({ "zoneID": { "zoneName": "a" } })),
        ("public/subscriptions/lookup", "subscriptions", json!({ "subscriptionID": "a" })),
        (
            "public/subscriptions/modify",
            "operations",
            json!({ "operationType": "delete", "subscription": { "subscriptionID": "a" } }),
        ),
        ("public/records/resolve", "shortGUIDs", json!({ "value": "a" })),
        ("public/records/accept", "shortGUIDs", json!({ "value": "a" })),
        ("public/users/discover", "lookupInfos", json!({ "emailAddress": "a@example.com" })),
        ("private/assets/upload", "tokens", json!({ "fieldName": "assetid", "recordName": "a" })),
        ("private/assets/rereference", "assets", json!({ "fieldName": "assetid", "recordName": "a" })),
    ] {
        let reply = alice.post(path, json!({ member: vec![item; 201] })).await;
        reply.refused(400, "BAD_REQUEST", "201 exceeds the limit of 200");
    }
}

#[tokio::test]
async fn zones_of_a_database() {
    let server = limited(Limits::new().zones(3)).await;
    let alice = server.user("alice");
    let zones = |names: &[&str]| names.iter().map(|name| zone_operation("create", name)).collect::<Vec<_>>();
    let reply = alice.modify_zones(zones(&["a", "b", "c", "d", "b"][..4]).into()).await;
    let entries = reply.ok().body["zones"].as_array().unwrap();
    assert!(entries[..3].iter().all(|entry| entry["syncToken"].is_string()), "{reply:?}");
    // The code is inferred.
    assert_eq!(entries[3]["serverErrorCode"], "BAD_REQUEST", "{reply:?}");
    assert!(text(&entries[3]["reason"]).contains("3 beside the default zone"), "{reply:?}");
    // One that exists is none more; a deleted one makes room; and nobody else's count.
    alice.create_zone("b").await;
    server.user("bob").create_zone("d").await;
    alice.modify_zones(json!([zone_operation("delete", "a")])).await.ok();
    alice.create_zone("d").await;
}

#[tokio::test]
async fn sources_of_delete_self() {
    let server = limited(Limits::new().delete_self_sources(2)).await;
    let key = server.key();
    let node = |name: &str, action: &str| {
        let reference = json!({ "recordName": "root", "action": action });
        create("Node", name, one("up", typed("REFERENCE", reference)))
    };
    let operations = ["a", "b", "c"].map(|name| node(name, "DELETE_SELF"));
    let reply = key.modify("public", json!([create("Node", "root", json!({}))])).await;
    reply.record(0);
    let reply = key.modify("public", json!(operations)).await;
    reply.record(1);
    reply.failed(2, "BAD_REQUEST", "more than 2 references with the action DELETE_SELF");
    key.modify("public", json!([node("d", "NONE")])).await.record(0);
}

#[tokio::test]
async fn fields_of_a_record_type() {
    let server = Server::start_with(|builder| builder.jit(true)).await;
    let fields = |from: usize, to: usize| -> Value {
        (from..to).map(|at| (format!("f{at}"), int64(1))).collect::<serde_json::Map<_, _>>().into()
    };
    let key = server.key();
    key.create("public", "Wide", "w-1", fields(0, 256)).await;
    let reply = key.modify("public", json!([create("Wide", "w-2", fields(256, 257))])).await;
    reply.failed(0, "BAD_REQUEST", "256");
    key.create("public", "Wide", "w-2", fields(0, 3)).await;

    let schema = |count: usize| {
        let fields: Vec<String> = (0..count).map(|at| format!("f{at} INT64")).collect();
        format!("DEFINE SCHEMA RECORD TYPE Wider ({}, GRANT READ TO \"_world\");", fields.join(", "))
    };
    let container = TestContainer::builder("iCloud.com.example.Limits").start().await.unwrap();
    container.import_schema(&schema(256)).unwrap();
    let error = format!("{:?}", container.import_schema(&schema(257)).unwrap_err());
    assert!(error.contains("256"), "{error}");
}

/// A zone with a root and so many records below it, each below the one before.
async fn chain(server: &Server, records: usize) -> Value {
    let alice = server.user("alice");
    alice.create_zone("books").await;
    let below = |at: usize| {
        let mut record = create("Account", &format!("r-{at}"), json!({}));
        if at > 0 {
            record["record"]["parent"] = json!({ "recordName": format!("r-{}", at - 1) });
        }
        record
    };
    let reply = alice.modify_in("books", (0..records).map(below).collect()).await;
    reply.record(records - 1);
    reply.record(0).clone()
}

fn share_of(root: &Value) -> Value {
    let root = json!({ "recordName": root["recordName"], "recordChangeTag": root["recordChangeTag"] });
    json!([operation(
        "create",
        json!({ "recordType": "cloudkit.share", "recordName": "share", "forRecord": root })
    )])
}

#[tokio::test]
async fn records_that_are_shared_together() {
    let server = limited(Limits::new().shared_records(4)).await;
    let alice = server.user("alice");
    let root = chain(&server, 4).await;
    let below = |name: &str, parent: &str| {
        let mut record = create("Account", name, json!({}));
        record["record"]["parent"] = json!({ "recordName": parent });
        record
    };
    // Nothing is shared yet, and what is beside does not count.
    alice.modify_in("books", json!([below("r-4", "r-3")])).await.record(0);
    let refused = "4 can be shared with the record 'r-0'";
    let reply = alice.modify_in("books", share_of(&root)).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    assert!(text(&reply.body["records"][0]["reason"]).contains(refused), "{reply:?}");
    alice
        .modify_in("books", json!([operation("forceDelete", json!({ "recordName": "r-4" }))]))
        .await
        .record(0);
    alice.modify_in("books", share_of(&root)).await.record(0);

    for below in [below("r-4", "r-3"), below("other", "r-0")] {
        let reply = alice.modify_in("books", json!([below])).await;
        assert!(text(&reply.body["records"][0]["reason"]).contains(refused), "{reply:?}");
    }
    // Nor can a tree be moved there.
    alice.modify_in("books", json!([create("Account", "loose", json!({}))])).await.record(0);
    let moved = json!({ "recordName": "loose", "recordType": "Account", "parent": { "recordName": "r-1" } });
    let reply = alice.modify_in("books", json!([operation("forceUpdate", moved)])).await;
    assert!(text(&reply.body["records"][0]["reason"]).contains(refused), "{reply:?}");
    // What is there can be saved again, and room be made.
    let again =
        json!({ "recordName": "r-2", "recordType": "Account", "fields": one("note", string("again")) });
    alice.modify_in("books", json!([operation("forceUpdate", again)])).await.record(0);
    alice
        .modify_in("books", json!([operation("forceDelete", json!({ "recordName": "r-3" }))]))
        .await
        .record(0);
    alice.modify_in("books", json!([below("r-4", "r-2")])).await.record(0);
}

#[tokio::test]
async fn a_body_that_just_fits() {
    let server = Server::start().await;
    let send = async |padding: usize| {
        let body = json!({ "records": [], "padding": "" }).to_string();
        let body = body.replace("\"\"", &format!("\"{}\"", "x".repeat(padding - body.len())));
        assert_eq!(body.len(), padding);
        let alice = server.user("alice");
        alice.send(Request::post(alice.target("public/records/lookup"), body)).await.status
    };
    assert_eq!((send(2_621_440).await, send(2_621_441).await), (200, 413));
}

#[tokio::test]
async fn additional_fields_are_not_counted() {
    let server = Server::start().await;
    let fields = ["owner", "cents", "note", "opened"];
    let subscription = json!({
        "subscriptionID": "s", "subscriptionType": "query", "query": { "recordType": "Account" },
        "firesOn": ["create"], "notificationInfo": { "additionalFields": fields },
    });
    let kept = server.user("alice").subscribe("public", subscription).await;
    assert_eq!(kept["notificationInfo"]["additionalFields"], json!(fields));
}
