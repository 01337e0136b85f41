//! What the shared database shows of zones of others.

use serde_json::{Value, json};

use super::super::support::{Server, check_contains, create, int64, one, operation, text};
use super::{Library, accept, library, resolve_one, server, share_of, shared_with_bob};

#[tokio::test]
async fn c093_participants_see_what_is_shared_and_nothing_else() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
    assert_eq!(library.names("alice").await, ["beside", "child", "grandchild", "root"]);
    assert_eq!(library.names("bob").await, ["child", "grandchild", "root"]);
    library.lookup("bob", "beside").await.failed(0, "NOT_FOUND", "Record not found");
    library.lookup("bob", "share").await.record(0);

    let body = json!({ "query": { "recordType": "Account" }, "zoneWide": true });
    let everywhere = server.user("bob").post("shared/records/query", body).await;
    assert_eq!(everywhere.sorted_names(), ["child", "grandchild", "root"]);
    check_contains(everywhere.record(0), &json!({ "zoneID": library.zone }));

    // Not for others, and not in another database.
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
    let body = json!({ "records": [{ "recordName": "root" }], "zoneID": library.zone });
    server.user("bob").post("private/records/lookup", body).await.failed(0, "ZONE_NOT_FOUND", "");
    let body = json!({ "query": { "recordType": "Account" }, "zoneWide": true });
    assert!(server.user("carol").post("shared/records/query", body).await.names().is_empty());
    server.user("bob").query("shared", json!({ "recordType": "Account" })).await.refused(
        400,
        "BAD_REQUEST",
        "zoneID needs to have ownerRecordName field for calls to sharedb",
    );
}

#[tokio::test]
async fn c093_a_query_of_all_shared_zones_goes_through_them_in_one_order() {
    let server = server().await;
    let mut expected = Vec::new();
    for (owner, start) in [("alice", 0), ("carol", 1)] {
        let caller = server.user(owner);
        let zone = json!({ "zoneName": "numbers" });
        let body = json!({ "operations": [{ "operationType": "create", "zone": { "zoneID": zone } }] });
        caller.post("private/zones/modify", body).await.ok();
        let mut operations = vec![create("Account", "top", one("cents", int64(-1)))];
        for at in 0..7 {
            let cents = 2 * at + start;
            let mut child = create("Account", &format!("n-{cents:02}"), one("cents", int64(cents)));
            child["record"]["parent"] = json!({ "recordName": "top" });
            operations.push(child);
            expected.push(format!("n-{cents:02}"));
        }
        let body = json!({ "operations": operations, "zoneID": zone });
        let reply = caller.post("private/records/modify", body).await;
        let tag = text(&reply.record(0)["recordChangeTag"]);
        let share = share_of("top", tag, "READ_ONLY", json!([]));
        let reply =
            caller.post("private/records/modify", json!({ "operations": [share], "zoneID": zone })).await;
        accept(&server, "bob", reply.record(0)).await;
    }
    expected.sort();
    let mut found = Vec::new();
    let mut marker = Value::Null;
    for page in 0.. {
        let body = json!({ "zoneWide": true, "resultsLimit": 4, "continuationMarker": marker, "query": {
            "recordType": "Account", "sortBy": [{ "fieldName": "cents" }],
            "filterBy": [{ "fieldName": "cents", "comparator": "GREATER_THAN_OR_EQUALS", "fieldValue": int64(0) }] } });
        let reply = server.user("bob").post("shared/records/query", body).await;
        found.extend(reply.names());
        marker = reply.body["continuationMarker"].clone();
        assert!(page < 5, "no end");
        if marker.is_null() {
            break;
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn c093_a_whole_zone_can_be_shared() {
    let server = server().await;
    let library = library(&server).await;
    let share = json!({ "recordType": "cloudkit.share", "recordName": "cloudkit.zoneshare",
        "publicPermission": "READ_WRITE" });
    let share = library.modify("alice", json!([operation("create", share)])).await.record(0).clone();
    let result = resolve_one(&server.user("bob"), "accept", &share).await;
    check_contains(&result, &json!({ "participantStatus": "ACCEPTED" }));
    assert!(result.get("rootRecordName").is_none(), "{result}");
    assert_eq!(library.names("bob").await, ["beside", "child", "grandchild", "root"]);
    library.modify("bob", json!([create("Account", "loose", json!({}))])).await.record(0);
    library.lookup("alice", "loose").await.record(0);
}

#[tokio::test]
async fn c093_shares_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("container.sqlite");
    let start = || Server::start_with(|builder| builder.user("carol").data(&file).seed(11));
    let server = start().await;
    let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
    let zone = library.zone.clone();
    server.container.stop().await;

    let server = start().await;
    let library = Library { server: &server, zone };
    assert_eq!(library.names("bob").await, ["child", "grandchild", "root"]);
    let result = resolve_one(&server.user("bob"), "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantStatus": "ACCEPTED", "participantPermission": "READ_WRITE" }),
    );
}
