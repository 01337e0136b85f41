//! Statements 38 to 44: several operations at once, their zone, and what is answered of them.

use serde_json::{Value, json};

use super::{CONFLICT, account, check_gone, lookup_in, modify_books, now, tag};
use crate::conformance::support::{Server, create, int64, one, operation, string};

fn many_creates(count: usize) -> Vec<Value> {
    (0..count).map(|at| create("Account", &format!("a-{at}"), one("cents", int64(1)))).collect()
}

#[tokio::test]
async fn c038_two_hundred_operations_are_the_most() {
    let server = Server::start().await;
    let reply = server.key().modify("public", many_creates(201).into()).await;
    reply.refused(400, "BAD_REQUEST", "");
    check_gone(&server.key(), &["a-0", "a-200"]).await;

    let reply = server.key().modify("public", many_creates(200).into()).await;
    let expected: Vec<String> = (0..200).map(|at| format!("a-{at}")).collect();
    assert_eq!(reply.names(), expected);
}

#[tokio::test]
async fn c038_two_operations_on_one_record_are_refused() {
    let server = Server::start().await;
    for kind in ["create", "forceUpdate", "forceDelete"] {
        let operations = json!([
            create("Account", "a-1", json!({})),
            create("Account", "bystander", json!({})),
            operation(kind, account("a-1", None, json!({}))),
        ]);
        server.key().modify("public", operations).await.refused(400, "BAD_REQUEST", "");
    }
    check_gone(&server.key(), &["a-1", "bystander"]).await;
}

/// Inferred.
#[tokio::test]
async fn c038_no_operation_is_no_mistake() {
    let server = Server::start().await;
    assert_eq!(server.key().modify("public", json!([])).await.records(), [] as [Value; 0]);
}

#[tokio::test]
async fn c039_default_zones_are_not_atomic() {
    let server = Server::start().await;
    for (caller, database) in [(server.key(), "public"), (server.user("alice"), "private")] {
        caller.create(database, "Account", "there", json!({})).await;
        let operations = json!([
            create("Account", "a-1", json!({})),
            create("Account", "there", json!({})),
            create("Account", "a-2", json!({})),
        ]);
        let path = format!("{database}/records/modify");
        let reply = caller.post(&path, json!({ "operations": operations, "atomic": true })).await;
        reply.refused(400, "BAD_REQUEST", "atomic operations not supported in default zone");
        let looked_up = caller.lookup(database, &["a-1", "a-2"]).await;
        looked_up.failed(0, "NOT_FOUND", "");
        looked_up.failed(1, "NOT_FOUND", "");

        // With and without an explicit false: each operation stands alone, at its place.
        for (atomic, suffix) in [(json!({}), "absent"), (json!({ "atomic": false }), "false")] {
            let (first, last) = (format!("first-{suffix}"), format!("last-{suffix}"));
            let mut body = json!({ "operations": [
                create("Account", &first, json!({})),
                create("Account", "there", json!({})),
                create("Account", &last, json!({})),
            ] });
            body.as_object_mut().unwrap().extend(atomic.as_object().unwrap().clone());
            let reply = caller.post(&path, body).await;
            assert_eq!(reply.records().len(), 3);
            assert_eq!(reply.record(0)["recordName"], first);
            assert_eq!(reply.failed(1, CONFLICT, "")["recordName"], "there");
            assert_eq!(reply.record(2)["recordName"], last);
            caller.lookup(database, &[&first, &last]).await.record(1);
        }
    }
}

/// The shape of the reply, error and items at once, is a decision: Apple documents the status and the code.
#[tokio::test]
async fn c040_a_custom_zone_is_atomic_unless_told_otherwise() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");
    let there =
        modify_books(&alice, json!({ "operations": [create("Account", "there", one("cents", int64(1)))] }))
            .await;
    let there = there.record(0).clone();

    for atomic in [None, Some(true)] {
        let mut body = json!({ "operations": [
            create("Account", "a-1", json!({})),
            create("Account", "there", json!({})),
            operation("update", account("there-not", Some("k3"), json!({}))),
            operation("forceUpdate", account("a-2", None, json!({}))),
        ] });
        if let Some(atomic) = atomic {
            body["atomic"] = atomic.into();
        }
        let reply = modify_books(&alice, body).await;
        reply.refused(400, "ATOMIC_ERROR", "");
        assert_eq!(reply.items().len(), 4, "{reply:?}");
        for (at, name, code) in [
            (0, "a-1", "ATOMIC_ERROR"),
            (1, "there", CONFLICT),
            (2, "there-not", "NOT_FOUND"),
            (3, "a-2", "ATOMIC_ERROR"),
        ] {
            assert_eq!(reply.failed(at, code, "")["recordName"], name);
        }
        let looked_up = lookup_in(&alice, "books", &["a-1", "a-2", "there"]).await;
        looked_up.failed(0, "NOT_FOUND", "");
        looked_up.failed(1, "NOT_FOUND", "");
        assert_eq!(looked_up.record(2), &there);
    }
}

#[tokio::test]
async fn c040_a_custom_zone_takes_atomic_false_and_atomic_successes() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");
    for body in [
        json!({ "operations": [create("Account", "a-1", json!({})), create("Account", "a-2", json!({}))] }),
        json!({ "operations": [create("Account", "a-3", json!({}))], "atomic": true }),
    ] {
        let reply = modify_books(&alice, body).await;
        for record in reply.records() {
            assert_eq!(record["zoneID"]["zoneName"], "books");
        }
        reply.record(0);
    }

    let body = json!({ "atomic": false, "operations": [
        create("Account", "a-4", json!({})),
        create("Account", "a-1", json!({})),
        operation("forceDelete", json!({ "recordName": "a-2" })),
    ] });
    let reply = modify_books(&alice, body).await;
    assert_eq!(reply.record(0)["recordName"], "a-4");
    reply.failed(1, CONFLICT, "");
    assert_eq!(reply.record(2), &json!({ "recordName": "a-2", "deleted": true }));

    let looked_up = lookup_in(&alice, "books", &["a-1", "a-3", "a-4", "a-2"]).await;
    for at in 0..3 {
        looked_up.record(at);
    }
    looked_up.failed(3, "NOT_FOUND", "");
}

#[tokio::test]
async fn c040_an_undone_batch_leaves_nothing_in_the_indexes() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");
    let first =
        modify_books(&alice, json!({ "operations": [create("Account", "a-1", one("cents", int64(1)))] }))
            .await;
    let first = first.record(0).clone();
    let body = json!({ "operations": [
        operation("update", account("a-1", Some(tag(&first)), one("cents", int64(2)))),
        create("Account", "a-2", one("cents", int64(2))),
        create("Nowhere", "a-3", json!({})),
    ] });
    let reply = modify_books(&alice, body).await;
    reply.refused(400, "ATOMIC_ERROR", "");
    reply.failed(2, "NOT_FOUND", "could not find record_type with name 'Nowhere'");

    for (cents, expected) in [(1, vec!["a-1"]), (2, vec![])] {
        let query = json!({ "recordType": "Account",
            "filterBy": [{ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": int64(cents) }] });
        let body = json!({ "query": query, "zoneID": { "zoneName": "books" } });
        assert_eq!(alice.post("private/records/query", body).await.names(), expected, "{cents}");
    }
    // The tag of before is still the current one.
    let update = account("a-1", Some(tag(&first)), one("cents", int64(3)));
    modify_books(&alice, json!({ "operations": [operation("update", update)] })).await.record(0);
}

#[tokio::test]
async fn c041_the_zone_of_the_request_decides() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");

    let mut record = account("a-1", None, json!({}));
    record["zoneID"] = json!({ "zoneName": "books" });
    alice.modify("private", json!([operation("create", record.clone())])).await.record(0);
    lookup_in(&alice, "_defaultZone", &["a-1"]).await.record(0);
    alice.lookup("private", &["a-1"]).await.record(0);
    lookup_in(&alice, "books", &["a-1"]).await.failed(0, "NOT_FOUND", "");

    record["recordName"] = "a-2".into();
    record["zoneID"] = json!({ "zoneName": "no-such-zone" });
    modify_books(&alice, json!({ "operations": [operation("create", record)] })).await.record(0);
    lookup_in(&alice, "books", &["a-2"]).await.record(0);
}

#[tokio::test]
async fn c041_names_are_unique_per_zone() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");
    alice.create("private", "Account", "a-1", one("cents", int64(1))).await;
    modify_books(&alice, json!({ "operations": [create("Account", "a-1", one("cents", int64(2)))] }))
        .await
        .record(0);
    for (zone, cents) in [("_defaultZone", 1), ("books", 2)] {
        assert_eq!(lookup_in(&alice, zone, &["a-1"]).await.record(0)["fields"]["cents"]["value"], cents);
    }
}

/// That the whole request fails is inferred: the zone is named by the request.
#[tokio::test]
async fn c042_missing_zone_is_zone_not_found() {
    let server = Server::start().await;
    server.container.create_zone("bob", "books").unwrap();
    for (caller, database) in [(server.user("alice"), "private"), (server.key(), "public")] {
        let body =
            json!({ "operations": [create("Account", "a-1", json!({}))], "zoneID": { "zoneName": "books" } });
        caller.post(&format!("{database}/records/modify"), body).await.refused(404, "ZONE_NOT_FOUND", "");
    }
    let body = json!({ "query": { "recordType": "Account" }, "zoneID": { "zoneName": "books" } });
    server.user("alice").post("private/records/query", body).await.refused(404, "ZONE_NOT_FOUND", "");
}

#[tokio::test]
async fn c043_shared_zones_need_their_owner() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let needed = "zoneID needs to have ownerRecordName field for calls to sharedb";
    for zone in [Some(json!({ "zoneName": "books" })), Some(json!({ "zoneName": "_defaultZone" })), None] {
        for (action, body) in [
            ("modify", json!({ "operations": [create("Account", "a-1", json!({}))] })),
            ("lookup", json!({ "records": [{ "recordName": "a-1" }] })),
            ("query", json!({ "query": { "recordType": "Account" } })),
        ] {
            let mut body = body;
            if let Some(zone) = &zone {
                body["zoneID"] = zone.clone();
            }
            alice.post(&format!("shared/records/{action}"), body).await.refused(400, "BAD_REQUEST", needed);
        }
    }
}

#[tokio::test]
async fn c044_desired_keys_of_an_operation_win() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1), "note": string("n") });
    let make = |name: &str, desired_keys: Option<Value>| {
        let mut made = create("Account", name, fields.clone());
        if let Some(keys) = desired_keys {
            made["desiredKeys"] = keys;
        }
        made
    };
    let body = json!({ "desiredKeys": ["owner"], "operations": [
        make("a-0", None),
        make("a-1", Some(json!(["cents", "note"]))),
        make("a-2", Some(json!([]))),
        make("a-3", Some(json!(["opened"]))),
    ] });
    let reply = server.key().post("public/records/modify", body).await;
    for (at, expected) in [
        (0, json!({ "owner": string("Ines") })),
        (1, json!({ "cents": int64(1), "note": string("n") })),
        (2, json!({})),
        (3, json!({})),
    ] {
        let record = reply.record(at);
        assert_eq!(record["fields"], expected, "{at}");
        // System keys always come.
        for key in ["recordName", "recordType", "recordChangeTag", "created", "modified", "deleted"] {
            assert!(record.get(key).is_some(), "{key}: {record}");
        }
    }
    // What is echoed has nothing to do with what is saved.
    assert_eq!(now(&server.key(), "a-2").await["fields"], fields);

    let body = json!({ "desiredKeys": null, "operations": [make("a-4", None)] });
    assert_eq!(server.key().post("public/records/modify", body).await.record(0)["fields"], fields);
    let body = json!({ "desiredKeys": [], "operations": [make("a-5", None)] });
    assert_eq!(server.key().post("public/records/modify", body).await.record(0)["fields"], json!({}));
}
