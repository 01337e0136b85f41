//! Statements 72 to 75: zones, listed, looked up, made and deleted.

use serde_json::{Value, json};

use super::support::{Server, check_contains, check_failed, create, text, zone_operation};

#[track_caller]
fn zone_names(zones: &[Value]) -> Vec<&str> {
    zones.iter().map(|zone| text(&zone["zoneID"]["zoneName"])).collect()
}

#[tokio::test]
async fn c072_a_fresh_private_database_has_the_default_zone() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let reply = alice.get("private/zones/list").await;
    let [zone] = reply.list("zones") else { panic!("{reply:?}") };
    let expected = json!({
        "zoneID": {
            "zoneName": "_defaultZone", "ownerRecordName": alice.name().await, "zoneType": "DEFAULT_ZONE",
        },
        "atomic": false,
        "deleted": false,
    });
    // It has no feed, and so no sync token.
    assert_eq!(*zone, expected);
}

#[tokio::test]
async fn c072_the_public_database_has_the_default_zone_and_the_shared_one_nothing() {
    let server = Server::start().await;
    let reply = server.token().get("public/zones/list").await;
    assert_eq!(zone_names(reply.list("zones")), ["_defaultZone"]);
    check_contains(
        &reply.list("zones")[0],
        &json!({ "atomic": false, "zoneID": { "zoneType": "DEFAULT_ZONE" } }),
    );
    let reply = server.user("alice").get("shared/zones/list").await;
    assert_eq!(reply.list("zones"), [Value::Null; 0]);
}

#[tokio::test]
async fn c073_a_zone_is_made_found_made_again_and_deleted() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let made = alice.create_zone("books").await;
    let zone_id = json!({
        "zoneName": "books", "ownerRecordName": alice.name().await, "zoneType": "REGULAR_CUSTOM_ZONE",
    });
    assert_eq!(made["zoneID"], zone_id);
    check_contains(&made, &json!({ "atomic": true, "deleted": false }));
    assert!(!text(&made["syncToken"]).is_empty(), "{made}");

    let listed = alice.get("private/zones/list").await;
    assert_eq!(zone_names(listed.list("zones")), ["_defaultZone", "books"]);
    assert_eq!(listed.list("zones")[1], made);

    let mut create_record = create("Account", "a-1", json!({}));
    alice.modify_in("books", json!([create_record])).await.record(0);
    let again = alice.create_zone("books").await;
    assert_eq!(again["zoneID"], zone_id);
    // To make it again has not emptied it.
    create_record["operationType"] = "forceUpdate".into();
    let reply = alice.modify_in("books", json!([create_record])).await;
    assert_eq!(reply.record(0)["recordName"], "a-1");

    let before = alice.post("private/changes/database", json!({})).await.ok().body["syncToken"].clone();
    let reply = alice.modify_zones(json!([zone_operation("delete", "books")])).await;
    assert_eq!(reply.list("zones"), [json!({ "zoneID": zone_id, "deleted": true })]);
    let listed = alice.get("private/zones/list").await;
    assert_eq!(zone_names(listed.list("zones")), ["_defaultZone"]);
    let changes = alice.post("private/changes/database", json!({ "syncToken": before })).await;
    assert_eq!(changes.list("zones"), [json!({ "zoneID": zone_id, "deleted": true })]);
}

#[tokio::test]
async fn c073_what_was_in_a_deleted_zone_is_gone_for_good() {
    let server = Server::start().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    let in_books = json!({ "zoneName": "books" });
    let lookup = json!({ "records": [{ "recordName": "a-1" }], "zoneID": in_books });
    let query = json!({ "query": { "recordType": "Account" }, "zoneWide": true });
    alice.create("private", "Account", "elsewhere", json!({})).await;
    alice.modify_in("books", json!([create("Account", "a-1", json!({}))])).await.record(0);
    assert_eq!(alice.post("private/records/query", query.clone()).await.sorted_names(), ["a-1", "elsewhere"]);

    alice.modify_zones(json!([zone_operation("delete", "books")])).await.list("zones");
    alice.post("private/records/lookup", lookup.clone()).await.failed(0, "ZONE_NOT_FOUND", "books");
    alice.modify_in("books", json!([create("Account", "a-2", json!({}))])).await.refused(
        404,
        "ZONE_NOT_FOUND",
        "books",
    );
    assert_eq!(alice.post("private/records/query", query.clone()).await.names(), ["elsewhere"]);

    // A new zone of the same name begins empty.
    alice.create_zone("books").await;
    alice.post("private/records/lookup", lookup).await.failed(0, "NOT_FOUND", "Record not found");
    assert_eq!(alice.post("private/records/query", query).await.names(), ["elsewhere"]);
}

#[tokio::test]
async fn c074_lookup_takes_bare_zone_ids() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let made = alice.create_zone("books").await;
    server.user("bob").create_zone("bobs").await;
    let me = alice.name().await;
    let asked = json!({ "zones": [
        { "zoneName": "gone" },
        { "zoneName": "books" },
        { "zoneName": "books", "ownerRecordName": me, "zoneType": "REGULAR_CUSTOM_ZONE" },
        { "zoneName": "bobs" },
        { "zoneName": "bobs", "ownerRecordName": server.user("bob").name().await },
        { "zoneName": "_defaultZone" },
    ] });
    let reply = alice.post("private/zones/lookup", asked).await;
    let zones = reply.list("zones");
    assert_eq!(zones.len(), 6, "{reply:?}");
    check_failed(&zones[0], "ZONE_NOT_FOUND", "Zone 'gone' does not exist");
    assert_eq!(zones[0]["zoneID"]["zoneName"], "gone");
    assert_eq!(zones[1], made);
    assert_eq!(zones[2], made);
    check_failed(&zones[3], "ZONE_NOT_FOUND", "bobs");
    check_failed(&zones[4], "ZONE_NOT_FOUND", "bobs");
    check_contains(&zones[5], &json!({ "atomic": false, "zoneID": { "zoneType": "DEFAULT_ZONE" } }));

    let wrapped = json!({ "zones": [{ "zoneID": { "zoneName": "books" } }] });
    let reply = alice.post("private/zones/lookup", wrapped).await;
    reply.refused(400, "BAD_REQUEST", "missing required field 'zoneName'");
    alice.post("private/zones/lookup", json!({})).await.refused(400, "BAD_REQUEST", "'zones'");
}

#[tokio::test]
async fn c075_public_zones_cannot_be_modified() {
    let server = Server::start().await;
    let body = json!({ "operations": [zone_operation("create", "books")] });
    for caller in [server.user("alice"), server.key()] {
        let reply = caller.post("public/zones/modify", body.clone()).await;
        reply.refused(400, "BAD_REQUEST", "endpoint not applicable in the database type 'publicdb'");
    }
}

#[tokio::test]
async fn c075_the_default_zone_stays() {
    let server = Server::start().await;
    let alice = server.user("alice");
    alice.create("private", "Account", "a-1", json!({})).await;
    let reply = alice.modify_zones(json!([zone_operation("delete", "_defaultZone")])).await;
    check_failed(&reply.list("zones")[0], "BAD_REQUEST", "default zone");
    let reply = alice.modify_zones(json!([zone_operation("create", "_defaultZone")])).await;
    check_failed(&reply.list("zones")[0], "BAD_REQUEST", "default zone");
    assert_eq!(alice.lookup("private", &["a-1"]).await.names(), ["a-1"]);
}

#[tokio::test]
async fn c075_each_operation_stands_alone() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let long = "z".repeat(256);
    let names = ["", "_mine", "b\u{fc}cher", "tab\t", long.as_str()];
    let mut operations: Vec<Value> = names.iter().map(|name| zone_operation("create", name)).collect();
    operations.push(zone_operation("delete", "never-was"));
    operations.push(zone_operation("create", &long[..255]));
    let reply = alice.modify_zones(operations.into()).await;
    let zones = reply.list("zones");
    for (at, name) in names.iter().enumerate() {
        check_failed(&zones[at], "BAD_REQUEST", "zone name");
        assert_eq!(zones[at]["zoneID"]["zoneName"], *name);
    }
    check_failed(&zones[5], "ZONE_NOT_FOUND", "never-was");
    check_contains(&zones[6], &json!({ "atomic": true, "zoneID": { "zoneName": long[..255] } }));
    assert_eq!(alice.get("private/zones/list").await.list("zones").len(), 2);
}

#[tokio::test]
async fn c075_what_is_no_zone_operation_refuses_the_request() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let good = zone_operation("create", "books");
    for (operations, reason) in [
        (
            json!([good, { "operationType": "update", "zone": { "zoneID": { "zoneName": "b" } } }]),
            "unexpected input",
        ),
        (json!([good, { "operationType": "create" }]), "missing required field 'zone'"),
        (
            json!([good, { "operationType": "create", "zone": { "zoneName": "b" } }]),
            "missing required field 'zoneID'",
        ),
        (
            json!([good, { "operationType": "create", "zone": { "zoneID": {} } }]),
            "missing required field 'zoneName'",
        ),
        (
            json!([good, { "zone": { "zoneID": { "zoneName": "b" } } }]),
            "missing required field 'operationType'",
        ),
        (json!([good, zone_operation("delete", "books")]), "more than one operation on zone 'books'"),
        (Value::Array(vec![good.clone(); 201]), "201 exceeds the limit of 200"),
    ] {
        alice.modify_zones(operations).await.refused(400, "BAD_REQUEST", reason);
    }
    assert_eq!(zone_names(alice.get("private/zones/list").await.list("zones")), ["_defaultZone"]);
}

#[tokio::test]
async fn c075_zones_of_the_shared_database_are_not_made_there() {
    let server = Server::start().await;
    let owner = server.user("bob").name().await;
    let zone = json!({ "zoneID": { "zoneName": "books", "ownerRecordName": owner } });
    let body = json!({ "operations": [{ "operationType": "create", "zone": zone }] });
    let reply = server.user("alice").post("shared/zones/modify", body).await;
    check_failed(&reply.list("zones")[0], "BAD_REQUEST", "shared database");
    let reply =
        server.user("alice").post("shared/zones/lookup", json!({ "zones": [{ "zoneName": "books" }] })).await;
    reply.refused(400, "BAD_REQUEST", "zoneID needs to have ownerRecordName field for calls to sharedb");
}
