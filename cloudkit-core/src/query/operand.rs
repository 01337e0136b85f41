use serde::ser::{Serialize, Serializer};

use crate::record::{Record, RecordName};
use crate::value::list::Plain;
use crate::value::{CkEnum, Location, Reference, StoredValue, Timestamp};

/// A value that a field of type `Stored` can be compared with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared with a CloudKit `{Stored}` field",
    label = "not comparable with `{Stored}`"
)]
pub trait Operand<Stored> {
    /// Writes the value as CloudKit wants it in a filter on such a field.
    ///
    /// # Errors
    ///
    /// When CloudKit has no form for the value.
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

macro_rules! operand {
    ($($stored:ty: $($type:ty),*;)*) => {$($(
        impl Operand<$stored> for $type {
            fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Plain::<$stored>(&(*self).into()).serialize(serializer)
            }
        }
    )*)*};
}

// `i32` is in the list because an integer literal without a type falls back to it.
operand! {
    i64: i64, i32, i16, i8, u32, u16, u8;
    i32: i32, i16, i8, u16, u8;
    i16: i16, i8, u8;
    i8: i8;
    u32: u32, u16, u8;
    u16: u16, u8;
    u8: u8;
    f64: f64, f32, i32;
    f32: f32;
    bool: bool;
    Timestamp: Timestamp;
    Location: Location;
}

macro_rules! text_operand {
    ($($type:ty),*) => {$(
        impl Operand<String> for $type {
            fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self)
            }
        }
    )*};
}

text_operand!(&str, String, &String, std::borrow::Cow<'_, str>, Box<str>);

macro_rules! bytes_operand {
    ($($type:ty),*) => {$(
        impl Operand<Vec<u8>> for $type {
            fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.to_vec().serialize_value(serializer)
            }
        }
    )*};
}

bytes_operand!(&[u8], Vec<u8>, &Vec<u8>);

impl<T> Operand<Reference<T>> for Reference<T> {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.filter_value().serialize(serializer)
    }
}

impl<T> Operand<Reference<T>> for &Reference<T> {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.filter_value().serialize(serializer)
    }
}

impl<T> Operand<Reference<T>> for &Record<T> {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference::to(self).filter_value().serialize(serializer)
    }
}

impl<T> Operand<Reference<T>> for RecordName {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference::<T>::new(self).filter_value().serialize(serializer)
    }
}

impl<T> Operand<Reference<T>> for &RecordName {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Reference::<T>::new(*self).filter_value().serialize(serializer)
    }
}

#[diagnostic::do_not_recommend]
impl<T: CkEnum> Operand<T> for T {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[diagnostic::do_not_recommend]
impl<T: CkEnum> Operand<T> for &T {
    fn serialize_operand<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
