//! Shares for whoever knows their address.

use serde_json::json;

use super::super::support::{check_contains, operation};
use super::{accept, check_denied, library, resolve_one, server};

#[tokio::test]
async fn c093_whoever_has_the_address_of_a_public_share_takes_part() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("READ_ONLY", json!([])).await;
    let carol = server.user("carol");
    let result = resolve_one(&carol, "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantType": "PUBLIC_USER", "participantPermission": "READ_ONLY" }),
    );
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
    accept(&server, "carol", &share).await;
    assert_eq!(library.names("carol").await, ["child", "grandchild", "root"]);
    let shown = library.lookup("alice", "share").await.record(0).clone();
    check_contains(
        &shown["participants"][1],
        &json!({ "type": "PUBLIC_USER", "acceptanceStatus": "ACCEPTED", "permission": "READ_ONLY",
            "userIdentity": { "userRecordName": carol.name().await } }),
    );
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("carol", json!([operation("update", change.clone())])).await, "WRITE");

    library.update_share("alice", json!({ "publicPermission": "READ_WRITE" })).await.record(0);
    library.modify("carol", json!([operation("update", change)])).await.record(0);
    library.update_share("alice", json!({ "publicPermission": "NONE" })).await.record(0);
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
}
