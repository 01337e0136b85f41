//! How the management API says no.

use cloudkit_core::ServerErrorCode;
use serde_json::{Map, Value};

use crate::api::ApiError;
use crate::server::SchemaFailure;
use crate::store::StoreError;

/// A refusal. Its body has `code` (the status), `message` (the error code) and `reason` (for people) always.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) reason: String,
    /// More for people, where the reason is only the first of several.
    pub(super) detailed_message: Option<String>,
    pub(super) retry_after_seconds: Option<u64>,
    /// Where a user can sign in: what a status of 421 must come with.
    pub(super) redirect_url: Option<String>,
    /// The methods that the path has.
    pub(super) allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &ServerErrorCode, reason: impl Into<String>) -> Self {
        Self {
            status,
            code: code.as_str().to_owned(),
            reason: reason.into(),
            detailed_message: None,
            retry_after_seconds: None,
            redirect_url: None,
            allow: None,
        }
    }

    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(400, &ServerErrorCode::BadRequest, reason)
    }

    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self::new(404, &ServerErrorCode::NotFound, reason)
    }

    pub(super) fn unauthorised(reason: impl Into<String>) -> Self {
        Self::new(401, &ServerErrorCode::AuthenticationFailed, reason)
    }

    /// The refusal of one item by a web services endpoint: `{ serverErrorCode, reason, retryAfter? }`.
    pub(super) fn of_item(item: &Value) -> Option<Self> {
        let code = ServerErrorCode::from(item.get("serverErrorCode")?.as_str()?);
        let reason = item.get("reason").and_then(Value::as_str).unwrap_or_default();
        let mut refusal = Self::new(code.http_status().unwrap_or(500), &code, reason);
        refusal.retry_after_seconds =
            item.get("retryAfter").and_then(Value::as_f64).map(|seconds| seconds.ceil().max(0.0) as u64);
        Some(refusal)
    }

    pub(super) fn body(&self, uuid: &str) -> String {
        let mut body = Map::new();
        body.insert("code".to_owned(), self.status.into());
        body.insert("message".to_owned(), self.code.as_str().into());
        body.insert("reason".to_owned(), self.reason.as_str().into());
        body.insert("requestUuid".to_owned(), uuid.into());
        if let Some(detailed_message) = &self.detailed_message {
            body.insert("detailedMessage".to_owned(), detailed_message.as_str().into());
        }
        if let Some(seconds) = self.retry_after_seconds {
            body.insert("retryAfterSeconds".to_owned(), seconds.into());
        }
        if let Some(redirect_url) = &self.redirect_url {
            body.insert("redirectUrl".to_owned(), redirect_url.as_str().into());
        }
        Value::Object(body).to_string()
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let mut refusal = Self::new(error.http_status(), &error.code, error.reason.as_str());
        refusal.retry_after_seconds = error.retry_after_seconds();
        refusal.redirect_url.clone_from(&error.redirect_url);
        refusal
    }
}

impl From<SchemaFailure> for Refusal {
    fn from(failure: SchemaFailure) -> Self {
        match failure {
            SchemaFailure::Store(error) => error.into(),
            SchemaFailure::Refused(error) => {
                // The reason is what Apple's service would say; the rest has a place of its own.
                let mut refusal = Self::bad_request(&error.message);
                refusal.detailed_message = (!error.more.is_empty()).then(|| error.to_string());
                refusal
            }
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        ApiError::from(error).into()
    }
}
