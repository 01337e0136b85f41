use super::retry::{http_date, retry_after_header, retry_after_seconds};
use crate::ServerErrorCode;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;
use std::time::{Duration, SystemTime};

/// The header in which CloudKit repeats the `uuid` of an answer.
const REQUEST_UUID: &str = "x-apple-request-uuid";

/// The most characters that are kept of a text that CloudKit wrote for people.
const LONGEST_TEXT: usize = 1000;

/// CloudKit's no to a whole request, or that of something in front of it.
///
/// ```json
/// { "uuid": "0b7e…", "serverErrorCode": "THROTTLED", "reason": "request throttled", "retryAfter": 12 }
/// ```
///
/// `Debug` shows neither the body beyond its length, nor the headers, nor the redirect URL.
#[derive(Clone)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status. It can be 200: a `serverErrorCode` at the top of the body is an error whatever the status.
    pub status: u16,
    /// `serverErrorCode`, when the body has one.
    pub code: Option<ServerErrorCode>,
    /// `reason`: words for people, not stable.
    pub reason: Option<Box<str>>,
    /// `uuid`, or else the header `X-Apple-Request-UUID`: what Apple asks for when one reports a problem.
    pub uuid: Option<Box<str>>,
    /// How long to wait before the next attempt, by the body or the header, whichever is longer.
    pub retry_after: Option<Duration>,
    /// `redirectURL`: where the user can sign in.
    pub redirect_url: Option<Box<str>>,
    /// The headers of the answer. They may hold a new web auth token.
    pub headers: HeaderMap,
    /// The body of the answer.
    pub body: Bytes,
    pub(super) retry_after_body: Option<Duration>,
    pub(super) retry_after_header: Option<Duration>,
}

impl Refusal {
    /// Reads an answer: `Ok` with the answer itself when it is not a refusal. `now` is this machine's time.
    ///
    /// # Errors
    ///
    /// The refusal, boxed because it is large.
    pub fn check(response: Response<Bytes>, now: SystemTime) -> Result<Response<Bytes>, Box<Self>> {
        let success = response.status().is_success();
        // A good answer of some hundred kilobytes is not parsed twice. The word is also in errors of single items, so
        // finding it is not enough.
        if success && memchr::memmem::find(response.body(), b"serverErrorCode").is_none() {
            return Ok(response);
        }
        let members = serde_json::from_slice::<Members<'_>>(response.body()).unwrap_or_default();
        let code = members.code.and_then(text).map(|code| ServerErrorCode::from(&*code));
        if success && code.is_none() {
            return Ok(response);
        }

        let headers = response.headers();
        let server_time = server_date(headers).unwrap_or(now);
        let retry_after_body = members.retry_after.and_then(seconds);
        let retry_after_header = header_text(headers, header::RETRY_AFTER.as_str())
            .and_then(|text| retry_after_header(text, server_time));
        let refusal = Self {
            status: response.status().as_u16(),
            code,
            reason: members.reason.and_then(text),
            uuid: members.uuid.and_then(text).or_else(|| request_uuid(headers).map(cut)),
            retry_after: retry_after_body.max(retry_after_header),
            redirect_url: members.redirect_url.or(members.redirect_url_js).and_then(whole_text),
            retry_after_body,
            retry_after_header,
            headers: headers.clone(),
            body: response.into_body(),
        };
        Err(Box::new(refusal))
    }

    /// Whether the credentials were refused, which a wrong clock can cause.
    #[must_use]
    pub fn is_authentication_failed(&self) -> bool {
        match &self.code {
            Some(code) => *code == ServerErrorCode::AuthenticationFailed,
            None => self.status == StatusCode::UNAUTHORIZED,
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            code,
            reason,
            uuid,
            retry_after,
            redirect_url,
            headers: _,
            body,
            retry_after_body: _,
            retry_after_header: _,
        } = self;
        f.debug_struct("Refusal")
            .field("status", status)
            .field("code", code)
            .field("reason", reason)
            .field("uuid", uuid)
            .field("retry_after", retry_after)
            .field("redirect_url", &redirect_url.as_ref().map(|_| ".."))
            .field("body_bytes", &body.len())
            .finish_non_exhaustive()
    }
}

/// The error members of a body. Each is read by itself, so that a strange one does not hide the others.
#[derive(Default, Deserialize)]
struct Members<'a> {
    #[serde(borrow, rename = "serverErrorCode")]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    reason: Option<&'a RawValue>,
    #[serde(borrow)]
    uuid: Option<&'a RawValue>,
    #[serde(borrow, rename = "retryAfter")]
    retry_after: Option<&'a RawValue>,
    #[serde(borrow, rename = "redirectURL")]
    redirect_url: Option<&'a RawValue>,
    #[serde(borrow, rename = "redirectUrl")]
    redirect_url_js: Option<&'a RawValue>,
}

fn text(value: &RawValue) -> Option<Box<str>> {
    whole_text(value).map(|text| cut(&text))
}

fn whole_text(value: &RawValue) -> Option<Box<str>> {
    serde_json::from_str::<Box<str>>(value.get()).ok().filter(|text| !text.is_empty())
}

fn cut(text: &str) -> Box<str> {
    text.chars().take(LONGEST_TEXT).collect::<String>().into()
}

/// A number, or a number in quotation marks.
fn seconds(value: &RawValue) -> Option<Duration> {
    value.get().trim_matches('"').parse().ok().and_then(retry_after_seconds)
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn request_uuid(headers: &HeaderMap) -> Option<&str> {
    header_text(headers, REQUEST_UUID)
}

/// The time of the server by the `Date` header of an answer, whatever its status. `None` if there is none to be read.
#[must_use]
pub fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    header_text(headers, header::DATE.as_str()).and_then(http_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).expect("the test's status is a status");
        response
    }

    #[track_caller]
    fn refused(response: Response<Bytes>) -> Box<Refusal> {
        Refusal::check(response, SystemTime::UNIX_EPOCH).expect_err("this answer is a refusal")
    }

    #[test]
    fn every_member_is_read() {
        let refusal = refused(answer(
            421,
            r#"{"uuid":"6f0d","serverErrorCode":"AUTHENTICATION_REQUIRED","reason":"request needs \"it\"",
                "redirectURL":"https://example.test/auth?token=sesame","retryAfter":1.5,"new":[{}]}"#,
        ));
        assert_eq!(refusal.code, Some(ServerErrorCode::AuthenticationRequired));
        assert_eq!(refusal.reason.as_deref(), Some("request needs \"it\""));
        assert_eq!(refusal.uuid.as_deref(), Some("6f0d"));
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(1500)));
        assert_eq!(refusal.redirect_url.as_deref(), Some("https://example.test/auth?token=sesame"));
        assert!(!format!("{refusal:?}").contains("sesame"));
    }

    #[test]
    fn the_javascript_spelling_of_the_redirect_is_read_too() {
        let body =
            r#"{"serverErrorCode":"AUTHENTICATION_REQUIRED","redirectURL":null,"redirectUrl":"https://x"}"#;
        assert_eq!(refused(answer(421, body)).redirect_url.as_deref(), Some("https://x"));
    }

    #[test]
    fn a_code_at_the_top_is_an_error_whatever_the_status() {
        let refusal = refused(answer(200, r#"{"serverErrorCode":"THROTTLED"}"#));
        assert_eq!((refusal.status, refusal.code), (200, Some(ServerErrorCode::Throttled)));
    }

    #[test]
    fn a_code_in_an_item_is_not_the_answers() {
        let items = r#"{"records":[{"recordName":"a","serverErrorCode":"NOT_FOUND"}]}"#;
        for body in [items, r#"{"serverErrorCode":null,"records":[]}"#, "", "serverErrorCode"] {
            assert!(Refusal::check(answer(200, body), SystemTime::UNIX_EPOCH).is_ok(), "{body}");
        }
    }

    #[test]
    fn a_strange_member_does_not_hide_the_others() {
        let body = r#"{"serverErrorCode":"THROTTLED","reason":{},"uuid":7,"retryAfter":1e999}"#;
        let refusal = refused(answer(429, body));
        assert_eq!(refusal.code, Some(ServerErrorCode::Throttled));
        assert_eq!((refusal.reason, refusal.uuid), (None, None));
        assert!(refusal.retry_after > Some(Duration::from_secs(1_000_000)));
        assert_eq!(refused(answer(503, r#"{"retryAfter":"12"}"#)).retry_after, Some(Duration::from_secs(12)));
    }

    #[test]
    fn a_refusal_without_a_body_of_cloudkits_is_still_one() {
        for body in ["", "<html>502 Bad Gateway</html>", "[]", "{\"serverErr"] {
            let refusal = refused(answer(502, body));
            assert_eq!((refusal.status, refusal.code.clone()), (502, None));
        }
        assert_eq!(refused(answer(307, "")).status, 307);
    }

    #[test]
    fn a_long_reason_is_cut() {
        let body = format!(r#"{{"serverErrorCode":"BAD_REQUEST","reason":"{}"}}"#, "ä".repeat(5000));
        let reason = refused(answer(400, &body)).reason.expect("the body has a reason");
        assert_eq!(reason.chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn the_header_date_is_relative_to_the_servers_time() {
        let mut response = answer(503, "{}");
        let headers = response.headers_mut();
        headers.insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().expect("this is a header value"));
        headers
            .insert("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT".parse().expect("this is a header value"));
        headers.insert(REQUEST_UUID, "0b7e".parse().expect("this is a header value"));
        let refusal = refused(response);
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(60)));
        assert_eq!(refusal.uuid.as_deref(), Some("0b7e"));
    }
}
