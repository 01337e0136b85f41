//! Statements 50 and 51: references that validate, and references that delete.

use serde_json::{Value, json};

use super::{check_gone, force_delete, lookup_in, modify_books, now, tag};
use crate::conformance::support::{Server, create, one, operation};

fn node(name: &str, up: Option<(&str, &str)>) -> Value {
    let fields = up.map_or(json!({}), |(target, action)| {
        one("up", json!({ "value": { "recordName": target, "action": action }, "type": "REFERENCE" }))
    });
    create("Node", name, fields)
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
