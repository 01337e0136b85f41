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
    /// How many pages of a run of empty ones are still to come, the full one behind it included. Zero outside of runs.
    pub(super) run: u8,
}

const CHECK: usize = 12;
const LENGTH: usize = 24;
/// A prefix of three bytes is four characters of base64, which even a token that was cut off still shows.
const PREFIX: usize = 3;
const REVERSE: u8 = 0x80;
/// The most empty pages in a row: with the full page behind them they fill the other bits.
const LONGEST_RUN: u8 = 126;

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
    pub(super) const fn start(reverse: bool) -> Self {
        Self { at: if reverse { i64::MAX } else { 0 }, reverse, run: 0 }
    }

    /// The position after an empty page, if one comes here: within a run, or where `empty_pages` begin.
    pub(super) fn after_empty_page(self, empty_pages: u8) -> Option<Self> {
        let run = match self.run {
            0 => empty_pages.min(LONGEST_RUN).checked_add(1)?,
            run => run,
        };
        let run = run.checked_sub(1).filter(|run| *run > 0)?;
        Some(Self { run, ..self })
    }

    fn payload(self) -> Vec<u8> {
        let mut payload = self.at.to_be_bytes().to_vec();
        payload.push(if self.reverse { self.run | REVERSE } else { self.run });
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
    Ok(Position { at: i64::from_be_bytes(*at), reverse: flags & REVERSE != 0, run: flags & !REVERSE })
}

/// Whether a token leads into a run of empty pages, or to the full page behind it. Whose token it is does not matter.
pub(crate) fn is_within_run(token: &str) -> bool {
    let bytes = BASE64.decode(token).ok().filter(|bytes| bytes.len() == LENGTH);
    bytes.is_some_and(|bytes| bytes[LENGTH - CHECK - 1] & !REVERSE != 0)
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
            at: i64, reverse: bool, run in 0_u8..128, zone: i64, reader: String
        ) {
            let position = Position { at, reverse, run };
            let feed = Feed::Zone(zone);
            let token = write(&reader, feed, position);
            prop_assert_eq!(token.len(), 32);
            prop_assert_eq!(is_within_run(&token), run > 0);
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
            let token = write("reader", feed, Position { at, reverse: false, run: 0 });
            prop_assert_eq!(read("reader", feed, &token[..keep]), Err("Invalid continuation format"));
        }

        #[test]
        fn a_run_has_as_many_empty_pages_as_were_planned(pages in 0_u8..=126) {
            let mut position = Position::start(false);
            let mut empty = 0;
            while let Some(next) = position.after_empty_page(pages) {
                empty += 1;
                position = next;
            }
            prop_assert_eq!(empty, pages);
            // Within a run no other begins, so that its full page always comes.
            prop_assert_eq!(position.after_empty_page(1).is_some(), pages == 0);
        }

        #[test]
        fn nothing_else_is_a_token(text: String) {
            prop_assert!(read("reader", Feed::Zone(1), &text).is_err());
        }
    }
}
