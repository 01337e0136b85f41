//! The change feeds of the shared database.

use serde_json::{Value, json};

use super::super::support::{check_contains, create, operation};
use super::{ZONE, accept, invited, library, server};

#[tokio::test]
async fn c093_feeds_of_the_shared_database_follow_what_is_shared() {
    let server = server().await;
    let bob = server.user("bob");
    let library = library(&server).await;
    let database_changes = async |token: &Value| {
        let reply = bob.post("shared/changes/database", json!({ "syncToken": token })).await;
        let zones = reply.ok().body["zones"].as_array().unwrap().clone();
        (zones, reply.body["syncToken"].clone())
    };
    let (zones, token) = database_changes(&Value::Null).await;
    assert_eq!(zones, [] as [Value; 0]);

    let share = library.share("NONE", json!([invited("bob@example.com", "READ_WRITE")])).await;
    accept(&server, "bob", &share).await;
    let (zones, token) = database_changes(&token).await;
    check_contains(&json!(zones), &json!([{ "zoneID": library.zone, "deleted": false }]));
    let (changes, zone_token) = library.changes("bob", None).await;
    let live = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), false)).collect::<Vec<_>>();
    assert_eq!(changes, live(&["child", "grandchild", "root", "share"]));

    // What happens beside the shared records is not told.
    library
        .modify("alice", json!([operation("forceDelete", json!({ "recordName": "beside" }))]))
        .await
        .record(0);
    let hidden = create("Account", "hidden", json!({}));
    library.modify("alice", json!([hidden])).await.record(0);
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    assert_eq!(database_changes(&token).await.0, [] as [Value; 0]);

    // A record that is taken away is gone with all below it, and comes back with all below it.
    let taken = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "parent": { "recordName": "hidden" } });
    library.modify("alice", json!([operation("update", taken)])).await.record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, [("child".to_owned(), true), ("grandchild".to_owned(), true)]);
    let (zones, token) = database_changes(&token).await;
    assert_eq!(zones.len(), 1, "{zones:?}");
    let back = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "parent": { "recordName": "root" } });
    library.modify("alice", json!([operation("update", back)])).await.record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, live(&["child", "grandchild"]));

    // A deleted one too, once.
    library
        .modify("bob", json!([operation("forceDelete", json!({ "recordName": "grandchild" }))]))
        .await
        .record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, [("grandchild".to_owned(), true)]);
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    let (_, token) = {
        let (zones, next) = database_changes(&token).await;
        assert_eq!(zones.len(), 1);
        (zones, next)
    };

    // A share that comes later shows records that are older than the token.
    let share = operation(
        "create",
        json!({ "recordType": "cloudkit.share", "recordName": "second",
        "publicPermission": "READ_ONLY",
        "forRecord": { "recordName": "hidden", "recordChangeTag": library.tag("hidden").await } }),
    );
    let share = library.modify("alice", json!([share])).await.record(0).clone();
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    accept(&server, "bob", &share).await;
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, live(&["hidden", "second"]));
    let (zones, token) = database_changes(&token).await;
    assert_eq!(zones.len(), 1, "{zones:?}");

    // The zone goes when nothing of it is shared any more.
    let zone = json!({ "operationType": "delete", "zone": { "zoneID": { "zoneName": ZONE } } });
    server.user("alice").post("private/zones/modify", json!({ "operations": [zone] })).await.ok();
    let (zones, token) = database_changes(&token).await;
    check_contains(&json!(zones), &json!([{ "zoneID": library.zone, "deleted": true }]));
    assert_eq!(database_changes(&token).await.0, [] as [Value; 0]);
}
