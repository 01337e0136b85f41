//! Zones.

use serde_json::{Value, json};

use super::error::Refusal;
use super::services::{only_item, required_text};
use super::value::zone_id_from_services;
use super::{Answer, Cx};
use crate::api::Scope;

/// `getZones`: all on one page.
pub(super) fn list(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let reply = cx.get_from_services("zones/list")?;
    let zones = reply.get("zones").and_then(Value::as_array).into_iter().flatten();
    let zones: Vec<Value> =
        zones.filter(|zone| Refusal::of_item(zone).is_none()).map(|zone| shown(cx, zone)).collect();
    Ok(Answer::json(200, &json!({ "zones": zones })))
}

/// `getZone`.
pub(super) fn get(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let reply = cx.read("zones/lookup", &json!({ "zones": [{ "zoneName": cx.route.zone }] }))?;
    Ok(Answer::json(200, &json!({ "zone": shown(cx, only_item(&reply, "zones")?) })))
}

/// `createZone`.
pub(super) fn create(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let name = required_text(&body, "zoneName")?;
    let zone = modify(cx, "create", name)?;
    Ok(Answer::json(201, &json!({ "zone": shown(cx, &zone) })))
}

/// `deleteZone`.
pub(super) fn delete(cx: Cx<'_>) -> Result<Answer, Refusal> {
    modify(cx, "delete", &cx.route.zone)?;
    Ok(Answer::empty(204))
}

fn modify(cx: Cx<'_>, verb: &str, name: &str) -> Result<Value, Refusal> {
    let operation = json!({ "operationType": verb, "zone": { "zoneID": { "zoneName": name } } });
    let reply = cx.write("zones/modify", &json!({ "operations": [operation] }))?;
    only_item(&reply, "zones").cloned()
}

/// A zone as the management API shows it.
fn shown(cx: Cx<'_>, zone: &Value) -> Value {
    let mut out = zone_id_from_services(zone.get("zoneID").unwrap_or(&Value::Null));
    let is_default = out["zoneType"] == "DEFAULT_ZONE";
    out["isDefaultZone"] = is_default.into();
    out["atomic"] = zone.get("atomic").and_then(Value::as_bool).unwrap_or(!is_default).into();
    let may_share = cx.route.scope == Scope::Private && !is_default;
    out["isSharable"] = may_share.into();
    out["isEligibleForZoneShare"] = may_share.into();
    out["isEligibleForHierarchicalShare"] = may_share.into();
    if let Some(token) = zone.get("syncToken").filter(|token| token.is_string()) {
        out["changeToken"] = token.clone();
    }
    out
}
