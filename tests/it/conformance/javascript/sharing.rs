//! Sharing, as two pages see it.

use serde_json::json;

use super::Page;
use crate::conformance::support::{Server, check_contains, text};

#[tokio::test]
async fn c105_a_share_is_made_fetched_accepted_and_used() {
    let server = Server::start().await;
    let mut alice = Page::of(&server, "alice");
    let make = json!({ "operations": [{ "operationType": "create", "zone": { "zoneID": { "zoneName": "books" } } }] });
    let zone_id = alice.post("private/zones/modify", make).await.list("zones")[0]["zoneID"].clone();
    let options = json!({ "zoneID": zone_id });
    let root = json!({ "recordType": "Account", "recordName": "root", "createShortGUID": true,
        "fields": { "owner": { "value": "Ines" } } });
    let root =
        alice.modify("private", json!({ "operationType": "create", "record": root }), options.clone()).await;

    // Of the record that is shared, name and tag are sent.
    let share = json!({ "recordType": "cloudkit.share", "publicPermission": "READ_WRITE", "participants": [],
        "forRecord": { "recordName": "root", "recordChangeTag": root["recordChangeTag"] },
        "fields": { "cloudkit.title": { "value": "Accounts" } } });
    let share =
        alice.modify("private", json!({ "operationType": "create", "record": share }), options.clone()).await;
    let short_guid = text(&share["shortGUID"]).to_owned();
    assert!(!short_guid.is_empty(), "{share}");

    // A text becomes this, and nothing else is sent.
    let infos = json!({ "shortGUIDs": [{ "value": short_guid }] });
    let own = alice.post("public/records/resolve", infos.clone()).await;
    check_contains(
        &own.list("results")[0],
        &json!({ "shortGUID": { "value": short_guid }, "databaseScope": "PRIVATE", "participantType": "OWNER",
            "containerIdentifier": server.container.container_id(), "environment": "development",
            "rootRecordName": "root", "zoneID": zone_id, "share": { "recordType": "cloudkit.share" } }),
    );
    let mut bob = Page::of(&server, "bob");
    let seen = bob.post("public/records/resolve", infos.clone()).await;
    check_contains(&seen.list("results")[0], &json!({ "databaseScope": "SHARED", "rootRecordName": "root" }));
    let accepted = bob.post("public/records/accept", infos).await;
    check_contains(
        &accepted.list("results")[0],
        &json!({ "participantStatus": "ACCEPTED", "participantPermission": "READ_WRITE", "databaseScope": "SHARED" }),
    );

    // The zone is the owner's, and every call names it.
    let zones = bob.get("shared/zones/list").await;
    let shared_zone = zones.list("zones")[0]["zoneID"].clone();
    assert_eq!(shared_zone["ownerRecordName"], server.user("alice").name().await);
    let found = bob
        .post(
            "shared/records/lookup",
            json!({ "records": [{ "recordName": "root" }], "zoneID": shared_zone }),
        )
        .await;
    let mut record = found.list("records")[0].clone();
    record["fields"]["owner"]["value"] = "Bob".into();
    let update = json!({ "operationType": "update", "record": record });
    bob.modify("shared", update, json!({ "zoneID": shared_zone })).await;
    let read = alice
        .post("private/records/lookup", json!({ "records": [{ "recordName": "root" }], "zoneID": zone_id }))
        .await;
    assert_eq!(read.list("records")[0]["fields"]["owner"]["value"], "Bob");
    // Changes come to the other page too.
    let changed = bob.post("shared/changes/database", json!({})).await;
    assert_eq!(changed.list("zones")[0]["zoneID"], shared_zone);
    let changed = bob.post("shared/changes/zone", json!({ "zones": [{ "zoneID": shared_zone }] })).await;
    assert!(changed.list("zones")[0]["records"].to_string().contains("\"root\""));
}
