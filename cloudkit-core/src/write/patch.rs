use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::value::RawValue;

use super::Assign;
use crate::query::{Field, FieldDef};
use crate::record::CkRecord;
use crate::value::{FieldType, StoredValue, ValueType};

/// A change to some fields of a record of the type `T`: it touches what it names, and nothing else.
///
/// ```
/// use cloudkit_core::{CkRecord, Patch};
///
/// #[derive(CkRecord)]
/// struct Article {
///     title: String,
///     summary: Option<String>,
/// }
///
/// let patch = Patch::<Article>::new().set(|a| a.title, "New title").clear(|a| a.summary);
/// assert_eq!(format!("{patch:?}"), r#"{title: "New title", summary: null}"#);
/// ```
#[must_use = "a patch does nothing until it is sent"]
pub struct Patch<T> {
    pub(crate) changes: Vec<Change>,
    record: PhantomData<fn() -> T>,
}

/// The new value of one field.
#[derive(Clone)]
pub(crate) struct Change {
    name: Cow<'static, str>,
    /// `None` for a field that is cleared without its type being known.
    value_type: Option<ValueType>,
    encrypted: bool,
    /// The value as JSON, `None` for none. That CloudKit has no form for it comes out when the patch is sent.
    value: Result<Option<Box<RawValue>>, String>,
}

/// A field that can be without a value: its type in Rust is `Option`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be cleared: the struct cannot do without it",
    label = "not an `Option`",
    note = "make the field an `Option`, or `set` it"
)]
pub trait Clearable {}

impl<T> Clearable for Option<T> {}

impl<T> Patch<T> {
    /// A change of nothing.
    pub fn new() -> Self {
        Self { changes: Vec::new(), record: PhantomData }
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub(crate) fn retype<U>(self) -> Patch<U> {
        Patch { changes: self.changes, record: PhantomData }
    }

    pub(crate) fn put(mut self, change: Change) -> Self {
        self.changes.retain(|earlier| earlier.name != change.name);
        self.changes.push(change);
        self
    }
}

impl<T: CkRecord> Patch<T> {
    /// Puts a value into a field.
    pub fn set<F, V>(self, _field: impl FnOnce(T::Fields) -> Field<F>, value: V) -> Self
    where
        F: FieldDef<Record = T>,
        V: Assign<<F::Type as FieldType>::Stored>,
    {
        self.put(Change {
            name: Cow::Borrowed(F::NAME.as_str()),
            value_type: Some(<<F::Type as FieldType>::Stored as StoredValue>::VALUE_TYPE),
            encrypted: F::ENCRYPTED,
            value: serde_json::value::to_raw_value(&Assigned(
                &value,
                PhantomData::<<F::Type as FieldType>::Stored>,
            ))
            .map(Some)
            .map_err(|error| error.to_string()),
        })
    }

    /// Leaves a field without a value.
    pub fn clear<F>(self, _field: impl FnOnce(T::Fields) -> Field<F>) -> Self
    where
        F: FieldDef<Record = T>,
        F::Type: Clearable,
    {
        self.put(Change {
            name: Cow::Borrowed(F::NAME.as_str()),
            value_type: Some(<<F::Type as FieldType>::Stored as StoredValue>::VALUE_TYPE),
            encrypted: F::ENCRYPTED,
            value: Ok(None),
        })
    }
}

impl Change {
    pub(crate) fn dynamic(
        name: String,
        value_type: Option<ValueType>,
        encrypted: bool,
        value: Result<Option<Box<RawValue>>, String>,
    ) -> Self {
        Self { name: Cow::Owned(name), value_type, encrypted, value }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Patch<T> {
    fn clone(&self) -> Self {
        Self { changes: self.changes.clone(), record: PhantomData }
    }
}

impl<T> fmt::Debug for Patch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for change in &self.changes {
            let value = match &change.value {
                Ok(Some(value)) => Cow::Borrowed(value.get()),
                Ok(None) => Cow::Borrowed("null"),
                Err(reason) => Cow::Owned(format!("({reason})")),
            };
            map.entry(&format_args!("{}", change.name), &format_args!("{value}"));
        }
        map.finish()
    }
}

/// The `fields` member of an update.
impl<T> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(self.changes.len()))?;
        for change in &self.changes {
            fields.serialize_entry(&change.name, change)?;
        }
        fields.end()
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match &self.value {
            Ok(value) => value.as_deref(),
            Err(reason) => {
                return Err(serde::ser::Error::custom(format_args!("the field `{}`: {reason}", self.name)));
            }
        };
        let mut field = serializer.serialize_struct("Field", 3)?;
        field.serialize_field("value", &value)?;
        if let Some(value_type) = self.value_type {
            field.serialize_field("type", value_type.as_str())?;
        }
        if self.encrypted {
            field.serialize_field("isEncrypted", &true)?;
        }
        field.end()
    }
}

struct Assigned<'a, V, Stored>(&'a V, PhantomData<Stored>);

impl<V: Assign<Stored>, Stored> Serialize for Assigned<'_, V, Stored> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_assigned(serializer)
    }
}
