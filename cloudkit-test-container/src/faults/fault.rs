//! What can go wrong.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use super::Latency;

/// What goes wrong with a request.
///
/// A plain fault is for the next request; a [`FaultRule`](crate::FaultRule) says otherwise.
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
    /// The request takes effect, and the connection closes in the middle of the reply's body.
    TruncatedBody {
        /// How much of the body is sent, in percent. At least the last byte is missing.
        percent: u8,
    },
    /// The request takes effect, and the reply's body comes in small pieces.
    SlowBody {
        /// The bytes of a piece; zero counts as one.
        piece: usize,
        /// The time before each piece.
        pause: Duration,
    },
    /// The connection turns out to belong to another host: this request and all later ones on the same connection are
    /// answered with a bare 421 (Misdirected Request), without any effect. A new connection works.
    Misdirected,
    /// The web auth token of the request has expired, and the user is sent to sign in. Only requests that carry one meet it.
    ExpiredToken,
    /// Another writer is faster: these operations run just before the request, in its database and zone.
    ///
    /// The other writer has the credentials of the request, like a second program of the same user or key; for a request
    /// with nothing but an API token it is a server-to-server key. If the writer is refused, so is the request.
    WriteBefore {
        /// The operations as a JSON array, as in the body of `records/modify`.
        operations: String,
    },
    /// The request takes longer. Other faults may come on top.
    Latency(Latency),
}

impl Fault {
    /// A refusal with `THROTTLED` and a `retryAfter`.
    #[must_use]
    pub const fn throttled(retry_after: Duration) -> Self {
        Self::Status { code: ServerErrorCode::Throttled, retry_after: Some(retry_after) }
    }

    /// The word for it, in files and in the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::DropBeforeCommit => "drop-before-commit",
            Self::DropAfterCommit => "drop-after-commit",
            Self::Raw { .. } => "raw",
            Self::TruncatedBody { .. } => "truncated-body",
            Self::SlowBody { .. } => "slow-body",
            Self::Misdirected => "misdirected",
            Self::ExpiredToken => "expired-token",
            Self::WriteBefore { .. } => "write-before",
            Self::Latency(_) => "latency",
        }
    }
}
