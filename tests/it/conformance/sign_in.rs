//! Statements 14 to 18: the sign-in page, and the life of web auth tokens. The origins of API tokens are here too.

use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_test_container::ApiTokenDef;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Raw, Reply, Request, Server, create, escape, text};

const TOKEN: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const OTHER: &str = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";

/// A container with two API tokens, of which the first has these settings.
async fn server_with(settings: impl FnOnce(ApiTokenDef) -> ApiTokenDef) -> Server {
    let token = settings(ApiTokenDef::new(TOKEN, Environment::Development));
    Server::start_with(|builder| builder.api_token(OTHER, Environment::Development).api_token_with(token))
        .await
}

/// Who a request with these parameters is from.
async fn caller(server: &Server, parameters: &str) -> Reply {
    let target = format!("{}?{parameters}", server.nobody().target("private/users/caller"));
    server.send(Request::get(target)).await
}

async fn redirect_url(server: &Server, api_token: &str) -> String {
    let reply = caller(server, &format!("ckAPIToken={api_token}")).await;
    reply.refused(421, "AUTHENTICATION_REQUIRED", "request needs authorization");
    text(&reply.body["redirectURL"]).to_owned()
}

async fn open(server: &Server, url: &str) -> Raw {
    server.fetch(Method::GET, url, &[], &[]).await
}

/// The links of a page, as addresses.
fn links(url: &str, page: &Raw) -> Vec<String> {
    let path = url.split_once('?').unwrap().0;
    let text = page.text();
    let links = text.split("href=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    links.map(|link| format!("{path}{}", link.replace("&amp;", "&"))).collect()
}

/// The link to sign in as a user, with or without staying signed in.
async fn link_of(server: &Server, url: &str, user: &str, keep: bool) -> String {
    let page = open(server, url).await;
    assert_eq!(page.status, 200, "{page:?}");
    let is_meant = |link: &&String| link.contains(&format!("user={user}")) && link.contains("keep=1") == keep;
    links(url, &page).iter().find(is_meant).unwrap().clone()
}

/// The message that a page posts to the window that opened it.
#[track_caller]
fn message(page: &Raw) -> Value {
    let text = page.text();
    assert!(text.contains("window.opener.postMessage(message, origin)"), "{text}");
    let json = text.split_once("const message = ").unwrap().1.split_once(';').unwrap().0;
    serde_json::from_str(json).unwrap()
}

#[tokio::test]
async fn c014_the_page_posts_the_token_under_both_names() {
    let server = server_with(|token| token).await;
    let url = redirect_url(&server, TOKEN).await;
    let link = link_of(&server, &url, "alice", false).await;
    let page = open(&server, &link).await;
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    let message = message(&page);
    assert_eq!(message["ckSession"], message["ckWebAuthToken"]);
    assert!(page.text().contains(r#"window.opener ? ["*"] : []"#), "{page:?}");

    let token = escape(text(&message["ckWebAuthToken"]));
    let reply = caller(&server, &format!("ckAPIToken={TOKEN}&ckWebAuthToken={token}")).await;
    assert_eq!(reply.ok().body["userRecordName"], server.user("alice").name().await);
}

#[tokio::test]
async fn c014_the_page_sends_the_browser_to_the_callback() {
    for (callback, start) in [
        ("https://app.example.com/signed-in", "https://app.example.com/signed-in?ckWebAuthToken="),
        ("https://app.example.com/?a=b", "https://app.example.com/?a=b&ckWebAuthToken="),
    ] {
        let server = server_with(|token| token.redirect_to(callback)).await;
        let url = redirect_url(&server, TOKEN).await;
        let link = link_of(&server, &url, "bob", false).await;
        let page = open(&server, &link).await;
        assert_eq!(page.status, 302, "{page:?}");
        let token = page.header("location").strip_prefix(start).unwrap_or_else(|| panic!("{page:?}"));
        let reply = caller(&server, &format!("ckAPIToken={TOKEN}&ckWebAuthToken={token}")).await;
        assert_eq!(reply.ok().body["userRecordName"], server.user("bob").name().await);
        assert!(!page.text().contains("postMessage"), "{page:?}");
    }
}

#[tokio::test]
async fn c014_who_does_not_sign_in_is_told_so() {
    let server = server_with(|token| token).await;
    let url = redirect_url(&server, TOKEN).await;
    let page = open(&server, &url).await;
    let cancel = links(&url, &page).into_iter().find(|link| link.contains("cancel")).unwrap();
    let message = message(&open(&server, &cancel).await);
    assert!(message["errorMessage"].is_string() && message.get("ckSession").is_none(), "{message}");
}

/// That the page is good for 15 minutes was seen from outside; CloudKit JS asks for a new one before.
#[tokio::test]
async fn c014_the_page_expires() {
    let server = server_with(|token| token).await;
    let url = redirect_url(&server, TOKEN).await;
    server.container.clock().advance(Duration::from_secs(14 * 60));
    let link = link_of(&server, &url, "alice", false).await;
    server.container.clock().advance(Duration::from_secs(60));
    for url in [&url, &link, &url.replace("token=", "token=0")] {
        let page = open(&server, url).await;
        assert_eq!(page.status, 410, "{page:?}");
        assert!(!page.text().contains("postMessage"), "{page:?}");
    }
}

#[tokio::test]
async fn c015_tokens_are_decoded_under_either_name() {
    let server = Server::start().await;
    let api_token = server.container.api_token();
    let token = server.container.issue_web_auth_token("alice").unwrap();
    assert!(["+", "/", "="].iter().all(|special| token.contains(special)), "{token}");
    let name = server.user("alice").name().await;
    for parameter in ["ckWebAuthToken", "ckSession"] {
        let reply = caller(&server, &format!("ckAPIToken={api_token}&{parameter}={}", escape(&token))).await;
        assert_eq!(reply.ok().body["userRecordName"], name, "{parameter}");
    }
    for nothing in ["ckSession=null", "ckSession=", "ckWebAuthToken=", "ckWebAuthToken=null"] {
        let reply = caller(&server, &format!("ckAPIToken={api_token}&{nothing}")).await;
        reply.refused(421, "AUTHENTICATION_REQUIRED", "");
    }
}

#[tokio::test]
async fn c016_each_reply_to_a_user_carries_a_new_token() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let mut seen = std::collections::HashSet::new();
    for (status, reply) in [
        (200, alice.get("public/users/caller").await),
        (200, alice.query("private", json!({ "recordType": "Account" })).await),
        (400, alice.post("private/records/query", json!({})).await),
        (404, alice.query("private", json!({ "recordType": "NoSuchType" })).await),
        (500, alice.get("public/users/discover").await),
    ] {
        assert_eq!(reply.status, status, "{reply:?}");
        let token = reply.header("x-apple-cloudkit-web-auth-token").to_owned();
        assert!(!token.is_empty(), "{reply:?}");
        assert_eq!(reply.header("x-apple-cloudkit-session"), token);
        let again = format!("ckAPIToken={}&ckWebAuthToken={}", server.container.api_token(), escape(&token));
        caller(&server, &again).await.ok();
        assert!(seen.insert(token), "handed out twice: {reply:?}");
    }
    for reply in
        [server.key().get("public/users/caller").await, server.token().get("public/users/caller").await]
    {
        assert_eq!(reply.header("x-apple-cloudkit-web-auth-token"), "", "{reply:?}");
    }
}

#[tokio::test]
async fn c017_an_old_token_lives_on_until_it_expires() {
    let server = Server::start().await;
    let token = escape(&server.container.issue_web_auth_token("alice").unwrap());
    let parameters = format!("ckAPIToken={}&ckWebAuthToken={token}", server.container.api_token());
    for _ in 0..3 {
        caller(&server, &parameters).await.ok();
    }
    let (one, other) = tokio::join!(caller(&server, &parameters), caller(&server, &parameters));
    one.ok();
    other.ok();
    server.container.clock().advance(Duration::from_secs(29 * 60));
    caller(&server, &parameters).await.ok();
    server.container.clock().advance(Duration::from_secs(60));
    caller(&server, &parameters).await.refused(421, "AUTHENTICATION_REQUIRED", "");
}

#[tokio::test]
async fn c017_a_strict_container_takes_each_token_once() {
    let server = Server::start_with(|builder| builder.strict_web_auth_tokens(true)).await;
    let mut token = server.container.issue_web_auth_token("alice").unwrap();
    for _ in 0..3 {
        let parameters =
            format!("ckAPIToken={}&ckWebAuthToken={}", server.container.api_token(), escape(&token));
        let reply = caller(&server, &parameters).await;
        reply.ok();
        let again = caller(&server, &parameters).await;
        again.refused(421, "AUTHENTICATION_REQUIRED", "request needs authorization");
        assert_eq!(again.header("x-apple-cloudkit-web-auth-token"), "");
        token = reply.header("x-apple-cloudkit-web-auth-token").to_owned();
    }
}

#[tokio::test]
async fn c018_whoever_stays_signed_in_does_so_for_two_weeks() {
    let server = server_with(|token| token).await;
    let url = redirect_url(&server, TOKEN).await;
    let mut parameters = Vec::new();
    for keep in [false, true] {
        let link = link_of(&server, &url, "alice", keep).await;
        let token = message(&open(&server, &link).await)["ckWebAuthToken"].clone();
        parameters.push(format!("ckAPIToken={TOKEN}&ckWebAuthToken={}", escape(text(&token))));
    }
    server.container.clock().advance(Duration::from_secs(30 * 60));
    caller(&server, &parameters[0]).await.refused(421, "AUTHENTICATION_REQUIRED", "");
    server.container.clock().advance(Duration::from_secs(13 * 24 * 3600));
    let kept = caller(&server, &parameters[1]).await;
    let next = escape(kept.ok().header("x-apple-cloudkit-web-auth-token"));
    server.container.clock().advance(Duration::from_secs(24 * 3600));
    caller(&server, &parameters[1]).await.refused(421, "AUTHENTICATION_REQUIRED", "");
    caller(&server, &format!("ckAPIToken={TOKEN}&ckWebAuthToken={next}")).await.ok();
}

#[tokio::test]
async fn c018_an_expired_token_asks_to_sign_in() {
    let server = Server::start().await;
    let token = server.container.issue_web_auth_token("alice").unwrap();
    let parameters = format!("ckAPIToken={}&ckWebAuthToken={}", server.container.api_token(), escape(&token));
    caller(&server, &parameters).await.ok();
    server.container.expire_web_auth_token(&token).unwrap();
    let reply = caller(&server, &parameters).await;
    reply.refused(421, "AUTHENTICATION_REQUIRED", "");
    assert!(text(&reply.body["redirectURL"]).starts_with(server.container.url()), "{reply:?}");
}

#[tokio::test]
async fn c018_a_token_is_bound_to_its_api_token_environment_and_container() {
    let server = server_with(|token| token).await;
    let url = redirect_url(&server, TOKEN).await;
    let link = link_of(&server, &url, "alice", false).await;
    let token = escape(text(&message(&open(&server, &link).await)["ckWebAuthToken"]));
    caller(&server, &format!("ckAPIToken={TOKEN}&ckWebAuthToken={token}")).await.ok();
    let other = caller(&server, &format!("ckAPIToken={OTHER}&ckWebAuthToken={token}")).await;
    other.refused(401, "AUTHENTICATION_FAILED", "");

    let production = server.container.api_token_for(Environment::Production);
    let target = format!(
        "{}?ckAPIToken={production}&ckWebAuthToken={token}",
        server.nobody().production().target("private/users/caller")
    );
    server.send(Request::get(target)).await.refused(401, "AUTHENTICATION_FAILED", "");

    let elsewhere = Server::start_named("iCloud.com.example.Other", |builder| {
        builder.api_token(TOKEN, Environment::Development)
    });
    let elsewhere = elsewhere.await;
    let reply = caller(&elsewhere, &format!("ckAPIToken={TOKEN}&ckWebAuthToken={token}")).await;
    reply.refused(401, "AUTHENTICATION_FAILED", "");
}

/// Section 1.3. What a browser of another origin is told is inferred.
#[tokio::test]
async fn c018_an_api_token_may_be_for_pages_of_some_origins() {
    let server = server_with(|token| {
        token.allow_origin("https://app.example.com").allow_origin("https://beta.example.com")
    })
    .await;
    let query = json!({ "query": { "recordType": "Account" } }).to_string();
    for (api_token, origin, status) in [
        (TOKEN, Some("https://app.example.com"), 200),
        (TOKEN, Some("https://beta.example.com"), 200),
        (TOKEN, Some("https://evil.example.com"), 401),
        (TOKEN, Some("http://app.example.com"), 401),
        (TOKEN, Some("null"), 401),
        (TOKEN, None, 200),
        (OTHER, Some("https://evil.example.com"), 200),
    ] {
        let target = format!("{}?ckAPIToken={api_token}", server.nobody().target("public/records/query"));
        let mut request = Request::post(target, query.as_str());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let reply = server.send(request).await;
        assert_eq!(reply.status, status, "{origin:?}: {reply:?}");
        if status == 401 {
            reply.refused(401, "AUTHENTICATION_FAILED", "origin");
            assert!(!reply.header("access-control-allow-origin").is_empty(), "a page can read why");
        }
    }
    // Nor is a token posted to pages of other origins.
    let url = redirect_url(&server, TOKEN).await;
    let page = open(&server, &link_of(&server, &url, "alice", false).await).await;
    let origins = r#"window.opener ? ["https://app.example.com","https://beta.example.com"] : []"#;
    assert!(page.text().contains(origins), "{page:?}");
}

/// A write that asks to sign in does so for the API token that it came with.
#[tokio::test]
async fn c014_a_write_without_a_user_leads_to_the_page() {
    let server = server_with(|token| token.redirect_to("https://app.example.com/")).await;
    let body = json!({ "operations": [create("Account", "a-1", json!({}))] }).to_string();
    for (api_token, status) in [(TOKEN, 302), (OTHER, 200)] {
        let target = format!("{}?ckAPIToken={api_token}", server.nobody().target("public/records/modify"));
        let reply = server.send(Request::post(target, body.as_str())).await;
        reply.refused(421, "AUTHENTICATION_REQUIRED", "");
        let url = text(&reply.body["redirectURL"]).to_owned();
        let page = open(&server, &link_of(&server, &url, "alice", false).await).await;
        assert_eq!(page.status, status, "{page:?}");
    }
}
