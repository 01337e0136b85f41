//! Every endpoint of the server, with a right request to it. This is the one place that a new endpoint has to be added to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::Environment;
use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::wire::Outgoing;
use super::world::Who::{self, ApiToken, Key, Mallory, Nobody, Owner};
use super::world::World;
use crate::conformance::support::{CONTAINER, create, escape, filter, int64, string, typed};

/// The body of a right request.
pub(super) enum Body {
    None,
    Json(Value),
    Bytes(Vec<u8>),
}

impl Body {
    pub(super) fn json(&self) -> Option<Value> {
        if let Self::Json(json) = self { Some(json.clone()) } else { None }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Json(json) => json.to_string().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

/// A right request, without what proves who asks.
pub(super) struct Good {
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Body,
}

impl Good {
    pub(super) fn unchanged(self, method: &str) -> Outgoing {
        let Self { target, headers, body } = self;
        Outgoing { method: method.to_owned(), target, headers, body: body.bytes() }
    }
}

/// An endpoint.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) pattern: String,
    /// Who asks; the first of them may.
    pub(super) callers: &'static [Who],
    /// Whether it is made to take away, or to put in place, what the container holds.
    pub(super) replaces_all: bool,
    good: Ask,
}

/// Makes a right request.
type Ask = Box<dyn Fn(&World, &mut Dice) -> Asked>;

/// What a request says, beside its method and pattern.
struct Asked {
    /// What stands in the places of the pattern.
    places: Vec<(&'static str, String)>,
    query: String,
    /// The whole target, if it was given as an address.
    address: Option<String>,
    content_type: Option<&'static str>,
    body: Body,
}

impl Asked {
    fn new(body: Body) -> Self {
        Self { places: Vec::new(), query: String::new(), address: None, content_type: None, body }
    }

    fn json(body: Value) -> Self {
        Self { content_type: Some("application/json"), ..Self::new(Body::Json(body)) }
    }

    fn at(mut self, place: &'static str, value: impl Into<String>) -> Self {
        self.places.push((place, value.into()));
        self
    }

    fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    fn address(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }
}

impl Row {
    pub(super) fn good(&self, world: &World, dice: &mut Dice) -> Good {
        let Asked { places, query, address, content_type, body } = (self.good)(world, dice);
        let target = address.unwrap_or_else(|| {
            let mut target = self.pattern.clone();
            for (place, value) in places {
                target = target.replace(&format!("{{{place}}}"), &value);
            }
            // What no request says is the same for all.
            for (place, value) in [
                ("container", CONTAINER),
                ("environment", "development"),
                ("E", "DEVELOPMENT"),
                ("D", "PRIVATE"),
                ("zone", "books"),
                ("team", world.server.container.team_id()),
            ] {
                target = target.replace(&format!("{{{place}}}"), value);
            }
            target
        });
        let target = if query.is_empty() { target } else { format!("{target}?{query}") };
        let headers = content_type.map(|value| ("content-type".to_owned(), value.as_bytes().to_vec()));
        Good { target, headers: headers.into_iter().collect(), body }
    }
}

/// All of them.
pub(super) fn all() -> Vec<Row> {
    [
        records(),
        sharing(),
        zones_and_changes(),
        subscriptions(),
        users(),
        assets(),
        managed_records(),
        managed_rest(),
        owners(),
        rest(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const USERS: &[Who] = &[Mallory, Key, ApiToken, Nobody];
const KEYS: &[Who] = &[Key, Mallory, ApiToken, Nobody];
const MANAGERS: &[Who] = &[Owner, Mallory, Key, ApiToken, Nobody];
const MANAGED: &[Who] = &[Mallory, Owner, Key, ApiToken, Nobody];

fn row(
    method: &'static str,
    pattern: impl Into<String>,
    callers: &'static [Who],
    good: impl Fn(&World, &mut Dice) -> Asked + 'static,
) -> Row {
    Row { method, pattern: pattern.into(), callers, replaces_all: false, good: Box::new(good) }
}

/// A request that says nothing but where it goes.
fn nothing(_: &World, _: &mut Dice) -> Asked {
    Asked::new(Body::None)
}

fn replacing(row: Row) -> Row {
    Row { replaces_all: true, ..row }
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

const FORM: &str = "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW";

fn form(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
         Content-Type: \"\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n"].concat()
}

const RECORDS: &str = "/v1/database/containers/{container}/environments/{E}/databases/{D}/zones/{zone}";

fn managed(method: &'static str, rest: &str, good: impl Fn(&World, &mut Dice) -> Asked + 'static) -> Row {
    row(method, format!("{RECORDS}{rest}"), MANAGED, good)
}

fn managed_records() -> Vec<Row> {
    let value = |kind: &str, value: Value| json!({ "type": kind, "value": value });
    let fields = move || {
        json!({
            "owner": value("stringType", json!("Ines")), "cents": value("int64Type", json!(1)),
            "opened": value("timestampType", json!("2026-01-01T00:00:00.000Z")),
            "photo": value("bytesType", json!("AAEC")), "tags": value("stringListType", json!(["a"])),
            "place": value("locationType", json!({ "latitude": 1.0, "longitude": 2.0,
                "timestamp": "2026-01-01T00:00:00.000Z" })),
            "friend": value("referenceType", json!({ "recordName": "a-2", "action": "none", "zone": { "zoneName": "books" } })),
        })
    };
    let query = move || {
        json!({ "recordType": "Account", "sorts": [{ "fieldName": "cents", "order": "DESC" }], "filters": [
            { "fieldName": "cents", "type": "GREATER_THAN", "fieldValue": value("int64Type", json!(-1)) },
            { "fieldName": "place", "type": "NEAR", "radiusInKilometers": 5,
              "fieldValue": value("locationType", json!({ "latitude": 1.0, "longitude": 2.0 })) },
        ] })
    };
    vec![
        managed("POST", "/records", move |_, dice| {
            Asked::json(json!({ "recordType": "Account", "recordName": dice.name(), "fields": fields(),
                "createShortGuid": true, "parent": { "recordName": "root" } }))
        }),
        managed("POST", "/records/lookup", |_, _| {
            Asked::json(json!({ "recordNames": ["a-1", "gone"], "requestedFields": ["owner"] }))
        }),
        managed("GET", "/records/{name}", |_, _| {
            Asked::new(Body::None).at("name", "a-1").query("requestedFields=owner%2Ccents")
        }),
        managed("PUT", "/records/{name}", move |world, dice| {
            let asked = |more: Value| {
                let mut body = json!({ "recordType": "Account", "fields": fields() });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap_or(&Map::new()).clone());
                Asked::json(body).at("name", "a-1")
            };
            match dice.below(2) {
                0 => asked(json!({})).query("force=true"),
                _ => asked(json!({ "recordChangeTag": world.tools.tag })).query("force=true"),
            }
        }),
        managed("DELETE", "/records/{name}", |_, _| Asked::new(Body::None).at("name", "root")),
        managed("POST", "/query", move |_, _| {
            Asked::json(json!({ "query": query(), "resultsLimit": 2, "requestedFields": ["owner"] }))
        }),
        managed("POST", "/changes", |world, _| {
            Asked::json(json!({ "changeToken": world.tools.zone_token, "requestedFields": ["owner"],
                "requestedRecordTypes": ["Account"], "resultsLimit": 5 }))
        }),
        managed("POST", "/deletionQuery", move |_, dice| {
            let mut body = query();
            body["dryRun"] = dice.percent(50).into();
            Asked::json(body)
        }),
        managed("POST", "/assetUploadUrls", |_, _| {
            Asked::json(json!({ "recordType": "Everything", "fieldName": "assetid" }))
        }),
    ]
}

fn managed_rest() -> Vec<Row> {
    const ZONES: &str = "/v1/database/containers/{container}/environments/{E}/databases/{D}/zones";
    const SHARES: &str = "/v1/database/containers/{container}/environments/{E}/sharedRecords/{name}";
    const TEAM: &str = "/v1/database/teams/{team}/containers/{container}";
    let shared = |action: &str| {
        row("POST", format!("{SHARES}/{action}"), MANAGED, |world, _| {
            let body = json!({ "shouldFetchRootRecord": true, "requestedFields": ["owner"] });
            Asked::json(body).at("name", world.guid.as_str())
        })
    };
    let schema = |method, rest: &str| {
        row(method, format!("{TEAM}/environments/{{E}}/schema{rest}"), MANAGERS, |world, _| {
            // What production has cannot be taken away.
            let there = world.server.container.export_schema(Environment::Development);
            let mut asked =
                Asked::new(Body::Bytes(form("file", format!("{there}\n{MORE_SCHEMA}").as_bytes())));
            asked.content_type = Some(FORM);
            asked
        })
    };
    vec![
        row("GET", ZONES, MANAGED, nothing),
        row("POST", ZONES, MANAGED, |_, dice| Asked::json(json!({ "zoneName": dice.name() }))),
        row("GET", format!("{ZONES}/{{zone}}"), MANAGED, nothing),
        row("DELETE", format!("{ZONES}/{{zone}}"), MANAGED, nothing),
        shared("resolve"),
        shared("accept"),
        row("GET", "/v1/database/containers/{container}/environments/{E}/session/user", MANAGED, nothing),
        row("GET", "/users/current/teams", MANAGERS, nothing),
        row("GET", "/teams/{team}/containers", MANAGERS, |_, _| {
            Asked::new(Body::None).query("q=conf&limit=5")
        }),
        row("GET", format!("{TEAM}/environments/{{E}}/schema/export"), MANAGERS, nothing),
        schema("POST", "/validate"),
        replacing(schema("PUT", "")),
        replacing(row("POST", format!("{TEAM}/environments/{{E}}/reset"), MANAGERS, nothing)),
        row("POST", format!("{TEAM}/containerConfig/reset"), MANAGERS, nothing),
    ]
}

const MORE_SCHEMA: &str = "
    CREATE ROLE editor;
    RECORD TYPE Article (
        \"___recordID\" REFERENCE QUERYABLE,
        title STRING QUERYABLE SEARCHABLE SORTABLE, views INT64 QUERYABLE SORTABLE, place LOCATION QUERYABLE,
        tags LIST<STRING> QUERYABLE, photo ASSET, secret ENCRYPTED STRING, // a comment
        GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\", GRANT READ, WRITE TO editor
    );
    RECORD TYPE Another (text STRING, GRANT READ TO \"_world\");";

fn rest() -> Vec<Row> {
    vec![
        row("GET", "/auth/{environment}", &[Nobody], |world, dice| {
            let more = dice.pick(&["", "&user=mallory", "&user=mallory&keep=1", "&cancel=1"]);
            Asked::new(Body::None).address(&format!("{}{more}", world.tools.sign_in))
        }),
        row("GET", "/aps", &[Nobody], |world, _| {
            Asked::new(Body::None).query(format!("tok={}&ttl=43200", world.tools.push_token))
        }),
        row("GET", "/console", &[Nobody], nothing),
        row("GET", "/console/{file}", &[Nobody], |_, dice| {
            Asked::new(Body::None).at("file", dice.pick(&["main.js", "console.css", "icon.svg"]))
        }),
    ]
}

/// What the owner of the container asks, beside what CloudKit has.
fn owners() -> Vec<Row> {
    const OWNER: &[Who] = &[Owner, Nobody];
    let looks = |what: &str| row("GET", format!("/admin/{what}"), OWNER, nothing);
    let public = "environment=development&database=public";
    vec![
        looks("container"),
        looks("access"),
        looks("subscriptions"),
        row("POST", "/admin/clock", OWNER, |_, _| Asked::json(json!({ "advanceMs": 1000 }))),
        row("GET", "/admin/requests", OWNER, |_, _| Asked::new(Body::None).query("after=3")),
        row("GET", "/admin/request", OWNER, |world, _| {
            let latest = world.server.container.requests().len();
            Asked::new(Body::None).query(format!("number={latest}"))
        }),
        looks("databases"),
        row("GET", "/admin/records", OWNER, move |world, dice| {
            let shared = format!(
                "environment=development&database=shared&user=mallory&zone=library&owner={}",
                world.alice
            );
            let place = dice.pick(&[
                public,
                "environment=development&database=private&user=mallory&zone=books",
                shared.as_str(),
            ]);
            Asked::new(Body::None).query(format!("{place}&type=Account&text=a&limit=2&before=1000"))
        }),
        replacing(row("POST", "/admin/records", OWNER, move |_, dice| {
            let line = json!({ "recordName": dice.name(), "recordType": "Account",
                "fields": { "cents": { "type": "INT64", "value": "12" } } });
            Asked::json(line).query(public)
        })),
        row("GET", "/admin/export", OWNER, move |_, _| {
            Asked::new(Body::None).query(format!("{public}&type=Account"))
        }),
        row("GET", "/admin/record", OWNER, move |_, _| {
            Asked::new(Body::None).query(format!("{public}&name=a-1"))
        }),
        row("GET", "/admin/file", OWNER, |world, _| {
            let checksum = world.tools.single_file["fileChecksum"].as_str().unwrap();
            Asked::new(Body::None).query(format!("checksum={}", escape(checksum)))
        }),
        looks("schema"),
        replacing(row("POST", "/admin/schema", OWNER, |world, _| {
            let schema = world.server.container.export_schema(Environment::Development);
            Asked::new(Body::Bytes(format!("{schema}{MORE_SCHEMA}").into_bytes()))
        })),
        replacing(row("POST", "/admin/schema/deploy", OWNER, nothing)),
        looks("faults"),
        replacing(row("POST", "/admin/faults", OWNER, |_, _| {
            let fault =
                json!({ "kind": "latency", "fixed_ms": 0, "endpoint": "records/*", "optional": true });
            Asked::json(json!({ "fault": [fault] }))
        })),
        replacing(row("POST", "/admin/faults/forget", OWNER, nothing)),
        row("GET", "/admin/snapshot", OWNER, |_, dice| {
            Asked::new(Body::None).query(dice.pick(&["", "form=tar", "form=json"]))
        }),
        replacing(row("POST", "/admin/restore", OWNER, |world, _| {
            let files = world.server.container.snapshot().unwrap().files();
            let files: Map<_, _> = files
                .into_iter()
                .map(|(name, bytes)| {
                    let file = match String::from_utf8(bytes) {
                        Ok(text) => json!({ "text": text }),
                        Err(error) => json!({ "base64": BASE64.encode(error.as_bytes()) }),
                    };
                    (name, file)
                })
                .collect();
            Asked::json(json!({ "files": files }))
        })),
    ]
}
