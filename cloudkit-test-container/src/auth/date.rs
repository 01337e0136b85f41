//! The date of a signature: read strictly, and told apart from what it is confused with.

use super::Explanation;
use super::explain;
use crate::clock::days_since_1970;

/// Reads `YYYY-MM-DDTHH:MM:SSZ` as seconds since 1970.
pub(super) fn read(text: &str) -> Result<i64, Explanation> {
    if text.is_empty() {
        return Err(explain::date_empty());
    }
    if let Some(rest) = text.strip_suffix('Z')
        && let Some(seconds) = seconds(rest)
    {
        return Ok(seconds);
    }
    Err(what_is_it(text))
}

fn what_is_it(text: &str) -> Explanation {
    let Some((start, rest)) = text.split_at_checked(19) else {
        let looks_cut =
            text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit() || b"-T:".contains(&byte));
        return if looks_cut && text.contains('-') {
            explain::date_truncated()
        } else {
            explain::date_wrong_format()
        };
    };
    if seconds(start).is_none() {
        return explain::date_wrong_format();
    }
    if rest.is_empty() {
        explain::date_without_zone()
    } else if rest.starts_with(['.', ',']) {
        explain::date_has_fraction()
    } else if rest.starts_with(['+', '-']) {
        explain::date_has_offset()
    } else {
        explain::date_wrong_format()
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS`.
fn seconds(text: &str) -> Option<i64> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    for (index, byte) in bytes.iter().enumerate() {
        let expected = match index {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        };
        if !expected {
            return None;
        }
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_since_1970(i64::from(year), month, day);
    let is_real = (1..=12).contains(&month)
        && crate::clock::civil_date(days) == (i64::from(year), month, day)
        && hour < 24
        && minute < 60
        && second < 60;
    is_real.then(|| days * 86_400 + i64::from(hour * 3600 + minute * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, code: &str) {
        let explanation = read(text).expect_err("not a date of CloudKit's").to_string();
        assert!(explanation.contains(code), "{text}: {explanation}");
    }

    #[test]
    fn only_one_form_is_a_date() {
        assert_eq!(read("2016-01-25T22:15:43Z").ok(), Some(1_453_760_143));
        refused("", "date_empty");
        refused("2016-01-25T22:15:43.000Z", "date_has_fraction");
        refused("2016-01-25T22:15:43+00:00", "date_has_offset");
        refused("2016-01-25T22:15:43", "date_without_zone");
        refused("2016-01-25T22:15:43z", "date_wrong_format");
        refused("2016-01-25T22:1", "date_truncated");
        refused("2016-01-25", "date_truncated");
        refused("Mon, 25 Jan 2016 22:15:43 GMT", "date_wrong_format");
        refused("1453760143", "date_wrong_format");
        refused("2016-02-30T00:00:00Z", "date_wrong_format");
    }
}
