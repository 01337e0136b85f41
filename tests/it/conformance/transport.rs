//! Statements 1 to 9: routes, methods, headers, bodies.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Request, Server, create, int64, string, text};

/// A query whose answer is not empty, and the same each time.
async fn one_account(server: &Server) -> Value {
    server.key().create("public", "Account", "acct-7", json!({ "owner": string("Ines") })).await;
    json!({ "query": { "recordType": "Account" } })
}

#[tokio::test]
async fn c001_the_content_type_of_a_request_is_ignored() {
    let server = Server::start().await;
    let query = one_account(&server).await;
    let expected = server.key().post("public/records/query", query.clone()).await;
    assert_eq!(expected.names(), ["acct-7"]);

    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
    ] {
        let request = Request::post(server.key().target("public/records/query"), query.to_string());
        let reply = server.key().send(request.header("content-type", content_type)).await;
        assert_eq!(reply.ok().body, expected.body, "{content_type}");
    }
}

#[tokio::test]
async fn c002_unknown_query_parameters_are_ignored() {
    let server = Server::start().await;
    let query = one_account(&server).await;
    let expected = server.key().post("public/records/query", query.clone()).await;

    let parameters = "ckjsBuildVersion=1811ProjectDev27&ckjsVersion=2.4.0\
                      &clientId=3f1c8a0e-2d5b-4a9e-8f60-4b7f0f4f2d11&remapEnums=true&empty=&flag";
    for caller in [server.key(), server.token(), server.user("alice")] {
        let target = format!("{}?{parameters}", caller.target("public/records/query"));
        let reply = caller.send(Request::post(target, query.to_string())).await;
        assert_eq!(reply.ok().body["records"], expected.body["records"]);
    }
}

/// That every reply is an object, has the content type and, if an error, its `uuid` in body and header, is checked
/// on each reply of each test here. This one makes sure that the kinds of reply all occur.
#[tokio::test]
async fn c003_every_reply_is_a_json_object() {
    let server = Server::start().await;
    let query = one_account(&server).await;
    let key = server.key();
    key.post("public/records/query", query.clone()).await.ok();
    key.get("public/users/caller").await.ok();

    let target = key.target("public/records/query");
    for (status, reply) in [
        (400, key.post("public/records/query", json!({})).await),
        (401, server.nobody().post("public/records/query", query.clone()).await),
        (403, server.token().query("public", json!({ "recordType": "Diary" })).await),
        (404, key.post("public/records/frobnicate", json!({})).await),
        (404, server.send(Request::get("/")).await),
        (404, server.send(Request::post("/nothing/here?a=b", "{")).await),
        (405, key.send(Request::new(Method::PUT, target)).await),
        (421, server.token().post("private/records/query", query).await),
    ] {
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

#[tokio::test]
async fn c004_an_unknown_action_has_no_handler() {
    let server = Server::start().await;
    let key = server.key();
    for path in [
        "public/records/frobnicate",
        "public/records",
        "public/records/query/more",
        "public/records/Query",
        "public/Records/query",
        "public/frobnicate/query",
        "public",
    ] {
        let reply = key.post(path, json!({})).await;
        reply.refused(404, "NOT_FOUND", "could not find handler for endpoint");
    }
}

#[tokio::test]
async fn c004_a_wrong_method_is_told_the_right_one() {
    let server = Server::start().await;
    let key = server.key();
    let cases = [
        (Method::GET, "records/query", "POST"),
        (Method::GET, "records/lookup", "POST"),
        (Method::GET, "records/modify", "POST"),
        (Method::PUT, "records/query", "POST"),
        (Method::DELETE, "records/modify", "POST"),
        (Method::PATCH, "records/lookup", "POST"),
        (Method::POST, "users/caller", "GET"),
        (Method::POST, "users/current", "GET"),
        (Method::DELETE, "users/caller", "GET"),
    ];
    for (method, action, allowed) in cases {
        let reply = key.send(Request::new(method.clone(), key.target(&format!("public/{action}")))).await;
        assert_eq!(reply.status, 405, "{method} {action}: {reply:?}");
        let allow: Vec<&str> = reply.header("allow").split(',').map(str::trim).collect();
        assert!(allow.contains(&allowed), "{method} {action}: {allow:?}");
        assert!(!allow.contains(&method.as_str()), "{method} {action}: {allow:?}");
    }
}

#[tokio::test]
async fn c005_environments_and_databases_are_spelled_in_lower_case() {
    let server = Server::start().await;
    let account = json!({ "query": { "recordType": "Account" } });

    server.key().post("public/records/query", account.clone()).await.ok();
    server.key().production().post("public/records/query", account.clone()).await.ok();
    server.user("alice").post("private/records/query", account.clone()).await.ok();
    let elsewhere = json!({ "records": [{ "recordName": "x" }],
        "zoneID": { "zoneName": "books", "ownerRecordName": server.user("bob").name().await } });
    server.user("alice").post("shared/records/lookup", elsewhere).await.failed(0, "ZONE_NOT_FOUND", "");

    for database in ["Public", "PUBLIC", "publicdb", "Private", "Shared", ""] {
        let reply = server.key().post(&format!("{database}/records/query"), account.clone()).await;
        assert!((400..500).contains(&reply.status), "{database}: {reply:?}");
    }
    for environment in ["Development", "DEVELOPMENT", "Production", "sandbox", "prod"] {
        let target =
            format!("/database/1/{}/{environment}/public/records/query", server.container.container_id());
        let reply = server.key().send(Request::post(target, account.to_string())).await;
        reply.refused(401, "AUTHENTICATION_FAILED", "Authentication failed");
    }
}

/// The headers that a browser asks for, and the ones it lets a program see, are inferred: Apple documents neither.
#[tokio::test]
async fn c006_a_preflight_with_any_headers_succeeds() {
    let server = Server::start().await;
    let asked = "content-type, x-apple-cloudkit-request-keyid, x-something-else";
    for path in ["public/records/query", "private/records/modify", "public/users/caller", "nothing/here"] {
        let (status, headers) = server
            .preflight(
                &server.nobody().target(path),
                &[
                    ("origin", "https://app.example.com"),
                    ("access-control-request-method", "POST"),
                    ("access-control-request-headers", asked),
                ],
            )
            .await;
        assert!(status == 200 || status == 204, "{path}: {status}");
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_ascii_lowercase());
        let origin = header("access-control-allow-origin").unwrap();
        assert!(origin == "*" || origin == "https://app.example.com", "{path}: {origin}");
        let methods = header("access-control-allow-methods").unwrap();
        for method in ["get", "post", "options"] {
            assert!(methods.split(',').any(|allowed| allowed.trim() == method), "{path}: {methods}");
        }
        let allowed = header("access-control-allow-headers").unwrap();
        for name in asked.split(", ") {
            assert!(allowed.split(',').any(|allowed| allowed.trim() == name), "{path}: {allowed}");
        }
        assert!(header("access-control-max-age").unwrap().parse::<u32>().unwrap() > 0, "{path}");
    }
}

/// Section 1.1, as it was seen.
#[tokio::test]
async fn c006_options_of_a_known_route_names_methods() {
    let server = Server::start().await;
    for path in ["public/records/query", "public/users/caller"] {
        let (status, headers) = server.preflight(&server.nobody().target(path), &[]).await;
        assert_eq!(status, 200, "{path}");
        let allow: Vec<&str> = headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
        assert_eq!(allow, ["GET", "POST", "PUT", "DELETE"], "{path}");
    }
}

#[tokio::test]
async fn c006_every_reply_may_be_read_by_other_origins() {
    let server = Server::start().await;
    let query = json!({ "query": { "recordType": "Account" } }).to_string();
    let target = server.key().target("public/records/query");
    for (caller, request, status) in [
        (server.key(), Request::post(target.as_str(), query.as_str()), 200),
        (server.user("alice"), Request::post(target.as_str(), query.as_str()), 200),
        (server.nobody(), Request::post(target.as_str(), query.as_str()), 401),
        (server.key(), Request::get(target.as_str()), 405),
        (server.key(), Request::post(format!("{target}x"), query.as_str()), 404),
    ] {
        let reply = caller.send(request.header("origin", "https://app.example.com")).await;
        assert_eq!(reply.status, status, "{reply:?}");
        let origin = reply.header("access-control-allow-origin");
        assert!(origin == "*" || origin == "https://app.example.com", "{reply:?}");
        let exposed = reply.header("access-control-expose-headers").to_ascii_lowercase();
        for name in [
            "x-apple-cloudkit-web-auth-token",
            "x-apple-cloudkit-session",
            "x-apple-request-uuid",
            "retry-after",
        ] {
            assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name}: {reply:?}");
        }
    }
}

/// The container's own header is exposed where it is sent, and is not heard of where replies are Apple's alone.
#[tokio::test]
async fn c006_a_page_can_read_why_it_was_refused() {
    for strict in [false, true] {
        let server = Server::start_with(|builder| builder.strict_headers(strict)).await;
        let request = Request::get(server.nobody().target("public/users/caller"));
        let reply = server.send(request.header("origin", "https://app.example.com")).await;
        assert_eq!(reply.status, 401, "{reply:?}");
        let exposed = reply.headers.get_all("access-control-expose-headers").iter();
        let mut names = exposed.flat_map(|names| names.to_str().unwrap().split(", "));
        let is_exposed = names.any(|name| name == "X-CloudKit-Explain");
        assert_eq!(
            (is_exposed, reply.header("x-cloudkit-explain").is_empty()),
            (!strict, strict),
            "{reply:?}"
        );
    }
}

/// That the `uuid` equals the header is checked on every error of every test.
#[tokio::test]
async fn c007_every_error_has_a_fresh_uuid() {
    let server = Server::start().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        for reply in [
            server.nobody().post("public/records/query", json!({})).await,
            server.key().post("public/records/query", json!({})).await,
            server.key().post("public/records/nothing", json!({})).await,
        ] {
            let uuid = text(&reply.body["uuid"]).to_owned();
            let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{reply:?}");
            assert!(seen.insert(uuid), "used before: {reply:?}");
        }
    }
}

#[tokio::test]
async fn c008_a_body_that_is_no_json_object_is_refused() {
    let server = Server::start().await;
    for body in
        ["", "{", "{}}", "{\"query\":}", "nonsense", "[]", "[{}]", "1", "-1.5", "\"query\"", "true", "null"]
    {
        for action in ["query", "lookup", "modify"] {
            let reply = server.key().post_bytes(&format!("public/records/{action}"), body).await;
            reply.refused(400, "BAD_REQUEST", "BadRequestException:");
            assert!(text(&reply.body["reason"]).starts_with("BadRequestException:"), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn c009_environments_do_not_mix() {
    let server = Server::start().await;
    let (development, production) = (server.key(), server.key().production());
    development.create("public", "Account", "acct-1", json!({ "cents": int64(1) })).await;
    production.lookup("public", &["acct-1"]).await.failed(0, "NOT_FOUND", "");
    assert!(production.query("public", json!({ "recordType": "Account" })).await.names().is_empty());

    production.create("public", "Account", "acct-1", json!({ "cents": int64(2) })).await;
    let reply = development.lookup("public", &["acct-1"]).await;
    assert_eq!(reply.record(0)["fields"]["cents"]["value"], 1);

    let (mine, mine_in_production) = (server.user("alice"), server.user("alice").production());
    mine.create("private", "Account", "acct-1", json!({})).await;
    mine_in_production.lookup("private", &["acct-1"]).await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c009_containers_do_not_mix() {
    let one = Server::start_named("iCloud.com.example.One", |builder| builder).await;
    let other = Server::start_named("iCloud.com.example.Other", |builder| builder).await;
    one.key().create("public", "Account", "acct-1", json!({})).await;
    other.key().lookup("public", &["acct-1"]).await.failed(0, "NOT_FOUND", "");

    // The path of one container on the address of the other.
    let body = json!({ "records": [{ "recordName": "acct-1" }] }).to_string();
    let reply = other.key().send(Request::post(one.key().target("public/records/lookup"), body)).await;
    reply.refused(401, "AUTHENTICATION_FAILED", "Authentication failed");
}

#[tokio::test]
async fn c009_private_databases_and_the_public_one_do_not_mix() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    for (caller, database, cents) in [(&alice, "private", 1), (&bob, "private", 2), (&alice, "public", 3)] {
        caller
            .modify(database, json!([create("Account", "acct-1", json!({ "cents": int64(cents) }))]))
            .await
            .record(0);
    }
    for (caller, database, cents) in
        [(&alice, "private", 1), (&bob, "private", 2), (&alice, "public", 3), (&bob, "public", 3)]
    {
        let looked_up = caller.lookup(database, &["acct-1"]).await;
        assert_eq!(looked_up.record(0)["fields"]["cents"]["value"], cents, "{database}");
        let queried = caller.query(database, json!({ "recordType": "Account" })).await;
        assert_eq!(queried.records().len(), 1, "{database}");
        assert_eq!(queried.record(0)["fields"]["cents"]["value"], cents, "{database}");
    }
}

/// What is answered to a zone of somebody else's private database is not known; the record must not be.
#[tokio::test]
async fn c009_private_databases_do_not_open_to_who_names_their_owner() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    bob.create("private", "Account", "bobs", json!({ "cents": int64(2) })).await;
    let zone = json!({ "zoneName": "_defaultZone", "ownerRecordName": bob.name().await });
    for database in ["private", "shared"] {
        let body = json!({ "records": [{ "recordName": "bobs" }], "zoneID": zone });
        let reply = alice.post(&format!("{database}/records/lookup"), body).await;
        assert!(!reply.body.to_string().contains("\"cents\""), "{reply:?}");
        let body = json!({ "query": { "recordType": "Account" }, "zoneID": zone });
        let reply = alice.post(&format!("{database}/records/query"), body).await;
        assert!(!reply.body.to_string().contains("\"cents\""), "{reply:?}");
        let body = json!({ "zoneID": zone, "operations": [{ "operationType": "forceDelete",
            "record": { "recordName": "bobs" } }] });
        alice.post(&format!("{database}/records/modify"), body).await;
    }
    bob.lookup("private", &["bobs"]).await.record(0);
}
