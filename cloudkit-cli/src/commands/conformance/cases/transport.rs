//! Statements 1 to 8: paths, methods, bodies and the form of errors.

use serde_json::json;

use super::{LOOKUP, QUERY, TYPE, bad_request, error};
use crate::commands::conformance::case::{Case, Place, Who, case, get, options, post, post_raw};

const BODY: &str = r#"{"records":[{"recordName":"ckc-nobody"}]}"#;

pub(super) fn cases() -> Vec<Case> {
    let miss = || json!({ "records": [{ "recordName": "ckc-nobody", "serverErrorCode": "NOT_FOUND" }] });
    let raw = || post_raw(Who::Key, LOOKUP, BODY);
    vec![
        case(
            "c001",
            "the content type of a request does not matter",
            [
                Some("application/json"),
                Some("application/json; charset=utf-8"),
                Some("text/plain"),
                Some("application/x-www-form-urlencoded"),
                None,
            ]
            .into_iter()
            .map(|content_type| raw().content_type(content_type).expect(200, miss()))
            .collect(),
        ).settles(&["CONTENT_TYPE_IS_IGNORED"]),
        case(
            "c002",
            "query parameters that nobody knows are ignored",
            vec![raw().query("ckjsVersion=2.4.0&ckjsBuildVersion=1&clientId=c&remapEnums=true").expect(200, miss())],
        ).settles(&["UNKNOWN_PARAMETERS_ARE_IGNORED"]),
        case(
            "c003",
            "errors are JSON objects with a code and a reason",
            vec![post_raw(Who::Key, LOOKUP, "{").expect(400, json!({ "serverErrorCode": "<text>", "reason": "<text>" }))],
        ),
        case(
            "c004a",
            "an unknown action is 404",
            vec![post_raw(Who::Key, "public/records/nothing", "{}")
                .expect(404, json!({ "reason": "<has could not find handler for endpoint>" }))],
        ).settles(&["UNKNOWN_ACTION"]),
        case(
            "c004b",
            "a known action with another method is 405 and tells the right one",
            vec![get(Who::Key, QUERY).expect(405, json!({})).header("allow")],
        ).settles(&["WRONG_METHOD"]),
        case(
            "c005a",
            "a database is spelt in lower case",
            vec![
                post_raw(Who::Key, "Public/records/lookup", BODY)
                    .reading("a malformed request", 400, json!({ "serverErrorCode": "BAD_REQUEST" }))
                    .reading("a path that leads nowhere", 404, json!({}))
                    .reading("refused credentials", 401, json!({}))
                    .reading("not allowed", 403, json!({})),
            ],
        )
        .settles(&["DATABASE_SEGMENT"]),
        case(
            "c005b",
            "an environment is spelt in lower case",
            vec![raw().at(Place::Spelt("Development")).expect(401, error("AUTHENTICATION_FAILED", ""))],
        ).settles(&["ENVIRONMENT_IN_CAPITALS"]),
        case(
            "c005c",
            "a path with more percent-encoding than it needs leads to the same place",
            vec![
                post_raw(Who::Key, "public/records/look%75p", BODY)
                    .reading("it is decoded, and signed as it is sent", 200, miss())
                    .reading("it is no path", 404, json!({}))
                    .reading("the signature is refused", 401, json!({})),
            ],
        )
        .settles(&["ENCODED_SEGMENTS_ARE_DECODED"]),
        case(
            "c006",
            "a browser may ask from any origin",
            vec![
                options(QUERY)
                    .expect(200, json!("<any>"))
                    .expect(204, json!("<any>"))
                    .header("access-control-allow-origin"),
            ],
        ).settles(&["ANY_ORIGIN"]),
        case(
            "c007",
            "an error has a uuid, in the body and in a header",
            vec![
                post_raw(Who::Key, LOOKUP, "{").expect(400, json!({ "uuid": "<uuid>" })).header("x-apple-request-uuid"),
            ],
        ).settles(&["REQUEST_UUID"]),
        case(
            "c008a",
            "a body that is no JSON is refused",
            ["", "{", "nonsense"]
                .into_iter()
                .map(|body| post_raw(Who::Key, LOOKUP, body).expect(400, bad_request("BadRequestException:")))
                .collect(),
        ),
        case(
            "c008b",
            "a body that is no JSON object is refused",
            ["[]", "1", "null", "\"query\""]
                .into_iter()
                .map(|body| post_raw(Who::Key, LOOKUP, body).expect(400, bad_request("BadRequestException:")))
                .collect(),
        ),
        case(
            "c008c",
            "a member of a JSON object that is named twice",
            vec![
                post_raw(Who::Key, LOOKUP, r#"{"records":[{"recordName":"ckc-nobody"}],"records":[]}"#)
                    .reading("it is refused", 400, json!({ "serverErrorCode": "BAD_REQUEST" }))
                    .reading("the last one counts", 200, json!({ "records": "<empty>" }))
                    .reading("the first one counts", 200, miss()),
            ],
        )
        .settles(&["DUPLICATE_MEMBER"]),
        case(
            "c008d",
            "members that nobody knows are ignored",
            vec![
                post(
                    Who::Key,
                    LOOKUP,
                    json!({ "records": [{ "recordName": "ckc-nobody", "recordType": TYPE, "x": 1 }], "y": {} }),
                )
                .expect(200, miss()),
            ],
        ),
        case(
            "c008e",
            "a body of 3 MB",
            vec![
                post(Who::Key, LOOKUP, json!({ "records": [{ "recordName": "ckc-nobody" }], "y": "y".repeat(3_000_000) }))
                    .reading("is 413", 413, json!("<any>"))
                    .reading("is 400", 400, json!("<any>"))
                    .reading("is taken", 200, miss()),
            ],
        )
        .settles(&["BODY_CAP"]),
    ]
}
