//! What a participant may do.

use reqwest::Method;
use serde_json::json;

use super::super::support::{check_contains, create, int64, one, operation, text, typed};
use super::{check_denied, invited, server, shared_with_bob};

#[tokio::test]
async fn c093_who_may_only_read_writes_nothing() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
    let before = library.lookup("alice", "child").await.record(0).clone();
    let change = json!({ "recordName": "child", "recordChangeTag": before["recordChangeTag"],
        "fields": one("cents", int64(2)) });
    check_denied(&library.modify("bob", json!([operation("update", change.clone())])).await, "WRITE");
    check_denied(&library.modify("bob", json!([operation("forceReplace", change.clone())])).await, "WRITE");
    check_denied(&library.modify("bob", json!([operation("delete", change)])).await, "WRITE");
    let forced = json!({ "recordName": "child" });
    check_denied(&library.modify("bob", json!([operation("forceDelete", forced)])).await, "WRITE");
    let mut new = create("Account", "new", json!({}));
    new["record"]["parent"] = json!({ "recordName": "child" });
    check_denied(&library.modify("bob", json!([new])).await, "CREATE");
    assert_eq!(library.lookup("alice", "child").await.record(0), &before);
    library.lookup("alice", "new").await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c093_who_may_write_writes_below_what_is_shared() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let bob = server.user("bob").name().await;
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "fields": one("cents", int64(2)) });
    library.modify("bob", json!([operation("update", change)])).await.record(0);
    let seen = library.lookup("alice", "child").await.record(0).clone();
    check_contains(
        &seen,
        &json!({ "fields": { "cents": { "value": 2 } }, "modified": { "userRecordName": bob },
        "parent": { "recordName": "root" } }),
    );

    let mut new = create("Account", "new", json!({}));
    new["record"]["parent"] = json!({ "recordName": "child" });
    let friend = json!({ "recordName": "root", "zoneID": library.zone, "action": "NONE" });
    new["record"]["fields"]["friend"] = typed("REFERENCE", friend);
    let made = library.modify("bob", json!([new])).await.record(0).clone();
    check_contains(
        &made,
        &json!({ "zoneID": library.zone, "created": { "userRecordName": bob },
        "fields": { "friend": { "value": { "recordName": "root", "zoneID": library.zone } } } }),
    );
    assert_eq!(library.lookup("alice", "new").await.record(0)["created"], made["created"]);

    // Beside it nothing can be made, found or moved to.
    check_denied(&library.modify("bob", json!([create("Account", "loose", json!({}))])).await, "CREATE");
    let mut hidden = create("Account", "loose", json!({}));
    hidden["record"]["parent"] = json!({ "recordName": "beside" });
    check_denied(&library.modify("bob", json!([hidden])).await, "CREATE");
    let moved = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"], "parent": { "recordName": "beside" } });
    check_denied(&library.modify("bob", json!([operation("update", moved)])).await, "WRITE");
    let unparented = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"] });
    check_denied(&library.modify("bob", json!([operation("replace", unparented)])).await, "WRITE");
    let change = json!({ "recordName": "beside", "recordChangeTag": library.tag("beside").await });
    library.modify("bob", json!([operation("update", change.clone())])).await.failed(0, "NOT_FOUND", "");
    library.modify("bob", json!([operation("delete", change)])).await.failed(0, "NOT_FOUND", "");
    let forced = json!({ "recordName": "beside", "recordType": "Account" });
    library.modify("bob", json!([operation("forceDelete", forced.clone())])).await;
    check_denied(&library.modify("bob", json!([operation("forceReplace", forced)])).await, "CREATE");
    let validated = json!({ "recordName": "beside", "action": "VALIDATE" });
    let change = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"],
        "fields": one("friend", typed("REFERENCE", validated)) });
    library.modify("bob", json!([operation("update", change)])).await.failed(
        0,
        "VALIDATING_REFERENCE_ERROR",
        "",
    );
    library.lookup("alice", "beside").await.record(0);

    library.modify("bob", json!([operation("forceDelete", json!({ "recordName": "new" }))])).await.record(0);
    library.lookup("alice", "new").await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c093_only_owner_and_administrators_change_a_share() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let open = json!({ "publicPermission": "READ_WRITE" });
    check_denied(&library.update_share("bob", open.clone()).await, "WRITE");
    let mut bob = invited("bob@example.com", "READ_WRITE");
    bob["type"] = json!("ADMINISTRATOR");
    let reply = library.update_share("alice", json!({ "participants": [bob] })).await;
    check_contains(
        &reply.record(0)["participants"][1],
        &json!({ "type": "ADMINISTRATOR", "acceptanceStatus": "ACCEPTED" }),
    );
    assert_eq!(library.update_share("bob", open).await.record(0)["publicPermission"], "READ_WRITE");
    let mut own = create("cloudkit.share", "own", json!({}));
    own["record"]["forRecord"] =
        json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("bob", json!([own])).await, "CREATE");
}

#[tokio::test]
async fn c093_participants_bring_files_where_they_may_write() {
    let server = server().await;
    let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
    let tokens = json!([{ "recordType": "Everything", "recordName": "scan", "fieldName": "assetid" }]);
    let reply = library.post("bob", "assets/upload", json!({ "tokens": tokens })).await;
    let url = text(&reply.ok().body["tokens"][0]["url"]).to_owned();
    let uploaded = server.fetch(Method::POST, &url, &[], b"a scan").await.json();
    let mut scan =
        create("Everything", "scan", one("assetid", typed("ASSETID", uploaded["singleFile"].clone())));
    scan["record"]["parent"] = json!({ "recordName": "root" });
    library.modify("bob", json!([scan])).await.record(0);
    let seen = library.lookup("alice", "scan").await;
    let url = text(&seen.record(0)["fields"]["assetid"]["value"]["downloadURL"]).replace("${f}", "scan");
    assert_eq!(server.fetch(Method::GET, &url, &[], &[]).await.body, b"a scan");

    let assets = json!([{ "recordName": "scan", "fieldName": "assetid" }, { "recordName": "beside", "fieldName": "note" }]);
    let reply = library.post("bob", "assets/rereference", json!({ "assets": assets })).await;
    check_contains(&reply.ok().body["assets"][0], &json!({ "size": 6 }));
    check_contains(
        &reply.body["assets"][1],
        &json!({ "serverErrorCode": "NOT_FOUND", "reason": "Record not found" }),
    );

    let read_only = json!([invited("bob@example.com", "READ_ONLY")]);
    library.update_share("alice", json!({ "participants": read_only })).await.record(0);
    library.post("bob", "assets/upload", json!({ "tokens": tokens })).await.refused(
        403,
        "ACCESS_DENIED",
        "WRITE",
    );
    library.post("bob", "assets/rereference", json!({ "assets": assets })).await.refused(
        403,
        "ACCESS_DENIED",
        "WRITE",
    );
    drop(share);
}
