//! Whether to try again, and when: a pure decision, with time and chance as arguments.

use crate::ServerErrorCode;
use std::time::{Duration, SystemTime};

/// A server's wish for a longer wait than this is taken for this long, which no budget allows anyway: 10 years.
const LONGEST_WISH: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// When a failed attempt is followed by another.
///
/// ```
/// use cloudkit_core::transport::RetryPolicy;
/// use std::time::Duration;
///
/// let patient = RetryPolicy { max_elapsed: Duration::from_secs(3600), ..RetryPolicy::default() };
/// let once = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
/// # assert_ne!(patient, once);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts of one call, the first included: 8 by default. With 1 nothing is ever repeated.
    pub max_attempts: u32,
    /// How long after the start of its first attempt a call may begin another: 5 minutes by default. When the server
    /// asks for a longer wait, the call fails at once instead of coming back too early.
    pub max_elapsed: Duration,
    /// The back-off after the first failed attempt, doubled with each further one: 1 second by default. A random part
    /// of it is waited, so that many clients do not come back together.
    pub base_delay: Duration,
    /// Where the doubling ends: 60 seconds by default.
    pub max_delay: Duration,
    /// How many attempts may follow faults inside CloudKit (`INTERNAL_ERROR`): 2 by default. Some requests always meet
    /// one.
    pub max_internal_error_retries: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 8,
            max_elapsed: Duration::from_secs(300),
            base_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            max_internal_error_retries: 2,
        }
    }
}

/// How an attempt failed, as far as it matters for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The request certainly did not reach CloudKit.
    NotSent,
    /// The request was sent and its answer was lost.
    Unanswered {
        /// Whether the call has the same effect when it is processed twice.
        may_repeat: bool,
    },
    /// CloudKit, or something in front of it, refused.
    Refused {
        /// The code in the body. Without one the answer may come from something in front of CloudKit.
        code: Option<ServerErrorCode>,
        /// The HTTP status.
        status: u16,
        /// Whether the call has the same effect when it is processed twice. A gateway's error and an `INTERNAL_ERROR`
        /// do not say whether the request was processed.
        may_repeat: bool,
        /// `retryAfter` of the body.
        retry_after_body: Option<Duration>,
        /// `Retry-After` of the header.
        retry_after_header: Option<Duration>,
    },
}

/// What a call has behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The attempts made, the failed one included.
    pub attempts: u32,
    /// How many of them ended in a fault inside CloudKit.
    pub internal_errors: u32,
    /// The time since the first attempt began.
    pub elapsed: Duration,
}

impl Failure {
    /// The wait that the server asks for: the longer one, where body and header differ.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after_body, retry_after_header, .. } => {
                (*retry_after_body).max(*retry_after_header)
            }
            Self::NotSent | Self::Unanswered { .. } => None,
        }
    }

    /// Whether the server says that it gets too much, or is closed for a while.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        match self {
            Self::Refused { code, status, .. } => match code {
                Some(ServerErrorCode::Throttled | ServerErrorCode::TryAgainLater) => true,
                // One zone is locked; the others are not.
                Some(ServerErrorCode::ZoneBusy) => self.retry_after().is_some(),
                Some(ServerErrorCode::Other(_)) | None => matches!(status, 429 | 503),
                Some(_) => false,
            },
            Self::NotSent | Self::Unanswered { .. } => false,
        }
    }

    /// Whether this is a fault inside CloudKit, which only few retries are spent on.
    #[must_use]
    pub fn is_internal_error(&self) -> bool {
        matches!(
            self,
            Self::Refused { code: Some(ServerErrorCode::InternalError), .. }
                | Self::Refused { code: None, status: 500, .. }
        )
    }

    /// Whether the request may have been processed all the same.
    #[must_use]
    pub fn may_have_been_processed(&self) -> bool {
        match self {
            Self::NotSent => false,
            Self::Unanswered { .. } => true,
            Self::Refused { code, status, .. } => {
                self.is_internal_error() || (code.is_none() && matches!(status, 502 | 504))
            }
        }
    }

    fn is_passing(&self) -> bool {
        match self {
            Self::NotSent => true,
            Self::Unanswered { may_repeat } => *may_repeat,
            Self::Refused { code, may_repeat, .. } => {
                if self.may_have_been_processed() {
                    return *may_repeat;
                }
                matches!(code, Some(ServerErrorCode::ZoneBusy)) || self.is_throttled()
            }
        }
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt, or `None` when there should be none.
    ///
    /// The wait is never shorter than the server's wish. `jitter` is a random number in `[0, 1)`, the part of the
    /// back-off that is waited.
    #[must_use]
    pub fn next(&self, failure: &Failure, tally: Tally, jitter: f64) -> Option<Duration> {
        let spent = tally.attempts >= self.max_attempts
            || (failure.is_internal_error() && tally.internal_errors > self.max_internal_error_retries);
        if spent || !failure.is_passing() {
            return None;
        }
        let doublings = tally.attempts.saturating_sub(1).min(31);
        let back_off = self.base_delay.saturating_mul(1 << doublings).min(self.max_delay);
        let jitter = if jitter.is_nan() { 1.0 } else { jitter.clamp(0.0, 1.0) };
        let wait = back_off.mul_f64(jitter).max(failure.retry_after().unwrap_or(Duration::ZERO));
        (tally.elapsed.saturating_add(wait) <= self.max_elapsed).then_some(wait)
    }
}

/// Reads `retryAfter`, seconds that may have a fraction, rounded up to whole milliseconds.
///
/// What is no duration (negative, not a number) is no wish; one that is too long to be meant is cut to ten years.
pub(crate) fn retry_after_seconds(seconds: f64) -> Option<Duration> {
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    let milliseconds = (seconds * 1000.0).ceil().min(LONGEST_WISH.as_millis() as f64);
    Some(Duration::from_millis(milliseconds as u64))
}

/// Reads the header `Retry-After`: seconds, or a date that is taken relative to `reference`, the server's own time.
pub(crate) fn retry_after_header(text: &str, reference: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        return plain.then(|| text.parse().ok()).flatten().and_then(retry_after_seconds);
    }
    let wish = http_date(text)?.duration_since(reference).unwrap_or(Duration::ZERO);
    Some(wish.min(LONGEST_WISH))
}

/// Reads a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    let timestamp = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    let distance = Duration::from_secs(timestamp.as_second().unsigned_abs());
    if timestamp.as_second() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn refused(code: impl Into<Option<&'static str>>, status: u16) -> Failure {
        Failure::Refused {
            code: code.into().map(ServerErrorCode::from),
            status,
            may_repeat: true,
            retry_after_body: None,
            retry_after_header: None,
        }
    }

    fn wishing(body: Option<Duration>, header: Option<Duration>) -> Failure {
        Failure::Refused {
            code: Some(ServerErrorCode::Throttled),
            status: 429,
            may_repeat: true,
            retry_after_body: body,
            retry_after_header: header,
        }
    }

    fn after(attempts: u32) -> Tally {
        Tally { attempts, ..Tally::default() }
    }

    fn next(failure: &Failure, tally: Tally) -> Option<Duration> {
        RetryPolicy::default().next(failure, tally, 0.5)
    }

    #[test]
    fn passing_faults_are_tried_again_and_others_are_not() {
        let passing = [
            Failure::NotSent,
            Failure::Unanswered { may_repeat: true },
            refused("TRY_AGAIN_LATER", 503),
            refused("TRY_AGAIN_LATER", 200),
            refused("ZONE_BUSY", 503),
            refused("THROTTLED", 429),
            refused("NEW_CODE", 503),
            refused("INTERNAL_ERROR", 500),
            refused(None, 429),
            refused(None, 500),
            refused(None, 502),
            refused(None, 503),
            refused(None, 504),
        ];
        for failure in passing {
            assert!(next(&failure, after(1)).is_some(), "{failure:?}");
        }
        let lasting = [
            Failure::Unanswered { may_repeat: false },
            refused("AUTHENTICATION_FAILED", 401),
            refused("AUTHENTICATION_REQUIRED", 421),
            refused("AUTHENTICATION_REQUIRED", 503),
            refused("BAD_REQUEST", 400),
            refused("CONFLICT", 409),
            refused("QUOTA_EXCEEDED", 413),
            refused("NEW_CODE", 400),
            refused(None, 302),
            refused(None, 401),
            refused(None, 404),
            refused(None, 408),
            refused(None, 421),
            refused(None, 501),
        ];
        for failure in lasting {
            assert_eq!(next(&failure, after(1)), None, "{failure:?}");
        }
    }

    #[test]
    fn what_may_have_been_processed_is_repeated_only_when_that_is_safe() {
        for (code, status) in [(Some("INTERNAL_ERROR"), 500), (None, 500), (None, 502), (None, 504)] {
            let failure = Failure::Refused {
                code: code.map(ServerErrorCode::from),
                status,
                may_repeat: false,
                retry_after_body: Some(SECOND),
                retry_after_header: None,
            };
            assert_eq!(next(&failure, after(1)), None, "{failure:?}");
        }
        let throttled = Failure::Refused {
            code: Some(ServerErrorCode::Throttled),
            status: 429,
            may_repeat: false,
            retry_after_body: None,
            retry_after_header: None,
        };
        assert!(next(&throttled, after(1)).is_some(), "a throttled request was not processed");
    }

    #[test]
    fn an_internal_error_is_tried_twice_more() {
        let failure = refused("INTERNAL_ERROR", 500);
        let tally = |internal_errors| Tally { attempts: 3, internal_errors, ..Tally::default() };
        assert!(next(&failure, tally(2)).is_some());
        assert_eq!(next(&failure, tally(3)), None);
        assert!(next(&refused("THROTTLED", 429), tally(3)).is_some(), "other failures have their own count");
    }

    #[test]
    fn the_back_off_doubles_up_to_its_cap() {
        let waits: Vec<u64> = (1..8)
            .filter_map(|attempts| RetryPolicy::default().next(&Failure::NotSent, after(attempts), 1.0))
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(RetryPolicy::default().next(&Failure::NotSent, after(8), 1.0), None);
    }

    #[test]
    fn the_longer_wish_counts_and_jitter_does_not_shorten_it() {
        let failure = wishing(Some(SECOND * 12), Some(SECOND * 7));
        assert_eq!(RetryPolicy::default().next(&failure, after(1), 0.0), Some(SECOND * 12));
        let failure = wishing(Some(SECOND * 7), Some(SECOND * 12));
        assert_eq!(RetryPolicy::default().next(&failure, after(1), 0.0), Some(SECOND * 12));
        assert_eq!(RetryPolicy::default().next(&wishing(None, None), after(1), 0.25), Some(SECOND / 4));
    }

    #[test]
    fn a_wish_beyond_the_budget_ends_the_call_at_once() {
        let tally = Tally { attempts: 1, elapsed: SECOND * 10, ..Tally::default() };
        assert_eq!(next(&wishing(Some(SECOND * 290), None), tally), Some(SECOND * 290));
        assert_eq!(next(&wishing(Some(SECOND * 291), None), tally), None);
    }

    #[test]
    fn a_retry_after_rounds_up_and_survives_nonsense() {
        assert_eq!(retry_after_seconds(12.0), Some(SECOND * 12));
        assert_eq!(retry_after_seconds(0.0001), Some(Duration::from_millis(1)));
        assert_eq!(retry_after_seconds(0.0), Some(Duration::ZERO));
        assert_eq!(retry_after_seconds(f64::NAN), None);
        assert_eq!(retry_after_seconds(-1.0), None);
        assert_eq!(retry_after_seconds(f64::INFINITY), Some(LONGEST_WISH));
        assert_eq!(retry_after_seconds(1e300), Some(LONGEST_WISH));
    }

    #[test]
    fn the_header_holds_seconds_or_a_date() {
        let sent = http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("this is the date of the RFC");
        assert_eq!(sent, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        let read = |text| retry_after_header(text, sent);
        assert_eq!(read("120"), Some(SECOND * 120));
        assert_eq!(read(" 120 "), Some(SECOND * 120));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:00 GMT"), Some(SECOND * 23));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("99999999999999999999999999"), Some(LONGEST_WISH));
        assert_eq!(read("Tue, 01 Jan 2999 00:00:00 GMT"), Some(LONGEST_WISH));
        for nonsense in ["", "soon", "-5", "1e9", "1.2.3", "nan", "inf", "Sun, 99 Nov 1994 08:50:00 GMT"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_the_wish_or_longer_than_the_budget(
            seconds in prop::num::f64::ANY,
            jitter in prop::num::f64::ANY,
            attempts in 0_u32..10,
            elapsed in 0_u64..400,
        ) {
            let policy = RetryPolicy::default();
            let wish = retry_after_seconds(seconds);
            let elapsed = Duration::from_secs(elapsed);
            let tally = Tally { attempts, elapsed, ..Tally::default() };
            if let Some(wait) = policy.next(&wishing(wish, None), tally, jitter) {
                prop_assert!(wait >= wish.unwrap_or_default());
                prop_assert!(elapsed + wait <= policy.max_elapsed);
            }
        }

        #[test]
        fn any_header_is_read_without_a_panic(text in ".{0,40}") {
            retry_after_header(&text, SystemTime::UNIX_EPOCH);
        }
    }
}
