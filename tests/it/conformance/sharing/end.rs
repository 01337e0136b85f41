//! How sharing ends.

use serde_json::json;

use super::super::support::{check_contains, operation};
use super::{resolve_one, server, shared_with_bob};

#[tokio::test]
async fn c093_sharing_ends_with_the_share_and_with_the_root() {
    for ends in ["share", "root"] {
        let server = server().await;
        let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
        let gone = operation("forceDelete", json!({ "recordName": ends }));
        library.modify("alice", json!([gone])).await.record(0);
        library.lookup("bob", "child").await.failed(0, "ZONE_NOT_FOUND", "");
        assert!(library.zone_names("bob").await.is_empty(), "{ends}");
        library.lookup("alice", "share").await.failed(0, "NOT_FOUND", "");
        let result = resolve_one(&server.user("bob"), "accept", &share).await;
        check_contains(&result, &json!({ "serverErrorCode": "NOT_FOUND" }));
        if ends == "share" {
            let root = library.lookup("alice", "root").await.record(0).clone();
            assert!(root.get("share").is_none(), "{root}");
            library.share("NONE", json!([])).await;
        } else {
            library.lookup("alice", "child").await.record(0);
        }
    }
}

/// What a delete means to a participant is inferred from the native framework.
#[tokio::test]
async fn c093_a_participant_leaves_by_deleting() {
    for by_zone in [false, true] {
        let server = server().await;
        let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
        if by_zone {
            let zone = json!({ "operationType": "delete", "zone": { "zoneID": library.zone } });
            let reply = server.user("bob").post("shared/zones/modify", json!({ "operations": [zone] })).await;
            check_contains(&reply.ok().body["zones"][0], &json!({ "zoneID": library.zone, "deleted": true }));
        } else {
            let gone = operation("forceDelete", json!({ "recordName": "share" }));
            library.modify("bob", json!([gone])).await.record(0);
        }
        library.lookup("bob", "root").await.failed(0, "ZONE_NOT_FOUND", "");
        let share = library.lookup("alice", "share").await.record(0).clone();
        assert_eq!(share["participants"].as_array().map(Vec::len), Some(1), "{share}");
        library.lookup("alice", "root").await.record(0);
    }
}
