//! Who is notified of what happens in shared zones.

use serde_json::json;

use super::super::support::{Server, check_contains, int64, one, operation};
use super::{ZONE, shared_with_bob};

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
