//! Writes the dictionaries that replies are made of.

use std::fmt::Write as _;

use super::{ApiError, Call};
use crate::facts;
use crate::json::write_string;
use crate::store::{Record, Stamp, Zone};
use crate::value::{WriteOptions, holds_assets, write_fields, write_zone_id};

/// What a reply should show of a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Show {
    pub(super) desired_keys: Option<Vec<String>>,
    pub(super) numbers_as_strings: bool,
}

impl Call<'_> {
    /// Writes a record dictionary.
    pub(super) fn write_record(
        &self,
        out: &mut String,
        record: &Record,
        zone: &Zone,
        show: &Show,
    ) -> Result<(), ApiError> {
        out.push_str("{\"recordName\":");
        write_string(out, &record.name);
        out.push_str(",\"recordType\":");
        write_string(out, &record.record_type);
        out.push_str(",\"fields\":");
        let has_assets = holds_assets(&record.fields);
        if show.desired_keys.is_none() && !show.numbers_as_strings && !has_assets {
            // Fields are stored as replies show them.
            out.push_str(&record.fields);
        } else {
            let links = has_assets.then(|| self.download_links());
            let options = WriteOptions {
                downloads: links.as_ref(),
                desired_keys: show.desired_keys.as_deref(),
                numbers_as_strings: show.numbers_as_strings,
            };
            write_fields(out, &record.read_fields()?, options);
        }
        let _ = write!(out, ",\"pluginFields\":{{}},\"recordChangeTag\":\"{}\"", record.change_tag());
        write_stamp(out, "created", &record.created);
        write_stamp(out, "modified", &record.modified);
        if let Some(parent) = &record.parent {
            out.push_str(",\"parent\":{\"recordName\":");
            write_string(out, parent);
            out.push('}');
        }
        if let Some(owner) = zone.owner() {
            out.push_str(",\"zoneID\":");
            write_zone_id(out, &zone.name, Some(owner));
        }
        if let Some(sharing) = &record.sharing {
            self.write_sharing(out, sharing, zone);
        }
        out.push_str(",\"deleted\":false}");
        Ok(())
    }
}

fn write_stamp(out: &mut String, member: &str, stamp: &Stamp) {
    let _ = write!(out, ",\"{member}\":{{\"timestamp\":{},\"userRecordName\":", stamp.at);
    write_string(out, &stamp.by);
    let _ = write!(out, ",\"deviceID\":\"{}\"}}", facts::DEVICE_ID.value);
}

/// Joins items that are JSON already into an array.
pub(super) fn array(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}
