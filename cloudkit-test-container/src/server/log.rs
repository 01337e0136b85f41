//! What the server remembers of each request, for tests and people to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::exchange::Exchange;
use crate::auth::SignatureVerdict;

/// The log forgets the oldest requests beyond so many.
const CAPACITY: usize = 100_000;

/// Of so many it remembers headers and bodies.
const EXCHANGES: usize = 1_000;

/// One request that the server has answered, or dropped.
///
/// It holds no secret: the values of tokens are left out of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query as they were received, with `...` for the values of tokens.
    pub target: String,
    /// The HTTP status of the reply. For a dropped connection it is the one that the reply would have had.
    pub status: u16,
    /// Whether the connection was closed without a reply.
    pub dropped: bool,
    /// The [kind](crate::Fault::kind) of the planned fault that the request has met.
    pub fault: Option<&'static str>,
    /// `serverErrorCode`, if the whole request was refused.
    pub server_error_code: Option<String>,
    /// The key ID, if there was one and it is registered.
    pub key_id: Option<String>,
    /// What the signature was worth.
    pub signature: SignatureVerdict,
    /// Why the request was refused, where authentication refused it: what the header `x-cloudkit-explain` says.
    pub explanation: Option<String>,
    /// What was accepted although it is doubtful.
    pub notes: Vec<String>,
    /// `X-Apple-Request-UUID` of the reply.
    pub uuid: String,
    /// When the reply was ready, by the server's clock, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The requests so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    requests: VecDeque<Arc<LoggedRequest>>,
    exchanges: VecDeque<Arc<Exchange>>,
    /// How many requests there were.
    count: u64,
}

impl Log {
    /// Remembers a request, with what came and went under the number that it gets.
    pub(crate) fn push(
        &self,
        request: LoggedRequest,
        exchange: impl FnOnce(u64, Arc<LoggedRequest>) -> Exchange,
    ) {
        tracing::debug!(
            method = request.method,
            target = request.target,
            status = request.status,
            explanation = request.explanation,
            "request"
        );
        let request = Arc::new(request);
        let mut remembered = self.remembered();
        let Remembered { requests, exchanges, count } = &mut *remembered;
        *count += 1;
        if exchanges.len() == EXCHANGES {
            exchanges.pop_front();
        }
        exchanges.push_back(Arc::new(exchange(*count, Arc::clone(&request))));
        if requests.len() == CAPACITY {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        self.remembered().requests.iter().map(|request| LoggedRequest::clone(request)).collect()
    }

    /// The latest requests after the one of this number, the oldest first, and how many there were at all.
    pub(crate) fn exchanges_after(&self, number: u64) -> (Vec<Arc<Exchange>>, u64) {
        let remembered = self.remembered();
        let after = remembered.exchanges.iter().filter(|exchange| exchange.number > number);
        (after.cloned().collect(), remembered.count)
    }

    /// The request of this number, if it is not too long ago.
    pub(crate) fn exchange(&self, number: u64) -> Option<Arc<Exchange>> {
        self.remembered().exchanges.iter().find(|exchange| exchange.number == number).cloned()
    }
}
