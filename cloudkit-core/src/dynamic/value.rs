use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::value::list::Plain;
use crate::value::{Asset, Location, Reference, ScalarType, StoredValue, Timestamp, ValueType};

/// The value of a field whose type is not known when compiling.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is CloudKit's type of that name")]
pub enum Value {
    String(String),
    Int64(i64),
    Double(f64),
    Timestamp(Timestamp),
    Bytes(Vec<u8>),
    Location(Location),
    Reference(Reference),
    Asset(Asset),
    StringList(Vec<String>),
    Int64List(Vec<i64>),
    DoubleList(Vec<f64>),
    TimestampList(Vec<Timestamp>),
    BytesList(Vec<Vec<u8>>),
    LocationList(Vec<Location>),
    ReferenceList(Vec<Reference>),
    AssetList(Vec<Asset>),
    /// A value of a type that this library does not know, as it came. It can be read and not be sent.
    Other {
        /// The type on the wire.
        value_type: Box<str>,
        /// The value on the wire.
        value: Json,
    },
}

macro_rules! values {
    ($($variant:ident($type:ty)),* $(,)?) => {
        impl Value {
            /// The type in CloudKit, or `None` for one that this library does not know.
            #[must_use]
            pub fn value_type(&self) -> Option<ValueType> {
                match self {
                    $(Self::$variant(_) => Some(<$type as StoredValue>::VALUE_TYPE),)*
                    Self::Other { .. } => None,
                }
            }

            pub(crate) fn read(value_type: ValueType, json: &RawValue) -> Result<Self, serde_json::Error> {
                $(
                    if value_type == <$type as StoredValue>::VALUE_TYPE {
                        let mut deserializer = serde_json::Deserializer::from_str(json.get());
                        return <$type as StoredValue>::deserialize_value(&mut deserializer).map(Self::$variant);
                    }
                )*
                Err(de::Error::custom(format_args!("no value is of the type {value_type}")))
            }
        }

        impl Serialize for Value {
            /// The value alone, without the dictionary that names its type.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(value) => Plain(value).serialize(serializer),)*
                    Self::Other { value_type, .. } => Err(serde::ser::Error::custom(format_args!(
                        "a value of the type {value_type} can be read and not be sent"
                    ))),
                }
            }
        }

        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$variant(value)
                }
            }
        )*
    };
}

values! {
    String(String),
    Int64(i64),
    Double(f64),
    Timestamp(Timestamp),
    Bytes(Vec<u8>),
    Location(Location),
    Reference(Reference),
    Asset(Asset),
    StringList(Vec<String>),
    Int64List(Vec<i64>),
    DoubleList(Vec<f64>),
    TimestampList(Vec<Timestamp>),
    BytesList(Vec<Vec<u8>>),
    LocationList(Vec<Location>),
    ReferenceList(Vec<Reference>),
    AssetList(Vec<Asset>),
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int64(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int64(value.into())
    }
}

/// A field of a record whose type is not known when compiling.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The value.
    pub value: Value,
    /// Whether CloudKit keeps it encrypted.
    pub encrypted: bool,
}

impl<V: Into<Value>> From<V> for FieldValue {
    fn from(value: V) -> Self {
        Self { value: value.into(), encrypted: false }
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(value_type) = self.value.value_type() else { return self.value.serialize(serializer) };
        let mut field = serializer.serialize_struct("Field", 3)?;
        field.serialize_field("value", &self.value)?;
        field.serialize_field("type", value_type.as_str())?;
        if self.encrypted {
            field.serialize_field("isEncrypted", &true)?;
        }
        field.end()
    }
}

/// A field as it came: the type may stand before or behind the value, so the value waits as text.
#[derive(serde::Deserialize)]
struct WireField<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
    #[serde(default, rename = "type")]
    value_type: Option<Box<str>>,
    #[serde(default, rename = "isEncrypted")]
    encrypted: Option<bool>,
}

/// `None` for a field without a value.
pub(super) fn read_field(json: &RawValue) -> Result<Option<FieldValue>, serde_json::Error> {
    let wire: WireField<'_> = serde_json::from_str(json.get())?;
    let Some(value) = wire.value.filter(|value| value.get() != "null") else { return Ok(None) };
    let tag = wire.value_type.as_deref().unwrap_or_default();
    let value_type =
        ValueType::from_wire(tag).or_else(|| guess(value).filter(|_| tag.is_empty() || tag == "LIST"));
    let value = match value_type {
        Some(value_type) => Value::read(value_type, value)?,
        None => Value::Other { value_type: tag.into(), value: serde_json::from_str(value.get())? },
    };
    Ok(Some(FieldValue { value, encrypted: wire.encrypted.unwrap_or(false) }))
}

/// The type of a value that came without one, by its shape, as CloudKit infers it.
fn guess(json: &RawValue) -> Option<ValueType> {
    fn scalar(json: &Json) -> Option<ScalarType> {
        Some(match json {
            Json::String(_) => ScalarType::String,
            Json::Number(number) if number.is_i64() => ScalarType::Int64,
            Json::Number(_) => ScalarType::Double,
            Json::Object(object) if object.contains_key("recordName") => ScalarType::Reference,
            Json::Object(object) if object.contains_key("latitude") => ScalarType::Location,
            Json::Object(object) if object.contains_key("fileChecksum") => ScalarType::Asset,
            _ => return None,
        })
    }
    let json: Json = serde_json::from_str(json.get()).ok()?;
    match &json {
        Json::Array(elements) => elements.first().and_then(scalar).map(ValueType::list_of),
        json => scalar(json).map(ValueType::one),
    }
}

/// The text of a field, whoever the deserializer is.
pub(super) fn raw_fields<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<std::collections::BTreeMap<String, Box<RawValue>>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
