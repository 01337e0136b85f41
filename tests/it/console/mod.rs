//! The console of a container, and the interface behind it.

mod archive;
mod data;
mod gate;
mod import;
mod requests;
mod secrets;
mod steering;

use reqwest::Method;
use serde_json::{Value, json};

use crate::conformance::support::{Raw, Server};

/// Somebody who has loaded the page, and asks with its key.
struct Page<'s> {
    server: &'s Server,
    key: String,
}

impl<'s> Page<'s> {
    async fn load(server: &'s Server) -> Self {
        let page = fetch(server, Method::GET, "/console", &[], b"").await;
        assert_eq!(page.status, 200, "{page:?}");
        let text = page.text();
        let (_, rest) = text.split_once("name=\"console-key\" content=\"").expect("the page has its key");
        let key = rest.split('"').next().unwrap().to_owned();
        assert_eq!(key.len(), 64, "{text}");
        Self { server, key }
    }

    async fn ask(&self, method: Method, what: &str, body: &[u8]) -> Raw {
        let authorization = format!("Bearer {}", self.key);
        fetch(self.server, method, &format!("/admin/{what}"), &[("authorization", &authorization)], body)
            .await
    }

    async fn get(&self, what: &str) -> Value {
        self.ask(Method::GET, what, b"").await.json()
    }

    async fn post(&self, what: &str, body: impl AsRef<[u8]>) -> Value {
        self.ask(Method::POST, what, body.as_ref()).await.json()
    }

    /// A request that is refused: its status and what the refusal says.
    async fn refused(&self, method: Method, what: &str, body: &str) -> (u16, String) {
        let raw = self.ask(method, what, body.as_bytes()).await;
        assert_ne!(raw.status, 200, "{raw:?}");
        let answer: Value = serde_json::from_slice(&raw.body).unwrap();
        (raw.status, answer["error"].as_str().unwrap().to_owned())
    }

    /// The latest request, in full.
    async fn latest(&self) -> Value {
        let number = self.get("requests").await["count"].as_u64().unwrap();
        self.get(&format!("request?number={number}")).await
    }
}

async fn fetch(server: &Server, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Raw {
    server.fetch(method, &format!("{}{path}", server.container.url()), headers, body).await
}

/// Alice shares a record of the zone `books` with Bob, who may read it.
async fn share_with_bob(server: &Server) {
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    alice.create_zone("books").await;
    let root = json!({ "operationType": "create", "record": { "recordType": "Account", "recordName": "root",
        "createShortGUID": true, "fields": { "owner": { "value": "Ines" } } } });
    let beside = json!({ "operationType": "create", "record": { "recordType": "Account", "recordName": "beside",
        "fields": { "owner": { "value": "nobody else" } } } });
    let saved = alice.modify_in("books", json!([root, beside])).await;
    let tag = saved.record(0)["recordChangeTag"].clone();
    let bob_may_read = json!({ "userIdentity": { "lookupInfo": { "emailAddress": "bob@example.com" } },
        "permission": "READ_ONLY", "type": "USER", "acceptanceStatus": "INVITED" });
    let share = json!({ "operationType": "create", "record": { "recordType": "cloudkit.share",
        "recordName": "share", "publicPermission": "NONE", "participants": [bob_may_read],
        "forRecord": { "recordName": "root", "recordChangeTag": tag } } });
    let shared = alice.modify_in("books", json!([share])).await;
    let address = json!({ "shortGUIDs": [{ "value": shared.record(0)["shortGUID"] }] });
    bob.post("public/records/accept", address).await.ok();
}
