//! Records over the management API.

use cloudkit_core::Environment;
use cloudkit_test_container::TestContainer;
use serde_json::{Value, json};

use super::{CONTAINER, Raw, Reply, start};

const API_TOKEN: &str = "X-Apple-CloudKit-API-Token";
const WEB_AUTH_TOKEN: &str = "X-Apple-CloudKit-Web-Auth-Token";

/// One field of every kind, and the indexes that the queries below need.
const SCHEMA: &str = "DEFINE SCHEMA
    RECORD TYPE Article (
        \"___recordID\"   REFERENCE QUERYABLE,
        \"___createTime\" TIMESTAMP SORTABLE,
        title STRING QUERYABLE SEARCHABLE SORTABLE, views INT64 QUERYABLE SORTABLE, rating DOUBLE,
        published TIMESTAMP QUERYABLE, data BYTES, place LOCATION QUERYABLE, author REFERENCE QUERYABLE,
        tags LIST<STRING> QUERYABLE, counts LIST<INT64>, moments LIST<TIMESTAMP>,
        photo ASSET, secret ENCRYPTED STRING, secretCount ENCRYPTED INT64, secrets LIST<ENCRYPTED STRING>,
        GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\", GRANT WRITE TO \"_creator\"
    );
    RECORD TYPE Bare (text STRING, GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\");";

async fn news() -> TestContainer {
    start(|builder| builder.schema(SCHEMA)).await
}

/// The path of a database's zone, and what follows it.
fn zone(database: &str, zone: &str, rest: &str) -> String {
    format!(
        "/v1/database/containers/{CONTAINER}/environments/DEVELOPMENT/databases/{database}/zones/{zone}/{rest}"
    )
}

fn public(rest: &str) -> String {
    zone("PUBLIC", "_defaultZone", rest)
}

fn private(rest: &str) -> String {
    zone("PRIVATE", "_defaultZone", rest)
}

/// Alice asks.
async fn ask(container: &TestContainer, method: &str, target: String, body: Option<Value>) -> Reply {
    let request = Raw::new(method, target).as_user(container, "alice");
    match body {
        Some(body) => request.json(&body),
        None => request.header("Content-Length", "0"),
    }
    .send(container)
    .await
}

fn text(value: &str) -> Value {
    json!({ "type": "stringType", "value": value })
}

fn int(value: i64) -> Value {
    json!({ "type": "int64Type", "value": value })
}

async fn create(container: &TestContainer, name: &str, fields: Value) -> Value {
    let body = json!({ "recordType": "Article", "recordName": name, "fields": fields });
    ask(container, "POST", public("records"), Some(body)).await.json(201)["record"].clone()
}

#[tokio::test]
async fn a_record_is_created_read_updated_and_deleted() {
    let container = news().await;
    let body = json!({ "recordType": "Article", "fields": { "title": text("Hello"), "views": int(1) } });
    let created = ask(&container, "POST", public("records"), Some(body)).await.json(201)["record"].clone();
    // Without a name the server makes a UUID.
    let name = created["recordName"].as_str().unwrap();
    assert_eq!(name.len(), 36, "{created}");
    for member in ["recordType", "recordChangeTag"] {
        assert!(created[member].is_string(), "{created}");
    }
    let user = container.user("alice").unwrap().record_name.clone();
    for member in ["created", "modified"] {
        let stamp = &created[member];
        assert_eq!(stamp["userRecordName"], user.as_str());
        let time = stamp["timestamp"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    }

    let record = format!("records/{name}");
    let got = ask(&container, "GET", public(&record), None).await.json(200);
    assert_eq!(got["record"], created);

    // An update touches what it names; a value object without `value` clears.
    let update = |tag: &Value, fields: Value| json!({ "recordType": "Article", "recordChangeTag": tag, "fields": fields });
    let body = update(&created["recordChangeTag"], json!({ "views": { "type": "int64Type" } }));
    let updated = ask(&container, "PUT", public(&record), Some(body)).await.json(200)["record"].clone();
    assert_eq!(updated["fields"], json!({ "title": text("Hello") }));

    let stale = update(&created["recordChangeTag"], json!({ "title": text("Late") }));
    let reply = ask(&container, "PUT", public(&record), Some(stale.clone())).await;
    reply.refused(409, "CONFLICT", "oplock");
    let missing = ask(&container, "PUT", public(&record), Some(json!({ "fields": {} }))).await;
    missing.refused(400, "BAD_REQUEST", "recordChangeTag");
    let forced = ask(&container, "PUT", public(&format!("{record}?force=true")), Some(stale)).await.json(200);
    assert_eq!(forced["record"]["fields"]["title"], text("Late"));

    ask(&container, "DELETE", public(&record), None).await.empty(204);
    for method in ["GET", "DELETE"] {
        let reply = ask(&container, method, public(&record), None).await;
        reply.refused(404, "NOT_FOUND", "Record not found");
    }
}

#[tokio::test]
async fn a_name_in_use_is_told_apart_from_a_stale_tag() {
    let container = news().await;
    create(&container, "a", json!({})).await;
    let body = json!({ "recordType": "Article", "recordName": "a", "fields": {} });
    ask(&container, "POST", public("records"), Some(body)).await.refused(409, "EXISTS", "already exists");
}

#[tokio::test]
async fn names_with_slashes_and_spaces_are_encoded_once() {
    let container = news().await;
    create(&container, "a b/c%20", json!({ "title": text("odd") })).await;
    let got = ask(&container, "GET", public("records/a%20b%2Fc%2520"), None).await.json(200);
    assert_eq!(got["record"]["recordName"], "a b/c%20");
}

#[tokio::test]
async fn every_type_goes_there_and_back() {
    let container = news().await;
    let target = json!({ "recordName": "ines", "action": "NONE" });
    let plain = json!({
        "title": text("é\u{1F980}"),
        "views": int(i64::MAX),
        "rating": { "type": "doubleType", "value": 1e300 },
        "published": { "type": "timestampType", "value": "2026-01-01T00:00:00.007Z" },
        "data": { "type": "bytesType", "value": "AAH/" },
        "place": { "type": "locationType", "value": {
            "latitude": 48.1, "longitude": 11.5, "altitude": 520.0, "timestamp": "1969-12-31T23:59:59.999Z" } },
        "author": { "type": "referenceType", "value": target },
        "tags": { "type": "stringListType", "value": ["a", "b"] },
        "counts": { "type": "int64ListType", "value": [i64::MIN, 0] },
        "moments": { "type": "timestampListType", "value": ["1970-01-01T00:00:00.000Z"] },
    });
    let created = create(&container, "all", plain.clone()).await;
    assert_eq!(created["fields"], plain);
    let got = ask(&container, "GET", public("records/all"), None).await;
    // Read as text: no digit may be lost on the way.
    assert!(got.body.contains("\"value\":9223372036854775807"), "{got:?}");
    assert_eq!(got.json(200)["record"]["fields"], plain);

    let sealed = json!({
        "secret": { "type": "encryptedStringType", "value": "s" },
        "secretCount": { "type": "encryptedNumberInt64Type", "value": 7 },
        "secrets": { "type": "encryptedStringListType", "value": ["x"] },
    });
    let body = json!({ "recordType": "Article", "recordName": "sealed", "fields": sealed });
    let created = ask(&container, "POST", private("records"), Some(body)).await.json(201)["record"].clone();
    assert_eq!(created["fields"], sealed);
    assert_eq!(created["zone"]["zoneName"], "_defaultZone");
    assert!(created["zone"]["canonicalName"].is_string(), "{created}");
}

#[tokio::test]
async fn values_that_cannot_be_are_refused_by_field() {
    let container = news().await;
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for (field, value) in [
        // Written by hand these go out unchecked, and unquoted.
        ("views", json!({ "type": "int64Type", "value": number("9223372036854775808") })),
        ("views", json!({ "type": "int64Type", "value": 1.5 })),
        ("views", json!({ "type": "stringType", "value": "1" })),
        ("views", json!({ "value": 1 })),
        ("views", json!(1)),
        ("views", json!({ "type": "INT64", "value": 1 })),
        ("published", json!({ "type": "timestampType", "value": 0 })),
        ("published", json!({ "type": "timestampType", "value": "yesterday" })),
        ("data", json!({ "type": "bytesType", "value": "AAH_" })),
        ("tags", json!({ "type": "stringListType", "value": "a" })),
        ("author", json!({ "type": "referenceType", "value": "ines" })),
        ("unknown", text("x")),
    ] {
        let body = json!({ "recordType": "Article", "fields": { field: value } });
        let reply = ask(&container, "POST", public("records"), Some(body)).await;
        reply.refused(400, "BAD_REQUEST", if field == "views" || field == "unknown" { "" } else { field });
    }
    for body in ["", "[]", "{", "{}"] {
        let request = Raw::new("POST", public("records")).as_user(&container, "alice");
        let reply = request.header("Content-Type", "application/json").chunked(body.as_bytes());
        reply.send(&container).await.refused(400, "BAD_REQUEST", "");
    }
}

#[tokio::test]
async fn lookups_tell_existing_records_from_errors_and_show_what_was_asked_for() {
    let container = news().await;
    create(&container, "a", json!({ "title": text("A"), "views": int(1) })).await;
    let body = json!({ "recordNames": ["a", "gone"], "requestedFields": ["views"] });
    let reply = ask(&container, "POST", public("records/lookup"), Some(body)).await.json(200);
    let results = reply["recordResults"].as_array().unwrap();
    assert_eq!((&results[0]["type"], &results[0]["recordName"]), (&json!("existing"), &json!("a")));
    assert_eq!(results[0]["record"]["fields"], json!({ "views": int(1) }));
    assert_eq!(
        results[1],
        json!({ "type": "error", "errorCode": "NOT_FOUND", "message": "Record not found", "recordName": "gone" })
    );
    // Absent is all fields, empty is none.
    for (query, fields) in [
        ("", json!({ "title": text("A"), "views": int(1) })),
        ("?requestedFields=", json!({})),
        ("?requestedFields=title%2Cviews", json!({ "title": text("A"), "views": int(1) })),
    ] {
        let got = ask(&container, "GET", public(&format!("records/a{query}")), None).await.json(200);
        assert_eq!(got["record"]["fields"], fields, "{query}");
    }
}

#[tokio::test]
async fn queries_filter_sort_and_page() {
    let container = news().await;
    for (at, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let views = i64::try_from(at).unwrap();
        create(&container, name, json!({ "title": text(name), "views": int(views) })).await;
    }
    let query = async |query: Value, more: Value| -> Value {
        let mut body = json!({ "query": query });
        for (member, value) in more.as_object().unwrap() {
            body[member] = value.clone();
        }
        ask(&container, "POST", public("query"), Some(body)).await.json(200)
    };
    let names = |reply: &Value| -> Vec<String> {
        let records = reply["records"].as_array().unwrap().iter();
        records.map(|record| record["recordName"].as_str().unwrap().to_owned()).collect()
    };

    let filters = json!([{ "fieldName": "views", "type": "GREATER_THAN_OR_EQUALS", "fieldValue": int(1) },
        { "fieldName": "title", "type": "not_equals", "fieldValue": text("c") }]);
    let sorts = json!([{ "fieldName": "views", "order": "DESC" }]);
    let both = json!({ "recordType": "Article", "filters": filters, "sorts": sorts });
    assert_eq!(names(&query(both, json!({})).await), ["d", "b"]);

    // System fields are named as in the schema.
    let one = json!([{ "fieldName": "___recordID", "type": "EQUALS",
        "fieldValue": { "type": "referenceType", "value": { "recordName": "c" } } }]);
    let by_time = json!([{ "fieldName": "___createTime", "order": "ASC" }]);
    let one = json!({ "recordType": "Article", "filters": one, "sorts": by_time });
    assert_eq!(names(&query(one, json!({})).await), ["c"]);

    let all = json!({ "recordType": "Article", "sorts": [{ "fieldName": "title", "order": "ASC" }] });
    let mut seen = Vec::new();
    let mut page = query(all.clone(), json!({ "resultsLimit": 3, "requestedFields": ["title"] })).await;
    assert_eq!(page["records"][0]["fields"], json!({ "title": text("a") }));
    seen.extend(names(&page));
    while let Some(token) = page.get("continuationToken").cloned() {
        page = query(all.clone(), json!({ "resultsLimit": 3, "continuationToken": token })).await;
        seen.extend(names(&page));
    }
    assert_eq!(seen, ["a", "b", "c", "d"]);

    for limit in [json!(0), json!(201), json!("3")] {
        let body = json!({ "query": all, "resultsLimit": limit });
        let reply = ask(&container, "POST", public("query"), Some(body)).await;
        reply.refused(400, "BAD_REQUEST", "'resultsLimit' must be 1 to 200");
    }
}

#[tokio::test]
async fn a_radius_is_in_kilometres() {
    let container = news().await;
    let place = |latitude: f64| json!({ "type": "locationType", "value": { "latitude": latitude, "longitude": 0.0 } });
    // A degree of latitude is some 111 kilometres.
    for (name, latitude) in [("near", 0.5), ("far", 1.5)] {
        create(&container, name, json!({ "place": place(latitude) })).await;
    }
    let filter = json!({ "fieldName": "place", "type": "NEAR", "fieldValue": place(0.0), "radiusInKilometers": 100.0 });
    let body = json!({ "query": { "recordType": "Article", "filters": [filter] } });
    let found = ask(&container, "POST", public("query"), Some(body)).await.json(200);
    let records = found["records"].as_array().unwrap();
    assert_eq!(records.iter().map(|record| &record["recordName"]).collect::<Vec<_>>(), ["near"]);
}

#[tokio::test]
async fn queries_without_an_index_are_refused_with_its_name() {
    let container = news().await;
    let filter =
        |field: &str, value: Value| json!([{ "fieldName": field, "type": "EQUALS", "fieldValue": value }]);
    for (query, reason) in [
        (json!({ "recordType": "Bare" }), "Type is not marked indexable: Bare"),
        (
            json!({ "recordType": "Article", "filters": filter("rating", json!({ "type": "doubleType", "value": 1 })) }),
            "Field 'rating' is not marked queryable",
        ),
        (
            json!({ "recordType": "Article", "sorts": [{ "fieldName": "published", "order": "ASC" }] }),
            "Field 'published' is not marked sortable",
        ),
        (
            json!({ "recordType": "Article", "filters": [{ "fieldName": "title", "type": "LIKE", "fieldValue": text("x") }] }),
            "unknown filter type 'LIKE'",
        ),
    ] {
        let reply = ask(&container, "POST", public("query"), Some(json!({ "query": query }))).await;
        reply.refused(400, "BAD_REQUEST", reason);
    }
}

#[tokio::test]
async fn deleting_by_query_only_counts_in_a_dry_run() {
    let container = news().await;
    for (name, views) in [("a", 1), ("b", 1), ("c", 2)] {
        create(&container, name, json!({ "views": int(views) })).await;
    }
    let filters = json!([{ "fieldName": "views", "type": "EQUALS", "fieldValue": int(1) }]);
    let body = |dry_run: bool| json!({ "recordType": "Article", "filters": filters, "dryRun": dry_run });
    let delete = async |body: Value| -> Value {
        ask(&container, "POST", public("deletionQuery"), Some(body)).await.json(200)
    };
    for (dry_run, count) in [(true, 2), (true, 2), (false, 2), (false, 0)] {
        let reply = delete(body(dry_run)).await;
        assert_eq!((&reply["deletedCount"], &reply["errors"]), (&json!(count), &json!([])), "{dry_run}");
    }
    let reply = ask(&container, "GET", public("records/c"), None).await;
    assert_eq!(reply.status, 200);

    // What one user may not delete is counted as an error, by name.
    let bob = Raw::new("POST", public("deletionQuery")).as_user(&container, "bob");
    let reply = bob.json(&json!({ "recordType": "Article" })).send(&container).await.json(200);
    assert_eq!(reply["deletedCount"], 0);
    assert_eq!(reply["errors"], json!([{ "id": "c", "code": 403, "message": "ACCESS_DENIED" }]));
}

#[tokio::test]
async fn a_missing_sign_in_is_421_with_the_address_of_the_sign_in() {
    let container = news().await;
    let nobody = Raw::new("GET", public("records/a")).send(&container).await;
    let body = nobody.refused(421, "AUTHENTICATION_REQUIRED", "request needs authorization");
    assert!(body["redirectUrl"].as_str().unwrap().starts_with(container.url()), "{body}");
    // A management token reads the public database, and neither writes nor opens others.
    create(&container, "a", json!({ "title": text("A") })).await;
    let read = Raw::new("GET", public("records/a")).managed(&container).send(&container).await;
    assert_eq!(read.json(200)["record"]["fields"], json!({ "title": text("A") }));
    let body = json!({ "recordType": "Article", "fields": {} });
    let write = Raw::new("POST", public("records")).managed(&container).json(&body).send(&container).await;
    write.refused(421, "AUTHENTICATION_REQUIRED", "");
    let read = Raw::new("GET", private("records/a")).managed(&container).send(&container).await;
    read.refused(421, "AUTHENTICATION_REQUIRED", "");
}

#[tokio::test]
async fn all_tokens_are_sent_always_and_the_most_telling_one_counts() {
    let container = news().await;
    let api_token = container.api_token_for(Environment::Development);
    let web_auth_token = container.issue_web_auth_token("bob").unwrap();
    let session = format!("/v1/database/containers/{CONTAINER}/environments/DEVELOPMENT/session/user");
    let user = |name: &str| container.user(name).unwrap().record_name.clone();

    let request =
        Raw::new("GET", &session).header(API_TOKEN, &api_token).header(WEB_AUTH_TOKEN, web_auth_token);
    let reply = request.managed(&container).send(&container).await.json(200);
    assert_eq!(reply["user"]["userRecordName"], user("bob"));
    let request = Raw::new("GET", &session).header(API_TOKEN, &api_token).as_user(&container, "alice");
    assert_eq!(request.send(&container).await.json(200)["user"]["userRecordName"], user("alice"));

    for (header, token) in [("X-Apple-CloudKit-User-Token", "wrong"), (API_TOKEN, "wrong")] {
        let request = Raw::new("GET", public("records/a")).header(header, token).managed(&container);
        request.send(&container).await.refused(401, "AUTHENTICATION_FAILED", "");
    }
    // An API token alone reads public data.
    create(&container, "a", json!({})).await;
    let request = Raw::new("GET", public("records/a")).header(API_TOKEN, api_token);
    assert_eq!(request.send(&container).await.status, 200);
}

#[tokio::test]
async fn zones_are_made_listed_and_deleted() {
    let container = news().await;
    let zones =
        format!("/v1/database/containers/{CONTAINER}/environments/development/databases/private/zones");
    let body = json!({ "zoneName": "drafts" });
    let created = ask(&container, "POST", zones.clone(), Some(body)).await.json(201)["zone"].clone();
    for (member, value) in [
        ("zoneName", json!("drafts")),
        ("zoneType", json!("REGULAR_CUSTOM_ZONE")),
        ("isDefaultZone", json!(false)),
        ("atomic", json!(true)),
    ] {
        assert_eq!(created[member], value, "{created}");
    }
    let body = json!({ "recordType": "Article", "recordName": "d", "fields": { "title": text("draft") } });
    let saved = ask(&container, "POST", zone("PRIVATE", "drafts", "records"), Some(body)).await.json(201);
    assert_eq!(saved["record"]["zone"]["zoneName"], "drafts");
    let got = ask(&container, "GET", zone("PRIVATE", "drafts", "records/d"), None).await.json(200);
    assert_eq!(got["record"], saved["record"]);
    ask(&container, "GET", private("records/d"), None).await.refused(404, "NOT_FOUND", "");
    let lost = ask(&container, "GET", zone("PRIVATE", "lost", "records/d"), None).await;
    lost.refused(404, "ZONE_NOT_FOUND", "lost");
}

#[tokio::test]
async fn zones_are_listed_shown_and_deleted_with_their_changes() {
    let container = news().await;
    let zones =
        format!("/v1/database/containers/{CONTAINER}/environments/DEVELOPMENT/databases/PRIVATE/zones");
    ask(&container, "POST", zones.clone(), Some(json!({ "zoneName": "drafts" }))).await.json(201);
    let listed = ask(&container, "GET", zones.clone(), None).await.json(200);
    let listed = listed["zones"].as_array().unwrap();
    let names: Vec<_> = listed.iter().map(|zone| (&zone["zoneName"], &zone["isDefaultZone"])).collect();
    let expected = [(json!("_defaultZone"), json!(true)), (json!("drafts"), json!(false))];
    assert_eq!(names, expected.iter().map(|(name, default)| (name, default)).collect::<Vec<_>>());
    let one = ask(&container, "GET", format!("{zones}/drafts"), None).await.json(200);
    assert_eq!(one["zone"]["zoneName"], "drafts");
    assert_eq!(one["zone"]["atomic"], true);

    // The changes of a zone, page by page: live records, and what is gone.
    for name in ["a", "b"] {
        let body = json!({ "recordType": "Article", "recordName": name, "fields": { "title": text(name) } });
        ask(&container, "POST", zone("PRIVATE", "drafts", "records"), Some(body)).await.json(201);
    }
    let changes = async |body: Option<Value>| -> Value {
        ask(&container, "POST", zone("PRIVATE", "drafts", "changes"), body).await.json(200)
    };
    // Without a body it is everything.
    let all = changes(None).await;
    let results = all["recordResults"].as_array().unwrap();
    assert_eq!(results.iter().map(|result| &result["recordName"]).collect::<Vec<_>>(), ["a", "b"]);
    assert!(results.iter().all(|result| result["type"] == "existing"), "{all}");
    assert_eq!(all["moreComing"], false);
    ask(&container, "DELETE", zone("PRIVATE", "drafts", "records/a"), None).await.empty(204);
    let later = changes(Some(json!({ "changeToken": all["changeToken"] }))).await;
    assert_eq!(later["recordResults"], json!([{ "type": "deleted", "recordName": "a" }]));

    ask(&container, "DELETE", format!("{zones}/drafts"), None).await.empty(204);
    let gone = ask(&container, "GET", format!("{zones}/drafts"), None).await;
    gone.refused(404, "ZONE_NOT_FOUND", "drafts");
}

#[tokio::test]
async fn a_file_is_uploaded_before_its_record_has_a_name() {
    let container = news().await;
    let body = json!({ "recordType": "Article", "fieldName": "photo", "size": 3 });
    let url = ask(&container, "POST", public("assetUploadUrls"), Some(body)).await.json(201)["url"].clone();
    let target = url.as_str().unwrap().strip_prefix(container.url()).unwrap().to_owned();
    let uploaded = Raw::new("POST", target).chunked(b"abc").send(&container).await.json(200);
    let asset = uploaded["singleFile"].clone();
    let fields = json!({ "photo": { "type": "assetType", "value": asset } });
    let created = create(&container, "with-photo", fields.clone()).await;
    let photo = &created["fields"]["photo"];
    assert_eq!((&photo["type"], &photo["value"]["size"]), (&json!("assetType"), &json!(3)));
    let forged = json!({ "photo": { "type": "assetType", "value": { "size": 3, "fileChecksum": "x", "receipt": "y" } } });
    let body = json!({ "recordType": "Article", "fields": forged });
    ask(&container, "POST", public("records"), Some(body)).await.refused(400, "BAD_REQUEST", "receipt");
}
