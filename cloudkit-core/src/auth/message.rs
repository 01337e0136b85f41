//! The text that is signed, and the names of the headers that carry the signature.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use sha2::{Digest as _, Sha256};

/// The header with the key ID: 64 lower-case hexadecimal digits.
pub const HEADER_KEY_ID: &str = "x-apple-cloudkit-request-keyid";

/// The header with the date of the request, byte for byte as it was signed.
pub const HEADER_DATE: &str = "x-apple-cloudkit-request-iso8601date";

/// The header with the signature: the DER form in standard base64, on one line.
pub const HEADER_SIGNATURE: &str = "x-apple-cloudkit-request-signaturev1";

/// The text that a server key signs: the date of the request, the hash of its body, and where it goes.
///
/// `Display` yields exactly the bytes that are signed, `{date}:{body_hash}:{subpath}`:
///
/// ```
/// use cloudkit_core::auth::{CanonicalMessage, RequestDate};
///
/// let date: RequestDate = "2016-01-25T22:15:43Z".parse()?;
/// let body = br#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
/// let subpath = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
///
/// assert_eq!(
///     CanonicalMessage::new(date, body, subpath).to_string(),
///     "2016-01-25T22:15:43Z:z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU=:\
///      /database/1/iCloud.com.example.Ledger/development/public/records/query",
/// );
/// # Ok::<(), cloudkit_core::auth::RequestDateError>(())
/// ```
///
/// Apple: [Composing Web Service Requests](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalMessage {
    /// The date of the request, the same as in its header.
    pub date: RequestDate,
    /// The hash of the body, byte for byte as it is sent.
    pub body_hash: BodyHash,
    /// The request's target as it is sent, percent-encoding and all, from `/database/1/` on: the path, and the query
    /// if there is one.
    ///
    /// Whether CloudKit wants the query signed is disputed. Apple's JavaScript signs it, Apple's examples have none,
    /// and one client that is in use leaves it out. Requests of this library that are signed with a server key have
    /// no query, so that both readings agree.
    pub subpath: String,
}

impl CanonicalMessage {
    /// The message of a request with this body, sent to this path (and query) at this time.
    ///
    /// A request without a body has the hash of the empty string.
    #[must_use]
    pub fn new(date: RequestDate, body: &[u8], subpath: impl Into<String>) -> Self {
        Self { date, body_hash: BodyHash::of(body), subpath: subpath.into() }
    }
}

impl fmt::Display for CanonicalMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { date, body_hash, subpath } = self;
        write!(f, "{date}:{body_hash}:{subpath}")
    }
}

/// The SHA-256 of a request's body. `Display` is standard base64 with padding, 44 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyHash([u8; 32]);

impl BodyHash {
    /// The hash of the bytes that are sent.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BodyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 44];
        let length = STANDARD.encode_slice(self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&text[..length]).map_err(|_| fmt::Error)?)
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The date of a signed request: whole seconds, UTC, in the years 0000 to 9999.
///
/// `Display` is `YYYY-MM-DDTHH:MM:SSZ`, which is also the only form that parses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestDate {
    unix_seconds: i64,
}

impl RequestDate {
    /// The first second of the year 0000.
    pub const MIN: Self = Self { unix_seconds: -62_167_219_200 };

    /// The last second of the year 9999, the last that four digits can name.
    pub const MAX: Self = Self { unix_seconds: 253_402_300_799 };

    /// So many seconds after the start of 1970, UTC; before it, if negative.
    ///
    /// # Errors
    ///
    /// [`RequestDateError::OutOfRange`] outside the years 0000 to 9999.
    pub const fn from_unix_seconds(unix_seconds: i64) -> Result<Self, RequestDateError> {
        if unix_seconds < Self::MIN.unix_seconds || unix_seconds > Self::MAX.unix_seconds {
            return Err(RequestDateError::OutOfRange { unix_seconds });
        }
        Ok(Self { unix_seconds })
    }

    /// Seconds since the start of 1970, UTC.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }
}

impl From<SystemTime> for RequestDate {
    /// Drops the fraction of the second. A time that four digits of a year cannot name becomes the nearest that they
    /// can.
    fn from(time: SystemTime) -> Self {
        let unix_seconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                // Towards the past, as for times after 1970.
                whole.saturating_neg().saturating_sub(i64::from(before.subsec_nanos() > 0))
            }
        };
        Self { unix_seconds: unix_seconds.clamp(Self::MIN.unix_seconds, Self::MAX.unix_seconds) }
    }
}

impl fmt::Display for RequestDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not through `jiff::Timestamp`, which ends a day before the year 9999 does.
        let since_epoch = SignedDuration::from_secs(self.unix_seconds);
        let utc = EPOCH.checked_add(since_epoch).map_err(|_| fmt::Error)?;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            utc.year(),
            utc.month(),
            utc.day(),
            utc.hour(),
            utc.minute(),
            utc.second(),
        )
    }
}

impl FromStr for RequestDate {
    type Err = RequestDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || RequestDateError::Malformed { found: text.chars().take(40).collect() };
        let no_such = || RequestDateError::NoSuchDate { found: text.to_owned() };

        let bytes = text.as_bytes();
        let shape = b"0000-00-00T00:00:00Z";
        let fits = |(byte, expected): (&u8, &u8)| match expected {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        };
        if bytes.len() != shape.len() || !bytes.iter().zip(shape).all(fits) {
            return Err(malformed());
        }
        let number = |at: std::ops::Range<usize>| {
            bytes[at].iter().fold(0_i16, |n, digit| n * 10 + i16::from(digit - b'0'))
        };
        let pair = |at: usize| i8::try_from(number(at..at + 2)).map_err(|_| no_such());

        let civil = DateTime::new(number(0..4), pair(5)?, pair(8)?, pair(11)?, pair(14)?, pair(17)?, 0)
            .map_err(|_| no_such())?;
        Self::from_unix_seconds(civil.duration_since(EPOCH).as_secs())
    }
}

/// The date of a request cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestDateError {
    /// Not in the one form that CloudKit reads.
    #[error(
        "`{}` is not a date of the form 2026-03-01T09:15:00Z: UTC, whole seconds, a literal `Z`",
        .found.escape_debug()
    )]
    Malformed {
        /// What was found, at most 40 characters of it.
        found: String,
    },
    /// In the right form, but the calendar or the clock has no such time. Leap seconds are not known either.
    #[error("`{found}` is no date of the calendar, or no time of the day")]
    NoSuchDate {
        /// What was found.
        found: String,
    },
    /// Four digits cannot name its year.
    #[error("{unix_seconds} seconds since 1970 lie outside the years 0000 to 9999")]
    OutOfRange {
        /// Seconds since 1970.
        unix_seconds: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn check_date(unix_seconds: i64, text: &str) {
        let date = RequestDate::from_unix_seconds(unix_seconds).unwrap_or(RequestDate::MIN);
        assert_eq!(date.to_string(), text);
        assert_eq!(text.parse(), Ok(date));
    }

    #[test]
    fn a_date_is_written_and_read_in_one_form() {
        check_date(0, "1970-01-01T00:00:00Z");
        check_date(-1, "1969-12-31T23:59:59Z");
        check_date(1_453_760_143, "2016-01-25T22:15:43Z");
        check_date(1_709_164_800, "2024-02-29T00:00:00Z");
        check_date(2_147_483_648, "2038-01-19T03:14:08Z");
        check_date(RequestDate::MIN.unix_seconds(), "0000-01-01T00:00:00Z");
        check_date(RequestDate::MAX.unix_seconds(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn any_other_form_of_a_date_is_refused() {
        for text in [
            "",
            "2016-01-25T22:15:43.000Z",
            "2016-01-25T22:15:43z",
            "2016-01-25t22:15:43Z",
            "2016-01-25 22:15:43Z",
            "2016-01-25T22:15:43+00:00",
            "2016-01-25T22:15:43",
            "2016-1-25T22:15:43Z0",
            " 2016-01-25T22:15:43Z",
            "2016-01-25T22:15:43Z\n",
            "+016-01-25T22:15:43Z",
            "Mon, 25 Jan 2016 22:15:43 GMT",
            "1453760143",
        ] {
            let refused = text.parse::<RequestDate>();
            assert!(matches!(refused, Err(RequestDateError::Malformed { .. })), "{text:?}: {refused:?}");
        }
        for text in
            ["2016-02-30T00:00:00Z", "2016-13-01T00:00:00Z", "2016-12-31T23:59:60Z", "2016-01-25T24:00:00Z"]
        {
            let refused = text.parse::<RequestDate>();
            assert!(matches!(refused, Err(RequestDateError::NoSuchDate { .. })), "{text:?}: {refused:?}");
        }
    }

    #[test]
    fn a_time_loses_its_fraction_towards_the_past() {
        let date = |time: SystemTime| RequestDate::from(time).to_string();
        assert_eq!(date(UNIX_EPOCH + Duration::from_millis(1_999)), "1970-01-01T00:00:01Z");
        assert_eq!(date(UNIX_EPOCH - Duration::from_millis(1)), "1969-12-31T23:59:59Z");
        assert_eq!(date(UNIX_EPOCH - Duration::from_secs(1)), "1969-12-31T23:59:59Z");
        assert_eq!(date(UNIX_EPOCH + Duration::from_secs(1 << 40)), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn the_hash_of_no_body_is_the_hash_of_the_empty_string() {
        assert_eq!(BodyHash::of(b"").to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
