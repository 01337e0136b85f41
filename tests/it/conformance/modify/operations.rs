//! Statements 29 to 37: what each operation does with a record.

use serde_json::{Value, json};

use super::{CONFLICT, NEEDING_A_TAG, account, check_gone, now, tag};
use crate::conformance::support::{Server, create, int64, one, operation, string, text};

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
