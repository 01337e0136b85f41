//! A request as somebody captured it.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;

/// A request of any program, as it was sent, and the answer to it if that is known.
///
/// What decides is the target, the headers and the exact bytes of the body. A body that was kept as text may have lost
/// its line ends or its character set on the way; then a search that finds nothing proves nothing.
///
/// `Debug` shows neither signatures, nor tokens, nor bodies.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capture {
    /// The HTTP method, in upper case.
    pub method: String,
    /// `https` or `http`, if it is known.
    pub scheme: Option<String>,
    /// The host, with its port if it names one, if it is known.
    pub host: Option<String>,
    /// Path and query as they were sent, percent-encoding and all, from the first `/` on.
    pub target: String,
    /// Names and values in the order they were sent. Names are compared without regard to case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: CapturedBody,
    /// When the request was sent, by a clock that is right.
    pub sent_at: Option<SystemTime>,
    /// The answer.
    pub reply: Option<CapturedReply>,
}

impl Capture {
    /// A request with this method, path and query, without headers, and with a body that was not captured.
    #[must_use]
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            scheme: None,
            host: None,
            target: target.into(),
            headers: Vec::new(),
            body: CapturedBody::Missing,
            sent_at: None,
            reply: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, byte for byte as it was sent; empty for a request that had none.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = CapturedBody::Exact(bytes.into());
        self
    }

    /// Sets a body that was kept as text.
    #[must_use]
    pub fn body_text(mut self, text: impl Into<String>) -> Self {
        self.body = CapturedBody::Text(text.into());
        self
    }

    /// Sets scheme and host.
    #[must_use]
    pub fn origin(mut self, scheme: impl Into<String>, host: impl Into<String>) -> Self {
        self.scheme = Some(scheme.into());
        self.host = Some(host.into());
        self
    }

    /// Sets the time of sending, by a clock that is right.
    #[must_use]
    pub fn sent_at(mut self, time: SystemTime) -> Self {
        self.sent_at = Some(time);
        self
    }

    /// Sets the answer.
    #[must_use]
    pub fn reply(mut self, reply: CapturedReply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// The values of a header, in the order they were sent.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(given, _)| given.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The path, without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query, without its question mark.
    pub(super) fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, scheme, host, target, headers, body, sent_at, reply } = self;
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Capture")
            .field("method", method)
            .field("scheme", scheme)
            .field("host", host)
            .field("target", &super::redact::target(target))
            .field("headers", &names)
            .field("body", body)
            .field("sent_at", sent_at)
            .field("reply", reply)
            .finish()
    }
}

/// The body of a captured request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapturedBody {
    /// Byte for byte as it was sent; empty if there was none.
    Exact(Bytes),
    /// As text, such as HAR files and copied command lines have it: line ends, character set and escapes may differ.
    Text(String),
    /// Not captured.
    Missing,
}

impl CapturedBody {
    /// The bytes, if there are any to go by.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Exact(bytes) => Some(bytes),
            Self::Text(text) => Some(text.as_bytes()),
            Self::Missing => None,
        }
    }
}

impl fmt::Debug for CapturedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(bytes) => write!(f, "Exact({} bytes)", bytes.len()),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Missing => f.write_str("Missing"),
        }
    }
}

/// The answer to a captured request.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CapturedReply {
    /// The HTTP status.
    pub status: u16,
    /// Names and values in their order. `Date` tells the time of the server.
    pub headers: Vec<(String, String)>,
    /// The body, if it was captured.
    pub body: Bytes,
}

impl CapturedReply {
    /// An answer with this status and body.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(given, _)| given.trim().eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

impl fmt::Debug for CapturedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body } = self;
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("CapturedReply")
            .field("status", status)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", body.len()))
            .finish()
    }
}
