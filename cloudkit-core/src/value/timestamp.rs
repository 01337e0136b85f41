use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Deserializer;
use serde::ser::Serializer;

use super::scalar::deserialize_i64;
use super::{Encryptable, ListElement, ScalarType, StoredValue, ValueType};

/// A moment as CloudKit keeps it: whole milliseconds since 1970-01-01T00:00:00Z, negative before it.
///
/// It converts from and to [`SystemTime`] and [`jiff::Timestamp`]. Both are finer than a millisecond, so a conversion
/// into a CloudKit timestamp that has to round says so: [`floor`](Self::floor) rounds down, `try_from` refuses.
///
/// ```
/// use cloudkit_core::Timestamp;
///
/// let noon = Timestamp::from_millis(1_767_268_800_000);
/// assert_eq!(noon.to_string(), "2026-01-01T12:00:00Z");
/// assert_eq!(Timestamp::try_from("2026-01-01T12:00:00Z".parse::<jiff::Timestamp>()?)?, noon);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Apple: [Types and Dictionaries](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The moment lies outside of what the other type holds, or between two milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The other type cannot hold the moment.
    #[error("the timestamp is out of range")]
    OutOfRange,
    /// The moment is not a whole number of milliseconds.
    #[error(
        "the time has a part below the millisecond, which CloudKit cannot keep; round it with `Timestamp::floor`"
    )]
    FinerThanMilliseconds,
}

impl Timestamp {
    /// The moment this many milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The last whole millisecond that is not after `time`.
    ///
    /// # Errors
    ///
    /// [`TimestampError::OutOfRange`] if `time` is more than 292 million years from 1970.
    pub fn floor(time: SystemTime) -> Result<Self, TimestampError> {
        let milliseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => {
                i128::try_from(after.as_nanos()).map_err(|_| TimestampError::OutOfRange)? / 1_000_000
            }
            Err(before) => -i128::try_from(before.duration().as_nanos().div_ceil(1_000_000))
                .map_err(|_| TimestampError::OutOfRange)?,
        };
        i64::try_from(milliseconds).map(Self).map_err(|_| TimestampError::OutOfRange)
    }

    /// The moment this much later, or `None` if there is none.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(i64::try_from(duration.as_millis()).ok()?).map(Self)
    }

    /// The moment this much earlier, or `None` if there is none.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(i64::try_from(duration.as_millis()).ok()?).map(Self)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        let timestamp = Self::floor(time)?;
        match SystemTime::try_from(timestamp) {
            Ok(back) if back == time => Ok(timestamp),
            _ => Err(TimestampError::FinerThanMilliseconds),
        }
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = TimestampError;

    fn try_from(timestamp: Timestamp) -> Result<Self, TimestampError> {
        let distance = Duration::from_millis(timestamp.0.unsigned_abs());
        let time =
            if timestamp.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
        time.ok_or(TimestampError::OutOfRange)
    }
}

impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = TimestampError;

    fn try_from(time: jiff::Timestamp) -> Result<Self, TimestampError> {
        if time.subsec_nanosecond() % 1_000_000 != 0 {
            return Err(TimestampError::FinerThanMilliseconds);
        }
        Ok(Self(time.as_millisecond()))
    }
}

impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = TimestampError;

    fn try_from(timestamp: Timestamp) -> Result<Self, TimestampError> {
        jiff::Timestamp::from_millisecond(timestamp.0).map_err(|_| TimestampError::OutOfRange)
    }
}

/// RFC 3339 in UTC where the year has four digits, otherwise the milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::try_from(*self) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StoredValue for Timestamp {
    const VALUE_TYPE: ValueType = ValueType::one(ScalarType::Timestamp);

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }

    fn deserialize_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_i64(deserializer).map(Self)
    }
}

impl ListElement for Timestamp {}
impl Encryptable for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_before_1970_is_rounded_down() {
        let time = UNIX_EPOCH - Duration::from_micros(1_500);
        assert_eq!(Timestamp::floor(time), Ok(Timestamp::from_millis(-2)));
        assert_eq!(Timestamp::try_from(time), Err(TimestampError::FinerThanMilliseconds));
    }

    #[test]
    fn system_time_round_trips_at_the_millisecond() {
        for milliseconds in [0, 1, -1, 1_767_225_600_123, -62_135_769_600_000] {
            let timestamp = Timestamp::from_millis(milliseconds);
            let time = SystemTime::try_from(timestamp);
            assert_eq!(time.and_then(Timestamp::try_from), Ok(timestamp));
        }
    }

    #[test]
    fn what_jiff_cannot_hold_is_an_error_and_still_prints() {
        let far = Timestamp::from_millis(i64::MAX);
        assert_eq!(jiff::Timestamp::try_from(far), Err(TimestampError::OutOfRange));
        assert_eq!(far.to_string(), "9223372036854775807 ms");
    }
}
