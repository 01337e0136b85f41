//! Data of the program's own, kept as JSON in one field.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Error as _, Serializer};

use super::{Encryptable, ScalarType, StoredValue, ValueType};

/// A value of a type of your own, stored as JSON text in a `STRING` field.
///
/// CloudKit sees text: it cannot filter by what is inside. It counts towards the 1 MB of a record.
///
/// ```
/// use cloudkit_core::Json;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Layout { columns: u8 }
///
/// let layout = Json(Layout { columns: 3 });
/// assert_eq!(layout.columns, 3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Json<T>(pub T);

/// A value of a type of your own, stored as JSON in a `BYTES` field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct JsonBytes<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Deref for JsonBytes<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for JsonBytes<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned> StoredValue for Json<T> {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::String);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(&self.0).map_err(S::Error::custom)?)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T: DeserializeOwned> Visitor<'_> for Text<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text that holds JSON")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
                serde_json::from_str(text)
                    .map_err(|error| E::custom(format_args!("the JSON inside the field: {error}")))
            }
        }

        deserializer.deserialize_str(Text(PhantomData)).map(Json)
    }
}

impl<T: Serialize + DeserializeOwned> StoredValue for JsonBytes<T> {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Bytes);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_vec(&self.0).map_err(S::Error::custom)?.serialize_value(serializer)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize_value(deserializer)?;
        serde_json::from_slice(&bytes)
            .map(JsonBytes)
            .map_err(|error| de::Error::custom(format_args!("the JSON inside the field: {error}")))
    }
}

impl<T> Encryptable for Json<T> {}
impl<T> Encryptable for JsonBytes<T> {}
