use serde::de::Deserializer;
use serde::ser::Serializer;

use super::ValueType;

/// A Rust type whose values CloudKit can store in a field.
///
/// Implemented for `String`, the integers that fit into 64 bits with a sign, `f64`, `f32`, `bool`, [`Timestamp`],
/// `Vec<u8>`, [`Location`], [`Reference`], [`Asset`], [`Json`], [`JsonBytes`], enums with `#[derive(CkEnum)]`, and
/// `Vec<T>` of most of these. `Option<T>` is not in the list, because an absent value is not stored: see [`FieldType`].
///
/// Implement it for a type of your own by handing on to one of these, or name a module of conversions with
/// `#[ck(with = "...")]`.
///
/// [`Timestamp`]: super::Timestamp
/// [`Location`]: super::Location
/// [`Reference`]: super::Reference
/// [`Asset`]: super::Asset
/// [`Json`]: super::Json
/// [`JsonBytes`]: super::JsonBytes
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a CloudKit field",
    label = "not a CloudKit field type",
    note = "field types are `String`, `i64` and smaller integers, `f64`, `bool`, `Timestamp`, `Vec<u8>`, `Location`, `Reference<T>`, `Asset`, `Json<T>`, enums with `#[derive(CkEnum)]`, and `Option<T>` or `Vec<T>` of those"
)]
pub trait StoredValue: Sized {
    /// The field's type in CloudKit.
    const VALUE_TYPE: ValueType;

    /// Writes the `value` member of a field.
    ///
    /// # Errors
    ///
    /// When CloudKit has no form for this value, such as a `f64` that is not finite.
    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads the `value` member of a field.
    ///
    /// # Errors
    ///
    /// When the JSON is not of this type, or its value does not fit into it.
    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A Rust type that a field of a record struct can have: a [`StoredValue`], or `Option` of one.
///
/// CloudKit leaves fields without a value out of its answers; such a field is `None`, and an error if the struct does
/// not say `Option`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a CloudKit field",
    label = "not a CloudKit field type",
    note = "field types are `String`, `i64` and smaller integers, `f64`, `bool`, `Timestamp`, `Vec<u8>`, `Location`, `Reference<T>`, `Asset`, `Json<T>`, enums with `#[derive(CkEnum)]`, and `Option<T>` or `Vec<T>` of those",
    note = "`#[ck(with = \"...\")]` stores any other type in the form of one of these, and `#[ck(skip)]` leaves the field out"
)]
pub trait FieldType: Sized {
    /// The type of the value, without `Option`.
    type Stored: StoredValue;

    /// Whether the field may be absent.
    const OPTIONAL: bool;

    /// The value, if there is one.
    fn as_stored(&self) -> Option<&Self::Stored>;

    /// The field with this value.
    fn from_stored(value: Self::Stored) -> Self;

    /// The field without a value, if it can do without.
    fn absent() -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: StoredValue> FieldType for T {
    type Stored = T;
    const OPTIONAL: bool = false;

    fn as_stored(&self) -> Option<&T> {
        Some(self)
    }

    fn from_stored(value: T) -> Self {
        value
    }

    fn absent() -> Option<Self> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<T: StoredValue> FieldType for Option<T> {
    type Stored = T;
    const OPTIONAL: bool = true;

    fn as_stored(&self) -> Option<&T> {
        self.as_ref()
    }

    fn from_stored(value: T) -> Self {
        Some(value)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// A [`StoredValue`] that a list can hold.
///
/// All but lists themselves and the JSON wrappers. A list of bytes, `Vec<u8>`, is one `BYTES` value; a list of such
/// is `Vec<Vec<u8>>`.
#[diagnostic::on_unimplemented(
    message = "a CloudKit list cannot hold `{Self}`",
    label = "not an element of a CloudKit list",
    note = "lists hold text, numbers, timestamps, bytes, locations, references, assets or enums with `#[derive(CkEnum)]`, and neither lists nor `Option`"
)]
pub trait ListElement: StoredValue {}

/// A [`StoredValue`] that CloudKit can keep encrypted: every type but references and assets.
///
/// References cannot be encrypted and assets always are.
///
/// Apple: [Encrypting User Data](https://developer.apple.com/documentation/cloudkit/encrypting-user-data)
#[diagnostic::on_unimplemented(
    message = "CloudKit cannot encrypt a field of type `{Self}`",
    label = "this type cannot be encrypted",
    note = "text, numbers, timestamps, bytes, locations and lists of them can; references cannot, and assets are encrypted always"
)]
pub trait Encryptable {}

impl<T: Encryptable> Encryptable for Option<T> {}
