//! Statements 29 to 45 and 50 to 53: saving and deleting records.

use serde_json::{Value, json};

use super::support::{
    Caller, Reply, Server, check_contains, create, field_of, int64, one, operation, string, text,
};

const NEEDING_A_TAG: [&str; 3] = ["update", "replace", "delete"];
const CONFLICT: &str = "CONFLICT";

fn account(name: &str, tag: Option<&str>, fields: Value) -> Value {
    let mut record = json!({ "recordType": "Account", "recordName": name, "fields": fields });
    if let Some(tag) = tag {
        record["recordChangeTag"] = tag.into();
    }
    record
}

fn tag(record: &Value) -> &str {
    text(&record["recordChangeTag"])
}

/// The record as a lookup has it now.
async fn now(caller: &Caller<'_>, name: &str) -> Value {
    caller.lookup("public", &[name]).await.record(0).clone()
}

async fn check_gone(caller: &Caller<'_>, names: &[&str]) {
    let reply = caller.lookup("public", names).await;
    for at in 0..names.len() {
        reply.failed(at, "NOT_FOUND", "Record not found");
    }
}

#[tokio::test]
async fn c029_a_record_without_a_name_is_given_one() {
    let server = Server::start().await;
    let record =
        json!({ "recordType": "Account", "fields": { "owner": string("Ines"), "cents": int64(1250) } });
    let operations = json!([operation("create", record.clone()), operation("create", record)]);
    let reply = server.key().modify("public", operations).await;
    assert_eq!(reply.records().len(), 2);

    let name = server.key().name().await;
    for at in 0..2 {
        let saved = reply.record(at);
        let groups: Vec<usize> = text(&saved["recordName"]).split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{saved}");
        assert!(!tag(saved).is_empty(), "{saved}");
        assert_eq!(saved["recordType"], "Account");
        assert_eq!(saved["fields"], json!({ "owner": string("Ines"), "cents": int64(1250) }));
        assert_eq!(saved["deleted"], false);
        assert_eq!(saved["pluginFields"], json!({}));
        for stamp in ["created", "modified"] {
            assert!(saved[stamp]["timestamp"].is_i64(), "{saved}");
            assert_eq!(saved[stamp]["userRecordName"], name);
            assert!(saved[stamp]["deviceID"].is_string(), "{saved}");
        }
        assert_eq!(&now(&server.key(), text(&saved["recordName"])).await, saved);
    }
    assert_ne!(reply.record(0)["recordName"], reply.record(1)["recordName"]);
}

/// Apple's document has EXISTS; texts of the live service point to CONFLICT.
#[tokio::test]
async fn c030_creating_what_exists_is_a_conflict() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", json!({ "owner": string("first") })).await;
    for with_tag in [None, Some(tag(&first))] {
        let again = account("a-1", with_tag, one("owner", string("second")));
        let reply = server.key().modify("public", json!([operation("create", again)])).await;
        let item = reply.failed(0, CONFLICT, "record to insert already exists");
        assert_eq!(item["recordName"], "a-1");
        assert!(item.get("fields").is_none(), "{item}");
    }
    assert_eq!(now(&server.key(), "a-1").await, first);
}

/// That the tag of a create is ignored is inferred.
#[tokio::test]
async fn c030_a_tag_with_a_create_is_ignored() {
    let server = Server::start().await;
    let reply = server
        .key()
        .modify("public", json!([operation("create", account("a-1", Some("zz"), json!({})))]))
        .await;
    assert_ne!(tag(reply.record(0)), "");
}

#[tokio::test]
async fn c031_an_update_with_the_current_tag_changes_the_named_fields() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1) });
    let first = server.key().create("public", "Account", "a-1", fields).await;

    let update = account("a-1", Some(tag(&first)), one("cents", int64(2)));
    let reply = server.key().modify("public", json!([operation("update", update)])).await;
    let second = reply.record(0);
    assert_eq!(second["fields"], json!({ "owner": string("Ines"), "cents": int64(2) }));
    assert_ne!(tag(second), tag(&first));
    assert_eq!(&now(&server.key(), "a-1").await, second);

    // The record type may be left out.
    let update =
        json!({ "recordName": "a-1", "recordChangeTag": tag(second), "fields": one("cents", int64(3)) });
    let reply = server.key().modify("public", json!([operation("update", update)])).await;
    assert_eq!(reply.record(0)["fields"]["cents"]["value"], 3);
    assert_eq!(reply.record(0)["recordType"], "Account");
}

#[tokio::test]
async fn c031_a_stale_tag_is_a_conflict() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", one("cents", int64(1))).await;
    let update = account("a-1", Some(tag(&first)), one("cents", int64(2)));
    let second = server.key().modify("public", json!([operation("update", update)])).await.record(0).clone();

    for stale in [tag(&first), "nonsense", "0"] {
        for kind in NEEDING_A_TAG {
            let operations = json!([operation(kind, account("a-1", Some(stale), one("cents", int64(3))))]);
            let reply = server.key().modify("public", operations).await;
            let item = reply.failed(0, CONFLICT, "oplock error");
            assert_eq!(item["recordName"], "a-1");
            assert!(item.get("fields").is_none(), "a conflict does not carry the record: {item}");
        }
    }
    assert_eq!(now(&server.key(), "a-1").await, second);
}

/// Of saves that know the same tag, or make the same record, at the same time, one is made.
#[tokio::test]
async fn c031_of_racing_saves_one_wins() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", one("cents", int64(0))).await;
    let key = server.key();
    for (kind, name) in [("update", "a-1"), ("create", "a-2")] {
        let save = |cents| {
            let record = account(name, Some(tag(&first)), one("cents", int64(cents)));
            key.modify("public", json!([operation(kind, record)]))
        };
        let (a, b, c, d) = tokio::join!(save(1), save(2), save(3), save(4));
        let replies = [a, b, c, d];
        let won: Vec<&Value> = replies
            .iter()
            .map(|reply| &reply.records()[0])
            .filter(|item| item.get("serverErrorCode").is_none())
            .collect();
        assert_eq!(won.len(), 1, "{kind}: {replies:?}");
        assert_eq!(
            replies.iter().filter(|reply| reply.records()[0]["serverErrorCode"] == CONFLICT).count(),
            3
        );
        assert_eq!(&now(&key, name).await, won[0], "{kind}");
    }
}

#[tokio::test]
async fn c032_without_a_tag_nothing_of_the_batch_happens() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", one("cents", int64(1))).await;
    for kind in NEEDING_A_TAG {
        for (before, after) in [(true, false), (false, true)] {
            let mut operations = vec![operation(kind, account("a-1", None, one("cents", int64(2))))];
            if before {
                operations.insert(0, create("Account", "bystander", json!({})));
            }
            if after {
                operations.push(create("Account", "bystander", json!({})));
            }
            let reply = server.key().modify("public", operations.into()).await;
            reply.refused(
                400,
                "BAD_REQUEST",
                "BadRequestException: missing required field 'recordChangeTag'",
            );
            check_gone(&server.key(), &["bystander"]).await;
        }
    }
    assert_eq!(now(&server.key(), "a-1").await, first);
}

#[tokio::test]
async fn c033_a_tag_for_a_missing_record_is_not_found() {
    let server = Server::start().await;
    for kind in NEEDING_A_TAG {
        let operations = json!([operation(kind, account("nobody", Some("k3"), one("cents", int64(2))))]);
        let reply = server.key().modify("public", operations).await;
        let item = reply.failed(0, "NOT_FOUND", "recordChangeTag specified, but record not found");
        assert_eq!(item["recordName"], "nobody");
    }
    check_gone(&server.key(), &["nobody"]).await;
}

#[tokio::test]
async fn c034_replace_clears_what_is_not_named() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1), "note": string("x") });
    let mut record = server.key().create("public", "Account", "a-1", fields.clone()).await;

    for kind in ["replace", "forceReplace"] {
        let restored = account("a-1", Some(tag(&record)), fields.clone());
        record =
            server.key().modify("public", json!([operation("update", restored)])).await.record(0).clone();
        assert_eq!(record["fields"], fields);

        let with = account("a-1", Some(tag(&record)), one("cents", int64(2)));
        record = server.key().modify("public", json!([operation(kind, with)])).await.record(0).clone();
        assert_eq!(record["fields"], one("cents", int64(2)), "{kind}");
        assert_eq!(now(&server.key(), "a-1").await, record);
    }
}

#[tokio::test]
async fn c034_forced_operations_create_and_do_not_look_at_tags() {
    let server = Server::start().await;
    let key = server.key();
    for kind in ["forceUpdate", "forceReplace"] {
        let name = format!("made-by-{kind}");
        let made =
            json!([operation(kind, account(&name, None, json!({ "cents": int64(1), "note": string("n") })))]);
        assert_eq!(key.modify("public", made).await.record(0)["recordType"], "Account");

        for ignored in [None, Some("stale")] {
            let changed = json!([operation(kind, account(&name, ignored, one("cents", int64(2))))]);
            let saved = key.modify("public", changed).await.record(0).clone();
            let expected = match kind {
                "forceUpdate" => json!({ "cents": int64(2), "note": string("n") }),
                _ => one("cents", int64(2)),
            };
            assert_eq!(saved["fields"], expected, "{kind}");
            assert_eq!(now(&key, &name).await, saved);
        }
    }
    // What does not exist needs a type to be made.
    for kind in ["forceUpdate", "forceReplace"] {
        let untyped = json!({ "recordName": "untyped", "fields": {} });
        key.modify("public", json!([operation(kind, untyped)])).await.refused_somewhere();
    }
    check_gone(&key, &["untyped"]).await;
}

/// That the whole request fails is inferred from the like case of the tag.
#[tokio::test]
async fn c034_create_needs_a_record_type() {
    let server = Server::start().await;
    let untyped = operation("create", json!({ "recordName": "a-1", "fields": {} }));
    let reply = server.key().modify("public", json!([untyped])).await;
    reply.refused(400, "BAD_REQUEST", "missing required field 'recordType'");
}

/// Inferred: nothing is known of a save with another record type than the stored one.
#[tokio::test]
async fn c034_the_type_of_a_record_does_not_change() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", json!({})).await;
    for kind in ["update", "replace", "forceUpdate", "forceReplace"] {
        let other = json!({ "recordType": "Node", "recordName": "a-1", "recordChangeTag": tag(&first), "fields": {} });
        server.key().modify("public", json!([operation(kind, other)])).await.failed(0, "BAD_REQUEST", "");
    }
    assert_eq!(now(&server.key(), "a-1").await, first);
}

#[tokio::test]
async fn c035_deletes_answer_name_and_deleted() {
    let server = Server::start().await;
    for kind in ["delete", "forceDelete"] {
        let record = server.key().create("public", "Account", "a-1", json!({})).await;
        let operations =
            json!([operation(kind, json!({ "recordName": "a-1", "recordChangeTag": tag(&record) }))]);
        let reply = server.key().modify("public", operations).await;
        assert_eq!(reply.records(), [json!({ "recordName": "a-1", "deleted": true })], "{kind}");
        check_gone(&server.key(), &["a-1"]).await;
        assert!(server.key().query("public", json!({ "recordType": "Account" })).await.names().is_empty());
    }
}

/// Inferred.
#[tokio::test]
async fn c035_force_delete_of_a_missing_record_succeeds() {
    let server = Server::start().await;
    let operations = json!([operation("forceDelete", json!({ "recordName": "nobody" }))]);
    let reply = server.key().modify("public", operations).await;
    assert_eq!(reply.records(), [json!({ "recordName": "nobody", "deleted": true })]);
}

#[tokio::test]
async fn c035_a_deleted_name_is_free_again() {
    let server = Server::start().await;
    let first = server.key().create("public", "Account", "a-1", one("cents", int64(1))).await;
    server
        .key()
        .modify("public", json!([operation("forceDelete", json!({ "recordName": "a-1" }))]))
        .await
        .record(0);
    let second = server.key().create("public", "Account", "a-1", json!({})).await;
    assert_eq!(second["fields"], json!({}));
    assert_ne!(tag(&second), tag(&first));
}

#[tokio::test]
async fn c036_null_clears_a_field() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1), "note": string("n"), "tags":
        { "value": ["a"], "type": "STRING_LIST" } });
    let first = server.key().create("public", "Account", "a-1", fields).await;

    let cleared = json!({ "cents": { "value": null, "type": "INT64" }, "note": { "value": null },
        "tags": { "value": null, "type": "STRING_LIST" } });
    let update = account("a-1", Some(tag(&first)), cleared);
    let reply = server.key().modify("public", json!([operation("update", update)])).await;
    assert_eq!(reply.record(0)["fields"], one("owner", string("Ines")));
    assert_eq!(now(&server.key(), "a-1").await["fields"], one("owner", string("Ines")));

    let query = json!({ "recordType": "Account",
        "filterBy": [{ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": int64(1) }] });
    assert!(server.key().query("public", query).await.names().is_empty());

    // On create as well.
    let empty = server.key().create("public", "Account", "a-2", json!({ "note": { "value": null } })).await;
    assert_eq!(empty["fields"], json!({}));
}

#[tokio::test]
async fn c037_an_unknown_operation_type_is_refused() {
    let server = Server::start().await;
    for kind in ["force_update", "Create", "CREATE", "upsert", ""] {
        let operations = json!([
            create("Account", "bystander", json!({})),
            operation(kind, account("a-1", None, json!({}))),
        ]);
        let reply = server.key().modify("public", operations).await;
        reply.refused(400, "BAD_REQUEST", "BadRequestException: unexpected input");
    }
    check_gone(&server.key(), &["a-1", "bystander"]).await;
}

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

async fn modify_books(caller: &Caller<'_>, body: Value) -> Reply {
    let mut body = body;
    body["zoneID"] = json!({ "zoneName": "books" });
    caller.post("private/records/modify", body).await
}

async fn lookup_in(caller: &Caller<'_>, zone: &str, names: &[&str]) -> Reply {
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    caller.post("private/records/lookup", json!({ "records": records, "zoneID": { "zoneName": zone } })).await
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

#[tokio::test]
async fn c045_an_unknown_record_type_is_not_found() {
    let server = Server::start().await;
    for caller in [server.key(), server.key().production()] {
        for kind in ["create", "forceUpdate", "forceReplace"] {
            let record =
                json!({ "recordType": "Nowhere", "recordName": "a-1", "fields": { "x": string("y") } });
            let reply = caller.modify("public", json!([operation(kind, record)])).await;
            reply.failed(0, "NOT_FOUND", "could not find record_type with name 'Nowhere'");
        }
    }
}

#[tokio::test]
async fn c045_unknown_fields_and_wrong_types_are_refused() {
    let server = Server::start().await;
    for caller in [server.key(), server.key().production()] {
        let operations = json!([
            create("Account", "a-0", one("colour", string("red"))),
            create("Account", "a-1", one("cents", string("12"))),
            create("Account", "a-2", one("Owner", string("Ines"))),
            create("Account", "a-3", one("owner", string("Ines"))),
        ]);
        let reply = caller.modify("public", operations).await;
        reply.failed(0, "BAD_REQUEST", "colour");
        reply.failed(
            1,
            "BAD_REQUEST",
            "invalid attempt to set value type STRING for field 'cents' for type 'Account', defined to be: INT64",
        );
        reply.failed(2, "BAD_REQUEST", "Owner");
        reply.record(3);
    }
}

/// Every field of `Everything`, with the value of every other type.
#[tokio::test]
async fn c045_no_type_is_taken_for_another() {
    let server = Server::start().await;
    let values = super::values::samples();
    let mut operations = Vec::new();
    let mut expected = Vec::new();
    for (field_type, _) in &values {
        for (value_type, value) in &values {
            if field_type != value_type {
                let field = field_of(field_type);
                let name = format!("{field}-{value_type}");
                let wrong = json!({ "value": value, "type": value_type });
                operations.push(create("Everything", &name, one(&field, wrong)));
                expected.push((field_type, value_type));
            }
        }
    }
    let alice = server.user("alice");
    for (operations, expected) in operations.chunks(200).zip(expected.chunks(200)) {
        let reply = alice.modify("public", operations.into()).await;
        for (at, (field_type, value_type)) in expected.iter().enumerate() {
            let text = format!(
                "invalid attempt to set value type {value_type} for field '{}' for type 'Everything', \
                 defined to be: {field_type}",
                field_of(field_type)
            );
            reply.failed(at, "BAD_REQUEST", &text);
        }
    }
    assert_eq!(expected.len(), 14 * 13);
}

/// No live evidence says that web services ever create types. The option is for convenience.
#[tokio::test]
async fn c045_types_come_into_being_only_if_allowed_and_only_in_development() {
    let operations = json!([create("Novel", "n-1", json!({ "title": string("Emma"), "pages": int64(474) }))]);

    let server = Server::start().await;
    server.key().modify("public", operations.clone()).await.failed(0, "NOT_FOUND", "'Novel'");

    let server = Server::start_with(|builder| builder.jit(true)).await;
    let production = server.key().production();
    // What the native framework is told, whose saves the option stands for.
    let refusal = "Cannot create new type Novel in production schema";
    production.modify("public", operations.clone()).await.failed(0, "BAD_REQUEST", refusal);
    let colour = json!([create("Account", "a-1", one("colour", string("red")))]);
    production.modify("public", colour.clone()).await.failed(0, "BAD_REQUEST", "colour");

    let saved = server.key().modify("public", operations).await;
    check_contains(saved.record(0), &json!({ "recordType": "Novel", "fields": { "title": string("Emma") } }));
    let saved = server.key().modify("public", colour).await;
    assert_eq!(saved.record(0)["fields"], one("colour", string("red")));
    assert_eq!(now(&server.key(), "n-1").await["fields"]["pages"]["value"], 474);
    // The type of the field is settled now.
    let other = json!([create("Novel", "n-2", one("title", int64(1)))]);
    server.key().modify("public", other).await.failed(0, "BAD_REQUEST", "title");
}

fn node(name: &str, up: Option<(&str, &str)>) -> Value {
    let fields = up.map_or(json!({}), |(target, action)| {
        one("up", json!({ "value": { "recordName": target, "action": action }, "type": "REFERENCE" }))
    });
    create("Node", name, fields)
}

async fn force_delete(caller: &Caller<'_>, name: &str) -> Reply {
    caller.modify("public", json!([operation("forceDelete", json!({ "recordName": name }))])).await
}

#[tokio::test]
async fn c050_a_validating_reference_needs_its_target() {
    let server = Server::start().await;
    let key = server.key();
    let reply = key.modify("public", json!([node("source", Some(("nobody", "VALIDATE")))])).await;
    assert_eq!(reply.failed(0, "VALIDATING_REFERENCE_ERROR", "")["recordName"], "source");
    check_gone(&key, &["source"]).await;

    // In a list as well.
    let list =
        json!({ "value": [{ "recordName": "nobody", "action": "VALIDATE" }], "type": "REFERENCE_LIST" });
    let reply = key.modify("public", json!([create("Node", "source", one("others", list))])).await;
    reply.failed(0, "VALIDATING_REFERENCE_ERROR", "");

    // The target may be made earlier in the same request, but not later.
    let reply =
        key.modify("public", json!([node("early", Some(("late", "VALIDATE"))), node("late", None)])).await;
    reply.failed(0, "VALIDATING_REFERENCE_ERROR", "");
    reply.record(1);
    let reply = key
        .modify("public", json!([node("target", None), node("source", Some(("target", "VALIDATE")))]))
        .await;
    reply.record(0);
    reply.record(1);

    // NONE and DELETE_SELF may dangle (inferred for the latter), and no action is NONE.
    let bare = json!({ "value": { "recordName": "nobody" }, "type": "REFERENCE" });
    let reply = key
        .modify(
            "public",
            json!([
                node("n", Some(("nobody", "NONE"))),
                node("d", Some(("nobody", "DELETE_SELF"))),
                create("Node", "b", one("up", bare)),
            ]),
        )
        .await;
    for at in 0..3 {
        reply.record(at);
    }
}

#[tokio::test]
async fn c050_a_validated_target_stays() {
    let server = Server::start().await;
    let key = server.key();
    let operations = json!([node("target", None), node("source", Some(("target", "VALIDATE")))]);
    let target = key.modify("public", operations).await.record(0).clone();

    for kind in ["forceDelete", "delete"] {
        let operations =
            json!([operation(kind, json!({ "recordName": "target", "recordChangeTag": tag(&target) }))]);
        let reply = key.modify("public", operations).await;
        assert_eq!(reply.failed(0, "VALIDATING_REFERENCE_ERROR", "")["recordName"], "target");
        assert_eq!(now(&key, "target").await, target);
    }

    // It may go when nothing validates it any more.
    force_delete(&key, "source").await.record(0);
    force_delete(&key, "target").await.record(0);
    check_gone(&key, &["target", "source"]).await;
}

#[tokio::test]
async fn c050_an_update_away_from_the_target_releases_it() {
    let server = Server::start().await;
    let key = server.key();
    let operations = json!([node("target", None), node("source", Some(("target", "VALIDATE")))]);
    key.modify("public", operations).await.record(1);
    let cleared =
        json!({ "recordType": "Node", "recordName": "source", "fields": { "up": { "value": null } } });
    key.modify("public", json!([operation("forceUpdate", cleared)])).await.record(0);
    force_delete(&key, "target").await.record(0);
}

/// Immediate, as in custom zones; in default zones Apple may defer it.
#[tokio::test]
async fn c051_delete_self_cascades() {
    let server = Server::start().await;
    let key = server.key();
    let operations = json!([
        node("root", None),
        node("child-1", Some(("root", "DELETE_SELF"))),
        node("child-2", Some(("root", "DELETE_SELF"))),
        node("grandchild", Some(("child-1", "DELETE_SELF"))),
        node("friend", Some(("root", "NONE"))),
        node("other", None),
        create(
            "Node",
            "of-list",
            one(
                "others",
                json!({ "type": "REFERENCE_LIST", "value": [
            { "recordName": "other", "action": "NONE" }, { "recordName": "grandchild", "action": "DELETE_SELF" },
        ] })
            )
        ),
    ]);
    let reply = key.modify("public", operations).await;
    (0..7).for_each(|at| {
        reply.record(at);
    });

    let reply = force_delete(&key, "root").await;
    assert_eq!(reply.records(), [json!({ "recordName": "root", "deleted": true })]);
    check_gone(&key, &["root", "child-1", "child-2", "grandchild", "of-list"]).await;
    let left = key.query("public", json!({ "recordType": "Node" })).await;
    assert_eq!(left.sorted_names(), ["friend", "other"]);
}

#[tokio::test]
async fn c051_a_cycle_is_deleted_as_a_whole() {
    let server = Server::start().await;
    let key = server.key();
    let operations = json!([
        node("a", Some(("c", "DELETE_SELF"))),
        node("b", Some(("a", "DELETE_SELF"))),
        node("c", Some(("b", "DELETE_SELF"))),
        node("self", Some(("self", "DELETE_SELF"))),
    ]);
    key.modify("public", operations).await.record(3);
    force_delete(&key, "b").await.record(0);
    check_gone(&key, &["a", "b", "c"]).await;
    force_delete(&key, "self").await.record(0);
    check_gone(&key, &["self"]).await;
}

/// Statement 51 has no number for it; the limits of Apple's document do. The code is inferred.
#[tokio::test]
async fn c051_a_target_has_at_most_750_sources() {
    let server = Server::start().await;
    let key = server.key();
    key.create_all("public", vec![node("root", None)]).await;
    let child = |at: usize| node(&format!("child-{at}"), Some(("root", "DELETE_SELF")));
    key.create_all("public", (0..750).map(child).collect()).await;
    key.modify("public", json!([child(750)])).await.failed(0, "BAD_REQUEST", "");
    // One of them may be saved again, and another reference is no source.
    let again = operation("forceUpdate", child(7)["record"].clone());
    key.modify("public", json!([again, node("friend", Some(("root", "NONE")))])).await.record(1);

    force_delete(&key, "root").await.record(0);
    check_gone(&key, &["root", "child-0", "child-7", "child-749"]).await;
    assert_eq!(key.query("public", json!({ "recordType": "Node" })).await.names(), ["friend"]);
}

#[tokio::test]
async fn c051_a_cascade_stays_in_its_zone_and_database() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let child = node("child", Some(("root", "DELETE_SELF")));
    let in_books = json!({ "operations": [node("root", None), child] });
    modify_books(&alice, in_books).await.record(1);
    for caller in [&alice, &bob] {
        caller.modify("private", json!([node("root", None), child])).await.record(1);
    }
    let delete = json!({ "operations": [operation("forceDelete", json!({ "recordName": "root" }))] });
    modify_books(&alice, delete).await.record(0);
    lookup_in(&alice, "books", &["child"]).await.failed(0, "NOT_FOUND", "");
    alice.lookup("private", &["root", "child"]).await.record(1);
    bob.lookup("private", &["root", "child"]).await.record(1);
}

/// Apple gives 1 MB; that it means 1,048,576 bytes, and the code, are inferred. So the cases keep away from the limit.
#[tokio::test]
async fn c052_a_record_over_a_megabyte_is_refused() {
    let server = Server::start().await;
    let note = |bytes: usize| one("note", string(&"n".repeat(bytes)));
    let operations =
        json!([create("Account", "large", note(990_000)), create("Account", "small", json!({}))]);
    let reply = server.key().modify("public", operations).await;
    reply.record(0);
    reply.record(1);

    let operations =
        json!([create("Account", "larger", note(1_050_000)), create("Account", "smaller", json!({}))]);
    let reply = server.key().modify("public", operations).await;
    reply.failed(0, "BAD_REQUEST", "");
    reply.record(1);
    check_gone(&server.key(), &["larger"]).await;

    // All the fields of a record count, those of before as well.
    let owner = account("large", None, one("owner", string(&"o".repeat(100_000))));
    server.key().modify("public", json!([operation("forceUpdate", owner)])).await.failed(
        0,
        "BAD_REQUEST",
        "",
    );
    assert_eq!(now(&server.key(), "large").await["fields"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn c052_record_names_are_short_and_ascii() {
    let server = Server::start().await;
    let longest = "n".repeat(255);
    for good in [longest.as_str(), "a", "a/b c?d&e=f#g%20:;,.!~*'()[]{}|\\\"<>^`", "ABC", "abc"] {
        server.key().create("public", "Account", good, json!({})).await;
        assert_eq!(now(&server.key(), good).await["recordName"], good);
    }
    for bad in [
        "n".repeat(256),
        "caf\u{e9}".to_owned(),
        "\u{1f600}".to_owned(),
        "_reserved".to_owned(),
        String::new(),
    ] {
        for kind in ["create", "forceUpdate"] {
            let operations = json!([
                operation(kind, account(&bad, None, json!({}))),
                operation("forceUpdate", account("bystander", None, json!({}))),
            ]);
            let reply = server.key().modify("public", operations).await;
            reply.failed(0, "BAD_REQUEST", "");
            reply.record(1);
        }
    }
}

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
