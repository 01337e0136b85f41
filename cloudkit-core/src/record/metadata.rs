use serde::{Deserialize, Serialize};

use super::{ChangeTag, RecordName};
use crate::value::Timestamp;
use crate::zone::ZoneId;

/// What CloudKit keeps about a record beside its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The record's name.
    pub record_name: RecordName,
    /// Its version.
    pub change_tag: ChangeTag,
    /// When it was first saved, and by whom.
    pub created: Option<Stamp>,
    /// When it was last saved, and by whom.
    pub modified: Option<Stamp>,
    /// Its zone, where the answer says so: in private and shared databases.
    pub zone: Option<ZoneId>,
    /// The record above it in a shared hierarchy.
    pub parent: Option<RecordName>,
    /// The record of its share, if it is shared.
    pub share: Option<RecordName>,
    /// The last part of the address under which it is shared.
    pub short_guid: Option<String>,
}

/// A moment in a record's life, and who was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stamp {
    /// When.
    #[serde(with = "milliseconds")]
    pub timestamp: Timestamp,
    /// The record name of the user. Records saved with a server-to-server key bear the name of the key.
    #[serde(rename = "userRecordName", default)]
    pub user_record_name: Option<RecordName>,
    /// The device, an opaque text.
    #[serde(rename = "deviceID", default)]
    pub device_id: Option<String>,
}

mod milliseconds {
    use serde::de::Deserializer;
    use serde::ser::Serializer;

    use crate::value::{StoredValue, Timestamp};

    pub(super) fn serialize<S: Serializer>(timestamp: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        timestamp.serialize_value(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize_value(deserializer)
    }
}
