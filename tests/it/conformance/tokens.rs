//! Statements 10 to 13: API tokens and users who signed in.

use serde_json::json;

use super::support::{Reply, Request, Server, create, string, text};

#[track_caller]
fn check_asks_to_sign_in(reply: &Reply) {
    reply.refused(421, "AUTHENTICATION_REQUIRED", "request needs authorization");
    assert!(text(&reply.body["redirectURL"]).starts_with("http"), "{reply:?}");
}

#[tokio::test]
async fn c010_without_credentials_nothing_is_allowed() {
    let server = Server::start().await;
    for path in [
        "public/records/query",
        "public/records/lookup",
        "public/records/modify",
        "private/records/query",
        "shared/records/query",
    ] {
        let reply = server.nobody().post(path, json!({ "query": { "recordType": "Account" } })).await;
        reply.refused(401, "AUTHENTICATION_FAILED", "no auth method found");
    }
    for path in ["public/users/caller", "public/users/current"] {
        server.nobody().get(path).await.refused(401, "AUTHENTICATION_FAILED", "no auth method found");
    }
}

/// The code for an unknown API token is inferred from what the code means.
#[tokio::test]
async fn c011_an_unknown_api_token_is_refused() {
    let server = Server::start().await;
    let query = json!({ "query": { "recordType": "Account" } }).to_string();
    let of_production = server.container.api_token_for(cloudkit_core::Environment::Production);
    let of_development = server.container.api_token_for(cloudkit_core::Environment::Development);
    let mut unknown = vec!["0".repeat(64), "nonsense".to_owned(), of_development.to_uppercase()];
    if of_production != of_development {
        unknown.push(of_production.to_string());
    }
    for token in unknown {
        for path in ["public/records/query", "private/records/query"] {
            let target = format!("{}?ckAPIToken={token}", server.nobody().target(path));
            let reply = server.send(Request::post(target, query.as_str())).await;
            reply.refused(401, "AUTHENTICATION_FAILED", "");
        }
    }
}

/// That a write with an API token alone asks to sign in, and that a query of a type that the caller may not read is
/// refused as a whole, is inferred.
#[tokio::test]
async fn c012_an_api_token_alone_reads_what_the_world_may_read() {
    let server = Server::start().await;
    server.key().create("public", "Account", "acct-7", json!({ "owner": string("Ines") })).await;
    server.key().create("public", "Diary", "day-1", json!({ "text": string("dear diary") })).await;

    let anyone = server.token();
    assert_eq!(anyone.query("public", json!({ "recordType": "Account" })).await.names(), ["acct-7"]);
    assert_eq!(anyone.lookup("public", &["acct-7"]).await.record(0)["fields"]["owner"], string("Ines"));

    anyone.query("public", json!({ "recordType": "Diary" })).await.refused(403, "ACCESS_DENIED", "READ");
    anyone.lookup("public", &["day-1"]).await.failed(0, "ACCESS_DENIED", "READ operation not permitted");
    check_asks_to_sign_in(&anyone.modify("public", json!([create("Account", "acct-8", json!({}))])).await);
    server.key().lookup("public", &["acct-8"]).await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c012_an_api_token_alone_does_not_open_private_and_shared_databases() {
    let server = Server::start().await;
    let query = json!({ "query": { "recordType": "Account" } });
    for database in ["private", "shared"] {
        check_asks_to_sign_in(
            &server.token().post(&format!("{database}/records/query"), query.clone()).await,
        );
        check_asks_to_sign_in(&server.token().lookup(database, &["x"]).await);
        check_asks_to_sign_in(
            &server.token().modify(database, json!([create("Account", "x", json!({}))])).await,
        );
    }
}

#[tokio::test]
async fn c013_an_api_token_alone_is_nobody() {
    let server = Server::start().await;
    check_asks_to_sign_in(&server.token().get("public/users/caller").await);
    check_asks_to_sign_in(&server.token().get("public/users/current").await);
}

/// Statement 89, for a user. Apple documents the list, CloudKit JS reads the top level.
#[tokio::test]
async fn c089_the_caller_is_told_at_top_level_and_in_a_list() {
    let server = Server::start().await;
    let caller = server.user("alice").get("public/users/caller").await;
    let name = text(&caller.ok().body["userRecordName"]);
    let hex = name.strip_prefix('_').unwrap();
    assert!(hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{name}");
    assert_eq!(caller.body["users"].as_array().map(Vec::len), Some(1), "{caller:?}");
    assert_eq!(caller.body["users"][0]["userRecordName"], name);

    let current = server.user("alice").get("public/users/current").await;
    assert_eq!(current.ok().body["userRecordName"], name);
    assert_ne!(server.user("bob").name().await, name);
}

/// Statement 90, the part about where it may be called.
#[tokio::test]
async fn c090_discover_is_for_the_public_database() {
    let server = Server::start().await;
    for (database, called) in [("private", "privatedb"), ("shared", "sharedb")] {
        let lookup = json!({ "lookupInfos": [{ "emailAddress": "ines@example.com" }] });
        let reply = server.user("alice").post(&format!("{database}/users/discover"), lookup).await;
        let expected =
            format!("BadRequestException: endpoint not applicable in the database type '{called}'");
        reply.refused(400, "BAD_REQUEST", &expected);
    }
}
