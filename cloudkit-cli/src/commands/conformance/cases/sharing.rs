//! Statement 92: shares and short GUIDs, as far as their owner sees them. Nobody is invited.

use serde_json::{Value, json};

use super::{create, error, item, make_zone, modify_zone};
use crate::commands::conformance::case::{Case, Step, Who, case, post};

/// A record in a zone, which asks for a short GUID. It is kept as `guid`, and the change tag as `tag`.
fn root() -> Vec<Step> {
    let mut root = create("~root", json!({}));
    root["record"]["createShortGUID"] = json!(true);
    vec![
        make_zone("~zone"),
        modify_zone("~zone", json!([root]))
            .expect(200, json!({ "records": [{ "recordName": "~root", "shortGUID": "<text>" }] }))
            .keep("guid", "/records/0/shortGUID")
            .keep("tag", "/records/0/recordChangeTag"),
    ]
}

/// Shares the record.
fn share(name: &str, record_type: &str) -> Step {
    let share: Value = json!({ "recordType": record_type, "recordName": name, "publicPermission": "NONE",
        "forRecord": { "recordName": "~root", "recordChangeTag": "$tag" }, "participants": [], "fields": {} });
    modify_zone("~zone", json!([{ "operationType": "create", "record": share }]))
}

pub(super) fn cases() -> Vec<Case> {
    let refused = || json!({ "serverErrorCode": "<text>" });
    vec![
        case("c092a", "a record in a custom zone gets a short GUID when it asks for one", root()),
        case(
            "c092b",
            "a short GUID outside of custom zones",
            vec![
                {
                    let mut record = create("~one", json!({}));
                    record["record"]["createShortGUID"] = json!(true);
                    post(Who::User, "private/records/modify", json!({ "operations": [record] }))
                }
                .reading("is BAD_REQUEST", 200, item("BAD_REQUEST", ""))
                .reading("is another error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                .reading("refuses the request", 400, json!({}))
                .reading("is given", 200, json!({ "records": [{ "shortGUID": "<text>" }] }))
                .reading(
                    "is not given",
                    200,
                    json!({ "records": [{ "shortGUID": "<absent>" }] }),
                ),
            ],
        )
        .settles(&["SHARE_OUTSIDE_OF_CUSTOM_ZONES"]),
        case(
            "c092c",
            "whether a share takes over the short GUID of the record that it shares",
            [
                root(),
                vec![
                    share("~share", "cloudkit.share")
                        .reading("it does", 200, json!({ "records": [{ "shortGUID": "$guid" }] }))
                        .reading(
                            "it has one of its own",
                            200,
                            json!({ "records": [{ "shortGUID": "<text>" }] }),
                        )
                        .reading(
                            "it has none",
                            200,
                            json!({ "records": [{ "recordType": "cloudkit.share" }] }),
                        ),
                ],
            ]
            .concat(),
        )
        .settles(&["ROOT_AND_SHARE_HAVE_ONE_SHORT_GUID"]),
        case(
            "c092d",
            "whether the record type of a share may be cloudKit.share",
            [
                root(),
                vec![
                    share("~share", "cloudKit.share")
                        .reading("it may not", 400, json!({ "records": [refused()] }))
                        .reading("it may not", 200, json!({ "records": [refused()] }))
                        .reading("it may not", 400, json!({}))
                        .reading("it may", 200, json!({ "records": [{ "recordName": "~share" }] })),
                ],
            ]
            .concat(),
        )
        .settles(&["SHARE_TYPE_IN_LOWER_CASE"]),
        case(
            "c092j",
            "a share of a record that is not there",
            vec![
                make_zone("~zone"),
                modify_zone(
                    "~zone",
                    json!([{ "operationType": "create", "record": { "recordType": "cloudkit.share",
                    "recordName": "~share", "publicPermission": "NONE", "participants": [], "fields": {},
                    "forRecord": { "recordName": "~none", "recordChangeTag": "k3" } } }]),
                )
                .reading(
                    "is refused in Apple's words",
                    400,
                    item("BAD_REQUEST", "Cannot share - no such record exists to share"),
                )
                .reading(
                    "is refused in Apple's words",
                    200,
                    item("BAD_REQUEST", "Cannot share - no such record exists to share"),
                )
                .reading("is refused in other words", 400, json!({ "records": [refused()] }))
                .reading("is refused in other words", 200, json!({ "records": [refused()] }))
                .reading("refuses the request", 400, json!({})),
            ],
        )
        .settles(&["SHARE_OF_NOTHING"]),
        case(
            "c093e",
            "an owner who asks about a share of their own",
            [
                root(),
                vec![
                    share("~share", "cloudkit.share"),
                    post(
                        Who::User,
                        "public/records/resolve",
                        json!({ "shortGUIDs": [{ "value": "$guid" }] }),
                    )
                    .reading(
                        "is told that it is private, and theirs",
                        200,
                        json!({ "results": [{ "databaseScope": "PRIVATE", "participantType": "OWNER" }] }),
                    )
                    .reading(
                        "is told something else",
                        200,
                        json!({ "results": [{ "databaseScope": "<text>" }] }),
                    )
                    .reading("is refused", 200, json!({ "results": [refused()] })),
                ],
            ]
            .concat(),
        )
        .settles(&["OWNER_OF_A_SHARE"]),
        case(
            "c093f",
            "whether rootRecordDesiredKeys alone fetch the root record",
            [
                root(),
                vec![
                    share("~share", "cloudkit.share"),
                    post(
                        Who::User,
                        "public/records/resolve",
                        json!({ "shortGUIDs": [{ "value": "$guid", "rootRecordDesiredKeys": ["text"] }] }),
                    )
                    .reading(
                        "they do",
                        200,
                        json!({ "results": [{ "rootRecord": { "recordName": "~root" } }] }),
                    )
                    .reading(
                        "they do not",
                        200,
                        json!({ "results": [{ "rootRecord": "<absent>", "serverErrorCode": "<absent>" }] }),
                    )
                    .reading("it is refused", 200, json!({ "results": [refused()] }))
                    .reading("the request is refused", 400, json!({})),
                ],
            ]
            .concat(),
        )
        .settles(&["ROOT_IS_FETCHED_FOR_ITS_KEYS"]),
        case(
            "c099b",
            "records/zip/prepare of a share, which Apple's JavaScript asks for",
            [
                root(),
                vec![
                    share("~share", "cloudkit.share"),
                    post(
                        Who::User,
                        "private/records/zip/prepare",
                        json!({ "pluginFields": {}, "shareName": "~share", "zoneID": { "zoneName": "~zone" } }),
                    )
                    .reading("gives an address", 200, json!({ "downloadURL": "<text>" }))
                    .reading("is refused", 400, json!({}))
                    .reading("leads nowhere", 404, json!({})),
                ],
            ]
            .concat(),
        )
        .settles(&["ZIP_OF_A_SHARE"]),
        case(
            "c092e",
            "a second share of one record",
            [
                root(),
                vec![
                    share("~share", "cloudkit.share"),
                    post(
                        Who::User,
                        "private/records/lookup",
                        json!({ "records": [{ "recordName": "~root" }], "zoneID": { "zoneName": "~zone" } }),
                    )
                    .expect(200, json!({ "records": [{ "share": { "recordName": "~share" } }] }))
                    .keep("tag", "/records/0/recordChangeTag"),
                    share("~second", "cloudkit.share")
                        .reading("is a CONFLICT", 400, json!({ "records": [error("CONFLICT", "")] }))
                        .reading("is a CONFLICT", 200, item("CONFLICT", ""))
                        .reading("is another error", 200, json!({ "records": [refused()] }))
                        .reading("is another error", 400, json!({}))
                        .reading("is made", 200, json!({ "records": [{ "recordName": "~second" }] })),
                ],
            ]
            .concat(),
        )
        .settles(&["SHARED_TWICE"]),
    ]
}
