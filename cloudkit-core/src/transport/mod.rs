//! How bytes travel: a request goes in, an answer or a [`TransportError`] comes out.
//!
//! What the bytes mean is not known here, but for the members of an error body that say whether to try again.

mod destination;
mod error;
#[cfg(feature = "http")]
mod http;
mod pacing;
mod rate;
mod refusal;
mod retry;
mod send;
#[cfg(test)]
mod simulation;
mod skew;

pub use destination::{DestinationError, check_destination, is_loopback};
pub use error::{TransportError, TransportErrorKind};
pub use pacing::{Closed, Outcome, Pacer, PacerStatus, Permit};
pub use refusal::{Refusal, server_date};
pub use retry::{Failure, RetryPolicy, Tally};
pub use send::{Answer, CallInfo, SendError, SendFailure, Sender};
pub use skew::ClockSkew;

#[cfg(feature = "http")]
pub use self::http::{HttpOptions, HttpTransport};

use crate::runtime::BoxFuture;
use bytes::Bytes;
use std::fmt;

/// What carries a signed request to CloudKit and its answer back.
///
/// The default is `HttpTransport`, under the feature `http`. Another one can take its place: a server in
/// the same process, a proxy, a recorder.
///
/// An implementation sends what it is given and nothing else: it does not follow redirects, because a signed request
/// must not go to another place, and it does not repeat a request, because every attempt is signed anew. An answer of
/// any status is an `Ok`.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one request and waits for the whole answer.
    fn send(
        &self,
        request: ::http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<::http::Response<Bytes>, TransportError>>;
}
