//! `assets/…`: leave to upload files, and to use those of other records; and the check of what is then saved.

use std::fmt::Write as _;

use cloudkit_core::ServerErrorCode;

use super::lookup::not_permitted;
use super::reply::array;
use super::request::{ZoneId, items, optional_text, required_text};
use super::save::check_record_name;
use super::{ApiError, Call, Caller, Scope, request_object};
use crate::assets::{DownloadLinks, UPLOAD_PATH};
use crate::facts;
use crate::json::{self, Object, write_string};
use crate::schema::Permission;
use crate::server::State;
use crate::store::{AssetPlace, DatabaseId, Receipt, Store, StoreError, Zone};
use crate::value::{Asset, Content, Field, Scalar, write_asset};

/// The record of a place when it is not known yet: the file can be saved in the field of any record.
const ANY_RECORD: &str = "";

/// `assets/upload`: an address for each file that is to be uploaded.
pub(super) fn upload(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    upload_for(call, request, None)
}

/// The same for records that have no name yet, as the management API asks for it.
pub(crate) fn upload_for_any_record(call: &Call<'_>, body: &str) -> Result<String, ApiError> {
    let node = json::parse(body).map_err(|error| ApiError::unexpected_at(error.at))?;
    upload_for(call, request_object(&node)?, Some(ANY_RECORD))
}

fn upload_for(call: &Call<'_>, request: &Object<'_>, any_record: Option<&str>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    let mut wanted = Vec::new();
    for node in items(request, "tokens")? {
        let token = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let field = required_text(token, "fieldName")?.to_owned();
        let record_type = optional_text(token, "recordType")?;
        let record = match (any_record, optional_text(token, "recordName")?) {
            (Some(any), _) => any.to_owned(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => call.state.random_uuid(),
        };
        if any_record.is_none() {
            check_record_name(&record, record_type)?;
        }
        wanted.push((record, field));
    }
    let zone_id = call.requested_zone(request)?;
    let mut store = call.state.store();
    let zone = call.find_zone(&mut store, &zone_id)?.ok_or_else(|| zone_id.not_found())?;
    if !call.access(&store, &zone)?.may_change_something() {
        return Err(not_permitted("WRITE"));
    }
    let life = i64::try_from(facts::UPLOAD_URL_LIFE.value.as_millis()).unwrap_or(i64::MAX);
    let entries = store.transaction(|store| {
        store.forget_old_uploads(call.now)?;
        let mut entries = Vec::with_capacity(wanted.len());
        for (record, field) in wanted {
            let token = fresh(call.state, |token| Ok(store.upload_url(token)?.is_some()))?;
            let place = AssetPlace { zone: zone.id, record, field };
            store.add_upload_url(&token, zone.database, &place, call.now.saturating_add(life))?;
            let mut entry = String::from("{\"recordName\":");
            write_string(&mut entry, &place.record);
            entry.push_str(",\"fieldName\":");
            write_string(&mut entry, &place.field);
            let _ = write!(entry, ",\"url\":\"{}{UPLOAD_PATH}?token={token}\"}}", call.state.url());
            entries.push(entry);
        }
        Ok::<_, ApiError>(entries)
    })?;
    Ok(format!("{{\"tokens\":{}}}", array(&entries)))
}

/// `assets/rereference`: receipts with which the assets of records can be saved in other records.
pub(super) fn rereference(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    let mut wanted = Vec::new();
    for node in items(request, "assets")? {
        let item = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        wanted.push((required_text(item, "recordName")?, required_text(item, "fieldName")?));
    }
    let from = call.requested_zone(request)?;
    let to = match request.get("targetZoneID") {
        None => from.clone(),
        Some(node) => ZoneId::read(node)?,
    };
    let mut store = call.state.store();
    let from = call.find_zone(&mut store, &from)?.ok_or_else(|| from.not_found())?;
    let to = call.find_zone(&mut store, &to)?.ok_or_else(|| to.not_found())?;
    if !call.access(&store, &to)?.may_change_something() {
        return Err(not_permitted("WRITE"));
    }
    let entries = store.transaction(|store| {
        store.forget_old_uploads(call.now)?;
        let mut entries = Vec::with_capacity(wanted.len());
        for (record, field) in wanted {
            let entry = match asset_of(call, store, &from, record, field)? {
                Ok(asset) => {
                    let receipt = issue_receipt(call.state, store, to.database, None, asset)?;
                    let mut entry = String::new();
                    write_asset(&mut entry, &receipt.asset, None);
                    entry
                }
                Err(refusal) => refusal.asset_item(record, field),
            };
            entries.push(entry);
        }
        Ok::<_, ApiError>(entries)
    })?;
    Ok(format!("{{\"assets\":{}}}", array(&entries)))
}

/// The one asset in a field of a record, or why it cannot be had.
fn asset_of(
    call: &Call<'_>,
    store: &mut Store,
    zone: &Zone,
    record: &str,
    field: &str,
) -> Result<Result<Asset, ApiError>, ApiError> {
    let missing = || ApiError::new(ServerErrorCode::NotFound, "Record not found");
    let Some(record) = store.record(zone.id, record)? else { return Ok(Err(missing())) };
    if !call.access(store, zone)?.sees(store, &record)? {
        return Ok(Err(missing()));
    }
    let schema = call.state.schema(call.environment);
    if let Some(record_type) = schema.get(&record.record_type)
        && !call.allowed(record_type, Permission::Read, Some(&record.created.by))
    {
        return Ok(Err(not_permitted("READ")));
    }
    Ok(match record.read_fields()?.remove(field).map(|field| field.content) {
        Some(Content::One(Scalar::Asset(asset))) => Ok(asset),
        Some(Content::List(_)) => Err(ApiError::new(
            facts::REREFERENCE_OF_LISTS.value,
            "the field holds a list, of which no single asset can be named",
        )),
        _ => Err(ApiError::new(ServerErrorCode::NotFound, "the field holds no asset")),
    })
}

/// Makes a receipt for an asset whose bytes the store has, and keeps it.
pub(crate) fn issue_receipt(
    state: &State,
    store: &mut Store,
    database: DatabaseId,
    place: Option<AssetPlace>,
    asset: Asset,
) -> Result<Receipt, StoreError> {
    let text = fresh(state, |text| Ok(store.receipt(text, i64::MIN)?.is_some()))?;
    let receipt = Receipt { database, place, asset: Asset { receipt: Some(text), ..asset } };
    let life = i64::try_from(facts::RECEIPT_LIFE.value.as_millis()).unwrap_or(i64::MAX);
    store.add_receipt(&receipt, state.clock().now_ms().saturating_add(life))?;
    Ok(receipt)
}

/// A random token that is not taken. A container that was started again with the seed of an earlier one may have
/// given it out before.
fn fresh(state: &State, is_taken: impl Fn(&str) -> Result<bool, StoreError>) -> Result<String, StoreError> {
    loop {
        let token = state.random().hex64();
        if !is_taken(&token)? {
            return Ok(token);
        }
    }
}

/// Checks the assets of a field that is to be saved, and leaves of them what is kept.
pub(super) fn settle_assets(
    call: &Call<'_>,
    store: &mut Store,
    zone: &Zone,
    (record_name, field_name): (&str, &str),
    field: &mut Field,
    stored: Option<&Field>,
) -> Result<(), ApiError> {
    let refused = || ApiError::bad_request("bad upload receipt (did_not_validate)");
    for scalar in field.scalars_mut() {
        let Scalar::Asset(asset) = scalar else { continue };
        let Some(text) = &asset.receipt else {
            let same =
                |known: &&Asset| known.file_checksum == asset.file_checksum && known.size == asset.size;
            let kept = stored.filter(|_| facts::KEPT_ASSET_NEEDS_NO_RECEIPT.value);
            *asset = kept.and_then(|field| field.assets().find(same)).ok_or_else(refused)?.clone();
            continue;
        };
        let receipt = store.receipt(text, call.now)?.ok_or_else(refused)?;
        let is_here = receipt.database == zone.database
            && receipt.place.as_ref().is_none_or(|place| {
                let same_record = place.record == record_name || place.record == ANY_RECORD;
                let same_field = same_record && place.field == field_name;
                place.zone == zone.id && (same_field || !facts::RECEIPT_IS_FOR_ONE_FIELD.value)
            });
        if !is_here || !is_verbatim(call.scope, asset, &receipt.asset) {
            return Err(refused());
        }
        store.use_receipt(text)?;
        *asset = Asset { receipt: None, ..receipt.asset };
        if call.scope == Scope::Public {
            // Replies of the public database leave these out.
            asset.reference_checksum = None;
            asset.wrapping_key = None;
        }
    }
    Ok(())
}

/// Whether a request repeats what the upload was answered with. In the public database it may leave out the key.
fn is_verbatim(scope: Scope, given: &Asset, known: &Asset) -> bool {
    let may_miss = scope == Scope::Public;
    let agrees =
        |given: &Option<String>, known: &Option<String>| given == known || may_miss && given.is_none();
    given.file_checksum == known.file_checksum
        && given.size == known.size
        && agrees(&given.reference_checksum, &known.reference_checksum)
        && agrees(&given.wrapping_key, &known.wrapping_key)
}

impl Call<'_> {
    /// Makes the addresses of the assets in a reply.
    pub(super) fn download_links(&self) -> DownloadLinks {
        let life = i64::try_from(facts::DOWNLOAD_URL_LIFE.value.as_millis()).unwrap_or(i64::MAX);
        DownloadLinks {
            server: self.state.url().to_owned(),
            key: *self.state.download_key(),
            expires_at: self.now.saturating_add(life),
        }
    }
}
