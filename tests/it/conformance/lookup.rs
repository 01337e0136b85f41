//! Statements 54 to 56: records by name.

use serde_json::{Value, json};

use super::support::{Server, create, int64, one, string};

#[tokio::test]
async fn c054_hits_and_misses_keep_their_places() {
    let server = Server::start().await;
    let key = server.key();
    for (name, cents) in [("a-1", 1), ("a-2", 2)] {
        key.create("public", "Account", name, one("cents", int64(cents))).await;
    }
    let names = ["nope", "a-2", "nope-2", "a-1", "a-2", "nope"];
    let reply = key.lookup("public", &names).await;
    assert_eq!(reply.records().len(), names.len());
    for (at, name) in names.into_iter().enumerate() {
        if name.starts_with('a') {
            assert_eq!(reply.record(at)["recordName"], name);
            assert_eq!(reply.record(at)["recordType"], "Account");
            assert_eq!(reply.record(at)["deleted"], false);
        } else {
            let miss =
                json!({ "recordName": name, "reason": "Record not found", "serverErrorCode": "NOT_FOUND" });
            assert_eq!(reply.records()[at], miss);
        }
    }
    assert_eq!(reply.record(1), reply.record(4), "a name may be asked for twice");
    assert_eq!(key.lookup("public", &[]).await.records(), [] as [Value; 0]);
}

#[tokio::test]
async fn c054_unknown_keys_of_a_lookup_are_harmless() {
    let server = Server::start().await;
    server.key().create("public", "Account", "a-1", json!({})).await;
    let body = json!({
        "records": [{ "recordName": "a-1", "recordType": "Node", "recordChangeTag": "zz", "fields": {} }],
        "assetPrivacyMaskType": "NONE",
    });
    assert_eq!(server.key().post("public/records/lookup", body).await.record(0)["recordType"], "Account");
}

/// That each item fails, and not the request, is inferred.
#[tokio::test]
async fn c054_a_missing_zone_fails_each_item() {
    let server = Server::start().await;
    let body = json!({ "records": [{ "recordName": "a-1" }, { "recordName": "a-2" }],
        "zoneID": { "zoneName": "no-such-zone" } });
    let reply = server.user("alice").post("private/records/lookup", body).await;
    assert_eq!(reply.records().len(), 2);
    for (at, name) in ["a-1", "a-2"].into_iter().enumerate() {
        assert_eq!(reply.failed(at, "ZONE_NOT_FOUND", "")["recordName"], name);
    }
}

#[tokio::test]
async fn c054_the_default_zone_has_two_names() {
    let server = Server::start().await;
    let alice = server.user("alice");
    alice.create("private", "Account", "a-1", json!({})).await;
    let owner = alice.name().await;
    for zone in [
        Value::Null,
        json!({ "zoneName": "_defaultZone" }),
        json!({ "zoneName": "_defaultZone", "zoneType": "DEFAULT_ZONE" }),
        json!({ "zoneName": "_defaultZone", "ownerRecordName": owner }),
        json!({ "zoneName": "_defaultZone", "ownerRecordName": "_defaultOwner" }),
        json!({ "zoneName": "_defaultZone", "ownerRecordName": "__defaultOwner__" }),
    ] {
        let body = json!({ "records": [{ "recordName": "a-1" }], "zoneID": zone });
        alice.post("private/records/lookup", body).await.record(0);
    }
}

#[tokio::test]
async fn c055_desired_keys_of_an_item_win() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1), "note": string("n") });
    server.key().create("public", "Account", "a-1", fields.clone()).await;
    let body = json!({ "desiredKeys": ["owner"], "records": [
        { "recordName": "a-1" },
        { "recordName": "a-1", "desiredKeys": ["cents", "note"] },
        { "recordName": "a-1", "desiredKeys": [] },
        { "recordName": "a-1", "desiredKeys": ["opened"] },
    ] });
    let reply = server.key().post("public/records/lookup", body).await;
    for (at, expected) in [
        (0, json!({ "owner": string("Ines") })),
        (1, json!({ "cents": int64(1), "note": string("n") })),
        (2, json!({})),
        (3, json!({})),
    ] {
        assert_eq!(reply.record(at)["fields"], expected, "{at}");
        assert_eq!(reply.record(at)["recordType"], "Account", "system keys always come");
        assert!(reply.record(at)["recordChangeTag"].is_string());
    }

    for (desired_keys, expected) in [(json!([]), json!({})), (Value::Null, fields)] {
        let body = json!({ "desiredKeys": desired_keys, "records": [{ "recordName": "a-1" }] });
        assert_eq!(server.key().post("public/records/lookup", body).await.record(0)["fields"], expected);
    }
}

#[tokio::test]
async fn c055_two_hundred_names_are_the_most() {
    let server = Server::start().await;
    server.key().modify("public", json!([create("Account", "a-199", json!({}))])).await.record(0);
    let names: Vec<String> = (0..201).map(|at| format!("a-{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    server.key().lookup("public", &names).await.refused(400, "BAD_REQUEST", "");
    let reply = server.key().lookup("public", &names[..200]).await;
    assert_eq!(reply.records().len(), 200);
    reply.record(199);
}

#[tokio::test]
async fn c056_the_callers_own_user_record_can_be_looked_up() {
    let server = Server::start().await;
    for caller in [server.user("alice"), server.user("bob")] {
        let name = caller.name().await;
        let reply = caller.lookup("public", &[&name]).await;
        assert_eq!(reply.record(0)["recordName"], name);
        assert_eq!(reply.record(0)["recordType"], "Users");
    }
}
