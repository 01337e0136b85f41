//! What is beside CloudKit: sign-in, the long poll, the console and its interface.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::Environment;
use serde_json::{Map, json};

use super::management::MORE_SCHEMA;
use super::{Asked, Body, Row, nothing, replacing, row};
use crate::conformance::support::escape;
use crate::fuzz::world::Who::{self, Nobody, Owner};

/// All of it.
pub(super) fn all() -> Vec<Row> {
    rest().into_iter().chain(owners()).collect()
}

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
