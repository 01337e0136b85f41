//! Who is notified of what happens in shared zones.

use serde_json::json;

use super::super::support::{Server, check_contains, check_failed, create, int64, one, operation};
use super::{ZONE, accept, invited, library, shared_with_bob};

/// Statement 101 for zones that are shared: whoever wrote, the owner's subscriptions fire.
#[tokio::test]
async fn c101_what_participants_write_notifies_the_owner() {
    let server =
        Server::start_with(|builder| builder.user("carol").long_poll(std::time::Duration::ZERO)).await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let (courier, of_bob) =
        (alice.register_for_notifications().await, bob.register_for_notifications().await);
    let zone = json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": { "zoneName": ZONE } });
    alice.subscribe("private", zone).await;
    let query = json!({
        "subscriptionID": "q", "subscriptionType": "query", "query": { "recordType": "Account" },
        "firesOn": ["update"],
    });
    alice.subscribe("private", query).await;
    let record = json!({ "recordName": "child", "recordType": "Account", "fields": one("cents", int64(7)) });
    library.modify("bob", json!([operation("forceUpdate", record)])).await.record(0);
    let of_query = server.poll(&courier).await.unwrap();
    check_contains(&of_query["ck"]["qry"], &json!({ "sid": "q", "rid": "child", "zid": ZONE, "dbs": 1 }));
    assert_eq!(of_query["ck"]["qry"]["zoid"], alice.name().await);
    assert_eq!(server.poll(&courier).await.unwrap()["ck"]["fet"]["sid"], "z");
    assert_eq!(server.poll(&courier).await, None);
    assert_eq!(server.poll(&of_bob).await, None);
}

fn database_subscription(id: &str) -> serde_json::Value {
    json!({ "subscriptionID": id, "subscriptionType": "database",
        "notificationInfo": { "shouldSendContentAvailable": true } })
}

/// A server on which a poll that finds nothing says so at once.
async fn impatient() -> Server {
    Server::start_with(|builder| builder.user("carol").long_poll(std::time::Duration::ZERO)).await
}

/// Which subscription a notification is of, and which zone and database it names.
async fn met(server: &Server, courier: &str) -> Option<(String, String, String, u64)> {
    let notification = server.poll(courier).await?;
    let met = &notification["ck"]["met"];
    let text = |member: &str| met[member].as_str().unwrap_or_else(|| panic!("{notification}")).to_owned();
    Some((text("sid"), text("zid"), text("zoid"), met["dbs"].as_u64().unwrap_or_default()))
}

#[tokio::test]
async fn c101_the_shared_database_takes_subscriptions_to_the_whole_of_it() {
    let server = impatient().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let bob = server.user("bob");
    let query = json!({ "subscriptionID": "q", "subscriptionType": "query",
        "query": { "recordType": "Account" }, "firesOn": ["update"] });
    let zone = json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": library.zone });
    for other in [query, zone] {
        let entry = bob.subscription("shared", "create", other).await;
        check_failed(&entry, "BAD_REQUEST", "subscriptions of the type database only");
    }
    let made = bob.subscribe("shared", database_subscription("d")).await;
    assert_eq!(made, database_subscription("d"));
    let listed = bob.get("shared/subscriptions/list").await;
    assert_eq!(listed.list("subscriptions"), std::slice::from_ref(&made));
    let found = bob
        .post("shared/subscriptions/lookup", json!({ "subscriptions": [{ "subscriptionID": "d" }] }))
        .await;
    assert_eq!(found.list("subscriptions"), [made]);
    assert!(server.user("carol").get("shared/subscriptions/list").await.list("subscriptions").is_empty());

    let entry = server.key().subscription("public", "create", database_subscription("d")).await;
    check_failed(&entry, "BAD_REQUEST", "unexpected input");
    let gone = bob.subscription("shared", "delete", json!({ "subscriptionID": "d" })).await;
    assert_eq!(gone["deleted"], true);
    let courier = bob.register_for_notifications().await;
    library.modify("alice", json!([create("Account", "new", json!({}))])).await.record(0);
    assert_eq!(server.poll(&courier).await, None);
}

/// What a reader of the feeds would see is what notifies.
#[tokio::test]
async fn c101_participants_hear_of_what_they_see_and_of_nothing_else() {
    let server = impatient().await;
    let library = library(&server).await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let owner = alice.name().await;
    let courier = bob.register_for_notifications().await;
    bob.subscribe("shared", database_subscription("d")).await;
    let heard = Some(("d".to_owned(), ZONE.to_owned(), owner, 2));

    // Not yet accepted, there is nothing in the shared database.
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_WRITE")])).await;
    assert_eq!(met(&server, &courier).await, None);
    accept(&server, "bob", &share).await;
    assert_eq!(met(&server, &courier).await, heard);
    // Once for all changes of a request, whoever makes them.
    let change = |name: &str| {
        let record = json!({ "recordName": name, "recordType": "Account", "fields": one("cents", int64(7)) });
        operation("forceUpdate", record)
    };
    library.modify("alice", json!([change("child"), change("grandchild")])).await.record(1);
    assert_eq!(met(&server, &courier).await, heard);
    assert_eq!(met(&server, &courier).await, None);
    library.modify("bob", json!([change("child")])).await.record(0);
    assert_eq!(met(&server, &courier).await, heard);
    // What is beside the shared records is not told, nor is a change that fails.
    library.modify("alice", json!([change("beside")])).await.record(0);
    library.modify("bob", json!([create("Account", "loose", json!({}))])).await.failed(
        0,
        "ACCESS_DENIED",
        "",
    );
    assert_eq!(met(&server, &courier).await, None);
    // Being taken off the list is the last thing that is heard of the zone.
    library.update_share("alice", json!({ "participants": [] })).await.record(0);
    assert_eq!(met(&server, &courier).await, heard);
    library.modify("alice", json!([change("child")])).await.record(0);
    assert_eq!(met(&server, &courier).await, None);
}

/// A report of 2016 has owners hear nothing of this; that the share changes like any record is inferred.
#[tokio::test]
async fn c101_owners_hear_of_shares_that_are_made_accepted_and_left() {
    let server = impatient().await;
    let library = library(&server).await;
    let alice = server.user("alice");
    let courier = alice.register_for_notifications().await;
    let zone = json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": { "zoneName": ZONE } });
    alice.subscribe("private", zone).await;
    let query = json!({ "subscriptionID": "q", "subscriptionType": "query",
        "query": { "recordType": "Account" }, "firesOn": ["update"] });
    alice.subscribe("private", query).await;
    let heard = async || {
        let mut heard = Vec::new();
        while let Some(notification) = server.poll(&courier).await {
            let ck = &notification["ck"];
            heard.push(match &ck["qry"]["rid"] {
                serde_json::Value::Null => ck["fet"]["sid"].as_str().unwrap().to_owned(),
                record => record.as_str().unwrap().to_owned(),
            });
        }
        heard
    };
    // The root changes with the share.
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_ONLY")])).await;
    assert_eq!(heard().await, ["root", "z"]);
    accept(&server, "bob", &share).await;
    assert_eq!(heard().await, ["z"]);
    // Accepted again, nothing changes.
    accept(&server, "bob", &share).await;
    assert!(heard().await.is_empty());
    library
        .modify("bob", json!([operation("forceDelete", json!({ "recordName": "share" }))]))
        .await
        .record(0);
    assert_eq!(heard().await, ["z"]);
}

/// The other way to leave, and the end of the share.
#[tokio::test]
async fn c101_owners_hear_of_a_zone_that_is_left_and_of_the_end() {
    let server = impatient().await;
    let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
    let alice = server.user("alice");
    let courier = alice.register_for_notifications().await;
    let bobs = server.user("bob").register_for_notifications().await;
    alice.subscribe("private", database_subscription("a")).await;
    server.user("bob").subscribe("shared", database_subscription("b")).await;
    let owner = alice.name().await;
    let heard = |id: &str, number| Some((id.to_owned(), ZONE.to_owned(), owner.clone(), number));

    let zone = json!({ "operationType": "delete", "zone": { "zoneID": library.zone } });
    server.user("bob").post("shared/zones/modify", json!({ "operations": [zone] })).await.ok();
    assert_eq!(met(&server, &courier).await, heard("a", 1));
    assert_eq!(met(&server, &bobs).await, heard("b", 2));
    let zone = json!({ "operationType": "delete", "zone": { "zoneID": { "zoneName": ZONE } } });
    alice.modify_zones(json!([zone])).await.ok();
    assert_eq!(met(&server, &courier).await, heard("a", 1));
    assert_eq!((met(&server, &courier).await, met(&server, &bobs).await), (None, None));
    // The default zone is no part of it.
    alice.create("private", "Account", "a-1", json!({})).await;
    assert_eq!(met(&server, &courier).await, None);
}
