//! The server's clock, which a test can move forward.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cloudkit_core::runtime::{self, BoxFuture};

/// Where virtual time starts unless it is told otherwise: 2026-01-01T00:00:00Z.
pub(crate) const VIRTUAL_START_MS: i64 = 1_767_225_600_000;

/// The server's clock. Tests move it, and clones show the same time.
///
/// It shows the machine's time plus what was added to it, or, with
/// [virtual time](crate::TestContainerBuilder::virtual_time), stands still until somebody moves it. Index lag, the window
/// for signatures, the life of tokens, planned throttling and planned latency all follow it, so a test never has to sleep.
///
/// A client takes it as its own clock through [`cloudkit_core::runtime::Clock`]. In virtual time whoever sleeps moves the
/// clock to the end of the sleep and does not wait, so that an hour of retries takes no time.
#[derive(Clone)]
pub struct Clock {
    base: Base,
    /// Microseconds, which reach as far as the dates that a file system knows.
    offset_us: Arc<AtomicI64>,
}

/// What the clock would show if nobody had moved it.
#[derive(Clone, Copy, Debug)]
enum Base {
    /// The time of the machine; the moment is when the clock was made.
    Machine(Instant),
    /// Always this many milliseconds since 1970.
    Standing(i64),
}

impl Clock {
    /// A clock that follows the machine's.
    pub(crate) fn of_the_machine() -> Self {
        Self { base: Base::Machine(Instant::now()), offset_us: Arc::default() }
    }

    /// A clock that stands at a moment, in milliseconds since 1970, until it is moved.
    pub(crate) fn standing(start_ms: i64) -> Self {
        Self { base: Base::Standing(start_ms), offset_us: Arc::default() }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = microseconds(by);
        let _ = self
            .offset_us
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |offset| Some(offset.saturating_add(by)));
    }

    /// What the clock shows, in milliseconds since 1970 in UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let base = match self.base {
            Base::Standing(start_ms) => start_ms,
            Base::Machine(_) => machine_ms(),
        };
        base.saturating_add(self.offset_us.load(Ordering::SeqCst).div_euclid(1000))
    }

    /// Whether the clock stands still until somebody moves it.
    #[must_use]
    pub const fn is_virtual(&self) -> bool {
        matches!(self.base, Base::Standing(_))
    }

    /// Moves the clock forward until so much was added to it altogether.
    fn advance_to(&self, offset_us: i64) {
        self.offset_us.fetch_max(offset_us, Ordering::SeqCst);
    }
}

impl runtime::Clock for Clock {
    fn now(&self) -> SystemTime {
        let since_epoch = Duration::from_millis(u64::try_from(self.now_ms()).unwrap_or(0));
        UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        let moved = u64::try_from(self.offset_us.load(Ordering::SeqCst)).unwrap_or(0);
        let passed = match self.base {
            Base::Standing(_) => Duration::ZERO,
            Base::Machine(since) => since.elapsed(),
        };
        passed.saturating_add(Duration::from_micros(moved))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        if !self.is_virtual() {
            return Box::pin(tokio::time::sleep(duration));
        }
        // Two that sleep at once for a second are both awake after one second, so each has an end and not a length.
        let end = self.offset_us.load(Ordering::SeqCst).saturating_add(microseconds(duration));
        Box::pin(async move {
            // Whoever is ready to run at this moment still sees it.
            tokio::task::yield_now().await;
            self.advance_to(end);
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("now_ms", &self.now_ms())
            .field("is_virtual", &self.is_virtual())
            .finish()
    }
}

/// Rounded up, because a sleep must not end early.
fn microseconds(duration: Duration) -> i64 {
    let whole = duration.as_micros() + u128::from(!duration.subsec_nanos().is_multiple_of(1000));
    i64::try_from(whole).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place of the server that reads the clock")]
fn machine_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// The day of a moment, as year, month (1 to 12) and day (1 to 31), by the Gregorian calendar in UTC.
pub(crate) fn civil_date(days_since_1970: i64) -> (i64, u32, u32) {
    // The algorithm counts years from March, so that the leap day is the last of its year.
    let days = days_since_1970 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = u32::try_from(day_of_year - (153 * shifted_month + 2) / 5 + 1).unwrap_or(1);
    let month =
        u32::try_from(if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 }).unwrap_or(1);
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The number of days from 1970-01-01 to a date; the inverse of [`civil_date`].
pub(crate) fn days_since_1970(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The moment as an HTTP `Date` header.
pub(crate) fn http_date(ms: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = ms.div_euclid(1000);
    let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_date(days);
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)],
        MONTHS[usize::try_from(month - 1).unwrap_or(0)],
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_inverse() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil_date(days);
            assert_eq!(days_since_1970(year, month, day), days);
        }
    }

    #[test]
    fn http_dates_are_spelled_as_http_wants_them() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn the_clock_only_moves_forward() {
        let clock = Clock::of_the_machine();
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(60));
        assert!(clock.now_ms() >= before + 60_000);
    }

    #[test]
    fn virtual_time_stands_still_until_somebody_moves_it() {
        let clock = Clock::standing(VIRTUAL_START_MS);
        assert_eq!(http_date(clock.now_ms()), "Thu, 01 Jan 2026 00:00:00 GMT");
        clock.clone().advance(Duration::from_millis(1500));
        assert_eq!(clock.now_ms(), VIRTUAL_START_MS + 1500);
    }

    #[tokio::test]
    async fn sleepers_of_virtual_time_sleep_beside_each_other_and_not_one_after_the_other() {
        use cloudkit_core::runtime::Clock as _;
        let clock = Clock::standing(0);
        let ((), ()) = tokio::join!(
            clock.sleep(Duration::from_secs(3600)),
            clock.sleep(Duration::from_secs(3600) + Duration::from_nanos(1))
        );
        assert_eq!(clock.monotonic(), Duration::from_secs(3600) + Duration::from_micros(1));
    }
}
