//! `changes/zone` and the older `records/changes`: what has changed in zones since a sync token.

use std::ops::ControlFlow;

use super::reply::{Show, array};
use super::request::{
    MAX_PAGE, ZoneId, desired_keys, items, optional_bool, optional_text, optional_texts, results_limit,
};
use super::sync_token::{Feed, Position};
use super::{ApiError, Call, Scope};
use crate::facts;
use crate::json::{Object, write_string};
use crate::store::{Change, Store, Zone, tag_text};
use crate::value::write_zone_id;

/// What is asked about one zone, besides which zone and since when.
#[derive(Clone, Debug)]
struct Options {
    limit: usize,
    show: Show,
    record_types: Option<Vec<String>>,
    reverse: bool,
}

impl Options {
    /// Reads the options of an object, which override those of the object around it.
    fn read(object: &Object<'_>, outer: Option<&Self>) -> Result<Self, ApiError> {
        // The reference spells it without the first s.
        let numbers_as_strings = match optional_bool(object, "numbersAsStrings")? {
            Some(given) => Some(given),
            None => optional_bool(object, "numberAsStrings")?,
        };
        let inherited = |numbers: Option<bool>| numbers.or(outer.map(|outer| outer.show.numbers_as_strings));
        Ok(Self {
            limit: results_limit(object)?.or(outer.map(|outer| outer.limit)).unwrap_or(MAX_PAGE),
            show: Show {
                desired_keys: desired_keys(object)?.or_else(|| outer?.show.desired_keys.clone()),
                numbers_as_strings: inherited(numbers_as_strings).unwrap_or(false),
            },
            record_types: optional_texts(object, "desiredRecordTypes")?
                .or_else(|| outer?.record_types.clone()),
            reverse: optional_bool(object, "reverse")?.or(outer.map(|outer| outer.reverse)).unwrap_or(false),
        })
    }
}

/// One page of the feed of a zone.
struct Page {
    zone: Zone,
    records: Vec<String>,
    sync_token: String,
    more_coming: bool,
}

pub(super) fn changes_zone(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    call.refuse_scope(Scope::Public)?;
    let outer = Options::read(request, None)?;
    let mut wanted = Vec::new();
    for node in items(request, "zones")? {
        let entry = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let zone_id = call.read_zone_id(entry.get("zoneID").ok_or_else(|| ApiError::missing("zoneID"))?)?;
        wanted.push((zone_id, optional_text(entry, "syncToken")?, Options::read(entry, Some(&outer))?));
    }
    let mut store = call.state.store();
    let mut entries = Vec::with_capacity(wanted.len());
    for (zone_id, token, options) in &wanted {
        entries.push(match page(call, &mut store, zone_id, *token, options) {
            Ok(page) => {
                let mut entry = String::from("{\"zoneID\":");
                write_zone_id(&mut entry, &page.zone.name, page.zone.owner());
                entry.push(',');
                page.write_members(&mut entry);
                entry.push('}');
                entry
            }
            Err(error) if error.code == cloudkit_core::ServerErrorCode::InternalError => return Err(error),
            Err(error) => zone_id.failed(&error),
        });
    }
    Ok(format!("{{\"zones\":{}}}", array(&entries)))
}

pub(super) fn records_changes(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    call.refuse_scope(Scope::Public)?;
    let options = Options::read(request, None)?;
    let zone_id = call.read_zone_id(request.get("zoneID").ok_or_else(|| ApiError::missing("zoneID"))?)?;
    let token = optional_text(request, "syncToken")?;
    let page = page(call, &mut call.state.store(), &zone_id, token, &options)?;
    let mut out = String::from("{");
    page.write_members(&mut out);
    if options.reverse {
        out.push_str(",\"reverse\":true");
    }
    out.push('}');
    Ok(out)
}

impl Page {
    fn write_members(&self, out: &mut String) {
        out.push_str("\"records\":");
        out.push_str(&array(&self.records));
        out.push_str(",\"syncToken\":");
        write_string(out, &self.sync_token);
        out.push_str(if self.more_coming { ",\"moreComing\":true" } else { ",\"moreComing\":false" });
    }
}

fn page(
    call: &Call<'_>,
    store: &mut Store,
    zone_id: &ZoneId,
    token: Option<&str>,
    options: &Options,
) -> Result<Page, ApiError> {
    let zone = call.find_zone(store, zone_id)?.ok_or_else(|| zone_id.not_found())?;
    if zone.is_default() {
        return Err(ApiError::bad_request(facts::NO_FEED_IN_DEFAULT_ZONE.value));
    }
    if options.reverse && call.scope == Scope::Shared {
        return Err(ApiError::bad_request("reverse is not supported in the shared database"));
    }
    let feed = Feed::Zone(zone.id);
    let start = match token {
        None => Position::start(options.reverse),
        Some(token) => call.read_sync_token(store, feed, token)?,
    };
    if start.reverse != options.reverse {
        return Err(ApiError::bad_request(facts::UNKNOWN_SYNC_TOKEN.value));
    }
    let mut records = Vec::new();
    if let Some(next) = start.after_empty_page(call.empty_pages) {
        let sync_token = call.write_sync_token(store, feed, next)?;
        return Ok(Page { zone, records, sync_token, more_coming: true });
    }

    let mut at = start.at;
    let mut more_coming = false;
    let mut failure = None;
    let visit = |seq, change| {
        let wanted = match (&change, &options.record_types) {
            (Change::Saved(record), Some(types)) => types.contains(&record.record_type),
            // A tombstone does not tell its type.
            (Change::Deleted { .. }, Some(_)) => facts::TOMBSTONES_PASS_TYPE_FILTERS.value,
            (_, None) => true,
        };
        if wanted && records.len() == options.limit {
            more_coming = true;
            return Ok(ControlFlow::Break(()));
        }
        at = seq;
        if wanted {
            match call.change_entry(&zone, seq, &change, &options.show) {
                Ok(entry) => records.push(entry),
                Err(error) => {
                    failure = Some(error);
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    };
    if call.scope == Scope::Shared {
        store.walk_shared_changes(zone.id, call.caller_name(), start.at, visit)?;
    } else {
        store.walk_changes(zone.id, start.at, options.reverse, visit)?;
    }
    if let Some(error) = failure {
        return Err(error);
    }
    let sync_token = call.write_sync_token(store, feed, Position { at, run: 0, ..start })?;
    Ok(Page { zone, records, sync_token, more_coming })
}

impl Call<'_> {
    /// A record as it is now, or its tombstone.
    fn change_entry(&self, zone: &Zone, seq: i64, change: &Change, show: &Show) -> Result<String, ApiError> {
        let mut entry = String::new();
        match change {
            Change::Saved(record) => self.write_record(&mut entry, record, zone, show)?,
            Change::Deleted { name } => {
                entry.push_str("{\"recordName\":");
                write_string(&mut entry, name);
                entry.push_str(",\"recordType\":null,\"recordChangeTag\":");
                write_string(&mut entry, &tag_text(seq));
                entry.push_str(",\"deleted\":true,\"zoneID\":");
                write_zone_id(&mut entry, &zone.name, zone.owner());
                entry.push('}');
            }
        }
        Ok(entry)
    }
}
