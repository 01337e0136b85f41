//! `zones/list`, `zones/lookup` and `zones/modify`.

use std::collections::HashSet;

use cloudkit_core::ServerErrorCode;

use super::database_news::announce_databases;
use super::reply::array;
use super::request::{ZoneId, items};
use super::sharing::leave_zone;
use super::sync_token::{Feed, Position};
use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::{Object, write_string};
use crate::store::{DEFAULT_ZONE, Store, Zone};
use crate::value::write_zone_id;

pub(super) fn list(call: &Call<'_>) -> Result<String, ApiError> {
    let mut store = call.state.store();
    let zones = call.zones(&mut store)?;
    let entries = zones.iter().map(|zone| call.zone_entry(&store, zone));
    Ok(format!("{{\"zones\":{}}}", array(&entries.collect::<Result<Vec<_>, _>>()?)))
}

pub(super) fn lookup(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let zone_ids = items(request, "zones")?.iter().map(|node| call.read_zone_id(node));
    let zone_ids = zone_ids.collect::<Result<Vec<_>, _>>()?;
    let mut store = call.state.store();
    let mut entries = Vec::with_capacity(zone_ids.len());
    for zone_id in &zone_ids {
        entries.push(match call.find_zone(&mut store, zone_id)? {
            Some(zone) => call.zone_entry(&store, &zone)?,
            None => zone_id.failed(&zone_id.not_found()),
        });
    }
    Ok(format!("{{\"zones\":{}}}", array(&entries)))
}

enum Verb {
    Create,
    Delete,
}

pub(super) fn modify(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    let mut operations = Vec::new();
    let mut names = HashSet::new();
    for node in items(request, "operations")? {
        let operation = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let verb = operation.get("operationType").ok_or_else(|| ApiError::missing("operationType"))?;
        let verb = match verb.as_str() {
            Some("create") => Verb::Create,
            Some("delete") => Verb::Delete,
            _ => return Err(ApiError::unexpected(verb)),
        };
        let zone = operation.get("zone").ok_or_else(|| ApiError::missing("zone"))?;
        let zone = zone.as_object().ok_or_else(|| ApiError::unexpected(zone))?;
        let zone_id = call.read_zone_id(zone.get("zoneID").ok_or_else(|| ApiError::missing("zoneID"))?)?;
        if !names.insert((zone_id.name.clone(), zone_id.owner.clone())) {
            return Err(ApiError::bad_request(format!(
                "BadRequestException: more than one operation on zone '{}'",
                zone_id.shown()
            )));
        }
        operations.push((verb, zone_id));
    }
    call.refuse_scope(Scope::Public)?;
    let mut store = call.state.store();
    let mut rings = false;
    let entries = store.transaction(|store| {
        let mut entries = Vec::with_capacity(operations.len());
        for (verb, zone_id) in &operations {
            let outcome = match verb {
                Verb::Create => create(call, store, zone_id),
                Verb::Delete => delete(call, store, zone_id, &mut rings),
            };
            entries.push(match outcome {
                Err(error) if error.code != ServerErrorCode::InternalError => zone_id.failed(&error),
                outcome => outcome?,
            });
        }
        rings |= announce_databases(call, store)?;
        Ok::<_, ApiError>(entries)
    })?;
    if rings {
        call.state.courier().ring();
    }
    Ok(format!("{{\"zones\":{}}}", array(&entries)))
}

fn create(call: &Call<'_>, store: &mut Store, zone_id: &ZoneId) -> Result<String, ApiError> {
    check_zone_name(&zone_id.name).map_err(ApiError::bad_request)?;
    if call.scope != Scope::Private {
        return Err(ApiError::bad_request("zones cannot be created in the shared database"));
    }
    if !call.owns(zone_id.owner.as_deref()) {
        return Err(ApiError::bad_request("zones of another user cannot be created"));
    }
    let database = call.database(store)?;
    let limit = call.state.settings().limits.zones;
    if store.zone(database, &zone_id.name)?.is_none() && store.count_zones(database)? >= limit {
        return Err(ApiError::new(
            facts::TOO_MANY_ZONES.value,
            format!("too many zones: a database has {limit} beside the default zone at most"),
        ));
    }
    store.create_zone(database, &zone_id.name)?;
    let zone = call.find_zone(store, zone_id)?.ok_or_else(|| zone_id.not_found())?;
    call.zone_entry(store, &zone)
}

fn delete(
    call: &Call<'_>,
    store: &mut Store,
    zone_id: &ZoneId,
    rings: &mut bool,
) -> Result<String, ApiError> {
    if zone_id.name == DEFAULT_ZONE {
        return Err(ApiError::bad_request(DEFAULT_ZONE_STAYS));
    }
    let zone = call.find_zone(store, zone_id)?.ok_or_else(|| zone_id.not_found())?;
    if call.scope == Scope::Shared {
        *rings |= leave_zone(call, store, &zone)?;
    } else {
        let schema = call.state.schema(call.environment);
        store.tell_participants(&zone, |store| {
            store.delete_zone(&zone, |record| schema.get(&record.record_type), call.now)
        })?;
    }
    Ok(gone_entry(&zone.name, zone.owner()))
}

/// The dictionary of a zone that is gone.
pub(super) fn gone_entry(name: &str, owner: Option<&str>) -> String {
    let mut entry = String::from("{\"zoneID\":");
    write_zone_id(&mut entry, name, owner);
    entry.push_str(",\"deleted\":true}");
    entry
}

impl Call<'_> {
    /// All zones that the caller can see in the database, the default zone first.
    pub(super) fn zones(&self, store: &mut Store) -> Result<Vec<Zone>, ApiError> {
        if self.scope == Scope::Shared {
            return Ok(store.zones_shared_with(self.environment, self.caller_name())?);
        }
        let database = self.database(store)?;
        Ok(store.zones(database)?)
    }

    /// The dictionary of a zone.
    pub(super) fn zone_entry(&self, store: &Store, zone: &Zone) -> Result<String, ApiError> {
        let mut entry = String::from("{\"zoneID\":");
        write_zone_id(&mut entry, &zone.name, zone.owner());
        if zone.is_default() {
            entry.push_str(",\"atomic\":false,\"deleted\":false}");
        } else {
            entry.push_str(&self.current_sync_token(store, zone)?);
            entry.push_str(",\"atomic\":true,\"deleted\":false}");
        }
        Ok(entry)
    }

    /// The member `syncToken` of a reply about records of a zone, if the request asks for it.
    pub(super) fn asked_sync_token(&self, store: &Store, zone: &Zone) -> Result<String, ApiError> {
        if self.wants_sync_token { self.current_sync_token(store, zone) } else { Ok(String::new()) }
    }

    /// The member `syncToken` that stands for everything that has happened in a zone until now, with a comma before it.
    /// Zones without a feed have none.
    pub(super) fn current_sync_token(&self, store: &Store, zone: &Zone) -> Result<String, ApiError> {
        if zone.is_default() {
            return Ok(String::new());
        }
        let at = match self.scope {
            Scope::Shared => store.latest_shared_change(zone.id, self.caller_name())?,
            Scope::Public | Scope::Private => store.latest_change(zone.id)?,
        };
        let position = Position { at, ..Position::start(false) };
        let token = self.write_sync_token(store, Feed::Zone(zone.id), position)?;
        let mut member = String::from(",\"syncToken\":");
        write_string(&mut member, &token);
        Ok(member)
    }
}

const DEFAULT_ZONE_STAYS: &str = "the default zone can be neither created nor deleted";

/// Whether a custom zone may have this name.
pub(crate) fn check_zone_name(name: &str) -> Result<(), String> {
    let printable = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if name == DEFAULT_ZONE {
        return Err(DEFAULT_ZONE_STAYS.to_owned());
    }
    if name.is_empty() || name.len() > 255 || !printable || name.starts_with('_') {
        return Err("invalid zone name: 1 to 255 ASCII characters that do not start with '_'".to_owned());
    }
    Ok(())
}
