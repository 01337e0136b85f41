//! The management API.

use cloudkit_core::Environment;
use serde_json::{Map, Value, json};

use super::{Asked, Body, FORM, Row, form, nothing, replacing, row};
use crate::fuzz::dice::Dice;
use crate::fuzz::world::Who::{self, ApiToken, Key, Mallory, Nobody, Owner};
use crate::fuzz::world::World;

const MANAGERS: &[Who] = &[Owner, Mallory, Key, ApiToken, Nobody];
const MANAGED: &[Who] = &[Mallory, Owner, Key, ApiToken, Nobody];

/// All of it.
pub(super) fn all() -> Vec<Row> {
    managed_records().into_iter().chain(managed_rest()).collect()
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

pub(super) const MORE_SCHEMA: &str = "
    CREATE ROLE editor;
    RECORD TYPE Article (
        \"___recordID\" REFERENCE QUERYABLE,
        title STRING QUERYABLE SEARCHABLE SORTABLE, views INT64 QUERYABLE SORTABLE, place LOCATION QUERYABLE,
        tags LIST<STRING> QUERYABLE, photo ASSET, secret ENCRYPTED STRING, // a comment
        GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\", GRANT READ, WRITE TO editor
    );
    RECORD TYPE Another (text STRING, GRANT READ TO \"_world\");";
