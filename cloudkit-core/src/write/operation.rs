use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Patch;
use crate::error::RequestError;
use crate::record::encode::Fields;
use crate::record::{ChangeTag, CkRecord, Record, RecordName, ToRecord, WholeRecord};

/// One change of one record, as `records/modify` takes them.
///
/// Operations on records of several types go into one request as operations on an enum with `#[derive(CkRecords)]`;
/// [`widen`](Self::widen) makes them so.
///
/// Apple: [Modifying Records](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/ModifyRecords.html)
#[must_use = "an operation does nothing until it is sent"]
pub struct Operation<T> {
    /// `None` until a new record is given its name, which is before it is sent.
    pub(crate) record_name: Option<RecordName>,
    pub(crate) change_tag: Option<ChangeTag>,
    record_type: Option<&'static str>,
    pub(crate) verb: Verb,
    pub(crate) content: Content<T>,
}

/// What is done, in CloudKit's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Update,
    ForceUpdate,
    Replace,
    ForceReplace,
    Delete,
    ForceDelete,
}

impl Verb {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::ForceUpdate => "forceUpdate",
            Self::Replace => "replace",
            Self::ForceReplace => "forceReplace",
            Self::Delete => "delete",
            Self::ForceDelete => "forceDelete",
        }
    }
}

pub(crate) enum Content<T> {
    Whole(T),
    Patch(Patch<T>),
    None,
}

impl<T: WholeRecord> Operation<T> {
    /// Saves a new record, under a random UUID.
    pub fn create(value: T) -> Self {
        Self::whole(Verb::Create, None, None, value)
    }

    /// Saves a new record under this name. It fails with a conflict if there is one of that name.
    pub fn create_named(record_name: impl Into<RecordName>, value: T) -> Self {
        Self::whole(Verb::Create, Some(record_name.into()), None, value)
    }

    /// Saves the whole record again, unless somebody else saved it in between. Fields without a value are cleared.
    pub fn replace(record: Record<T>) -> Self {
        let (value, metadata) = record.into_parts();
        Self::whole(Verb::Replace, Some(metadata.record_name), Some(metadata.change_tag), value)
    }

    /// Saves this as the record of this name, whatever is there and whether something is there.
    #[doc(alias = "forceReplace")]
    pub fn force_replace(record_name: impl Into<RecordName>, value: T) -> Self {
        Self::whole(Verb::ForceReplace, Some(record_name.into()), None, value)
    }
}

impl<T: CkRecord> Operation<T> {
    /// Changes some fields of a record, unless somebody else saved it in between:
    /// `Operation::update(&article, |patch| patch.set(|a| a.views, 5))`.
    pub fn update(record: &Record<T>, change: impl FnOnce(Patch<T>) -> Patch<T>) -> Self {
        Self {
            record_name: Some(record.record_name().clone()),
            change_tag: Some(record.change_tag().clone()),
            record_type: Some(T::RECORD_TYPE),
            verb: Verb::Update,
            content: Content::Patch(change(Patch::new())),
        }
    }

    /// Changes some fields of the record of this name, whatever its version, and makes it if there is none.
    #[doc(alias = "forceUpdate")]
    pub fn force_update(
        record_name: impl Into<RecordName>,
        change: impl FnOnce(Patch<T>) -> Patch<T>,
    ) -> Self {
        Self {
            record_name: Some(record_name.into()),
            change_tag: None,
            record_type: Some(T::RECORD_TYPE),
            verb: Verb::ForceUpdate,
            content: Content::Patch(change(Patch::new())),
        }
    }
}

impl<T> Operation<T> {
    /// Deletes a record, unless somebody else saved it in between.
    pub fn delete(record: &Record<T>) -> Self {
        Self {
            record_name: Some(record.record_name().clone()),
            change_tag: Some(record.change_tag().clone()),
            record_type: None,
            verb: Verb::Delete,
            content: Content::None,
        }
    }

    /// Deletes the record of this name, whatever its version. It succeeds if there is none.
    #[doc(alias = "forceDelete")]
    pub fn force_delete(record_name: impl Into<RecordName>) -> Self {
        Self {
            record_name: Some(record_name.into()),
            change_tag: None,
            record_type: None,
            verb: Verb::ForceDelete,
            content: Content::None,
        }
    }

    /// The same operation among those of several record types.
    pub fn widen<U: From<T>>(self) -> Operation<U> {
        Operation {
            record_name: self.record_name,
            change_tag: self.change_tag,
            record_type: self.record_type,
            verb: self.verb,
            content: match self.content {
                Content::Whole(value) => Content::Whole(value.into()),
                Content::Patch(patch) => Content::Patch(patch.retype()),
                Content::None => Content::None,
            },
        }
    }

    pub(crate) fn whole(
        verb: Verb,
        record_name: Option<RecordName>,
        change_tag: Option<ChangeTag>,
        value: T,
    ) -> Self {
        Self { record_name, change_tag, record_type: None, verb, content: Content::Whole(value) }
    }

    pub(crate) fn set_patch(&mut self, patch: Patch<T>) {
        self.content = Content::Patch(patch);
    }

    pub(crate) fn patch(
        verb: Verb,
        record_name: RecordName,
        change_tag: Option<ChangeTag>,
        patch: Patch<T>,
    ) -> Self {
        Self {
            record_name: Some(record_name),
            change_tag,
            record_type: None,
            verb,
            content: Content::Patch(patch),
        }
    }
}

impl<T: ToRecord> Operation<T> {
    pub(crate) fn has_encrypted_fields(&self) -> bool {
        match &self.content {
            Content::Whole(value) => value.has_encrypted_fields(),
            Content::Patch(patch) => patch.changes.iter().any(super::patch::Change::is_encrypted),
            Content::None => false,
        }
    }

    /// Whether CloudKit would take the record's name.
    pub(crate) fn check(&self) -> Result<(), RequestError> {
        match &self.record_name {
            Some(name) => {
                name.check().map_err(|source| RequestError::RecordName { name: name.clone(), source })
            }
            None => Ok(()),
        }
    }
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_name, change_tag, record_type: _, verb, content } = self;
        let mut operation = f.debug_struct("Operation");
        operation.field("verb", verb).field("record_name", record_name).field("change_tag", change_tag);
        if let Content::Patch(patch) = content {
            operation.field("patch", patch);
        }
        operation.finish_non_exhaustive()
    }
}

impl<T: ToRecord> Serialize for Operation<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut operation = serializer.serialize_struct("Operation", 2)?;
        operation.serialize_field("operationType", self.verb.as_str())?;
        operation.serialize_field("record", &RecordDictionary(self))?;
        operation.end()
    }
}

struct RecordDictionary<'a, T>(&'a Operation<T>);

impl<T: ToRecord> Serialize for RecordDictionary<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Operation { record_name, change_tag, record_type, verb: _, content } = self.0;
        let mut record = serializer.serialize_struct("Record", 4)?;
        if let Some(name) = record_name {
            record.serialize_field("recordName", name)?;
        }
        let record_type = match content {
            Content::Whole(value) => Some(value.record_type()),
            Content::Patch(_) | Content::None => *record_type,
        };
        if let Some(record_type) = record_type {
            record.serialize_field("recordType", record_type)?;
        }
        if let Some(tag) = change_tag {
            record.serialize_field("recordChangeTag", tag)?;
        }
        match content {
            Content::Whole(value) => record.serialize_field("fields", &Fields(value))?,
            Content::Patch(patch) => record.serialize_field("fields", patch)?,
            Content::None => {}
        }
        record.end()
    }
}
