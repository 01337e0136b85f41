//! The form of the date in the header.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::auth::RequestDate;
use crate::explain::CauseCode;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A date as it was found: what is wrong with its form, and the time that it means, if that can be made out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::explain) struct DateShape {
    /// Nothing if it has the right form.
    pub(in crate::explain) mistakes: Vec<CauseCode>,
    /// Seconds since 1970, UTC. Of a date without a zone it is taken that it is UTC.
    pub(in crate::explain) seconds: Option<i64>,
    /// Minutes east of UTC, if the date names an offset.
    pub(in crate::explain) offset_minutes: Option<i64>,
}

impl DateShape {
    pub(in crate::explain) fn of(text: &str) -> Self {
        if let Ok(date) = text.parse::<RequestDate>() {
            return Self::new(&[], Some(date.unix_seconds()));
        }
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed == "Z" {
            return Self::new(&[CauseCode::DateEmpty], None);
        }
        if is_cut(trimmed.strip_suffix('Z').unwrap_or(trimmed)) {
            return Self::new(&[CauseCode::DateTruncated], None);
        }
        Self::of_iso_8601(trimmed)
            .unwrap_or_else(|| Self::new(&[CauseCode::DateWrongFormat], of_other_form(trimmed)))
    }

    fn new(mistakes: &[CauseCode], seconds: Option<i64>) -> Self {
        Self { mistakes: mistakes.to_vec(), seconds, offset_minutes: None }
    }

    /// `YYYY-MM-DDTHH:MM:SS` and whatever follows it.
    fn of_iso_8601(text: &str) -> Option<Self> {
        let (start, mut rest) = text.split_at_checked(19)?;
        let normal = start.replace([' ', 't'], "T");
        let mut seconds = format!("{normal}Z").parse::<RequestDate>().ok()?.unix_seconds();
        let mut mistakes = Vec::new();
        if normal != start {
            mistakes.push(CauseCode::DateWrongFormat);
        }
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            mistakes.push(CauseCode::DateHasFraction);
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let mut offset_minutes = None;
        match rest.trim_start() {
            "Z" => {}
            "" => mistakes.push(CauseCode::DateWithoutZone),
            offset if offset.starts_with(['+', '-']) => {
                mistakes.push(CauseCode::DateHasOffset);
                offset_minutes = minutes(offset);
                seconds -= offset_minutes.unwrap_or_default() * 60;
            }
            _ => mistakes.push(CauseCode::DateWrongFormat),
        }
        mistakes.dedup();
        if mistakes.is_empty() {
            mistakes.push(CauseCode::DateWrongFormat);
        }
        Some(Self { mistakes, seconds: Some(seconds), offset_minutes })
    }
}

/// Whether this is the beginning of a date and no more.
fn is_cut(text: &str) -> bool {
    let shape = b"0000-00-00T00:00:00";
    let fits = |(byte, expected): (u8, &u8)| {
        if *expected == b'0' { byte.is_ascii_digit() } else { byte == *expected }
    };
    (4..shape.len()).contains(&text.len()) && text.contains('-') && text.bytes().zip(shape).all(fits)
}

/// Minutes of `+01:00`, `-0530` or `+02`.
fn minutes(offset: &str) -> Option<i64> {
    let (sign, digits) = offset.split_at_checked(1)?;
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i64 = digits[..2].parse().ok()?;
    let minutes: i64 = if digits.len() == 4 { digits[2..].parse().ok()? } else { 0 };
    let total = hours * 60 + minutes;
    Some(if sign == "-" { -total } else { total })
}

/// Seconds since 1970, or milliseconds, or the form of the header `Date`.
fn of_other_form(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        let is_milliseconds = number.unsigned_abs() > 100_000_000_000;
        return Some(if is_milliseconds { number.div_euclid(1000) } else { number });
    }
    seconds_of_http_date(text)
}

/// Reads `Mon, 25 Jan 2016 22:15:43 GMT`, as the header `Date` has it, in seconds since 1970.
pub(in crate::explain) fn seconds_of_http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.trim().split_once(", ")?;
    let mut words = rest.split_ascii_whitespace();
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().zip(1_i8..).find(|(name, _)| **name == month)?.1;
    let mut clock = time.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let civil = DateTime::new(year.parse().ok()?, month, day.parse().ok()?, hour, minute, second, 0).ok()?;
    Some(SignedDuration::as_secs(&civil.duration_since(EPOCH)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use CauseCode::{
        DateEmpty, DateHasFraction, DateHasOffset, DateTruncated, DateWithoutZone, DateWrongFormat,
    };

    #[track_caller]
    fn check(text: &str, mistakes: &[CauseCode], seconds: impl Into<Option<i64>>) {
        let shape = DateShape::of(text);
        assert_eq!((shape.mistakes.as_slice(), shape.seconds), (mistakes, seconds.into()), "{text}");
    }

    #[test]
    fn each_form_is_told_from_the_others() {
        const V1: i64 = 1_453_760_143;
        check("2016-01-25T22:15:43Z", &[], V1);
        check("2016-01-25T22:15:43.000Z", &[DateHasFraction], V1);
        check("2016-01-25T22:15:43.123456", &[DateHasFraction, DateWithoutZone], V1);
        check("2016-01-25T23:15:43+01:00", &[DateHasOffset], V1);
        check("2016-01-25T16:45:43.5-0530", &[DateHasFraction, DateHasOffset], V1);
        check("2016-01-25T22:15:43", &[DateWithoutZone], V1);
        check("2016-01-25T22:15:43z", &[DateWrongFormat], V1);
        check("2016-01-25 22:15:43Z", &[DateWrongFormat], V1);
        check("2016-01-25 22:15:43", &[DateWrongFormat, DateWithoutZone], V1);
        check("Mon, 25 Jan 2016 22:15:43 GMT", &[DateWrongFormat], V1);
        check("1453760143", &[DateWrongFormat], V1);
        check("1453760143512", &[DateWrongFormat], V1);
        check("", &[DateEmpty], None);
        check("Z", &[DateEmpty], None);
        check("2016-01-25T2Z", &[DateTruncated], None);
        check("2016-01-25T22:15:", &[DateTruncated], None);
        check("2016-01-25", &[DateTruncated], None);
        check("2016-02-30T00:00:00Z", &[DateWrongFormat], None);
        check("20160125T221543Z", &[DateWrongFormat], None);
        check("yesterday at noon, é", &[DateWrongFormat], None);
    }
}
