//! The date of a signature, read strictly.

use crate::clock::days_since_1970;

/// Reads `YYYY-MM-DDTHH:MM:SSZ` as seconds since 1970.
pub(super) fn read(text: &str) -> Option<i64> {
    seconds(text.strip_suffix('Z')?)
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
    use cloudkit_core::explain::{Capture, Evidence, Limits, explain};

    /// And the explanation names what is wrong with it.
    #[track_caller]
    fn refused(text: &str, code: &str) {
        assert_eq!(read(text), None, "{text}");
        let capture = Capture::new("POST", "/database/1/iCloud.com.example/development/public/records/query")
            .header(cloudkit_core::auth::HEADER_DATE, text);
        let explanation = explain(&capture, &Evidence::new(), &Limits::QUICK);
        assert!(explanation.one_line().contains(code), "{text}: {}", explanation.one_line());
    }

    #[test]
    fn only_one_form_is_a_date() {
        assert_eq!(read("2016-01-25T22:15:43Z"), Some(1_453_760_143));
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
