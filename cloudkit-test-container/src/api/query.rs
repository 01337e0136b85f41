//! `records/query`: records by what they hold.

use std::collections::HashMap;

use cloudkit_core::ServerErrorCode;

use super::lookup::not_permitted;
use super::reply::{Show, array};
use super::request::{MAX_PAGE, desired_keys, optional_bool, optional_text, required_text, results_limit};
use super::{ApiError, Call};
use crate::facts;
use crate::json::{Object, write_string};
use crate::query::{FIRST_EFFORT, Search, read_query};
use crate::schema::{Permission, USERS};
use crate::store::{Record, Store};

pub(super) fn query(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let node = request.get("query").ok_or_else(|| ApiError::missing("query"))?;
    let dictionary = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
    let type_name = required_text(dictionary, "recordType")?;
    let limit = results_limit(request)?.unwrap_or(MAX_PAGE);
    let show = Show {
        desired_keys: desired_keys(request)?,
        numbers_as_strings: optional_bool(request, "numbersAsStrings")?.unwrap_or(false),
    };
    let marker = optional_text(request, "continuationMarker")?;
    let zone_wide = optional_bool(request, "zoneWide")?.unwrap_or(false) && request.get("zoneID").is_none();

    if type_name == USERS {
        return Err(ApiError::bad_request("Can't query system types"));
    }
    let schema = call.state.schema(call.environment);
    let record_type = schema.get(type_name).ok_or_else(|| unknown_type(type_name))?;
    if !call.allowed(record_type, Permission::Read, call.caller.record_name()) {
        let mut error = not_permitted("READ");
        error.code = facts::QUERY_WITHOUT_READ.value;
        return Err(error);
    }
    let query = read_query(dictionary, record_type)?;

    let zone_id = if zone_wide { None } else { Some(call.requested_zone(request)?) };
    let mut store = call.state.store();
    let zones = match &zone_id {
        Some(zone_id) => vec![call.find_zone(&mut store, zone_id)?.ok_or_else(|| zone_id.not_found())?],
        None => call.zones(&mut store)?,
    };
    let ids: Vec<_> = zones.iter().map(|zone| zone.id).collect();
    let place = match zone_id {
        Some(_) => format!("{ids:?}"),
        // Zones may come and go between two pages.
        None => {
            let owner = call.zone_owner().unwrap_or_default();
            format!("{} {} {owner}", call.environment, call.scope.as_str())
        }
    };
    let mut accesses = HashMap::new();
    for zone in &zones {
        accesses.insert(zone.id, call.access(&store, zone)?);
    }
    store.catch_up(call.now, |record| schema.get(&record.record_type))?;
    let all_visible = call.allowed(record_type, Permission::Read, None);
    let visible = |store: &Store, record: &Record| {
        if !all_visible && !call.may_read(record_type, record) {
            return Ok(false);
        }
        accesses.get(&record.zone).map_or(Ok(false), |access| access.sees(store, record))
    };
    let search = Search {
        query: &query,
        record_type,
        zones: &ids,
        place: &place,
        visible: &visible,
        marker,
        limit,
        effort: FIRST_EFFORT,
    };
    let page = search.run(&mut store)?;
    let token = match (zones.as_slice(), &zone_id) {
        ([zone], Some(_)) => call.asked_sync_token(&store, zone)?,
        _ => String::new(),
    };
    drop(store);

    let mut entries = Vec::with_capacity(page.records.len());
    for record in &page.records {
        let Some(zone) = zones.iter().find(|zone| zone.id == record.zone) else { continue };
        let mut entry = String::new();
        call.write_record(&mut entry, record, zone, &show)?;
        entries.push(entry);
    }
    let mut out = format!("{{\"records\":{}", array(&entries));
    if let Some(marker) = page.marker {
        out.push_str(",\"continuationMarker\":");
        write_string(&mut out, &marker);
    }
    out.push_str(&token);
    out.push('}');
    Ok(out)
}

/// The schema does not know the record type.
pub(super) fn unknown_type(name: &str) -> ApiError {
    let name: String = name.chars().take(255).collect();
    ApiError::new(ServerErrorCode::NotFound, format!("could not find record_type with name '{name}'"))
}
