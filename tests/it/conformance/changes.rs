//! Statements 76 to 86: the change feeds of databases and zones, and their tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::support::{
    Caller, Reply, Server, check_contains, check_failed, create, int64, operation, text, zone_operation,
};

const UNKNOWN: &str = "Unknown sync continuation type";

/// One page of the feed of one zone, which must be there.
struct Page {
    records: Vec<Value>,
    token: String,
    more: bool,
}

impl Page {
    #[track_caller]
    fn read(entry: &Value) -> Self {
        assert!(entry.get("serverErrorCode").is_none(), "{entry}");
        Self {
            records: entry["records"].as_array().unwrap_or_else(|| panic!("no records: {entry}")).clone(),
            token: entry["syncToken"].as_str().unwrap_or_else(|| panic!("no token: {entry}")).to_owned(),
            more: entry["moreComing"].as_bool().unwrap_or_else(|| panic!("no moreComing: {entry}")),
        }
    }

    fn names(&self) -> Vec<&str> {
        self.records.iter().map(|record| text(&record["recordName"])).collect()
    }
}

async fn ask(caller: &Caller<'_>, entry: Value) -> Reply {
    caller.post("private/changes/zone", json!({ "zones": [entry] })).await
}

/// A page of `books`, with further members in the entry.
async fn books(caller: &Caller<'_>, token: Option<&str>, more: Value) -> Page {
    let mut entry = json!({ "zoneID": { "zoneName": "books" } });
    let members = entry.as_object_mut().unwrap();
    members.extend(more.as_object().cloned().unwrap_or_default());
    if let Some(token) = token {
        members.insert("syncToken".to_owned(), token.into());
    }
    Page::read(&ask(caller, entry).await.list("zones")[0])
}

async fn database(caller: &Caller<'_>, body: Value) -> (Vec<String>, String, bool) {
    let reply = caller.post("private/changes/database", body).await;
    let names = reply.list("zones").iter().map(|zone| text(&zone["zoneID"]["zoneName"]).to_owned()).collect();
    let more = reply.body["moreComing"].as_bool().unwrap_or_else(|| panic!("no moreComing: {reply:?}"));
    (names, text(&reply.body["syncToken"]).to_owned(), more)
}

fn save(name: &str, cents: i64) -> Value {
    let fields = json!({ "cents": int64(cents) });
    operation("forceUpdate", json!({ "recordType": "Account", "recordName": name, "fields": fields }))
}

fn delete(name: &str) -> Value {
    operation("forceDelete", json!({ "recordName": name }))
}

async fn with_books(server: &Server) -> Caller<'_> {
    let alice = server.user("alice");
    alice.create_zone("books").await;
    alice
}

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
async fn c078_pages_of_three_over_ten_changes() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let names: Vec<String> = (0..10).map(|at| format!("a-{at}")).collect();
    let operations: Vec<Value> = names.iter().map(|name| save(name, 1)).collect();
    alice.modify_in("books", operations.into()).await.record(9);

    let mut pages = vec![books(&alice, None, json!({ "resultsLimit": 3 })).await];
    while pages.last().unwrap().more {
        let token = pages.last().unwrap().token.clone();
        pages.push(books(&alice, Some(&token), json!({ "resultsLimit": 3 })).await);
    }
    let sizes: Vec<_> = pages.iter().map(|page| page.records.len()).collect();
    assert_eq!(sizes, [3, 3, 3, 1]);
    let all: Vec<&str> = pages.iter().flat_map(Page::names).collect();
    assert_eq!(all, names);
    let tokens: BTreeSet<_> = pages.iter().map(|page| &page.token).collect();
    assert_eq!(tokens.len(), 4);
    // Tokens are not used up, and do not care how long a page is.
    for at in 1..4 {
        let token = pages[at - 1].token.clone();
        let again = books(&alice, Some(&token), json!({ "resultsLimit": 3 })).await;
        assert_eq!((&again.records, &again.token), (&pages[at].records, &pages[at].token));
        let rest = books(&alice, Some(&token), json!({})).await;
        assert_eq!(rest.names(), names[at * 3..]);
    }
    // Exactly full, and nothing behind it.
    let full = books(&alice, None, json!({ "resultsLimit": 10 })).await;
    assert_eq!((full.records.len(), full.more, &full.token), (10, false, &pages[3].token));
}

#[tokio::test]
async fn c078_a_page_holds_at_most_200() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    for batch in 0..2 {
        let operations: Vec<Value> = (0..150).map(|at| save(&format!("a-{batch}-{at}"), 1)).collect();
        alice.modify_in("books", operations.into()).await.record(149);
    }
    for limit in [json!({}), json!({ "resultsLimit": 200 }), json!({ "resultsLimit": 1000 })] {
        let page = books(&alice, None, limit).await;
        assert_eq!((page.records.len(), page.more), (200, true));
    }
    for limit in [json!(0), json!(-1), json!("3"), json!(1.5)] {
        for body in [
            json!({ "zones": [{ "zoneID": { "zoneName": "books" }, "resultsLimit": limit }] }),
            json!({ "zones": [{ "zoneID": { "zoneName": "books" } }], "resultsLimit": limit }),
        ] {
            alice.post("private/changes/zone", body).await.refused(400, "BAD_REQUEST", "");
        }
    }
}

#[tokio::test]
async fn c079_tokens_survive_a_restart_and_serve_other_sessions() {
    let directory = tempfile::tempdir().unwrap();
    let (zone_token, database_token) = {
        let server = Server::start_with(|builder| builder.data(directory.path())).await;
        let alice = with_books(&server).await;
        alice.modify_in("books", json!([save("a-1", 1), save("a-2", 1), save("a-3", 1)])).await.record(2);
        alice.modify_in("books", json!([delete("a-3")])).await.record(0);
        let page = books(&alice, None, json!({ "resultsLimit": 1 })).await;
        // `user` signs in anew with each request, so this is another session already.
        let same = books(&server.user("alice"), Some(&page.token), json!({})).await;
        assert_eq!(same.names(), ["a-2", "a-3"]);
        let (_, database_token, _) = database(&alice, json!({})).await;
        server.container.stop().await;
        (page.token, database_token)
    };
    let server = Server::start_with(|builder| builder.data(directory.path())).await;
    let alice = server.user("alice");
    let page = books(&alice, Some(&zone_token), json!({})).await;
    assert_eq!(page.names(), ["a-2", "a-3"]);
    assert_eq!(page.records[1]["deleted"], true);
    assert_eq!(database(&alice, json!({ "syncToken": database_token })).await.0, [""; 0]);
    alice.modify_in("books", json!([save("a-1", 2)])).await.record(0);
    assert_eq!(books(&alice, Some(&page.token), json!({})).await.names(), ["a-1"]);
    assert_eq!(database(&alice, json!({ "syncToken": database_token })).await.0, ["books"]);
}

#[tokio::test]
async fn c079_a_token_is_of_one_user_environment_and_zone() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let bob = server.user("bob");
    bob.create_zone("books").await;
    alice.create_zone("films").await;
    server.user("alice").production().create_zone("books").await;
    let page = books(&alice, None, json!({})).await;
    let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": page.token });
    check_failed(&ask(&bob, entry.clone()).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);
    let in_production = server.user("alice").production();
    check_failed(&ask(&in_production, entry.clone()).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);
    let films = json!({ "zoneID": { "zoneName": "films" }, "syncToken": page.token });
    check_failed(&ask(&alice, films).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);
    // Nor is it one of a zone that was deleted and made again under the same name.
    alice.modify_zones(json!([zone_operation("delete", "books")])).await.list("zones");
    alice.create_zone("books").await;
    check_failed(&ask(&alice, entry).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);

    let (_, token, _) = database(&alice, json!({})).await;
    let reply = bob.post("private/changes/database", json!({ "syncToken": token })).await;
    reply.refused(400, "BAD_REQUEST", UNKNOWN);
}

#[tokio::test]
async fn c079_tokens_can_be_made_to_expire() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    alice.modify_in("books", json!([save("a-1", 1)])).await.record(0);
    let page = books(&alice, None, json!({})).await;
    let (_, token, _) = database(&alice, json!({})).await;
    server.container.expire_sync_tokens().unwrap();
    let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": page.token });
    check_failed(&ask(&alice, entry).await.list("zones")[0], "BAD_REQUEST", UNKNOWN);
    let reply = alice.post("private/changes/database", json!({ "syncToken": token })).await;
    reply.refused(400, "BAD_REQUEST", UNKNOWN);
    // Whoever starts again gets everything, and good tokens.
    let page = books(&alice, None, json!({})).await;
    assert_eq!(page.names(), ["a-1"]);
    assert_eq!(books(&alice, Some(&page.token), json!({})).await.names(), [""; 0]);
}

#[tokio::test]
async fn c079_a_reset_of_development_ends_its_tokens_and_no_others() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let in_production = server.user("alice").production();
    in_production.create_zone("books").await;
    let (_, token, _) = database(&alice, json!({})).await;
    let (_, of_production, _) = database(&in_production, json!({})).await;
    server.container.reset_development().unwrap();
    let reply = alice.post("private/changes/database", json!({ "syncToken": token })).await;
    reply.refused(400, "BAD_REQUEST", UNKNOWN);
    assert_eq!(database(&alice, json!({})).await.0, [""; 0]);
    assert_eq!(database(&in_production, json!({ "syncToken": of_production })).await.0, [""; 0]);
}

#[tokio::test]
async fn c080_garbage_and_foreign_tokens_fail_the_zone() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let (_, of_database, _) = database(&alice, json!({})).await;
    let reply = alice.post("private/zones/changes", json!({})).await;
    let of_zones = text(&reply.ok().body["metaSyncToken"]).to_owned();
    let of_zone = books(&alice, None, json!({})).await.token;
    for token in ["", "garbage", "AQAB", "\u{1F980}", &of_database, &of_zones] {
        let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": token });
        let reply = ask(&alice, entry).await;
        check_failed(&reply.list("zones")[0], "BAD_REQUEST", UNKNOWN);
        assert_eq!(reply.list("zones")[0]["zoneID"]["zoneName"], "books");
    }
    for length in [4, 7, 20, 31] {
        let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": of_zone[..length] });
        check_failed(
            &ask(&alice, entry).await.list("zones")[0],
            "BAD_REQUEST",
            "Invalid continuation format",
        );
    }
    for token in ["", "garbage", &of_zone, &of_zones] {
        let reply = alice.post("private/changes/database", json!({ "syncToken": token })).await;
        reply.refused(400, "BAD_REQUEST", UNKNOWN);
        let reply = alice.post("private/zones/changes", json!({ "metaSyncToken": token })).await;
        if token != of_zones {
            reply.refused(400, "BAD_REQUEST", UNKNOWN);
        }
    }
    let number = json!({ "zoneID": { "zoneName": "books" }, "syncToken": 7 });
    ask(&alice, number).await.refused(400, "BAD_REQUEST", "unexpected input");
}

#[tokio::test]
async fn c081_one_bad_zone_fails_alone() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    alice.modify_in("books", json!([save("a-1", 1)])).await.record(0);
    let good = json!({ "zoneID": { "zoneName": "books" } });
    let body = json!({ "zones": [
        good,
        { "zoneID": { "zoneName": "gone" } },
        { "zoneID": { "zoneName": "_defaultZone" } },
        { "zoneID": { "zoneName": "books" }, "syncToken": "garbage" },
        good,
    ] });
    let reply = alice.post("private/changes/zone", body).await;
    let zones = reply.list("zones");
    assert_eq!(zones.len(), 5);
    assert_eq!(Page::read(&zones[0]).names(), ["a-1"]);
    check_failed(&zones[1], "ZONE_NOT_FOUND", "Zone 'gone' does not exist");
    check_failed(&zones[2], "BAD_REQUEST", "cannot get changes in default zone");
    check_failed(&zones[3], "BAD_REQUEST", UNKNOWN);
    assert_eq!(zones[4], zones[0]);
    let only_bad = json!({ "zones": [{ "zoneID": { "zoneName": "gone" } }] });
    let reply = alice.post("private/changes/zone", only_bad).await;
    check_failed(&reply.list("zones")[0], "ZONE_NOT_FOUND", "gone");
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

#[tokio::test]
async fn c086_empty_pages_can_come_between_full_ones() {
    let server = Server::start_with(|builder| builder.empty_change_pages(2)).await;
    let alice = with_books(&server).await;
    let operations: Vec<Value> = (0..5).map(|at| save(&format!("a-{at}"), 1)).collect();
    alice.modify_in("books", operations.into()).await.record(4);

    let mut pages = vec![books(&alice, None, json!({ "resultsLimit": 2 })).await];
    while pages.last().unwrap().more {
        let token = pages.last().unwrap().token.clone();
        pages.push(books(&alice, Some(&token), json!({ "resultsLimit": 2 })).await);
        assert_ne!(pages.last().unwrap().token, token, "a reader could not tell it from a loop");
    }
    let sizes: Vec<_> = pages.iter().map(|page| page.records.len()).collect();
    assert_eq!(sizes, [0, 0, 2, 0, 0, 2, 0, 0, 1]);
    let end = pages.last().unwrap().token.clone();
    let idle = books(&alice, Some(&end), json!({})).await;
    assert_eq!((idle.names(), idle.more, &idle.token), (vec![], false, &end));
    // An empty page can be asked for again too.
    let again = books(&alice, Some(&pages[0].token), json!({})).await;
    assert_eq!((again.records.len(), again.more, &again.token), (0, true, &pages[1].token));

    let mut seen = Vec::new();
    let mut body = json!({});
    let mut calls = 0;
    loop {
        let (zones, token, more) = database(&alice, body).await;
        seen.extend(zones);
        calls += 1;
        if !more {
            break;
        }
        body = json!({ "syncToken": token });
    }
    assert_eq!((seen, calls), (vec!["books".to_owned()], 3));
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
