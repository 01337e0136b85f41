//! Statements 29 to 45 and 50 to 53: saving and deleting records.

use serde_json::{Value, json};

use crate::conformance::support::{Caller, Reply, operation, text};

mod batches;
mod history;
mod limits;
mod operations;
mod references;
mod schema;

const NEEDING_A_TAG: [&str; 3] = ["update", "replace", "delete"];
const CONFLICT: &str = "CONFLICT";

fn account(name: &str, tag: Option<&str>, fields: Value) -> Value {
    let mut record = json!({ "recordType": "Account", "recordName": name, "fields": fields });
    if let Some(tag) = tag {
        record["recordChangeTag"] = tag.into();
    }
    record
}

fn tag(record: &Value) -> &str {
    text(&record["recordChangeTag"])
}

/// The record as a lookup has it now.
async fn now(caller: &Caller<'_>, name: &str) -> Value {
    caller.lookup("public", &[name]).await.record(0).clone()
}

async fn check_gone(caller: &Caller<'_>, names: &[&str]) {
    let reply = caller.lookup("public", names).await;
    for at in 0..names.len() {
        reply.failed(at, "NOT_FOUND", "Record not found");
    }
}

async fn modify_books(caller: &Caller<'_>, body: Value) -> Reply {
    let mut body = body;
    body["zoneID"] = json!({ "zoneName": "books" });
    caller.post("private/records/modify", body).await
}

async fn lookup_in(caller: &Caller<'_>, zone: &str, names: &[&str]) -> Reply {
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    caller.post("private/records/lookup", json!({ "records": records, "zoneID": { "zoneName": zone } })).await
}

async fn force_delete(caller: &Caller<'_>, name: &str) -> Reply {
    caller.modify("public", json!([operation("forceDelete", json!({ "recordName": name }))])).await
}
