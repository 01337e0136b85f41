//! Many at once: no update is lost, every change tag is the end of one save and the begin of at most one, and whoever
//! follows a feed while it grows misses nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::support::{Server, create, int64, operation, text};

const WRITERS: usize = 64;
const UPDATES: usize = 4;

/// Reads a counter, adds one and saves it under the tag that it had, as often as it takes.
async fn count_up(server: &Server, zone: &str, done: &mut Vec<(String, String, i64)>) {
    let alice = server.user("alice");
    let zone_id = json!({ "zoneName": zone });
    let lookup = json!({ "records": [{ "recordName": "counter" }], "zoneID": zone_id });
    while done.len() < UPDATES {
        let reply = alice.post("private/records/lookup", lookup.clone()).await;
        let record = reply.record(0);
        let (tag, count) = (text(&record["recordChangeTag"]), record["fields"]["cents"]["value"].as_i64());
        let next = count.expect("a count") + 1;
        let update =
            json!({ "recordName": "counter", "recordChangeTag": tag, "fields": { "cents": int64(next) } });
        let body = json!({ "operations": [operation("update", update)], "zoneID": zone_id, "atomic": false });
        let body = if zone == "_defaultZone" { json!({ "operations": body["operations"] }) } else { body };
        let reply = alice.post("private/records/modify", body).await;
        let item = &reply.ok().items()[0];
        match item.get("serverErrorCode") {
            None => done.push((tag.to_owned(), text(&item["recordChangeTag"]).to_owned(), next)),
            Some(code) => assert_eq!(code, "CONFLICT", "{reply:?}"),
        }
    }
}

async fn check(zone: &'static str) {
    let server = Arc::new(Server::start().await);
    let alice = server.user("alice");
    if zone != "_defaultZone" {
        alice.create_zone(zone).await;
    }
    let made =
        alice.modify_in(zone, json!([create("Account", "counter", json!({ "cents": int64(0) }))])).await;
    let first = text(&made.record(0)["recordChangeTag"]).to_owned();
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let mut done = Vec::new();
                count_up(&server, zone, &mut done).await;
                done
            })
        })
        .collect();
    let mut saves = HashMap::new();
    let mut tags = HashSet::from([first.clone()]);
    for writer in writers {
        for (before, after, count) in writer.await.unwrap() {
            assert!(tags.insert(after.clone()), "two saves gave the tag {after}");
            let earlier = saves.insert(before.clone(), (after, count));
            assert_eq!(earlier, None, "two saves succeeded under the tag {before}");
        }
    }
    // From the first tag each save leads to the next: one order of all of them, in which each saw the one before it.
    let (mut tag, mut count) = (first, 0);
    while let Some((after, saved)) = saves.remove(&tag) {
        count += 1;
        assert_eq!(saved, count);
        tag = after;
    }
    assert_eq!((saves.len(), count), (0, i64::try_from(WRITERS * UPDATES).unwrap()));
    let lookup = json!({ "records": [{ "recordName": "counter" }], "zoneID": { "zoneName": zone } });
    let end = alice.post("private/records/lookup", lookup).await;
    assert_eq!(end.record(0)["fields"]["cents"], int64(count));
    assert_eq!(end.record(0)["recordChangeTag"], tag.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_lose_no_update_in_the_default_zone() {
    check("_defaultZone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_lose_no_update_in_a_custom_zone() {
    check("books").await;
}

/// What a reader knows of a zone: each record's amount.
type Copy = BTreeMap<String, i64>;

/// Follows a zone by pages of seven until there is no more, and returns the token of the end.
async fn follow(server: &Server, mut token: Option<String>, copy: &mut Copy) -> Option<String> {
    loop {
        let entry = json!({ "zoneID": { "zoneName": "books" }, "syncToken": token, "resultsLimit": 7 });
        let reply = server.user("alice").post("private/changes/zone", json!({ "zones": [entry] })).await;
        let page = &reply.list("zones")[0];
        for record in page["records"].as_array().unwrap() {
            let name = text(&record["recordName"]);
            match record["fields"]["cents"]["value"].as_i64() {
                Some(cents) => copy.insert(name.to_owned(), cents),
                None => copy.remove(name),
            };
        }
        token = Some(text(&page["syncToken"]).to_owned());
        if page["moreComing"] == false {
            return token;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_misses_nothing_while_eight_write() {
    let server = Arc::new(Server::start().await);
    server.user("alice").create_zone("books").await;
    let writers: Vec<_> = (0..8_i64)
        .map(|writer| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let alice = server.user("alice");
                for round in 0..20_i64 {
                    let name = |at: i64| format!("a-{writer}-{}", (round + at) % 5);
                    let save = |at: i64| {
                        let fields = json!({ "cents": int64(round * 10 + at) });
                        operation(
                            "forceUpdate",
                            json!({ "recordType": "Account", "recordName": name(at), "fields": fields }),
                        )
                    };
                    let delete = operation("forceDelete", json!({ "recordName": name(3) }));
                    alice.modify_in("books", json!([save(0), save(1), delete])).await.record(2);
                }
            })
        })
        .collect();
    let mut copy = Copy::new();
    let mut token = None;
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        token = follow(&server, token, &mut copy).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    follow(&server, token, &mut copy).await;
    let mut whole = Copy::new();
    follow(&server, None, &mut whole).await;
    assert_eq!(copy, whole);
    let expected: Copy = (0..8_i64)
        .flat_map(|writer| {
            // The last round saved 4 and 0 and deleted 2, the one before it saved 3 and deleted 1.
            [(4, 190), (0, 191), (3, 180)].map(|(at, cents)| (format!("a-{writer}-{at}"), cents))
        })
        .collect();
    assert_eq!(whole, expected);
}
