//! The date of the request against the clock of the service.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{DateShape, Findings, seconds_of_http_date};
use crate::explain::{Capture, CauseCode, Evidence};

/// Said to be ten minutes before and after: attributed to Apple's current page by two of its readers.
const WINDOW: Duration = Duration::from_secs(600);

/// Compares the date in the header with the time of sending and the clock of the service. Says whether there was
/// anything to compare with.
pub(in crate::explain) fn of_time(
    date: &DateShape,
    capture: &Capture,
    evidence: &Evidence,
    findings: &mut Findings,
) -> bool {
    let Some(date) = date.seconds else { return false };
    let window = i64::try_from(evidence.window.unwrap_or(WINDOW).as_secs()).unwrap_or(i64::MAX);
    let sent = capture.sent_at.map(seconds);
    let of_reply = || capture.reply.as_ref().and_then(|reply| seconds_of_http_date(reply.header("date")?));
    let server = evidence.server_time.map(seconds).or_else(of_reply);
    let Some(now) = server.or(sent) else { return false };

    let off = date.saturating_sub(now);
    let distance = off.saturating_abs();
    if distance <= window {
        findings.exclude(
            CauseCode::ClockSkew,
            format!("the date is {distance} s from the time of the service, inside of the {window} s"),
        );
        return true;
    }
    let direction = if off < 0 { "before" } else { "after" };
    // The clock of the sender was right, so the date is old because the signature is.
    let is_stale = sent.is_some_and(|sent| {
        date < sent.saturating_sub(window) && sent.saturating_sub(now).saturating_abs() <= window
    });
    if is_stale {
        findings.sure(
            CauseCode::SignatureStale,
            format!(
                "the signature was made {distance} s before it was sent; signatures are good for {window} s before and after"
            ),
        );
        return true;
    }
    let local = if is_near_quarter(distance) {
        ", close to a multiple of 15 minutes: local time marked as UTC?"
    } else {
        ""
    };
    findings.sure(
        CauseCode::ClockSkew,
        format!(
            "the date is {distance} s {direction} the time of the service; signatures are good for {window} s before and after{local}"
        ),
    );
    if is_near_quarter(distance) {
        findings.hint(
            CauseCode::DateLocalTime,
            format!("the date is {distance} s {direction} the time of the service, close to a multiple of 15 minutes"),
        );
    }
    true
}

/// A clock that shows local time is wrong by whole quarters of an hour, up to fourteen hours.
fn is_near_quarter(distance: i64) -> bool {
    let rest = distance % 900;
    distance >= 900 && (rest <= 60 || rest >= 840) && distance <= 14 * 3600 + 60
}

fn seconds(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
    }
}
