//! Shares by their short GUID.

use cloudkit_test_container::TestContainer;
use serde_json::{Value, json};

use super::{CONTAINER, Raw, Reply, start};

const SCHEMA: &str = "DEFINE SCHEMA
    RECORD TYPE Article (title STRING, note STRING,
        GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\", GRANT WRITE TO \"_creator\");";

async fn ask(container: &TestContainer, user: &str, method: &str, path: &str, body: Value) -> Reply {
    let target = format!("/v1/database/containers/{CONTAINER}/environments/DEVELOPMENT/{path}");
    Raw::new(method, target).signed_in(container, user).json(&body).send(container).await
}

/// Alice's article, shared with Bob, and the short GUID of the share.
async fn shared(container: &TestContainer) -> String {
    let zones = "databases/PRIVATE/zones";
    ask(container, "alice", "POST", zones, json!({ "zoneName": "books" })).await.json(201);
    let records = &format!("{zones}/books/records");
    let fields = json!({ "title": { "type": "stringType", "value": "Hello" },
        "note": { "type": "stringType", "value": "for later" } });
    let article = json!({ "recordName": "a", "recordType": "Article", "fields": fields });
    let saved = ask(container, "alice", "POST", records, article).await.json(201);
    let invited = json!({ "userIdentity": { "lookupInfo": { "emailAddress": "bob@example.com" } },
        "permission": "READ_ONLY" });
    let root = json!({ "recordName": "a", "recordChangeTag": saved["record"]["recordChangeTag"] });
    let share = json!({ "recordName": "share", "recordType": "cloudkit.share", "fields": {}, "forRecord": root,
        "publicPermission": "NONE", "participants": [invited] });
    let saved = ask(container, "alice", "POST", records, share).await.json(201);
    let guid = saved["record"]["shortGuid"].as_str().unwrap_or_else(|| panic!("{saved}"));
    guid.to_owned()
}

#[tokio::test]
async fn a_share_is_resolved_and_accepted() {
    let container = start(|builder| builder.schema(SCHEMA)).await;
    let guid = shared(&container).await;
    let resolve = format!("sharedRecords/{guid}/resolve");
    let body = json!({ "shouldFetchRootRecord": true, "requestedFields": ["title"] });
    let record = ask(&container, "bob", "POST", &resolve, body.clone()).await.json(200)["record"].clone();
    let owner = &container.user("alice").unwrap().record_name;
    let expected = [
        ("shortGuid", json!(guid)),
        ("containerId", json!(CONTAINER)),
        ("environment", json!("DEVELOPMENT")),
        ("databaseType", json!("SHARED")),
        ("rootRecordName", json!("a")),
        ("participantType", json!("USER")),
        ("participantStatus", json!("INVITED")),
        ("participantPermission", json!("READ_ONLY")),
    ];
    for (member, value) in expected {
        assert_eq!(record[member], value, "{member} of {record}");
    }
    assert_eq!(record["userIdentity"]["userRecordName"], *owner, "{record}");
    assert_eq!(record["zone"]["zoneName"], "books", "{record}");
    assert_eq!(record["share"]["recordType"], "cloudkit.share", "{record}");
    assert_eq!(
        record["rootRecord"]["fields"],
        json!({ "title": { "type": "stringType", "value": "Hello" } }),
        "only what was asked for"
    );
    // Resolving is no acceptance.
    let shared_zones = "databases/SHARED/zones";
    let zones = async || ask(&container, "bob", "GET", shared_zones, json!({})).await.json(200);
    assert!(!zones().await.to_string().contains("books"));

    let accept = format!("sharedRecords/{guid}/accept");
    let record = ask(&container, "bob", "POST", &accept, json!({})).await.json(200)["record"].clone();
    assert_eq!(record["participantStatus"], "ACCEPTED", "{record}");
    assert!(record.get("rootRecord").is_none(), "it was not asked for: {record}");
    assert!(zones().await.to_string().contains("books"));
    // The owner finds the same in a database of another name.
    let record = ask(&container, "alice", "POST", &resolve, json!({})).await.json(200)["record"].clone();
    assert_eq!((&record["databaseType"], &record["participantType"]), (&json!("PRIVATE"), &json!("OWNER")));
}

#[tokio::test]
async fn what_cannot_be_resolved_is_refused_in_the_words_of_the_management_api() {
    let container = start(|builder| builder.schema(SCHEMA).user("carol")).await;
    let guid = shared(&container).await;
    for action in ["resolve", "accept"] {
        let path = |guid: &str| format!("sharedRecords/{guid}/{action}");
        let unknown = ask(&container, "bob", "POST", &path("0nobody"), json!({})).await;
        unknown.refused(404, "NOT_FOUND", "Short GUID not found");
        let stranger = ask(&container, "carol", "POST", &path(&guid), json!({})).await;
        stranger.refused(403, "ACCESS_DENIED", "was not invited");
        let wrong = ask(&container, "bob", "POST", &path(&guid), json!({ "requestedFields": "title" })).await;
        wrong.refused(400, "BAD_REQUEST", "'requestedFields' must be an array of strings");
        // A management token belongs to nobody who could take part.
        let target = format!("/v1/database/containers/{CONTAINER}/environments/DEVELOPMENT/{}", path(&guid));
        let managed =
            Raw::new("POST", target.as_str()).managed(&container).json(&json!({})).send(&container).await;
        assert!(matches!(managed.status, 401 | 421), "{managed:?}");
        let production = target.replace("DEVELOPMENT", "PRODUCTION");
        let elsewhere = Raw::new("POST", production).signed_in(&container, "bob").json(&json!({}));
        elsewhere.send(&container).await.refused(404, "NOT_FOUND", "Short GUID not found");
    }
}
