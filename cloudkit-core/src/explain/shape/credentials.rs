//! The headers of a signature, the key ID, and other credentials in their place.

use super::Findings;
use crate::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, KeyId};
use crate::explain::evidence::TokenDigest;
use crate::explain::{Capture, CauseCode, Evidence};

/// The three names as people write them.
const NAMES: [(&str, &str); 3] = [
    (HEADER_KEY_ID, "X-Apple-CloudKit-Request-KeyID"),
    (HEADER_DATE, "X-Apple-CloudKit-Request-ISO8601Date"),
    (HEADER_SIGNATURE, "X-Apple-CloudKit-Request-SignatureV1"),
];

/// The values of the three headers; of one under a wrong name too, if it is plain which of them it is meant to be.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::explain) struct Credentials<'a> {
    pub(in crate::explain) key_id: Option<&'a str>,
    pub(in crate::explain) date: Option<&'a str>,
    pub(in crate::explain) signature: Option<&'a str>,
    /// Whether the query holds a token.
    pub(in crate::explain) has_token: bool,
}

impl Credentials<'_> {
    /// Whether the request means to be signed.
    pub(in crate::explain) const fn is_signed(&self) -> bool {
        self.key_id.is_some() || self.date.is_some() || self.signature.is_some()
    }
}

/// Checks the headers and the query for credentials.
pub(in crate::explain) fn credentials<'a>(
    capture: &'a Capture,
    evidence: &Evidence,
    findings: &mut Findings,
) -> Credentials<'a> {
    let mut missing = Vec::new();
    let mut values = [None; 3];
    for (index, (name, shown)) in NAMES.into_iter().enumerate() {
        let mut given = capture.values(name);
        values[index] = given.next();
        if given.next().is_some() {
            findings.sure(CauseCode::HeaderDuplicated, format!("the header {shown} occurs more than once"));
        }
        if values[index].is_none() {
            missing.push(index);
        }
    }
    let has_token = has_token(capture);
    let is_partly_signed = missing.len() < NAMES.len();
    let misnamed = misnamed(capture);
    if missing.is_empty() {
        findings.exclude(CauseCode::HeaderMissing, "all three headers are there");
    } else if !misnamed.is_empty() {
        let names: Vec<String> =
            misnamed.iter().map(|(name, _, _)| super::super::report::ascii(name)).collect();
        findings.sure(
            CauseCode::HeaderNameWrong,
            format!(
                "{} is no header of CloudKit; it knows {}",
                names.join(", "),
                NAMES.map(|(_, name)| name).join(", ")
            ),
        );
        for (_, meant, value) in misnamed {
            if let Some(index) = meant.filter(|index| values[*index].is_none()) {
                values[index] = Some(value);
            }
        }
    } else if is_partly_signed {
        let names: Vec<&str> = missing.iter().map(|index| NAMES[*index].1).collect();
        findings.sure(
            CauseCode::HeaderMissing,
            format!("{} is missing; other headers of a signature are there", names.join(" and ")),
        );
    } else if capture.values("authorization").next().is_none() && !has_token {
        findings.sure(
            CauseCode::NoCredentialsReached,
            "the request has neither the headers of a signature nor ckAPIToken in its query",
        );
    }
    authorization(capture, is_partly_signed, findings);
    if has_bare_plus(capture) {
        findings.sure(
            CauseCode::WebTokenNotEncoded,
            "ckWebAuthToken in the query has a plus sign in it that is not escaped; it arrives as a space",
        );
    }
    if has_token && is_partly_signed {
        findings.sure(
            CauseCode::TokenMixedIn,
            "ckAPIToken or ckWebAuthToken stands in the query beside the signature",
        );
    } else if is_partly_signed {
        findings.exclude(CauseCode::TokenMixedIn, "no token in the query");
    }
    if let Some(key_id) = values[0] {
        check_key_id(key_id, evidence, findings);
    }
    Credentials { key_id: values[0], date: values[1], signature: values[2], has_token }
}

fn authorization(capture: &Capture, is_signed: bool, findings: &mut Findings) {
    let Some(value) = capture.values("authorization").next() else { return };
    let kind = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            if token.starts_with("eyJ") {
                "a JSON web token as bearer token"
            } else {
                "a bearer token"
            }
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("basic") => "a user name and password",
        _ => "credentials of another kind",
    };
    let detail =
        format!("the request has an Authorization header with {kind}; CloudKit uses none, it signs requests");
    if is_signed {
        // Whether such a header does harm beside a signature is not known.
        findings.hint(CauseCode::BearerTokenSent, detail);
    } else {
        findings.sure(CauseCode::BearerTokenSent, detail);
    }
}

/// Headers that look as if they were meant as one of the three: name, which of them, value.
fn misnamed(capture: &Capture) -> Vec<(&str, Option<usize>, &str)> {
    const OTHERS: [&str; 2] = [crate::auth::HEADER_WEB_AUTH_TOKEN, crate::auth::HEADER_SESSION];
    let is_meant = |name: &str| {
        (name.starts_with("x-apple-cloudkit")
            || name.starts_with("x-cloudkit")
            || name.contains("cloudkit-request"))
            && !NAMES.iter().any(|(known, _)| *known == name)
            && !OTHERS.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let meant = |name: &str| {
        if name.contains("keyid") || name.contains("key-id") {
            Some(0)
        } else if name.contains("date") {
            Some(1)
        } else {
            name.contains("sign").then_some(2)
        }
    };
    capture
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), name.trim().to_ascii_lowercase(), value.as_str()))
        .filter(|(_, lower, _)| is_meant(lower))
        .map(|(name, lower, value)| (name, meant(&lower), value))
        .collect()
}

fn has_token(capture: &Capture) -> bool {
    let Some(query) = capture.query() else { return false };
    query.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
        matches!(name, "ckAPIToken" | "ckWebAuthToken" | "ckSession") && !value.is_empty()
    })
}

/// Whether a web auth token stands in the query as it was received, and not percent-encoded.
fn has_bare_plus(capture: &Capture) -> bool {
    let Some(query) = capture.query() else { return false };
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.any(|(name, value)| matches!(name, "ckWebAuthToken" | "ckSession") && value.contains('+'))
}

fn check_key_id(given: &str, evidence: &Evidence, findings: &mut Findings) {
    if evidence.api_tokens.contains(&TokenDigest::of(given)) {
        findings.sure(
            CauseCode::ApiTokenAsKeyId,
            "the key ID is an API token; API tokens look alike but are another credential",
        );
        return;
    }
    let Err(error) = KeyId::new(given) else {
        findings.exclude(CauseCode::KeyIdMalformed, "64 hex digits");
        findings.exclude(CauseCode::PublicKeyAsKeyId, "64 hex digits");
        return;
    };
    let code = CauseCode::from_name(error.code()).unwrap_or(CauseCode::KeyIdMalformed);
    let message = error.to_string();
    let found = message.split(';').next().unwrap_or_default();
    let repaired: String =
        given.chars().filter(char::is_ascii_hexdigit).map(|digit| digit.to_ascii_lowercase()).collect();
    let known = evidence.keys.iter().any(|key| key.key_id.as_deref() == Some(&repaired));
    let known = if known { "; apart from that it is the ID of a known key" } else { "" };
    findings.sure(code, format!("{found}{known}"));
}
