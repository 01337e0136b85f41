//! One record: the trait that a struct implements to be one, and the struct with what CloudKit adds to it.

pub(crate) mod decode;
mod descriptor;
pub(crate) mod encode;
mod id;
mod metadata;
mod types;
pub(crate) mod variant;

use std::fmt;
use std::ops::{Deref, DerefMut};

pub use decode::FromRecord;
pub use descriptor::{FieldDescriptor, Index, RecordDescriptor, SystemIndexes};
pub use encode::ToRecord;
pub use id::{ChangeTag, RecordName, RecordNameError};
pub use metadata::{Metadata, Stamp};
pub use types::RecordTypes;

/// A struct that is a CloudKit record type; made by `#[derive(CkRecord)]`.
///
/// Every field of the struct is a field of the record type, and queries ask for these fields only. So a smaller struct
/// on the same record type is a projection: mark it `#[ck(projection)]`, and it cannot replace whole records.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a CloudKit record type",
    label = "not a record struct",
    note = "put `#[derive(CkRecord)]` on the struct"
)]
pub trait CkRecord: FromRecord + ToRecord {
    /// The record type in CloudKit.
    const RECORD_TYPE: &'static str;

    /// What the struct says about the record type.
    const DESCRIPTOR: RecordDescriptor;

    /// The handles of the fields, which the closures of queries and updates are given.
    type Fields;

    /// The handles of the fields.
    const FIELDS: Self::Fields;

    /// Whether a field is encrypted: [`Plain`](crate::database::Plain) or
    /// [`Encrypted`](crate::database::Encrypted).
    type Privacy;
}

/// A record struct that names every field of its record type, so that it can be created and replaced.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved as a whole record",
    label = "a projection, or no record at all",
    note = "a struct with `#[ck(projection)]` leaves fields out, and saving it would erase them; use one without, or `update` to change single fields"
)]
pub trait WholeRecord: CkRecord {}

/// A record that CloudKit has: a value, its name and its version.
///
/// It derefs to the value, so that `record.title` is the title.
#[derive(Clone, PartialEq)]
pub struct Record<T> {
    value: T,
    metadata: Metadata,
}

impl<T> Record<T> {
    /// Puts a value and its metadata together, for programs that kept them apart.
    #[must_use]
    pub fn from_parts(value: T, metadata: Metadata) -> Self {
        Self { value, metadata }
    }

    /// The value and its metadata.
    #[must_use]
    pub fn into_parts(self) -> (T, Metadata) {
        (self.value, self.metadata)
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What CloudKit keeps about the record beside its fields.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The record's name.
    #[must_use]
    pub fn record_name(&self) -> &RecordName {
        &self.metadata.record_name
    }

    /// The record's version.
    #[must_use]
    pub fn change_tag(&self) -> &ChangeTag {
        &self.metadata.change_tag
    }

    /// The same record with another value of perhaps another type, under the same name and version.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Record<U> {
        Record { value: change(self.value), metadata: self.metadata }
    }
}

impl<T> Deref for Record<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Record<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, metadata } = self;
        f.debug_struct("Record").field("value", value).field("metadata", metadata).finish()
    }
}
