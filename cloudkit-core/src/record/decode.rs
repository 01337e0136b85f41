//! Response bytes → struct, without a stop in between: each field goes from the JSON text into its place.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::value::{FieldType, StoredValue, ValueType};

/// A record that can be read from an answer.
///
/// `#[derive(CkRecord)]` implements it for one record type, `#[derive(CkRecords)]` for several.
pub trait FromRecord: Sized {
    /// The record type that it is read from, or `None` if there are several.
    const ONLY_TYPE: Option<&'static str>;

    /// The fields to ask for, or `None` for all of them.
    fn desired_keys() -> Option<Vec<&'static str>>;

    /// Reads the `fields` member of a record of the type `record_type`.
    ///
    /// # Errors
    ///
    /// When a field is missing, or is not of the declared type.
    fn decode_fields<'de, D: Deserializer<'de>>(record_type: &str, fields: D) -> Result<Self, D::Error>;
}

/// The places that the fields of a struct are collected in while they are read; made by the derive macro.
#[doc(hidden)]
pub trait FieldSlots: Default {
    /// The struct.
    type Record;

    /// The number of the field with this name, if the struct has it.
    fn index(name: &str) -> Option<usize>;

    /// Reads the value of the field with this number.
    fn fill<'de, A: MapAccess<'de>>(&mut self, index: usize, fields: &mut A) -> Result<(), A::Error>;

    /// The struct, if nothing is missing.
    fn finish<E: de::Error>(self) -> Result<Self::Record, E>;
}

/// Reads the `fields` member of a record into a struct; what the derive macro calls.
#[doc(hidden)]
pub fn decode_slots<'de, S: FieldSlots, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<S::Record, D::Error> {
    struct Fields<S>(PhantomData<S>);

    impl<'de, S: FieldSlots> Visitor<'de> for Fields<S> {
        type Value = S::Record;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the fields of a record")
        }

        // `"fields": null` and no fields at all mean the same.
        fn visit_unit<E: de::Error>(self) -> Result<S::Record, E> {
            S::default().finish()
        }

        fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<S::Record, A::Error> {
            let mut slots = S::default();
            while let Some(index) = fields.next_key_seed(Name::<S>(PhantomData))? {
                match index {
                    Some(index) => slots.fill(index, &mut fields)?,
                    None => {
                        fields.next_value::<IgnoredAny>()?;
                    }
                }
            }
            slots.finish()
        }
    }

    struct Name<S>(PhantomData<S>);

    impl<'de, S: FieldSlots> DeserializeSeed<'de> for Name<S> {
        type Value = Option<usize>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
            deserializer.deserialize_identifier(self)
        }
    }

    impl<S: FieldSlots> Visitor<'_> for Name<S> {
        type Value = Option<usize>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a field")
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<Option<usize>, E> {
            Ok(S::index(name))
        }
    }

    deserializer.deserialize_any(Fields::<S>(PhantomData))
}

/// Reads the value of the field `name` into its slot; what the derive macro calls.
#[doc(hidden)]
pub fn fill_slot<'de, T: FieldType, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    fields: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    if let Some(value) = fields.next_value_seed(Dictionary::<T::Stored>(PhantomData))? {
        *slot = Some(T::from_stored(value));
    }
    Ok(())
}

/// The value of the field `name`, or an error if there is none and the struct cannot do without; what the derive
/// macro calls.
#[doc(hidden)]
pub fn take_slot<T: FieldType, E: de::Error>(slot: Option<T>, name: &'static str) -> Result<T, E> {
    slot.or_else(T::absent).ok_or_else(|| {
        E::custom(format_args!(
            "the record has no value for `{name}`; say `Option<…>` or `#[ck(default)]` if it can be absent"
        ))
    })
}

/// A field on the wire, read into its value: `{"value": …, "type": …}`. `None` if the value is absent or null.
pub(crate) struct Dictionary<T>(pub(crate) PhantomData<T>);

impl<'de, T: StoredValue> DeserializeSeed<'de> for Dictionary<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: StoredValue> Visitor<'de> for Dictionary<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a field of type {}", T::VALUE_TYPE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut field: A) -> Result<Option<T>, A::Error> {
        let mut value = None;
        let mut tag = Tag::Fits;
        while let Some(key) = field.next_key::<FieldKey>()? {
            match key {
                FieldKey::Value => value = field.next_value_seed(Nullable::<T>(tag, PhantomData))?,
                FieldKey::Type => tag = field.next_value_seed(TagOf::<T>(PhantomData))?,
                FieldKey::Other => {
                    field.next_value::<IgnoredAny>()?;
                }
            }
        }
        // A field without a value says nothing that could disagree with the declared type.
        if value.is_some() {
            tag.check::<T, A::Error>()?;
        }
        Ok(value)
    }
}

/// A value that may be null, and the tag that came before it.
struct Nullable<T>(Tag, PhantomData<T>);

impl<'de, T: StoredValue> DeserializeSeed<'de> for Nullable<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: StoredValue> Visitor<'de> for Nullable<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of type {}", T::VALUE_TYPE)
    }

    fn visit_none<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        // Told first, a wrong tag makes a better message than the value that cannot be read.
        self.0.check::<T, D::Error>()?;
        T::deserialize_value(deserializer).map(Some)
    }
}

enum FieldKey {
    Value,
    Type,
    Other,
}

impl<'de> de::Deserialize<'de> for FieldKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;

        impl Visitor<'_> for Key {
            type Value = FieldKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key of a field")
            }

            fn visit_str<E: de::Error>(self, key: &str) -> Result<FieldKey, E> {
                Ok(match key {
                    "value" => FieldKey::Value,
                    "type" => FieldKey::Type,
                    _ => FieldKey::Other,
                })
            }
        }

        deserializer.deserialize_identifier(Key)
    }
}

/// What the `type` member of a field says, held against the declared type.
#[derive(Clone, Copy)]
enum Tag {
    /// The declared type, none, or one that is not in the protocol document: then the value decides.
    Fits,
    /// Another type.
    Differs(ValueType),
}

impl Tag {
    fn check<T: StoredValue, E: de::Error>(self) -> Result<(), E> {
        match self {
            Tag::Fits => Ok(()),
            Tag::Differs(found) => Err(E::custom(format_args!(
                "the field is {found} in CloudKit, and {} in the struct",
                T::VALUE_TYPE
            ))),
        }
    }
}

struct TagOf<T>(PhantomData<T>);

impl<'de, T: StoredValue> DeserializeSeed<'de> for TagOf<T> {
    type Value = Tag;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tag, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T: StoredValue> Visitor<'_> for TagOf<T> {
    type Value = Tag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type of a field")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tag, E> {
        Ok(Tag::Fits)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Tag, E> {
        if text == T::VALUE_TYPE.as_str() {
            return Ok(Tag::Fits);
        }
        Ok(match ValueType::from_wire(text) {
            Some(found) if found != T::VALUE_TYPE => Tag::Differs(found),
            _ => Tag::Fits,
        })
    }
}
