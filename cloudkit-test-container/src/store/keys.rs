//! Turns values into bytes whose order is the order of the values, so that SQLite's indexes serve every type.

use super::place::place_key;
use crate::facts;
use crate::value::Scalar;

/// The longest index key. Longer values share their beginning, and whoever reads the index compares them in full.
pub(crate) const MAX_KEY: usize = 256;

/// The index key of an absent value: before every value, or after all of them.
pub(crate) const ABSENT: &[u8] = if facts::ABSENT_SORTS_FIRST.value { &[1] } else { &[3] };

pub(super) const PRESENT: u8 = 2;

/// The value as bytes that sort like it, in full length.
pub(crate) fn full_key(scalar: &Scalar) -> Vec<u8> {
    let mut key = vec![PRESENT];
    match scalar {
        Scalar::String(text) => key.extend_from_slice(text.as_bytes()),
        Scalar::Int64(value) | Scalar::Timestamp(value) => key.extend_from_slice(&integer(*value)),
        Scalar::Double(value) => key.extend_from_slice(&double(*value)),
        Scalar::Bytes(bytes) => key.extend_from_slice(bytes),
        Scalar::Location(location) => {
            key.extend_from_slice(&double(location.latitude));
            key.extend_from_slice(&double(location.longitude));
        }
        // A filter may leave the zone open, so the zone is left to the comparison in full.
        Scalar::Reference(reference) => key.extend_from_slice(reference.record_name.as_bytes()),
        // No index takes assets.
        Scalar::Asset(asset) => key.extend_from_slice(asset.file_checksum.as_bytes()),
    }
    key
}

/// The key that is kept in the index. Values that are equal have the same one.
pub(crate) fn index_key(scalar: &Scalar) -> Vec<u8> {
    match scalar {
        Scalar::Location(location) => place_key(location.into()),
        _ => shorten(full_key(scalar)),
    }
}

/// The key of a number, as for a value of type DOUBLE.
pub(crate) fn double_key(value: f64) -> Vec<u8> {
    full_key(&Scalar::Double(value))
}

/// The number of a key that [`double_key`] has made.
pub(crate) fn read_double_key(key: &[u8]) -> Option<f64> {
    let ordered = u64::from_be_bytes(key.strip_prefix(&[PRESENT])?.try_into().ok()?);
    let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
    Some(f64::from_bits(bits))
}

/// The index key of a text that is no field value.
pub(crate) fn text_key(text: &str) -> Vec<u8> {
    shorten([&[PRESENT], text.as_bytes()].concat())
}

/// The index key of a record's place in the order of creation.
pub(crate) fn rowid_key(rid: i64) -> Vec<u8> {
    [&[PRESENT], integer(rid).as_slice()].concat()
}

pub(crate) fn shorten(mut key: Vec<u8>) -> Vec<u8> {
    key.truncate(MAX_KEY);
    key
}

/// The first key after all that begin with `prefix`; `None` if nothing comes after them.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

fn integer(value: i64) -> [u8; 8] {
    (value.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn double(value: f64) -> [u8; 8] {
    // Adding zero turns -0.0 into 0.0: the two are equal and must have one key.
    let bits = (value + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    ordered.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integer_keys_sort_like_integers(a: i64, b: i64) {
            prop_assert_eq!(full_key(&Scalar::Int64(a)).cmp(&full_key(&Scalar::Int64(b))), a.cmp(&b));
        }

        #[test]
        fn double_keys_sort_like_doubles(a: f64, b: f64) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            let expected = a.partial_cmp(&b).expect("neither is NaN");
            prop_assert_eq!(double_key(a).cmp(&double_key(b)), expected);
            prop_assert_eq!(read_double_key(&double_key(a)), Some(a));
        }

        #[test]
        fn string_keys_sort_by_code_point(a: String, b: String) {
            let keys = full_key(&Scalar::String(a.clone())).cmp(&full_key(&Scalar::String(b.clone())));
            prop_assert_eq!(keys, a.chars().cmp(b.chars()));
        }

        #[test]
        fn short_keys_never_contradict_full_ones(a: String, b: String) {
            let (a, b) = (Scalar::String(a.repeat(20)), Scalar::String(b.repeat(20)));
            if full_key(&a) <= full_key(&b) {
                prop_assert!(index_key(&a) <= index_key(&b));
            }
        }

        #[test]
        fn nothing_that_begins_with_a_prefix_reaches_what_comes_after_it(prefix: Vec<u8>, rest: Vec<u8>) {
            if let Some(after) = after_prefix(&prefix) {
                prop_assert!([prefix.as_slice(), &rest].concat() < after);
                prop_assert!(prefix < after);
            }
        }

        #[test]
        fn absent_comes_before_everything(value: String) {
            prop_assert!(ABSENT < full_key(&Scalar::String(value)).as_slice());
        }
    }

    #[test]
    fn both_zeros_have_one_key() {
        assert_eq!(double_key(0.0), double_key(-0.0));
    }
}
