//! Who is on the list of a share.

use serde_json::{Value, json};

use super::super::support::{check_contains, operation};
use super::{check_denied, invited, library, server, share_of, shared_with_bob};

#[tokio::test]
async fn c092_bad_participants_are_refused() {
    let server = server().await;
    let library = library(&server).await;
    let tag = library.tag("root").await;
    let share = |participants: Value| json!([share_of("root", &tag, "NONE", participants)]);
    for bad in [
        json!([{ "permission": "READ_ONLY" }]),
        json!([invited("bob@example.com", "READ")]),
        json!(["bob@example.com"]),
        json!({}),
    ] {
        library.modify("alice", share(bad)).await.refused(400, "BAD_REQUEST", "BadRequestException");
    }
    let nobody = json!([{ "userIdentity": { "userRecordName": "_nobody" }, "permission": "READ_ONLY" }]);
    library.modify("alice", share(nobody)).await.failed(0, "BAD_REQUEST", "_nobody");
    let twice = json!([invited("bob@example.com", "READ_ONLY"), invited("BOB@example.com", "READ_WRITE")]);
    library.modify("alice", share(twice)).await.failed(0, "BAD_REQUEST", "twice");
    let many: Vec<Value> =
        (0..101).map(|at| invited(&format!("{at}@elsewhere.example"), "READ_ONLY")).collect();
    library.modify("alice", share(many.into())).await.failed(0, "BAD_REQUEST", "too many participants");
    let many: Vec<Value> =
        (0..100).map(|at| invited(&format!("{at}@elsewhere.example"), "READ_ONLY")).collect();
    library.modify("alice", share(many.into())).await.record(0);
}

#[tokio::test]
async fn c093_the_owner_removes_participants() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let both = json!([invited("bob@example.com", "READ_ONLY"), invited("carol@example.com", "READ_ONLY")]);
    let reply = library.update_share("alice", json!({ "participants": both })).await;
    check_contains(
        &reply.record(0)["participants"],
        &json!([{ "type": "OWNER" }, { "permission": "READ_ONLY", "acceptanceStatus": "ACCEPTED" },
            { "permission": "READ_ONLY", "acceptanceStatus": "INVITED" }]),
    );
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("bob", json!([operation("update", change)])).await, "WRITE");

    let mut removed = invited("bob@example.com", "READ_ONLY");
    removed["acceptanceStatus"] = json!("REMOVED");
    library.update_share("alice", json!({ "participants": [removed] })).await.record(0);
    library.lookup("bob", "child").await.failed(0, "ZONE_NOT_FOUND", "");
    let share = library.lookup("alice", "share").await.record(0).clone();
    assert_eq!(share["participants"].as_array().map(Vec::len), Some(1), "{share}");
}
