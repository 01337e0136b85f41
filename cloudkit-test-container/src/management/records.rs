//! Records by name: create, get, update, delete, look up, and the address for an asset's bytes.

use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::route::parameter;
use super::services::{only_item, optional_text, optional_texts, required_text};
use super::value::{fields_to_services, record_from_services};
use super::{Answer, Cx};
use crate::facts;

/// `createRecord`.
pub(super) fn create(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let mut record = saved(&body)?;
    record.insert("recordType".to_owned(), required_text(&body, "recordType")?.into());
    if let Some(name) = optional_text(&body, "recordName")? {
        record.insert("recordName".to_owned(), name.into());
    }
    match modify(cx, "create", record) {
        Ok(record) => Ok(Answer::json(201, &json!({ "record": record_from_services(&record) }))),
        Err(mut refusal) => {
            if refusal.code == facts::CREATE_ON_EXISTING.value.as_str()
                && refusal.reason.contains("already exists")
            {
                facts::MANAGEMENT_CREATE_ON_EXISTING.value.as_str().clone_into(&mut refusal.code);
            }
            Err(refusal)
        }
    }
}

/// `updateRecord`: touches the fields it names. Without `force=true` it needs the change tag.
pub(super) fn update(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let force = parameter(&cx.request.target, "force").as_deref() == Some("true");
    let mut record = saved(&body)?;
    record.insert("recordName".to_owned(), cx.route.name.as_str().into());
    if let Some(record_type) = optional_text(&body, "recordType")? {
        record.insert("recordType".to_owned(), record_type.into());
    }
    if let Some(tag) = optional_text(&body, "recordChangeTag")? {
        record.insert("recordChangeTag".to_owned(), tag.into());
    }
    let record = modify(cx, if force { "forceUpdate" } else { "update" }, record)?;
    Ok(Answer::json(200, &json!({ "record": record_from_services(&record) })))
}

/// `deleteRecord`.
pub(super) fn delete(cx: Cx<'_>) -> Result<Answer, Refusal> {
    // A forced delete of what is not there succeeds, so the record is looked for first.
    find(cx, None)?;
    let mut record = Map::new();
    record.insert("recordName".to_owned(), cx.route.name.as_str().into());
    modify(cx, "forceDelete", record)?;
    Ok(Answer::empty(204))
}

/// `getRecord`.
pub(super) fn get(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let requested = parameter(&cx.request.target, "requestedFields");
    let requested = requested
        .map(|fields| fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect());
    let record = find(cx, requested)?;
    Ok(Answer::json(200, &json!({ "record": record_from_services(&record) })))
}

/// `lookupRecords`: one result for each name, in the order asked.
pub(super) fn lookup(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let names = optional_texts(&body, "recordNames")?
        .ok_or_else(|| Refusal::bad_request("BadRequestException: missing required field 'recordNames'"))?;
    let records: Vec<Value> = names.iter().map(|name| json!({ "recordName": name })).collect();
    let mut request = cx.with_zone(json!({ "records": records }));
    if let Some(fields) = optional_texts(&body, "requestedFields")? {
        request["desiredKeys"] = fields.into();
    }
    let reply = cx.read("records/lookup", &request)?;
    let records = reply.get("records").and_then(Value::as_array).into_iter().flatten();
    let results: Vec<Value> = records.map(result).collect();
    Ok(Answer::json(200, &json!({ "recordResults": results })))
}

/// One result of a lookup or of a list of changes: a record, a deleted one, or an error.
pub(super) fn result(item: &Value) -> Value {
    let name = item.get("recordName").cloned().unwrap_or(Value::Null);
    if let Some(refusal) = Refusal::of_item(item) {
        return json!({
            "type": "error", "errorCode": refusal.code, "message": refusal.reason, "recordName": name,
        });
    }
    if item.get("deleted").and_then(Value::as_bool) == Some(true) {
        return json!({ "type": "deleted", "recordName": name });
    }
    json!({ "type": "existing", "recordName": name, "record": record_from_services(item) })
}

/// `createAssetUploadUrl`.
pub(super) fn asset_upload_url(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let token = json!({
        "recordType": required_text(&body, "recordType")?,
        "fieldName": required_text(&body, "fieldName")?,
    });
    let reply = cx.upload_address(&cx.with_zone(json!({ "tokens": [token] })))?;
    let url = only_item(&reply, "tokens")?.get("url").cloned().unwrap_or(Value::Null);
    Ok(Answer::json(201, &json!({ "url": url })))
}

/// The members that creates and updates have in common, as the web services take them.
fn saved(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut record = Map::new();
    let fields = match body.get("fields") {
        None | Some(Value::Null) => json!({}),
        Some(Value::Object(fields)) => fields_to_services(fields)?,
        Some(_) => return Err(Refusal::bad_request("'fields' must be an object")),
    };
    record.insert("fields".to_owned(), fields);
    for (here, there) in [
        ("createShortGuid", "createShortGUID"),
        ("parent", "parent"),
        ("forRecord", "forRecord"),
        ("publicPermission", "publicPermission"),
        ("participants", "participants"),
    ] {
        if let Some(value) = body.get(here).filter(|value| !value.is_null()) {
            record.insert(there.to_owned(), value.clone());
        }
    }
    Ok(record)
}

/// Runs one operation and returns the record as the web services show it.
fn modify(cx: Cx<'_>, verb: &str, record: Map<String, Value>) -> Result<Value, Refusal> {
    let operation = json!({ "operationType": verb, "record": record });
    // Of one operation nothing can be left half done, and default zones refuse to hear of atomic requests.
    let reply =
        cx.write("records/modify", &cx.with_zone(json!({ "operations": [operation], "atomic": false })))?;
    only_item(&reply, "records").cloned()
}

/// The record of the path, as the web services show it.
fn find(cx: Cx<'_>, requested: Option<Vec<String>>) -> Result<Value, Refusal> {
    let mut request = cx.with_zone(json!({ "records": [{ "recordName": cx.route.name }] }));
    if let Some(fields) = requested {
        request["desiredKeys"] = fields.into();
    }
    let reply = cx.read("records/lookup", &request)?;
    only_item(&reply, "records").cloned()
}
