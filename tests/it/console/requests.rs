//! The list of requests, and a refused signature with both texts.

use cloudkit_core::auth::RequestDate;
use reqwest::Method;
use serde_json::{Value, json};

use super::Page;
use crate::conformance::support::{DEVELOPMENT_KEY_ID, Request, Server};

/// A request whose body hash is in hex, where base64 belongs.
async fn send_with_hash_in_hex(server: &Server) -> String {
    let target = server.key().target("public/records/lookup");
    let date = RequestDate::from_unix_seconds(server.now()).unwrap().to_string();
    // SHA-256 of "{}".
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let request = Request::post(&target, "{}").signed_as(
        DEVELOPMENT_KEY_ID,
        &server.key,
        &date,
        &format!("{date}:{hash}:{target}"),
    );
    let reply = server.send(request).await;
    reply.refused(401, "AUTHENTICATION_FAILED", "");
    reply.header("x-cloudkit-explain").to_owned()
}

/// The marked parts of a text.
fn marked(text: &Value) -> Vec<&str> {
    let whole = text["text"].as_str().unwrap();
    let range = |mark: &Value| {
        let at = |name: &str| usize::try_from(mark[name].as_u64().unwrap()).unwrap();
        &whole[at("start")..at("end")]
    };
    text["marks"].as_array().unwrap().iter().map(range).collect()
}

#[tokio::test]
async fn a_wrong_signature_is_shown_with_the_text_that_was_signed_and_the_one_that_is_expected() {
    let server = Server::start().await;
    let header = send_with_hash_in_hex(&server).await;
    let request = Page::load(&server).await.latest().await;
    assert_eq!((&request["status"], &request["signature"]), (&json!(401), &json!("invalid")), "{request}");
    assert_eq!(request["serverErrorCode"], "AUTHENTICATION_FAILED");
    assert_eq!(request["explanation"], header);
    assert_eq!(request["caller"], json!({ "kind": "key", "name": DEVELOPMENT_KEY_ID, "accepted": false }));

    let verdict = &request["verdict"];
    assert_eq!((&verdict["verdict"], &verdict["proven"]), (&json!("invalid"), &json!(true)), "{verdict}");
    assert_eq!(verdict["causes"][0]["code"], "body_hash_hex");
    assert!(verdict["causes"][0]["fix"].as_str().unwrap().contains("base64"), "{verdict}");
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    assert_eq!(marked(&verdict["signed"]), [hash]);
    assert_eq!(marked(&verdict["expected"]), ["RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="]);
    let same = |text: &Value, part: &str| text["text"].as_str().unwrap().replace(part, "");
    assert_eq!(
        same(&verdict["signed"], hash),
        same(&verdict["expected"], "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=")
    );
}

#[tokio::test]
async fn the_console_explains_where_the_header_must_not() {
    let server = Server::start_with(|builder| builder.strict_headers(true)).await;
    assert_eq!(send_with_hash_in_hex(&server).await, "");
    let request = Page::load(&server).await.latest().await;
    assert_eq!(request["verdict"]["causes"][0]["code"], "body_hash_hex", "{request}");
    let replied = request["replyHeaders"].as_array().unwrap();
    assert!(replied.iter().all(|header| header[0] != "x-cloudkit-explain"), "{request}");
}

#[tokio::test]
async fn what_only_the_container_refuses_has_a_cause_and_a_fix_too() {
    let server = Server::start().await;
    server.container.revoke_key(DEVELOPMENT_KEY_ID).unwrap();
    server.key().get("public/users/caller").await.refused(401, "AUTHENTICATION_FAILED", "");
    let request = Page::load(&server).await.latest().await;
    let verdict = &request["verdict"];
    assert_eq!(verdict["verdict"], "invalid", "{verdict}");
    assert_eq!(verdict["causes"][0]["code"], "key_revoked", "{verdict}");
    assert!(verdict["causes"][0]["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{verdict}");
}

#[tokio::test]
async fn a_right_signature_is_shown_with_its_text() {
    let server = Server::start().await;
    server.key().lookup("public", &["x"]).await.ok();
    let request = Page::load(&server).await.latest().await;
    assert_eq!(request["verdict"]["verdict"], "valid", "{request}");
    let text = request["verdict"]["expected"]["text"].as_str().unwrap();
    assert!(text.contains(":/database/1/iCloud.com.example.Conformance/"), "{text}");
    assert_eq!(request["requestBody"]["text"], r#"{"records":[{"recordName":"x"}]}"#);
    assert!(request["replyBody"]["text"].as_str().unwrap().contains("NOT_FOUND"), "{request}");
}

#[tokio::test]
async fn the_list_goes_on_where_it_ended() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    assert_eq!(page.get("requests").await["requests"], json!([]));
    server.user("alice").get("public/users/caller").await.ok();
    server.token().lookup("public", &["x"]).await.ok();
    server.nobody().get("public/users/caller").await;
    let list = page.get("requests").await;
    assert_eq!(list["count"], 3);
    let [user, token, nobody] = list["requests"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(user["caller"], json!({ "kind": "user", "name": "alice", "accepted": true }));
    assert_eq!(token["caller"]["kind"], "apiToken");
    assert_eq!((&nobody["caller"], &nobody["status"]), (&Value::Null, &json!(401)));
    assert_eq!(
        (&token["method"], &token["status"], &token["signature"]),
        (&json!("POST"), &json!(200), &json!("absent"))
    );
    assert!(token["took"].as_f64().is_some_and(|took| took >= 0.0), "{token}");

    let export = format!(
        "/v1/database/teams/{}/containers/{}/environments/DEVELOPMENT/schema/export",
        server.container.team_id(),
        server.container.container_id()
    );
    for (token, accepted) in [(server.container.management_token(), true), ("another", false)] {
        let headers = [("x-apple-cloudkit-management-token", token)];
        super::fetch(&server, Method::GET, &export, &headers, b"").await;
        let caller = page.latest().await["caller"].clone();
        assert_eq!(caller, json!({ "kind": "management", "name": "", "accepted": accepted }));
    }

    assert_eq!(page.get("requests?after=5").await["requests"], json!([]));
    server.key().get("public/users/caller").await.ok();
    let fresh = page.get("requests?after=5").await;
    assert_eq!(fresh["requests"][0]["number"], 6, "{fresh}");
    assert_eq!(fresh["requests"].as_array().unwrap().len(), 1);

    let (status, error) = page.refused(Method::GET, "request?number=9", "").await;
    assert_eq!((status, error.contains("no request 9")), (404, true), "{error}");
    let (status, error) = page.refused(Method::GET, "requests?after=x", "").await;
    assert_eq!((status, error.as_str()), (400, "`after` is `x`; it is a whole number"));
}

#[tokio::test]
async fn the_time_that_a_request_has_taken_counts_planned_latency() {
    let plan = "[[fault]]\nkind = \"latency\"\nfixed_ms = 1500";
    let server = Server::start_with(|builder| builder.virtual_time()).await;
    let page = Page::load(&server).await;
    page.post("faults", plan).await;
    server.key().get("public/users/caller").await.ok();
    assert_eq!(page.latest().await["took"], 1500.0);
}

#[tokio::test]
async fn of_a_large_body_the_beginning_is_shown() {
    let server = Server::start().await;
    let note = "é".repeat(20_000);
    server.key().create("public", "Account", "large", json!({ "note": { "value": note } })).await;
    let request = Page::load(&server).await.latest().await;
    let body = &request["requestBody"];
    assert_eq!(body["cut"], true);
    assert!(body["bytes"].as_u64() > Some(40_000), "{}", body["bytes"]);
    let shown = body["text"].as_str().unwrap();
    assert!((16_000..=16 * 1024).contains(&shown.len()) && shown.ends_with('é'), "{}", shown.len());
    // Of a text that is not known whole the signature is not looked at again.
    assert_eq!(request["verdict"], Value::Null);
}
