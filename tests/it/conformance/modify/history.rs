//! Statement 53: who made and changed a record, when, and its tags.

use serde_json::json;

use super::{account, force_delete, tag};
use crate::conformance::support::{Server, int64, one, operation};

#[tokio::test]
async fn c053_the_history_of_a_record_only_goes_forward() {
    let server = Server::start().await;
    let key = server.key();
    let mut record = key.create("public", "Account", "a-1", one("cents", int64(0))).await;
    let created = record["created"].clone();
    assert_eq!(record["modified"]["timestamp"], created["timestamp"]);
    let mut tags = std::collections::HashSet::from([tag(&record).to_owned()]);
    for round in 0..20_i64 {
        server.container.clock().advance(std::time::Duration::from_millis(7));
        // Some saves change nothing, and count all the same (inferred).
        let kind = ["update", "replace", "forceUpdate", "forceReplace"][usize::try_from(round % 4).unwrap()];
        let save = account("a-1", Some(tag(&record)), one("cents", int64(round / 3)));
        let saved = key.modify("public", json!([operation(kind, save)])).await.record(0).clone();
        assert_eq!(saved["created"], created);
        assert!(saved["modified"]["timestamp"].as_i64() >= record["modified"]["timestamp"].as_i64());
        assert!(tags.insert(tag(&saved).to_owned()), "a tag came back: {saved}");
        record = saved;
    }
    assert!(record["modified"]["timestamp"].as_i64() > created["timestamp"].as_i64());

    // Not even after the record was deleted.
    force_delete(&key, "a-1").await.record(0);
    let again = key.create("public", "Account", "a-1", json!({})).await;
    assert!(tags.insert(tag(&again).to_owned()), "a tag came back: {again}");
}

#[tokio::test]
async fn c053_who_modified_a_record_did_not_create_it() {
    let server = Server::start_with(|builder| builder).await;
    let alice = server.user("alice");
    let saved = alice.create("private", "Account", "a-1", json!({})).await;
    assert_eq!(saved["created"]["userRecordName"], alice.name().await);
    let forged = json!({ "recordType": "Account", "recordName": "a-1", "fields": {},
        "created": { "timestamp": 1, "userRecordName": "_0", "deviceID": "x" },
        "modified": { "timestamp": 1, "userRecordName": "_0", "deviceID": "x" } });
    let updated = alice.modify("private", json!([operation("forceUpdate", forged)])).await;
    assert_eq!(updated.record(0)["created"], saved["created"]);
    assert_eq!(updated.record(0)["modified"]["userRecordName"], alice.name().await);
}
