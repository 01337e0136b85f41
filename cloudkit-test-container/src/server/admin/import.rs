//! Records from lines of JSON, in the form in which `GET /admin/records` shows them.
//!
//! Each record is saved as its creator would save it: by the rules of the web services, for which schema, grants and limits
//! count, in place of what has its name.

use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::data::{Place, place};
use super::{Answer, Asked, Refusal, State, json as reply};
use crate::api::{Call, Caller, Endpoint, Scope, answer};

/// As many records as one request to the web services may save.
const BATCH: usize = 200;

/// A record of a file. What the container decides for itself, such as change tags and times, is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    record_name: String,
    record_type: String,
    #[serde(default)]
    fields: Map<String, Value>,
    parent: Option<String>,
    created: Option<Stamp>,
}

#[derive(Deserialize)]
struct Stamp {
    by: User,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    record_name: String,
}

/// An operation of a line, and who asks for it.
struct Save {
    line: usize,
    record_name: String,
    caller: Caller,
    operation: Value,
}

/// `POST /admin/records`, with the place of `GET /admin/records` and a record in each line.
pub(super) fn records(state: &State, asked: &Asked<'_>) -> Answer {
    let place = place(state, &state.store(), asked)?;
    if place.scope == Scope::Shared {
        return Err(Refusal::bad(
            "records go into the public database or into somebody's own; name one of these",
        ));
    }
    let text = std::str::from_utf8(asked.body()?).map_err(|_| Refusal::bad("the lines are not UTF-8"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let saves = lines.map(|(at, line)| read(state, &place, at + 1, line));
    let saves: Vec<Save> = saves.collect::<Result<_, _>>()?;
    let mut failed = Vec::new();
    // Records may refer to those before them, so their order stays.
    for batch in saves.chunk_by(|one, next| one.caller == next.caller).flat_map(|of_one| of_one.chunks(BATCH))
    {
        failed.extend(save(state, &place, batch)?);
    }
    Ok(reply(200, &json!({ "saved": saves.len() - failed.len(), "failed": failed })))
}

fn read(state: &State, place: &Place, number: usize, line: &str) -> Result<Save, Refusal> {
    let Line { record_name, record_type, fields, parent, created } = serde_json::from_str(line)
        .map_err(|error| Refusal::bad(format!("line {number} is no record: {error}")))?;
    let fields: Map<String, Value> =
        fields.into_iter().map(|(name, field)| (name, with_numbers(field))).collect();
    let mut record = json!({ "recordName": record_name, "recordType": record_type, "fields": fields });
    if let Some(parent) = parent {
        record["parent"] = json!({ "recordName": parent });
    }
    Ok(Save {
        line: number,
        record_name,
        caller: caller(state, place, created.map(|stamp| stamp.by.record_name)),
        operation: json!({ "operationType": "forceReplace", "record": record }),
    })
}

/// The field with numbers in place of the digits that keep them exact on their way through a page.
fn with_numbers(mut field: Value) -> Value {
    let is_double = match field["type"].as_str() {
        Some("INT64" | "INT64_LIST") => false,
        Some("DOUBLE" | "DOUBLE_LIST") => true,
        _ => return field,
    };
    let number = |value: &mut Value| {
        let number = match value.as_str() {
            Some(text) if is_double => text.parse().ok().map(|double: f64| json!(double)),
            Some(text) => text.parse().ok().map(|integer: i64| json!(integer)),
            None => None,
        };
        // What is no number stays, and is refused in the words of the web services.
        *value = number.unwrap_or_else(|| value.take());
    };
    match &mut field["value"] {
        Value::Array(values) => values.iter_mut().for_each(number),
        value => number(value),
    }
    field
}

/// Who saves a record: in a private database its owner; in the public one whoever has created the record, if that is
/// known, or else a key.
fn caller(state: &State, place: &Place, creator: Option<String>) -> Caller {
    let user = if place.scope == Scope::Private { Some(place.user.clone()) } else { creator };
    if let Some(name) = &user {
        let known = state.users().iter().find(|user| user.record_name == *name);
        if known.is_some() || place.scope == Scope::Private {
            let roles = known.map(|user| user.roles.clone()).unwrap_or_default();
            return Caller::User { record_name: name.clone(), roles };
        }
    }
    let keys = state.keys().read().unwrap_or_else(PoisonError::into_inner);
    let mut here = keys.all().iter().filter(|key| key.environment == place.environment);
    let own = here.clone().find(|key| Some(&key.user_record_name) == user.as_ref());
    let key = own.or_else(|| here.next());
    Caller::Key { record_name: key.map(|key| key.user_record_name.clone()).unwrap_or_default() }
}

/// Saves records of one caller. Returns those that were refused.
fn save(state: &State, place: &Place, batch: &[Save]) -> Result<Vec<Value>, Refusal> {
    let Some(first) = batch.first() else { return Ok(Vec::new()) };
    let call = Call {
        state,
        environment: place.environment,
        scope: place.scope,
        caller: &first.caller,
        api_token: None,
        now: state.clock().now_ms(),
        wants_sync_token: false,
        empty_pages: 0,
    };
    let operations: Vec<&Value> = batch.iter().map(|save| &save.operation).collect();
    let body =
        json!({ "operations": operations, "zoneID": { "zoneName": place.zone.name }, "atomic": false });
    let refused =
        |save: &Save, why: &str| json!({ "line": save.line, "recordName": save.record_name, "error": why });
    let answered = match answer(&call, Endpoint::RecordsModify, "POST", body.to_string().as_bytes()) {
        Ok(answered) => answered,
        Err(error) => return Ok(batch.iter().map(|save| refused(save, &error.reason)).collect()),
    };
    let answered: Value = serde_json::from_str(&answered).map_err(|error| Refusal {
        status: 500,
        error: format!("the answer to a save cannot be read: {error}"),
    })?;
    let items = answered["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failed = batch.iter().zip(items).filter(|(_, item)| item.get("serverErrorCode").is_some());
    Ok(failed
        .map(|(save, item)| {
            let [code, reason] =
                ["serverErrorCode", "reason"].map(|member| item[member].as_str().unwrap_or_default());
            refused(save, &format!("{code}: {reason}"))
        })
        .collect())
}
