//! Struct → request bytes.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::value::list::Plain;
use crate::value::{FieldType, StoredValue};

/// A record as it can be sent: it knows its type, and writes its fields.
///
/// `#[derive(CkRecord)]` and `#[derive(CkRecords)]` implement it.
pub trait ToRecord {
    /// The record type in CloudKit.
    fn record_type(&self) -> &str;

    /// Whether a field of it is encrypted, which the public database refuses.
    fn has_encrypted_fields(&self) -> bool;

    /// Writes every field that has a value into the `fields` member of a record.
    ///
    /// # Errors
    ///
    /// When CloudKit has no form for a value.
    fn encode_fields<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error>;
}

/// Writes one field, or nothing if it has no value; what the derive macro calls.
#[doc(hidden)]
pub fn encode_field<T: FieldType, M: SerializeMap>(
    fields: &mut M,
    name: &'static str,
    value: &T,
    encrypted: bool,
) -> Result<(), M::Error> {
    match value.as_stored() {
        Some(value) => fields.serialize_entry(name, &FieldDictionary { value, encrypted }),
        None => Ok(()),
    }
}

/// A field on the wire: `{"value": …, "type": "STRING"}`, with `"isEncrypted": true` for encrypted ones.
///
/// The type always goes along. Without it CloudKit guesses, and guesses wrong for TIMESTAMP and BYTES.
pub(crate) struct FieldDictionary<'a, T> {
    pub(crate) value: &'a T,
    pub(crate) encrypted: bool,
}

impl<T: StoredValue> Serialize for FieldDictionary<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut field = serializer.serialize_struct("Field", 2 + usize::from(self.encrypted))?;
        field.serialize_field("value", &Plain(self.value))?;
        field.serialize_field("type", T::VALUE_TYPE.as_str())?;
        if self.encrypted {
            field.serialize_field("isEncrypted", &true)?;
        }
        field.end()
    }
}

/// The `fields` member of a record.
pub(crate) struct Fields<'a, T>(pub(crate) &'a T);

impl<T: ToRecord> Serialize for Fields<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        self.0.encode_fields(&mut fields)?;
        fields.end()
    }
}
