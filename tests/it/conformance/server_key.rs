//! Statements 19 to 23 and 25 to 28: requests signed with a server-to-server key.

use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_core::auth::{PrivateKey, PublicKey, RequestDate, Signature};
use reqwest::header::HeaderValue;
use serde_json::json;

use super::support::{
    CONTAINER, Caller, DEVELOPMENT_KEY_ID, PRODUCTION_KEY_ID, Reply, Request, Server, create, one, operation,
    string, text,
};

/// The key of the vectors, which is the sample key of RFC 6979, A.2.5.
const SCALAR: &str = "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
const LEDGER: &str = "iCloud.com.example.Ledger";
const KEY_ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const DATE: &str = "2016-01-25T22:15:43Z";

// A POST, with a body.
const V1_BODY: &str = r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const V1_HASH: &str = "z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU=";
const V1_PATH: &str = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const V1_SIGNATURE: &str =
    "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";
// A GET, without.
const V2_PATH: &str = "/database/1/iCloud.com.example.Ledger/development/public/users/caller";
const V2_SIGNATURE: &str =
    "MEUCIQCva/B7UbInBYwnOmiahjcjgb82QHedbFZFWXVUEApA7gIgXKKf9lCAH7St0xpkVndYMjJWvKul8EjPFeEbsxQyQ1I=";
const HASH_OF_NOTHING: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

/// The body of the one answer to whatever is wrong with a signature: three members, no hint.
#[track_caller]
fn check_refused(reply: &Reply) {
    reply.refused(401, "AUTHENTICATION_FAILED", "");
    let expected = json!({
        "uuid": reply.body["uuid"],
        "serverErrorCode": "AUTHENTICATION_FAILED",
        "reason": "Authentication failed",
    });
    assert_eq!(reply.body, expected, "{reply:?}");
}

fn sample_key() -> PrivateKey {
    PrivateKey::from_scalar(SCALAR).unwrap()
}

/// The container of the vectors, which takes dates of a hundred years around its clock.
async fn ledger() -> Server {
    Server::start_named(LEDGER, |builder| {
        builder
            .key(KEY_ID, sample_key().public_key(), &[Environment::Development])
            .clock_window(Duration::from_secs(100 * 366 * 24 * 3600))
    })
    .await
}

fn v1(path: &str, body: impl Into<Vec<u8>>, date: impl AsRef<[u8]>, signature: impl AsRef<[u8]>) -> Request {
    Request::post(path, body).with_signature(KEY_ID, date, signature)
}

/// The value of a header, if it can be sent at all.
fn sendable(value: &[u8]) -> bool {
    HeaderValue::from_bytes(value).is_ok() && value.trim_ascii().len() == value.len()
}

fn flip(bytes: impl AsRef<[u8]>, bit: usize) -> Vec<u8> {
    let mut bytes = bytes.as_ref().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// One bit of each byte, a different one each time.
fn some_bits(bytes: impl AsRef<[u8]>) -> impl Iterator<Item = usize> {
    (0..bytes.as_ref().len()).map(|at| at * 8 + at % 8)
}

#[tokio::test]
async fn c019_the_vectors_verify() {
    let server = ledger().await;
    server.send(v1(V1_PATH, V1_BODY, DATE, V1_SIGNATURE)).await.ok().records();
    // Nothing is known about replay, so the same request is good again (inferred).
    server.send(v1(V1_PATH, V1_BODY, DATE, V1_SIGNATURE)).await.ok();

    let caller = Request::get(V2_PATH).with_signature(KEY_ID, DATE, V2_SIGNATURE);
    server.send(caller).await.ok();
    // The signature of one is not good for the other.
    check_refused(&server.send(Request::get(V2_PATH).with_signature(KEY_ID, DATE, V1_SIGNATURE)).await);
    check_refused(&server.send(v1(V1_PATH, V1_BODY, DATE, V2_SIGNATURE)).await);
}

/// All bits, without a server in between.
#[test]
fn c019_each_bit_of_message_and_signature_counts() {
    let public = sample_key().public_key();
    let verifies = |message: &[u8], der: &[u8]| {
        Signature::from_der(der).is_ok_and(|signature| public.verify(message, &signature))
    };
    let der = Signature::from_base64(V1_SIGNATURE).unwrap().to_der();
    let message = format!("{DATE}:{V1_HASH}:{V1_PATH}");
    assert!(verifies(message.as_bytes(), &der));

    for bit in 0..message.len() * 8 {
        assert!(!verifies(&flip(&message, bit), &der), "bit {bit} of the message");
    }
    for bit in 0..der.len() * 8 {
        assert!(!verifies(message.as_bytes(), &flip(&der, bit)), "bit {bit} of the signature");
    }
    for bit in 0..V1_BODY.len() * 8 {
        let hash = cloudkit_core::auth::BodyHash::of(&flip(V1_BODY, bit));
        assert!(!verifies(format!("{DATE}:{hash}:{V1_PATH}").as_bytes(), &der), "bit {bit} of the body");
    }
}

#[tokio::test]
async fn c019_a_changed_body_is_refused() {
    let server = ledger().await;
    for bit in some_bits(V1_BODY) {
        check_refused(&server.send(v1(V1_PATH, flip(V1_BODY, bit), DATE, V1_SIGNATURE)).await);
    }
    for body in [format!("{V1_BODY}\n"), format!(" {V1_BODY}"), V1_BODY.replace(':', ": "), String::new()] {
        check_refused(&server.send(v1(V1_PATH, body, DATE, V1_SIGNATURE)).await);
    }
}

/// Bits that make a header which cannot be sent, or which HTTP would trim, are left out.
#[tokio::test]
async fn c019_a_changed_date_is_refused() {
    let server = ledger().await;
    let mut tried = 0;
    for bit in 0..DATE.len() * 8 {
        let date = flip(DATE, bit);
        if sendable(&date) {
            check_refused(&server.send(v1(V1_PATH, V1_BODY, &date, V1_SIGNATURE)).await);
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} dates could be sent");
}

#[tokio::test]
async fn c019_a_changed_signature_is_refused() {
    let server = ledger().await;
    let mut tried = 0;
    for bit in some_bits(V1_SIGNATURE) {
        let signature = flip(V1_SIGNATURE, bit);
        if sendable(&signature) {
            check_refused(&server.send(v1(V1_PATH, V1_BODY, DATE, &signature)).await);
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} signatures could be sent");
    for signature in ["", "AAAA", "MEUCIDOubTqfYJdMTy56", &V1_SIGNATURE.replace('=', "")] {
        check_refused(&server.send(v1(V1_PATH, V1_BODY, DATE, signature)).await);
    }
}

/// A request to another path than the signed one. Only the container and the environment are changed in the request
/// line: what a path with another database or action is answered is the matter of statements 4 and 5.
#[tokio::test]
async fn c019_a_changed_path_is_refused() {
    let server = ledger().await;
    let (from, to) = (V1_PATH.find("iCloud").unwrap(), V1_PATH.find("/public").unwrap());
    for at in from..to {
        for bit in 0..8 {
            let path = flip(V1_PATH, at * 8 + bit);
            if path[at].is_ascii_alphanumeric() && V1_PATH.as_bytes()[at] != b'/' {
                let path = String::from_utf8(path).unwrap();
                check_refused(&server.send(v1(&path, V1_BODY, DATE, V1_SIGNATURE)).await);
            }
        }
    }
    // And a request to the right path, with a signature over another one.
    for bit in some_bits(V1_PATH) {
        let mut message = format!("{DATE}:{V1_HASH}:").into_bytes();
        message.extend(flip(V1_PATH, bit));
        let signature = sample_key().sign_bytes(&message).unwrap().to_string();
        check_refused(&server.send(v1(V1_PATH, V1_BODY, DATE, signature)).await);
    }
}

/// What the log says of the last request.
fn notes(server: &Server) -> Vec<String> {
    server.container.requests().last().unwrap().notes.clone()
}

#[tokio::test]
async fn c020_the_query_may_be_signed_or_left_out() {
    let server = Server::start().await;
    let path = server.key().target("public/records/query");
    let body = json!({ "query": { "recordType": "Account" } }).to_string();
    let date = RequestDate::from_unix_seconds(server.now()).unwrap().to_string();
    let hash = cloudkit_core::auth::BodyHash::of(body.as_bytes());
    let query = "ckjsVersion=2.4.0&clientId=a%2Fb%20c&z=1&a=2";

    let send = |signed: String| {
        let message = format!("{date}:{hash}:{signed}");
        let request = Request::post(format!("{path}?{query}"), body.as_str());
        server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &message))
    };
    send(format!("{path}?{query}")).await.ok();
    assert!(notes(&server).is_empty(), "the first reading is the right one");
    send(path.clone()).await.ok();
    assert!(!notes(&server).is_empty(), "the second reading is worth a line in the log");

    for other in [
        format!("{path}?"),
        format!("{path}?ckjsVersion=2.4.0"),
        format!("{path}?{query}&b=3"),
        format!("{path}?ckjsVersion=2.4.0&clientId=a/b c&z=1&a=2"),
        format!("{path}?a=2&ckjsVersion=2.4.0&clientId=a%2Fb%20c&z=1"),
    ] {
        check_refused(&send(other).await);
    }
}

/// Which of the two Apple wants is disputed: its own JavaScript signs the hash of nothing.
#[tokio::test]
async fn c021_a_get_has_the_hash_of_nothing_or_no_hash() {
    let server = Server::start().await;
    let path = server.key().target("public/users/caller");
    let date = RequestDate::from_unix_seconds(server.now()).unwrap().to_string();
    let send = |hash: &str| {
        let message = format!("{date}:{hash}:{path}");
        let request = Request::get(path.as_str());
        server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &message))
    };
    send(HASH_OF_NOTHING).await.ok();
    assert!(notes(&server).is_empty(), "the hash of nothing is what Apple sends");
    send("").await.ok();
    assert!(!notes(&server).is_empty(), "no hash is worth a line in the log");
    for hash in ["null", "{}", "undefined", "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="] {
        check_refused(&send(hash).await);
    }
    // A body needs its hash.
    let path = server.key().target("public/records/query");
    let request = Request::post(path.as_str(), V1_BODY);
    let message = format!("{date}::{path}");
    check_refused(&server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &message)).await);
}

async fn caller_at(server: &Server, seconds_away: i64) -> Reply {
    let request = Request::get(server.key().target("public/users/caller"));
    server.send(request.signed(DEVELOPMENT_KEY_ID, &server.key, server.now() + seconds_away)).await
}

/// Apple gives no figure. Ten minutes either way is inferred from what third parties say.
#[tokio::test]
async fn c022_a_date_outside_the_window_is_refused() {
    let server = Server::start().await;
    for away in [0, -300, 300, -500, 500] {
        caller_at(&server, away).await.ok();
    }
    for away in [-700, 700, -3600, 3600, -86_400, 86_400, -1_000_000_000] {
        check_refused(&caller_at(&server, away).await);
    }
}

#[tokio::test]
async fn c022_the_window_can_be_set() {
    let server = Server::start_with(|builder| builder.clock_window(Duration::from_secs(3600))).await;
    for away in [-3000, 3000] {
        caller_at(&server, away).await.ok();
    }
    for away in [-4000, 4000] {
        check_refused(&caller_at(&server, away).await);
    }
}

#[tokio::test]
async fn c022_the_window_moves_with_the_clock_of_the_container() {
    let server = Server::start().await;
    let request = Request::get(server.key().target("public/users/caller")).signed(
        DEVELOPMENT_KEY_ID,
        &server.key,
        server.now(),
    );
    server.send(request.clone()).await.ok();
    server.container.clock().advance(Duration::from_secs(3600));
    check_refused(&server.send(request).await);
    caller_at(&server, 0).await.ok();
}

/// The same text in header and signature, so that its form alone is wrong.
#[tokio::test]
async fn c022_a_date_in_any_other_form_is_refused() {
    let server = Server::start().await;
    let path = server.key().target("public/users/caller");
    let send = |date: String| {
        let message = format!("{date}:{HASH_OF_NOTHING}:{path}");
        let request = Request::get(path.as_str());
        server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &message))
    };
    let right = RequestDate::from_unix_seconds(server.now()).unwrap().to_string();
    let stem = right.trim_end_matches('Z');
    for date in [
        format!("{stem}.000Z"),
        format!("{stem}.5Z"),
        format!("{stem}+00:00"),
        format!("{stem}-00:00"),
        stem.to_owned(),
        format!("{stem}z"),
        right.replace('T', " "),
        right.replace('T', "t"),
        right.replace(['-', ':'], ""),
        server.now().to_string(),
    ] {
        check_refused(&send(date).await);
    }
    send(right).await.ok();
}

fn lookup(path: &str) -> Request {
    Request::post(path, json!({ "records": [{ "recordName": "x" }] }).to_string())
}

#[tokio::test]
async fn c023_a_key_belongs_to_one_environment() {
    let server = Server::start().await;
    let (development, production) = (
        server.key().target("public/records/lookup"),
        server.key().production().target("public/records/lookup"),
    );
    for (path, key_id, good) in [
        (&development, DEVELOPMENT_KEY_ID, true),
        (&production, PRODUCTION_KEY_ID, true),
        (&development, PRODUCTION_KEY_ID, false),
        (&production, DEVELOPMENT_KEY_ID, false),
    ] {
        let reply = server.send(lookup(path).signed(key_id, &server.key, server.now())).await;
        if good {
            reply.ok();
        } else {
            check_refused(&reply);
        }
    }
}

#[tokio::test]
async fn c023_a_key_belongs_to_one_container() {
    let server = Server::start().await;
    for container in ["iCloud.com.example.Other", "com.example.Conformance", "icloud.com.example.conformance"]
    {
        let path = format!("/database/1/{container}/development/public/records/lookup");
        check_refused(
            &server.send(lookup(&path).signed(DEVELOPMENT_KEY_ID, &server.key, server.now())).await,
        );
    }
    assert_eq!(server.container.container_id(), CONTAINER);
}

#[tokio::test]
async fn c023_unknown_and_revoked_keys_are_refused() {
    let server = Server::start().await;
    let path = server.key().target("public/records/lookup");
    let later_id = "5".repeat(64);
    let later = PrivateKey::generate().unwrap();
    let by_later = || server.send(lookup(&path).signed(&later_id, &later, server.now()));

    check_refused(&by_later().await);
    server.container.register_key(&later_id, later.public_key(), Environment::Development).unwrap();
    by_later().await.ok();
    server.container.revoke_key(&later_id).unwrap();
    check_refused(&by_later().await);

    // A known key ID, and the key of somebody else.
    check_refused(&server.send(lookup(&path).signed(DEVELOPMENT_KEY_ID, &later, server.now())).await);
    server.key().lookup("public", &["x"]).await.ok();
}

/// Each of the three headers is needed, once.
#[tokio::test]
async fn c023_a_request_with_some_of_the_headers_is_refused() {
    let server = Server::start().await;
    let path = server.key().target("public/records/lookup");
    for name in [
        "x-apple-cloudkit-request-keyid",
        "x-apple-cloudkit-request-iso8601date",
        "x-apple-cloudkit-request-signaturev1",
    ] {
        let mut request = lookup(&path).signed(DEVELOPMENT_KEY_ID, &server.key, server.now());
        request.headers.remove(name);
        server.send(request).await.refused(401, "AUTHENTICATION_FAILED", "");

        let request = lookup(&path).signed(DEVELOPMENT_KEY_ID, &server.key, server.now());
        check_refused(&server.send(request.header(name, "")).await);
    }
}

/// The code for a private or shared database is inferred.
#[tokio::test]
async fn c025_a_server_key_opens_the_public_database_only() {
    let server = Server::start().await;
    let query = json!({ "query": { "recordType": "Account" } });
    for database in ["private", "shared"] {
        check_refused(&server.key().post(&format!("{database}/records/query"), query.clone()).await);
        check_refused(&server.key().lookup(database, &["x"]).await);
        check_refused(&server.key().modify(database, json!([create("Account", "x", json!({}))])).await);
    }
    server.key().post("public/records/query", query).await.ok();
}

#[track_caller]
fn check_user_name(name: &str) {
    let hex = name.strip_prefix('_').unwrap_or_default();
    let good = hex.len() == 32 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    assert!(good, "{name} is not the name of a user record");
}

/// What `users/discover` does for a user waits for that endpoint.
#[tokio::test]
async fn c025_a_server_key_has_a_user_record_name_and_does_not_discover() {
    let server = Server::start().await;
    let reply = server.key().get("public/users/caller").await;
    let name = text(&reply.ok().body["userRecordName"]);
    check_user_name(name);
    assert_eq!(reply.body["users"][0]["userRecordName"], name);
    assert_eq!(server.key().get("public/users/current").await.ok().body["userRecordName"], name);

    let lookup = json!({ "lookupInfos": [{ "emailAddress": "ines@example.com" }] });
    check_refused(&server.key().post("public/users/discover", lookup).await);
    check_refused(&server.key().get("public/users/discover").await);
}

#[tokio::test]
async fn c026_a_server_key_creates_only_what_signed_in_users_may_create() {
    let server = Server::start().await;
    for kind in ["create", "forceUpdate", "forceReplace"] {
        let locked = json!({ "recordType": "Locked", "recordName": "l-1", "fields": {} });
        let reply = server.key().modify("public", json!([operation(kind, locked)])).await;
        assert_eq!(reply.ok().items().len(), 1);
        let item = reply.failed(0, "ACCESS_DENIED", "CREATE operation not permitted");
        assert_eq!(item["recordName"], "l-1");
    }
    server.key().lookup("public", &["l-1"]).await.failed(0, "NOT_FOUND", "");
}

/// Without WRITE for signed-in users, only the creator changes a record.
#[tokio::test]
async fn c026_a_server_key_changes_only_its_own_records() {
    let server = Server::start().await;
    let theirs =
        server.user("alice").create("public", "Account", "a-1", json!({ "owner": string("A") })).await;
    let mine = server.key().create("public", "Account", "k-1", json!({ "owner": string("K") })).await;

    let owner = |record: &serde_json::Value| {
        json!({ "recordType": "Account", "recordName": record["recordName"],
            "recordChangeTag": record["recordChangeTag"], "fields": one("owner", string("X")) })
    };
    for kind in ["update", "replace", "forceUpdate", "forceReplace", "delete", "forceDelete"] {
        let reply = server.key().modify("public", json!([operation(kind, owner(&theirs))])).await;
        reply.failed(0, "ACCESS_DENIED", "WRITE operation not permitted");
        let reply = server.user("alice").modify("public", json!([operation(kind, owner(&mine))])).await;
        reply.failed(0, "ACCESS_DENIED", "WRITE operation not permitted");
    }
    let unchanged = server.token().lookup("public", &["a-1", "k-1"]).await;
    assert_eq!(unchanged.record(0), &theirs);
    assert_eq!(unchanged.record(1), &mine);
    server.key().modify("public", json!([operation("update", owner(&mine))])).await.record(0);
}

#[tokio::test]
async fn c027_records_of_a_server_key_bear_its_name() {
    let server = Server::start().await;
    let name = server.key().name().await;
    let record = server.key().create("public", "Account", "a-1", json!({})).await;
    assert_eq!(record["created"]["userRecordName"], name);
    assert_eq!(record["modified"]["userRecordName"], name);
    assert_eq!(server.key().name().await, name, "the name is fixed");

    let other_id = "7".repeat(64);
    let other = PrivateKey::generate().unwrap();
    server.container.register_key(&other_id, other.public_key(), Environment::Development).unwrap();
    let request = Request::get(server.key().target("public/users/caller"));
    let reply = server.send(request.signed(&other_id, &other, server.now())).await;
    check_user_name(text(&reply.ok().body["userRecordName"]));
    assert_ne!(reply.body["userRecordName"], name);
    for user in ["alice", "bob"] {
        assert_ne!(server.user(user).name().await, name);
    }
}

/// White space of the ASCII kind around a header's value is no part of it in HTTP, so the container never sees it; what
/// it can see is the no-break kind, quotation marks, and white space inside.
#[tokio::test]
async fn c028_a_key_id_in_another_spelling_is_refused_and_diagnosed() {
    let id = "ab".repeat(32);
    let key = PrivateKey::generate().unwrap();
    let public: PublicKey = key.public_key();
    let server = Server::start_with(|builder| builder.key(&id, public, &[Environment::Development])).await;
    let path = server.key().target("public/records/lookup");
    let send = |spelled: String| server.send(lookup(&path).signed(&spelled, &key, server.now()));

    send(id.clone()).await.ok();
    for spelled in [
        id.to_uppercase(),
        format!("\u{a0}{id}\u{a0}"),
        format!("\"{id}\""),
        format!("{} {}", &id[..32], &id[32..]),
        format!("{id}0"),
        id[1..].to_owned(),
    ] {
        let reply = send(spelled.clone()).await;
        check_refused(&reply);
        assert!(!reply.headers["x-cloudkit-explain"].is_empty(), "{spelled}: {reply:?}");
    }
}

#[tokio::test]
async fn c028_the_diagnosis_can_be_left_out() {
    let server = Server::start_with(|builder| builder.strict_headers(true)).await;
    let path = server.key().target("public/records/lookup");
    let upper = DEVELOPMENT_KEY_ID.to_uppercase();
    let reply = server.send(lookup(&path).signed(&upper, &server.key, server.now())).await;
    check_refused(&reply);
    assert!(!reply.headers.contains_key("x-cloudkit-explain"), "{reply:?}");
}

/// Identical in the answer, whatever the mistake was.
#[tokio::test]
async fn c019_a_signature_of_something_else_is_refused() {
    let server = Server::start().await;
    let caller: Caller<'_> = server.key();
    let path = caller.target("public/records/lookup");
    let body = json!({ "records": [] }).to_string();
    let date = RequestDate::from_unix_seconds(server.now()).unwrap().to_string();
    let hash = cloudkit_core::auth::BodyHash::of(body.as_bytes());
    let hex: String = hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for message in [
        format!("{date}:{hex}:{path}"),
        format!("POST:{date}:{hash}:{path}"),
        format!("{date}:{hash}:https://api.apple-cloudkit.com{path}"),
        format!("{date}:{hash}:{path}/"),
        format!("{date}:{body}:{path}"),
        format!("{date}\n{hash}\n{path}"),
        format!("{hash}:{date}:{path}"),
    ] {
        let request = Request::post(path.as_str(), body.as_str());
        check_refused(
            &server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &message)).await,
        );
    }
    let right = format!("{date}:{hash}:{path}");
    let request = Request::post(path.as_str(), body.as_str());
    server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &date, &right)).await.ok();
}
