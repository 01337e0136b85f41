use std::fmt;
use std::marker::PhantomData;

use serde::de::Deserializer;
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use super::{ListElement, ScalarType, StoredValue, ValueType};
use crate::record::{Record, RecordName};
use crate::zone::ZoneId;

/// A pointer from one record to another, in the same database.
///
/// `T` is the record type that it points to. It is known to the compiler only, since CloudKit's schema does not say
/// to which type a reference points; where it may be any, leave `T` out.
///
/// Apple: [Types and Dictionaries, Reference Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
pub struct Reference<T = AnyRecordType> {
    record_name: RecordName,
    zone: Option<ZoneId>,
    action: ReferenceAction,
    target: PhantomData<fn() -> T>,
}

/// The target of a [`Reference`] that may point to a record of any type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyRecordType {}

/// What a reference means for its target's deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ReferenceAction {
    /// Nothing.
    #[default]
    None,
    /// When the target is deleted, so is the record that holds the reference. At most 750 records may point to one
    /// target in this way.
    DeleteSelf,
    /// The target must exist when the reference is saved, and cannot be deleted while it is referred to.
    Validate,
    /// An action that this library does not know. It can be read and not be sent.
    #[serde(other, skip_serializing)]
    Other,
}

impl<T> Reference<T> {
    /// A reference to the record of this name, in the zone of the record that holds the reference.
    #[must_use]
    pub fn new(record_name: impl Into<RecordName>) -> Self {
        Self {
            record_name: record_name.into(),
            zone: None,
            action: ReferenceAction::None,
            target: PhantomData,
        }
    }

    /// A reference to this record.
    #[must_use]
    pub fn to(record: &Record<T>) -> Self {
        Self::new(record.record_name().clone())
    }

    /// The same reference, which deletes the record that holds it when its target is deleted.
    #[must_use]
    pub fn delete_self(self) -> Self {
        Self { action: ReferenceAction::DeleteSelf, ..self }
    }

    /// The same reference, which CloudKit checks: its target must exist, and stay.
    #[must_use]
    pub fn validate(self) -> Self {
        Self { action: ReferenceAction::Validate, ..self }
    }

    /// The same reference, into another zone.
    #[must_use]
    pub fn in_zone(self, zone: ZoneId) -> Self {
        Self { zone: Some(zone), ..self }
    }

    /// The name of the record that is pointed to.
    #[must_use]
    pub fn record_name(&self) -> &RecordName {
        &self.record_name
    }

    /// The zone of the record that is pointed to, if it was said.
    #[must_use]
    pub fn zone(&self) -> Option<&ZoneId> {
        self.zone.as_ref()
    }

    /// What happens when the target is deleted.
    #[must_use]
    pub fn action(&self) -> ReferenceAction {
        self.action
    }

    /// The same reference as one to a record of another type, or of any.
    #[must_use]
    pub fn retarget<U>(self) -> Reference<U> {
        Reference { record_name: self.record_name, zone: self.zone, action: self.action, target: PhantomData }
    }

    /// The form in a filter: without the action, which CloudKit has no use for there.
    pub(crate) fn filter_value(&self) -> impl Serialize + '_ {
        FilterReference { record_name: &self.record_name, zone: self.zone.as_ref() }
    }
}

#[derive(Serialize)]
struct FilterReference<'a> {
    #[serde(rename = "recordName")]
    record_name: &'a RecordName,
    #[serde(rename = "zoneID", skip_serializing_if = "Option::is_none")]
    zone: Option<&'a ZoneId>,
}

impl<T> Clone for Reference<T> {
    fn clone(&self) -> Self {
        Self {
            record_name: self.record_name.clone(),
            zone: self.zone.clone(),
            action: self.action,
            target: PhantomData,
        }
    }
}

impl<T> PartialEq for Reference<T> {
    fn eq(&self, other: &Self) -> bool {
        self.record_name == other.record_name && self.zone == other.zone && self.action == other.action
    }
}

impl<T> Eq for Reference<T> {}

impl<T> fmt::Debug for Reference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_name, zone, action, target: _ } = self;
        f.debug_struct("Reference")
            .field("record_name", record_name)
            .field("zone", zone)
            .field("action", action)
            .finish()
    }
}

impl<T> StoredValue for Reference<T> {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Reference);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reference = serializer.serialize_struct("Reference", 3)?;
        reference.serialize_field("recordName", &self.record_name)?;
        if let Some(zone) = &self.zone {
            reference.serialize_field("zoneID", zone)?;
        }
        reference.serialize_field("action", &self.action)?;
        reference.end()
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireReference::deserialize(deserializer)?;
        Ok(Self {
            record_name: wire.record_name,
            zone: wire.zone,
            action: wire.action.unwrap_or_default(),
            target: PhantomData,
        })
    }
}

impl<T> ListElement for Reference<T> {}

#[derive(Deserialize)]
struct WireReference {
    #[serde(rename = "recordName")]
    record_name: RecordName,
    #[serde(rename = "zoneID")]
    zone: Option<ZoneId>,
    action: Option<ReferenceAction>,
}
