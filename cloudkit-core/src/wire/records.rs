//! `records/query`, `records/lookup` and `records/modify`.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::RecordItem;
use crate::query::{RawFilter, RawSort};
use crate::record::{FromRecord, RecordName};
use crate::zone::ZoneId;

/// The most operations, and the most names looked up, that CloudKit takes in one request.
///
/// Apple: [Data Size Limits](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/PropertyMetrics.html)
pub(crate) const MAX_ITEMS: usize = 200;

/// Apple: [Fetching Records Using a Query](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/QueryingRecords.html)
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryRequest<'a> {
    pub(crate) query: QueryDictionary<'a>,
    #[serde(rename = "zoneID", skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<&'a ZoneId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) zone_wide: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) results_limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) continuation_marker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) desired_keys: Option<&'a [&'a str]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueryDictionary<'a> {
    pub(crate) record_type: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) filter_by: &'a [RawFilter],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) sort_by: &'a [RawSort],
}

/// Apple: [Fetching Records by Record Name](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/LookupRecords.html)
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LookupRequest<'a> {
    pub(crate) records: &'a [NamedRecord<'a>],
    #[serde(rename = "zoneID", skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<&'a ZoneId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) desired_keys: Option<&'a [&'a str]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamedRecord<'a> {
    pub(crate) record_name: &'a RecordName,
}

/// Apple: [Modifying Records](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/ModifyRecords.html)
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModifyRequest<'a, O> {
    pub(crate) operations: &'a [O],
    #[serde(rename = "zoneID", skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<&'a ZoneId>,
    /// Apple's documents disagree about the default, so it always goes along; but for the default zone, where CloudKit
    /// refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) atomic: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) desired_keys: Option<&'a [&'a str]>,
}

/// What all three answer.
#[derive(Debug)]
pub(crate) struct RecordsReply<T> {
    pub(crate) records: Vec<RecordItem<T>>,
    pub(crate) continuation_marker: Option<String>,
}

impl<'de, T: FromRecord> Deserialize<'de> for RecordsReply<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReplyVisitor(PhantomData))
    }
}

struct ReplyVisitor<T>(PhantomData<T>);

impl<'de, T: FromRecord> Visitor<'de> for ReplyVisitor<T> {
    type Value = RecordsReply<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `records`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RecordsReply<T>, A::Error> {
        let mut records = None;
        let mut continuation_marker = None;
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Records => records = Some(map.next_value()?),
                Key::ContinuationMarker => continuation_marker = map.next_value()?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(RecordsReply {
            records: records.ok_or_else(|| A::Error::missing_field("records"))?,
            continuation_marker,
        })
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    Records,
    ContinuationMarker,
    #[serde(other)]
    Other,
}
