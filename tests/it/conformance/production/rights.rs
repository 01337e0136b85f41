//! Who may do what.

use serde_json::{Value, json};

use super::{
    Alice, ApiToken, Bob, Expected::Item, Expected::Whole, Key, Nobody, Refusal, operation, reference,
};
use crate::conformance::support::{create, int64, one};

fn get(what: &'static str, source: &'static str, path: &'static str, expected: super::Expected) -> Refusal {
    Refusal { what, source, who: Key, path, body: Value::Null, expected }
}

fn on_there(kind: &str) -> Value {
    json!({ "operationType": kind, "record": { "recordType": "Account", "recordName": "there",
        "fields": one("cents", int64(2)) } })
}

pub(super) fn refusals() -> Vec<Refusal> {
    let account = json!({ "query": { "recordType": "Account" } });
    let post = |what, source, who, path, body: &Value, expected| Refusal {
        what,
        source,
        who,
        path,
        body: body.clone(),
        expected,
    };
    let signed_out = Whole(421, "AUTHENTICATION_REQUIRED", "request needs authorization");
    let failed = Whole(401, "AUTHENTICATION_FAILED", "Authentication failed");
    let lookup = json!({ "records": [{ "recordName": "secret" }] });
    let nobody = json!({ "lookupInfos": [{ "emailAddress": "bob@example.com" }] });
    vec![
        operation(
            "a create without GRANT",
            "brightdigit/MistKit#338",
            create("Locked", "l-1", json!({})),
            Item("ACCESS_DENIED", "CREATE operation not permitted"),
        )
        .by(Key),
        operation(
            "a create without GRANT, by a user",
            "brightdigit/MistKit#338",
            create("Locked", "l-2", json!({})),
            Item("ACCESS_DENIED", "CREATE operation not permitted"),
        ),
        operation(
            "a change of somebody else's record",
            "brightdigit/MistKit#338",
            on_there("forceUpdate"),
            Item("ACCESS_DENIED", "WRITE operation not permitted"),
        )
        .by(Bob),
        operation(
            "a replacement of somebody else's record",
            "brightdigit/MistKit#338",
            on_there("forceReplace"),
            Item("ACCESS_DENIED", "WRITE operation not permitted"),
        )
        .by(Key),
        operation(
            "a deletion of somebody else's record",
            "brightdigit/MistKit#338",
            on_there("forceDelete"),
            Item("ACCESS_DENIED", "WRITE operation not permitted"),
        )
        .by(Bob),
        post(
            "a lookup of what only its creator reads",
            "Apple's schema language, GRANT READ",
            Bob,
            "public/records/lookup",
            &lookup,
            Item("ACCESS_DENIED", "READ operation not permitted"),
        ),
        post(
            "a query of a type that the world does not read",
            "inferred from saves",
            ApiToken,
            "public/records/query",
            &json!({ "query": { "recordType": "Diary" } }),
            Whole(403, "ACCESS_DENIED", "READ operation not permitted"),
        ),
        operation(
            "a write with an API token alone",
            "inferred from reads of private databases",
            create("Account", "a-1", json!({})),
            signed_out,
        )
        .by(ApiToken),
        post(
            "a private database with an API token alone",
            reference!("Composing Web Service Requests"),
            ApiToken,
            "private/records/query",
            &account,
            signed_out,
        ),
        post(
            "a shared database with an API token alone",
            reference!("Composing Web Service Requests"),
            ApiToken,
            "shared/records/query",
            &account,
            signed_out,
        ),
        Refusal {
            who: ApiToken,
            ..get(
                "users/caller with an API token alone",
                "CloudKit JS asks it to sign in",
                "public/users/caller",
                signed_out,
            )
        },
        post(
            "no credentials",
            "seen on services of the same family",
            Nobody,
            "public/records/query",
            &account,
            Whole(401, "AUTHENTICATION_FAILED", "no auth method found"),
        ),
        post(
            "a key in a private database",
            reference!("Composing Web Service Requests"),
            Key,
            "private/records/query",
            &account,
            failed,
        ),
        post(
            "a key in a shared database",
            reference!("Composing Web Service Requests"),
            Key,
            "shared/records/query",
            &account,
            failed,
        ),
        post(
            "a key that looks for users",
            "reported from the live service in 2026",
            Key,
            "public/users/discover",
            &nobody,
            failed,
        ),
        get(
            "an environment in capitals",
            "Apple developer forum, thread 777574",
            "/database/1/CONTAINER/Production/public/users/caller",
            failed,
        ),
        get(
            "another container",
            "Apple developer forum, thread 777574",
            "/database/1/iCloud.com.example.Other/production/public/users/caller",
            failed,
        ),
        post(
            "users/discover outside of the public database",
            "reported from the live service",
            Alice,
            "private/users/discover",
            &nobody,
            Whole(400, "BAD_REQUEST", "endpoint not applicable in the database type 'privatedb'"),
        ),
        Refusal {
            who: Alice,
            ..get(
                "the address book",
                "brightdigit/MistKit#28",
                "public/users/discover",
                Whole(500, "INTERNAL_ERROR", ""),
            )
        },
        post(
            "a short GUID that nothing has",
            "inferred",
            Alice,
            "public/records/resolve",
            &json!({ "shortGUIDs": [{ "value": "0nothing" }] }),
            Item("NOT_FOUND", ""),
        ),
    ]
}
