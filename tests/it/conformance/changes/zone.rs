//! Statements 77, 82 and 84: which records of a zone have changed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Page, UNKNOWN, ask, books, delete, save, with_books};
use crate::conformance::support::{Server, check_contains, check_failed, create, int64, operation, text};

#[tokio::test]
async fn c077_the_whole_history_comes_without_a_token_and_later_changes_with_one() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    alice.modify_in("books", json!([save("a-1", 1), save("a-2", 2), save("a-3", 3)])).await.record(2);
    alice.modify_in("books", json!([delete("a-2")])).await.record(0);
    alice.modify_in("books", json!([save("a-1", 10), save("a-4", 4)])).await.record(1);

    let all = books(&alice, None, json!({})).await;
    assert_eq!((all.names(), all.more), (vec!["a-3", "a-2", "a-1", "a-4"], false));
    let tombstone = &all.records[1];
    check_contains(tombstone, &json!({ "recordName": "a-2", "recordType": null, "deleted": true }));
    assert!(tombstone.get("fields").is_none(), "{tombstone}");
    assert_eq!(tombstone["zoneID"]["zoneName"], "books");
    // A record comes as it is, and as a lookup would show it.
    let lookup = json!({ "records": [{ "recordName": "a-1" }], "zoneID": { "zoneName": "books" } });
    assert_eq!(all.records[2], *alice.post("private/records/lookup", lookup).await.record(0));
    assert_eq!(all.records[2]["fields"]["cents"], int64(10));

    let none = books(&alice, Some(&all.token), json!({})).await;
    assert_eq!((none.names(), none.more, &none.token), (vec![], false, &all.token));

    for cents in 5..9 {
        alice.modify_in("books", json!([save("a-3", cents)])).await.record(0);
    }
    alice.modify_in("books", json!([delete("a-4"), delete("never-was")])).await.record(1);
    let later = books(&alice, Some(&all.token), json!({})).await;
    assert_eq!(later.names(), ["a-3", "a-4"], "each record once, at its latest change");
    assert_eq!(later.records[0]["fields"]["cents"], int64(8));
    assert_eq!(later.records[1]["deleted"], true);
    // One that was deleted and made again is alive.
    alice.modify_in("books", json!([save("a-4", 44)])).await.record(0);
    let alive = books(&alice, Some(&later.token), json!({})).await;
    check_contains(&alive.records[0], &json!({ "recordName": "a-4", "deleted": false }));
    assert_eq!(books(&alice, None, json!({})).await.names(), ["a-2", "a-1", "a-3", "a-4"]);
}

#[tokio::test]
async fn c077_what_failed_has_not_happened() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    alice.modify_in("books", json!([save("a-1", 1)])).await.record(0);
    let before = books(&alice, None, json!({})).await;
    let operations = json!([save("a-2", 2), delete("a-1"), create("Account", "a-1", json!({}))]);
    let operations = [operations, json!([save("a-2", 2), create("NoSuchType", "a-3", json!({}))])];
    for operations in operations {
        assert_eq!(alice.modify_in("books", operations).await.status, 400);
    }
    let stale = operation("update", json!({ "recordName": "a-1", "recordChangeTag": "zz" }));
    let body = json!({ "operations": [stale], "zoneID": { "zoneName": "books" }, "atomic": false });
    alice.post("private/records/modify", body).await.failed(0, "CONFLICT", "");
    let after = books(&alice, Some(&before.token), json!({})).await;
    assert_eq!((after.names(), &after.token), (vec![], &before.token));
}

/// The other half of statement 51.
#[tokio::test]
async fn c051_a_cascade_leaves_tombstones_for_all() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let node = |name: &str, up: &str| {
        let up = json!({ "value": { "recordName": up, "action": "DELETE_SELF" }, "type": "REFERENCE" });
        create("Node", name, json!({ "up": up }))
    };
    let operations =
        json!([create("Node", "root", json!({})), node("child", "root"), node("grandchild", "child")]);
    alice.modify_in("books", operations).await.record(2);
    let before = books(&alice, None, json!({})).await;
    alice.modify_in("books", json!([delete("root")])).await.record(0);
    let page = books(&alice, Some(&before.token), json!({})).await;
    assert_eq!(BTreeSet::from_iter(page.names()), BTreeSet::from(["root", "child", "grandchild"]));
    assert!(page.records.iter().all(|record| record["deleted"] == true));
}

#[tokio::test]
async fn c082_what_the_entry_says_overrides_what_stands_above() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let fields = json!({ "cents": int64(7), "owner": { "value": "Ines", "type": "STRING" } });
    let operations = json!([
        create("Account", "a-1", fields),
        create("Node", "n-1", json!({})),
        create("Account", "a-2", json!({})),
        delete("a-2"),
    ]);
    // Two operations on one record are refused, so the deletion comes by itself.
    let operations: Vec<Value> = operations.as_array().unwrap()[..3].to_vec();
    alice.modify_in("books", operations.into()).await.record(2);
    alice.modify_in("books", json!([delete("a-2")])).await.record(0);

    let zone = json!({ "zoneName": "books" });
    let body = json!({
        "resultsLimit": 1, "desiredKeys": ["owner"], "desiredRecordTypes": ["Account"], "numberAsStrings": true,
        "zones": [
            { "zoneID": zone },
            { "zoneID": zone, "resultsLimit": 9 },
            { "zoneID": zone, "desiredKeys": ["cents"] },
            { "zoneID": zone, "desiredKeys": ["cents"], "numbersAsStrings": false },
            { "zoneID": zone, "resultsLimit": 9, "desiredRecordTypes": ["Node"], "desiredKeys": [] },
            { "zoneID": zone, "resultsLimit": 9, "reverse": true },
        ],
    });
    let reply = alice.post("private/changes/zone", body).await;
    let pages: Vec<Page> = reply.list("zones").iter().map(Page::read).collect();
    assert_eq!((pages[0].names(), pages[0].more), (vec!["a-1"], true));
    assert_eq!(pages[0].records[0]["fields"], json!({ "owner": { "value": "Ines", "type": "STRING" } }));
    // Tombstones do not tell their type, so they come whatever types are wanted.
    assert_eq!((pages[1].names(), pages[1].more), (vec!["a-1", "a-2"], false));
    assert_eq!(pages[2].records[0]["fields"], json!({ "cents": { "value": "7", "type": "INT64" } }));
    assert_eq!(pages[3].records[0]["fields"], json!({ "cents": { "value": 7, "type": "INT64" } }));
    assert_eq!(pages[4].names(), ["n-1", "a-2"]);
    assert_eq!(pages[4].records[0]["fields"], json!({}));
    assert_eq!(pages[5].names(), ["a-2", "a-1"]);

    for spelling in ["numbersAsStrings", "numberAsStrings"] {
        let mut entry = json!({ "zoneID": zone, "desiredRecordTypes": ["Account"] });
        entry[spelling] = true.into();
        let reply = ask(&alice, entry).await;
        assert_eq!(Page::read(&reply.list("zones")[0]).records[0]["fields"]["cents"]["value"], "7");
        let mut body = json!({ "zones": [{ "zoneID": zone, "desiredRecordTypes": ["Account"] }] });
        body[spelling] = true.into();
        let reply = alice.post("private/changes/zone", body).await;
        assert_eq!(Page::read(&reply.list("zones")[0]).records[0]["fields"]["cents"]["value"], "7");
    }
}

/// What is left out by type moves the token all the same.
#[tokio::test]
async fn c082_unwanted_types_are_not_asked_for_again() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let nodes: Vec<Value> = (0..5).map(|at| create("Node", &format!("n-{at}"), json!({}))).collect();
    alice.modify_in("books", json!([save("a-1", 1)])).await.record(0);
    alice.modify_in("books", nodes.into()).await.record(4);
    let only = json!({ "desiredRecordTypes": ["Account"], "resultsLimit": 1 });
    let page = books(&alice, None, only.clone()).await;
    assert_eq!((page.names(), page.more), (vec!["a-1"], false));
    assert_eq!(books(&alice, Some(&page.token), json!({})).await.names(), [""; 0]);
    // In the other direction too, and the two directions have tokens of their own.
    let back = books(&alice, None, json!({ "reverse": true, "resultsLimit": 4 })).await;
    assert_eq!((back.names(), back.more), (vec!["n-4", "n-3", "n-2", "n-1"], true));
    let rest = books(&alice, Some(&back.token), json!({ "reverse": true })).await;
    assert_eq!((rest.names(), rest.more), (vec!["n-0", "a-1"], false));
    let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": back.token });
    check_failed(&ask(&alice, entry).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);
}

#[tokio::test]
async fn c084_records_changes_is_the_same_feed_for_one_zone() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    alice.modify_in("books", json!([save("a-1", 1), save("a-2", 2), save("a-3", 3)])).await.record(2);
    alice.modify_in("books", json!([delete("a-1")])).await.record(0);
    let ask = async |more: Value| {
        let mut body = json!({ "zoneID": { "zoneName": "books" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        alice.post("private/records/changes", body).await
    };
    let reply = ask(json!({ "resultsLimit": 2 })).await;
    let page = Page::read(&reply.ok().body);
    assert_eq!((page.names(), page.more), (vec!["a-2", "a-3"], true));
    let reply = ask(json!({ "syncToken": page.token })).await;
    let rest = Page::read(&reply.ok().body);
    assert_eq!((rest.names(), rest.more), (vec!["a-1"], false));
    assert_eq!(rest.records[0]["deleted"], true);
    // Its tokens are those of changes/zone.
    assert_eq!(books(&alice, Some(&page.token), json!({})).await.names(), ["a-1"]);
    let reply = ask(json!({ "reverse": true })).await;
    assert_eq!(Page::read(&reply.ok().body).names(), ["a-1", "a-3", "a-2"]);
    assert_eq!(reply.body["reverse"], true);

    let body = json!({ "zoneID": { "zoneName": "_defaultZone" } });
    let reply = alice.post("private/records/changes", body).await;
    reply.refused(400, "BAD_REQUEST", "cannot get changes in default zone");
    let body = json!({ "zoneID": { "zoneName": "gone" } });
    alice.post("private/records/changes", body).await.refused(404, "ZONE_NOT_FOUND", "gone");
    ask(json!({ "syncToken": "garbage" })).await.refused(400, "BAD_REQUEST", UNKNOWN);
    alice.post("private/records/changes", json!({})).await.refused(400, "BAD_REQUEST", "'zoneID'");
}

/// `getCurrentSyncToken` gives, with any answer about records of a custom zone, a token of its feed.
#[tokio::test]
async fn replies_about_records_can_carry_a_sync_token() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let zone = json!({ "zoneName": "books" });
    let asking: BTreeMap<&str, Value> = BTreeMap::from([
        ("records/modify", json!({ "operations": [save("a-1", 1)], "zoneID": zone })),
        ("records/lookup", json!({ "records": [{ "recordName": "a-1" }], "zoneID": zone })),
        ("records/query", json!({ "query": { "recordType": "Account" }, "zoneID": zone })),
    ]);
    for (path, mut body) in asking {
        alice.modify_in("books", json!([save("before", 1)])).await.record(0);
        let unasked = alice.post(&format!("private/{path}"), body.clone()).await;
        assert!(unasked.ok().body.get("syncToken").is_none(), "{unasked:?}");
        let reply = alice.post(&format!("private/{path}?getCurrentSyncToken=true"), body.clone()).await;
        let token = text(&reply.ok().body["syncToken"]).to_owned();
        assert_eq!(books(&alice, Some(&token), json!({})).await.names(), [""; 0], "{path}");
        alice.modify_in("books", json!([save("after", 1)])).await.record(0);
        assert_eq!(books(&alice, Some(&token), json!({})).await.names(), ["after"], "{path}");
        // The default zone has no feed.
        body.as_object_mut().unwrap().remove("zoneID");
        let reply = alice.post(&format!("private/{path}?getCurrentSyncToken=true"), body).await;
        assert!(reply.ok().body.get("syncToken").is_none(), "{reply:?}");
    }
}
