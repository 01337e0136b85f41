//! What came and went with a request, for the console.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::{LoggedRequest, Reply, Request};
use crate::api::Caller;
use crate::auth::{Explained, Findings};

/// So many bytes of a body are remembered.
const BODY: usize = 16 * 1024;

/// A request and the reply to it. It holds secrets, which are left out when it is shown.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// Which request of the container it was, counted from 1.
    pub(crate) number: u64,
    pub(crate) logged: Arc<LoggedRequest>,
    /// Path and query as they were received.
    pub(crate) target: String,
    pub(crate) request_headers: HeaderMap,
    /// `None` if it was larger than the server takes.
    pub(crate) request_body: Option<Kept>,
    pub(crate) reply_headers: HeaderMap,
    pub(crate) reply_body: Kept,
    pub(crate) caller: Option<Caller>,
    pub(crate) explained: Option<Explained>,
    /// From its arrival to its reply, planned latency included.
    pub(crate) took: Duration,
}

/// The beginning of a body.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) bytes: Bytes,
    /// How long the whole body was.
    pub(crate) length: usize,
}

impl Exchange {
    pub(super) fn new(
        number: u64,
        logged: Arc<LoggedRequest>,
        request: &Request,
        reply: &Reply,
        findings: Findings,
        took: Duration,
    ) -> Self {
        Self {
            number,
            logged,
            target: request.target.clone(),
            request_headers: request.headers.clone(),
            request_body: request.body.as_ref().map(Kept::new),
            reply_headers: reply.headers.clone(),
            reply_body: Kept::new(&reply.body),
            caller: findings.caller,
            explained: findings.explanation,
            took,
        }
    }
}

impl Kept {
    fn new(body: &Bytes) -> Self {
        // A slice would keep the whole body alive.
        let bytes = if body.len() > BODY { Bytes::copy_from_slice(&body[..BODY]) } else { body.clone() };
        Self { bytes, length: body.len() }
    }

    /// Whether nothing of the body is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes.len() == self.length
    }
}
