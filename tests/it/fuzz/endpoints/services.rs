//! The web services.

use serde_json::{Value, json};

use super::{Asked, Body, FORM, Row, form, row};
use crate::conformance::support::{create, filter, int64, string, typed};
use crate::fuzz::dice::Dice;
use crate::fuzz::world::Who::{self, ApiToken, Key, Mallory, Nobody};
use crate::fuzz::world::World;

const USERS: &[Who] = &[Mallory, Key, ApiToken, Nobody];
const KEYS: &[Who] = &[Key, Mallory, ApiToken, Nobody];

/// All of them.
pub(super) fn all() -> Vec<Row> {
    [records(), sharing(), zones_and_changes(), subscriptions(), users(), assets()]
        .into_iter()
        .flatten()
        .collect()
}

/// An endpoint of the web services.
fn service(
    name: &str,
    callers: &'static [Who],
    good: impl Fn(&World, &mut Dice) -> (&'static str, Value) + 'static,
) -> Row {
    row("POST", services(name), callers, move |world, dice| {
        let (database, body) = good(world, dice);
        Asked::json(body).at("database", database)
    })
}

fn services(name: &str) -> String {
    format!("/database/1/{{container}}/{{environment}}/{{database}}/{name}")
}

/// One that takes no body.
fn plain_service(method: &'static str, name: &str, databases: &'static [&'static str]) -> Row {
    row(method, services(name), USERS, move |_, dice| {
        Asked::new(Body::None).at("database", dice.pick(databases))
    })
}

fn place() -> Value {
    typed("LOCATION", json!({ "latitude": 1.0, "longitude": 2.0, "timestamp": 3 }))
}

fn library(world: &World) -> Value {
    json!({ "zoneName": "library", "ownerRecordName": world.alice })
}

fn books() -> Value {
    json!({ "zoneName": "books" })
}

fn records() -> Vec<Row> {
    vec![
        service("records/query", USERS, |world, dice| {
            let filters = json!([
                filter("cents", "GREATER_THAN", int64(0)),
                filter("tags", "LIST_CONTAINS_ANY", typed("STRING_LIST", json!(["a"]))),
                filter("owner", "CONTAINS_ALL_TOKENS", string("ines")),
            ]);
            let mut near = filter("place", "NEAR", place());
            near["distance"] = json!(1000.0);
            let names = typed("REFERENCE_LIST", json!([{ "recordName": "a-1" }]));
            let by_name = json!({ "systemFieldName": "recordName", "comparator": "IN", "fieldValue": names });
            match dice.below(5) {
                0 => (
                    "public",
                    json!({ "query": { "recordType": "Account", "filterBy": filters,
                    "sortBy": [{ "fieldName": "cents", "ascending": false }] }, "resultsLimit": 2, "desiredKeys": ["cents"] }),
                ),
                1 => (
                    "private",
                    json!({ "query": { "recordType": "Account", "filterBy": [near],
                    "sortBy": [{ "fieldName": "place", "relativeLocation": place() }] },
                    "zoneID": { "zoneName": "_defaultZone" }, "numbersAsStrings": true }),
                ),
                2 => (
                    "private",
                    json!({ "zoneWide": true, "query": { "recordType": "Account", "filterBy": [by_name] } }),
                ),
                3 => ("public", json!({ "query": { "recordType": "Diary" } })),
                _ => ("shared", json!({ "query": { "recordType": "Account" }, "zoneID": library(world) })),
            }
        }),
        service("records/lookup", USERS, |world, dice| match dice.below(3) {
            0 => (
                "public",
                json!({ "records": [{ "recordName": "a-1", "desiredKeys": ["owner"] }, { "recordName": "d-1" }],
                "zoneID": { "zoneName": "_defaultZone" }, "numbersAsStrings": true }),
            ),
            1 => ("private", json!({ "records": [{ "recordName": "a-1" }, { "recordName": "e-1" }] })),
            _ => (
                "shared",
                json!({ "records": [{ "recordName": "root" }, { "recordName": "beside" },
                { "recordName": "locked-root" }, { "recordName": "share" }, { "recordName": "locked" }],
                "zoneID": library(world) }),
            ),
        }),
        service("records/modify", USERS, |world, dice| {
            let fields = json!({
                "cents": int64(1), "rate": typed("DOUBLE", 0.5), "opened": typed("TIMESTAMP", 1), "place": place(),
                "friend": typed("REFERENCE", json!({ "recordName": "a-2", "action": "VALIDATE" })),
                "photo": typed("BYTES", "AAEC"), "tags": typed("STRING_LIST", json!(["a", "b"])),
            });
            let name = dice.name();
            match dice.below(5) {
                0 => (
                    "private",
                    json!({ "operations": [
                    { "operationType": "forceReplace", "record": { "recordName": "a-1", "recordType": "Account", "fields": {} } },
                    { "operationType": "forceDelete", "record": { "recordName": "a-3" } },
                    create("Account", &name, fields),
                ], "desiredKeys": [], "numbersAsStrings": false }),
                ),
                1 => (
                    "private",
                    json!({ "operations": [
                    { "operationType": "update", "record": { "recordName": "a-1", "recordChangeTag": world.tools.tag,
                        "fields": { "cents": int64(2) } } },
                    create("Node", &name, json!({ "label": string("x"),
                        "up": typed("REFERENCE", json!({ "recordName": "root", "action": "DELETE_SELF" })) })),
                ], "zoneID": books(), "atomic": true }),
                ),
                2 => (
                    "private",
                    json!({ "operations": [create("Secret", &name, json!({
                    "string": { "value": "s", "type": "STRING", "isEncrypted": true } }))] }),
                ),
                3 => (
                    "private",
                    json!({ "operations": [create("Everything", "e-2", json!({
                    "assetid": typed("ASSETID", world.tools.single_file.clone()) }))] }),
                ),
                _ => (
                    "private",
                    json!({ "operations": [
                    { "operationType": "forceUpdate", "record": { "recordName": name, "recordType": "Account",
                        "parent": { "recordName": "root" }, "createShortGUID": true, "fields": {} } },
                    { "operationType": "create", "record": { "recordType": "cloudkit.share", "recordName": dice.name(),
                        "publicPermission": "READ_ONLY", "fields": { "cloudkit.title": string("t") },
                        "forRecord": { "recordName": "root", "recordChangeTag": world.tools.root_tag },
                        "participants": [{ "userIdentity": { "lookupInfo": { "emailAddress": "bob@example.com" } },
                            "permission": "READ_WRITE", "type": "USER", "acceptanceStatus": "INVITED" }] } },
                ], "zoneID": books(), "atomic": false }),
                ),
            }
        }),
        service("records/changes", USERS, |world, _| {
            (
                "private",
                json!({ "zoneID": books(), "syncToken": world.tools.zone_token, "resultsLimit": 3,
                "desiredKeys": ["cents"], "numbersAsStrings": true }),
            )
        }),
    ]
}

fn sharing() -> Vec<Row> {
    let asked = |world: &World, _: &mut Dice| {
        let guid = |value: &str| json!({ "value": value, "shouldFetchRootRecord": true, "rootRecordDesiredKeys": ["owner"] });
        ("public", json!({ "shortGUIDs": [guid(&world.guid), guid(&world.locked_guid)] }))
    };
    vec![
        service("records/resolve", USERS, asked),
        service("records/accept", USERS, asked),
        service("records/zip/prepare", USERS, |world, _| {
            (
                "shared",
                json!({ "shareName": "share", "pluginFields": {}, "zoneID": library(world), "desiredKeys": ["assetid"],
                "includeRecords": ["root", "a-1"], "excludeRecords": ["a-1"], "archiveName": "books.zip" }),
            )
        }),
    ]
}

fn zones_and_changes() -> Vec<Row> {
    vec![
        plain_service("GET", "zones/list", &["public", "private", "shared"]),
        service("zones/lookup", USERS, |world, dice| match dice.below(2) {
            0 => (
                "private",
                json!({ "zones": [books(), { "zoneName": "_defaultZone" }, { "zoneName": "gone" }] }),
            ),
            _ => (
                "shared",
                json!({ "zones": [library(world), { "zoneName": "family", "ownerRecordName": world.vera }] }),
            ),
        }),
        service("zones/modify", USERS, |_, dice| {
            (
                "private",
                json!({ "operations": [
                { "operationType": "create", "zone": { "zoneID": { "zoneName": dice.name() } } },
                { "operationType": "delete", "zone": { "zoneID": { "zoneName": "films", "ownerRecordName": "_defaultOwner" } } },
            ] }),
            )
        }),
        service("zones/changes", USERS, |world, _| {
            ("private", json!({ "metaSyncToken": world.tools.meta_token, "resultsLimit": 3 }))
        }),
        service("changes/database", USERS, |world, dice| match dice.below(2) {
            0 => ("private", json!({ "syncToken": world.tools.database_token, "resultsLimit": 3 })),
            _ => ("shared", json!({})),
        }),
        service("changes/zone", USERS, |world, dice| match dice.below(2) {
            0 => (
                "private",
                json!({ "zones": [
                { "zoneID": books(), "syncToken": world.tools.zone_token, "resultsLimit": 3 },
                { "zoneID": books(), "desiredKeys": ["cents"], "desiredRecordTypes": ["Account"] },
                { "zoneID": books(), "reverse": true, "numberAsStrings": true },
            ], "resultsLimit": 2 }),
            ),
            _ => (
                "shared",
                json!({ "zones": [{ "zoneID": library(world) },
                { "zoneID": { "zoneName": "family", "ownerRecordName": world.vera } }] }),
            ),
        }),
    ]
}

fn subscriptions() -> Vec<Row> {
    let device = |name: &str, good: fn(&World) -> Value| {
        row("POST", format!("/device/1/{{container}}/{{environment}}/{name}"), USERS, move |world, _| {
            Asked::json(good(world))
        })
    };
    vec![
        plain_service("GET", "subscriptions/list", &["public", "private"]),
        service("subscriptions/lookup", USERS, |_, _| {
            ("private", json!({ "subscriptions": [{ "subscriptionID": "sub-1" }] }))
        }),
        service("subscriptions/modify", USERS, |_, dice| {
            let mut near = filter("place", "NEAR", place());
            near["distance"] = json!(1000.0);
            let query = json!({ "recordType": "Account",
                "filterBy": [filter("cents", "LESS_THAN", int64(dice.below(1000) as i64)), near] });
            match dice.below(2) {
                0 => (
                    "public",
                    json!({ "operations": [
                    { "operationType": "create", "subscription": {
                        "subscriptionID": dice.name(), "subscriptionType": "query", "query": query, "zoneWide": true,
                        "firesOn": ["create", "update", "delete"], "firesOnce": false,
                        "notificationInfo": { "alertBody": "b", "alertLocalizationArgs": ["cents", "place"],
                            "additionalFields": ["cents", "place", "friend", "tags"], "shouldBadge": true } } },
                ] }),
                ),
                _ => (
                    "private",
                    json!({ "operations": [
                    { "operationType": "create", "subscription": {
                        "subscriptionID": "z", "subscriptionType": "zone", "zoneID": books() } },
                    { "operationType": "delete", "subscription": { "subscriptionID": "z" } },
                ] }),
                ),
            }
        }),
        device("tokens/create", |_| json!({ "apnsEnvironment": "development", "clientId": "c" })),
        device(
            "tokens/register",
            |world| json!({ "apnsEnvironment": "development", "apnsToken": world.tools.push_token }),
        ),
    ]
}

fn users() -> Vec<Row> {
    vec![
        plain_service("GET", "users/caller", &["public", "private", "shared"]),
        plain_service("GET", "users/current", &["public", "private", "shared"]),
        plain_service("GET", "users/discover", &["public"]),
        plain_service("GET", "users/lookup/contacts", &["public"]),
        plain_service("POST", "users/lookup/contacts", &["public"]),
        service("users/discover", USERS, |world, _| {
            (
                "public",
                json!({ "lookupInfos": [{ "emailAddress": "bob@example.com" }, { "phoneNumber": "+4912345" },
                { "userRecordName": world.vera }] }),
            )
        }),
        service("users/lookup/email", USERS, |_, _| {
            (
                "public",
                json!({ "users": [{ "emailAddress": "bob@example.com" }, { "emailAddress": "vera@example.com" }] }),
            )
        }),
        service("users/lookup/id", KEYS, |world, _| {
            (
                "public",
                json!({ "users": [{ "userRecordName": world.alice }, { "userRecordName": world.vera }] }),
            )
        }),
    ]
}

fn assets() -> Vec<Row> {
    vec![
        service("assets/upload", USERS, |_, dice| {
            (
                "private",
                json!({ "tokens": [
                { "recordType": "Everything", "recordName": dice.name(), "fieldName": "assetid" },
                { "fieldName": "assetid_list", "fileChecksum": "ignored", "size": 3 },
            ] }),
            )
        }),
        service("assets/rereference", USERS, |_, _| {
            (
                "private",
                json!({ "assets": [{ "recordName": "e-1", "fieldName": "assetid" },
                { "recordName": "gone", "fieldName": "assetid" }], "targetZoneID": books() }),
            )
        }),
        row("POST", "/assets/upload", &[Nobody], |world, dice| {
            let mut asked = match dice.below(2) {
                0 => Asked::new(Body::Bytes(b"the bytes of a file".to_vec())),
                _ => Asked::new(Body::Bytes(form("files", b"the bytes of a file"))),
            };
            if matches!(&asked.body, Body::Bytes(bytes) if bytes.starts_with(b"--")) {
                asked.content_type = Some(FORM);
            }
            asked.address(&world.tools.upload)
        }),
        row("GET", "/assets/download/{file}/{name}", &[Nobody], |world, _| {
            Asked::new(Body::None).address(&world.tools.download)
        }),
    ]
}
