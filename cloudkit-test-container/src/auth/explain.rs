//! Why a request was refused, in one line: the row and the code of the catalogue of causes, and a sentence.
//!
//! Only mistakes that show without a search are named here. The texts never hold a token, a signature or a body, and
//! no more of what was given as a key ID than is safe if it is a secret in the wrong place.

use std::fmt;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explanation {
    row: &'static str,
    code: &'static str,
    detail: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, code, detail } = self;
        if !row.is_empty() {
            write!(f, "{row} ")?;
        }
        write!(f, "{code}: ")?;
        // The line travels in a header: printable ASCII only.
        for c in detail.chars() {
            if matches!(c, ' '..='~') { write!(f, "{c}")? } else { write!(f, "{}", c.escape_default())? }
        }
        Ok(())
    }
}

fn new(row: &'static str, code: &'static str, detail: impl Into<String>) -> Explanation {
    Explanation { row, code, detail: detail.into() }
}

pub(super) fn header_missing(name: &str) -> Explanation {
    new(
        "R5",
        "header_missing",
        format!("the header {name} is missing; the other headers of a signature are there"),
    )
}

pub(super) fn header_duplicated(name: &str) -> Explanation {
    new("R5", "header_duplicated", format!("the header {name} occurs more than once"))
}

pub(super) fn header_name_wrong(name: &str) -> Explanation {
    new(
        "R5",
        "header_name_wrong",
        format!(
            "{name} is no header of CloudKit; the three are X-Apple-CloudKit-Request-KeyID, \
             X-Apple-CloudKit-Request-ISO8601Date and X-Apple-CloudKit-Request-SignatureV1"
        ),
    )
}

pub(super) fn bearer_token_sent() -> Explanation {
    new(
        "K8",
        "bearer_token_sent",
        "the request has an Authorization header; CloudKit uses none, it signs requests",
    )
}

pub(super) fn no_credentials() -> Explanation {
    new(
        "R11",
        "no_credentials_reached",
        "neither the headers of a signature nor ckAPIToken reached the server",
    )
}

pub(super) fn database_not_public(database: &str) -> Explanation {
    new(
        "R1",
        "database_not_public",
        format!(
            "the {database} database cannot be used with a server-to-server key; only the public one can"
        ),
    )
}

pub(super) fn user_endpoint(endpoint: &str) -> Explanation {
    new(
        "R2",
        "user_endpoint",
        format!("{endpoint} cannot be used with a server-to-server key; it needs a user"),
    )
}

pub(crate) fn container_id_malformed(given: &str, served: &str) -> Explanation {
    let why = if given.eq_ignore_ascii_case(served) {
        "container IDs are case-sensitive"
    } else if !given.starts_with("iCloud.") && !given.starts_with("com.apple.") {
        "container IDs begin with iCloud."
    } else {
        "no such container is here"
    };
    let given: String = given.chars().take(120).collect();
    new(
        "R3",
        "container_id_malformed",
        format!("the path names the container {given}, this one is {served}; {why}"),
    )
}

pub(crate) fn environment_malformed(given: &str) -> Explanation {
    let given: String = given.chars().take(40).collect();
    new(
        "R4",
        "environment_malformed",
        format!("the path names the environment {given}; it is development or production, in lower case"),
    )
}

pub(super) fn public_key_as_key_id() -> Explanation {
    new(
        "K5",
        "public_key_as_key_id",
        "the key ID looks like a public key; use the ID that the Console shows for it",
    )
}

pub(super) fn api_token_as_key_id() -> Explanation {
    new("K6", "api_token_as_key_id", "the key ID is an API token of this container; use the ID of a key")
}

/// A key ID that is no key ID, and perhaps a secret: only its length and kind are told.
pub(super) fn key_id_malformed(given: &str, repaired: bool) -> Explanation {
    let kind = if given.chars().any(char::is_whitespace) {
        "holds white space"
    } else if given.contains(['"', '\'']) {
        "holds quotation marks"
    } else if given.bytes().all(|byte| byte.is_ascii_hexdigit())
        && given.bytes().any(|byte| byte.is_ascii_uppercase())
    {
        "is in upper case"
    } else if given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "has the wrong length"
    } else {
        "holds other characters than hex digits"
    };
    let known = if repaired { "; apart from that it is a key that is registered" } else { "" };
    let length = given.chars().count();
    new(
        "K7",
        "key_id_malformed",
        format!("a key ID is 64 lower-case hex digits; the one given {kind} ({length} characters){known}"),
    )
}

pub(super) fn key_unknown() -> Explanation {
    new(
        "K2",
        "key_other_container",
        "no key with this ID is registered for this container; is it the key of another container?",
    )
}

pub(super) fn key_other_environment(registered: &str, asked: &str) -> Explanation {
    new(
        "K1",
        "key_other_environment",
        format!(
            "the key is registered for {registered}, the request goes to {asked}; keys belong to one environment"
        ),
    )
}

pub(super) fn key_revoked() -> Explanation {
    new("K3", "key_revoked", "the key was revoked")
}

pub(super) fn key_id_mismatch() -> Explanation {
    new(
        "K4",
        "key_id_mismatch",
        "the signature is valid under another key of this container; key ID and private key do not belong together",
    )
}

pub(super) fn date_empty() -> Explanation {
    new("M13", "date_empty", "the date header is empty")
}

pub(super) fn date_truncated() -> Explanation {
    new("M13", "date_truncated", "the date header is cut short; CloudKit wants YYYY-MM-DDTHH:MM:SSZ")
}

pub(super) fn date_has_fraction() -> Explanation {
    new("M10", "date_has_fraction", "the date has a fraction of a second; CloudKit wants whole seconds")
}

pub(super) fn date_has_offset() -> Explanation {
    new("M11", "date_has_offset", "the date has an offset from UTC; CloudKit wants UTC with a literal Z")
}

pub(super) fn date_without_zone() -> Explanation {
    new(
        "M11",
        "date_without_zone",
        "the date does not say that it is UTC; CloudKit wants a literal Z at its end",
    )
}

pub(super) fn date_wrong_format() -> Explanation {
    new("M11", "date_wrong_format", "the date is not of the form YYYY-MM-DDTHH:MM:SSZ")
}

/// The date is off by so many seconds, into the past if negative.
pub(super) fn clock_skew(seconds: i64, window: i64) -> Explanation {
    let direction = if seconds < 0 { "before" } else { "after" };
    let off = seconds.abs();
    // A clock that shows local time is wrong by whole quarters of an hour.
    let remainder = off % 900;
    if off >= 900 && (remainder <= 60 || remainder >= 840) && off <= 14 * 3600 + 60 {
        return new(
            "M11",
            "date_local_time",
            format!(
                "the date is {off} s {direction} the server's, close to a multiple of 15 minutes: local time \
                 marked as UTC? The window is {window} s"
            ),
        );
    }
    new(
        "T1",
        "clock_skew",
        format!(
            "the date is {off} s {direction} the server's; signatures are good for {window} s before and after"
        ),
    )
}

pub(super) fn signature_raw_rs() -> Explanation {
    new(
        "S1",
        "signature_raw_rs",
        "your signature is valid, but it is r and s as 64 raw bytes; CloudKit wants DER",
    )
}

pub(super) fn signature_hex() -> Explanation {
    new("S2", "signature_hex", "the signature is in hex; CloudKit wants standard base64")
}

pub(super) fn signature_base64url() -> Explanation {
    new(
        "S2",
        "signature_base64url",
        "the signature is in the URL alphabet of base64; CloudKit wants the standard one",
    )
}

pub(super) fn signature_base64_broken() -> Explanation {
    new("S2", "signature_base64_broken", "the signature is not base64 on one line with its padding")
}

pub(super) fn signature_placeholder() -> Explanation {
    new("S5", "signature_placeholder", "the signature is base64, but of no ECDSA signature in DER")
}

pub(super) fn token_mixed_in() -> Explanation {
    new(
        "R7",
        "token_mixed_in",
        "ckAPIToken or ckWebAuthToken stands beside the signature; remove it and sign again",
    )
}

/// Nothing that shows without a search.
pub(super) fn unproven(expected: &str) -> Explanation {
    new("", "unproven", format!("the signature does not verify; the text to sign is {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_one_line_of_ascii() {
        let line = container_id_malformed("iCloud.com.exämple\r\nX: y", "iCloud.com.example").to_string();
        assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{line}");
        assert!(line.starts_with("R3 container_id_malformed: "), "{line}");
    }

    #[test]
    fn what_was_given_as_key_id_is_not_repeated() {
        let secret = "c0ffee-not-a-key-id";
        assert!(!key_id_malformed(secret, false).to_string().contains(secret));
    }

    #[test]
    fn hours_off_look_like_local_time() {
        assert!(clock_skew(7200, 600).to_string().starts_with("M11 date_local_time"));
        assert!(clock_skew(-700, 600).to_string().starts_with("T1 clock_skew"));
    }
}
