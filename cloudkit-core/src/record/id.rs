use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a record, unique within its zone.
///
/// CloudKit takes at most 255 ASCII characters. Names that begin with `_` are its own, such as those of users. A
/// request with a name that CloudKit would refuse is refused before it is sent.
///
/// Apple: [Types and Dictionaries, Record Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[doc(alias = "recordName")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordName(Box<str>);

/// Why a text cannot be the name of a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordNameError {
    /// The name is empty.
    #[error("a record name cannot be empty")]
    Empty,
    /// The name is longer than 255 characters.
    #[error("the record name has {0} characters, and CloudKit takes at most 255")]
    TooLong(usize),
    /// The name has a character that is not ASCII.
    #[error("the record name holds {0:?}, and CloudKit takes ASCII only")]
    NotAscii(char),
}

impl RecordName {
    /// The longest name that CloudKit takes, in characters.
    pub const MAX_LEN: usize = 255;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether CloudKit takes this name.
    ///
    /// # Errors
    ///
    /// The rule that the name breaks.
    pub fn check(&self) -> Result<(), RecordNameError> {
        if self.0.is_empty() {
            return Err(RecordNameError::Empty);
        }
        if let Some(character) = self.0.chars().find(|character| !character.is_ascii()) {
            return Err(RecordNameError::NotAscii(character));
        }
        if self.0.len() > Self::MAX_LEN {
            return Err(RecordNameError::TooLong(self.0.len()));
        }
        Ok(())
    }
}

impl From<&str> for RecordName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for RecordName {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<&RecordName> for RecordName {
    fn from(name: &RecordName) -> Self {
        name.clone()
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq<str> for RecordName {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for RecordName {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

/// The version of a record that the server last told us, an opaque string.
///
/// It goes back with an update, and the server refuses the update if somebody else saved the record in between, with
/// [`ServerErrorCode::Conflict`](crate::ServerErrorCode::Conflict). Compare tags for equality only; they have no order.
///
/// Apple: [Modifying Records](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/ModifyRecords.html)
#[doc(alias = "recordChangeTag")]
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeTag(Box<str>);

impl ChangeTag {
    /// A tag that was kept elsewhere, or `None` for an empty text: an empty tag never matches, and CloudKit would
    /// answer with a conflict that cannot be resolved.
    #[must_use]
    pub fn new(tag: impl Into<Box<str>>) -> Option<Self> {
        let tag = tag.into();
        if tag.is_empty() { None } else { Some(Self(tag)) }
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChangeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ChangeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
