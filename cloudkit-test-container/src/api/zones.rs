//! `zones/modify`: makes zones. The rest of the zone calls, deleting among them, is not served yet.

use super::reply::array;
use super::request::{ZoneId, items};
use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::Object;
use crate::store::{DEFAULT_ZONE, Store};
use crate::value::write_zone_id;

pub(super) fn modify(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.state.sign_in(facts::TOKEN_ONLY_WRITE.value, call.environment));
    }
    let mut zones = Vec::new();
    for node in items(request, "operations")? {
        let operation = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let verb = operation.get("operationType").ok_or_else(|| ApiError::missing("operationType"))?;
        if verb.as_str() != Some("create") {
            return Err(ApiError::unexpected(verb));
        }
        let zone = operation.get("zone").ok_or_else(|| ApiError::missing("zone"))?;
        let zone = zone.as_object().ok_or_else(|| ApiError::unexpected(zone))?;
        zones.push(ZoneId::read(zone.get("zoneID").ok_or_else(|| ApiError::missing("zoneID"))?)?);
    }
    if call.scope != Scope::Private {
        return Err(ApiError::bad_request(format!(
            "BadRequestException: endpoint not applicable in the database type '{}'",
            call.scope.in_reasons()
        )));
    }
    let mut store = call.state.store();
    let entries = store.transaction(|store| {
        zones.iter().map(|zone| create(call, store, zone)).collect::<Result<Vec<_>, ApiError>>()
    })?;
    Ok(format!("{{\"zones\":{}}}", array(&entries)))
}

fn create(call: &Call<'_>, store: &mut Store, zone: &ZoneId) -> Result<String, ApiError> {
    let mut entry = String::from("{\"zoneID\":");
    let owner = call.zone_owner();
    if let Err(reason) = check_zone_name(&zone.name) {
        write_zone_id(&mut entry, &zone.name, owner);
        entry.push(',');
        ApiError::bad_request(reason).write_members(&mut entry);
    } else if !call.owns(zone.owner.as_deref()) {
        write_zone_id(&mut entry, &zone.name, zone.owner.as_deref());
        entry.push(',');
        ApiError::bad_request("zones of another user cannot be created").write_members(&mut entry);
    } else {
        let database = call.database(store)?;
        store.create_zone(database, &zone.name)?;
        write_zone_id(&mut entry, &zone.name, owner);
        entry.push_str(",\"atomic\":true,\"deleted\":false");
    }
    entry.push('}');
    Ok(entry)
}

/// Whether a custom zone may have this name.
pub(crate) fn check_zone_name(name: &str) -> Result<(), String> {
    let printable = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if name == DEFAULT_ZONE {
        return Err("the default zone can be neither created nor deleted".to_owned());
    }
    if name.is_empty() || name.len() > 255 || !printable || name.starts_with('_') {
        return Err("invalid zone name: 1 to 255 ASCII characters that do not start with '_'".to_owned());
    }
    Ok(())
}
