use std::error::Error as StdError;
use std::fmt;

/// Why a request got no answer.
///
/// What can be done is in its [`kind`](Self::kind). It never shows the address of the request, because the query of an
/// address may hold a token.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What became of a request without an answer, cut by what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The request did not leave: no such host, no connection, no TLS. It was certainly not processed, so it can be
    /// sent again.
    NotSent,
    /// The request was sent, and the answer was lost or broken off. It may have been processed.
    NoAnswer,
    /// The whole answer did not come in time. The request may have been processed.
    Timeout,
    /// The answer is larger than the limit, in bytes, and was not read to its end. The request was processed.
    BodyTooLarge {
        /// The limit that was passed, in bytes.
        limit: u64,
    },
    /// The request goes to a place that this transport does not send to, as plain `http` to a host that is not this
    /// machine. It was not sent; sending it again does not help.
    Misdirected,
    /// The transport cannot work on this machine, as `https` without a single CA certificate. Nothing was sent; sending
    /// it again does not help.
    Unusable,
}

impl TransportError {
    /// An error without a cause of its own.
    #[must_use]
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error and its cause. The cause must not show the address of the request.
    pub fn with_source(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// What became of the request.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the server may have processed the request although no answer came.
    #[must_use]
    pub fn may_have_been_processed(&self) -> bool {
        match self.kind {
            TransportErrorKind::NoAnswer
            | TransportErrorKind::Timeout
            | TransportErrorKind::BodyTooLarge { .. } => true,
            TransportErrorKind::NotSent | TransportErrorKind::Misdirected | TransportErrorKind::Unusable => {
                false
            }
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TransportErrorKind::NotSent => f.write_str("the request could not be sent"),
            TransportErrorKind::NoAnswer => f.write_str("the request was sent, but its answer was lost"),
            TransportErrorKind::Timeout => f.write_str("the answer did not come in time"),
            TransportErrorKind::BodyTooLarge { limit } => {
                write!(f, "the answer is larger than the limit of {limit} bytes")
            }
            TransportErrorKind::Misdirected => f.write_str("the request must not be sent to this address"),
            TransportErrorKind::Unusable => f.write_str("the transport cannot be used on this machine"),
        }
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_leaves_the_source_to_the_chain() {
        let error = TransportError::with_source(TransportErrorKind::NotSent, "connection refused");
        assert_eq!(error.to_string(), "the request could not be sent");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("connection refused"));
    }
}
