use std::fmt;

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::{ListElement, ScalarType, StoredValue, ValueType};

/// A file that is stored beside a record.
///
/// What an upload answers can be saved in a field, once, as it is. What a record answers can be downloaded, and not
/// be saved in another field: it carries no receipt.
///
/// Apple: [Types and Dictionaries, Asset Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    #[serde(rename = "fileChecksum")]
    file_checksum: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    #[serde(rename = "referenceChecksum", default, skip_serializing_if = "Option::is_none")]
    reference_checksum: Option<String>,
    #[serde(rename = "wrappingKey", default, skip_serializing_if = "Option::is_none")]
    wrapping_key: Option<String>,
    #[serde(rename = "downloadURL", default, skip_serializing_if = "Option::is_none")]
    download_url: Option<String>,
}

impl Asset {
    /// CloudKit's own checksum of the file: opaque, equal for equal bytes.
    #[must_use]
    pub fn file_checksum(&self) -> &str {
        &self.file_checksum
    }

    /// The file's length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where the file can be fetched, for a short while and without credentials.
    ///
    /// The address may hold `${f}`, to be replaced by a file name of your choice, percent-encoded.
    #[must_use]
    pub fn download_url(&self) -> Option<&str> {
        self.download_url.as_deref()
    }

    /// Whether this is the answer to an upload, which is what can be saved.
    #[must_use]
    pub fn is_upload(&self) -> bool {
        self.receipt.is_some()
    }
}

/// The download address, the receipt and the key open the file to whoever has them, so they are not shown.
impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file_checksum, size, receipt, reference_checksum: _, wrapping_key: _, download_url } =
            self;
        f.debug_struct("Asset")
            .field("file_checksum", file_checksum)
            .field("size", size)
            .field("receipt", &receipt.as_ref().map(|_| ".."))
            .field("download_url", &download_url.as_ref().map(|_| ".."))
            .finish_non_exhaustive()
    }
}

impl StoredValue for Asset {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Asset);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl ListElement for Asset {}
