//! The text that asks for the next page: where the last one ended.
//!
//! A marker holds the sort keys of the last record, not a count, so records that come and go between two pages move no
//! other record from one page to the next.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

/// Where a record stands among the results: its sort keys, then its place in the order of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkerKey {
    pub(crate) keys: Vec<Vec<u8>>,
    pub(crate) rid: i64,
}

const CHECK: usize = 16;

/// Writes the marker of a query, which is bound to everything in `query`.
pub(super) fn write(query: &str, position: &MarkerKey) -> String {
    let mut payload = position.rid.to_be_bytes().to_vec();
    for key in &position.keys {
        payload.extend_from_slice(&u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes());
        payload.extend_from_slice(key);
    }
    let mut bytes = check(query, &payload).to_vec();
    bytes.extend_from_slice(&payload);
    BASE64.encode(bytes)
}

/// Reads a marker; `None` if it is not one of this query.
pub(super) fn read(query: &str, marker: &str) -> Option<MarkerKey> {
    let bytes = BASE64.decode(marker).ok()?;
    let (given, payload) = bytes.split_at_checked(CHECK)?;
    if given != check(query, payload) {
        return None;
    }
    let (rid, mut rest) = payload.split_first_chunk::<8>()?;
    let mut keys = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (key, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        keys.push(key.to_vec());
        rest = after;
    }
    rest.is_empty().then_some(MarkerKey { keys, rid: i64::from_be_bytes(*rid) })
}

fn check(query: &str, payload: &[u8]) -> [u8; CHECK] {
    let digest = Sha256::new()
        .chain_update((query.len() as u64).to_be_bytes())
        .chain_update(query)
        .chain_update(payload)
        .finalize();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn markers_read_back_for_their_own_query_only(keys: Vec<Vec<u8>>, rid: i64, query: String) {
            let position = MarkerKey { keys, rid };
            let marker = write(&query, &position);
            prop_assert_eq!(read(&query, &marker), Some(position));
            prop_assert_eq!(read(&format!("{query}x"), &marker), None);
        }

        #[test]
        fn nothing_else_is_a_marker(text: String) {
            prop_assert_eq!(read("query", &text), None);
        }
    }
}
