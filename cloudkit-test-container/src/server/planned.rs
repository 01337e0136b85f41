//! What planned faults do to a request, whichever service it is for. How a reply then travels is in `trouble`.

use bytes::Bytes;
use cloudkit_core::ServerErrorCode;
use http::{HeaderMap, HeaderValue, header};

use super::other_writer::write_before;
use super::{Delivery, Reply};
use crate::api::{ApiError, Call};
use crate::faults::Fault;

/// What is answered in place of the service; `None` if the service answers itself.
///
/// # Errors
///
/// The refusal that was planned, which each service words in its own way.
pub(crate) fn in_place(fault: Option<&Fault>) -> Result<Option<Reply>, ApiError> {
    let reply = |status, content_type: &str, body: Bytes| {
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::from_str(content_type);
        headers.extend(content_type.ok().map(|value| (header::CONTENT_TYPE, value)));
        Reply::new(status, headers, body)
    };
    Ok(Some(match fault {
        Some(Fault::Status { code, retry_after }) => {
            let throttled = *code == ServerErrorCode::Throttled;
            let reason = if throttled { "request throttled" } else { "planned fault" };
            let mut error = ApiError::new(code.clone(), reason);
            error.retry_after = *retry_after;
            return Err(error);
        }
        Some(Fault::DropBeforeCommit) => {
            Reply { delivery: Delivery::Dropped, ..reply(500, "text/plain", Bytes::new()) }
        }
        Some(Fault::Raw { status, content_type, body }) => reply(*status, content_type, body.clone().into()),
        Some(Fault::Misdirected) => reply(421, "text/plain", Bytes::new()),
        _ => return Ok(None),
    }))
}

/// How the reply travels.
pub(super) fn delivery(fault: Option<&Fault>) -> Delivery {
    match fault {
        Some(Fault::DropAfterCommit) => Delivery::Dropped,
        Some(Fault::TruncatedBody { percent }) => Delivery::Truncated { percent: *percent },
        Some(Fault::SlowBody { piece, pause }) => Delivery::Slow { piece: *piece, pause: *pause },
        _ => Delivery::Whole,
    }
}

/// How many empty pages come before the page of a feed.
pub(crate) fn empty_pages(fault: Option<&Fault>) -> u8 {
    match fault {
        Some(Fault::EmptyPages { pages }) => *pages,
        _ => 0,
    }
}

/// Does what happens just before a request is answered.
pub(crate) fn happen_before(call: &Call<'_>, fault: Option<&Fault>, body: &[u8]) -> Result<(), ApiError> {
    match fault {
        Some(Fault::WriteBefore { operations }) => write_before(call, body, operations),
        Some(Fault::ExpiredSyncTokens) => {
            Ok(call.state.store().transaction(|store| store.expire_sync_tokens(call.environment))?)
        }
        _ => Ok(()),
    }
}
