//! Changes of one zone.

use serde_json::{Value, json};

use super::error::Refusal;
use super::records::result;
use super::services::{only_item, optional_text, optional_texts, results_limit};
use super::{Answer, Cx};

/// `queryRecordChanges`.
pub(super) fn changes(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(true)?;
    let mut zone = json!({ "zoneID": { "zoneName": cx.route.zone }, "resultsLimit": results_limit(&body)? });
    if let Some(token) = optional_text(&body, "changeToken")? {
        zone["syncToken"] = token.into();
    }
    if let Some(fields) = optional_texts(&body, "requestedFields")? {
        zone["desiredKeys"] = fields.into();
    }
    if let Some(record_types) = optional_texts(&body, "requestedRecordTypes")? {
        zone["desiredRecordTypes"] = record_types.into();
    }
    let reply = cx.read("changes/zone", &json!({ "zones": [zone] }))?;
    let zone = only_item(&reply, "zones")?;
    let records = zone.get("records").and_then(Value::as_array).into_iter().flatten();
    let results: Vec<Value> = records.map(result).collect();
    let more_coming = zone.get("moreComing").and_then(Value::as_bool).unwrap_or(false);
    let mut answer = json!({ "recordResults": results, "moreComing": more_coming });
    if let Some(token) = zone.get("syncToken").filter(|token| token.is_string()) {
        answer["changeToken"] = token.clone();
    }
    Ok(Answer::json(200, &answer))
}
