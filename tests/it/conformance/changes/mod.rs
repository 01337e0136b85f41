//! Statements 76 to 86: the change feeds of databases and zones, and their tokens.

use serde_json::{Value, json};

use crate::conformance::support::{Caller, Reply, Server, int64, operation, text};

mod database;
mod pages;
mod tokens;
mod zone;

const UNKNOWN: &str = "Unknown sync continuation type";

/// One page of the feed of one zone, which must be there.
struct Page {
    records: Vec<Value>,
    token: String,
    more: bool,
}

impl Page {
    #[track_caller]
    fn read(entry: &Value) -> Self {
        assert!(entry.get("serverErrorCode").is_none(), "{entry}");
        Self {
            records: entry["records"].as_array().unwrap_or_else(|| panic!("no records: {entry}")).clone(),
            token: entry["syncToken"].as_str().unwrap_or_else(|| panic!("no token: {entry}")).to_owned(),
            more: entry["moreComing"].as_bool().unwrap_or_else(|| panic!("no moreComing: {entry}")),
        }
    }

    fn names(&self) -> Vec<&str> {
        self.records.iter().map(|record| text(&record["recordName"])).collect()
    }
}

async fn ask(caller: &Caller<'_>, entry: Value) -> Reply {
    caller.post("private/changes/zone", json!({ "zones": [entry] })).await
}

/// A page of `books`, with further members in the entry.
async fn books(caller: &Caller<'_>, token: Option<&str>, more: Value) -> Page {
    let mut entry = json!({ "zoneID": { "zoneName": "books" } });
    let members = entry.as_object_mut().unwrap();
    members.extend(more.as_object().cloned().unwrap_or_default());
    if let Some(token) = token {
        members.insert("syncToken".to_owned(), token.into());
    }
    Page::read(&ask(caller, entry).await.list("zones")[0])
}

async fn database(caller: &Caller<'_>, body: Value) -> (Vec<String>, String, bool) {
    let reply = caller.post("private/changes/database", body).await;
    let names = reply.list("zones").iter().map(|zone| text(&zone["zoneID"]["zoneName"]).to_owned()).collect();
    let more = reply.body["moreComing"].as_bool().unwrap_or_else(|| panic!("no moreComing: {reply:?}"));
    (names, text(&reply.body["syncToken"]).to_owned(), more)
}

fn save(name: &str, cents: i64) -> Value {
    let fields = json!({ "cents": int64(cents) });
    operation("forceUpdate", json!({ "recordType": "Account", "recordName": name, "fields": fields }))
}

fn delete(name: &str) -> Value {
    operation("forceDelete", json!({ "recordName": name }))
}

async fn with_books(server: &Server) -> Caller<'_> {
    let alice = server.user("alice");
    alice.create_zone("books").await;
    alice
}
