//! Statements 94 to 98: files of records.

use serde_json::{Value, json};

use super::{bad_request, create, item, lookup, modify, tagged, typed};
use crate::commands::conformance::case::{Case, Place, Step, Who, case, get, post, post_raw};

const FILE: &str = "the bytes of a file";
const VALUE: &str = "/records/0/fields/file/value";

/// Asks for an address, and sends a file to it. What a save has to repeat is kept as `file`.
fn uploaded() -> Vec<Step> {
    vec![
        post(Who::Key, "public/assets/upload", json!({ "tokens": [{ "recordName": "~one", "fieldName": "file" }] }))
            .expect(200, json!({ "tokens": [{ "recordName": "~one", "fieldName": "file", "url": "<text>" }] }))
            .keep("url", "/tokens/0/url"),
        post_raw(Who::Nobody, "the address of an upload", FILE)
            .at(Place::Kept("url"))
            .content_type(Some("application/octet-stream"))
            .expect(200, json!({ "singleFile": { "fileChecksum": "<text>", "receipt": "<text>", "size": FILE.len() } }))
            .keep("file", "/singleFile")
            .keep("receipt", "/singleFile/receipt")
            .keep("checksum", "/singleFile/fileChecksum"),
    ]
}

fn file(value: Value) -> Value {
    json!({ "file": typed("ASSETID", value) })
}

/// The same, and a record with it.
fn saved() -> Vec<Step> {
    [uploaded(), vec![modify(json!([create("~one", file(json!("$file")))]))]].concat()
}

fn after(before: Vec<Step>, steps: Vec<Step>) -> Vec<Step> {
    [before, steps].concat()
}

pub(super) fn cases() -> Vec<Case> {
    let token = || json!({ "recordName": "~one", "fieldName": "file" });
    let receipt_refused = || item("BAD_REQUEST", "did_not_validate");
    vec![
        case("c095", "a file is sent as raw bytes, and its size and checksum are answered", uploaded()),
        case(
            "c094a",
            "201 uploads are too many for a request",
            vec![
                post(Who::Key, "public/assets/upload", json!({ "tokens": vec![token(); 201] }))
                    .expect(400, bad_request("")),
            ],
        ),
        case(
            "c094b",
            "an upload needs the name of a field",
            vec![
                post(Who::Key, "public/assets/upload", json!({ "tokens": [{ "recordName": "~one" }] }))
                    .expect(400, bad_request("missing required field 'fieldName'")),
            ],
        ),
        case(
            "c096a",
            "what was answered to an upload is saved as it is",
            after(
                saved(),
                vec![lookup(&["~one"]).expect(
                    200,
                    json!({ "records": [{ "fields": { "file": { "type": "ASSETID",
                        "value": { "fileChecksum": "$checksum", "size": FILE.len(), "receipt": "<absent>" } } } }] }),
                )],
            ),
        ),
        case(
            "c096b",
            "a receipt with another size is refused",
            after(
                uploaded(),
                vec![
                    modify(json!([create("~one", file(json!({ "receipt": "$receipt", "fileChecksum": "$checksum",
                        "size": FILE.len() + 1 })))]))
                    .expect(200, receipt_refused()),
                ],
            ),
        ),
        case(
            "c096c",
            "whether a receipt is for one record",
            after(
                uploaded(),
                vec![
                    modify(json!([create("~two", file(json!("$file")))]))
                        .reading("it is", 200, receipt_refused())
                        .reading("it is, with another error", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] }))
                        .reading("it is for any", 200, super::names(&["~two"])),
                ],
            ),
        )
        .settles(&["RECEIPT_IS_FOR_ONE_FIELD"]),
        case(
            "c097",
            "a file is fetched from its address without credentials",
            after(
                saved(),
                vec![
                    lookup(&["~one"])
                        .expect(200, json!({ "records": [{ "fields": { "file": { "value": { "downloadURL": "<text>" } } } }] }))
                        .keep("download", "/records/0/fields/file/value/downloadURL"),
                    get(Who::Nobody, "the address of a download").at(Place::Kept("download")).expect(200, json!(FILE)),
                ],
            ),
        ),
        case(
            "c098a",
            "a file as it was read cannot be saved in another record",
            after(
                saved(),
                vec![
                    lookup(&["~one"]).expect(200, super::names(&["~one"])).keep("read", VALUE),
                    modify(json!([create("~two", file(json!("$read")))])).expect(200, item("BAD_REQUEST", "")),
                ],
            ),
        ),
        case(
            "c098b",
            "whether a file as it was read can be saved again in its own field",
            after(
                saved(),
                vec![
                    lookup(&["~one"])
                        .expect(200, super::names(&["~one"]))
                        .keep("read", VALUE)
                        .keep("tag", "/records/0/recordChangeTag"),
                    modify(json!([tagged("update", "~one", "$tag", file(json!("$read")))]))
                        .reading("it can", 200, json!({ "records": [{ "recordName": "~one", "serverErrorCode": "<absent>" }] }))
                        .reading("it cannot", 200, json!({ "records": [{ "serverErrorCode": "<text>" }] })),
                ],
            ),
        )
        .settles(&["KEPT_ASSET_NEEDS_NO_RECEIPT"]),
    ]
}
