//! Statements 94 to 98: files of records.

use serde_json::{Value, json};

use super::{bad_request, create, item, lookup, modify, tagged, typed};
use crate::commands::conformance::case::{Case, Place, Step, Who, case, get, post, post_bytes, post_raw};

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
        ).settles(&["RECEIPT_OF_ITS_FILE"]),
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
            "c097b",
            "a download whose address has no name of a file",
            after(
                saved(),
                vec![
                    lookup(&["~one"])
                        .expect(200, json!({ "records": [{ "fields": { "file": { "value": { "downloadURL": "<text>" } } } }] }))
                        .keep("download", "/records/0/fields/file/value/downloadURL"),
                    get(Who::Nobody, "the address of a download")
                        .at(Place::Unfilled("download"))
                        .reading("is malformed", 400, json!("<any>"))
                        .reading("is sent all the same", 200, json!(FILE))
                        .reading("is not allowed", 403, json!("<any>"))
                        .reading("leads nowhere", 404, json!("<any>")),
                ],
            ),
        )
        .settles(&["UNFILLED_FILE_NAME"]),
        case(
            "c095c",
            "a file in a form",
            vec![
                post(Who::Key, "public/assets/upload", json!({ "tokens": [token()] }))
                    .expect(200, json!({ "tokens": [{ "url": "<text>" }] }))
                    .keep("url", "/tokens/0/url"),
                post_raw(
                    Who::Nobody,
                    "the address of an upload",
                    "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"f\"\r\n\r\nabc\r\n--b--\r\n",
                )
                .at(Place::Kept("url"))
                .content_type(Some("multipart/form-data; boundary=b"))
                .reading("is taken out of it", 200, json!({ "singleFile": { "size": 3 } }))
                .reading("is the form itself", 200, json!({ "singleFile": { "size": "<number>" } }))
                .reading("is refused", 400, json!("<any>"))
                .reading("is refused", 415, json!("<any>")),
            ],
        )
        .settles(&["FILES_IN_FORMS"]),
        case(
            "c095b",
            "whether a file may have 16 MB",
            vec![
                post(Who::Key, "public/assets/upload", json!({ "tokens": [token()] }))
                    .expect(200, json!({ "tokens": [{ "url": "<text>" }] }))
                    .keep("url", "/tokens/0/url"),
                post_bytes(Who::Nobody, "the address of an upload", 16 * 1024 * 1024)
                    .at(Place::Kept("url"))
                    .content_type(Some("application/octet-stream"))
                    .reading("it may, so that the limit is not 15 MB", 200, json!({ "singleFile": { "size": 16 * 1024 * 1024 } }))
                    .reading("it may not", 413, json!("<any>"))
                    .reading("it may not", 400, json!("<any>")),
            ],
        )
        .settles(&["ASSET_SIZE"]),
        case(
            "c099",
            "whether assets/rereference takes a field that holds a list",
            after(
                vec![
                    post(Who::Key, "public/assets/upload", json!({ "tokens": [{ "recordName": "~one", "fieldName": "files" }] }))
                        .expect(200, json!({ "tokens": [{ "url": "<text>" }] }))
                        .keep("url", "/tokens/0/url"),
                    post_raw(Who::Nobody, "the address of an upload", FILE)
                        .at(Place::Kept("url"))
                        .content_type(Some("application/octet-stream"))
                        .expect(200, json!({ "singleFile": { "receipt": "<text>" } }))
                        .keep("file", "/singleFile"),
                    modify(json!([create("~one", json!({ "files": typed("ASSETID_LIST", json!(["$file"])) }))])),
                ],
                vec![
                    post(
                        Who::Key,
                        "public/assets/rereference",
                        json!({ "assets": [{ "recordName": "~one", "fieldName": "files" }] }),
                    )
                    .reading("it does not", 200, json!({ "assets": [{ "serverErrorCode": "<text>" }] }))
                    .reading("it refuses the request", 400, json!({}))
                    .reading("it answers one asset", 200, json!({ "assets": [{ "receipt": "<text>" }] }))
                    .reading("it answers all of them", 200, json!({ "assets": "<any>" })),
                ],
            ),
        )
        .settles(&["REREFERENCE_OF_LISTS"]),
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
        ).settles(&["READ_ASSETS_ARE_NO_RECEIPTS"]),
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
