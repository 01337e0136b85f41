//! The library in Node.js with a server-to-server key, and other programs with one.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::support::{DEVELOPMENT_KEY_ID, Request, Server, create, text};

/// It signs path and query as they are sent, and for a GET the hash of an empty body.
#[tokio::test]
async fn c104_with_a_key_the_query_string_is_signed_too() {
    let server = Server::start().await;
    let parameters =
        "ckjsBuildVersion=1811ProjectDev27&ckjsVersion=2.4.0&clientId=735f8b19-3218-4493-80e4-7ab0b39041ac";
    let send = async |path: &str, payload: Option<Value>| {
        let target = format!("{}?{parameters}", server.nobody().target(path));
        let request = match payload {
            Some(payload) => Request::post(target, payload.to_string()).header("content-type", "text/plain"),
            None => Request::get(target),
        };
        server.send(request.signed(DEVELOPMENT_KEY_ID, &server.key, server.now())).await
    };
    let caller = send("public/users/caller", None).await;
    assert_eq!(caller.ok().body["userRecordName"], server.key().name().await);
    let operations =
        json!({ "operations": [create("Account", "a-1", json!({ "owner": { "value": "Ines" } }))] });
    send("public/records/modify", Some(operations)).await.record(0);
    let found = send("public/records/query", Some(json!({ "query": { "recordType": "Account" } }))).await;
    assert_eq!(found.names(), ["a-1"]);
    assert!(
        server.container.requests().iter().all(|request| request.notes.is_empty()),
        "the first reading holds"
    );
}

/// A bare `curl -d`, a signing hook for Python's Requests, and the Swift and Kotlin clients differ in their headers.
#[tokio::test]
async fn c104_other_programs_send_other_headers() {
    let server = Server::start().await;
    let key = server.key();
    let lookup = json!({ "records": [{ "recordName": "nobody" }] }).to_string();
    let target = key.target("public/records/lookup");
    for headers in [
        &[
            ("content-type", "application/x-www-form-urlencoded"),
            ("user-agent", "curl/8.5.0"),
            ("accept", "*/*"),
        ][..],
        &[
            ("content-type", "application/json; charset=utf-8"),
            ("accept", "application/json"),
            ("accept-encoding", "gzip, deflate, br"),
        ],
        &[("content-type", "application/json"), ("accept-language", "en"), ("cookie", "a=b")],
        &[],
    ] {
        let request =
            headers.iter().fold(Request::post(target.as_str(), lookup.as_str()), |request, (name, value)| {
                request.header(name, value)
            });
        key.send(request).await.failed(0, "NOT_FOUND", "Record not found");
    }
    // Some ask with the old call who they are, and with a body where there is none to send.
    let current = key.get("public/users/current").await;
    assert!(text(&current.ok().body["userRecordName"]).starts_with('_'), "{current:?}");
    let with_body = Request { method: Method::GET, ..Request::post(key.target("public/users/caller"), "{}") };
    key.send(with_body).await.ok();
}
