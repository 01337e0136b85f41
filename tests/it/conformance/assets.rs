//! Statements 94 to 99: files beside records.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Caller, Raw, Reply, Server, check_contains, create, one, operation, text, typed};

const PHOTO: &[u8] = b"\x89PNG\r\n\x1a\n not quite \x00\xff";

/// The addresses that `assets/upload` gives out for these records, each for the field of one asset.
async fn upload_urls(caller: &Caller<'_>, database: &str, records: &[&str]) -> Vec<String> {
    let tokens: Vec<Value> = records
        .iter()
        .map(|name| json!({ "recordType": "Everything", "recordName": name, "fieldName": "assetid" }))
        .collect();
    let reply = caller.post(&format!("{database}/assets/upload"), json!({ "tokens": tokens })).await;
    let tokens = reply.ok().body["tokens"].as_array().unwrap();
    tokens.iter().map(|token| text(&token["url"]).to_owned()).collect()
}

async fn send_file(server: &Server, url: &str, file: &[u8]) -> Raw {
    server.fetch(Method::POST, url, &[("content-type", "application/octet-stream")], file).await
}

/// Uploads a file for a record, and returns what a save has to repeat.
async fn uploaded(server: &Server, caller: &Caller<'_>, database: &str, record: &str, file: &[u8]) -> Value {
    let urls = upload_urls(caller, database, &[record]).await;
    send_file(server, &urls[0], file).await.json()["singleFile"].clone()
}

fn asset(value: &Value) -> Value {
    one("assetid", typed("ASSETID", value.clone()))
}

/// A record with this file.
pub(crate) async fn saved(
    server: &Server,
    caller: &Caller<'_>,
    database: &str,
    record: &str,
    file: &[u8],
) -> Value {
    let single_file = uploaded(server, caller, database, record, file).await;
    caller.create(database, "Everything", record, asset(&single_file)).await
}

fn download_url(record: &Value) -> String {
    text(&record["fields"]["assetid"]["value"]["downloadURL"]).replace("${f}", "photo%20of%20me.png")
}

pub(crate) async fn download(server: &Server, record: &Value) -> Raw {
    server.fetch(Method::GET, &download_url(record), &[], &[]).await
}

#[track_caller]
fn check_receipt_refused(reply: &Reply) {
    reply.failed(0, "BAD_REQUEST", "bad upload receipt (did_not_validate)");
}

#[tokio::test]
async fn c094_each_upload_gets_an_address_in_its_place() {
    let server = Server::start().await;
    for (caller, database) in
        [(server.key(), "public"), (server.user("alice"), "public"), (server.user("alice"), "private")]
    {
        let tokens = json!([
            { "recordType": "Everything", "recordName": "e-2", "fieldName": "assetid_list" },
            { "recordName": "e-1", "fieldName": "assetid" },
            { "recordName": "e-2", "fieldName": "assetid_list", "fileChecksum": "ignored", "size": 3 },
            { "fieldName": "assetid" },
        ]);
        let reply = caller.post(&format!("{database}/assets/upload"), json!({ "tokens": tokens })).await;
        let given = reply.ok().body["tokens"].as_array().unwrap();
        let names: Vec<_> = given.iter().map(|token| text(&token["recordName"])).collect();
        assert_eq!(names[..3], ["e-2", "e-1", "e-2"]);
        assert_eq!(names[3].len(), 36, "a record without name gets one: {reply:?}");
        let fields: Vec<_> = given.iter().map(|token| text(&token["fieldName"])).collect();
        assert_eq!(fields, ["assetid_list", "assetid", "assetid_list", "assetid"]);
        let mut urls: Vec<_> = given.iter().map(|token| text(&token["url"])).collect();
        urls.sort_unstable();
        urls.dedup();
        assert_eq!(urls.len(), 4, "{reply:?}");
    }
}

#[tokio::test]
async fn c094_at_most_two_hundred_uploads_in_a_request() {
    let server = Server::start().await;
    let token = json!({ "recordName": "e-1", "fieldName": "assetid" });
    for (count, status) in [(0, 200), (200, 200), (201, 400)] {
        let body = json!({ "tokens": vec![token.clone(); count] });
        let reply = server.key().post("public/assets/upload", body).await;
        assert_eq!(reply.status, status, "{count}: {reply:?}");
        if status == 200 {
            assert_eq!(reply.body["tokens"].as_array().map(Vec::len), Some(count));
        } else {
            reply.refused(400, "BAD_REQUEST", "200");
        }
    }
}

#[tokio::test]
async fn c094_bad_requests_for_an_upload_are_refused() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (body, reason) in [
        (json!({}), "missing required field 'tokens'"),
        (json!({ "tokens": [{ "recordName": "e-1" }] }), "missing required field 'fieldName'"),
        (json!({ "tokens": [{ "recordName": "\u{e9}", "fieldName": "assetid" }] }), "record name"),
        (json!({ "tokens": {} }), "unexpected input"),
    ] {
        alice.post("private/assets/upload", body).await.refused(400, "BAD_REQUEST", reason);
    }
    let body = json!({ "tokens": [], "zoneID": { "zoneName": "no-such-zone" } });
    alice.post("private/assets/upload", body).await.refused(404, "ZONE_NOT_FOUND", "no-such-zone");
    let body = json!({ "tokens": [{ "recordName": "e-1", "fieldName": "assetid" }] });
    server.token().post("public/assets/upload", body).await.refused(421, "AUTHENTICATION_REQUIRED", "");
}

#[tokio::test]
async fn c095_equal_bytes_have_equal_checksums_raw_and_in_a_form() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let urls = upload_urls(&alice, "private", &["e-1", "e-2", "e-3", "e-4", "e-5"]).await;
    let form = [
        b"--frontier\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.png\"\r\n\
          Content-Type: image/png\r\n\r\n"
            .as_slice(),
        PHOTO,
        b"\r\n--frontier--\r\n",
    ]
    .concat();
    let mut checksums = Vec::new();
    for (url, content_type, body, size) in [
        (&urls[0], "application/octet-stream", PHOTO, PHOTO.len()),
        (&urls[1], "application/x-www-form-urlencoded", PHOTO, PHOTO.len()),
        (&urls[2], "multipart/form-data; boundary=frontier", form.as_slice(), PHOTO.len()),
        (&urls[3], "image/png", b"something else".as_slice(), 14),
        (&urls[4], "text/plain", b"".as_slice(), 0),
    ] {
        let answer = server.fetch(Method::POST, url, &[("content-type", content_type)], body).await;
        let answer = answer.json();
        let single_file = &answer["singleFile"];
        assert_eq!(single_file["size"], size, "{content_type}: {answer}");
        for key in ["fileChecksum", "receipt", "referenceChecksum", "wrappingKey"] {
            assert!(!text(&single_file[key]).is_empty(), "{key}: {answer}");
        }
        checksums.push(text(&single_file["fileChecksum"]).to_owned());
    }
    assert_eq!(checksums[0], checksums[1]);
    assert_eq!(checksums[0], checksums[2]);
    assert_ne!(checksums[0], checksums[3]);
    assert_ne!(checksums[0], checksums[4]);
}

#[tokio::test]
async fn c095_a_broken_form_is_refused() {
    let server = Server::start().await;
    let urls = upload_urls(&server.key(), "public", &["e-1"]).await;
    let form = b"--frontier\r\nContent-Disposition: form-data; name=\"files\"\r\n\r\nhalf";
    let headers = [("content-type", "multipart/form-data; boundary=frontier")];
    let answer = server.fetch(Method::POST, &urls[0], &headers, form).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text().contains("form"), "{answer:?}");
}

#[tokio::test]
async fn c096_an_upload_is_saved_as_it_was_answered_or_not_at_all() {
    let server = Server::start().await;
    for (caller, database) in [(server.key(), "public"), (server.user("alice"), "private")] {
        let single_file = uploaded(&server, &caller, database, "e-1", PHOTO).await;
        let other = uploaded(&server, &caller, database, "e-1", b"other").await;
        for (member, value) in [
            ("receipt", json!("A0x")),
            ("receipt", other["receipt"].clone()),
            ("receipt", Value::Null),
            ("fileChecksum", json!("AYt0")),
            ("fileChecksum", other["fileChecksum"].clone()),
            ("size", json!(PHOTO.len() + 1)),
            ("wrappingKey", other["wrappingKey"].clone()),
            ("referenceChecksum", other["referenceChecksum"].clone()),
        ] {
            let mut altered = single_file.clone();
            altered[member] = value.clone();
            let reply = caller.modify(database, json!([create("Everything", "e-1", asset(&altered))])).await;
            check_receipt_refused(&reply);
            caller.lookup(database, &["e-1"]).await.failed(0, "NOT_FOUND", "");
        }
        // Other members are tolerated, and the type may be left out.
        let mut verbatim = single_file.clone();
        verbatim["name"] = json!("photo.png");
        let saved =
            caller.create(database, "Everything", "e-1", json!({ "assetid": { "value": verbatim } })).await;
        assert_eq!(saved["fields"]["assetid"]["type"], "ASSETID");
    }
}

/// That a receipt is for one record and field is inferred; that it is for one database follows from whose file it is.
#[tokio::test]
async fn c096_a_receipt_of_another_place_is_foreign() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let single_file = uploaded(&server, &alice, "private", "e-1", PHOTO).await;
    for (caller, database, record) in
        [(&alice, "private", "e-2"), (&alice, "public", "e-1"), (&bob, "private", "e-1")]
    {
        let operations = json!([create("Everything", record, asset(&single_file))]);
        check_receipt_refused(&caller.modify(database, operations).await);
    }
    let list = one("assetid_list", typed("ASSETID_LIST", json!([single_file])));
    check_receipt_refused(&alice.modify("private", json!([create("Everything", "e-1", list)])).await);
    alice.create("private", "Everything", "e-1", asset(&single_file)).await;
}

/// A private database needs all that the upload was answered with, the public one what it answers itself.
#[tokio::test]
async fn c096_keys_may_be_missing_in_the_public_database_only() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (database, may_miss) in [("public", true), ("private", false)] {
        let mut single_file = uploaded(&server, &alice, database, "e-1", PHOTO).await;
        for member in ["wrappingKey", "referenceChecksum"] {
            single_file.as_object_mut().unwrap().remove(member);
        }
        let reply = alice.modify(database, json!([create("Everything", "e-1", asset(&single_file))])).await;
        if may_miss {
            reply.record(0);
        } else {
            check_receipt_refused(&reply);
        }
    }
}

#[tokio::test]
async fn c096_what_is_no_asset_is_told_so() {
    let server = Server::start().await;
    for value in [json!("a file"), json!({}), json!({ "fileChecksum": "AYt0" }), json!({ "receipt": "A0x" })]
    {
        let operations = json!([create("Everything", "e-1", asset(&value))]);
        let reply = server.key().modify("public", operations).await;
        reply.failed(0, "BAD_REQUEST", "could not decode asset object");
    }
}

#[tokio::test]
async fn c096_a_save_can_be_repeated() {
    let server = Server::start().await;
    let single_file = uploaded(&server, &server.key(), "public", "e-1", PHOTO).await;
    for _ in 0..2 {
        let record =
            json!({ "recordName": "e-1", "recordType": "Everything", "fields": asset(&single_file) });
        server.key().modify("public", json!([operation("forceReplace", record)])).await.record(0);
    }
}

#[tokio::test]
async fn c097_a_record_tells_where_its_file_is() {
    let server = Server::start().await;
    for (caller, database) in [(server.key(), "public"), (server.user("alice"), "private")] {
        let single_file = uploaded(&server, &caller, database, "e-1", PHOTO).await;
        let saved = caller.create(database, "Everything", "e-1", asset(&single_file)).await;
        let looked_up = caller.lookup(database, &["e-1"]).await.record(0).clone();
        let queried = caller.query(database, json!({ "recordType": "Everything" })).await.record(0).clone();
        for record in [saved, looked_up, queried] {
            let field = &record["fields"]["assetid"];
            assert_eq!(field["type"], "ASSETID");
            check_contains(
                &field["value"],
                &json!({ "fileChecksum": single_file["fileChecksum"], "size": PHOTO.len() }),
            );
            assert!(field["value"].get("receipt").is_none(), "{record}");
            assert!(text(&field["value"]["downloadURL"]).contains("${f}"), "{record}");

            let file = download(&server, &record).await;
            assert_eq!((file.status, file.body.as_slice()), (200, PHOTO), "{file:?}");
            assert_eq!(file.header("access-control-allow-origin"), "*");
        }
    }
}

#[tokio::test]
async fn c097_lists_of_files_make_the_round_trip() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let tokens = json!([
        { "recordName": "e-1", "fieldName": "assetid_list" }, { "recordName": "e-1", "fieldName": "assetid_list" }
    ]);
    let reply = alice.post("private/assets/upload", json!({ "tokens": tokens })).await;
    let mut files = Vec::new();
    for (token, bytes) in reply.ok().body["tokens"].as_array().unwrap().iter().zip([b"one", b"two"]) {
        files.push(send_file(&server, text(&token["url"]), bytes).await.json()["singleFile"].clone());
    }
    let fields = one("assetid_list", typed("ASSETID_LIST", files));
    let record = alice.create("private", "Everything", "e-1", fields).await;
    let values = record["fields"]["assetid_list"]["value"].as_array().unwrap().clone();
    for (value, bytes) in values.iter().zip([b"one", b"two"]) {
        let url = text(&value["downloadURL"]).replace("${f}", "x");
        assert_eq!(server.fetch(Method::GET, &url, &[], &[]).await.body, bytes);
    }
    assert_eq!(values.len(), 2);
}

/// What an address is worth whose `${f}` nobody has replaced is inferred. That it is a signed one is not.
#[tokio::test]
async fn c097_an_address_cannot_be_made_up() {
    let server = Server::start().await;
    let record = saved(&server, &server.user("alice"), "private", "e-1", PHOTO).await;
    let good = download_url(&record);
    assert_eq!(server.fetch(Method::GET, &good, &[], &[]).await.status, 200);
    let public = saved(&server, &server.key(), "public", "e-1", b"public").await;
    let (own, _) = good.split_once("/photo").unwrap();
    let (other, _) =
        download_url(&public).split_once("/photo").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for (url, status) in [
        (good.replace(own, &other), 403),
        (good.replace("token=", "token=AA"), 403),
        (good.replace("e=", "e=9"), 403),
        (good.split_once('?').unwrap().0.to_owned(), 403),
        (good.replace("photo%20of%20me.png", "${f}"), 400),
    ] {
        assert_ne!(url, good);
        let answer = server.fetch(Method::GET, &url, &[], &[]).await;
        assert_eq!(answer.status, status, "{url}: {answer:?}");
        assert!(!answer.text().contains("PNG"));
    }
    server.container.clock().advance(Duration::from_secs(24 * 3600));
    assert_eq!(server.fetch(Method::GET, &good, &[], &[]).await.status, 410);
    let again = server.user("alice").lookup("private", &["e-1"]).await.record(0).clone();
    assert_eq!(download(&server, &again).await.body, PHOTO);
}

#[tokio::test]
async fn c098_a_file_of_another_record_needs_a_new_receipt() {
    let server = Server::start().await;
    for (caller, database) in [(server.key(), "public"), (server.user("alice"), "private")] {
        let record = saved(&server, &caller, database, "e-1", PHOTO).await;
        let read = &record["fields"]["assetid"]["value"];
        check_receipt_refused(
            &caller.modify(database, json!([create("Everything", "e-2", asset(read))])).await,
        );

        let body = json!({ "assets": [
            { "recordName": "nope", "fieldName": "assetid" },
            { "recordName": "e-1", "fieldName": "assetid" },
            { "recordName": "e-1", "fieldName": "string" },
        ] });
        let reply = caller.post(&format!("{database}/assets/rereference"), body).await;
        let assets = reply.ok().body["assets"].as_array().unwrap();
        assert_eq!(assets.len(), 3, "{reply:?}");
        check_contains(&assets[0], &json!({ "recordName": "nope", "serverErrorCode": "NOT_FOUND" }));
        check_contains(&assets[2], &json!({ "recordName": "e-1", "serverErrorCode": "NOT_FOUND" }));
        let again = &assets[1];
        check_contains(again, &json!({ "fileChecksum": read["fileChecksum"], "size": read["size"] }));
        assert!(!text(&again["receipt"]).is_empty(), "{reply:?}");

        let copy = caller.create(database, "Everything", "e-2", asset(again)).await;
        assert_eq!(download(&server, &copy).await.body, PHOTO);
    }
}

#[tokio::test]
async fn c098_a_file_goes_with_the_last_record_that_holds_it() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let first = saved(&server, &alice, "private", "e-1", PHOTO).await;
    let body = json!({ "assets": [{ "recordName": "e-1", "fieldName": "assetid" }] });
    let reply = alice.post("private/assets/rereference", body).await;
    let second = alice.create("private", "Everything", "e-2", asset(&reply.ok().body["assets"][0])).await;

    alice
        .modify("private", json!([operation("forceDelete", json!({ "recordName": "e-1" }))]))
        .await
        .record(0);
    assert_eq!(download(&server, &first).await.body, PHOTO, "e-2 still holds it");

    let cleared = json!({ "recordName": "e-2", "fields": { "assetid": { "value": null } },
        "recordChangeTag": second["recordChangeTag"] });
    alice.modify("private", json!([operation("update", cleared)])).await.record(0);
    assert_eq!(download(&server, &second).await.status, 404);
}

/// Statement 98, the other way round: what is written back where it was read needs no receipt. Inferred.
#[tokio::test]
async fn c098_a_record_can_be_written_back_as_it_was_read() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let record = saved(&server, &alice, "private", "e-1", PHOTO).await;
    for verb in ["update", "replace"] {
        let read = alice.lookup("private", &["e-1"]).await.record(0).clone();
        let written = json!({ "recordName": "e-1", "recordChangeTag": read["recordChangeTag"],
            "fields": read["fields"] });
        alice.modify("private", json!([operation(verb, written)])).await.record(0);
        assert_eq!(download(&server, &record).await.body, PHOTO, "{verb}");
    }
}

#[tokio::test]
async fn c098_rereferencing_does_not_open_what_may_not_be_read() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    saved(&server, &alice, "private", "e-1", PHOTO).await;
    let assets = json!([{ "recordName": "e-1", "fieldName": "assetid" }]);
    let reply = bob.post("private/assets/rereference", json!({ "assets": assets })).await;
    check_contains(&reply.ok().body["assets"][0], &json!({ "serverErrorCode": "NOT_FOUND" }));
    let zone = json!({ "zoneName": "_defaultZone", "ownerRecordName": alice.name().await });
    let reply = bob.post("private/assets/rereference", json!({ "assets": assets, "zoneID": zone })).await;
    reply.refused(404, "ZONE_NOT_FOUND", "");
}

#[tokio::test]
async fn c098_a_file_goes_with_what_was_never_saved() {
    let server = Server::start().await;
    let single_file = uploaded(&server, &server.key(), "public", "e-1", PHOTO).await;
    server.container.clock().advance(Duration::from_secs(2 * 24 * 3600));
    let reply =
        server.key().modify("public", json!([create("Everything", "e-1", asset(&single_file))])).await;
    check_receipt_refused(&reply);
}

/// A file that fails to be saved leaves nothing behind, and can be saved afterwards.
#[tokio::test]
async fn c098_an_undone_save_gives_the_receipt_back() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let zone = json!({ "zoneID": { "zoneName": "albums" } });
    let body = json!({ "operations": [{ "operationType": "create", "zone": zone }] });
    alice.post("private/zones/modify", body).await.ok();
    let tokens = json!([{ "recordName": "e-1", "fieldName": "assetid" }]);
    let body = json!({ "tokens": tokens, "zoneID": { "zoneName": "albums" } });
    let reply = alice.post("private/assets/upload", body).await;
    let url = text(&reply.ok().body["tokens"][0]["url"]).to_owned();
    let single_file = send_file(&server, &url, PHOTO).await.json()["singleFile"].clone();

    let good = create("Everything", "e-1", asset(&single_file));
    let bad = create("NoSuchType", "n-1", json!({}));
    let body = json!({ "zoneID": { "zoneName": "albums" }, "operations": [good, bad] });
    alice.post("private/records/modify", body).await.refused(400, "ATOMIC_ERROR", "");
    let body = json!({ "zoneID": { "zoneName": "albums" }, "operations": [good] });
    let reply = alice.post("private/records/modify", body).await;
    assert_eq!(download(&server, reply.record(0)).await.body, PHOTO);
}

/// That it is 410 is inferred; that it is plain HTTP was seen.
#[tokio::test]
async fn c099_an_upload_that_comes_too_late_is_refused() {
    let server = Server::start().await;
    let urls = upload_urls(&server.key(), "public", &["e-1"]).await;
    server.container.clock().advance(Duration::from_secs(14 * 60));
    assert_eq!(send_file(&server, &urls[0], PHOTO).await.status, 200);
    server.container.clock().advance(Duration::from_secs(60));
    let late = send_file(&server, &urls[0], PHOTO).await;
    assert_eq!(late.status, 410, "{late:?}");
    assert!(!late.header("content-type").contains("json"), "{late:?}");
    assert_eq!(late.header("access-control-allow-origin"), "*");

    let unknown = send_file(&server, &urls[0].replace("token=", "token=00"), PHOTO).await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    assert_eq!(server.fetch(Method::GET, &urls[0], &[], &[]).await.status, 405);
}

#[tokio::test]
async fn c099_a_file_above_the_limit_is_refused() {
    let server = Server::start_with(|builder| builder.asset_limit(100_000)).await;
    let urls = upload_urls(&server.key(), "public", &["e-1", "e-2", "e-3"]).await;
    for (url, size, status) in
        [(&urls[0], 100_000, 200), (&urls[1], 100_001, 413), (&urls[2], 5_000_000, 413)]
    {
        let answer = send_file(&server, url, &vec![7; size]).await;
        assert_eq!(answer.status, status, "{size}: {}", answer.text());
        if status == 413 {
            assert!(!answer.header("content-type").contains("json"), "{answer:?}");
        }
    }
}

/// The limit of a record does not count its files, and files may be larger than requests.
#[tokio::test]
async fn c099_a_file_may_be_larger_than_a_record() {
    let server = Server::start().await;
    let file: Vec<u8> = (0..4_000_000_u32).map(|at| at.to_le_bytes()[1]).collect();
    let record = saved(&server, &server.user("alice"), "private", "e-1", &file).await;
    assert_eq!(record["fields"]["assetid"]["value"]["size"], 4_000_000);
    assert!(download(&server, &record).await.body == file);
}

#[tokio::test]
async fn c097_files_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::start_with(|builder| builder.data(directory.path()).seed(7));
    let server = start().await;
    saved(&server, &server.user("alice"), "private", "e-1", PHOTO).await;
    let pending = uploaded(&server, &server.user("alice"), "private", "e-2", b"later").await;
    server.container.stop().await;

    let server = start().await;
    let alice = server.user("alice");
    let record = alice.lookup("private", &["e-1"]).await.record(0).clone();
    assert_eq!(download(&server, &record).await.body, PHOTO);
    let record = alice.create("private", "Everything", "e-2", asset(&pending)).await;
    assert_eq!(download(&server, &record).await.body, b"later");
    // The seed of the first container gives no token of its again.
    saved(&server, &alice, "private", "e-3", b"third").await;
}
