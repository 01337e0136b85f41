//! How far this machine's clock is from the server's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// How far the server's clock is from this machine's, once a refusal made it worth knowing.
#[derive(Debug, Default)]
pub struct ClockSkew {
    seconds: AtomicI64,
}

impl ClockSkew {
    /// The server's time minus this machine's, in seconds; zero as long as no request was refused for it.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Remembers a difference.
    pub fn remember(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    /// The time to sign with when this machine's clock shows `now`.
    #[must_use]
    pub fn correct(&self, now: SystemTime) -> SystemTime {
        let seconds = self.seconds();
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let corrected = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        corrected.unwrap_or(now)
    }
}

/// `later` minus `earlier` in whole seconds, in either direction.
pub(super) fn seconds_between(earlier: SystemTime, later: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2);
    match later.duration_since(earlier) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}
