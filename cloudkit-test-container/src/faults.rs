//! Faults that a test plans: the next request meets the first one that is meant for it.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use crate::api::Endpoint;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The request is refused with this code, without any effect.
    Status {
        /// The code of the refusal; the HTTP status follows from it.
        code: ServerErrorCode,
        /// How long the client is asked to wait: `retryAfter` in the body and `Retry-After` in the headers.
        retry_after: Option<Duration>,
    },
    /// The connection closes without a reply, and nothing has taken effect.
    DropBeforeCommit,
    /// The request takes effect, and the connection closes without a reply.
    DropAfterCommit,
    /// The request is answered with these bytes, without any effect, as by a proxy on the way.
    Raw {
        /// The HTTP status.
        status: u16,
        /// The content type.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
}

/// The faults that nobody has met yet, in the order in which they were planned.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<(Option<String>, Fault)>,
}

impl Faults {
    pub(crate) fn plan(&mut self, endpoint: Option<String>, fault: Fault) {
        self.planned.push((endpoint, fault));
    }

    /// The fault that a request to this endpoint meets.
    pub(crate) fn meet(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let is_meant = |planned: &(Option<String>, Fault)| {
            planned.0.as_deref().is_none_or(|name| name == endpoint.as_str())
        };
        let index = self.planned.iter().position(is_meant)?;
        Some(self.planned.remove(index).1)
    }

    pub(crate) fn unmet(&self) -> Vec<Fault> {
        self.planned.iter().map(|(_, fault)| fault.clone()).collect()
    }
}
