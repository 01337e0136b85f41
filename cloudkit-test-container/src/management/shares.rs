//! Shares by their short GUID.

use serde_json::{Value, json};

use super::error::Refusal;
use super::services::{only_item, optional_texts};
use super::value::{record_from_services, zone_id_from_services};
use super::{Answer, Cx};

/// `resolveRecord`: what is shared, without taking part in it.
pub(super) fn resolve(cx: Cx<'_>) -> Result<Answer, Refusal> {
    ask(cx, "records/resolve", true)
}

/// `acceptRecord`: takes part.
pub(super) fn accept(cx: Cx<'_>) -> Result<Answer, Refusal> {
    ask(cx, "records/accept", false)
}

fn ask(cx: Cx<'_>, endpoint: &str, reads: bool) -> Result<Answer, Refusal> {
    let body = cx.body(true)?;
    let mut short_guid = json!({ "value": cx.route.name });
    if let Some(fetch) = body.get("shouldFetchRootRecord").filter(|fetch| fetch.is_boolean()) {
        short_guid["shouldFetchRootRecord"] = fetch.clone();
    }
    if let Some(fields) = optional_texts(&body, "requestedFields")? {
        short_guid["rootRecordDesiredKeys"] = fields.into();
    }
    let request = json!({ "shortGUIDs": [short_guid] });
    let reply = if reads { cx.read(endpoint, &request)? } else { cx.write(endpoint, &request)? };
    let result = only_item(&reply, "results")?;

    let mut record = json!({ "shortGuid": cx.route.name });
    for (there, here) in [
        ("containerIdentifier", "containerId"),
        ("environment", "environment"),
        ("databaseScope", "databaseType"),
        ("rootRecordName", "rootRecordName"),
        ("participantType", "participantType"),
        ("participantStatus", "participantStatus"),
        ("participantPermission", "participantPermission"),
        ("ownerIdentity", "userIdentity"),
        ("potentialMatchList", "potentialMatches"),
        ("webpageURL", "webpageUrl"),
    ] {
        if let Some(value) = result.get(there).filter(|value| !value.is_null()) {
            record[here] = value.clone();
        }
    }
    if let Some(environment) = record.get("environment").and_then(Value::as_str) {
        record["environment"] = environment.to_ascii_uppercase().into();
    }
    if let Some(zone) = result.get("zoneID").filter(|zone| zone.is_object()) {
        record["zone"] = zone_id_from_services(zone);
    }
    for member in ["share", "rootRecord"] {
        if let Some(shared) = result.get(member).filter(|shared| shared.get("recordType").is_some()) {
            record[member] = record_from_services(shared);
        }
    }
    Ok(Answer::json(200, &json!({ "record": record })))
}
