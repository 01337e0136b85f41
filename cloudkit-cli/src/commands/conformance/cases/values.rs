//! Statements 46 to 48: the values of fields.

use serde_json::{Value, json};

use super::{LOOKUP, MODIFY, create, item, lookup, modify, number, text, typed};
use crate::commands::conformance::case::{Case, Who, case, post};

/// A field and a value that come back as they were saved.
fn round_trip(id: &'static str, statement: &'static str, field: &str, value: Value) -> Case {
    let fields = json!({ field: value });
    case(
        id,
        statement,
        vec![
            modify(json!([create("~one", fields.clone())])),
            lookup(&["~one"]).expect(200, json!({ "records": [{ "fields": fields }] })),
        ],
    )
}

fn secret(is_encrypted: bool) -> Value {
    let mut value = text("s");
    if is_encrypted {
        value["isEncrypted"] = json!(true);
    }
    json!({ "secret": value })
}

pub(super) fn cases() -> Vec<Case> {
    let untagged =
        |field: &str, value: Value| modify(json!([create("~one", json!({ field: { "value": value } }))]));
    vec![
        case(
            "c046a",
            "a TIMESTAMP needs its type",
            vec![untagged("moment", json!(1_767_225_600_000_i64)).expect(200, item("BAD_REQUEST", "TIMESTAMP"))],
        ).settles(&["TYPES_THAT_MUST_BE_SAID"]),
        case(
            "c046b",
            "BYTES need their type",
            vec![untagged("bytes", json!("AAEC")).expect(200, item("BAD_REQUEST", "BYTES"))],
        ).settles(&["TYPES_THAT_MUST_BE_SAID"]),
        case(
            "c046c",
            "a TIMESTAMP with a fraction is refused",
            vec![
                modify(json!([create("~one", json!({ "moment": typed("TIMESTAMP", 0.5) }))]))
                    .expect(200, item("BAD_REQUEST", "")),
            ],
        ).settles(&["FRACTIONS_OF_MILLISECONDS"]),
        case(
            "c046d",
            "a DOUBLE may be written as an integer",
            vec![
                modify(json!([create("~one", json!({ "rate": typed("DOUBLE", 3) }))]))
                    .expect(200, json!({ "records": [{ "fields": { "rate": typed("DOUBLE", 3.0) } }] })),
            ],
        ),
        case(
            "c046e",
            "whether true is an INT64",
            vec![
                modify(json!([create("~one", json!({ "number": typed("INT64", true) }))]))
                    .reading("it is 1", 200, json!({ "records": [{ "fields": { "number": number(1) } }] }))
                    .reading("the item is refused", 200, item("<text>", ""))
                    .reading("the request is refused", 400, json!({})),
            ],
        )
        .settles(&["BOOLEANS_ARE_INTEGERS"]),
        case(
            "c046f",
            "whether 1.0 is an INT64",
            vec![
                modify(json!([create("~one", json!({ "number": typed("INT64", 1.0) }))]))
                    .reading("the item is refused", 200, item("BAD_REQUEST", ""))
                    .reading("the request is refused", 400, json!({}))
                    .reading("it is", 200, json!({ "records": [{ "fields": { "number": number(1) } }] })),
            ],
        )
        .settles(&["FRACTION_FORM_OF_INTEGERS"]),
        case(
            "c046g",
            "the type of a text is guessed",
            vec![
                untagged("text", json!("Ines"))
                    .expect(200, json!({ "records": [{ "fields": { "text": text("Ines") } }] })),
            ],
        ).settles(&["GUESSED_TYPES"]),
        case(
            "c049a",
            "an encrypted field comes back as it was, and says that it is encrypted",
            vec![
                post(Who::User, "private/records/modify", json!({ "operations": [create("~one", secret(true))] })),
                post(Who::User, "private/records/lookup", json!({ "records": [{ "recordName": "~one" }] }))
                    .expect(200, json!({ "records": [{ "fields": secret(true) }] })),
            ],
        ).settles(&["ENCRYPTED_IS_SAID"]),
        case(
            "c049b",
            "a value for an encrypted field has to say that it is encrypted",
            vec![
                post(Who::User, "private/records/modify", json!({ "operations": [create("~one", secret(false))] }))
                    .expect(200, item("BAD_REQUEST", "defined to be: ENCRYPTED_STRING")),
            ],
        ).settles(&["ENCRYPTED_IS_SAID"]),
        case(
            "c049c",
            "the public database has no encrypted fields",
            vec![modify(json!([create("~one", secret(true))])).expect(200, item("BAD_REQUEST", ""))],
        ).settles(&["ENCRYPTED_IS_SAID"]),
        case(
            "c052a",
            "whether 1 MB of a record's fields is 1,048,576 bytes",
            vec![
                modify(json!([create("~one", json!({ "plain": text(&"n".repeat(1_040_000)) }))]))
                    .reading("it is", 200, json!({ "records": [{ "recordName": "~one", "serverErrorCode": "<absent>" }] }))
                    .reading("it is 1,000,000, or something else counts too", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                    .reading("the request is too large", 413, json!("<any>"))
                    .reading("the request is refused", 400, json!({})),
            ],
        )
        .settles(&["RECORD_SIZE"]),
        case(
            "c052b",
            "a record with more is refused",
            vec![
                modify(json!([create("~one", json!({ "plain": text(&"n".repeat(1_060_000)) }))]))
                    .reading("BAD_REQUEST", 200, item("BAD_REQUEST", ""))
                    .reading("another error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                    .reading("the request is too large", 413, json!("<any>"))
                    .reading("the request is refused", 400, json!({})),
            ],
        ).settles(&["OVERSIZED_RECORD"]),
        round_trip("c047a", "the largest INT64 is exact", "number", number(i64::MAX)),
        round_trip("c047b", "the smallest INT64 is exact", "number", number(i64::MIN)),
        case(
            "c047c",
            "numbers come as texts if asked for, and whether moments do",
            vec![
                modify(json!([create("~one", json!({ "number": number(i64::MIN),
                    "moment": typed("TIMESTAMP", 1_767_225_600_123_i64) }))])),
                post(Who::Key, LOOKUP, json!({ "numbersAsStrings": true, "records": [{ "recordName": "~one" }] }))
                    .reading(
                        "moments stay numbers",
                        200,
                        json!({ "records": [{ "fields": { "number": { "value": "-9223372036854775808" },
                            "moment": { "value": 1_767_225_600_123_i64 } } }] }),
                    )
                    .reading(
                        "moments are texts too",
                        200,
                        json!({ "records": [{ "fields": { "number": { "value": "-9223372036854775808" },
                            "moment": { "value": "1767225600123" } } }] }),
                    ),
            ],
        )
        .settles(&["NUMBERS_AS_STRINGS_KEEPS_TIMESTAMPS"]),
        case(
            "c047d",
            "numbers may be sent as texts if that is said",
            vec![
                post(
                    Who::Key,
                    MODIFY,
                    json!({ "numbersAsStrings": true,
                        "operations": [create("~one", json!({ "number": typed("INT64", "9223372036854775807") }))] }),
                ),
                lookup(&["~one"]).expect(200, json!({ "records": [{ "fields": { "number": number(i64::MAX) } }] })),
            ],
        ),
        round_trip("c048a", "a STRING comes back as it was", "text", text("na\u{ef}ve \u{1f600} \"q\"\\ \n\t end")),
        round_trip("c048b", "a DOUBLE comes back as it was", "rate", typed("DOUBLE", 0.300_000_000_000_000_04)),
        round_trip("c048c", "a TIMESTAMP comes back as it was", "moment", typed("TIMESTAMP", 1_767_225_600_123_i64)),
        round_trip("c048d", "BYTES come back as they were", "bytes", typed("BYTES", "AAECAwT/")),
        round_trip(
            "c048e",
            "a LOCATION comes back as it was",
            "place",
            typed("LOCATION", json!({ "latitude": 52.520_006_6, "longitude": 13.404_954, "altitude": 34.5 })),
        ),
        round_trip(
            "c048f",
            "a REFERENCE comes back as it was",
            "target",
            typed("REFERENCE", json!({ "recordName": "~none", "action": "NONE" })),
        ),
        round_trip("c048g", "a list comes back with the type X_LIST", "tags", typed("STRING_LIST", json!(["b", "a"]))).settles(&["LISTS_HAVE_TYPES"]),
        case(
            "c048h",
            "an empty list is not the same as none",
            vec![
                modify(json!([create("~one", json!({ "tags": typed("STRING_LIST", json!([])) }))])),
                lookup(&["~one"]).expect(
                    200,
                    json!({ "records": [{ "fields": { "tags": { "value": "<empty>", "type": "STRING_LIST" } } }] }),
                ),
            ],
        ),
        round_trip("c048i", "a list of numbers is exact", "numbers", typed("INT64_LIST", json!([i64::MAX, 0, i64::MIN]))),
    ]
}
