//! The references of a record that is saved: where they point, and what that means for their targets.

use cloudkit_core::ServerErrorCode;

use super::save::Saver;
use super::{ApiError, Scope};
use crate::store::{ReferenceEdge, Store, Zone};
use crate::value::{Action, Field, Fields, Reference, Scalar};

impl Saver<'_> {
    /// Gives every reference the zone that it points into, as replies show it.
    pub(super) fn settle_references(&self, field: &mut Field) -> Result<(), ApiError> {
        for scalar in field.scalars_mut() {
            let Scalar::Reference(reference) = scalar else { continue };
            if !self.is_of_this_database(reference.owner.as_deref()) {
                return Err(ApiError::bad_request("references must stay within one database"));
            }
            if self.call.scope == Scope::Public {
                // The public database has one zone, which replies leave out.
                if reference.zone_name.as_ref().is_some_and(|name| *name != self.zone.name) {
                    return Err(ApiError::bad_request("references must stay within one database"));
                }
                reference.zone_name = None;
                reference.owner = None;
                continue;
            }
            let zone_name = reference.zone_name.get_or_insert_with(|| self.zone.name.clone());
            if reference.action == Action::DeleteSelf && *zone_name != self.zone.name {
                return Err(ApiError::bad_request(
                    "references with the action DELETE_SELF must stay within one zone",
                ));
            }
            reference.owner = self.zone.owner().map(str::to_owned);
        }
        Ok(())
    }

    /// What must be remembered about the references of a record; refuses those whose target has to exist and does not.
    pub(super) fn edges(
        &self,
        store: &mut Store,
        record_name: &str,
        fields: &Fields,
    ) -> Result<Vec<ReferenceEdge>, ApiError> {
        let mut edges = Vec::new();
        for (name, field) in fields {
            for scalar in field.scalars() {
                let Scalar::Reference(reference) = scalar else { continue };
                if reference.action == Action::None {
                    continue;
                }
                let zone = self.zone_of(store, reference)?;
                let exists = match &zone {
                    Some(zone) => self.is_there(store, zone, &reference.record_name)?,
                    None => false,
                };
                let is_self = zone.as_ref().is_some_and(|zone| zone.id == self.zone.id)
                    && reference.record_name == record_name;
                if reference.action == Action::Validate && !exists && !is_self {
                    return Err(ApiError::new(
                        ServerErrorCode::ValidatingReferenceError,
                        format!(
                            "Field={name}, recordID={}: validating reference to a record that does not exist",
                            reference.record_name
                        ),
                    ));
                }
                // A dangling reference into a missing zone has nothing that could be deleted.
                let Some(zone) = zone else { continue };
                edges.push(ReferenceEdge {
                    zone: zone.id,
                    target: reference.record_name.clone(),
                    field: name.clone(),
                    action: reference.action.as_str(),
                });
            }
        }
        Ok(edges)
    }

    /// Whether the caller has such a record.
    fn is_there(&self, store: &Store, zone: &Zone, name: &str) -> Result<bool, ApiError> {
        if self.call.scope != Scope::Shared {
            return Ok(store.exists(zone.id, name)?);
        }
        match store.record(zone.id, name)? {
            Some(record) => Ok(self.call.access(store, zone)?.sees(store, &record)?),
            None => Ok(false),
        }
    }

    fn zone_of(&self, store: &mut Store, reference: &Reference) -> Result<Option<Zone>, ApiError> {
        match &reference.zone_name {
            None => Ok(Some(self.zone.clone())),
            Some(name) if *name == self.zone.name => Ok(Some(self.zone.clone())),
            Some(name) => Ok(store.zone(self.zone.database, name)?),
        }
    }

    pub(super) fn keep_edges(
        &self,
        store: &mut Store,
        rid: i64,
        edges: &[ReferenceEdge],
    ) -> Result<(), ApiError> {
        store.set_edges(rid, edges)?;
        for edge in edges.iter().filter(|edge| edge.action == Action::DeleteSelf.as_str()) {
            let mut sources = store.sources(edge.zone, &edge.target, edge.action)?;
            sources.dedup_by_key(|(rid, _)| *rid);
            let limit = self.call.state.settings().limits.delete_self_sources;
            if sources.len() > limit {
                return Err(ApiError::bad_request(format!(
                    "more than {limit} references with the action DELETE_SELF to one record"
                )));
            }
        }
        Ok(())
    }

    /// Whether the owner of a zone ID is the one whose zones the database holds.
    fn is_of_this_database(&self, owner: Option<&str>) -> bool {
        match self.call.scope {
            Scope::Shared => owner.is_none_or(|owner| self.zone.owner() == Some(owner)),
            Scope::Public | Scope::Private => self.call.owns(owner),
        }
    }
}
