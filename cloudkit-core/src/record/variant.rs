//! Records of several types in one enum: what `#[derive(CkRecords)]` calls.
//!
//! As with fields, the functions ask for a `VariantDef` and for nothing of its record, so that a variant which holds no
//! record is one error.

use serde::de::{self, Deserializer};

use super::{CkRecord, FromRecord, ToRecord};

/// A variant of an enum of record structs, as a type.
#[doc(hidden)]
pub trait VariantDef {
    /// The record struct that it holds.
    type Record: CkRecord;
}

/// The record type of a variant.
#[doc(hidden)]
#[must_use]
pub const fn variant_type<V: VariantDef>() -> &'static str {
    <V::Record as CkRecord>::RECORD_TYPE
}

/// The fields that a variant asks for.
#[doc(hidden)]
#[must_use]
pub fn variant_keys<V: VariantDef>() -> Option<Vec<&'static str>> {
    <V::Record as FromRecord>::desired_keys()
}

/// What a variant holds, as a record to send.
#[doc(hidden)]
pub const fn variant_record<V: VariantDef>(record: &V::Record) -> &(impl ToRecord + use<V>) {
    record
}

/// Reads the `fields` member of a record into what a variant holds.
#[doc(hidden)]
pub fn decode_variant<'de, V: VariantDef, D: Deserializer<'de>>(
    record_type: &str,
    fields: D,
) -> Result<V::Record, D::Error> {
    V::Record::decode_fields(record_type, fields)
}

/// Every key once, or `None` if one of the variants asks for all.
#[doc(hidden)]
#[must_use]
pub fn union_of_keys<const N: usize>(variants: [Option<Vec<&'static str>>; N]) -> Option<Vec<&'static str>> {
    let mut union = Vec::new();
    for keys in variants {
        union.extend(keys?);
    }
    union.sort_unstable();
    union.dedup();
    Some(union)
}

/// The error about a record that no variant is for.
#[doc(hidden)]
#[must_use]
pub fn unknown_record_type<E: de::Error>(found: &str, known: &[&str]) -> E {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    E::custom(format_args!("a record of type `{found}`, which is none of {}", known.join(", ")))
}

/// Whether two texts are equal, while compiling.
#[doc(hidden)]
#[must_use]
pub const fn is_same_text(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
