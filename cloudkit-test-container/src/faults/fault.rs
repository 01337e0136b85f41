//! What can go wrong.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use super::{Endpoint, Latency, Service};

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
    /// answered with a bare 421 (Misdirected Request), without any effect. A new connection works. The services that rules
    /// [tell apart](crate::FaultRule::at) have hosts of their own: a connection that is misdirected for files is not for
    /// records.
    Misdirected,
    /// The token of the request has expired. Only requests that carry one meet it.
    ///
    /// It is the web auth token of a request to the web services, whose user is sent to sign in; the token in the address
    /// of an upload or of the long poll, which opens nothing any more; and the user token or web auth token of the
    /// management API. The management token and the address of a download are refused this once: the container would give
    /// the same ones again.
    ExpiredToken,
    /// All sync tokens of the environment that were handed out so far are worthless: the service forgets how far its
    /// readers have come. Only requests that carry one meet it.
    ExpiredSyncTokens,
    /// So many empty pages come before the page of a change feed that is asked for, at most 126, each with `moreComing`
    /// and a new sync token. Requests for the pages of such a run do not meet it again.
    ///
    /// Apple's service has such pages where it has compacted its history. A program that takes an empty page for the end
    /// loses changes.
    EmptyPages {
        /// How many.
        pages: u8,
    },
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
            Self::ExpiredSyncTokens => "expired-sync-tokens",
            Self::EmptyPages { .. } => "empty-pages",
            Self::WriteBefore { .. } => "write-before",
            Self::Latency(_) => "latency",
        }
    }

    /// Whether the request has no effect.
    pub(crate) const fn refuses(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::DropBeforeCommit
            | Self::Raw { .. }
            | Self::Misdirected
            | Self::ExpiredToken
            | Self::ExpiredSyncTokens => true,
            Self::DropAfterCommit
            | Self::TruncatedBody { .. }
            | Self::SlowBody { .. }
            | Self::EmptyPages { .. }
            | Self::WriteBefore { .. }
            | Self::Latency(_) => false,
        }
    }

    /// Whether requests to this endpoint can meet it.
    pub(crate) fn can_happen_at(&self, endpoint: Endpoint<'_>) -> bool {
        match self {
            Self::WriteBefore { .. } => matches!(endpoint.service, Service::Web | Service::Management),
            Self::ExpiredSyncTokens | Self::EmptyPages { .. } => endpoint.is_feed(),
            _ => true,
        }
    }
}
