//! Statements 79 to 81: how long and for whom a token is good, and what others are told.

use serde_json::json;

use super::{Page, UNKNOWN, ask, books, database, delete, save, with_books};
use crate::conformance::support::{Server, check_failed, text, zone_operation};

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
