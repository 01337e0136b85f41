use serde::{Deserialize, Serialize};

/// The name of a record zone, and whose it is.
///
/// Every database has the zone `_defaultZone`. Users' private databases can have more, and whoever is invited sees
/// those in the shared database, under their owner's record name.
///
/// Apple: [Types and Dictionaries, Zone ID Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ZoneId {
    #[serde(rename = "zoneName")]
    name: String,
    #[serde(rename = "ownerRecordName", default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
}

impl ZoneId {
    /// The name of the zone that every database has.
    pub const DEFAULT_NAME: &'static str = "_defaultZone";

    /// The caller's own zone of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), owner: None }
    }

    /// A zone of this name that belongs to the user with this record name. Zones of the shared database need it.
    #[must_use]
    pub fn owned_by(name: impl Into<String>, owner: impl Into<String>) -> Self {
        Self { name: name.into(), owner: Some(owner.into()) }
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The record name of the user who owns the zone, if it was said.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Whether this is the zone that every database has.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.name == Self::DEFAULT_NAME
    }
}
