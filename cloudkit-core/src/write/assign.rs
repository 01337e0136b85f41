use serde::ser::{Serialize, Serializer};

use crate::record::{Record, RecordName};
use crate::value::list::Plain;
use crate::value::{Reference, StoredValue};

/// A value that an update can put into a field of type `Stored`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be put into a CloudKit `{Stored}` field",
    label = "not a value for `{Stored}`",
    note = "to leave an optional field without a value, use `clear`"
)]
pub trait Assign<Stored> {
    /// Writes the value as CloudKit wants it in such a field.
    ///
    /// # Errors
    ///
    /// When CloudKit has no form for the value.
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: StoredValue> Assign<T> for T {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_value(serializer)
    }
}

impl<T: StoredValue> Assign<T> for &T {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_value(serializer)
    }
}

impl Assign<String> for &str {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// No field is of this type, nor of the next. If a value could be put into one type of field only, the compiler would
/// conclude the type from the value, and speak of a "type mismatch" where the message above says what is wrong.
#[doc(hidden)]
#[derive(Debug)]
pub enum NoField {}

/// See [`NoField`]: with two, there is nothing to conclude.
#[doc(hidden)]
#[derive(Debug)]
pub enum NoOtherField {}

#[diagnostic::do_not_recommend]
impl<T> Assign<NoField> for T {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

#[diagnostic::do_not_recommend]
impl<T> Assign<NoOtherField> for T {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

macro_rules! assign {
    ($($stored:ty: $($type:ty),*;)*) => {$($(
        impl Assign<$stored> for $type {
            fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Plain(&<$stored>::from(*self)).serialize(serializer)
            }
        }
    )*)*};
}

// `i32` is in the list because an integer literal without a type falls back to it.
assign! {
    i64: i32, i16, i8, u32, u16, u8;
    f64: f32, i32;
}

impl<T> Assign<Reference<T>> for &Record<T> {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference::to(self).serialize_value(serializer)
    }
}

impl<T> Assign<Reference<T>> for RecordName {
    fn serialize_assigned<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference::<T>::new(self).serialize_value(serializer)
    }
}
