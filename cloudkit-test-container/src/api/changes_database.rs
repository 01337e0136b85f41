//! `changes/database` and the older `zones/changes`: which zones have changed since a sync token.

use super::reply::array;
use super::request::{MAX_PAGE, optional_text, results_limit};
use super::sync_token::{Feed, Position};
use super::zones::gone_entry;
use super::{ApiError, Call, Scope};
use crate::facts;
use crate::json::{Object, write_string};
use crate::store::{DatabaseId, Store, ZoneChange};

pub(super) fn changes_database(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    page(call, request, "syncToken", Feed::Database)
}

/// The same under other names. A request that says `syncToken` here starts from the beginning, as Apple's does.
pub(super) fn zones_changes(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    page(call, request, facts::META_SYNC_TOKEN.value, Feed::Zones)
}

fn page(
    call: &Call<'_>,
    request: &Object<'_>,
    token_member: &str,
    feed: fn(DatabaseId) -> Feed,
) -> Result<String, ApiError> {
    call.refuse_scope(Scope::Public)?;
    let limit = results_limit(request)?.unwrap_or(MAX_PAGE);
    let token = optional_text(request, token_member)?;
    let mut store = call.state.store();
    let feed = feed(call.database(&mut store)?);
    let start = match token {
        None => Position::start(false),
        Some(token) => call.read_sync_token(&store, feed, token)?,
    };
    let mut entries = Vec::new();
    let mut end = start;
    let mut more_coming = false;
    if let Some(next) = start.after_empty_page(call.empty_pages) {
        end = next;
        more_coming = true;
    } else {
        let changes = call.zone_changes(&mut store)?;
        for change in changes.into_iter().filter(|change| change.seq > start.at) {
            // Whoever starts from nothing has no zone to forget.
            let starts = token.is_none() && facts::NEW_READERS_HEAR_OF_LIVING_ZONES.value;
            let shown = change.zone.is_some() || !starts;
            if shown && entries.len() == limit {
                more_coming = true;
                break;
            }
            end.at = change.seq;
            if shown {
                entries.push(match &change.zone {
                    Some(zone) => call.zone_entry(&store, zone)?,
                    None => gone_entry(&change.name, change.owner.as_deref().or(call.zone_owner())),
                });
            }
        }
        end.run = 0;
    }
    let mut out = format!("{{\"zones\":{},\"{token_member}\":", array(&entries));
    write_string(&mut out, &call.write_sync_token(&store, feed, end)?);
    out.push_str(if more_coming { ",\"moreComing\":true}" } else { ",\"moreComing\":false}" });
    Ok(out)
}

impl Call<'_> {
    /// The feed of the database: its zones but the default one, in the order of their latest change.
    fn zone_changes(&self, store: &mut Store) -> Result<Vec<ZoneChange>, ApiError> {
        let database = self.database(store)?;
        if self.scope == Scope::Shared {
            return Ok(store.shared_zone_changes(database, self.environment, self.caller_name())?);
        }
        Ok(store.zone_changes(database)?)
    }
}
