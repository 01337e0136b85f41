use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::UnitDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ServerErrorCode;
use crate::error::ServerError;
use crate::record::{ChangeTag, FromRecord, Metadata, Record, RecordName, Stamp};
use crate::value::StoredValue;
use crate::zone::ZoneId;

/// One element of a `records` array: a record, the trace of a deleted one, or why there is none.
#[derive(Debug)]
pub(crate) enum RecordItem<T> {
    /// A record.
    Record(Record<T>),
    /// The record of this name is gone.
    Deleted(RecordName),
    /// A name and nothing else, which some answers to a deletion are.
    Named(RecordName),
    /// CloudKit refused this item.
    Failed(ServerError),
}

impl<T> RecordItem<T> {
    pub(crate) fn record_name(&self) -> Option<&RecordName> {
        match self {
            Self::Record(record) => Some(record.record_name()),
            Self::Deleted(name) | Self::Named(name) => Some(name),
            Self::Failed(error) => error.record_name.as_ref(),
        }
    }
}

impl<'de, T: FromRecord> Deserialize<'de> for RecordItem<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemVisitor(PhantomData))
    }
}

struct ItemVisitor<T>(PhantomData<T>);

impl<'de, T: FromRecord> Visitor<'de> for ItemVisitor<T> {
    type Value = RecordItem<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record or an error")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RecordItem<T>, A::Error> {
        let mut record_name: Option<RecordName> = None;
        let mut record_type: Option<Box<str>> = None;
        let mut change_tag: Option<ChangeTag> = None;
        let mut fields = FieldsState::Absent;
        let mut created: Option<Stamp> = None;
        let mut modified: Option<Stamp> = None;
        let mut deleted: Option<bool> = None;
        let mut zone: Option<ZoneId> = None;
        let mut parent: Option<Named> = None;
        let mut share: Option<Named> = None;
        let mut short_guid: Option<String> = None;
        let mut failure = Failure::default();

        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::RecordName => record_name = map.next_value()?,
                Key::RecordType => match T::ONLY_TYPE {
                    Some(expected) => map.next_value_seed(OnlyType(expected))?,
                    None => record_type = map.next_value()?,
                },
                Key::ChangeTag => change_tag = map.next_value()?,
                Key::Fields => {
                    fields = match T::ONLY_TYPE.or(record_type.as_deref()) {
                        Some(record_type) => {
                            FieldsState::Read(map.next_value_seed(FieldsSeed::<T>(record_type, PhantomData))?)
                        }
                        // The type decides how to read the fields, and comes later in this answer.
                        None => FieldsState::Kept(map.next_value()?),
                    }
                }
                Key::Created => created = map.next_value()?,
                Key::Modified => modified = map.next_value()?,
                Key::Deleted => deleted = map.next_value()?,
                Key::ZoneId => zone = map.next_value()?,
                Key::Parent => parent = map.next_value()?,
                Key::Share => share = map.next_value()?,
                Key::ShortGuid => short_guid = map.next_value()?,
                Key::ServerErrorCode => failure.code = map.next_value()?,
                Key::Reason => failure.reason = map.next_value()?,
                Key::ExtensionErrorCode => failure.extension_code = map.next_value()?,
                Key::RetryAfter => failure.retry_after = map.next_value::<Option<Number>>()?,
                Key::Uuid => failure.uuid = map.next_value()?,
                Key::RedirectUrl => failure.redirect_url = map.next_value()?,
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }

        if let Some(error) = failure.into_error(record_name.as_ref()) {
            return Ok(RecordItem::Failed(error));
        }
        let record_name = record_name.ok_or_else(|| de::Error::missing_field("recordName"))?;
        if deleted == Some(true) {
            return Ok(RecordItem::Deleted(record_name));
        }
        if deleted.is_none() && change_tag.is_none() && matches!(fields, FieldsState::Absent) {
            return Ok(RecordItem::Named(record_name));
        }
        let change_tag = change_tag.ok_or_else(|| de::Error::missing_field("recordChangeTag"))?;
        let known_type = || {
            T::ONLY_TYPE
                .or(record_type.as_deref())
                .ok_or_else(|| <A::Error as de::Error>::missing_field("recordType"))
        };
        let value = match fields {
            FieldsState::Read(value) => value,
            FieldsState::Kept(json) => decode_kept(known_type()?, &json).map_err(de::Error::custom)?,
            FieldsState::Absent => T::decode_fields(known_type()?, UnitDeserializer::new())?,
        };
        let metadata = Metadata {
            record_name,
            change_tag,
            created,
            modified,
            zone,
            parent: parent.map(|parent| parent.record_name),
            share: share.map(|share| share.record_name),
            short_guid,
        };
        Ok(RecordItem::Record(Record::from_parts(value, metadata)))
    }
}

enum FieldsState<T> {
    Absent,
    Read(T),
    Kept(Box<RawValue>),
}

struct FieldsSeed<'a, T>(&'a str, PhantomData<T>);

impl<'de, T: FromRecord> DeserializeSeed<'de> for FieldsSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::decode_fields(self.0, deserializer)
    }
}

/// Reads fields that had to wait for the record type. The place of a fault is looked for when there is one, as in
/// [`wire::read`](crate::wire::read).
fn decode_kept<T: FromRecord>(record_type: &str, json: &RawValue) -> Result<T, String> {
    T::decode_fields(record_type, json).map_err(|error| {
        let mut track = serde_path_to_error::Track::new();
        let mut deserializer = serde_json::Deserializer::from_str(json.get());
        let located = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
        match T::decode_fields(record_type, located) {
            Err(error) => match track.path().to_string().as_str() {
                "." => format!("fields: {error}"),
                path => format!("fields.{path}: {error}"),
            },
            Ok(_) => error.to_string(),
        }
    })
}

/// The record type, where it can be one only: it is compared and not kept.
struct OnlyType(&'static str);

impl<'de> DeserializeSeed<'de> for OnlyType {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for OnlyType {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type of a record")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: de::Error>(self, found: &str) -> Result<(), E> {
        if found == self.0 {
            return Ok(());
        }
        Err(E::custom(format_args!(
            "the record is of the type `{found}`, and the struct is of the type `{}`",
            self.0
        )))
    }
}

/// A number, or a number as text.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize_value(deserializer).map(Self)
    }
}

#[derive(Default)]
struct Failure {
    code: Option<Box<str>>,
    /// Of an extension of the server, known from Apple's JavaScript.
    extension_code: Option<Box<str>>,
    reason: Option<String>,
    retry_after: Option<Number>,
    uuid: Option<String>,
    redirect_url: Option<String>,
}

impl Failure {
    /// An item is an error exactly when it has a code, whatever else it has.
    fn into_error(self, record_name: Option<&RecordName>) -> Option<ServerError> {
        let code = self.code.or(self.extension_code)?;
        Some(ServerError {
            reason: self.reason,
            record_name: record_name.cloned(),
            retry_after: self.retry_after.and_then(|seconds| Duration::try_from_secs_f64(seconds.0).ok()),
            uuid: self.uuid,
            redirect_url: self.redirect_url,
            ..ServerError::new(ServerErrorCode::from(&*code))
        })
    }
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(rename = "recordName")]
    record_name: RecordName,
}

enum Key {
    RecordName,
    RecordType,
    ChangeTag,
    Fields,
    Created,
    Modified,
    Deleted,
    ZoneId,
    Parent,
    Share,
    ShortGuid,
    ServerErrorCode,
    ExtensionErrorCode,
    Reason,
    RetryAfter,
    Uuid,
    RedirectUrl,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key of a record")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "recordName" => Key::RecordName,
                    "recordType" => Key::RecordType,
                    "recordChangeTag" => Key::ChangeTag,
                    "fields" => Key::Fields,
                    "created" => Key::Created,
                    "modified" => Key::Modified,
                    "deleted" => Key::Deleted,
                    "zoneID" => Key::ZoneId,
                    "parent" => Key::Parent,
                    "share" => Key::Share,
                    "shortGUID" => Key::ShortGuid,
                    "serverErrorCode" => Key::ServerErrorCode,
                    "extensionErrorCode" => Key::ExtensionErrorCode,
                    "reason" => Key::Reason,
                    "retryAfter" => Key::RetryAfter,
                    "uuid" => Key::Uuid,
                    "redirectURL" | "redirectUrl" => Key::RedirectUrl,
                    _ => Key::Other,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}
