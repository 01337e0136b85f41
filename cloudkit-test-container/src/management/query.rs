//! Queries, and deleting what a query finds.

use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::services::{optional_text, optional_texts, required_text, results_limit};
use super::value::{record_from_services, value_to_services};
use super::{Answer, Cx};

/// The filter types, with the comparators of the web services.
const FILTER_TYPES: [(&str, &str); 21] = [
    ("EQUALS", "EQUALS"),
    ("NOT_EQUALS", "NOT_EQUALS"),
    ("LESS_THAN", "LESS_THAN"),
    ("LESS_THAN_OR_EQUALS", "LESS_THAN_OR_EQUALS"),
    ("GREATER_THAN", "GREATER_THAN"),
    ("GREATER_THAN_OR_EQUALS", "GREATER_THAN_OR_EQUALS"),
    ("NEAR", "NEAR"),
    ("CONTAINS_ALL_TOKENS", "CONTAINS_ALL_TOKENS"),
    ("CONTAINS_ANY_TOKENS", "CONTAINS_ANY_TOKENS"),
    ("IN", "IN"),
    ("NOT_IN", "NOT_IN"),
    ("LIST_CONTAINS", "LIST_CONTAINS"),
    ("LIST_NOT_CONTAINS", "NOT_LIST_CONTAINS"),
    ("LIST_CONTAINS_ANY", "LIST_CONTAINS_ANY"),
    ("LIST_NOT_CONTAINS_ANY", "NOT_LIST_CONTAINS_ANY"),
    ("LIST_CONTAINS_ALL", "LIST_CONTAINS_ALL"),
    ("NOT_LIST_CONTAINS_ALL", "NOT_LIST_CONTAINS_ALL"),
    ("BEGINS_WITH", "BEGINS_WITH"),
    ("NOT_BEGINS_WITH", "NOT_BEGINS_WITH"),
    ("LIST_MEMBER_BEGINS_WITH", "LIST_MEMBER_BEGINS_WITH"),
    ("NOT_LIST_MEMBER_BEGINS_WITH", "NOT_LIST_MEMBER_BEGINS_WITH"),
];

/// `queryRecords`.
pub(super) fn query(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let query = body
        .get("query")
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::bad_request("BadRequestException: missing required field 'query'"))?;
    let reply = page(cx, query, &body, optional_texts(&body, "requestedFields")?)?;
    let records = reply.get("records").and_then(Value::as_array).into_iter().flatten();
    let records: Vec<Value> = records.map(record_from_services).collect();
    let mut answer = json!({ "records": records });
    if let Some(marker) = reply.get("continuationMarker") {
        answer["continuationToken"] = marker.clone();
    }
    Ok(Answer::json(200, &answer))
}

/// `deleteRecordsByQuery`: one page of it. With `dryRun` it only counts.
pub(super) fn delete(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let body = cx.body(false)?;
    let dry_run = match body.get("dryRun") {
        None | Some(Value::Null) => false,
        Some(value) => {
            value.as_bool().ok_or_else(|| Refusal::bad_request("'dryRun' must be true or false"))?
        }
    };
    let reply = page(cx, &body, &body, Some(Vec::new()))?;
    let found = reply.get("records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut errors = Vec::new();
    if !dry_run && !found.is_empty() {
        let operations: Vec<Value> = found
            .iter()
            .map(|record| {
                json!({ "operationType": "forceDelete", "record": { "recordName": record["recordName"] } })
            })
            .collect();
        let request = cx.with_zone(json!({ "operations": operations, "atomic": false }));
        let deleted = cx.write("records/modify", &request)?;
        for item in deleted.get("records").and_then(Value::as_array).into_iter().flatten() {
            if let Some(refusal) = Refusal::of_item(item) {
                errors.push(json!({
                    "id": item["recordName"], "code": refusal.status, "message": refusal.code,
                }));
            }
        }
    }
    let mut answer = json!({ "deletedCount": found.len() - errors.len(), "errors": errors });
    if let Some(marker) = reply.get("continuationMarker") {
        answer["continuationToken"] = marker.clone();
    }
    Ok(Answer::json(200, &answer))
}

/// One page of results, as the web services show them.
fn page(
    cx: Cx<'_>,
    query: &Map<String, Value>,
    body: &Map<String, Value>,
    requested: Option<Vec<String>>,
) -> Result<Value, Refusal> {
    let record_type = required_text(query, "recordType")?;
    let filters = entries(query, "filters")?.iter().map(filter).collect::<Result<Vec<_>, _>>()?;
    let sorts = entries(query, "sorts")?.iter().map(sort).collect::<Result<Vec<_>, _>>()?;
    let mut request = cx.with_zone(json!({
        "query": { "recordType": record_type, "filterBy": filters, "sortBy": sorts },
        "resultsLimit": results_limit(body)?,
    }));
    if let Some(token) = optional_text(body, "continuationToken")? {
        request["continuationMarker"] = token.into();
    }
    if let Some(fields) = requested {
        request["desiredKeys"] = fields.into();
    }
    cx.read("records/query", &request).map_err(|mut refusal| {
        if refusal.reason == "Queried type is not marked indexable" {
            refusal.reason = format!("Type is not marked indexable: {record_type}");
        }
        refusal
    })
}

fn entries<'v>(query: &'v Map<String, Value>, member: &str) -> Result<&'v [Value], Refusal> {
    match query.get(member) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(Refusal::bad_request(format!("'{member}' must be an array"))),
    }
}

fn filter(entry: &Value) -> Result<Value, Refusal> {
    let entry = entry.as_object().ok_or_else(|| Refusal::bad_request("a filter must be an object"))?;
    let field = required_text(entry, "fieldName")?;
    let given = required_text(entry, "type")?;
    let (_, comparator) = FILTER_TYPES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(given))
        .ok_or_else(|| Refusal::bad_request(format!("unknown filter type '{}'", shown(given))))?;
    let value = entry
        .get("fieldValue")
        .ok_or_else(|| Refusal::bad_request("BadRequestException: missing required field 'fieldValue'"))?;
    let mut filter = json!({
        "fieldName": field, "comparator": comparator, "fieldValue": value_to_services(field, value)?,
    });
    if let Some(kilometres) = entry.get("radiusInKilometers").filter(|radius| !radius.is_null()) {
        let kilometres = kilometres
            .as_f64()
            .ok_or_else(|| Refusal::bad_request("'radiusInKilometers' must be a number"))?;
        filter["distance"] = (kilometres * 1000.0).into();
    }
    Ok(filter)
}

fn sort(entry: &Value) -> Result<Value, Refusal> {
    let entry = entry.as_object().ok_or_else(|| Refusal::bad_request("a sort must be an object"))?;
    let ascending = match optional_text(entry, "order")? {
        None => true,
        Some(order) if order.eq_ignore_ascii_case("ASC") => true,
        Some(order) if order.eq_ignore_ascii_case("DESC") => false,
        Some(_) => return Err(Refusal::bad_request("'order' must be ASC or DESC")),
    };
    Ok(json!({ "fieldName": required_text(entry, "fieldName")?, "ascending": ascending }))
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
