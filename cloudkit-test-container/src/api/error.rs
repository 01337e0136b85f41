//! How CloudKit says no: to a whole request, or to one item of it.

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use crate::json::{Node, line_and_column, write_string};
use crate::store::StoreError;

/// A refusal, of a request or of an item. On the heap, because nearly every function here may return one.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Refusal>);

/// What a refusal says.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ServerErrorCode,
    pub(crate) reason: String,
    /// The status of the reply, if it is not the one that belongs to the code.
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) redirect_url: Option<String>,
    /// The byte of the body that was not expected, for the reason to name its line and column.
    pub(crate) at: Option<usize>,
    /// The `records` member of a refused atomic batch.
    pub(crate) records: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: ServerErrorCode, reason: impl Into<String>) -> Self {
        Self(Box::new(Refusal {
            code,
            reason: reason.into(),
            status: None,
            retry_after: None,
            redirect_url: None,
            at: None,
            records: None,
        }))
    }

    pub(crate) fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(ServerErrorCode::BadRequest, reason)
    }

    /// A member that the request must have is missing.
    pub(crate) fn missing(member: &str) -> Self {
        Self::bad_request(format!("BadRequestException: missing required field '{member}'"))
    }

    /// The request holds something else than expected at this place.
    pub(crate) fn unexpected(node: &Node<'_>) -> Self {
        Self::unexpected_at(node.at)
    }

    pub(crate) fn unexpected_at(at: usize) -> Self {
        let mut error = Self::bad_request("BadRequestException: unexpected input");
        error.at = Some(at);
        error
    }

    /// Names line and column, now that the body is at hand.
    pub(crate) fn locate(&mut self, body: &[u8]) {
        if let Some(at) = self.at.take() {
            let (line, column) = line_and_column(body, at);
            let _ = write!(self.reason, " at [line: {line}, column: {column}]");
        }
    }

    /// The status of a reply that consists of this refusal.
    pub(crate) fn http_status(&self) -> u16 {
        self.status.or_else(|| self.code.http_status()).unwrap_or(500)
    }

    /// `retryAfter` as the header `Retry-After` has it: whole seconds, rounded up.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        let retry_after = self.retry_after?;
        Some(retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0))
    }

    /// The body of a reply that consists of this refusal.
    pub(crate) fn body(&self, uuid: &str) -> String {
        let mut out = String::from("{\"uuid\":");
        write_string(&mut out, uuid);
        out.push(',');
        self.write_members(&mut out);
        if let Some(redirect_url) = &self.redirect_url {
            out.push_str(",\"redirectURL\":");
            write_string(&mut out, redirect_url);
        }
        if let Some(records) = &self.records {
            out.push_str(",\"records\":");
            out.push_str(records);
        }
        out.push('}');
        out
    }

    /// The entry of one record among the results of a request.
    pub(crate) fn record_item(&self, record_name: &str) -> String {
        let mut out = String::from("{\"recordName\":");
        write_string(&mut out, record_name);
        out.push(',');
        self.write_members(&mut out);
        out.push('}');
        out
    }

    /// The entry of one asset among the results of a request.
    pub(crate) fn asset_item(&self, record_name: &str, field_name: &str) -> String {
        let mut out = String::from("{\"recordName\":");
        write_string(&mut out, record_name);
        out.push_str(",\"fieldName\":");
        write_string(&mut out, field_name);
        out.push(',');
        self.write_members(&mut out);
        out.push('}');
        out
    }

    pub(crate) fn write_members(&self, out: &mut String) {
        out.push_str("\"serverErrorCode\":");
        write_string(out, self.code.as_str());
        out.push_str(",\"reason\":");
        write_string(out, &self.reason);
        if let Some(retry_after) = self.retry_after {
            let _ = write!(out, ",\"retryAfter\":{}", retry_after.as_secs_f64());
        }
    }
}

impl Deref for ApiError {
    type Target = Refusal;

    fn deref(&self) -> &Refusal {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Refusal {
        &mut self.0
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let why = match &error {
            StoreError::Sqlite(source) => format!("{error}: {source}"),
            _ => error.to_string(),
        };
        tracing::error!(why, "the store failed");
        Self::new(ServerErrorCode::InternalError, "the store of the test container failed")
    }
}
