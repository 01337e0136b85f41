//! Lists: `Vec<T>` in Rust, `*_LIST` on the wire.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::{Encryptable, ListElement, StoredValue, ValueType};

impl<T: ListElement> StoredValue for Vec<T> {
    const VALUE_TYPE: ValueType = ValueType::list_of(T::VALUE_TYPE.scalar);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_list(self, serializer)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}

impl<T: Encryptable + ListElement> Encryptable for Vec<T> {}

pub(crate) fn serialize_list<T: StoredValue, S: Serializer>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut elements = serializer.serialize_seq(Some(list.len()))?;
    for element in list {
        elements.serialize_element(&Plain(element))?;
    }
    elements.end()
}

/// A value alone, without the dictionary that names its type.
pub(crate) struct Plain<'a, T>(pub(crate) &'a T);

impl<T: StoredValue> Serialize for Plain<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_value(serializer)
    }
}

struct Elements<T>(PhantomData<T>);

impl<'de, T: ListElement> Visitor<'de> for Elements<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", T::VALUE_TYPE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Element(PhantomData))? {
            list.push(element);
        }
        Ok(list)
    }
}

struct Element<T>(PhantomData<T>);

impl<'de, T: StoredValue> DeserializeSeed<'de> for Element<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize_value(deserializer)
    }
}
