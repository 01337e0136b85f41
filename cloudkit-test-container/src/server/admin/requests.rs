//! The requests so far, and one of them in full: what came, what went back, and what its signature is worth.

use std::sync::Arc;
use std::time::Duration;

use cloudkit_core::auth::HEADER_SIGNATURE;
use cloudkit_core::explain::{Explanation, ShownMessage, Strength, Verdict};
use serde::Serialize;

use super::mask::{Mask, ShownBody};
use super::{Answer, Asked, Refusal, State, json};
use crate::api::Caller;
use crate::auth::{Arrived, Explained, SignatureVerdict, look_at};
use crate::server::exchange::Exchange;

#[derive(Serialize)]
struct Requests {
    requests: Vec<Summary>,
    /// How many there were at all. The next answer may begin after it.
    count: u64,
    now: i64,
}

/// A request as a line of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    number: u64,
    at: i64,
    method: String,
    target: String,
    caller: Option<ShownCaller>,
    status: u16,
    dropped: bool,
    fault: Option<&'static str>,
    server_error_code: Option<String>,
    signature: &'static str,
    explanation: Option<String>,
    /// In milliseconds.
    took: f64,
}

/// Who has asked, as far as it is known.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownCaller {
    /// `key`, `user`, `apiToken`, or `management`.
    kind: &'static str,
    name: String,
    /// Whether the credentials were accepted.
    accepted: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Full {
    #[serde(flatten)]
    summary: Summary,
    uuid: String,
    notes: Vec<String>,
    request_headers: Vec<(String, String)>,
    request_body: Option<ShownBody>,
    reply_headers: Vec<(String, String)>,
    reply_body: ShownBody,
    verdict: Option<ShownVerdict>,
}

/// What the signature or the credentials of a request are worth.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownVerdict {
    verdict: Verdict,
    /// Whether the text that was signed was found.
    proven: bool,
    line: String,
    causes: Vec<ShownCause>,
    notes: Vec<String>,
    signed: Option<Text>,
    expected: Option<Text>,
    advice: Option<String>,
    public_key_fingerprint: Option<String>,
    texts_tried: u64,
}

#[derive(Serialize)]
struct ShownCause {
    code: &'static str,
    row: &'static str,
    title: &'static str,
    detail: String,
    fix: String,
    sure: bool,
}

/// A text that was or should have been signed, with the parts that differ from the other.
#[derive(Serialize)]
struct Text {
    text: String,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Mark {
    start: usize,
    end: usize,
    label: String,
}

/// `GET /admin/requests?after=N`.
pub(super) fn list(state: &State, asked: &Asked<'_>) -> Answer {
    let (exchanges, count) = state.log().exchanges_after(asked.number("after")?.unwrap_or(0));
    let mask = Mask::new(state);
    let requests = exchanges.iter().map(|exchange| summary(state, &mask, exchange)).collect();
    Ok(json(200, &Requests { requests, count, now: state.clock().now_ms() }))
}

/// `GET /admin/request?number=N`.
pub(super) fn one(state: &State, asked: &Asked<'_>) -> Answer {
    let number = asked.number("number")?.ok_or_else(|| Refusal::bad("the parameter `number` is missing"))?;
    let exchange = state.log().exchange(number).ok_or_else(|| {
        Refusal::not_found(format!(
            "there is no request {number}, or it is so long ago that its content is forgotten"
        ))
    })?;
    let mask = Mask::new(state);
    Ok(json(
        200,
        &Full {
            summary: summary(state, &mask, &exchange),
            uuid: exchange.logged.uuid.clone(),
            notes: exchange.logged.notes.clone(),
            request_headers: mask.headers(&exchange.request_headers),
            request_body: exchange.request_body.as_ref().map(|body| mask.body(body)),
            reply_headers: mask.headers(&exchange.reply_headers),
            reply_body: mask.body(&exchange.reply_body),
            verdict: verdict(state, &exchange),
        },
    ))
}

fn summary(state: &State, mask: &Mask, exchange: &Exchange) -> Summary {
    let logged = &exchange.logged;
    Summary {
        number: exchange.number,
        at: logged.at_ms,
        method: logged.method.clone(),
        target: mask.target(&exchange.target),
        caller: caller(state, exchange),
        status: logged.status,
        dropped: logged.dropped,
        fault: logged.fault,
        server_error_code: logged.server_error_code.clone(),
        signature: match logged.signature {
            SignatureVerdict::Absent => "absent",
            SignatureVerdict::Valid => "valid",
            SignatureVerdict::Invalid => "invalid",
            SignatureVerdict::NotChecked => "notChecked",
        },
        explanation: logged.explanation.clone(),
        took: milliseconds(exchange.took),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

fn caller(state: &State, exchange: &Exchange) -> Option<ShownCaller> {
    let mut accepted = exchange.caller.is_some();
    let (kind, name) = match &exchange.caller {
        Some(Caller::World) => ("apiToken", String::new()),
        Some(Caller::User { record_name, .. }) => {
            let user = state.users().iter().find(|user| user.record_name == *record_name);
            ("user", user.map_or(record_name, |user| &user.name).clone())
        }
        Some(Caller::Key { record_name }) => {
            ("key", exchange.logged.key_id.clone().unwrap_or_else(|| record_name.clone()))
        }
        None if exchange.request_headers.contains_key("x-apple-cloudkit-management-token") => {
            accepted = exchange.logged.status != 401;
            ("management", String::new())
        }
        None => ("key", exchange.logged.key_id.clone()?),
    };
    Some(ShownCaller { kind, name, accepted })
}

/// What is known of the signature: what was found out when it was refused, or, of one that was taken, what can be found
/// out now.
fn verdict(state: &State, exchange: &Exchange) -> Option<ShownVerdict> {
    if let Some(explained) = &exchange.explained {
        return Some(show(explained));
    }
    let body = exchange.request_body.as_ref().filter(|body| body.is_whole())?;
    if exchange.logged.signature != SignatureVerdict::Valid
        || !exchange.request_headers.contains_key(HEADER_SIGNATURE)
    {
        return None;
    }
    let arrived = Arrived {
        method: &exchange.logged.method,
        target: &exchange.target,
        headers: &exchange.request_headers,
        body: &body.bytes,
    };
    let explanation = Arc::new(look_at(state, &arrived, exchange.logged.at_ms));
    // The key may be another or none today, and what it would be worth today is not what it was worth.
    if explanation.verdict != Verdict::Valid {
        return None;
    }
    Some(show(&Explained { line: explanation.one_line(), refused_for: None, explanation }))
}

fn show(explained: &Explained) -> ShownVerdict {
    let Explained { line, refused_for, explanation } = explained;
    let Explanation { verdict, proven, candidates_tried, .. } = &**explanation;
    let mut causes: Vec<ShownCause> = Vec::new();
    if let Some(code) = refused_for {
        causes.push(ShownCause {
            code: code.as_str(),
            row: code.row(),
            title: code.title(),
            detail: line.split_once(": ").map_or(line.as_str(), |(_, detail)| detail).to_owned(),
            fix: code.fix().to_owned(),
            sure: true,
        });
    }
    causes.extend(explanation.causes.iter().map(|cause| ShownCause {
        code: cause.code.as_str(),
        row: cause.code.row(),
        title: cause.code.title(),
        detail: cause.detail.clone(),
        fix: cause.fix.clone(),
        sure: cause.strength == Strength::Sure,
    }));
    let text = |message: &Option<ShownMessage>| {
        let ShownMessage { text, marks, .. } = message.clone()?;
        let marks = marks.into_iter();
        let marks =
            marks.map(|mark| Mark { start: mark.range.start, end: mark.range.end, label: mark.label });
        Some(Text { text, marks: marks.collect() })
    };
    ShownVerdict {
        verdict: if refused_for.is_some() { Verdict::Invalid } else { *verdict },
        proven: *proven,
        line: line.clone(),
        causes,
        notes: explanation.notes.iter().map(|note| note.detail.clone()).collect(),
        signed: text(&explanation.signed_message),
        expected: text(&explanation.expected_message),
        advice: explanation.advice.clone(),
        public_key_fingerprint: explanation.key.as_ref().map(|key| key.fingerprint.clone()),
        texts_tried: *candidates_tried,
    }
}
