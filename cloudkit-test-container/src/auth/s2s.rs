//! Checks the signature of a server-to-server key.
//!
//! Checking signatures is the one thing that the server shares with the client; the text that must have been signed is
//! put together here, from the bytes that arrived.

use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, Signature};
use cloudkit_core::explain::CauseCode;
use sha2::{Digest as _, Sha256};

use super::explain::line;
use super::{Findings, Refusal, RegisteredKey, SignatureVerdict, SignedRequest, date};
use crate::api::{Caller, Endpoint, Scope};
use crate::facts;
use crate::server::State;

/// What is accepted although it is doubtful.
type Note = (CauseCode, &'static str);

/// Accepts the request as one of the key's, or says what it is refused for.
pub(super) fn verify(
    state: &State,
    request: &SignedRequest<'_>,
    findings: &mut Findings,
) -> Result<Caller, Refusal> {
    findings.signature = SignatureVerdict::NotChecked;
    let key_id = header(request, HEADER_KEY_ID)?;
    let date_text = header(request, HEADER_DATE)?;
    let signature_text = header(request, HEADER_SIGNATURE)?;
    if request.scope != Scope::Public {
        return Err(Refusal(Some(CauseCode::DatabaseNotPublic)));
    }
    if matches!(
        request.endpoint,
        Endpoint::UsersDiscover
            | Endpoint::RecordsResolve
            | Endpoint::RecordsAccept
            | Endpoint::TokensCreate
            | Endpoint::TokensRegister
    ) {
        return Err(Refusal(Some(CauseCode::UserEndpoint)));
    }
    let key = find_key(state, request, key_id)?;
    let date = date::read(date_text).ok_or(Refusal(Some(CauseCode::DateWrongFormat)))?;
    let window = i64::try_from(state.settings().clock_window.as_secs()).unwrap_or(i64::MAX);
    let skew = date.saturating_sub(state.clock().now_ms().div_euclid(1000));
    if skew.saturating_abs() > window {
        return Err(Refusal(Some(CauseCode::ClockSkew)));
    }
    let signature = read_signature(signature_text)?;
    if super::tokens::has_token(request.target) {
        let detail = "a token stands beside the signature, and was ignored";
        findings.notes.push(line(CauseCode::TokenMixedIn, detail));
    }
    let texts = Texts { request, date: date_text };
    if let Some(note) = texts.accepted_by(&key, &signature) {
        findings.notes.extend(note.map(|(code, detail)| line(code, detail)));
        findings.signature = SignatureVerdict::Valid;
        return Ok(Caller::Key { record_name: key.user_record_name.clone() });
    }
    findings.signature = SignatureVerdict::Invalid;
    Err(Refusal(None))
}

/// A header that must be there once.
fn header<'a>(request: &SignedRequest<'a>, name: &'static str) -> Result<&'a str, Refusal> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next().ok_or(Refusal(Some(CauseCode::HeaderMissing)))?;
    if values.next().is_some() {
        return Err(Refusal(Some(CauseCode::HeaderDuplicated)));
    }
    // Header values are bytes; none of ours has a character outside ASCII.
    Ok(value.to_str().unwrap_or("?"))
}

fn find_key(state: &State, request: &SignedRequest<'_>, key_id: &str) -> Result<Arc<RegisteredKey>, Refusal> {
    let keys = state.keys().read().unwrap_or_else(PoisonError::into_inner);
    let is_here = |key: &&Arc<RegisteredKey>| key.environment == request.environment;
    if let Some(key) = keys.with_id(key_id).find(is_here) {
        return if key.revoked { Err(Refusal(Some(CauseCode::KeyRevoked))) } else { Ok(Arc::clone(key)) };
    }
    let is_elsewhere = keys.with_id(key_id).next().is_some();
    let code = if is_elsewhere { CauseCode::KeyOtherEnvironment } else { CauseCode::KeyOtherContainer };
    Err(Refusal(Some(code)))
}

/// The texts that may have been signed.
struct Texts<'a> {
    request: &'a SignedRequest<'a>,
    date: &'a str,
}

impl Texts<'_> {
    fn body_hash(&self) -> String {
        BASE64.encode(Sha256::digest(self.request.body))
    }

    /// Whether the key signed one of the texts that are accepted; with what is to be noted about it.
    fn accepted_by(&self, key: &RegisteredKey, signature: &[u8]) -> Option<Option<Note>> {
        let target = self.request.target;
        let body_hash = self.body_hash();
        let mut readings = vec![(body_hash.as_str(), target, None)];
        if facts::PATH_ALONE_MAY_BE_SIGNED.value
            && let Some((path, _)) = target.split_once('?')
        {
            let detail = "the signature covers the path without its query string";
            readings.push((&body_hash, path, Some((CauseCode::QuerySentNotSigned, detail))));
        }
        if facts::EMPTY_BODY_MAY_HASH_TO_NOTHING.value && self.request.body.is_empty() {
            let detail = "the signed text has nothing where the hash of no body belongs";
            readings.push(("", target, Some((CauseCode::EmptyBodyHashForm, detail))));
        }
        readings.into_iter().find_map(|(hash, path, note)| {
            let text = format!("{}:{hash}:{path}", self.date);
            key.signed(text.as_bytes(), signature).then_some(note)
        })
    }
}

/// The one form that is taken: strict DER in standard base64.
fn read_signature(text: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = BASE64.decode(text).map_err(|_| Refusal(Some(CauseCode::SignatureBase64Broken)))?;
    match Signature::from_der(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(Refusal(Some(CauseCode::SignatureDerNotStrict))),
    }
}
