//! What may stand for the date in the signed text.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::Form;
use super::plan::ALONE;
use crate::auth::RequestDate;
use crate::explain::CauseCode;
use crate::explain::CauseCode::{
    DateEmpty, DateHasFraction, DateHasOffset, DateHeaderDiffers, DateLocalTime, DateTruncated,
    DateWithoutZone, DateWrongFormat,
};
use crate::explain::shape::DateShape;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// All dates, that of the header first.
pub(super) fn dates(header: &str) -> Vec<Form<String>> {
    let mut forms = Dates { forms: vec![Form::right(header.to_owned())] };
    let shape = DateShape::of(header);
    if let Some(seconds) = shape.seconds {
        forms.around(header, seconds, shape.offset_minutes);
    }
    forms.add("empty", DateEmpty, 3, String::new());
    for word in ["null", "undefined", "None"] {
        forms.add("word", DateWrongFormat, 4, word.to_owned());
    }
    forms.forms
}

struct Dates {
    forms: Vec<Form<String>>,
}

impl Dates {
    /// Adds a form, unless there is one of the same text.
    fn add(&mut self, name: &'static str, code: CauseCode, cost: u32, text: String) {
        self.add_numbered(name, 0, code, cost, text);
    }

    fn add_numbered(&mut self, name: &'static str, number: i32, code: CauseCode, cost: u32, text: String) {
        if cost >= ALONE || !self.forms.iter().any(|form| form.value == text) {
            self.forms.push(Form::new(name, code, cost, text).numbered(number));
        }
    }

    fn around(&mut self, header: &str, seconds: i64, offset_minutes: Option<i64>) {
        let Some(right) = at(seconds) else { return };
        let stem = right.trim_end_matches('Z');
        // The header has another form than the text that was signed: then they differ, whatever the right form is.
        self.add("right form", DateHeaderDiffers, 1, right.clone());
        if let Some(local) = offset_minutes.and_then(|minutes| at(seconds.saturating_add(minutes * 60))) {
            self.add("local", DateHeaderDiffers, 2, local);
        }
        for (number, cost) in
            [(1_i32, 1), (-1, 1), (2, 2), (-2, 2), (3, 3), (-3, 3), (4, 3), (-4, 3), (5, 3), (-5, 3)]
        {
            let direction = if number < 0 { "before" } else { "after" };
            if let Some(text) = at(seconds.saturating_add(i64::from(number))) {
                let says = format!("a date {} s {direction} the one in the header", number.abs());
                self.forms
                    .push(Form::new("seconds", DateHeaderDiffers, cost, text).numbered(number).says(says));
            }
        }
        self.add("milliseconds", DateHasFraction, 2, format!("{stem}.000Z"));
        self.add("microseconds", DateHasFraction, 4, format!("{stem}.000000Z"));
        self.add("offset", DateHasOffset, 2, format!("{stem}+00:00"));
        self.add("short offset", DateHasOffset, 3, format!("{stem}+0000"));
        self.add("no zone", DateWithoutZone, 2, stem.to_owned());
        self.add("small z", DateWrongFormat, 4, format!("{stem}z"));
        self.add("space", DateWrongFormat, 4, right.replace('T', " "));
        self.add("space, no zone", DateWrongFormat, 4, stem.replace('T', " "));
        self.add("basic form", DateWrongFormat, 4, right.replace(['-', ':'], ""));
        self.add("seconds since 1970", DateWrongFormat, 3, seconds.to_string());
        self.add("milliseconds since 1970", DateWrongFormat, 4, format!("{seconds}000"));
        if let Some(text) = of_http(seconds) {
            self.add("HTTP form", DateWrongFormat, 3, text);
        }
        self.add("day", DateTruncated, 4, stem.split('T').next().unwrap_or_default().to_owned());
        self.add("minute", DateTruncated, 4, format!("{}Z", stem.get(..16).unwrap_or_default()));
        if !header.contains('.') {
            for number in 1..1000 {
                self.add_numbered(
                    "milliseconds",
                    number,
                    DateHasFraction,
                    ALONE,
                    format!("{stem}.{number:03}Z"),
                );
            }
        }
        for quarter in -48..=56_i32 {
            if let Some(local) = at(seconds.saturating_add(i64::from(quarter) * 900))
                && quarter != 0
                && quarter % 2 == 0
            {
                self.add_numbered("local", quarter, DateLocalTime, ALONE, local);
            }
        }
    }
}

fn at(seconds: i64) -> Option<String> {
    RequestDate::from_unix_seconds(seconds).ok().map(|date| date.to_string())
}

/// As the header `Date` has it.
fn of_http(seconds: i64) -> Option<String> {
    let utc = EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()?;
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = DAYS.get(usize::try_from(utc.date().weekday().to_monday_zero_offset()).ok()?)?;
    let month = MONTHS.get(usize::try_from(utc.month() - 1).ok()?)?;
    Some(format!(
        "{day}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        utc.day(),
        utc.year(),
        utc.hour(),
        utc.minute(),
        utc.second(),
    ))
}
