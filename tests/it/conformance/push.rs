//! Statements 100 and 101: push tokens, and the long poll that delivers notifications.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{
    Caller, Request, Server, check_contains, create, filter, int64, operation, string, text,
};

/// Polls that find nothing shall say so at once.
async fn impatient() -> Server {
    Server::start_with(|builder| builder.long_poll(Duration::ZERO)).await
}

fn device(caller: &Caller<'_>, action: &str) -> String {
    caller.target(&format!("tokens/{action}")).replacen("/database/", "/device/", 1)
}

fn on(id: &str, record_type: &str, fires_on: &[&str]) -> Value {
    json!({
        "subscriptionID": id, "subscriptionType": "query", "query": { "recordType": record_type },
        "firesOn": fires_on,
    })
}

/// The subscription and the record of a notification, and what happened to it.
fn gist(notification: &Value) -> (&str, &str, u64) {
    let query = &notification["ck"]["qry"];
    (text(&query["sid"]), text(&query["rid"]), query["fo"].as_u64().unwrap_or_default())
}

#[tokio::test]
async fn c100_tokens_are_made_and_registered_under_device() {
    let server = Server::start().await;
    for caller in [server.user("alice"), server.token(), server.user("alice").production()] {
        for environment in ["development", "production"] {
            let body = json!({ "apnsEnvironment": environment, "clientId": "c" }).to_string();
            let made = caller.send(Request::post(device(&caller, "create"), body)).await;
            assert_eq!(made.ok().body["apnsEnvironment"], environment);
            let token = text(&made.body["apnsToken"]);
            assert!(token.len() >= 32, "{made:?}");
            let courier = text(&made.body["webcourierURL"]);
            assert!(courier.starts_with(server.container.url()) && courier.contains(token), "{made:?}");

            let body = json!({ "apnsEnvironment": environment, "apnsToken": token }).to_string();
            let registered = caller.send(Request::post(device(&caller, "register"), body)).await;
            assert_eq!(registered.ok().body, json!({ "apnsEnvironment": environment, "apnsToken": token }));
        }
    }
}

#[tokio::test]
async fn c100_what_is_no_token_request_is_refused() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (action, body, reason) in [
        ("create", json!({}), "missing required field 'apnsEnvironment'"),
        ("create", json!({ "apnsEnvironment": "sandbox" }), "unexpected input"),
        ("register", json!({ "apnsEnvironment": "development" }), "missing required field 'apnsToken'"),
        ("register", json!({ "apnsToken": "t" }), "missing required field 'apnsEnvironment'"),
    ] {
        let reply = alice.send(Request::post(device(&alice, action), body.to_string())).await;
        reply.refused(400, "BAD_REQUEST", reason);
    }
    let body = json!({ "apnsEnvironment": "development" }).to_string();
    let nobody = server.nobody();
    let reply = nobody.send(Request::post(device(&nobody, "create"), body.clone())).await;
    reply.refused(401, "AUTHENTICATION_FAILED", "no auth method found");
    let key = server.key();
    let reply = key.send(Request::post(device(&key, "create"), body.clone())).await;
    reply.refused(401, "AUTHENTICATION_FAILED", "Authentication failed");
    let reply = alice.send(Request::get(device(&alice, "create"))).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST, OPTIONS"));
    let reply = alice.send(Request::post(device(&alice, "remove"), body)).await;
    reply.refused(404, "NOT_FOUND", "could not find handler for endpoint");
}

#[tokio::test]
async fn c100_under_database_the_path_knows_no_method() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for action in ["create", "register"] {
        let body = json!({ "apnsEnvironment": "development", "apnsToken": "t" });
        let reply = alice.post(&format!("tokens/{action}"), body.clone()).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "OPTIONS"), "{reply:?}");
        let reply = alice.post(&format!("public/tokens/{action}"), body).await;
        reply.refused(404, "NOT_FOUND", "could not find handler for endpoint");
    }
    let records = alice.target("public/records/query").replacen("/database/", "/device/", 1);
    alice.send(Request::post(records, "{}")).await.refused(404, "NOT_FOUND", "could not find handler");
}

#[tokio::test]
async fn c101_a_poll_is_released_by_a_matching_write() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let courier = alice.register_for_notifications().await;
    let mut subscription = on("sub-1", "Account", &["create"]);
    subscription["query"]["filterBy"] = json!([filter("cents", "LESS_THAN", int64(0))]);
    subscription["notificationInfo"] = json!({
        "alertBody": "New row", "alertLocalizationKey": "K", "alertLocalizationArgs": ["owner", "cents", "note", "x"],
        "alertActionLocalizationKey": "OPEN", "alertLaunchImage": "l.png", "soundName": "ping.caf",
        "category": "c", "shouldBadge": true, "shouldSendContentAvailable": true,
        "additionalFields": ["owner", "cents", "note", "tags", "nix"],
    });
    alice.subscribe("public", subscription).await;

    let write = async {
        let fields = |cents: i64| {
            let tags = json!({ "value": ["a"], "type": "STRING_LIST" });
            json!({ "owner": string("Ines"), "cents": int64(cents), "tags": tags })
        };
        server.key().create("public", "Account", "in-the-black", fields(1)).await;
        server.key().create("public", "Account", "acct-7", fields(-5)).await;
    };
    let (notification, ()) = tokio::join!(server.poll(&courier), write);
    let notification = notification.expect("a notification");
    let me = alice.name().await;
    let nid = notification["ck"]["nid"].clone();
    assert_eq!(text(&nid).len(), 36);
    let expected = json!({
        "aps": {
            "alert": {
                "body": "New row", "loc-key": "K", "loc-args": ["Ines", "-5", "", "x"], "action-loc-key": "OPEN",
                "launch-image": "l.png",
            },
            "sound": "ping.caf", "badge": 1, "category": "c", "content-available": 1,
        },
        "ck": {
            "ce": 2, "cid": "iCloud.com.example.Conformance", "nid": nid, "ckuserid": me,
            "qry": {
                "sid": "sub-1", "rid": "acct-7", "zid": "_defaultZone", "zoid": me, "dbs": 0, "fo": 1,
                "af": { "owner": "Ines", "cents": -5, "tags": ["a"] },
            },
        },
    });
    assert_eq!(notification, expected);
}

#[tokio::test]
async fn c101_created_updated_and_deleted_are_told_apart() {
    let server = impatient().await;
    let alice = server.user("alice");
    let courier = alice.register_for_notifications().await;
    alice.subscribe("private", on("all", "Account", &["create", "update", "delete"])).await;
    alice.subscribe("private", on("new", "Account", &["create"])).await;
    alice.subscribe("private", on("old", "Account", &["update", "delete"])).await;
    let save = |verb: &str| operation(verb, json!({ "recordType": "Account", "recordName": "a-1" }));
    for verb in ["create", "forceUpdate", "forceReplace", "forceDelete", "forceDelete"] {
        alice.modify("private", json!([save(verb)])).await.record(0);
    }
    let mut seen = Vec::new();
    while let Some(notification) = server.poll(&courier).await {
        assert_eq!(notification["aps"], json!({}), "nothing was asked for");
        check_contains(&notification["ck"]["qry"], &json!({ "dbs": 1, "zid": "_defaultZone" }));
        seen.push(notification);
    }
    let gists: Vec<_> = seen.iter().map(gist).collect();
    let expected = [
        ("all", "a-1", 1),
        ("new", "a-1", 1),
        ("all", "a-1", 2),
        ("old", "a-1", 2),
        ("all", "a-1", 2),
        ("old", "a-1", 2),
        ("all", "a-1", 3),
        ("old", "a-1", 3),
    ];
    assert_eq!(gists, expected);
    // Notifications of one change have one number.
    let nid = |at: usize| text(&seen[at]["ck"]["nid"]);
    assert_eq!(nid(0), nid(1));
    assert_ne!(nid(1), nid(2));
}

#[tokio::test]
async fn c101_only_what_was_kept_is_told() {
    let server = impatient().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    let courier = alice.register_for_notifications().await;
    alice.subscribe("private", on("all", "Account", &["create", "update", "delete"])).await;
    let good = create("Account", "a-1", json!({}));
    let bad = create("NoSuchType", "a-2", json!({}));
    // An atomic batch that fails tells nothing; one that is not tells what went well.
    assert_eq!(alice.modify_in("books", json!([good, bad])).await.status, 400);
    assert_eq!(server.poll(&courier).await, None);
    alice.modify("private", json!([good, bad])).await.record(0);
    assert_eq!(gist(&server.poll(&courier).await.unwrap()), ("all", "a-1", 1));
    assert_eq!(server.poll(&courier).await, None);
}

#[tokio::test]
async fn c101_zone_subscriptions_say_that_something_has_changed() {
    let server = impatient().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    alice.create_zone("films").await;
    let courier = alice.register_for_notifications().await;
    let zone = json!({ "zoneName": "books" });
    let info = json!({ "shouldSendContentAvailable": true });
    let subscription = json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": zone, "notificationInfo": info });
    alice.subscribe("private", subscription).await;
    let two = json!([create("Account", "a-1", json!({})), create("Node", "n-1", json!({}))]);
    alice.modify_in("films", two.clone()).await.record(1);
    alice.modify("private", two.clone()).await.record(1);
    assert_eq!(server.poll(&courier).await, None);
    alice.modify_in("books", two).await.record(1);
    let me = alice.name().await;
    let notification = server.poll(&courier).await.unwrap();
    assert_eq!(notification["ck"]["fet"], json!({ "sid": "z", "zid": "books", "zoid": me, "dbs": 1 }));
    assert_eq!(notification["aps"], json!({ "content-available": 1 }));
    assert!(notification["ck"].get("qry").is_none(), "{notification}");
    assert_eq!(server.poll(&courier).await, None, "one for all of a request");
    let delete = operation("forceDelete", json!({ "recordName": "a-1" }));
    alice.modify_in("books", json!([delete])).await.record(0);
    assert_eq!(server.poll(&courier).await.unwrap()["ck"]["fet"]["sid"], "z");
}

#[tokio::test]
async fn c101_query_subscriptions_watch_the_zones_they_name() {
    let server = impatient().await;
    let alice = server.user("alice");
    alice.create_zone("books").await;
    alice.create_zone("films").await;
    let courier = alice.register_for_notifications().await;
    alice.subscribe("private", on("everywhere", "Account", &["create"])).await;
    let mut in_default = on("default", "Account", &["create"]);
    in_default["zoneWide"] = false.into();
    alice.subscribe("private", in_default).await;
    let mut in_books = on("books", "Account", &["create"]);
    in_books["zoneID"] = json!({ "zoneName": "books" });
    alice.subscribe("private", in_books).await;
    for (zone, expected) in [
        ("_defaultZone", vec!["everywhere", "default"]),
        ("books", vec!["everywhere", "books"]),
        ("films", vec!["everywhere"]),
    ] {
        alice.modify_in(zone, json!([create("Account", "a-1", json!({}))])).await.record(0);
        for sid in expected {
            let notification = server.poll(&courier).await.unwrap();
            assert_eq!(gist(&notification).0, sid, "{notification}");
            assert_eq!(notification["ck"]["qry"]["zid"], zone);
        }
        assert_eq!(server.poll(&courier).await, None);
    }
}

#[tokio::test]
async fn c101_fires_once_fires_once() {
    let server = impatient().await;
    let alice = server.user("alice");
    let courier = alice.register_for_notifications().await;
    let mut once = on("once", "Account", &["create"]);
    once["firesOnce"] = true.into();
    alice.subscribe("public", once.clone()).await;
    let two = json!([create("Account", "a-1", json!({})), create("Account", "a-2", json!({}))]);
    alice.modify("public", two).await.record(1);
    alice.create("public", "Account", "a-3", json!({})).await;
    assert_eq!(gist(&server.poll(&courier).await.unwrap()), ("once", "a-1", 1));
    assert_eq!(server.poll(&courier).await, None);
    let listed = alice.get("public/subscriptions/list").await;
    assert_eq!(listed.list("subscriptions"), [Value::Null; 0]);
    // It can be made again, and fires again.
    alice.subscribe("public", once).await;
    alice.create("public", "Account", "a-4", json!({})).await;
    assert_eq!(gist(&server.poll(&courier).await.unwrap()), ("once", "a-4", 1));
}

#[tokio::test]
async fn c101_notifications_go_to_the_subscriber_alone() {
    let server = impatient().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let (of_alice, also_of_alice) =
        (alice.register_for_notifications().await, alice.register_for_notifications().await);
    let of_bob = bob.register_for_notifications().await;
    alice.subscribe("public", on("s", "Account", &["create"])).await;
    bob.create("public", "Account", "a-1", json!({})).await;
    bob.create("private", "Account", "a-1", json!({})).await;
    bob.modify("public", json!([create("Node", "n-1", json!({}))])).await.record(0);
    for courier in [of_alice, also_of_alice] {
        assert_eq!(gist(&server.poll(&courier).await.unwrap()), ("s", "a-1", 1));
        assert_eq!(server.poll(&courier).await, None);
    }
    assert_eq!(server.poll(&of_bob).await, None);

    // Nobody hears of a record that he may not read.
    bob.subscribe("public", on("d", "Diary", &["create"])).await;
    alice.create("public", "Diary", "secret", json!({})).await;
    assert_eq!(server.poll(&of_bob).await, None);
    bob.create("public", "Diary", "my-own", json!({})).await;
    assert_eq!(gist(&server.poll(&of_bob).await.unwrap()), ("d", "my-own", 1));
}

#[tokio::test]
async fn c101_a_token_that_was_not_registered_gets_nothing() {
    let server = impatient().await;
    let alice = server.user("alice");
    let body = json!({ "apnsEnvironment": "development" }).to_string();
    let made = alice.send(Request::post(device(&alice, "create"), body)).await;
    let courier = text(&made.ok().body["webcourierURL"]);
    alice.subscribe("public", on("s", "Account", &["create"])).await;
    alice.create("public", "Account", "a-1", json!({})).await;
    assert_eq!(server.poll(courier).await, None);
    // The API token alone registers for nobody.
    let body = json!({ "apnsEnvironment": "development", "apnsToken": made.body["apnsToken"] }).to_string();
    let token = server.token();
    token.send(Request::post(device(&token, "register"), body.clone())).await.ok();
    alice.create("public", "Account", "a-2", json!({})).await;
    assert_eq!(server.poll(courier).await, None);
    alice.send(Request::post(device(&alice, "register"), body)).await.ok();
    alice.create("public", "Account", "a-3", json!({})).await;
    assert_eq!(gist(&server.poll(courier).await.unwrap()).1, "a-3");
}

#[tokio::test]
async fn c101_tokens_and_notifications_survive_a_restart_and_do_not_live_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::start_with(|builder| builder.data(directory.path()).long_poll(Duration::ZERO));
    let courier = {
        let server = start().await;
        let alice = server.user("alice");
        let courier = alice.register_for_notifications().await;
        alice.subscribe("public", on("s", "Account", &["create"])).await;
        alice.create("public", "Account", "a-1", json!({})).await;
        let courier = courier.strip_prefix(server.container.url()).unwrap().to_owned();
        server.container.stop().await;
        courier
    };
    let server = start().await;
    let url = format!("{}{courier}", server.container.url());
    assert_eq!(gist(&server.poll(&url).await.unwrap()), ("s", "a-1", 1));
    server.user("alice").create("public", "Account", "a-2", json!({})).await;
    assert_eq!(gist(&server.poll(&url).await.unwrap()), ("s", "a-2", 1));

    server.container.clock().advance(Duration::from_secs(12 * 3600));
    let reply = server.send(Request::get(courier)).await;
    reply.refused(404, "NOT_FOUND", "unknown or expired push token");
    let reply = server.send(Request::get("/aps?tok=never-was")).await;
    reply.refused(404, "NOT_FOUND", "unknown or expired push token");
    // The log does not hold what it takes to fetch somebody's notifications.
    let logged = server.container.requests();
    assert!(logged.iter().any(|request| request.target.starts_with("/aps?tok=...")), "{logged:?}");
}
