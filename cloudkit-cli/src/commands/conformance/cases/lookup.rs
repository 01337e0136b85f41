//! Statements 54 to 56: records by name.

use serde_json::{Value, json};

use super::{LOOKUP, TYPE, bad_request, create, item, lookup, modify, number, text};
use crate::commands::conformance::case::{Case, Who, case, get, post};

pub(super) fn cases() -> Vec<Case> {
    let made = || modify(json!([create("~one", json!({ "text": text("Ines"), "number": number(1) }))]));
    let many = |count: usize| {
        let records: Vec<Value> = (0..count).map(|at| json!({ "recordName": format!("~{at}") })).collect();
        post(Who::Key, LOOKUP, json!({ "records": records, "desiredKeys": [] }))
    };
    vec![
        case(
            "c054",
            "hits and misses of a lookup keep their places",
            vec![
                made(),
                lookup(&["~none", "~one", "~none"]).expect(
                    200,
                    json!({ "records": [
                        { "recordName": "~none", "reason": "Record not found", "serverErrorCode": "NOT_FOUND" },
                        { "recordName": "~one", "recordType": TYPE, "deleted": false },
                        { "recordName": "~none", "serverErrorCode": "NOT_FOUND" },
                    ] }),
                ),
            ],
        ).settles(&["MISSING_RECORD"]),
        case(
            "c054b",
            "a lookup in a zone that does not exist",
            vec![
                post(
                    Who::User,
                    "private/records/lookup",
                    json!({ "records": [{ "recordName": "~one" }], "zoneID": { "zoneName": "~none" } }),
                )
                .reading("fails item by item", 200, item("ZONE_NOT_FOUND", ""))
                .reading("fails as a whole", 404, json!({ "serverErrorCode": "ZONE_NOT_FOUND" })),
            ],
        )
        .settles(&["MISSING_ZONE_ON_LOOKUP_IS_PER_ITEM"]),
        case(
            "c054c",
            "a lookup of nothing answers nothing",
            vec![lookup(&[]).expect(200, json!({ "records": "<empty>" }))],
        ),
        case(
            "c055a",
            "desiredKeys of an item win over those of the request",
            vec![
                made(),
                post(
                    Who::Key,
                    LOOKUP,
                    json!({ "desiredKeys": ["text"], "records": [
                        { "recordName": "~one" },
                        { "recordName": "~one", "desiredKeys": ["number"] },
                        { "recordName": "~one", "desiredKeys": [] },
                    ] }),
                )
                .expect(
                    200,
                    json!({ "records": [
                        { "fields": { "text": text("Ines"), "number": "<absent>" } },
                        { "fields": { "text": "<absent>", "number": number(1) } },
                        { "fields": "<empty>" },
                    ] }),
                ),
            ],
        ),
        case("c055b", "201 names are too many for a lookup", vec![many(201).expect(400, bad_request(""))]),
        case("c055c", "200 names are not", vec![many(200).expect(200, json!({ "records": "<any>" }))]),
        case(
            "c056",
            "the caller's own user record can be looked up",
            vec![
                get(Who::User, "public/users/caller")
                    .expect(200, json!({ "userRecordName": "<text>" }))
                    .keep("me", "/userRecordName"),
                post(Who::User, LOOKUP, json!({ "records": [{ "recordName": "$me" }] }))
                    .expect(200, json!({ "records": [{ "recordName": "$me", "recordType": "Users" }] })),
            ],
        ),
    ]
}
