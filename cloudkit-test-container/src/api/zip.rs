//! `records/zip/prepare`: the files of a share as one archive.

use std::borrow::Cow;
use std::io::Write as _;

use cloudkit_core::ServerErrorCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::assets::issue_receipt;
use super::request::{desired_keys, optional_text, optional_texts, required_text};
use super::{ApiError, Call, Caller};
use crate::assets::{FILE_NAME, file_checksum};
use crate::json::{Object, write_string};
use crate::schema::SHARE;
use crate::store::{Record, Store};
use crate::value::{Asset, Content};

/// What an archive is called that has no name.
const ARCHIVE_NAME: &str = "archive.zip";

/// What stands for itself in the name of a file.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Answers with the address of the archive, which can be fetched like any file.
pub(super) fn prepare(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    let share = required_text(request, "shareName")?;
    let included = optional_texts(request, "includeRecords")?;
    let excluded = optional_texts(request, "excludeRecords")?.unwrap_or_default();
    let keys = desired_keys(request)?;
    let archive_name = optional_text(request, "archiveName")?.unwrap_or(ARCHIVE_NAME);
    let zone_id = call.requested_zone(request)?;

    let mut store = call.state.store();
    let zone = call.find_zone(&mut store, &zone_id)?.ok_or_else(|| zone_id.not_found())?;
    let access = call.access(&store, &zone)?;
    let missing = || ApiError::new(ServerErrorCode::NotFound, "Record not found");
    let share =
        store.record(zone.id, share)?.filter(|share| share.record_type == SHARE).ok_or_else(missing)?;
    if !access.sees(&store, &share)? {
        return Err(missing());
    }
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for record in store.records_shared_by(&share)? {
        let is_wanted = included.as_ref().is_none_or(|included| included.contains(&record.name))
            && !excluded.contains(&record.name);
        if is_wanted {
            add_files(&mut archive, &store, &record, keys.as_deref())?;
        }
    }
    let archive = archive.finish().map_err(failed)?;

    let checksum = file_checksum(&archive);
    let size = i64::try_from(archive.len()).unwrap_or(i64::MAX);
    let address = call.download_links().address(&checksum);
    let asset =
        Asset { file_checksum: checksum, size, reference_checksum: None, wrapping_key: None, receipt: None };
    store.transaction(|store| {
        store.forget_old_uploads(call.now)?;
        store.add_blob(&asset.file_checksum, &archive)?;
        // Nobody is given the receipt. The file is kept as long as one that no record takes up.
        issue_receipt(call.state, store, zone.database, None, asset)
    })?;
    let mut out = String::from("{\"downloadURL\":");
    write_string(&mut out, &address.replace(FILE_NAME, &file_name(archive_name)));
    out.push('}');
    Ok(out)
}

/// Adds the files of a record: `record/field`, or `record/field-0` and so on for a list.
fn add_files(
    archive: &mut ZipArchiveWriter<Vec<u8>>,
    store: &Store,
    record: &Record,
    keys: Option<&[String]>,
) -> Result<(), ApiError> {
    for (name, field) in &record.read_fields()? {
        if keys.is_some_and(|keys| !keys.contains(name)) {
            continue;
        }
        let is_list = matches!(field.content, Content::List(_));
        for (index, asset) in field.assets().enumerate() {
            let Some(data) = store.blob(&asset.file_checksum)? else { continue };
            let number = if is_list { format!("-{index}") } else { String::new() };
            let path = format!("{}/{}{number}", file_name(&record.name), file_name(name));
            let entry = archive.new_file(path.as_str()).compression_method(CompressionMethod::STORE).start();
            let (mut entry, config) = entry.map_err(failed)?;
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&data).map_err(failed)?;
            let (_, descriptor) = writer.finish().map_err(failed)?;
            entry.finish(descriptor).map_err(failed)?;
        }
    }
    Ok(())
}

/// A name that stays within its directory.
fn file_name(name: &str) -> Cow<'_, str> {
    match name {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        name => utf8_percent_encode(name, ENCODED).into(),
    }
}

fn failed(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(ServerErrorCode::InternalError, format!("the archive cannot be written: {error}"))
}
