//! Statement 52: how large a record may be, and what it may be called.

use serde_json::json;

use super::{account, check_gone, now};
use crate::conformance::support::{Server, create, one, operation, string};

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
