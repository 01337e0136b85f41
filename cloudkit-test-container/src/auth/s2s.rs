//! Checks the signature of a server-to-server key.
//!
//! Checking signatures is the one thing that the server shares with the client; the text that must have been signed is
//! put together here, from the bytes that arrived.

use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE, URL_SAFE_NO_PAD};
use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, Signature};
use sha2::{Digest as _, Sha256};

use super::{Explanation, Findings, RegisteredKey, SignatureVerdict, SignedRequest, date, explain};
use crate::api::{Caller, Endpoint, Scope};
use crate::facts;
use crate::server::State;

/// Accepts the request as one of the key's, or says what is wrong with it.
pub(super) fn verify(
    state: &State,
    request: &SignedRequest<'_>,
    findings: &mut Findings,
) -> Result<Caller, Explanation> {
    findings.signature = SignatureVerdict::NotChecked;
    let key_id = header(request, HEADER_KEY_ID)?;
    let date_text = header(request, HEADER_DATE)?;
    let signature_text = header(request, HEADER_SIGNATURE)?;
    if request.scope != Scope::Public {
        return Err(explain::database_not_public(request.scope.as_str()));
    }
    if matches!(
        request.endpoint,
        Endpoint::UsersDiscover
            | Endpoint::RecordsResolve
            | Endpoint::RecordsAccept
            | Endpoint::TokensCreate
            | Endpoint::TokensRegister
    ) {
        return Err(explain::user_endpoint(request.endpoint.as_str()));
    }
    let key = find_key(state, request, key_id)?;
    let date = date::read(date_text)?;
    let window = i64::try_from(state.settings().clock_window.as_secs()).unwrap_or(i64::MAX);
    let skew = date.saturating_sub(state.clock().now_ms().div_euclid(1000));
    if skew.saturating_abs() > window {
        return Err(explain::clock_skew(skew, window));
    }
    let texts = Texts { request, date: date_text };
    let signature = read_signature(signature_text, &key, &texts)?;

    let mixed = super::tokens::has_token(request.target);
    if mixed {
        findings
            .notes
            .push("R7 token_mixed_in: a token stands beside the signature, and was ignored".to_owned());
    }
    if let Some(note) = texts.accepted_by(&key, &signature) {
        findings.notes.extend(note.map(str::to_owned));
        findings.signature = SignatureVerdict::Valid;
        return Ok(Caller::Key { record_name: key.user_record_name });
    }
    findings.signature = SignatureVerdict::Invalid;
    let keys = state.keys().read().unwrap_or_else(PoisonError::into_inner);
    let is_other = |other: &&RegisteredKey| other.public_key.fingerprint() != key.public_key.fingerprint();
    if keys.all().iter().filter(is_other).any(|other| texts.accepted_by(other, &signature).is_some()) {
        return Err(explain::key_id_mismatch());
    }
    Err(if mixed { explain::token_mixed_in() } else { explain::unproven(&texts.shown()) })
}

/// A header that must be there once.
fn header<'a>(request: &SignedRequest<'a>, name: &'static str) -> Result<&'a str, Explanation> {
    let mut values = request.headers.get_all(name).iter();
    let value = values.next().ok_or_else(|| explain::header_missing(name))?;
    if values.next().is_some() {
        return Err(explain::header_duplicated(name));
    }
    // Header values are bytes; none of ours has a character outside ASCII.
    Ok(value.to_str().unwrap_or("?"))
}

fn find_key(state: &State, request: &SignedRequest<'_>, key_id: &str) -> Result<RegisteredKey, Explanation> {
    let keys = state.keys().read().unwrap_or_else(PoisonError::into_inner);
    let is_here = |key: &&RegisteredKey| key.environment == request.environment;
    if let Some(key) = keys.with_id(key_id).find(is_here) {
        return if key.revoked { Err(explain::key_revoked()) } else { Ok(key.clone()) };
    }
    if let Some(key) = keys.with_id(key_id).next() {
        return Err(explain::key_other_environment(key.environment.as_str(), request.environment.as_str()));
    }
    if state.tokens().knows_api_token(key_id) {
        return Err(explain::api_token_as_key_id());
    }
    let is_well_formed = key_id.len() == 64
        && key_id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_well_formed {
        return Err(explain::key_unknown());
    }
    if key_id.starts_with("MF") || key_id.starts_with("-----BEGIN") || key_id.contains(['/', '+', '=']) {
        return Err(explain::public_key_as_key_id());
    }
    let repaired: String =
        key_id.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect();
    let is_known = keys.with_id(&repaired).next().is_some();
    Err(explain::key_id_malformed(key_id, is_known))
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
    fn accepted_by(&self, key: &RegisteredKey, signature: &Signature) -> Option<Option<&'static str>> {
        let target = self.request.target;
        let mut readings = vec![(self.body_hash(), target, None)];
        if facts::PATH_ALONE_MAY_BE_SIGNED.value
            && let Some((path, _)) = target.split_once('?')
        {
            let note = "M8 query_sent_not_signed: the signature covers the path without its query string";
            readings.push((self.body_hash(), path, Some(note)));
        }
        if facts::EMPTY_BODY_MAY_HASH_TO_NOTHING.value && self.request.body.is_empty() {
            let note =
                "M17 empty_body_hash_form: the signed text has nothing where the hash of no body belongs";
            readings.push((String::new(), target, Some(note)));
        }
        readings.into_iter().find_map(|(hash, path, note)| {
            let text = format!("{}:{hash}:{path}", self.date);
            key.public_key.verify(text.as_bytes(), signature).then_some(note)
        })
    }

    /// The text that CloudKit wants signed, without the values of tokens.
    fn shown(&self) -> String {
        format!("{}:{}:{}", self.date, self.body_hash(), super::redact_target(self.request.target))
    }
}

fn read_signature(text: &str, key: &RegisteredKey, texts: &Texts<'_>) -> Result<Signature, Explanation> {
    let Ok(bytes) = BASE64.decode(text) else {
        let is_hex = text.len() >= 16
            && text.len().is_multiple_of(2)
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_url = || URL_SAFE.decode(text).is_ok() || URL_SAFE_NO_PAD.decode(text).is_ok();
        return Err(if is_hex {
            explain::signature_hex()
        } else if text.contains(['-', '_']) && is_url() {
            explain::signature_base64url()
        } else {
            explain::signature_base64_broken()
        });
    };
    if let Ok(signature) = Signature::from_der(&bytes) {
        return Ok(signature);
    }
    let raw = Signature::from_raw(&bytes).ok();
    if raw.is_some_and(|signature| texts.accepted_by(key, &signature).is_some()) {
        return Err(explain::signature_raw_rs());
    }
    // Hex digits are base64 too, if their number is right.
    if text.len() >= 100 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(explain::signature_hex());
    }
    Err(explain::signature_placeholder())
}
