//! Sending: the request of a step as bytes, with the credentials of whoever asks.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cloudkit_core::auth::{
    ApiToken, BodyHash, CanonicalMessage, HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, KeyId, PrivateKey,
    RequestDate, Signature, TokenQuery, WebAuthToken, WebAuthTokenStore,
};
use cloudkit_core::runtime::Clock;
use cloudkit_core::transport::{Refusal, Transport};
use http::HeaderMap;
use serde_json::Value;

use super::case::{Place, Signing, Step, Who};
use crate::failure::Result;

/// How often a request is sent that the service asks to send later.
const MOST_ATTEMPTS: u32 = 4;

/// The longest pause that is kept.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The number of points on P-256: of s and this minus s one is high, and both are valid.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The service that is asked, and the credentials for it.
pub(super) struct Service {
    pub(super) url: String,
    pub(super) container: String,
    pub(super) key_id: KeyId,
    pub(super) key: PrivateKey,
    pub(super) api_token: Option<ApiToken>,
    pub(super) user: Option<WebAuthTokenStore>,
    /// The token that the user began with.
    pub(super) first_token: Option<WebAuthToken>,
    pub(super) other_user: Option<WebAuthTokenStore>,
    pub(super) revoked_key_id: Option<KeyId>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The body; what is no JSON is a text.
    pub(super) body: Value,
}

impl Service {
    /// Why somebody like this cannot ask.
    pub(super) fn lacks(&self, who: Who) -> Option<&'static str> {
        match who {
            Who::Nobody | Who::Key => None,
            Who::ApiToken => self.api_token.is_none().then_some("there is no API token (CLOUDKIT_API_TOKEN)"),
            Who::User | Who::UserAtFirst | Who::OtherUser if self.api_token.is_none() => {
                Some("there is no API token (CLOUDKIT_API_TOKEN), which goes with a user's token")
            }
            Who::User | Who::UserAtFirst => {
                self.user.is_none().then_some("there is no token of a user (CLOUDKIT_WEB_AUTH_TOKEN)")
            }
            Who::OtherUser => self
                .other_user
                .is_none()
                .then_some("there is no token of a second user (CLOUDKIT_OTHER_WEB_AUTH_TOKEN)"),
        }
    }

    /// Sends the request with this body, and again after each pause that the service asks for.
    ///
    /// # Errors
    ///
    /// A text that says why there is no answer.
    pub(super) async fn send(
        &self,
        step: &Step,
        body: Vec<u8>,
        address: Option<&str>,
    ) -> Result<Answer, String> {
        let body = Bytes::from(body);
        for attempt in 1.. {
            let request =
                self.request(step, body.clone(), address).map_err(|failure| failure.causes().join(": "))?;
            let response = self.transport.send(request).await.map_err(|error| self.redact(&chain(&error)))?;
            if let Some(user) = self.user_of(step.who) {
                user.adopt_from(response.headers());
            }
            let status = response.status().as_u16();
            let pause = match Refusal::check(response.clone(), self.clock.now()) {
                Err(refusal) if matches!(status, 429 | 503) || refusal.retry_after.is_some() => {
                    Some(refusal.retry_after.unwrap_or(Duration::from_secs(1)))
                }
                _ => None,
            };
            if let Some(pause) = pause.filter(|pause| attempt < MOST_ATTEMPTS && *pause <= LONGEST_PAUSE) {
                self.clock.sleep(pause).await;
                continue;
            }
            if matches!(status, 429 | 503) {
                return Err(format!("the service is busy ({status})"));
            }
            let (parts, bytes) = response.into_parts();
            let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
                Value::String(String::from_utf8_lossy(&bytes).chars().take(300).collect())
            });
            return Ok(Answer { status, headers: parts.headers, body });
        }
        Err("the service asks for one pause after another".to_owned())
    }

    /// The user who asks, if a user does.
    fn user_of(&self, who: Who) -> Option<&WebAuthTokenStore> {
        match who {
            Who::User => self.user.as_ref(),
            Who::OtherUser => self.other_user.as_ref(),
            Who::Nobody | Who::Key | Who::ApiToken | Who::UserAtFirst => None,
        }
    }

    /// A text without the tokens.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(api_token) = &self.api_token {
            text = text.replace(api_token.expose(), "..");
        }
        let users = [&self.user, &self.other_user].into_iter().flatten();
        for user in users.filter_map(WebAuthTokenStore::current).chain(self.first_token.clone()) {
            text = text.replace(user.expose(), "..");
        }
        text
    }

    fn request(&self, step: &Step, body: Bytes, address: Option<&str>) -> Result<http::Request<Bytes>> {
        let content_type = |request: http::request::Builder| match step.content_type {
            Some(content_type) => request.header(http::header::CONTENT_TYPE, content_type),
            None => request,
        };
        if let Some(address) = address {
            let uri: http::Uri = address.parse()?;
            return Ok(
                content_type(http::Request::builder().method(step.method.clone()).uri(uri)).body(body)?
            );
        }
        let (api, environment) = match step.place {
            Place::Production => ("database", "production"),
            Place::Spelt(name) => ("database", name),
            Place::Device => ("device", "development"),
            Place::Development | Place::Kept(_) | Place::Unfilled(_) => ("database", "development"),
        };
        let path = format!("/{api}/1/{}/{environment}/{}", self.container, step.path);
        let mut target = path.clone();
        let user = match step.who {
            Who::UserAtFirst => self.first_token.clone(),
            who => self.user_of(who).and_then(WebAuthTokenStore::current),
        };
        let tokens = self
            .api_token
            .as_ref()
            .map(|api_token| TokenQuery { api_token, web_auth_token: user.as_ref() })
            .filter(|_| !matches!(step.who, Who::Nobody | Who::Key))
            .map(|query| query.expose());
        let queries = step.query.into_iter().chain(tokens.as_ref().map(|query| query.as_str()));
        for (at, query) in queries.enumerate() {
            target += if at == 0 { "?" } else { "&" };
            target += query;
        }
        let uri = format!("{}{target}", self.url);
        let mut request = content_type(http::Request::builder().method(step.method.clone()).uri(uri));
        if step.who == Who::Key {
            for (name, value) in self.sign(step, &path, &target, &body)? {
                request = request.header(name, value);
            }
        }
        Ok(request.body(body)?)
    }

    /// The three headers.
    fn sign(
        &self,
        step: &Step,
        path: &str,
        target: &str,
        body: &[u8],
    ) -> Result<[(&'static str, String); 3]> {
        let now = RequestDate::from(self.clock.now());
        let mut date = now.to_string();
        let usual = CanonicalMessage::new(now, body, target).to_string();
        let seconds = now.unix_seconds();
        let message = match step.signing {
            Signing::PathAlone => CanonicalMessage::new(now, body, path).to_string(),
            Signing::EmptyHash => format!("{date}::{target}"),
            Signing::HexHash => {
                let hash: String =
                    BodyHash::of(body).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{date}:{hash}:{target}")
            }
            Signing::OtherBody => CanonicalMessage::new(now, b"{}", target).to_string(),
            Signing::WithMethod => format!("{}:{usual}", step.method),
            Signing::WholeAddress => {
                CanonicalMessage::new(now, body, format!("{}{target}", self.url)).to_string()
            }
            Signing::Shifted(by) => {
                let then = RequestDate::from_unix_seconds(seconds + by)?;
                date = then.to_string();
                CanonicalMessage::new(then, body, target).to_string()
            }
            Signing::Milliseconds | Signing::Offset => {
                let end = if step.signing == Signing::Offset { "+00:00" } else { ".000Z" };
                let other = format!("{}{end}", date.trim_end_matches('Z'));
                let message = usual.replacen(&date, &other, 1);
                date = other;
                message
            }
            _ => usual,
        };
        let signature = self.key.sign_bytes(message.as_bytes())?;
        let signature = match step.signing {
            Signing::Raw => STANDARD.encode(signature.to_raw()),
            Signing::HighS | Signing::LowS => with_s(&signature, step.signing == Signing::HighS)?.to_base64(),
            Signing::Broken => {
                let mut raw = signature.to_raw();
                raw[31] ^= 1;
                Signature::from_raw(&raw)?.to_base64()
            }
            _ => signature.to_base64(),
        };
        let key_id = match step.signing {
            Signing::UnknownKeyId => "0123456789abcdef".repeat(4),
            Signing::RevokedKeyId => self.revoked_key_id.as_ref().unwrap_or(&self.key_id).as_str().to_owned(),
            Signing::UpperCaseKeyId => self.key_id.as_str().to_ascii_uppercase(),
            _ => self.key_id.as_str().to_owned(),
        };
        Ok([(HEADER_KEY_ID, key_id), (HEADER_DATE, date), (HEADER_SIGNATURE, signature)])
    }
}

/// The same signature with the high or the low one of the two numbers for s.
fn with_s(signature: &Signature, high: bool) -> Result<Signature> {
    let mut raw = signature.to_raw();
    let (_, s) = raw.split_at_mut(32);
    let other = difference(&ORDER, s);
    let is_high = *s > other[..];
    if is_high != high {
        s.copy_from_slice(&other);
    }
    Ok(Signature::from_raw(&raw)?)
}

/// The difference of two big-endian numbers, of which the first is the larger.
fn difference(minuend: &[u8; 32], subtrahend: &[u8]) -> [u8; 32] {
    let mut result = [0; 32];
    let mut borrow = 0;
    for (at, place) in result.iter_mut().enumerate().rev() {
        let taken = i16::from(minuend[at]) - i16::from(subtrahend[at]) - borrow;
        borrow = i16::from(taken < 0);
        *place = taken.rem_euclid(256) as u8;
    }
    result
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text += &format!(": {error}");
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both are signatures of the same text by the same key.
    #[test]
    fn a_signature_has_a_high_and_a_low_form() {
        let key = PrivateKey::generate().expect("random numbers");
        for at in 0..8 {
            let message = format!("message {at}");
            let signature = key.sign_bytes(message.as_bytes()).expect("a signature");
            let high = with_s(&signature, true).expect("s is in range");
            let low = with_s(&signature, false).expect("s is in range");
            assert!(high.to_raw()[32..] > low.to_raw()[32..]);
            for form in [high, low] {
                assert!(key.public_key().verify(message.as_bytes(), &form));
            }
        }
    }
}
