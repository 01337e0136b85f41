//! `records/lookup`: records by name.

use cloudkit_core::ServerErrorCode;

use super::reply::{Show, array};
use super::request::{desired_keys, items, optional_bool, required_text};
use super::{ApiError, Call, Scope};
use crate::facts;
use crate::json::Object;
use crate::schema::{Permission, RecordType, Role};
use crate::store::Record;

pub(super) fn lookup(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let numbers_as_strings = optional_bool(request, "numbersAsStrings")?.unwrap_or(false);
    let default_keys = desired_keys(request)?;
    let mut wanted = Vec::new();
    for node in items(request, "records")? {
        let item = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let name = required_text(item, "recordName")?;
        let desired_keys = desired_keys(item)?.or_else(|| default_keys.clone());
        wanted.push((name, Show { desired_keys, numbers_as_strings }));
    }
    let zone_id = call.requested_zone(request)?;
    let schema = call.state.schema(call.environment);
    let mut store = call.state.store();
    let zone = call.find_zone(&mut store, &zone_id)?;
    if zone.is_none() && !facts::MISSING_ZONE_ON_LOOKUP_IS_PER_ITEM.value {
        return Err(zone_id.not_found());
    }
    let access = zone.as_ref().map(|zone| call.access(&store, zone)).transpose()?;
    let mut entries = Vec::with_capacity(wanted.len());
    for (name, show) in wanted {
        let (Some(zone), Some(access)) = (&zone, &access) else {
            entries.push(zone_id.not_found().record_item(name));
            continue;
        };
        let record = match store.record(zone.id, name)? {
            Some(record) if access.sees(&store, &record)? => Some(record),
            _ => None,
        };
        let Some(record) = record else {
            entries.push(ApiError::new(facts::HIDDEN_RECORD.value, "Record not found").record_item(name));
            continue;
        };
        match schema.get(&record.record_type) {
            Some(record_type) if !call.may_read(record_type, &record) => {
                entries.push(not_permitted("READ").record_item(name));
            }
            _ => {
                let mut entry = String::new();
                call.write_record(&mut entry, &record, zone, &show)?;
                entries.push(entry);
            }
        }
    }
    let token = match &zone {
        Some(zone) => call.asked_sync_token(&store, zone)?,
        None => String::new(),
    };
    Ok(format!("{{\"records\":{}{token}}}", array(&entries)))
}

/// A GRANT is missing.
pub(super) fn not_permitted(permission: &str) -> ApiError {
    ApiError::new(ServerErrorCode::AccessDenied, format!("{permission} operation not permitted"))
}

impl Call<'_> {
    /// Whether a GRANT allows the caller this, for a record that `creator` has made; `None` for any record.
    pub(super) fn allowed(
        &self,
        record_type: &RecordType,
        permission: Permission,
        creator: Option<&str>,
    ) -> bool {
        // Grants guard the public database only; the others are guarded by whose they are.
        if self.scope != Scope::Public {
            return true;
        }
        if record_type.allows(permission, &Role::World) {
            return true;
        }
        let Some(name) = self.caller.record_name() else { return false };
        if record_type.allows(permission, &Role::ICloud) {
            return true;
        }
        if creator == Some(name) && record_type.allows(permission, &Role::Creator) {
            return true;
        }
        match self.caller {
            super::Caller::User { roles, .. } => {
                roles.iter().any(|role| record_type.allows(permission, &Role::Custom(role.clone())))
            }
            _ => false,
        }
    }

    pub(super) fn may_read(&self, record_type: &RecordType, record: &Record) -> bool {
        self.allowed(record_type, Permission::Read, Some(&record.created.by))
    }
}
