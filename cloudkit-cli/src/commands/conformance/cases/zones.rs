//! Statements 72 to 75: zones.

use serde_json::{Value, json};

use super::{bad_request, create, error, make_zone, modify_zone, zone_operations};
use crate::commands::conformance::case::{Case, Step, Who, case, get, post};

const MODIFY: &str = "private/zones/modify";
const LIST: &str = "private/zones/list";

fn entry(name: &str) -> Value {
    json!({ "zoneID": { "zoneName": name } })
}

fn delete(name: &str) -> Step {
    post(Who::User, MODIFY, zone_operations(&[("delete", name)]))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "c072a",
            "a private database has the default zone, which is not atomic",
            vec![get(Who::User, LIST).expect(
                200,
                json!({ "zones": ["<some>", { "zoneID": { "zoneName": "_defaultZone" }, "atomic": false }] }),
            )],
        ),
        case(
            "c072b",
            "the public database has the default zone",
            vec![get(Who::Key, "public/zones/list").expect(200, json!({ "zones": ["<some>", entry("_defaultZone")] }))],
        ).settles(&["PUBLIC_DEFAULT_ZONE"]),
        case(
            "c073a",
            "a zone that is made is atomic, and has an owner and a sync token",
            vec![make_zone("~zone").expect(
                200,
                json!({ "zones": [{ "zoneID": { "zoneName": "~zone", "ownerRecordName": "<text>",
                    "zoneType": "REGULAR_CUSTOM_ZONE" }, "atomic": true, "syncToken": "<text>" }] }),
            )],
        ),
        case(
            "c073b",
            "making a zone that exists",
            vec![
                make_zone("~zone"),
                modify_zone("~zone", json!([create("~one", json!({}))])),
                make_zone("~zone")
                    .reading("succeeds", 200, json!({ "zones": [{ "zoneID": { "zoneName": "~zone" }, "serverErrorCode": "<absent>" }] }))
                    .reading("is an error", 200, json!({ "zones": [{ "serverErrorCode": "<text>" }] })),
                post(
                    Who::User,
                    "private/records/lookup",
                    json!({ "records": [{ "recordName": "~one" }], "zoneID": { "zoneName": "~zone" } }),
                )
                .expect(200, super::names(&["~one"])),
            ],
        )
        .settles(&["ZONE_CREATED_AGAIN"]),
        case(
            "c073c",
            "a zone that is deleted answers deleted, and is gone",
            vec![
                make_zone("~zone"),
                delete("~zone").expect(200, json!({ "zones": [{ "zoneID": { "zoneName": "~zone" }, "deleted": true }] })),
                post(Who::User, "private/zones/lookup", json!({ "zones": [{ "zoneName": "~zone" }] }))
                    .expect(200, json!({ "zones": [error("ZONE_NOT_FOUND", "")] })),
            ],
        ).settles(&["DELETED_ZONE"]),
        case(
            "c073d",
            "a zone whose name begins with an underscore",
            vec![
                post(Who::User, MODIFY, zone_operations(&[("create", "_ckc")]))
                    .reading("is BAD_REQUEST by itself", 200, json!({ "zones": [error("BAD_REQUEST", "")] }))
                    .reading("is another error", 200, json!({ "zones": [{ "serverErrorCode": "<text>" }] }))
                    .reading("refuses the request", 400, json!({}))
                    .reading("is made", 200, json!({ "zones": [entry("_ckc")] })),
            ],
        )
        .settles(&["ZONE_NAMES"]),
        case(
            "c074",
            "a lookup of zones takes bare zone IDs, and keeps places",
            vec![
                make_zone("~zone"),
                post(
                    Who::User,
                    "private/zones/lookup",
                    json!({ "zones": [{ "zoneName": "~none" }, { "zoneName": "~zone" }] }),
                )
                .expect(200, json!({ "zones": [error("ZONE_NOT_FOUND", ""), entry("~zone")] })),
            ],
        ),
        case(
            "c075a",
            "zones of the public database cannot be made",
            vec![
                post(Who::Key, "public/zones/modify", zone_operations(&[("create", "~zone")]))
                    .expect(400, bad_request("")),
            ],
        ).settles(&["NO_PUBLIC_ZONES"]),
        case(
            "c075b",
            "the default zone cannot be deleted",
            vec![delete("_defaultZone").expect(200, json!({ "zones": [error("BAD_REQUEST", "")] }))],
        ).settles(&["DEFAULT_ZONE_STAYS"]),
        case(
            "c075c",
            "two operations on one zone",
            vec![
                post(Who::User, MODIFY, zone_operations(&[("create", "~zone"), ("create", "~zone")]))
                    .reading("refuse the request", 400, json!({}))
                    .reading("are carried out", 200, json!({ "zones": [entry("~zone"), entry("~zone")] })),
            ],
        )
        .settles(&["ONE_OPERATION_A_ZONE"]),
    ]
}
