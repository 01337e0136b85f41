//! Malformed requests. Whatever comes in, the answer is a JSON object, an error has its `uuid` (checked on every reply
//! of every test), and the server neither breaks nor hangs up.

use serde_json::{Value, json};

use super::support::{Caller, Reply, Request, Server, create, int64, one, text};

/// Refused as a whole, as a malformed request is.
#[track_caller]
fn check_malformed(reply: &Reply) {
    assert_eq!((reply.status, text(&reply.body["serverErrorCode"])), (400, "BAD_REQUEST"), "{reply:?}");
}

/// Whatever it is, it is no fault of the server's.
#[track_caller]
fn check_civil(reply: &Reply) {
    assert!(reply.status < 500, "{reply:?}");
    if reply.status == 200 {
        assert!(reply.body["records"].is_array(), "{reply:?}");
    }
}

const ACTIONS: [&str; 3] = ["query", "lookup", "modify"];

/// A body that works, for each action.
fn good(action: &str) -> Value {
    match action {
        "query" => json!({
            "query": {
                "recordType": "Account",
                "filterBy": [{ "fieldName": "cents", "comparator": "GREATER_THAN", "fieldValue": int64(0) }],
                "sortBy": [{ "fieldName": "cents", "ascending": false }],
            },
            "zoneID": { "zoneName": "_defaultZone" },
            "zoneWide": false,
            "resultsLimit": 10,
            "desiredKeys": ["cents"],
            "numbersAsStrings": false,
        }),
        "lookup" => json!({
            "records": [{ "recordName": "a-1", "desiredKeys": ["cents"] }],
            "zoneID": { "zoneName": "_defaultZone" },
            "desiredKeys": ["cents"],
            "numbersAsStrings": false,
        }),
        _ => json!({
            "operations": [{
                "operationType": "forceUpdate",
                "record": { "recordName": "a-1", "recordType": "Account", "recordChangeTag": "k3",
                    "fields": { "cents": { "value": 1, "type": "INT64" } } },
                "desiredKeys": ["cents"],
            }],
            "zoneID": { "zoneName": "_defaultZone" },
            "atomic": false,
            "desiredKeys": ["cents"],
            "numbersAsStrings": false,
        }),
    }
}

async fn send(caller: &Caller<'_>, action: &str, body: impl Into<Vec<u8>>) -> Reply {
    caller.post_bytes(&format!("public/records/{action}"), body).await
}

#[tokio::test]
async fn bodies_that_work_are_the_ground_of_what_follows() {
    let server = Server::start().await;
    for action in ACTIONS {
        send(&server.key(), action, good(action).to_string()).await.ok().records();
    }
}

#[tokio::test]
async fn bytes_that_are_no_json_text_are_refused() {
    let server = Server::start().await;
    let mut bodies: Vec<Vec<u8>> = [
        &b"\xff\xfe\xfd"[..],
        b"{\"query\":\"\xff\"}",
        b"{\"query\":{\"recordType\":\"\xed\xa0\x80\"}}",
        b"\xc0\xaf",
        b"\0",
        b"{}\0",
        b"{\"query\":{}}{}",
        b"\xef\xbb\xbf{",
        b"{'query':1}",
        b"{\"query\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":Infinity}",
        b"{\"a\":0x10}",
        b"{\"a\":1,}",
        b"{\"a\":\"\x01\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\x\"}",
        b"{\"a\":tru}",
        b"// comment\n{}",
        b"query=1&records=2",
        b"<plist/>",
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    // UTF-16, with its mark.
    bodies.push([0xff, 0xfe].into_iter().chain("{}".encode_utf16().flat_map(u16::to_le_bytes)).collect());
    for body in bodies {
        for action in ACTIONS {
            let reply = send(&server.key(), action, body.clone()).await;
            check_malformed(&reply);
            assert!(text(&reply.body["reason"]).starts_with("BadRequestException:"), "{reply:?}");
        }
    }
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let server = Server::start().await;
    for depth in [200, 10_000, 200_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            check_malformed(&send(&server.key(), "query", nested.clone()).await);
            check_malformed(&send(&server.key(), "query", format!("{{\"query\":{nested}}}")).await);
            check_malformed(&send(&server.key(), "query", open.repeat(depth)).await);
            let field = format!(
                r#"{{"operations":[{{"operationType":"create","record":{{"recordType":"Account","recordName":"a",
                    "fields":{{"note":{{"value":{nested}}}}}}}}}]}}"#
            );
            check_malformed(&send(&server.key(), "modify", field).await);
        }
    }
    server.key().lookup("public", &["a"]).await.failed(0, "NOT_FOUND", "");
}

/// The cap itself, 2 MB and some slack, is inferred; so is the status.
#[tokio::test]
async fn an_oversize_body_is_refused() {
    let server = Server::start().await;
    for megabytes in [4, 12] {
        let body = json!({ "query": { "recordType": "Account" }, "padding": "x".repeat(megabytes << 20) });
        let reply = send(&server.key(), "query", body.to_string()).await;
        assert!(reply.status == 413 || reply.status == 400, "{} to {megabytes} MB", reply.status);
    }
    // And the connection, or another one, still serves.
    send(&server.key(), "query", good("query").to_string()).await.ok();
}

/// Which object a repeated key means is a question with two answers, so there is none (inferred).
#[tokio::test]
async fn repeated_keys_are_refused() {
    let server = Server::start().await;
    for (action, body) in [
        ("query", r#"{"query":{"recordType":"Account"},"query":{"recordType":"Node"}}"#),
        ("query", r#"{"query":{"recordType":"Account","recordType":"Node"}}"#),
        ("query", r#"{"query":{"recordType":"Account","recordT\u0079pe":"Node"}}"#),
        ("lookup", r#"{"records":[{"recordName":"a","recordName":"b"}]}"#),
        ("modify", r#"{"operations":[],"operations":[]}"#),
        (
            "modify",
            r#"{"operations":[{"operationType":"create","record":{"recordType":"Account","recordName":"a",
                "fields":{"cents":{"value":1,"type":"INT64"},"cents":{"value":2,"type":"INT64"}}}}]}"#,
        ),
    ] {
        check_malformed(&send(&server.key(), action, body).await);
    }
}

/// Paths to every member of a body, as JSON pointers.
fn members(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{at}/{key}");
                found.push(path.clone());
                members(value, &path, found);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                let path = format!("{at}/{index}");
                found.push(path.clone());
                members(value, &path, found);
            }
        }
        _ => {}
    }
}

fn same_type(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Every member of every body, with a value of every type of JSON that it does not have.
///
/// The value of a field is left to the statements on values, and null stands for absence.
#[tokio::test]
async fn members_of_the_wrong_type_are_refused() {
    let server = Server::start().await;
    let wrong = [json!(true), json!(7), json!(0.5), json!("text"), json!([]), json!([[]]), json!({})];
    let mut tried = 0;
    for action in ACTIONS {
        let good = good(action);
        let mut paths = Vec::new();
        members(&good, "", &mut paths);
        for path in paths.iter().filter(|path| !path.ends_with("/value")) {
            let right = good.pointer(path).unwrap().clone();
            for wrong in wrong.iter().filter(|wrong| !same_type(wrong, &right)) {
                let mut body = good.clone();
                *body.pointer_mut(path).unwrap() = wrong.clone();
                let reply = send(&server.key(), action, body.to_string()).await;
                assert_eq!(
                    (reply.status, text(&reply.body["serverErrorCode"])),
                    (400, "BAD_REQUEST"),
                    "{action} with {wrong} at {path}: {reply:?}"
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
    server.key().lookup("public", &["a-1"]).await.failed(0, "NOT_FOUND", "");
}

/// A null is no value, which some members can do without.
///
/// The value of a field is another matter, for there null clears; and nothing is known of a null in place of a field's
/// dictionary.
#[tokio::test]
async fn null_is_absence() {
    let server = Server::start().await;
    for action in ACTIONS {
        let good = good(action);
        let mut paths = Vec::new();
        members(&good, "", &mut paths);
        for path in paths {
            let mut body = good.clone();
            *body.pointer_mut(&path).unwrap() = Value::Null;
            let with_null = send(&server.key(), action, body.to_string()).await;
            check_civil(&with_null);

            // The same as if it were not there, where there is an object to leave it out of.
            let (parent, key) = path.rsplit_once('/').unwrap();
            if let Some(Value::Object(parent)) = body.pointer_mut(parent)
                && !path.ends_with("/fields/cents")
                && !path.ends_with("/value")
            {
                parent.remove(key);
                let without = send(&server.key(), action, body.to_string()).await;
                assert_eq!(with_null.status, without.status, "{action} {path}: {with_null:?}, {without:?}");
                assert_eq!(
                    with_null.body["serverErrorCode"], without.body["serverErrorCode"],
                    "{action} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn required_members_are_missed() {
    let server = Server::start().await;
    for (action, path, field) in [
        ("query", "/query", "query"),
        ("query", "/query/recordType", "recordType"),
        ("lookup", "/records", "records"),
        ("lookup", "/records/0/recordName", "recordName"),
        ("modify", "/operations", "operations"),
        ("modify", "/operations/0/operationType", "operationType"),
        ("modify", "/operations/0/record", "record"),
    ] {
        let mut body = good(action);
        let (parent, key) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        let reply = send(&server.key(), action, body.to_string()).await;
        reply.refused(400, "BAD_REQUEST", &format!("missing required field '{field}'"));
    }
    for action in ACTIONS {
        check_malformed(&send(&server.key(), action, "{}").await);
    }
}

#[tokio::test]
async fn huge_numbers_do_no_harm() {
    let server = Server::start().await;
    let numbers = [
        "1e400",
        "-1e400",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "1e-400",
        "0.1e1",
        "2147483648",
        "4294967296",
        "-2147483649",
        &"9".repeat(5000),
        &format!("0.{}", "3".repeat(5000)),
    ];
    for number in numbers {
        for (action, body) in [
            ("query", format!(r#"{{"query":{{"recordType":"Account"}},"resultsLimit":{number}}}"#)),
            (
                "query",
                format!(
                    r#"{{"query":{{"recordType":"Account","filterBy":[{{"fieldName":"place","comparator":"NEAR",
                        "distance":{number},"fieldValue":{{"type":"LOCATION",
                        "value":{{"latitude":{number},"longitude":{number}}}}}}}]}}}}"#
                ),
            ),
            (
                "query",
                format!(
                    r#"{{"query":{{"recordType":"Account","filterBy":[{{"fieldName":"cents","comparator":"EQUALS",
                        "fieldValue":{{"value":{number},"type":"INT64"}}}}]}}}}"#
                ),
            ),
            (
                "modify",
                format!(
                    r#"{{"operations":[{{"operationType":"forceUpdate","record":{{"recordType":"Account",
                        "recordName":"a","fields":{{"rate":{{"value":{number},"type":"DOUBLE"}},
                        "opened":{{"value":{number},"type":"TIMESTAMP"}}}}}}}}]}}"#
                ),
            ),
            ("lookup", format!(r#"{{"records":[{{"recordName":"a"}}],"unknown":{number}}}"#)),
        ] {
            check_civil(&send(&server.key(), action, body).await);
        }
    }
    server.key().query("public", json!({ "recordType": "Account" })).await.ok();
}

#[tokio::test]
async fn null_bytes_and_strange_text_do_no_harm() {
    let server = Server::start().await;
    let huge = "x".repeat(100_000);
    for strange in [
        "\0",
        "a\0b",
        "",
        " ",
        "\u{feff}",
        "\u{202e}abc",
        "'; DROP TABLE records; --",
        "%00",
        "../../etc",
        &huge,
    ] {
        let record = json!({ "recordName": strange, "recordType": strange, "recordChangeTag": strange,
            "fields": one(strange, json!({ "value": strange, "type": strange })) });
        let zone = json!({ "zoneName": strange, "ownerRecordName": strange });
        for kind in ["create", "update", "forceReplace", "forceDelete", strange] {
            let body = json!({ "operations": [{ "operationType": kind, "record": record }] });
            check_civil(&send(&server.key(), "modify", body.to_string()).await);
            let body = json!({ "operations": [{ "operationType": kind, "record": record }], "zoneID": zone });
            check_civil(&send(&server.key(), "modify", body.to_string()).await);
        }
        let body = json!({ "records": [{ "recordName": strange, "desiredKeys": [strange] }], "desiredKeys": [strange] });
        check_civil(&send(&server.key(), "lookup", body.to_string()).await);
        let body = json!({ "records": [{ "recordName": "a" }], "zoneID": zone });
        check_civil(&send(&server.key(), "lookup", body.to_string()).await);
        for query in [
            json!({ "recordType": strange }),
            json!({ "recordType": "Account", "sortBy": [{ "fieldName": strange }] }),
            json!({ "recordType": "Account", "filterBy": [{ "fieldName": strange, "comparator": strange,
                "fieldValue": { "value": strange, "type": strange } }] }),
            json!({ "recordType": "Account", "filterBy": [{ "fieldName": "owner", "comparator": "BEGINS_WITH",
                "fieldValue": { "value": strange, "type": "STRING" } }] }),
            json!({ "recordType": "Account", "filterBy": [{ "fieldName": "owner", "comparator": "CONTAINS_ANY_TOKENS",
                "fieldValue": { "value": strange, "type": "STRING" } }] }),
        ] {
            let body = json!({ "query": query, "continuationMarker": null });
            check_civil(&send(&server.key(), "query", body.to_string()).await);
            let body = json!({ "query": query, "continuationMarker": strange, "zoneID": zone });
            check_civil(&send(&server.key(), "query", body.to_string()).await);
        }
    }
}

#[tokio::test]
async fn strange_request_lines_and_headers_do_no_harm() {
    let server = Server::start().await;
    let body = good("lookup").to_string();
    for target in [
        "/",
        "//",
        "/database",
        "/database/1",
        "/database/1/",
        "/database/2/iCloud.com.example.Conformance/development/public/records/lookup",
        "/database/1//development/public/records/lookup",
        "/database/1/iCloud.com.example.Conformance/development/public/records/lookup/",
        "/database/1/iCloud.com.example.Conformance/development/public//records/lookup",
        "/database/1/%69Cloud.com.example.Conformance/development/public/records/lookup",
        "/database/1/iCloud.com.example.Conformance/development/public/records%2Flookup",
        "/database/1/%ff%00/development/public/records/lookup",
        "/database/1/iCloud.com.example.Conformance/development/public/records/lookup?%",
        "/database/1/iCloud.com.example.Conformance/development/public/records/lookup?ckAPIToken=%zz%f",
        "/database/1/iCloud.com.example.Conformance/development/public/records/lookup?ckAPIToken=a&ckAPIToken=b",
        "/database/1/iCloud.com.example.Conformance/development/public/records/lookup?&&==&ckWebAuthToken=%00",
    ] {
        check_civil(&server.send(Request::post(target, body.as_str())).await);
        check_civil(&server.key().send(Request::post(target, body.as_str())).await);
    }

    let right = server.key().target("public/records/lookup");
    for (name, value) in [
        ("content-type", &b"\xff\xfe"[..]),
        ("content-encoding", b"gzip"),
        ("accept", b"text/html"),
        ("accept-encoding", b"\xff"),
        ("origin", b"null"),
        ("origin", b"\xe9"),
        ("x-http-method-override", b"DELETE"),
        ("authorization", b"Bearer x"),
        ("cookie", b"a=b"),
    ] {
        let request = server.key().authorised(Request::post(right.as_str(), body.as_str()));
        check_civil(&server.send(request.header(name, value)).await);
    }
    for (key_id, date, signature) in [
        (&b"\xff"[..], &b"\xff"[..], &b"\xff"[..]),
        (b"0", b"9999-99-99T99:99:99Z", b"===="),
        (b"", b"0000-00-00T00:00:00Z", b"MAYCAQACAQA="),
        (b"0", b"99999999999999999999-01-01T00:00:00Z", b"MIIBAAIBAA=="),
    ] {
        let request = Request::post(right.as_str(), body.as_str())
            .header("X-Apple-CloudKit-Request-KeyID", key_id)
            .header("X-Apple-CloudKit-Request-ISO8601Date", date)
            .header("X-Apple-CloudKit-Request-SignatureV1", signature);
        server.send(request).await.refused(401, "AUTHENTICATION_FAILED", "");
    }
    server.key().modify("public", json!([create("Account", "a-1", json!({}))])).await.record(0);
}
