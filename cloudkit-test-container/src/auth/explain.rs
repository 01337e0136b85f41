//! Why a request was refused: what the client library's `explain` finds out about it, which here is told all that the
//! server knows.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use bytes::Bytes;
use cloudkit_core::explain::{Capture, CauseCode, Evidence, Explanation, KnownKey, Limits, Verdict};
use http::HeaderMap;

use super::Refusal;
use crate::server::State;

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Why a request was refused, or what its signature is worth.
#[derive(Clone, Debug)]
pub(crate) struct Explained {
    /// In one line of ASCII.
    pub(crate) line: String,
    /// What the container has refused it for where others would accept it.
    pub(crate) refused_for: Option<CauseCode>,
    pub(crate) explanation: Arc<Explanation>,
}

/// Explains a refusal.
///
/// That may take a while: a hundred milliseconds where the machine has time, and less where it has not.
pub(crate) fn explain(state: &State, request: &Arrived<'_>, refusal: Refusal) -> Explained {
    let explanation = Arc::new(look_at(state, request, state.clock().now_ms()));
    let refused_for = refusal.0.filter(|_| explanation.verdict != Verdict::Invalid);
    let line = match refused_for {
        None => explanation.one_line(),
        Some(code) => {
            let found = explanation.notes.iter().find(|note| note.code == code);
            line(code, found.map_or(code.title(), |note| note.detail.as_str()))
        }
    };
    Explained { line, refused_for, explanation }
}

/// What the signature of a request that arrived at this moment is worth, by what is known now.
pub(crate) fn look_at(state: &State, request: &Arrived<'_>, at_ms: i64) -> Explanation {
    let limits = state.explaining().take();
    let explanation = cloudkit_core::explain::explain(&capture(request), &evidence(state, at_ms), &limits);
    state.explaining().give_back(limits.candidates.saturating_sub(explanation.candidates_tried));
    explanation
}

/// One line about something that was decided here.
pub(crate) fn line(code: CauseCode, detail: &str) -> String {
    format!("{} {code}: {detail}", code.row())
}

fn capture(request: &Arrived<'_>) -> Capture {
    let mut capture = Capture::new(request.method, request.target).body(Bytes::copy_from_slice(request.body));
    for (name, value) in request.headers {
        // Whatever is not UTF-8 is taken letter by letter: none of our headers has such letters.
        let value = match std::str::from_utf8(value.as_bytes()) {
            Ok(text) => text.to_owned(),
            Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
        };
        capture = capture.header(name.as_str(), value);
    }
    capture
}

fn evidence(state: &State, at_ms: i64) -> Evidence {
    let settings = state.settings();
    let now = Duration::from_millis(u64::try_from(at_ms).unwrap_or(0));
    let mut evidence = Evidence::new()
        .keys_are_complete()
        .container(&settings.container_id)
        .server_time(UNIX_EPOCH + now)
        .window(settings.clock_window);
    for key in state.keys().read().unwrap_or_else(PoisonError::into_inner).all() {
        let beginning: String = key.key_id.chars().take(8).collect();
        let name = format!("that of {beginning}... in {}", key.environment);
        let mut known = KnownKey::new(name, key.public_key).key_id(&key.key_id).environment(key.environment);
        if key.revoked {
            known = known.revoked();
        }
        evidence = evidence.key(known);
    }
    for token in state.tokens().api_tokens() {
        evidence = evidence.api_token(token);
    }
    evidence
}

/// How much of the machine explanations may take: a burst of refused requests must not keep others waiting.
#[derive(Debug)]
pub(crate) struct Explaining {
    /// In candidates.
    left: u64,
    refilled: Instant,
}

impl Explaining {
    /// Two mistakes at once, the likely ones, and what was seen together.
    const WHOLE: Limits = Limits::QUICK.candidates(2_500);
    /// One mistake.
    const SMALL: Limits = Limits::QUICK.candidates(150).mistakes(1);
    /// As many candidates as may be tried at once, and how many come back each second.
    const MOST: u64 = 20_000;
    const PER_SECOND: u64 = 4_000;

    /// How far the next explanation may go.
    fn take(&mut self) -> Limits {
        let milliseconds = u64::try_from(self.refilled.elapsed().as_millis()).unwrap_or(u64::MAX);
        let back = milliseconds.saturating_mul(Self::PER_SECOND) / 1000;
        if back > 0 {
            self.left = self.left.saturating_add(back).min(Self::MOST);
            self.refilled = Instant::now();
        }
        let limits = if self.left >= Self::WHOLE.candidates { Self::WHOLE } else { Self::SMALL };
        self.left = self.left.saturating_sub(limits.candidates);
        limits
    }

    fn give_back(&mut self, candidates: u64) {
        self.left = self.left.saturating_add(candidates).min(Self::MOST);
    }
}

impl Default for Explaining {
    fn default() -> Self {
        Self { left: Self::MOST, refilled: Instant::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_refusals_is_explained_less_deeply_and_never_not_at_all() {
        let mut explaining = Explaining::default();
        let deep = (0..100).take_while(|_| explaining.take() == Explaining::WHOLE).count();
        assert!((8..50).contains(&deep), "{deep}");
        explaining.left = 0;
        explaining.refilled = Instant::now();
        assert_eq!(explaining.take(), Explaining::SMALL);
        explaining.give_back(Explaining::WHOLE.candidates);
        assert_eq!(explaining.take(), Explaining::WHOLE);
    }
}
