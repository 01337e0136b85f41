//! Statements 92 and 93: shares, who takes part in them, and the shared database.

mod accept;
mod archive;
mod create;
mod end;
mod feeds;
mod notifications;
mod participants;
mod permission;
mod public_permission;
mod shared_database;

use serde_json::{Value, json};

use super::support::{Caller, Reply, Server, create, int64, one, operation, string, text};

const ZONE: &str = "books";

async fn server() -> Server {
    Server::start_with(|builder| builder.user("carol")).await
}

/// A record of Alice, two below it and one beside them, in a zone of hers.
async fn library(server: &Server) -> Library<'_> {
    let alice = server.user("alice");
    let zone = json!({ "zoneID": { "zoneName": ZONE } });
    let body = json!({ "operations": [{ "operationType": "create", "zone": zone }] });
    alice.post("private/zones/modify", body).await.ok();
    let owner = alice.name().await;
    let library = Library { server, zone: json!({ "zoneName": ZONE, "ownerRecordName": owner }) };
    let child = |name: &str, parent: &str| {
        let mut operation = create("Account", name, one("cents", int64(1)));
        operation["record"]["parent"] = json!({ "recordName": parent });
        operation
    };
    let mut root = create("Account", "root", one("owner", string("Ines")));
    root["record"]["createShortGUID"] = json!(true);
    let operations = json!([
        root,
        child("child", "root"),
        child("grandchild", "child"),
        create("Account", "beside", one("note", string("for nobody else")))
    ]);
    library.modify("alice", operations).await.record(3);
    library
}

/// What the tests do in the zone.
struct Library<'s> {
    server: &'s Server,
    zone: Value,
}

impl Library<'_> {
    fn database(user: &str) -> &'static str {
        if user == "alice" { "private" } else { "shared" }
    }

    async fn post(&self, user: &str, path: &str, mut body: Value) -> Reply {
        body["zoneID"] = self.zone.clone();
        self.server.user(user).post(&format!("{}/{path}", Self::database(user)), body).await
    }

    async fn modify(&self, user: &str, operations: Value) -> Reply {
        self.post(user, "records/modify", json!({ "operations": operations, "atomic": false })).await
    }

    async fn lookup(&self, user: &str, name: &str) -> Reply {
        self.post(user, "records/lookup", json!({ "records": [{ "recordName": name }] })).await
    }

    async fn tag(&self, name: &str) -> String {
        text(&self.lookup("alice", name).await.record(0)["recordChangeTag"]).to_owned()
    }

    /// The names that the user sees in the zone, in alphabetical order.
    async fn names(&self, user: &str) -> Vec<String> {
        let body = json!({ "query": { "recordType": "Account" } });
        self.post(user, "records/query", body).await.sorted_names()
    }

    /// Shares `root`, and returns the share.
    async fn share(&self, public_permission: &str, participants: Value) -> Value {
        let operations = json!([share_of("root", &self.tag("root").await, public_permission, participants)]);
        self.modify("alice", operations).await.record(0).clone()
    }

    async fn update_share(&self, user: &str, changes: Value) -> Reply {
        let mut record = json!({ "recordName": "share", "recordType": "cloudkit.share" });
        record["recordChangeTag"] = json!(self.tag("share").await);
        for (key, value) in changes.as_object().unwrap() {
            record[key] = value.clone();
        }
        self.modify(user, json!([operation("update", record)])).await
    }

    async fn zone_names(&self, user: &str) -> Vec<String> {
        let reply = self.server.user(user).get("shared/zones/list").await;
        let zones = reply.ok().body["zones"].as_array().unwrap();
        zones.iter().map(|zone| text(&zone["zoneID"]["zoneName"]).to_owned()).collect()
    }

    /// The changes of the zone since a token, as names and whether they are gone, and the next token.
    async fn changes(&self, user: &str, token: Option<&str>) -> (Vec<(String, bool)>, String) {
        let zone = json!({ "zoneID": self.zone, "syncToken": token });
        let path = format!("{}/changes/zone", Self::database(user));
        let reply = self.server.user(user).post(&path, json!({ "zones": [zone] })).await;
        let zone = &reply.ok().body["zones"][0];
        assert!(zone.get("serverErrorCode").is_none(), "{reply:?}");
        assert_eq!(zone["moreComing"], false, "{reply:?}");
        let mut changes: Vec<_> = zone["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| (text(&record["recordName"]).to_owned(), record["deleted"] == true))
            .collect();
        changes.sort();
        (changes, text(&zone["syncToken"]).to_owned())
    }
}

fn share_of(root: &str, tag: &str, public_permission: &str, participants: Value) -> Value {
    operation(
        "create",
        json!({ "recordType": "cloudkit.share", "recordName": "share", "publicPermission": public_permission,
            "forRecord": { "recordName": root, "recordChangeTag": tag }, "participants": participants,
            "fields": { "cloudkit.title": string("Books") } }),
    )
}

fn invited(email: &str, permission: &str) -> Value {
    json!({ "userIdentity": { "lookupInfo": { "emailAddress": email } }, "permission": permission,
        "type": "USER", "acceptanceStatus": "INVITED" })
}

async fn short_guid(caller: &Caller<'_>, action: &str, asked: Value) -> Reply {
    caller.post(&format!("public/records/{action}"), json!({ "shortGUIDs": asked })).await
}

async fn resolve_one(caller: &Caller<'_>, action: &str, share: &Value) -> Value {
    let reply = short_guid(caller, action, json!([{ "value": share["shortGUID"] }])).await;
    let results = reply.ok().body["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{reply:?}");
    results[0].clone()
}

async fn accept(server: &Server, user: &str, share: &Value) {
    let result = resolve_one(&server.user(user), "accept", share).await;
    assert_eq!(result["participantStatus"], "ACCEPTED", "{result}");
}

/// Alice's library with Bob in it.
async fn shared_with_bob<'s>(server: &'s Server, permission: &str) -> (Library<'s>, Value) {
    let library = library(server).await;
    let share = library.share("NONE", json!([invited("bob@example.com", permission)])).await;
    accept(server, "bob", &share).await;
    (library, share)
}

#[track_caller]
fn check_denied(reply: &Reply, permission: &str) {
    reply.failed(0, "ACCESS_DENIED", &format!("{permission} operation not permitted"));
}
