//! Statements 76, 83 and 85: which zones of a database have changed.

use std::collections::BTreeSet;

use serde_json::json;

use super::{database, delete, save};
use crate::conformance::support::{Server, check_contains, zone_operation};

#[tokio::test]
async fn c076_the_database_feed_lists_each_zone_once_and_then_those_that_change() {
    let server = Server::start().await;
    let alice = server.user("alice");
    assert_eq!(database(&alice, json!({})).await.0, [""; 0], "the default zone is in no feed");
    for zone in ["one", "two", "three"] {
        alice.create_zone(zone).await;
    }
    alice.create("private", "Account", "a-1", json!({})).await;
    alice.modify_in("one", json!([save("a-1", 1), save("a-2", 2)])).await.record(1);

    let (zones, token, more) = database(&alice, json!({})).await;
    assert_eq!(
        BTreeSet::from_iter(zones.iter().map(String::as_str)),
        BTreeSet::from(["one", "two", "three"])
    );
    assert_eq!((zones.len(), more), (3, false));
    let (zones, same, more) = database(&alice, json!({ "syncToken": token })).await;
    assert_eq!((zones.len(), more), (0, false));

    alice.modify_in("two", json!([save("a-1", 1)])).await.record(0);
    alice.modify_in("two", json!([save("a-1", 2), save("a-2", 1)])).await.record(1);
    alice.modify_in("two", json!([delete("a-1")])).await.record(0);
    for token in [token, same] {
        let (zones, _, more) = database(&alice, json!({ "syncToken": token })).await;
        assert_eq!((zones, more), (vec!["two".to_owned()], false));
    }
}

#[tokio::test]
async fn c076_the_database_feed_has_zone_dictionaries_and_pages() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for zone in ["one", "two", "three", "four", "five"] {
        alice.create_zone(zone).await;
    }
    let reply = alice.post("private/changes/database", json!({ "resultsLimit": 1 })).await;
    let listed = alice.get("private/zones/list").await;
    assert_eq!(reply.list("zones")[0], listed.list("zones")[1]);

    let (first, token, more) = database(&alice, json!({ "resultsLimit": 2 })).await;
    assert_eq!((first, more), (vec!["one".to_owned(), "two".to_owned()], true));
    // One that was shown already changes, and is shown again at its new place.
    alice.modify_in("one", json!([save("a-1", 1)])).await.record(0);
    let (second, token, more) = database(&alice, json!({ "resultsLimit": 2, "syncToken": token })).await;
    assert_eq!((second, more), (vec!["three".to_owned(), "four".to_owned()], true));
    let (third, token, more) = database(&alice, json!({ "resultsLimit": 2, "syncToken": token })).await;
    assert_eq!((third, more), (vec!["five".to_owned(), "one".to_owned()], false));
    assert_eq!(database(&alice, json!({ "syncToken": token })).await.0, [""; 0]);
}

#[tokio::test]
async fn c076_a_reader_from_the_beginning_hears_nothing_of_zones_long_gone() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let (_, early, _) = database(&alice, json!({})).await;
    alice.create_zone("books").await;
    alice.create_zone("films").await;
    alice.modify_zones(json!([zone_operation("delete", "films")])).await.list("zones");
    let (zones, token, _) = database(&alice, json!({})).await;
    assert_eq!(zones, ["books"]);
    assert_eq!(database(&alice, json!({ "syncToken": token })).await.0, [""; 0]);
    // Who was there before the zone was made is told.
    let reply = alice.post("private/changes/database", json!({ "syncToken": early })).await;
    check_contains(&reply.list("zones")[1], &json!({ "zoneID": { "zoneName": "films" }, "deleted": true }));
    // Made anew it is alive again, once.
    alice.create_zone("films").await;
    let reply = alice.post("private/changes/database", json!({ "syncToken": early })).await;
    assert_eq!(reply.list("zones").len(), 2);
    check_contains(&reply.list("zones")[1], &json!({ "zoneID": { "zoneName": "films" }, "deleted": false }));
}

#[tokio::test]
async fn c083_zones_changes_listens_to_its_own_token_name_only() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for zone in ["one", "two", "three"] {
        alice.create_zone(zone).await;
    }
    let reply = alice.post("private/zones/changes", json!({ "resultsLimit": 2 })).await;
    assert_eq!(reply.list("zones").len(), 2);
    assert_eq!(reply.body["moreComing"], true);
    assert!(reply.body.get("syncToken").is_none(), "{reply:?}");
    let token = &reply.body["metaSyncToken"];
    let first = reply.list("zones");

    let next =
        alice.post("private/zones/changes", json!({ "resultsLimit": 2, "metaSyncToken": token })).await;
    assert_eq!(next.list("zones").len(), 1);
    assert_eq!(next.body["moreComing"], false);
    // The wrong name is no error: page one comes again.
    let again = alice.post("private/zones/changes", json!({ "resultsLimit": 2, "syncToken": token })).await;
    assert_eq!(again.list("zones"), first);
    let again =
        alice.post("private/zones/changes", json!({ "resultsLimit": 2, "syncToken": "garbage" })).await;
    assert_eq!(again.list("zones"), first);

    alice.modify_zones(json!([zone_operation("delete", "two")])).await.list("zones");
    let token = &next.body["metaSyncToken"];
    let gone = alice.post("private/zones/changes", json!({ "metaSyncToken": token })).await;
    check_contains(&gone.list("zones")[0], &json!({ "zoneID": { "zoneName": "two" }, "deleted": true }));
}

#[tokio::test]
async fn c085_the_public_database_has_no_feed() {
    let server = Server::start().await;
    let zone = json!({ "zoneName": "_defaultZone" });
    for (path, body) in [
        ("changes/database", json!({})),
        ("changes/zone", json!({ "zones": [{ "zoneID": zone }] })),
        ("records/changes", json!({ "zoneID": zone })),
        ("zones/changes", json!({})),
    ] {
        for caller in [server.user("alice"), server.key(), server.token()] {
            let reply = caller.post(&format!("public/{path}"), body.clone()).await;
            reply.refused(400, "BAD_REQUEST", "endpoint not applicable in the database type 'publicdb'");
        }
        let reply = server.user("alice").get(&format!("private/{path}")).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "POST, OPTIONS"));
    }
}
