//! A few requests over raw HTTP, to see the server work; what the protocol asks for in detail is tested elsewhere.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::auth::PrivateKey;
use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_core::{Environment, ServerErrorCode};
use cloudkit_test_container::{
    Fault, FieldDef, RecordType, Schema, SignatureVerdict, TestContainer, TestContainerBuilder,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

fn schema() -> Schema {
    let one = ValueType::one;
    let article = RecordType::new("Article")
        .field(FieldDef::new("title", one(ScalarType::String)).queryable().sortable().searchable())
        .field(FieldDef::new("views", one(ScalarType::Int64)).queryable().sortable())
        .field(FieldDef::new("tags", ValueType::list_of(ScalarType::String)).queryable())
        .field(FieldDef::new("place", one(ScalarType::Location)).queryable().sortable())
        .field(FieldDef::new("author", one(ScalarType::Reference)).queryable())
        .field(FieldDef::new("secret", one(ScalarType::String)).encrypted())
        .field(FieldDef::new("plain", one(ScalarType::String)))
        .record_name_queryable()
        .default_grants();
    Schema::new().record_type(article)
}

fn builder() -> TestContainerBuilder {
    TestContainer::builder("iCloud.com.example.News").schema(schema()).user("alice").user("bob")
}

async fn start() -> TestContainer {
    builder().start().await.expect("starts")
}

/// A reply as it came over the wire.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    text: String,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.body
    }

    #[track_caller]
    fn refused(self, status: u16, code: &str) -> String {
        assert_eq!((self.status, self.body["serverErrorCode"].as_str()), (status, Some(code)), "{self:?}");
        self.body["reason"].as_str().unwrap_or_default().to_owned()
    }
}

async fn send(container: &TestContainer, head: &str, body: &[u8]) -> Option<Reply> {
    let address = container.url().strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request =
        format!("{head}Host: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(request.as_bytes()).await.expect("writes");
    stream.write_all(body).await.expect("writes");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let (text, body) = (body.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null));
    Some(Reply { status, head: head.to_owned(), text, body })
}

fn path(database: &str, endpoint: &str) -> String {
    format!("/database/1/iCloud.com.example.News/development/{database}/{endpoint}")
}

fn now(container: &TestContainer) -> String {
    let seconds = container.clock().now_ms() / 1000;
    cloudkit_core::auth::RequestDate::from_unix_seconds(seconds).expect("in range").to_string()
}

fn signed_head(container: &TestContainer, method: &str, target: &str, date: &str, body: &[u8]) -> String {
    let key = PrivateKey::from_pem(&container.private_key_pem()).expect("a key");
    let message = format!("{date}:{}:{target}", BASE64.encode(Sha256::digest(body)));
    let signature = key.sign_bytes(message.as_bytes()).expect("signs");
    format!(
        "{method} {target} HTTP/1.1\r\nX-Apple-CloudKit-Request-KeyID: {}\r\n\
         X-Apple-CloudKit-Request-ISO8601Date: {date}\r\nX-Apple-CloudKit-Request-SignatureV1: {signature}\r\n",
        container.key_id()
    )
}

async fn signed(container: &TestContainer, endpoint: &str, body: Value) -> Reply {
    let body = body.to_string();
    let target = path("public", endpoint);
    let head = signed_head(container, "POST", &target, &now(container), body.as_bytes());
    send(container, &head, body.as_bytes()).await.expect("a reply")
}

async fn as_alice(container: &TestContainer, database: &str, endpoint: &str, body: Value) -> Reply {
    let mut token = String::new();
    for byte in container.users()[0].web_auth_token.bytes() {
        let _ = write!(token, "%{byte:02X}");
    }
    let target =
        format!("{}?ckAPIToken={}&ckWebAuthToken={token}", path(database, endpoint), container.api_token());
    let method = if body.is_null() { "GET" } else { "POST" };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!("{method} {target} HTTP/1.1\r\n");
    send(container, &head, body.as_bytes()).await.expect("a reply")
}

fn create(name: &str, fields: Value) -> Value {
    json!({"operationType": "create", "record": {"recordName": name, "recordType": "Article", "fields": fields}})
}

async fn query(container: &TestContainer, mut query: Value, rest: Value) -> Reply {
    query["recordType"] = json!("Article");
    let mut request = rest;
    request["query"] = query;
    signed(container, "records/query", request).await
}

fn names(body: &Value) -> Vec<&str> {
    let records = body["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    records.iter().filter_map(|record| record["recordName"].as_str()).collect()
}

#[tokio::test]
async fn a_record_is_saved_found_changed_and_deleted() {
    let container = start().await;
    let fields = json!({"title": {"value": "Élan vital"}, "views": {"value": i64::MAX, "type": "INT64"}});
    let saved = signed(&container, "records/modify", json!({"operations": [create("a", fields)]})).await.ok();
    let record = &saved["records"][0];
    assert_eq!(record["fields"]["views"]["value"], json!(i64::MAX));
    assert_eq!(record["created"], record["modified"]);
    let tag = record["recordChangeTag"].clone();

    let again =
        signed(&container, "records/modify", json!({"operations": [create("a", json!({}))]})).await.ok();
    assert_eq!(again["records"][0]["serverErrorCode"], "CONFLICT");

    let update = json!({"operationType": "update", "record": {"recordName": "a", "recordChangeTag": tag,
        "fields": {"title": {"value": null}, "tags": {"value": ["x", "y"], "type": "STRING_LIST"}}}});
    let updated = signed(&container, "records/modify", json!({"operations": [update.clone()]})).await.ok();
    assert_eq!(updated["records"][0]["fields"].get("title"), None);
    let stale = signed(&container, "records/modify", json!({"operations": [update]})).await.ok();
    assert_eq!(stale["records"][0]["serverErrorCode"], "CONFLICT");

    let found =
        signed(&container, "records/lookup", json!({"records": [{"recordName": "a"}, {"recordName": "b"}]}));
    let found = found.await.ok();
    assert_eq!(found["records"][0]["fields"]["tags"]["value"], json!(["x", "y"]));
    assert_eq!(found["records"][1]["reason"], "Record not found");

    let delete = json!({"operations": [{"operationType": "forceDelete", "record": {"recordName": "a"}}]});
    let deleted = signed(&container, "records/modify", delete).await.ok();
    assert_eq!(deleted["records"], json!([{"recordName": "a", "deleted": true}]));
    assert!(container.requests().iter().all(|request| request.signature == SignatureVerdict::Valid));
}

#[tokio::test]
async fn queries_filter_sort_and_page() {
    let container = start().await;
    let operations: Vec<Value> = (0..30)
        .map(|n| {
            create(
                &format!("r{n:02}"),
                json!({"title": {"value": format!("Number {}", n % 3)}, "views": {"value": n / 10},
                    "tags": {"value": [format!("t{}", n % 5)], "type": "STRING_LIST"},
                    "place": {"value": {"latitude": n, "longitude": 0}, "type": "LOCATION"}}),
            )
        })
        .collect();
    signed(&container, "records/modify", json!({"operations": operations})).await.ok();

    let filter = |field: &str, comparator: &str, value: Value| json!({"filterBy": [{"fieldName": field, "comparator": comparator, "fieldValue": value}]});
    let eq = filter("title", "EQUALS", json!({"value": "Number 1", "type": "STRING"}));
    assert_eq!(names(&query(&container, eq, json!({})).await.ok()).len(), 10);
    let range = filter("views", "GREATER_THAN_OR_EQUALS", json!({"value": 2, "type": "INT64"}));
    assert_eq!(names(&query(&container, range, json!({})).await.ok()).len(), 10);
    let list = filter("tags", "LIST_CONTAINS_ANY", json!({"value": ["t1", "t2"], "type": "STRING_LIST"}));
    assert_eq!(names(&query(&container, list, json!({})).await.ok()).len(), 12);
    let words = filter("title", "CONTAINS_ALL_TOKENS", json!({"value": "2 NUMBER", "type": "STRING"}));
    assert_eq!(names(&query(&container, words, json!({})).await.ok()).len(), 10);
    let mut near =
        filter("place", "NEAR", json!({"value": {"latitude": 10, "longitude": 0}, "type": "LOCATION"}));
    near["filterBy"][0]["distance"] = json!(230_000);
    near["sortBy"] = json!([{"fieldName": "place",
        "relativeLocation": {"value": {"latitude": 8.1, "longitude": 0}, "type": "LOCATION"}}]);
    assert_eq!(names(&query(&container, near, json!({})).await.ok()), ["r08", "r09", "r10", "r11", "r12"]);

    let sorts = json!({"sortBy": [{"fieldName": "views", "ascending": false}, {"fieldName": "title"}]});
    let mut rest = json!({"resultsLimit": 7, "desiredKeys": []});
    let mut all = Vec::new();
    loop {
        let page = query(&container, sorts.clone(), rest.clone()).await.ok();
        all.extend(names(&page).into_iter().map(str::to_owned));
        let Some(marker) = page["continuationMarker"].as_str() else { break };
        rest["continuationMarker"] = json!(marker);
    }
    assert_eq!(all.len(), 30);
    assert_eq!(&all[..5], ["r21", "r24", "r27", "r22", "r25"]);
    let other = query(&container, json!({}), rest).await;
    assert_eq!(other.refused(400, "BAD_REQUEST"), "Invalid continuation marker");
}

#[tokio::test]
async fn what_has_no_index_cannot_be_asked() {
    let container = start().await;
    let unqueryable = json!({"filterBy": [{"fieldName": "plain", "comparator": "EQUALS",
        "fieldValue": {"value": "x", "type": "STRING"}}]});
    let reply = query(&container, unqueryable, json!({})).await;
    assert_eq!(reply.refused(400, "BAD_REQUEST"), "Field 'plain' is not marked queryable");
    let unsortable = json!({"sortBy": [{"systemFieldName": "createdTimestamp"}]});
    let reply = query(&container, unsortable, json!({})).await;
    assert_eq!(reply.refused(400, "BAD_REQUEST"), "Field '___createTime' is not marked sortable");
    let untagged =
        json!({"filterBy": [{"fieldName": "views", "comparator": "IN", "fieldValue": {"value": [1]}}]});
    let reply = query(&container, untagged, json!({})).await;
    assert_eq!(reply.refused(400, "BAD_REQUEST"), "BadRequestException: Unexpected input");
}

#[tokio::test]
async fn private_zones_are_atomic() {
    let container = start().await;
    container.create_zone("alice", "books").expect("a zone");
    let fields = json!({"secret": {"value": "s", "type": "STRING", "isEncrypted": true}});
    let batch = json!({"zoneID": {"zoneName": "books"}, "operations":
        [create("a", fields.clone()), create("b", json!({"views": {"value": "no"}}))]});
    let reply = as_alice(&container, "private", "records/modify", batch).await;
    assert!(reply.header("X-Apple-CloudKit-Web-Auth-Token").is_some());
    assert_eq!(reply.body["records"][0]["serverErrorCode"], "ATOMIC_ERROR");
    assert_eq!(reply.body["records"][1]["serverErrorCode"], "BAD_REQUEST");
    reply.refused(400, "ATOMIC_ERROR");

    let one = json!({"zoneID": {"zoneName": "books"}, "operations": [create("a", fields.clone())]});
    let saved = as_alice(&container, "private", "records/modify", one).await.ok();
    assert_eq!(saved["records"][0]["fields"]["secret"]["isEncrypted"], true);
    assert_eq!(saved["records"][0]["zoneID"]["zoneName"], "books");
    let public = json!({"operations": [create("a", fields)]});
    let refused = as_alice(&container, "public", "records/modify", public).await.ok();
    assert_eq!(refused["records"][0]["reason"], "encrypted fields are not supported in the public database");
}

#[tokio::test]
async fn a_refused_signature_is_explained_beside_apples_answer() {
    let container = start().await;
    let target = path("public", "records/lookup");
    let body = b"{}";
    let date = now(&container);
    let fraction = date.replace('Z', ".000Z");
    let head = signed_head(&container, "POST", &target, &fraction, body);
    let reply = send(&container, &head, body).await.expect("a reply");
    let explanation = reply.header("x-cloudkit-explain").expect("an explanation").to_owned();
    assert!(explanation.starts_with("M10 date_has_fraction: "), "{explanation}");
    assert_eq!(reply.body.as_object().map(|body| body.len()), Some(3));
    assert_eq!(reply.body["uuid"].as_str(), reply.header("X-Apple-Request-UUID"));
    assert_eq!(reply.refused(401, "AUTHENTICATION_FAILED"), "Authentication failed");

    let head = signed_head(&container, "POST", &target, &date, b"other");
    let reply = send(&container, &head, body).await.expect("a reply");
    reply.refused(401, "AUTHENTICATION_FAILED");
    let last = container.requests().pop().expect("a request");
    assert_eq!(last.signature, SignatureVerdict::Invalid);

    container.clock().advance(Duration::from_secs(700));
    let head = signed_head(&container, "POST", &target, &date, body);
    let reply = send(&container, &head, body).await.expect("a reply");
    assert!(reply.header("x-cloudkit-explain").is_some_and(|text| text.starts_with("T1 clock_skew")));

    let production = target.replace("development", "production");
    let head = signed_head(&container, "POST", &production, &now(&container), body);
    let reply = send(&container, &head, body).await.expect("a reply");
    assert!(
        reply.header("x-cloudkit-explain").is_some_and(|text| text.starts_with("K1 key_other_environment"))
    );
    assert!(container.server_key(Environment::Production).key_id().as_str() != container.key_id());
}

#[tokio::test]
async fn malformed_requests_are_refused_and_never_break_the_server() {
    let container = start().await;
    let deep = format!("{{\"query\":{}", "[".repeat(200_000));
    for body in [&b"[]"[..], b"", b"{", b"\xff\xfe", b"{\"a\":1,\"a\":2}", b"17", deep.as_bytes()] {
        let target = format!("{}?ckAPIToken={}", path("public", "records/query"), container.api_token());
        let head = format!("POST {target} HTTP/1.1\r\n");
        let reply = send(&container, &head, body).await.expect("a reply");
        let reason = reply.refused(400, "BAD_REQUEST");
        assert!(
            reason.starts_with("BadRequestException: unexpected input at [line: 1, column: "),
            "{reason}"
        );
    }
    let target = format!("{}?ckAPIToken={}", path("public", "records/query"), container.api_token());
    let large = vec![b' '; 5_000_000];
    let reply = send(&container, &format!("POST {target} HTTP/1.1\r\n"), &large).await.expect("a reply");
    reply.refused(413, "BAD_REQUEST");
    let reply = send(&container, &format!("GET {target} HTTP/1.1\r\n"), b"").await.expect("a reply");
    assert_eq!((reply.status, reply.header("Allow")), (405, Some("POST, OPTIONS")));
    let target = path("public", "records/frobnicate");
    let reply = send(&container, &format!("POST {target} HTTP/1.1\r\n"), b"{}").await.expect("a reply");
    assert_eq!(reply.refused(404, "NOT_FOUND"), "could not find handler for endpoint");
}

#[tokio::test]
async fn users_learn_who_they_are() {
    let container = start().await;
    let me = as_alice(&container, "public", "users/caller", Value::Null).await.ok();
    assert_eq!(me["userRecordName"], json!(container.users()[0].record_name));
    assert_eq!(me["users"][0]["nameComponents"]["givenName"], "Alice");
    let found = as_alice(
        &container,
        "public",
        "users/discover",
        json!({"lookupInfos":
        [{"emailAddress": "bob@example.com"}, {"emailAddress": "nobody@example.com"}]}),
    );
    assert_eq!(found.await.ok()["users"].as_array().map(Vec::len), Some(1));
    let target = format!("{}?ckAPIToken={}", path("public", "users/caller"), container.api_token());
    let reply = send(&container, &format!("GET {target} HTTP/1.1\r\n"), b"").await.expect("a reply");
    let url = reply.body["redirectURL"].as_str().expect("a page to sign in").to_owned();
    let page = url.strip_prefix(container.url()).expect("a page of the container");
    for (page, content) in [(page.to_owned(), "bob</a>"), (format!("{page}&user=bob"), "\"ckWebAuthToken\":")]
    {
        let reply = send(&container, &format!("GET {page} HTTP/1.1\r\n"), b"").await.expect("a reply");
        assert_eq!(reply.status, 200);
        assert!(reply.text.contains(content), "{}", reply.text);
    }
    container.clock().advance(Duration::from_secs(16 * 60));
    let late = send(&container, &format!("GET {page} HTTP/1.1\r\n"), b"").await.expect("a reply");
    assert_eq!(late.status, 410);
    reply.refused(421, "AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn planned_faults_are_met_once() {
    let container = start().await;
    let retry_after = Some(Duration::from_secs(12));
    container.fail_next(Fault::Status { code: ServerErrorCode::Throttled, retry_after });
    container.fail_next_at("records/modify", Fault::DropAfterCommit);
    let lookup = json!({"records": [{"recordName": "a"}]});
    let reply = signed(&container, "records/lookup", lookup.clone()).await;
    assert_eq!((reply.header("Retry-After"), &reply.body["retryAfter"]), (Some("12"), &json!(12)));
    reply.refused(429, "THROTTLED");
    assert_eq!(container.unmet_faults(), [Fault::DropAfterCommit]);

    let body = json!({"operations": [create("a", json!({}))]}).to_string();
    let target = path("public", "records/modify");
    let head = signed_head(&container, "POST", &target, &now(&container), body.as_bytes());
    assert!(send(&container, &head, body.as_bytes()).await.is_none());
    let found = signed(&container, "records/lookup", lookup).await.ok();
    assert_eq!(found["records"][0]["deleted"], false);
    assert!(container.unmet_faults().is_empty());
}

#[tokio::test]
async fn a_lagging_index_shows_a_record_later_than_a_lookup() {
    let container = builder().index_lag(Duration::from_secs(3)).start().await.expect("starts");
    signed(
        &container,
        "records/modify",
        json!({"operations": [create("a", json!({"views": {"value": 1}}))]}),
    )
    .await
    .ok();
    let found = signed(&container, "records/lookup", json!({"records": [{"recordName": "a"}]})).await.ok();
    assert_eq!(found["records"][0]["deleted"], false);
    assert!(names(&query(&container, json!({}), json!({})).await.ok()).is_empty());
    container.clock().advance(Duration::from_secs(3));
    assert_eq!(names(&query(&container, json!({}), json!({})).await.ok()), ["a"]);
}

/// The public sample key of RFC 6979, and a request signed with it elsewhere.
const SAMPLE_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n\
    Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n-----END PUBLIC KEY-----\n";
const SAMPLE_ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SAMPLE_BODY: &str = r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const SAMPLE_PATH: &str = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const SAMPLE_SIGNATURE: &str =
    "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

async fn ledger() -> TestContainer {
    let key = cloudkit_core::auth::PublicKey::from_pem(SAMPLE_KEY).expect("a key");
    let account = RecordType::new("Account").record_name_queryable().default_grants();
    TestContainer::builder("iCloud.com.example.Ledger")
        .schema(Schema::new().record_type(account))
        .key(SAMPLE_ID, key, &[Environment::Development])
        .clock_window(Duration::from_secs(100 * 365 * 86_400))
        .start()
        .await
        .expect("starts")
}

fn sample_head(target: &str, key_id: &str, date: &str, signature: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nX-Apple-CloudKit-Request-KeyID: {key_id}\r\n\
         X-Apple-CloudKit-Request-ISO8601Date: {date}\r\nX-Apple-CloudKit-Request-SignatureV1: {signature}\r\n"
    )
}

const SAMPLE_DATE: &str = "2016-01-25T22:15:43Z";

#[tokio::test]
async fn each_mistake_that_needs_no_search_has_its_own_explanation() {
    let container = ledger().await;
    let raw = "M65tOp9gl0xPLnqiKK18rx7q0ZPXX0idV8VQPbfVZ5fxZJDLntAwMgixcm/NuTAoRAXB0U4GFQ2Zk/1NwYu1/w==";
    let hex = "30".repeat(71);
    let url = SAMPLE_SIGNATURE.replace("MTy", "M-_");
    let private = SAMPLE_PATH.replace("public", "private");
    let capital = SAMPLE_PATH.replace("development", "Development");
    let bundle = SAMPLE_PATH.replace("iCloud.com", "com");
    let upper = SAMPLE_ID.to_uppercase();
    let (path, id, date, signature) = (SAMPLE_PATH, SAMPLE_ID, SAMPLE_DATE, SAMPLE_SIGNATURE);
    let token = container.api_token();
    for (head, code) in [
        (sample_head(path, id, date, raw), "S1 signature_raw_rs"),
        (sample_head(path, id, date, &hex), "S2 signature_hex"),
        (sample_head(path, id, date, &url), "S2 signature_base64url"),
        (sample_head(path, id, date, signature.trim_end_matches('=')), "S2 signature_base64_broken"),
        (sample_head(path, id, date, "c2lnbmF0dXJl"), "S5 signature_placeholder"),
        (sample_head(path, id, date, ""), "S5 signature_placeholder"),
        (sample_head(path, id, "", signature), "M13 date_empty"),
        (sample_head(path, id, "2016-01-25T22:15:43+00:00", signature), "M11 date_has_offset"),
        (sample_head(path, &upper, date, signature), "K7 key_id_malformed"),
        (sample_head(path, &id.replace("aa", "a a"), date, signature), "K7 key_id_malformed"),
        (sample_head(path, &id.replace('0', "1"), date, signature), "K2 key_other_container"),
        (
            sample_head(
                path,
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A",
                date,
                signature,
            ),
            "K5 public_key_as_key_id",
        ),
        (sample_head(path, &token, date, signature), "K6 api_token_as_key_id"),
        (sample_head(&private, id, date, signature), "R1 database_not_public"),
        (sample_head(&capital, id, date, signature), "R4 environment_malformed"),
        (sample_head(&bundle, id, date, signature), "R3 container_id_malformed"),
        (sample_head(path, container.key_id(), date, signature), "K4 key_id_mismatch"),
        (
            sample_head(path, id, date, signature) + "X-Apple-CloudKit-Request-KeyID: x\r\n",
            "R5 header_duplicated",
        ),
        (sample_head(path, id, date, signature).replace("ISO8601Date", "Date"), "R5 header_name_wrong"),
        (
            sample_head(path, id, date, signature).replace("X-Apple-CloudKit-Request-ISO8601Date", "X-Other"),
            "R5 header_missing",
        ),
        (format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer x\r\n"), "K8 bearer_token_sent"),
        (format!("POST {path} HTTP/1.1\r\nX-CloudKit-KeyID: x\r\n"), "R5 header_name_wrong"),
        (
            sample_head(&format!("{path}?ckAPIToken={token}&a=b"), id, "2016-01-25T22:15:44Z", signature),
            "R7 token_mixed_in",
        ),
    ] {
        let reply = send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply");
        let explanation = reply.header("x-cloudkit-explain").unwrap_or_default().to_owned();
        assert!(explanation.contains(code), "{code}: {explanation}");
        assert!(!explanation.contains(&token), "{explanation}");
        reply.refused(401, "AUTHENTICATION_FAILED");
    }
    container.revoke_key(SAMPLE_ID).expect("a key");
    let head = sample_head(path, id, date, signature);
    let reply = send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply");
    assert_eq!(reply.header("x-cloudkit-explain"), Some("K3 key_revoked: the key was revoked"));
    assert!(container.requests().iter().all(|request| !request.target.contains(&token)));
}

#[tokio::test]
async fn no_byte_of_a_signed_request_can_be_changed() {
    let container = ledger().await;
    let head = sample_head(SAMPLE_PATH, SAMPLE_ID, SAMPLE_DATE, SAMPLE_SIGNATURE);
    send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply").ok();
    // A query string that is not signed passes, with a note.
    let head = sample_head(&format!("{SAMPLE_PATH}?a=b"), SAMPLE_ID, SAMPLE_DATE, SAMPLE_SIGNATURE);
    send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply").ok();
    assert!(container.requests()[1].notes[0].starts_with("M8 query_sent_not_signed"));

    let changed = |text: &str, index: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[index] ^= 1;
        String::from_utf8(bytes).expect("ASCII")
    };
    for index in 0..SAMPLE_BODY.len() {
        let head = sample_head(SAMPLE_PATH, SAMPLE_ID, SAMPLE_DATE, SAMPLE_SIGNATURE);
        let body = changed(SAMPLE_BODY, index);
        send(&container, &head, body.as_bytes())
            .await
            .expect("a reply")
            .refused(401, "AUTHENTICATION_FAILED");
    }
    // The last sign of the base64 text before the padding holds two bits that mean nothing; decoders refuse them.
    for index in 0..SAMPLE_SIGNATURE.len() {
        let signature = changed(SAMPLE_SIGNATURE, index);
        let head = sample_head(SAMPLE_PATH, SAMPLE_ID, SAMPLE_DATE, &signature);
        let reply = send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply");
        reply.refused(401, "AUTHENTICATION_FAILED");
    }
    for index in 0..SAMPLE_DATE.len() {
        let head = sample_head(SAMPLE_PATH, SAMPLE_ID, &changed(SAMPLE_DATE, index), SAMPLE_SIGNATURE);
        let reply = send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply");
        reply.refused(401, "AUTHENTICATION_FAILED");
    }
    for index in 0..SAMPLE_PATH.len() {
        let path = changed(SAMPLE_PATH, index);
        let head = sample_head(&path, SAMPLE_ID, SAMPLE_DATE, SAMPLE_SIGNATURE);
        let reply = send(&container, &head, SAMPLE_BODY.as_bytes()).await.expect("a reply");
        assert!(reply.status >= 400, "{path} is answered with {}", reply.status);
    }
}

#[tokio::test]
async fn a_dropped_container_leaves_its_port() {
    let container = start().await;
    let address = container.url().strip_prefix("http://").expect("plain HTTP").to_owned();
    let idle = TcpStream::connect(&address).await.expect("connects");
    drop(container);
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(idle);
}
