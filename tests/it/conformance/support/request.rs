//! Requests, byte for byte.

use std::fmt;

use cloudkit_core::auth::{CanonicalMessage, PrivateKey, RequestDate};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// A request, byte for byte.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The path, and the query if there is one, as they stand in the request line.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self { method, target: target.into(), headers: HeaderMap::new(), body: None }
    }

    pub(crate) fn post(target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..Self::new(Method::POST, target) }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new(Method::GET, target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.insert(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Signed the way it should be.
    pub(crate) fn signed(self, key_id: &str, key: &PrivateKey, unix_seconds: i64) -> Self {
        let date = RequestDate::from_unix_seconds(unix_seconds).unwrap();
        let body = self.body.as_deref().unwrap_or_default();
        let message = CanonicalMessage::new(date, body, self.target.as_str()).to_string();
        self.signed_as(key_id, key, &date.to_string(), &message)
    }

    /// With the signature over whatever text.
    pub(crate) fn signed_as(self, key_id: &str, key: &PrivateKey, date: &str, message: &str) -> Self {
        let signature = key.sign_bytes(message.as_bytes()).unwrap().to_string();
        self.with_signature(key_id, date, signature)
    }

    pub(crate) fn with_signature(
        self,
        key_id: &str,
        date: impl AsRef<[u8]>,
        signature: impl AsRef<[u8]>,
    ) -> Self {
        self.header("X-Apple-CloudKit-Request-KeyID", key_id)
            .header("X-Apple-CloudKit-Request-ISO8601Date", date)
            .header("X-Apple-CloudKit-Request-SignatureV1", signature)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let shown: String = body.chars().take(600).collect();
        write!(f, "{} {} {shown}", self.method, self.target)
    }
}
