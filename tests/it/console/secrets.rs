//! No answer of the interface holds a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, fetch, share_with_bob};
use crate::conformance::support::{Request, Server, escape};

#[tokio::test]
async fn no_token_is_in_any_answer() {
    let server = Server::start_with(|builder| {
        builder.user(cloudkit_test_container::User::new("dora").web_auth_token("dora's+own/token"))
    })
    .await;
    let page = Page::load(&server).await;
    let container = &server.container;
    let mut secrets: Vec<String> = vec![
        container.api_token(),
        container.management_token().to_owned(),
        page.key.clone(),
        "dora's+own/token".to_owned(),
        container.issue_user_token("alice").unwrap(),
        "p4ssw0rd-of-a-proxy".to_owned(),
    ];
    secrets.extend(container.users().iter().map(|user| user.web_auth_token.clone()));

    // Tokens where they belong: in addresses, in replies, in headers.
    let caller = server.user("alice").get("public/users/caller").await;
    secrets.push(caller.header("x-apple-cloudkit-web-auth-token").to_owned());
    let courier = server.user("alice").register_for_notifications().await;
    secrets.push(courier.split_once("tok=").unwrap().1.to_owned());
    let refused = server.token().get("private/users/caller").await;
    let sign_in = refused.body["redirectURL"].as_str().unwrap().to_owned();
    secrets.push(sign_in.split_once("token=").unwrap().1.to_owned());
    let signed_in = server.fetch(Method::GET, &format!("{sign_in}&user=alice"), &[], b"").await.text();
    let posted = signed_in.split("\"ckSession\":\"").nth(1).unwrap().split('"').next().unwrap();
    secrets.push(posted.to_owned());
    let record =
        crate::conformance::assets::saved(&server, &server.user("alice"), "private", "photo", b"x").await;
    let asset = &record["fields"]["assetid"]["value"];
    secrets.push(asset["wrappingKey"].as_str().unwrap().to_owned());
    secrets.push(asset["downloadURL"].as_str().unwrap().split_once("token=").unwrap().1.to_owned());
    share_with_bob(&server).await;

    // And where they do not.
    let token = container.api_token();
    let schema = format!("/v1/teams/{}/containers/{}", container.team_id(), container.container_id());
    let headers = [
        ("x-apple-cloudkit-management-token", container.management_token()),
        ("cookie", "myacinfo=p4ssw0rd-of-a-proxy"),
        ("proxy-authorization", "Basic p4ssw0rd-of-a-proxy"),
    ];
    fetch(&server, Method::GET, &schema, &headers, b"").await;
    let referer = format!("http://app.example/?ckWebAuthToken={}", escape(posted));
    let body = json!({ "records": [{ "recordName": token }], "token": posted }).to_string();
    let request = Request::post(server.key().target("public/records/lookup"), body)
        .header("X-Apple-CloudKit-Request-KeyID", &token)
        .header("X-Apple-CloudKit-Request-ISO8601Date", "2026-01-01T00:00:00Z")
        .header("X-Apple-CloudKit-Request-SignatureV1", BASE64.encode(&token))
        .header("Referer", &referer);
    server.send(request).await;
    let odd = format!("{}%3FckSession%3D{}", server.key().target("public/records"), escape(posted));
    server.send(Request::get(odd)).await;

    let mut asked = ["container", "access", "subscriptions", "requests", "databases", "schema", "faults"]
        .map(str::to_owned)
        .to_vec();
    asked.push("records?environment=development&database=private&user=alice".to_owned());
    asked.push("records?environment=development&database=shared&user=bob&owner=alice&zone=books".to_owned());
    asked.push("record?environment=development&database=private&user=alice&name=photo".to_owned());
    let count = page.get("requests").await["count"].as_u64().unwrap();
    assert!(count >= 15, "{count}");
    asked.extend((1..=count).map(|number| format!("request?number={number}")));
    for what in asked {
        let answer = page.get(&what).await.to_string();
        for secret in &secrets {
            assert!(secret.len() > 10, "{secret}");
            let spellings =
                [secret.clone(), escape(secret), BASE64.encode(secret), json!(secret).to_string()];
            for spelling in spellings {
                assert!(!answer.contains(spelling.trim_matches('"')), "{what} tells {secret}: {answer}");
            }
        }
    }
    // The interface is not a list of empty answers: what is no secret is there.
    let access = page.get("access").await;
    let shown = access["apiTokens"][0]["token"].as_str().unwrap();
    assert_eq!(shown, format!("{}... (64 characters)", &token[..6]));
    let users: Vec<&Value> = access["users"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
    assert_eq!(users, ["alice", "bob", "dora"]);
    assert_eq!(access["keys"].as_array().unwrap().len(), 4);
}
