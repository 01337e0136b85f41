//! Who is asking: signatures of server-to-server keys, API tokens and web auth tokens.

mod date;
mod explain;
mod keys;
mod s2s;
mod tokens;

use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE};
use cloudkit_core::explain::CauseCode;
use cloudkit_core::{Environment, ServerErrorCode};
use http::HeaderMap;

pub(crate) use explain::{Arrived, Explained, Explaining, explain, look_at};
pub(crate) use keys::{KeyRing, RegisteredKey};
pub(crate) use tokens::{REMEMBER_EXPIRED_MS, Tokens, WebAuthToken, redact_target, web_auth_token};

use crate::api::{ApiError, Caller, Endpoint, Scope};
use crate::facts;
use crate::server::State;

/// What the server found out about the signature of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureVerdict {
    /// There was none.
    Absent,
    /// It is valid.
    Valid,
    /// It is not valid.
    Invalid,
    /// Something else was wrong before the signature was looked at.
    NotChecked,
}

/// A request as far as authentication needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedRequest<'a> {
    /// Path and query, byte for byte as they were received.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) environment: Environment,
    pub(crate) scope: Scope,
    pub(crate) endpoint: Endpoint,
}

/// A request is refused for its credentials: for this, or because its signature does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Option<CauseCode>);

/// What authentication leaves for the log.
#[derive(Clone, Debug)]
pub(crate) struct Findings {
    pub(crate) signature: SignatureVerdict,
    /// What is to be explained, and what is said of it once that was done.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) explanation: Option<Explained>,
    /// What was accepted although it is doubtful.
    pub(crate) notes: Vec<String>,
    /// Who asks, if the credentials were accepted.
    pub(crate) caller: Option<Caller>,
    /// The API token of the request, if it is known.
    pub(crate) api_token: Option<String>,
    /// The web auth token that the reply hands out.
    pub(crate) new_token: Option<String>,
}

impl Findings {
    pub(crate) fn none() -> Self {
        Self {
            signature: SignatureVerdict::Absent,
            refusal: None,
            explanation: None,
            notes: Vec::new(),
            caller: None,
            api_token: None,
            new_token: None,
        }
    }
}

/// Decides who is asking.
pub(crate) fn authenticate(
    state: &State,
    request: &SignedRequest<'_>,
    findings: &mut Findings,
) -> Result<Caller, ApiError> {
    let signed =
        [HEADER_KEY_ID, HEADER_DATE, HEADER_SIGNATURE].iter().any(|name| request.headers.contains_key(*name));
    if signed && facts::SIGNATURE_WINS_OVER_TOKENS.value {
        return match s2s::verify(state, request, findings) {
            Ok(caller) => Ok(caller),
            Err(refusal) => {
                findings.refusal = Some(refusal);
                Err(refused(request))
            }
        };
    }
    tokens::authenticate(state, request, findings)
}

/// The one answer to every bad signature.
fn refused(request: &SignedRequest<'_>) -> ApiError {
    let code = if request.scope == Scope::Public {
        ServerErrorCode::AuthenticationFailed
    } else {
        facts::KEY_IN_PRIVATE_DATABASE.value
    };
    ApiError::new(code, "Authentication failed")
}
