//! Statements 92 and 93: shares, who takes part in them, and the shared database.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    Caller, Reply, Server, check_contains, create, int64, one, operation, string, text, typed,
};

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

#[tokio::test]
async fn c092_a_record_gets_a_short_guid_when_it_asks_for_one() {
    let server = server().await;
    let library = library(&server).await;
    let reply = library.lookup("alice", "root").await;
    let guid = text(&reply.record(0)["shortGUID"]).to_owned();
    assert!(guid.len() >= 5, "{reply:?}");
    assert!(library.lookup("alice", "child").await.record(0).get("shortGUID").is_none());

    let update = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "createShortGUID": true });
    let reply = library.modify("alice", json!([operation("update", update)])).await;
    assert_ne!(reply.record(0)["shortGUID"], guid);
    assert!(reply.record(0)["shortGUID"].is_string(), "{reply:?}");

    // Outside of custom zones there is nothing to share. The code is inferred.
    let mut record = create("Account", "a-1", json!({}));
    record["record"]["createShortGUID"] = json!(true);
    for database in ["private", "public"] {
        let reply = server.user("alice").modify(database, json!([record])).await;
        reply.failed(0, "BAD_REQUEST", "custom zone");
    }
}

#[tokio::test]
async fn c092_a_share_names_owner_participants_and_address() {
    let server = server().await;
    let library = library(&server).await;
    let before = library.lookup("alice", "root").await.record(0).clone();
    let share = library.share("READ_ONLY", json!([invited("bob@example.com", "READ_WRITE")])).await;
    let (alice, bob) = (server.user("alice").name().await, server.user("bob").name().await);
    check_contains(
        &share,
        &json!({
            "recordName": "share", "recordType": "cloudkit.share", "publicPermission": "READ_ONLY",
            "shortGUID": before["shortGUID"], "share": { "recordName": "root" }, "zoneID": library.zone,
            "fields": { "cloudkit.title": { "value": "Books", "type": "STRING" } },
            "participants": [
                { "type": "OWNER", "permission": "READ_WRITE", "acceptanceStatus": "ACCEPTED",
                  "userIdentity": { "userRecordName": alice } },
                { "type": "USER", "permission": "READ_WRITE", "acceptanceStatus": "INVITED",
                  "userIdentity": { "userRecordName": bob, "nameComponents": { "givenName": "Bob" },
                      "lookupInfo": { "emailAddress": "bob@example.com" } } },
            ],
            "owner": { "type": "OWNER", "userIdentity": { "userRecordName": alice } },
            "currentUserParticipant": { "type": "OWNER" },
        }),
    );
    assert_ne!(share["participants"][0]["participantId"], share["participants"][1]["participantId"]);

    let root = library.lookup("alice", "root").await.record(0).clone();
    check_contains(&root, &json!({ "share": { "recordName": "share", "zoneID": library.zone } }));
    assert_ne!(root["recordChangeTag"], before["recordChangeTag"]);
    assert_eq!(root["fields"], before["fields"]);
    let fields = json!({ "cloudkit.thumbnailImageData": typed("BYTES", "AAEC"),
        "cloudkit.type": string("com.example.book") });
    let reply = library.update_share("alice", json!({ "fields": fields })).await;
    check_contains(&reply.record(0)["fields"], &fields);
    library.update_share("alice", json!({ "fields": { "title": string("x") } })).await.failed(
        0,
        "BAD_REQUEST",
        "title",
    );
}

#[tokio::test]
async fn c092_nothing_else_can_be_shared() {
    let server = server().await;
    let library = library(&server).await;
    let text = "Cannot share - no such record exists to share";
    let tag = library.tag("root").await;

    let mut capital = share_of("root", &tag, "NONE", json!([]));
    capital["record"]["recordType"] = json!("cloudKit.share");
    library.modify("alice", json!([capital])).await.failed(0, "BAD_REQUEST", text);
    library.modify("alice", json!([share_of("nope", &tag, "NONE", json!([]))])).await.failed(
        0,
        "BAD_REQUEST",
        text,
    );
    let mut nothing = share_of("root", &tag, "NONE", json!([]));
    nothing["record"].as_object_mut().unwrap().remove("forRecord");
    library.modify("alice", json!([nothing])).await.failed(0, "BAD_REQUEST", text);

    let stale = share_of("root", "zz", "NONE", json!([]));
    library.modify("alice", json!([stale])).await.failed(0, "CONFLICT", "oplock");
    let mut untagged = share_of("root", &tag, "NONE", json!([]));
    untagged["record"]["forRecord"].as_object_mut().unwrap().remove("recordChangeTag");
    library.modify("alice", json!([untagged])).await.refused(400, "BAD_REQUEST", "'recordChangeTag'");

    let saved = server.user("alice").create("private", "Account", "a-1", json!({})).await;
    let share = share_of("a-1", super::support::text(&saved["recordChangeTag"]), "NONE", json!([]));
    server.user("alice").modify("private", json!([share])).await.failed(0, "BAD_REQUEST", "custom zone");

    library.share("NONE", json!([])).await;
    let mut again = share_of("root", &library.tag("root").await, "NONE", json!([]));
    again["record"]["recordName"] = json!("second");
    library.modify("alice", json!([again])).await.failed(0, "CONFLICT", "shared already");
}

#[tokio::test]
async fn c092_bad_participants_are_refused() {
    let server = server().await;
    let library = library(&server).await;
    let tag = library.tag("root").await;
    let share = |participants: Value| json!([share_of("root", &tag, "NONE", participants)]);
    for bad in [
        json!([{ "permission": "READ_ONLY" }]),
        json!([invited("bob@example.com", "READ")]),
        json!(["bob@example.com"]),
        json!({}),
    ] {
        library.modify("alice", share(bad)).await.refused(400, "BAD_REQUEST", "BadRequestException");
    }
    let nobody = json!([{ "userIdentity": { "userRecordName": "_nobody" }, "permission": "READ_ONLY" }]);
    library.modify("alice", share(nobody)).await.failed(0, "BAD_REQUEST", "_nobody");
    let twice = json!([invited("bob@example.com", "READ_ONLY"), invited("BOB@example.com", "READ_WRITE")]);
    library.modify("alice", share(twice)).await.failed(0, "BAD_REQUEST", "twice");
    let many: Vec<Value> =
        (0..101).map(|at| invited(&format!("{at}@elsewhere.example"), "READ_ONLY")).collect();
    library.modify("alice", share(many.into())).await.failed(0, "BAD_REQUEST", "too many participants");
    let many: Vec<Value> =
        (0..100).map(|at| invited(&format!("{at}@elsewhere.example"), "READ_ONLY")).collect();
    library.modify("alice", share(many.into())).await.record(0);
}

#[tokio::test]
async fn c093_an_invitation_is_resolved_and_accepted() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_WRITE")])).await;
    let bob = server.user("bob");
    let (alice_name, bob_name) = (server.user("alice").name().await, bob.name().await);

    let result = resolve_one(&bob, "resolve", &share).await;
    check_contains(
        &result,
        &json!({
            "shortGUID": { "value": share["shortGUID"] }, "environment": "development",
            "containerIdentifier": server.container.container_id(), "databaseScope": "SHARED",
            "zoneID": { "zoneName": ZONE, "ownerRecordName": alice_name, "zoneType": "REGULAR_CUSTOM_ZONE" },
            "rootRecordName": "root", "share": { "recordName": "share", "recordType": "cloudkit.share" },
            "ownerIdentity": { "userRecordName": alice_name, "nameComponents": { "givenName": "Alice" } },
            "participantType": "USER", "participantStatus": "INVITED", "participantPermission": "READ_WRITE",
        }),
    );
    assert!(result.get("rootRecord").is_none(), "{result}");
    assert!(library.zone_names("bob").await.is_empty());
    library.lookup("bob", "root").await.failed(0, "ZONE_NOT_FOUND", "");

    let asked = json!([{ "value": share["shortGUID"], "shouldFetchRootRecord": true, "rootRecordDesiredKeys": ["cents"] }]);
    let reply = short_guid(&bob, "accept", asked.clone()).await;
    let accepted = &reply.ok().body["results"][0];
    check_contains(
        accepted,
        &json!({ "databaseScope": "SHARED", "participantStatus": "ACCEPTED", "shortGUID": asked[0],
            "share": { "currentUserParticipant": { "acceptanceStatus": "ACCEPTED", "userIdentity": { "userRecordName": bob_name } } },
            "rootRecord": { "recordName": "root", "recordType": "Account", "fields": {} } }),
    );
    assert_eq!(accepted["rootRecord"]["fields"], json!({}), "only the desired keys");

    assert_eq!(library.zone_names("bob").await, [ZONE]);
    let reply = library.lookup("bob", "grandchild").await;
    check_contains(reply.record(0), &json!({ "zoneID": library.zone, "parent": { "recordName": "child" } }));

    // Once more is no harm; that it is none is inferred.
    let tag = library.tag("share").await;
    accept(&server, "bob", &share).await;
    assert_eq!(library.tag("share").await, tag);
    let mine = resolve_one(&server.user("alice"), "resolve", &share).await;
    check_contains(
        &mine,
        &json!({ "databaseScope": "PRIVATE", "participantType": "OWNER", "participantStatus": "ACCEPTED" }),
    );
}

#[tokio::test]
async fn c093_addresses_are_answered_one_by_one() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("bob@example.com", "READ_ONLY")])).await;
    let asked = json!([{ "value": "0nobody" }, { "value": share["shortGUID"] }]);
    for action in ["resolve", "accept"] {
        let reply = short_guid(&server.user("bob"), action, asked.clone()).await;
        let results = reply.ok().body["results"].as_array().unwrap();
        check_contains(
            &results[0],
            &json!({ "serverErrorCode": "NOT_FOUND", "shortGUID": { "value": "0nobody" } }),
        );
        check_contains(&results[1], &json!({ "participantType": "USER" }));

        server
            .token()
            .post(&format!("public/records/{action}"), json!({ "shortGUIDs": asked }))
            .await
            .refused(421, "AUTHENTICATION_REQUIRED", "");
        short_guid(&server.key(), action, asked.clone()).await.refused(401, "AUTHENTICATION_FAILED", "");
        for (database, called) in [("private", "privatedb"), ("shared", "sharedb")] {
            let body = json!({ "shortGUIDs": asked });
            let reply = server.user("bob").post(&format!("{database}/records/{action}"), body).await;
            reply.refused(400, "BAD_REQUEST", &format!("database type '{called}'"));
        }
        let many = vec![json!({ "value": "0" }); 201];
        short_guid(&server.user("bob"), action, many.into()).await.refused(400, "BAD_REQUEST", "200");
        short_guid(&server.user("bob"), action, json!([{}])).await.refused(400, "BAD_REQUEST", "'value'");
        // An address of one environment is none of the other.
        let elsewhere = short_guid(&server.user("bob").production(), action, asked.clone()).await;
        check_contains(&elsewhere.ok().body["results"][1], &json!({ "serverErrorCode": "NOT_FOUND" }));
    }
}

/// A record may have an address before it is shared. That others do not find anything there is inferred.
#[tokio::test]
async fn c093_an_address_without_a_share_is_its_owners() {
    let server = server().await;
    let library = library(&server).await;
    let root = library.lookup("alice", "root").await.record(0).clone();
    let mine = resolve_one(&server.user("alice"), "resolve", &root).await;
    check_contains(&mine, &json!({ "rootRecordName": "root", "participantType": "OWNER" }));
    let other = resolve_one(&server.user("bob"), "accept", &root).await;
    check_contains(&other, &json!({ "serverErrorCode": "NOT_FOUND" }));
}

#[tokio::test]
async fn c093_participants_see_what_is_shared_and_nothing_else() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
    assert_eq!(library.names("alice").await, ["beside", "child", "grandchild", "root"]);
    assert_eq!(library.names("bob").await, ["child", "grandchild", "root"]);
    library.lookup("bob", "beside").await.failed(0, "NOT_FOUND", "Record not found");
    library.lookup("bob", "share").await.record(0);

    let body = json!({ "query": { "recordType": "Account" }, "zoneWide": true });
    let everywhere = server.user("bob").post("shared/records/query", body).await;
    assert_eq!(everywhere.sorted_names(), ["child", "grandchild", "root"]);
    check_contains(everywhere.record(0), &json!({ "zoneID": library.zone }));

    // Not for others, and not in another database.
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
    let body = json!({ "records": [{ "recordName": "root" }], "zoneID": library.zone });
    server.user("bob").post("private/records/lookup", body).await.failed(0, "ZONE_NOT_FOUND", "");
    let body = json!({ "query": { "recordType": "Account" }, "zoneWide": true });
    assert!(server.user("carol").post("shared/records/query", body).await.names().is_empty());
    server.user("bob").query("shared", json!({ "recordType": "Account" })).await.refused(
        400,
        "BAD_REQUEST",
        "zoneID needs to have ownerRecordName field for calls to sharedb",
    );
}

#[tokio::test]
async fn c093_a_query_of_all_shared_zones_goes_through_them_in_one_order() {
    let server = server().await;
    let mut expected = Vec::new();
    for (owner, start) in [("alice", 0), ("carol", 1)] {
        let caller = server.user(owner);
        let zone = json!({ "zoneName": "numbers" });
        let body = json!({ "operations": [{ "operationType": "create", "zone": { "zoneID": zone } }] });
        caller.post("private/zones/modify", body).await.ok();
        let mut operations = vec![create("Account", "top", one("cents", int64(-1)))];
        for at in 0..7 {
            let cents = 2 * at + start;
            let mut child = create("Account", &format!("n-{cents:02}"), one("cents", int64(cents)));
            child["record"]["parent"] = json!({ "recordName": "top" });
            operations.push(child);
            expected.push(format!("n-{cents:02}"));
        }
        let body = json!({ "operations": operations, "zoneID": zone });
        let reply = caller.post("private/records/modify", body).await;
        let tag = text(&reply.record(0)["recordChangeTag"]);
        let share = share_of("top", tag, "READ_ONLY", json!([]));
        let reply =
            caller.post("private/records/modify", json!({ "operations": [share], "zoneID": zone })).await;
        accept(&server, "bob", reply.record(0)).await;
    }
    expected.sort();
    let mut found = Vec::new();
    let mut marker = Value::Null;
    for page in 0.. {
        let body = json!({ "zoneWide": true, "resultsLimit": 4, "continuationMarker": marker, "query": {
            "recordType": "Account", "sortBy": [{ "fieldName": "cents" }],
            "filterBy": [{ "fieldName": "cents", "comparator": "GREATER_THAN_OR_EQUALS", "fieldValue": int64(0) }] } });
        let reply = server.user("bob").post("shared/records/query", body).await;
        found.extend(reply.names());
        marker = reply.body["continuationMarker"].clone();
        assert!(page < 5, "no end");
        if marker.is_null() {
            break;
        }
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn c093_who_may_only_read_writes_nothing() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
    let before = library.lookup("alice", "child").await.record(0).clone();
    let change = json!({ "recordName": "child", "recordChangeTag": before["recordChangeTag"],
        "fields": one("cents", int64(2)) });
    check_denied(&library.modify("bob", json!([operation("update", change.clone())])).await, "WRITE");
    check_denied(&library.modify("bob", json!([operation("forceReplace", change.clone())])).await, "WRITE");
    check_denied(&library.modify("bob", json!([operation("delete", change)])).await, "WRITE");
    let forced = json!({ "recordName": "child" });
    check_denied(&library.modify("bob", json!([operation("forceDelete", forced)])).await, "WRITE");
    let mut new = create("Account", "new", json!({}));
    new["record"]["parent"] = json!({ "recordName": "child" });
    check_denied(&library.modify("bob", json!([new])).await, "CREATE");
    assert_eq!(library.lookup("alice", "child").await.record(0), &before);
    library.lookup("alice", "new").await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c093_who_may_write_writes_below_what_is_shared() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let bob = server.user("bob").name().await;
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "fields": one("cents", int64(2)) });
    library.modify("bob", json!([operation("update", change)])).await.record(0);
    let seen = library.lookup("alice", "child").await.record(0).clone();
    check_contains(
        &seen,
        &json!({ "fields": { "cents": { "value": 2 } }, "modified": { "userRecordName": bob },
        "parent": { "recordName": "root" } }),
    );

    let mut new = create("Account", "new", json!({}));
    new["record"]["parent"] = json!({ "recordName": "child" });
    let friend = json!({ "recordName": "root", "zoneID": library.zone, "action": "NONE" });
    new["record"]["fields"]["friend"] = typed("REFERENCE", friend);
    let made = library.modify("bob", json!([new])).await.record(0).clone();
    check_contains(
        &made,
        &json!({ "zoneID": library.zone, "created": { "userRecordName": bob },
        "fields": { "friend": { "value": { "recordName": "root", "zoneID": library.zone } } } }),
    );
    assert_eq!(library.lookup("alice", "new").await.record(0)["created"], made["created"]);

    // Beside it nothing can be made, found or moved to.
    check_denied(&library.modify("bob", json!([create("Account", "loose", json!({}))])).await, "CREATE");
    let mut hidden = create("Account", "loose", json!({}));
    hidden["record"]["parent"] = json!({ "recordName": "beside" });
    check_denied(&library.modify("bob", json!([hidden])).await, "CREATE");
    let moved = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"], "parent": { "recordName": "beside" } });
    check_denied(&library.modify("bob", json!([operation("update", moved)])).await, "WRITE");
    let unparented = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"] });
    check_denied(&library.modify("bob", json!([operation("replace", unparented)])).await, "WRITE");
    let change = json!({ "recordName": "beside", "recordChangeTag": library.tag("beside").await });
    library.modify("bob", json!([operation("update", change.clone())])).await.failed(0, "NOT_FOUND", "");
    library.modify("bob", json!([operation("delete", change)])).await.failed(0, "NOT_FOUND", "");
    let forced = json!({ "recordName": "beside", "recordType": "Account" });
    library.modify("bob", json!([operation("forceDelete", forced.clone())])).await;
    check_denied(&library.modify("bob", json!([operation("forceReplace", forced)])).await, "CREATE");
    let validated = json!({ "recordName": "beside", "action": "VALIDATE" });
    let change = json!({ "recordName": "new", "recordChangeTag": made["recordChangeTag"],
        "fields": one("friend", typed("REFERENCE", validated)) });
    library.modify("bob", json!([operation("update", change)])).await.failed(
        0,
        "VALIDATING_REFERENCE_ERROR",
        "",
    );
    library.lookup("alice", "beside").await.record(0);

    library.modify("bob", json!([operation("forceDelete", json!({ "recordName": "new" }))])).await.record(0);
    library.lookup("alice", "new").await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c093_only_owner_and_administrators_change_a_share() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let open = json!({ "publicPermission": "READ_WRITE" });
    check_denied(&library.update_share("bob", open.clone()).await, "WRITE");
    let mut bob = invited("bob@example.com", "READ_WRITE");
    bob["type"] = json!("ADMINISTRATOR");
    let reply = library.update_share("alice", json!({ "participants": [bob] })).await;
    check_contains(
        &reply.record(0)["participants"][1],
        &json!({ "type": "ADMINISTRATOR", "acceptanceStatus": "ACCEPTED" }),
    );
    assert_eq!(library.update_share("bob", open).await.record(0)["publicPermission"], "READ_WRITE");
    let mut own = create("cloudkit.share", "own", json!({}));
    own["record"]["forRecord"] =
        json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("bob", json!([own])).await, "CREATE");
}

#[tokio::test]
async fn c093_a_private_share_is_for_those_invited() {
    let server = server().await;
    let (library, share) = shared_with_bob(&server, "READ_ONLY").await;
    for action in ["resolve", "accept"] {
        let result = resolve_one(&server.user("carol"), action, &share).await;
        check_contains(&result, &json!({ "serverErrorCode": "ACCESS_DENIED" }));
        assert!(!result.to_string().contains("root"), "{result}");
    }
    assert!(library.zone_names("carol").await.is_empty());
}

#[tokio::test]
async fn c093_an_invitation_to_an_unknown_address_may_be_anybodys() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("NONE", json!([invited("someone@elsewhere.example", "READ_ONLY")])).await;
    let result = resolve_one(&server.user("carol"), "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantPermission": "NONE", "potentialMatchList": [
            { "participantId": share["participants"][1]["participantId"],
              "contactInformation": { "emailAddress": "someone@elsewhere.example" } }] }),
    );
    assert!(result.get("rootRecordName").is_none() && result.get("share").is_none(), "{result}");
    let result = resolve_one(&server.user("carol"), "accept", &share).await;
    check_contains(&result, &json!({ "serverErrorCode": "ACCESS_DENIED" }));
}

#[tokio::test]
async fn c093_whoever_has_the_address_of_a_public_share_takes_part() {
    let server = server().await;
    let library = library(&server).await;
    let share = library.share("READ_ONLY", json!([])).await;
    let carol = server.user("carol");
    let result = resolve_one(&carol, "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantType": "PUBLIC_USER", "participantPermission": "READ_ONLY" }),
    );
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
    accept(&server, "carol", &share).await;
    assert_eq!(library.names("carol").await, ["child", "grandchild", "root"]);
    let shown = library.lookup("alice", "share").await.record(0).clone();
    check_contains(
        &shown["participants"][1],
        &json!({ "type": "PUBLIC_USER", "acceptanceStatus": "ACCEPTED", "permission": "READ_ONLY",
            "userIdentity": { "userRecordName": carol.name().await } }),
    );
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("carol", json!([operation("update", change.clone())])).await, "WRITE");

    library.update_share("alice", json!({ "publicPermission": "READ_WRITE" })).await.record(0);
    library.modify("carol", json!([operation("update", change)])).await.record(0);
    library.update_share("alice", json!({ "publicPermission": "NONE" })).await.record(0);
    library.lookup("carol", "root").await.failed(0, "ZONE_NOT_FOUND", "");
}

#[tokio::test]
async fn c093_sharing_ends_with_the_share_and_with_the_root() {
    for ends in ["share", "root"] {
        let server = server().await;
        let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
        let gone = operation("forceDelete", json!({ "recordName": ends }));
        library.modify("alice", json!([gone])).await.record(0);
        library.lookup("bob", "child").await.failed(0, "ZONE_NOT_FOUND", "");
        assert!(library.zone_names("bob").await.is_empty(), "{ends}");
        library.lookup("alice", "share").await.failed(0, "NOT_FOUND", "");
        let result = resolve_one(&server.user("bob"), "accept", &share).await;
        check_contains(&result, &json!({ "serverErrorCode": "NOT_FOUND" }));
        if ends == "share" {
            let root = library.lookup("alice", "root").await.record(0).clone();
            assert!(root.get("share").is_none(), "{root}");
            library.share("NONE", json!([])).await;
        } else {
            library.lookup("alice", "child").await.record(0);
        }
    }
}

#[tokio::test]
async fn c093_the_owner_removes_participants() {
    let server = server().await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let both = json!([invited("bob@example.com", "READ_ONLY"), invited("carol@example.com", "READ_ONLY")]);
    let reply = library.update_share("alice", json!({ "participants": both })).await;
    check_contains(
        &reply.record(0)["participants"],
        &json!([{ "type": "OWNER" }, { "permission": "READ_ONLY", "acceptanceStatus": "ACCEPTED" },
            { "permission": "READ_ONLY", "acceptanceStatus": "INVITED" }]),
    );
    let change = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await });
    check_denied(&library.modify("bob", json!([operation("update", change)])).await, "WRITE");

    let mut removed = invited("bob@example.com", "READ_ONLY");
    removed["acceptanceStatus"] = json!("REMOVED");
    library.update_share("alice", json!({ "participants": [removed] })).await.record(0);
    library.lookup("bob", "child").await.failed(0, "ZONE_NOT_FOUND", "");
    let share = library.lookup("alice", "share").await.record(0).clone();
    assert_eq!(share["participants"].as_array().map(Vec::len), Some(1), "{share}");
}

/// What a delete means to a participant is inferred from the native framework.
#[tokio::test]
async fn c093_a_participant_leaves_by_deleting() {
    for by_zone in [false, true] {
        let server = server().await;
        let (library, _) = shared_with_bob(&server, "READ_ONLY").await;
        if by_zone {
            let zone = json!({ "operationType": "delete", "zone": { "zoneID": library.zone } });
            let reply = server.user("bob").post("shared/zones/modify", json!({ "operations": [zone] })).await;
            check_contains(&reply.ok().body["zones"][0], &json!({ "zoneID": library.zone, "deleted": true }));
        } else {
            let gone = operation("forceDelete", json!({ "recordName": "share" }));
            library.modify("bob", json!([gone])).await.record(0);
        }
        library.lookup("bob", "root").await.failed(0, "ZONE_NOT_FOUND", "");
        let share = library.lookup("alice", "share").await.record(0).clone();
        assert_eq!(share["participants"].as_array().map(Vec::len), Some(1), "{share}");
        library.lookup("alice", "root").await.record(0);
    }
}

#[tokio::test]
async fn c093_a_whole_zone_can_be_shared() {
    let server = server().await;
    let library = library(&server).await;
    let share = json!({ "recordType": "cloudkit.share", "recordName": "cloudkit.zoneshare",
        "publicPermission": "READ_WRITE" });
    let share = library.modify("alice", json!([operation("create", share)])).await.record(0).clone();
    let result = resolve_one(&server.user("bob"), "accept", &share).await;
    check_contains(&result, &json!({ "participantStatus": "ACCEPTED" }));
    assert!(result.get("rootRecordName").is_none(), "{result}");
    assert_eq!(library.names("bob").await, ["beside", "child", "grandchild", "root"]);
    library.modify("bob", json!([create("Account", "loose", json!({}))])).await.record(0);
    library.lookup("alice", "loose").await.record(0);
}

#[tokio::test]
async fn c093_feeds_of_the_shared_database_follow_what_is_shared() {
    let server = server().await;
    let bob = server.user("bob");
    let library = library(&server).await;
    let database_changes = async |token: &Value| {
        let reply = bob.post("shared/changes/database", json!({ "syncToken": token })).await;
        let zones = reply.ok().body["zones"].as_array().unwrap().clone();
        (zones, reply.body["syncToken"].clone())
    };
    let (zones, token) = database_changes(&Value::Null).await;
    assert_eq!(zones, [] as [Value; 0]);

    let share = library.share("NONE", json!([invited("bob@example.com", "READ_WRITE")])).await;
    accept(&server, "bob", &share).await;
    let (zones, token) = database_changes(&token).await;
    check_contains(&json!(zones), &json!([{ "zoneID": library.zone, "deleted": false }]));
    let (changes, zone_token) = library.changes("bob", None).await;
    let live = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), false)).collect::<Vec<_>>();
    assert_eq!(changes, live(&["child", "grandchild", "root", "share"]));

    // What happens beside the shared records is not told.
    library
        .modify("alice", json!([operation("forceDelete", json!({ "recordName": "beside" }))]))
        .await
        .record(0);
    let hidden = create("Account", "hidden", json!({}));
    library.modify("alice", json!([hidden])).await.record(0);
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    assert_eq!(database_changes(&token).await.0, [] as [Value; 0]);

    // A record that is taken away is gone with all below it, and comes back with all below it.
    let taken = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "parent": { "recordName": "hidden" } });
    library.modify("alice", json!([operation("update", taken)])).await.record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, [("child".to_owned(), true), ("grandchild".to_owned(), true)]);
    let (zones, token) = database_changes(&token).await;
    assert_eq!(zones.len(), 1, "{zones:?}");
    let back = json!({ "recordName": "child", "recordChangeTag": library.tag("child").await,
        "parent": { "recordName": "root" } });
    library.modify("alice", json!([operation("update", back)])).await.record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, live(&["child", "grandchild"]));

    // A deleted one too, once.
    library
        .modify("bob", json!([operation("forceDelete", json!({ "recordName": "grandchild" }))]))
        .await
        .record(0);
    let (changes, zone_token) = library.changes("bob", Some(&zone_token)).await;
    assert_eq!(changes, [("grandchild".to_owned(), true)]);
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    let (_, token) = {
        let (zones, next) = database_changes(&token).await;
        assert_eq!(zones.len(), 1);
        (zones, next)
    };

    // A share that comes later shows records that are older than the token.
    let share = operation(
        "create",
        json!({ "recordType": "cloudkit.share", "recordName": "second",
        "publicPermission": "READ_ONLY",
        "forRecord": { "recordName": "hidden", "recordChangeTag": library.tag("hidden").await } }),
    );
    let share = library.modify("alice", json!([share])).await.record(0).clone();
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, []);
    accept(&server, "bob", &share).await;
    assert_eq!(library.changes("bob", Some(&zone_token)).await.0, live(&["hidden", "second"]));
    let (zones, token) = database_changes(&token).await;
    assert_eq!(zones.len(), 1, "{zones:?}");

    // The zone goes when nothing of it is shared any more.
    let zone = json!({ "operationType": "delete", "zone": { "zoneID": { "zoneName": ZONE } } });
    server.user("alice").post("private/zones/modify", json!({ "operations": [zone] })).await.ok();
    let (zones, token) = database_changes(&token).await;
    check_contains(&json!(zones), &json!([{ "zoneID": library.zone, "deleted": true }]));
    assert_eq!(database_changes(&token).await.0, [] as [Value; 0]);
}

#[tokio::test]
async fn c093_participants_bring_files_where_they_may_write() {
    let server = server().await;
    let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
    let tokens = json!([{ "recordType": "Everything", "recordName": "scan", "fieldName": "assetid" }]);
    let reply = library.post("bob", "assets/upload", json!({ "tokens": tokens })).await;
    let url = text(&reply.ok().body["tokens"][0]["url"]).to_owned();
    let uploaded = server.fetch(Method::POST, &url, &[], b"a scan").await.json();
    let mut scan =
        create("Everything", "scan", one("assetid", typed("ASSETID", uploaded["singleFile"].clone())));
    scan["record"]["parent"] = json!({ "recordName": "root" });
    library.modify("bob", json!([scan])).await.record(0);
    let seen = library.lookup("alice", "scan").await;
    let url = text(&seen.record(0)["fields"]["assetid"]["value"]["downloadURL"]).replace("${f}", "scan");
    assert_eq!(server.fetch(Method::GET, &url, &[], &[]).await.body, b"a scan");

    let assets = json!([{ "recordName": "scan", "fieldName": "assetid" }, { "recordName": "beside", "fieldName": "note" }]);
    let reply = library.post("bob", "assets/rereference", json!({ "assets": assets })).await;
    check_contains(&reply.ok().body["assets"][0], &json!({ "size": 6 }));
    check_contains(
        &reply.body["assets"][1],
        &json!({ "serverErrorCode": "NOT_FOUND", "reason": "Record not found" }),
    );

    let read_only = json!([invited("bob@example.com", "READ_ONLY")]);
    library.update_share("alice", json!({ "participants": read_only })).await.record(0);
    library.post("bob", "assets/upload", json!({ "tokens": tokens })).await.refused(
        403,
        "ACCESS_DENIED",
        "WRITE",
    );
    library.post("bob", "assets/rereference", json!({ "assets": assets })).await.refused(
        403,
        "ACCESS_DENIED",
        "WRITE",
    );
    drop(share);
}

#[tokio::test]
async fn c093_shares_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("container.sqlite");
    let start = || Server::start_with(|builder| builder.user("carol").data(&file).seed(11));
    let server = start().await;
    let (library, share) = shared_with_bob(&server, "READ_WRITE").await;
    let zone = library.zone.clone();
    server.container.stop().await;

    let server = start().await;
    let library = Library { server: &server, zone };
    assert_eq!(library.names("bob").await, ["child", "grandchild", "root"]);
    let result = resolve_one(&server.user("bob"), "resolve", &share).await;
    check_contains(
        &result,
        &json!({ "participantStatus": "ACCEPTED", "participantPermission": "READ_WRITE" }),
    );
}

/// Statement 101 for zones that are shared: whoever wrote, the owner's subscriptions fire.
#[tokio::test]
async fn c101_what_participants_write_notifies_the_owner() {
    let server =
        Server::start_with(|builder| builder.user("carol").long_poll(std::time::Duration::ZERO)).await;
    let (library, _) = shared_with_bob(&server, "READ_WRITE").await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let (courier, of_bob) =
        (alice.register_for_notifications().await, bob.register_for_notifications().await);
    let zone = json!({ "subscriptionID": "z", "subscriptionType": "zone", "zoneID": { "zoneName": ZONE } });
    alice.subscribe("private", zone).await;
    let query = json!({
        "subscriptionID": "q", "subscriptionType": "query", "query": { "recordType": "Account" },
        "firesOn": ["update"],
    });
    alice.subscribe("private", query).await;
    let record = json!({ "recordName": "child", "recordType": "Account", "fields": one("cents", int64(7)) });
    library.modify("bob", json!([operation("forceUpdate", record)])).await.record(0);
    let of_query = server.poll(&courier).await.unwrap();
    check_contains(&of_query["ck"]["qry"], &json!({ "sid": "q", "rid": "child", "zid": ZONE, "dbs": 1 }));
    assert_eq!(of_query["ck"]["qry"]["zoid"], alice.name().await);
    assert_eq!(server.poll(&courier).await.unwrap()["ck"]["fet"]["sid"], "z");
    assert_eq!(server.poll(&courier).await, None);
    assert_eq!(server.poll(&of_bob).await, None);
}
