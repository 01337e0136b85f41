//! Making shares, and what a share shows.

use serde_json::json;

use super::super::support::{Server, check_contains, create, operation, string, text, typed};
use super::{invited, library, server, share_of};

#[tokio::test]
async fn c092_a_record_gets_a_short_guid_when_it_asks_for_one() {
    let server = server().await;
    let library = library(&server).await;
    let reply = library.lookup("alice", "root").await;
    let guid = text(&reply.record(0)["shortGUID"]).to_owned();
    assert!(guid.len() >= 5, "{reply:?}");
    assert!(library.lookup("alice", "child").await.record(0).get("shortGUID").is_none());

    let update = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "createShortGUID": true });
    let reply = library.modify("alice", json!([operation("update", update)])).await;
    assert_ne!(reply.record(0)["shortGUID"], guid);
    assert!(reply.record(0)["shortGUID"].is_string(), "{reply:?}");

    // Outside of custom zones there is nothing to share. The code is inferred.
    let mut record = create("Account", "a-1", json!({}));
    record["record"]["createShortGUID"] = json!(true);
    for database in ["private", "public"] {
        let reply = server.user("alice").modify(database, json!([record])).await;
        reply.failed(0, "BAD_REQUEST", "custom zone");
    }
}

#[tokio::test]
async fn c092_a_share_names_owner_participants_and_address() {
    let server = server().await;
    let library = library(&server).await;
    let before = library.lookup("alice", "root").await.record(0).clone();
    let share = library.share("READ_ONLY", json!([invited("bob@example.com", "READ_WRITE")])).await;
    let (alice, bob) = (server.user("alice").name().await, server.user("bob").name().await);
    check_contains(
        &share,
        &json!({
            "recordName": "share", "recordType": "cloudkit.share", "publicPermission": "READ_ONLY",
            "shortGUID": before["shortGUID"], "share": { "recordName": "root" }, "zoneID": library.zone,
            "fields": { "cloudkit.title": { "value": "Books", "type": "STRING" } },
            "participants": [
                { "type": "OWNER", "permission": "READ_WRITE", "acceptanceStatus": "ACCEPTED",
                  "userIdentity": { "userRecordName": alice } },
                { "type": "USER", "permission": "READ_WRITE", "acceptanceStatus": "INVITED",
                  "userIdentity": { "userRecordName": bob, "nameComponents": { "givenName": "Bob" },
                      "lookupInfo": { "emailAddress": "bob@example.com" } } },
            ],
            "owner": { "type": "OWNER", "userIdentity": { "userRecordName": alice } },
            "currentUserParticipant": { "type": "OWNER" },
        }),
    );
    assert_ne!(share["participants"][0]["participantId"], share["participants"][1]["participantId"]);

    let root = library.lookup("alice", "root").await.record(0).clone();
    check_contains(&root, &json!({ "share": { "recordName": "share", "zoneID": library.zone } }));
    assert_ne!(root["recordChangeTag"], before["recordChangeTag"]);
    assert_eq!(root["fields"], before["fields"]);
    let fields = json!({ "cloudkit.thumbnailImageData": typed("BYTES", "AAEC"),
        "cloudkit.type": string("com.example.book") });
    let reply = library.update_share("alice", json!({ "fields": fields })).await;
    check_contains(&reply.record(0)["fields"], &fields);
    library.update_share("alice", json!({ "fields": { "title": string("x") } })).await.failed(
        0,
        "BAD_REQUEST",
        "title",
    );
}

#[tokio::test]
async fn c092_nothing_else_can_be_shared() {
    let server = server().await;
    let library = library(&server).await;
    let text = "Cannot share - no such record exists to share";
    let tag = library.tag("root").await;

    let mut capital = share_of("root", &tag, "NONE", json!([]));
    capital["record"]["recordType"] = json!("cloudKit.share");
    library.modify("alice", json!([capital])).await.failed(0, "BAD_REQUEST", text);
    library.modify("alice", json!([share_of("nope", &tag, "NONE", json!([]))])).await.failed(
        0,
        "BAD_REQUEST",
        text,
    );
    let mut nothing = share_of("root", &tag, "NONE", json!([]));
    nothing["record"].as_object_mut().unwrap().remove("forRecord");
    library.modify("alice", json!([nothing])).await.failed(0, "BAD_REQUEST", text);

    let stale = share_of("root", "zz", "NONE", json!([]));
    library.modify("alice", json!([stale])).await.failed(0, "CONFLICT", "oplock");
    let mut untagged = share_of("root", &tag, "NONE", json!([]));
    untagged["record"]["forRecord"].as_object_mut().unwrap().remove("recordChangeTag");
    library.modify("alice", json!([untagged])).await.refused(400, "BAD_REQUEST", "'recordChangeTag'");

    let saved = server.user("alice").create("private", "Account", "a-1", json!({})).await;
    let share = share_of("a-1", super::super::support::text(&saved["recordChangeTag"]), "NONE", json!([]));
    server.user("alice").modify("private", json!([share])).await.failed(0, "BAD_REQUEST", "custom zone");

    library.share("NONE", json!([])).await;
    let mut again = share_of("root", &library.tag("root").await, "NONE", json!([]));
    again["record"]["recordName"] = json!("second");
    library.modify("alice", json!([again])).await.failed(0, "CONFLICT", "shared already");
}

/// Apple's service refuses the spelling of Apple's reference; a container can be told to take it.
#[tokio::test]
async fn c092_the_documented_spelling_is_taken_on_request() {
    let server = Server::start_with(|builder| builder.documented_share_type(true)).await;
    let library = library(&server).await;
    let mut share = share_of("root", &library.tag("root").await, "READ_ONLY", json!([]));
    share["record"]["recordType"] = json!("cloudKit.share");
    let saved = library.modify("alice", json!([share])).await.record(0).clone();
    check_contains(&saved, &json!({ "recordType": "cloudkit.share", "publicPermission": "READ_ONLY" }));
    let change = json!({ "recordName": "share", "recordType": "cloudKit.share", "publicPermission": "NONE",
        "recordChangeTag": saved["recordChangeTag"] });
    let changed = library.modify("alice", json!([operation("update", change)])).await;
    assert_eq!(changed.record(0)["publicPermission"], "NONE");
    // No other spelling is meant.
    let mut other = share_of("child", &library.tag("child").await, "NONE", json!([]));
    other["record"]["recordType"] = json!("CloudKit.share");
    other["record"]["recordName"] = json!("other");
    let text = "Cannot share - no such record exists to share";
    library.modify("alice", json!([other])).await.failed(0, "BAD_REQUEST", text);
}
