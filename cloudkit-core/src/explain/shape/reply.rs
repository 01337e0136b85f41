//! What the answer tells, beyond that it is a refusal.

use super::{Credentials, Findings};
use crate::explain::{Capture, CauseCode};

/// The members of an error body that say something.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    server_error_code: Option<String>,
    reason: Option<String>,
}

/// Reads the answer, if there is one.
pub(in crate::explain) fn of_reply(
    capture: &Capture,
    credentials: &Credentials<'_>,
    findings: &mut Findings,
) {
    let Some(reply) = &capture.reply else { return };
    let body: ErrorBody = serde_json::from_slice(&reply.body).unwrap_or_default();
    let reason = body.reason.as_deref().unwrap_or_default();
    match (reply.status, body.server_error_code.as_deref()) {
        (421, None) => findings.sure(
            CauseCode::ConnectionCoalesced,
            "the answer is 421 without an error of CloudKit's: the request came over a connection to another host",
        ),
        (421, Some(_)) | (_, Some("AUTHENTICATION_REQUIRED")) => {
            let signed = if credentials.is_signed() {
                "the headers of the signature did not arrive, or the call needs a user"
            } else {
                "the request is not signed and no user is signed in"
            };
            findings.sure(CauseCode::UserSignInRequired, format!("the answer asks a user to sign in: {signed}"));
            if capture.query().is_some_and(|query| query.contains("ckWebAuthToken=")) {
                findings.hint(
                    CauseCode::WebTokenExpired,
                    "a web auth token was sent, and a user is asked to sign in: its time may be over",
                );
            }
        }
        (403, _) | (_, Some("ACCESS_DENIED")) => findings.sure(
            CauseCode::RoleMissing,
            "the answer is ACCESS_DENIED: the credentials are good, and a role that the schema grants this to is missing",
        ),
        (400 | 401, _) if reason.contains("no auth method") && credentials.is_signed() => findings.strong(
            CauseCode::HeaderLostInTransit,
            "the answer says that no credentials arrived, though the request has the headers of a signature",
        ),
        _ if reason.contains("private db access disabled") => findings.sure(
            CauseCode::WebTokenUnavailable,
            "the answer says that the account gives no access over the web",
        ),
        _ => {}
    }
}
