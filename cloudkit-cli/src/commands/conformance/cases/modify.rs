//! Statements 29 to 45 and 50 to 53: saving and deleting records.

use serde_json::{Value, json};

use super::{
    MODIFY, TYPE, bad_request, create, error, item, lookup, make_zone, modify, modify_zone, names, number,
    operation, tagged, text, typed,
};
use crate::commands::conformance::case::{Case, Step, Who, case, post};

const TAG: &str = "/records/0/recordChangeTag";

/// One record, whose change tag is kept as `tag`.
fn made(fields: Value) -> Step {
    modify(json!([create("~one", fields)])).keep("tag", TAG)
}

fn none() -> Value {
    json!({})
}

fn with_fields(fields: Value) -> Value {
    json!({ "records": [{ "recordName": "~one", "fields": fields }] })
}

fn is_gone() -> Step {
    lookup(&["~one"]).expect(200, item("NOT_FOUND", "Record not found"))
}

pub(super) fn cases() -> Vec<Case> {
    [creating(), changing(), deleting(), batches(), atomicity(), references()].concat()
}

fn creating() -> Vec<Case> {
    vec![
        case(
            "c029",
            "a record without a name is given a UUID, and is answered as it was saved",
            vec![
                modify(json!([{ "operationType": "create",
                    "record": { "recordType": TYPE, "fields": { "text": text("Ines"), "number": number(1) } } }]))
                .expect(
                    200,
                    json!({ "records": [{ "recordName": "<uuid>", "recordType": TYPE, "recordChangeTag": "<text>",
                        "fields": { "text": text("Ines"), "number": number(1) }, "deleted": false,
                        "pluginFields": "<empty>", "created": { "timestamp": "<number>" },
                        "modified": { "timestamp": "<number>" } }] }),
                ),
            ],
        ),
        case(
            "c030a",
            "creating a record that exists",
            vec![
                made(none()),
                modify(json!([create("~one", none())]))
                    .reading("CONFLICT", 200, item("CONFLICT", ""))
                    .reading("EXISTS", 200, item("EXISTS", "")),
            ],
        )
        .settles(&["CREATE_ON_EXISTING"]),
        case(
            "c030b",
            "creating a record that exists changes nothing",
            vec![
                made(json!({ "text": text("first") })),
                modify(json!([create("~one", json!({ "text": text("second") }))]))
                    .expect(200, json!({ "records": [{ "serverErrorCode": "<text>", "recordName": "~one" }] })),
                lookup(&["~one"]).expect(200, with_fields(json!({ "text": text("first") }))),
            ],
        ),
        case(
            "c030c",
            "creating a record with a change tag",
            vec![
                modify(json!([tagged("create", "~one", "k3", none())]))
                    .reading("is no mistake", 200, names(&["~one"]))
                    .reading("is an error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                    .reading("refuses the request", 400, json!({})),
            ],
        )
        .settles(&["TAG_OF_A_CREATE"]),
        case(
            "c034a",
            "a record is created with a type only",
            vec![
                modify(json!([{ "operationType": "create", "record": { "recordName": "~one", "fields": {} } }]))
                    .expect(400, bad_request("missing required field 'recordType'")),
            ],
        ).settles(&["TYPE_IS_REQUIRED"]),
        case(
            "c045a",
            "a save with a record type that nobody has",
            vec![
                modify(json!([{ "operationType": "create",
                    "record": { "recordType": "CKConformanceNone", "recordName": "~one", "fields": {} } }]))
                .reading("is refused by name", 200, item("NOT_FOUND", "CKConformanceNone"))
                .reading("is refused with another error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                .reading("is made", 200, json!({ "records": [{ "recordType": "CKConformanceNone" }] })),
            ],
        ).settles(&["NO_TYPES_BY_SAVES"]),
        case(
            "c045b",
            "a field that nobody has is refused",
            vec![
                modify(json!([create("~one", json!({ "colour": text("red") }))])).expect(200, item("BAD_REQUEST", "")),
                is_gone(),
            ],
        ).settles(&["UNKNOWN_FIELD"]),
        case(
            "c045c",
            "a value of another type is refused",
            vec![
                modify(json!([create("~one", json!({ "number": text("1") }))])).expect(200, item("BAD_REQUEST", "")),
                is_gone(),
            ],
        ),
        case(
            "c052c",
            "a record name of 256 characters is refused",
            vec![modify(json!([create(LONG, none())])).expect(200, item("BAD_REQUEST", ""))],
        ).settles(&["RECORD_NAMES"]),
    ]
}

const LONG: &str = "~0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
    0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
    0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";

fn changing() -> Vec<Case> {
    let before = || made(json!({ "text": text("Ines"), "number": number(1) }));
    let change = || json!({ "number": number(2) });
    vec![
        case(
            "c031a",
            "an update with the current change tag changes the fields that it names",
            vec![
                before(),
                modify(json!([tagged("update", "~one", "$tag", change())])),
                lookup(&["~one"])
                    .expect(200, with_fields(json!({ "text": text("Ines"), "number": number(2) }))),
            ],
        ),
        case(
            "c031b",
            "an update with an old change tag is a CONFLICT, and changes nothing",
            vec![
                before(),
                modify(json!([tagged("update", "~one", "$tag", change())])),
                modify(json!([tagged("update", "~one", "$tag", json!({ "number": number(3) }))]))
                    .expect(200, item("CONFLICT", "oplock error")),
                lookup(&["~one"]).expect(200, with_fields(json!({ "number": number(2) }))),
            ],
        )
        .settles(&["STALE_CHANGE_TAG"]),
        case(
            "c031d",
            "whether a CONFLICT shows the record that is there",
            vec![
                before(),
                modify(json!([tagged("update", "~one", "$tag", change())])),
                modify(json!([tagged("update", "~one", "$tag", change())]))
                    .reading(
                        "it does not",
                        200,
                        json!({ "records": [{ "serverErrorCode": "CONFLICT", "fields": "<absent>" }] }),
                    )
                    .reading(
                        "it does",
                        200,
                        json!({ "records": [{ "serverErrorCode": "CONFLICT", "fields": "<any>" }] }),
                    ),
            ],
        )
        .settles(&["CONFLICT_WITHOUT_RECORD"]),
        case(
            "c053b",
            "a save that changes nothing",
            vec![
                before(),
                modify(json!([tagged("update", "~one", "$tag", none())])),
                modify(json!([tagged("update", "~one", "$tag", none())]))
                    .reading("gives a new change tag all the same", 200, item("CONFLICT", ""))
                    .reading("leaves the change tag", 200, names(&["~one"])),
            ],
        )
        .settles(&["SAVE_WITHOUT_CHANGE"]),
        case(
            "c031c",
            "a record type may be left out of an update",
            vec![
                before(),
                modify(json!([{ "operationType": "update",
                    "record": { "recordName": "~one", "recordChangeTag": "$tag", "fields": change() } }]))
                .expect(200, json!({ "records": [{ "recordType": TYPE }] })),
            ],
        ),
        case(
            "c032",
            "update, replace and delete need a change tag, and without it nothing of the batch happens",
            ["update", "replace", "delete"]
                .into_iter()
                .map(|kind| {
                    modify(json!([create("~two", none()), operation(kind, "~one", none())]))
                        .expect(400, bad_request("missing required field 'recordChangeTag'"))
                })
                .chain([lookup(&["~two"]).expect(200, item("NOT_FOUND", ""))])
                .collect(),
        )
        .settles(&["MISSING_CHANGE_TAG"]),
        case(
            "c033",
            "a change tag for a record that is not there is NOT_FOUND",
            vec![
                modify(json!([tagged("update", "~one", "k3", none())]))
                    .expect(200, item("NOT_FOUND", "recordChangeTag specified, but record not found")),
            ],
        )
        .settles(&["CHANGE_TAG_OF_NOTHING"]),
        case(
            "c034b",
            "replace clears the fields that it does not name",
            vec![
                before(),
                modify(json!([tagged("replace", "~one", "$tag", change())])),
                lookup(&["~one"])
                    .expect(200, with_fields(json!({ "text": "<absent>", "number": number(2) }))),
            ],
        ),
        case(
            "c034c",
            "forceReplace clears them as well, without a change tag",
            vec![
                before(),
                modify(json!([operation("forceReplace", "~one", change())])),
                lookup(&["~one"])
                    .expect(200, with_fields(json!({ "text": "<absent>", "number": number(2) }))),
            ],
        ),
        case(
            "c034d",
            "forceUpdate merges, and creates what is missing",
            vec![
                modify(json!([operation("forceUpdate", "~one", json!({ "text": text("Ines") }))])),
                modify(json!([operation("forceUpdate", "~one", change())])),
                lookup(&["~one"])
                    .expect(200, with_fields(json!({ "text": text("Ines"), "number": number(2) }))),
            ],
        ),
        case(
            "c034e",
            "a record type that differs from the one that is stored",
            vec![
                before(),
                modify(json!([{ "operationType": "forceUpdate",
                    "record": { "recordType": "Users", "recordName": "~one", "fields": {} } }]))
                .reading("the item is refused", 200, item("BAD_REQUEST", ""))
                .reading("the item is refused with another code", 200, item("<text>", ""))
                .reading("the request is refused", 400, none())
                .reading("it is ignored", 200, json!({ "records": [{ "recordType": TYPE }] })),
            ],
        )
        .settles(&["RECORD_TYPE_CHANGE"]),
        case(
            "c036",
            "null clears a field, which is absent then",
            vec![
                before(),
                modify(json!([tagged("update", "~one", "$tag", json!({ "text": { "value": null } }))])),
                lookup(&["~one"])
                    .expect(200, with_fields(json!({ "text": "<absent>", "number": number(1) }))),
            ],
        ),
        case(
            "c053",
            "the moment of creation stays, and the change tag does not",
            vec![
                before().keep("created", "/records/0/created/timestamp"),
                modify(json!([tagged("update", "~one", "$tag", change())]))
                    .expect(200, json!({ "records": [{ "created": { "timestamp": "$created" } }] })),
                modify(json!([tagged("update", "~one", "$tag", change())])).expect(200, item("CONFLICT", "")),
            ],
        ),
    ]
}

fn deleting() -> Vec<Case> {
    vec![
        case(
            "c035a",
            "delete answers name and deleted",
            vec![
                made(none()),
                modify(json!([tagged("delete", "~one", "$tag", none())]))
                    .expect(200, json!({ "records": [{ "recordName": "~one", "deleted": true }] })),
                is_gone(),
            ],
        )
        .settles(&["DELETED_RECORD"]),
        case(
            "c035b",
            "forceDelete of a record that does not exist",
            vec![
                modify(json!([{ "operationType": "forceDelete", "record": { "recordName": "~none" } }]))
                    .reading(
                        "succeeds",
                        200,
                        json!({ "records": [{ "recordName": "~none", "deleted": true }] }),
                    )
                    .reading("is NOT_FOUND", 200, item("NOT_FOUND", "")),
            ],
        )
        .settles(&["FORCE_DELETE_OF_MISSING_SUCCEEDS"]),
        case(
            "c035c",
            "the name of a deleted record is free again, for a record with another change tag",
            vec![
                made(none()),
                modify(json!([operation("forceDelete", "~one", none())])),
                modify(json!([create("~one", none())])),
                modify(json!([tagged("update", "~one", "$tag", none())])).expect(200, item("CONFLICT", "")),
            ],
        ),
    ]
}

fn batches() -> Vec<Case> {
    let many = |count: usize| -> Value {
        (0..count)
            .map(|at| json!({ "operationType": "forceDelete", "record": { "recordName": format!("~{at}") } }))
            .collect()
    };
    vec![
        case(
            "c037",
            "an unknown kind of operation refuses the request",
            vec![
                modify(json!([create("~one", none()), operation("force_update", "~two", none())]))
                    .expect(400, bad_request("unexpected input")),
                is_gone(),
            ],
        )
        .settles(&["UNKNOWN_OPERATION"]),
        case("c038a", "201 operations are too many", vec![modify(many(201)).expect(400, bad_request(""))]),
        case(
            "c038b",
            "200 operations are not",
            vec![modify(many(200)).expect(200, json!({ "records": "<any>" }))],
        ),
        case(
            "c038c",
            "two operations on one record refuse the request",
            vec![
                modify(json!([create("~one", none()), operation("forceUpdate", "~one", none())]))
                    .expect(400, bad_request("")),
                is_gone(),
            ],
        )
        .settles(&["ONE_OPERATION_A_RECORD"]),
        case(
            "c038d",
            "no operation is no mistake",
            vec![modify(json!([])).expect(200, json!({ "records": "<empty>" }))],
        ),
        case(
            "c044",
            "desiredKeys of an operation win over those of the request",
            vec![
                {
                    let fields = json!({ "text": text("Ines"), "number": number(1) });
                    let mut keyed = create("~two", fields.clone());
                    keyed["desiredKeys"] = json!(["number"]);
                    post(
                        Who::Key,
                        MODIFY,
                        json!({ "operations": [create("~one", fields), keyed], "desiredKeys": ["text"] }),
                    )
                }
                .expect(
                    200,
                    json!({ "records": [
                        { "fields": { "text": text("Ines"), "number": "<absent>" } },
                        { "fields": { "text": "<absent>", "number": number(1) } },
                    ] }),
                ),
            ],
        ),
    ]
}

fn atomicity() -> Vec<Case> {
    let batch = || json!([create("~two", none()), create("~one", none())]);
    vec![
        case(
            "c039a",
            "the default zone refuses atomic batches",
            vec![
                post(Who::Key, MODIFY, json!({ "operations": [create("~one", none())], "atomic": true }))
                    .expect(400, bad_request("atomic operations not supported in default zone")),
                is_gone(),
            ],
        ).settles(&["ATOMIC_IN_DEFAULT_ZONE"]),
        case(
            "c039b",
            "in the default zone each operation stands alone",
            vec![
                made(none()),
                modify(json!([create("~two", none()), create("~one", none()), create("~three", none())])).expect(
                    200,
                    json!({ "records": [{ "recordName": "~two", "recordChangeTag": "<text>" },
                        { "serverErrorCode": "<text>" }, { "recordName": "~three", "recordChangeTag": "<text>" }] }),
                ),
            ],
        ),
        case(
            "c040a",
            "whether a batch in a custom zone is atomic if nothing is said",
            vec![
                make_zone("~zone"),
                modify_zone("~zone", json!([create("~one", none())])),
                modify_zone("~zone", batch())
                    .reading("it is", 400, error("ATOMIC_ERROR", ""))
                    .reading("it is, and only the items say so", 200, json!({ "records": [error("ATOMIC_ERROR", ""), {}] }))
                    .reading("it is not", 200, json!({ "records": [{ "recordChangeTag": "<text>" }, { "serverErrorCode": "<text>" }] })),
            ],
        )
        .settles(&["ATOMIC_DEFAULT_IN_CUSTOM_ZONES"]),
        case(
            "c040b",
            "an atomic batch in a custom zone of which one fails does nothing",
            vec![
                make_zone("~zone"),
                modify_zone("~zone", json!([create("~one", none())])),
                post(
                    Who::User,
                    "private/records/modify",
                    json!({ "operations": batch(), "zoneID": { "zoneName": "~zone" }, "atomic": true }),
                )
                .reading(
                    "with an error for the whole and one for each record",
                    400,
                    json!({ "serverErrorCode": "ATOMIC_ERROR", "records": [error("ATOMIC_ERROR", ""), {}] }),
                )
                .reading("with an error for the whole", 400, json!({ "serverErrorCode": "ATOMIC_ERROR" }))
                .reading("with an error for each record", 400, json!({ "records": "<any>" }))
                .reading("with an error for each record, and 200", 200, json!({ "records": [error("ATOMIC_ERROR", ""), {}] })),
                post(
                    Who::User,
                    "private/records/lookup",
                    json!({ "records": [{ "recordName": "~two" }], "zoneID": { "zoneName": "~zone" } }),
                )
                .expect(200, item("NOT_FOUND", "")),
            ],
        ).settles(&["ATOMIC_FAILURE"]),
        case(
            "c042",
            "a save in a zone that does not exist is ZONE_NOT_FOUND",
            vec![
                modify_zone("~none", json!([create("~one", none())]))
                    .expect(404, json!({ "serverErrorCode": "ZONE_NOT_FOUND" }))
                    .expect(200, item("ZONE_NOT_FOUND", "")),
            ],
        ),
        case(
            "c041",
            "a zone in a record does not count, but the one of the request",
            vec![
                modify(json!([{ "operationType": "create", "record": { "recordType": TYPE, "recordName": "~one",
                    "fields": {}, "zoneID": { "zoneName": "~none" } } }]))
                .expect(200, json!({ "records": [{ "recordName": "~one", "serverErrorCode": "<absent>" }] })),
                lookup(&["~one"]).expect(200, names(&["~one"])),
            ],
        ).settles(&["ZONE_OF_A_RECORD_IS_IGNORED"]),
        case(
            "c043",
            "in the shared database a zone needs its owner",
            vec![
                post(
                    Who::User,
                    "shared/records/lookup",
                    json!({ "records": [{ "recordName": "~one" }], "zoneID": { "zoneName": "~zone" } }),
                )
                .expect(400, bad_request("zoneID needs to have ownerRecordName field")),
            ],
        ).settles(&["SHARED_ZONES_NAME_THEIR_OWNER"]),
    ]
}

fn references() -> Vec<Case> {
    let to = |name: &str, action: &str| json!({ "target": typed("REFERENCE", json!({ "recordName": name, "action": action })) });
    vec![
        case(
            "c050a",
            "a reference with VALIDATE to a record that is not there is refused",
            vec![
                modify(json!([create("~one", to("~none", "VALIDATE"))]))
                    .expect(200, item("VALIDATING_REFERENCE_ERROR", "")),
            ],
        ),
        case(
            "c050b",
            "a record that a reference with VALIDATE names cannot be deleted",
            vec![
                modify(json!([create("~target", none())])),
                modify(json!([create("~one", to("~target", "VALIDATE"))])),
                modify(json!([operation("forceDelete", "~target", none())]))
                    .expect(200, item("VALIDATING_REFERENCE_ERROR", "")),
                modify(json!([operation("forceDelete", "~one", none())])),
            ],
        )
        .settles(&["VALIDATED_TARGET"]),
        case(
            "c051",
            "whether DELETE_SELF takes effect at once",
            vec![
                modify(json!([create("~target", none())])),
                modify(json!([create("~one", to("~target", "DELETE_SELF"))])),
                modify(json!([operation("forceDelete", "~target", none())])),
                lookup(&["~one"]).reading("it does", 200, item("NOT_FOUND", "")).reading(
                    "it does not, or later",
                    200,
                    names(&["~one"]),
                ),
            ],
        )
        .settles(&["CASCADE_IS_IMMEDIATE"]),
    ]
}
