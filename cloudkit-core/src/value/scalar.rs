//! Text, numbers, truth values and bytes.

use std::fmt;

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::de::{self, Deserializer, Visitor};
use serde::ser::{Error as _, Serializer};

use super::{Encryptable, ListElement, ScalarType, StoredValue, ValueType};

impl StoredValue for String {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::String);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer)
    }
}

impl ListElement for String {}
impl Encryptable for String {}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl StoredValue for $type {
            const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Int64);

            fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(i64::from(*self))
            }

            fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserialize_i64(deserializer)?;
                <$type>::try_from(number).map_err(|_| {
                    de::Error::custom(format_args!(
                        "{number} does not fit into `{}`, which holds {} to {}",
                        stringify!($type), <$type>::MIN, <$type>::MAX
                    ))
                })
            }
        }

        impl Encryptable for $type {}
    )*};
}

integers!(i64, i32, i16, i8, u32, u16, u8);

// Not `u8`: `Vec<u8>` is one value of type BYTES.
impl ListElement for i64 {}
impl ListElement for i32 {}
impl ListElement for i16 {}
impl ListElement for i8 {}
impl ListElement for u32 {}
impl ListElement for u16 {}

impl StoredValue for bool {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Int64);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(i64::from(*self))
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserialize_i64(deserializer)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(de::Error::custom(format_args!(
                "{other} is not a truth value, which is 0 or 1 in CloudKit"
            ))),
        }
    }
}

impl ListElement for bool {}
impl Encryptable for bool {}

impl StoredValue for f64 {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Double);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_finite(*self, serializer)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_f64(deserializer)
    }
}

impl ListElement for f64 {}
impl Encryptable for f64 {}

impl StoredValue for f32 {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Double);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_finite(f64::from(*self), serializer)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserialize_f64(deserializer)?;
        #[expect(clippy::cast_possible_truncation, reason = "the comparison below finds what was lost")]
        let narrow = number as f32;
        if f64::from(narrow) == number {
            Ok(narrow)
        } else {
            Err(de::Error::custom(format_args!("{number} cannot be an `f32` without loss; use `f64`")))
        }
    }
}

impl ListElement for f32 {}
impl Encryptable for f32 {}

/// Bytes: one value of type `BYTES`, base64 on the wire.
impl StoredValue for Vec<u8> {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Bytes);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self, &STANDARD))
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64Text;

        impl Visitor<'_> for Base64Text {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64 text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
                STANDARD.decode(text).map_err(|error| E::custom(format_args!("not standard base64: {error}")))
            }
        }

        deserializer.deserialize_str(Base64Text)
    }
}

impl ListElement for Vec<u8> {}
impl Encryptable for Vec<u8> {}

fn serialize_finite<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() {
        serializer.serialize_f64(number)
    } else {
        Err(S::Error::custom(format_args!(
            "{number} cannot be stored: CloudKit's DOUBLE holds finite numbers only"
        )))
    }
}

/// Reads a whole number, given as a JSON number or, when `numbersAsStrings` was asked for, as decimal text.
pub(crate) fn deserialize_i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Whole;

    impl Visitor<'_> for Whole {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of 64 bits")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<i64, E> {
            Ok(number)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<i64, E> {
            // 2^53: beyond it a double no longer tells neighbouring integers apart.
            const EXACT: f64 = 9_007_199_254_740_992.0;
            if number.fract() == 0.0 && number.abs() <= EXACT {
                #[expect(clippy::cast_possible_truncation, reason = "whole and small, so exact")]
                return Ok(number as i64);
            }
            Err(E::invalid_value(de::Unexpected::Float(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
            text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Whole)
}

/// Reads a number, given as a JSON number or, when `numbersAsStrings` was asked for, as decimal text.
pub(crate) fn deserialize_f64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a finite number")
        }

        #[expect(
            clippy::cast_precision_loss,
            reason = "a DOUBLE field holds the nearest double by definition"
        )]
        fn visit_i64<E: de::Error>(self, number: i64) -> Result<f64, E> {
            Ok(number as f64)
        }

        #[expect(
            clippy::cast_precision_loss,
            reason = "a DOUBLE field holds the nearest double by definition"
        )]
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<f64, E> {
            Ok(number as f64)
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<f64, E> {
            Ok(number)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
            }
        }
    }

    deserializer.deserialize_any(Number)
}
