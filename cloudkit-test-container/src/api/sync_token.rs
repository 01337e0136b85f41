//! Sync tokens: how far a reader has followed a change feed.
//!
//! A token holds a place in the feed and is bound to the feed and to the reader. Nothing about it is kept, so tokens
//! survive restarts, are not used up, and any of them can be read from again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

use super::{ApiError, Call};
use crate::facts;
use crate::store::{DatabaseId, Store};

/// What can be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// The records of a zone: `changes/zone` and `records/changes`.
    Zone(i64),
    /// The zones of a database: `changes/database`.
    Database(DatabaseId),
    /// The zones of a database: `zones/changes`, whose tokens have a name of their own.
    Zones(DatabaseId),
}

/// A place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The last change that was shown.
    pub(super) at: i64,
    /// Whether the feed is followed from its end.
    pub(super) reverse: bool,
    /// How many empty pages come before the next full one.
    pub(super) gaps: u8,
}

const CHECK: usize = 12;
const LENGTH: usize = 24;
/// A prefix of three bytes is four characters of base64, which even a token that was cut off still shows.
const PREFIX: usize = 3;
const REVERSE: u8 = 0x80;

impl Feed {
    const fn prefix(self) -> [u8; PREFIX] {
        match self {
            Self::Zone(_) => [0x01, 0x00, 0x00],
            Self::Database(_) => [0x1f, 0x0a, 0x04],
            Self::Zones(_) => [0x01, 0x00, 0x01],
        }
    }
}

impl Position {
    pub(super) const fn start(reverse: bool, gaps: u8) -> Self {
        Self { at: if reverse { i64::MAX } else { 0 }, reverse, gaps: gaps & !REVERSE }
    }

    fn payload(self) -> Vec<u8> {
        let mut payload = self.at.to_be_bytes().to_vec();
        payload.push(if self.reverse { self.gaps | REVERSE } else { self.gaps });
        payload
    }
}

fn write(binding: &str, feed: Feed, position: Position) -> String {
    let payload = position.payload();
    let check = check(binding, feed, &payload);
    BASE64.encode([feed.prefix().as_slice(), &payload, &check].concat())
}

/// Reads a token, or says in CloudKit's words what is wrong with it.
fn read(binding: &str, feed: Feed, token: &str) -> Result<Position, &'static str> {
    if !token.starts_with(&BASE64.encode(feed.prefix())) {
        return Err(facts::UNKNOWN_SYNC_TOKEN.value);
    }
    let bytes = BASE64.decode(token).ok().filter(|bytes| bytes.len() == LENGTH);
    let bytes = bytes.ok_or(facts::SYNC_TOKEN_CUT_OFF.value)?;
    let (payload, given) = bytes[PREFIX..].split_at(LENGTH - PREFIX - CHECK);
    if given != check(binding, feed, payload) {
        return Err(facts::UNKNOWN_SYNC_TOKEN.value);
    }
    let (at, flags) = payload.split_first_chunk::<8>().ok_or(facts::SYNC_TOKEN_CUT_OFF.value)?;
    let flags = flags.first().copied().unwrap_or(0);
    Ok(Position { at: i64::from_be_bytes(*at), reverse: flags & REVERSE != 0, gaps: flags & !REVERSE })
}

fn check(binding: &str, feed: Feed, payload: &[u8]) -> [u8; CHECK] {
    let digest =
        Sha256::new().chain_update(format!("{binding}\n{feed:?}\n")).chain_update(payload).finalize();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

impl Call<'_> {
    /// What the tokens of a caller are bound to, besides the feed.
    fn token_binding(&self, store: &Store) -> Result<String, ApiError> {
        let epoch = store.sync_epoch(self.environment)?;
        Ok(format!("{} {} {} {epoch}", self.environment, self.scope.as_str(), self.caller_name()))
    }

    pub(super) fn write_sync_token(
        &self,
        store: &Store,
        feed: Feed,
        position: Position,
    ) -> Result<String, ApiError> {
        Ok(write(&self.token_binding(store)?, feed, position))
    }

    pub(super) fn read_sync_token(
        &self,
        store: &Store,
        feed: Feed,
        token: &str,
    ) -> Result<Position, ApiError> {
        read(&self.token_binding(store)?, feed, token).map_err(ApiError::bad_request)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tokens_read_back_for_their_own_feed_and_reader_only(
            at: i64, reverse: bool, gaps in 0_u8..128, zone: i64, reader: String
        ) {
            let position = Position { at, reverse, gaps };
            let feed = Feed::Zone(zone);
            let token = write(&reader, feed, position);
            prop_assert_eq!(token.len(), 32);
            prop_assert_eq!(read(&reader, feed, &token), Ok(position));
            let unknown = Err("Unknown sync continuation type");
            prop_assert_eq!(read(&format!("{reader}x"), feed, &token), unknown);
            prop_assert_eq!(read(&reader, Feed::Zone(zone ^ 1), &token), unknown);
            prop_assert_eq!(read(&reader, Feed::Database(DatabaseId(zone)), &token), unknown);
            prop_assert_eq!(read(&reader, Feed::Zones(DatabaseId(zone)), &token), unknown);
        }

        #[test]
        fn a_token_cut_off_is_told_from_one_that_never_was(at: i64, keep in 4_usize..32) {
            let feed = Feed::Database(DatabaseId(1));
            let token = write("reader", feed, Position { at, reverse: false, gaps: 0 });
            prop_assert_eq!(read("reader", feed, &token[..keep]), Err("Invalid continuation format"));
        }

        #[test]
        fn nothing_else_is_a_token(text: String) {
            prop_assert!(read("reader", Feed::Zone(1), &text).is_err());
        }
    }
}
