//! What production refuses, one row for each refusal, with where it is known from.
//!
//! Development is ahead by a record type, a field and three indexes, as it is on the day before a release: what is
//! refused here for not being there works in development.

mod limits;
mod requests;
mod rights;
mod schema;
mod values;

use std::collections::BTreeSet;

use cloudkit_core::Environment;
use serde_json::{Value, json};

use super::support::{Caller, Reply, Request, Server, int64, one, string, text, typed};

/// One refusal.
struct Refusal {
    what: &'static str,
    /// Where it is known from: a page of Apple's, a report, or that it is inferred.
    source: &'static str,
    who: Who,
    /// The endpoint with its database; from the root of the server if it begins with a slash.
    path: &'static str,
    body: Value,
    expected: Expected,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Nobody,
    Key,
    ApiToken,
    Alice,
    Bob,
}

/// What comes back. Reasons are parts of the text.
#[derive(Clone, Copy, Debug)]
enum Expected {
    Whole(u16, &'static str, &'static str),
    /// The last item failed; those before it are there to succeed or not.
    Item(&'static str, &'static str),
}

use Expected::{Item, Whole};
use Who::{Alice, ApiToken, Bob, Key, Nobody};

/// A page of the CloudKit Web Services Reference.
macro_rules! reference {
    ($page:literal) => {
        concat!("CloudKit Web Services Reference, ", $page)
    };
}
use reference;

const SCHEMA_LANGUAGE: &str = "Apple, Integrating a Text-Based Schema into Your Workflow";

/// A refusal of one query of the public database.
fn query(what: &'static str, source: &'static str, query: Value, reason: &'static str) -> Refusal {
    let body = json!({ "query": query });
    Refusal {
        what,
        source,
        who: Alice,
        path: "public/records/query",
        body,
        expected: Whole(400, "BAD_REQUEST", reason),
    }
}

/// A refusal of one operation on the public database.
fn operation(what: &'static str, source: &'static str, operation: Value, expected: Expected) -> Refusal {
    let body = json!({ "operations": [operation] });
    Refusal { what, source, who: Alice, path: "public/records/modify", body, expected }
}

impl Refusal {
    fn by(self, who: Who) -> Self {
        Self { who, ..self }
    }

    fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }
}

/// The schema of development, which is ahead of what is deployed.
fn ahead(deployed: &str) -> String {
    let indexed = "note STRING QUERYABLE SORTABLE SEARCHABLE,\n        draft STRING QUERYABLE SORTABLE,";
    let draft = "\n    RECORD TYPE Draft (\n        \"___recordID\" REFERENCE QUERYABLE,\n        text STRING,\n        \
                 GRANT WRITE TO \"_creator\",\n        GRANT CREATE TO \"_icloud\",\n        GRANT READ TO \"_world\"\n    );\n";
    let is_note = |line: &&str| line.split_whitespace().collect::<Vec<_>>() == ["note", "STRING,"];
    assert_eq!(deployed.lines().filter(is_note).count(), 1, "{deployed}");
    let lines = deployed.lines().map(|line| if is_note(&line) { indexed } else { line });
    lines.collect::<Vec<_>>().join("\n") + draft
}

/// A container of which production holds something for each refusal to meet.
async fn released() -> Server {
    let server = Server::start().await;
    let deployed = server.container.export_schema(Environment::Production);
    server.container.import_schema(&ahead(&deployed)).unwrap();
    let alice = server.user("alice").production();
    alice.create("public", "Account", "there", one("cents", int64(1))).await;
    alice.create("public", "Diary", "secret", one("text", string("mine"))).await;
    let reference = json!({ "recordName": "there", "action": "VALIDATE" });
    alice.create("public", "Node", "validates", one("up", typed("REFERENCE", reference))).await;
    alice.create_zone("books").await;
    server
}

async fn send(server: &Server, refusal: &Refusal) -> Reply {
    let caller: Caller<'_> = match refusal.who {
        Nobody => server.nobody(),
        Key => server.key(),
        ApiToken => server.token(),
        Alice => server.user("alice"),
        Bob => server.user("bob"),
    };
    let caller = caller.production();
    let body = (!refusal.body.is_null()).then(|| refusal.body.to_string());
    let target = match refusal.path.strip_prefix('/') {
        Some(_) => refusal.path.replace("CONTAINER", server.container.container_id()),
        None => caller.target(refusal.path),
    };
    caller
        .send(match body {
            Some(body) => Request::post(target, body),
            None => Request::get(target),
        })
        .await
}

/// What is wrong with the reply, if anything is.
fn complaint(refusal: &Refusal, reply: &Reply) -> Option<String> {
    let arrays = ["records", "zones", "subscriptions", "results"];
    let (status, found, code, reason) = match refusal.expected {
        Whole(status, code, reason) => (status, Some(&reply.body), code, reason),
        Item(code, reason) => {
            let items = arrays.iter().find_map(|name| reply.body[*name].as_array());
            (200, items.and_then(|items| items.last()), code, reason)
        }
    };
    let as_expected = found.is_some_and(|found| {
        reply.status == status
            && text(&found["serverErrorCode"]) == code
            && text(&found["reason"]).contains(reason)
    });
    (!as_expected).then(|| format!("{}: not {:?} but {reply:?}", refusal.what, refusal.expected))
}

fn all() -> Vec<Refusal> {
    [schema::refusals(), rights::refusals(), limits::refusals(), requests::refusals(), values::refusals()]
        .into_iter()
        .flatten()
        .collect()
}

#[tokio::test]
async fn production_refuses_with_the_right_words() {
    let server = released().await;
    let bystanders = async || {
        let production = server.user("alice").production();
        let names = ["there", "secret", "validates"];
        let public = production.lookup("public", &names).await.ok().body.clone();
        let all = production.query("public", json!({ "recordType": "Everything" })).await.names().len();
        let zones = production.get("private/zones/list").await.ok().body["zones"].as_array().unwrap().len();
        (public, all, zones)
    };
    let before = bystanders().await;
    let refusals = all();
    let mut complaints = Vec::new();
    for refusal in &refusals {
        complaints.extend(complaint(refusal, &send(&server, refusal).await));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(bystanders().await, before, "what was refused has changed nothing");

    let names: BTreeSet<_> = refusals.iter().map(|refusal| refusal.what).collect();
    assert_eq!(names.len(), refusals.len(), "each refusal is named once");
    assert!(refusals.iter().all(|refusal| refusal.source.len() > 5));
    assert!(refusals.len() >= 60, "{}", refusals.len());
}

/// Were it refused in development too, the table would say nothing of production.
#[tokio::test]
async fn what_is_not_deployed_works_in_development() {
    let server = released().await;
    let alice = server.user("alice");
    let account = json!({ "note": string("n"), "draft": string("d"), "cents": int64(1) });
    alice.create("public", "Account", "there", account).await;
    alice.create("public", "Draft", "d-1", one("text", string("t"))).await;
    let mut tried = 0;
    for refusal in schema::refusals() {
        if refusal.what.contains("deployed") {
            let reply = alice.post(refusal.path, refusal.body.clone()).await;
            let body = reply.ok().body.to_string();
            // The record that the table creates is there already.
            let errors = body.matches("serverErrorCode").count() - body.matches("CONFLICT").count();
            assert_eq!(errors, 0, "{}: {reply:?}", refusal.what);
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
}
