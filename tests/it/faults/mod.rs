//! Trouble on demand, as clients meet it.

mod feeds;
mod kinds;
mod replay;
mod services;
mod stage;
mod unmet;

use std::time::Duration;

use cloudkit_core::CkRecord;
use cloudkit_core::auth::{CanonicalMessage, RequestDate};
use cloudkit_test_container::{TestContainer, TestContainerBuilder};
use serde_json::{Value, json};

#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
struct Author {
    #[ck(queryable, sortable)]
    name: String,
}

fn ines() -> Author {
    Author { name: "Ines".to_owned() }
}

/// A container whose time stands still, with a fixed seed.
fn builder() -> TestContainerBuilder {
    TestContainer::builder("iCloud.com.example.Faults")
        .records::<Author>()
        .user("alice")
        .seed(1)
        .virtual_time()
}

async fn start() -> TestContainer {
    builder().start().await.unwrap()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Sends a request to the public database as it should be signed. What comes back is what the HTTP client says.
async fn send(
    http: &reqwest::Client,
    server: &TestContainer,
    endpoint: &str,
    body: &Value,
) -> reqwest::Result<reqwest::Response> {
    let path = format!("/database/1/{}/development/public/{endpoint}", server.container_id());
    let body = body.to_string();
    let date = RequestDate::from_unix_seconds(server.clock().now_ms() / 1000).unwrap();
    let message = CanonicalMessage::new(date, body.as_bytes(), path.as_str()).to_string();
    let key = cloudkit_core::auth::PrivateKey::from_pem(&server.private_key_pem()).unwrap();
    http.post(format!("{}{path}", server.url()))
        .header("X-Apple-CloudKit-Request-KeyID", server.key_id())
        .header("X-Apple-CloudKit-Request-ISO8601Date", date.to_string())
        .header(
            "X-Apple-CloudKit-Request-SignatureV1",
            key.sign_bytes(message.as_bytes()).unwrap().to_string(),
        )
        .body(body)
        .send()
        .await
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The body of a request that saves authors under these names.
fn save(names: &[&str]) -> Value {
    let operations = names.iter().map(|name| {
        json!({
            "operationType": "forceUpdate",
            "record": {"recordName": name, "recordType": "Author", "fields": {"name": {"value": name}}},
        })
    });
    json!({ "operations": operations.collect::<Vec<_>>() })
}

fn lookup(name: &str) -> Value {
    json!({"records": [{"recordName": name}]})
}
