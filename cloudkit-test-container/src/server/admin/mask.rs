//! What is shown of a request and its reply: everything but secrets.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::auth::HEADER_KEY_ID;
use http::{HeaderMap, HeaderName};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::State;
use crate::auth::redact_target;
use crate::server::exchange::Kept;

/// What stands in the place of a secret.
const MASK: &str = "...";

/// Parameters of addresses, and members of JSON objects, whose values are secret.
const SECRETS: [&str; 13] = [
    "ckAPIToken",
    "ckWebAuthToken",
    "ckSession",
    "token",
    "tok",
    "apiToken",
    "webAuthToken",
    "userToken",
    "apnsToken",
    "receipt",
    "wrappingKey",
    "password",
    "privateKey",
];

/// Parts of the names of headers whose values are secret.
const SECRET_HEADERS: [&str; 7] =
    ["authorization", "cookie", "token", "session", "signature", "secret", "api-key"];

/// A body, as far as it is remembered and fit to be shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownBody {
    /// The whole length, in bytes.
    bytes: usize,
    /// The text without secrets; absent if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The beginning in base64, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// Whether the end is missing.
    cut: bool,
}

/// Leaves secrets out of texts.
pub(super) struct Mask {
    known: Known,
    key_ids: Vec<String>,
}

/// All tokens that the container knows, in the spellings that travel. There may be thousands: every request with a web
/// auth token leaves another.
#[derive(Default)]
struct Known {
    /// By their first bytes; the longest first.
    by_start: HashMap<[u8; START], Vec<String>>,
}

/// Of a token that somebody has chosen to be shorter nothing would be left to read.
const START: usize = 4;

impl Known {
    fn add(&mut self, token: String) {
        let Some(start) = token.as_bytes().first_chunk() else { return };
        let tokens = self.by_start.entry(*start).or_default();
        let at = tokens.partition_point(|known| known.len() > token.len());
        tokens.insert(at, token);
    }

    /// The text with a mask in the place of each token, and of the beginning of one where the text ends.
    fn mask(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let (mut at, mut copied) = (0, 0);
        while let Some(start) = text.as_bytes()[at..].first_chunk() {
            let rest = &text.as_bytes()[at..];
            let is_here =
                |token: &&String| rest.starts_with(token.as_bytes()) || token.as_bytes().starts_with(rest);
            let Some(token) = self.by_start.get(start).and_then(|tokens| tokens.iter().find(is_here)) else {
                at += 1;
                continue;
            };
            shown.push_str(&text[copied..at]);
            shown.push_str(MASK);
            at += token.len().min(rest.len());
            copied = at;
        }
        shown.push_str(&text[copied..]);
        shown
    }
}

impl Mask {
    pub(super) fn new(state: &State) -> Self {
        let mut known = Known::default();
        let mut add = |token: &str| {
            known.add(token.to_owned());
            known.add(utf8_percent_encode(token, NON_ALPHANUMERIC).to_string());
            known.add(BASE64.encode(token));
            known.add(token.replace('/', "\\/"));
        };
        {
            let tokens = state.tokens();
            tokens.api_tokens().for_each(&mut add);
            tokens.web_auth_tokens().for_each(|(token, ..)| add(token));
        }
        add(&state.access().management_token);
        state.access().user_tokens().iter().for_each(|token| add(token));
        let keys = state.keys().read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key_ids = keys.all().iter().map(|key| key.key_id.clone()).collect();
        Self { known, key_ids }
    }

    /// A path with its query.
    pub(super) fn target(&self, target: &str) -> String {
        self.text(&redact_target(target))
    }

    /// The headers in their order, with values that are secret left out.
    pub(super) fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let shown = headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), self.header(name, &String::from_utf8_lossy(value.as_bytes())))
        });
        shown.collect()
    }

    fn header(&self, name: &HeaderName, value: &str) -> String {
        if name.as_str().eq_ignore_ascii_case(HEADER_KEY_ID) {
            // Anything else may be a secret in the wrong place.
            let is_known = self.key_ids.iter().any(|key_id| key_id == value);
            return if is_known { value.to_owned() } else { shortened(value) };
        }
        if SECRET_HEADERS.iter().any(|part| name.as_str().contains(part)) {
            return shortened(value);
        }
        self.text(value)
    }

    pub(super) fn body(&self, body: &Kept) -> ShownBody {
        let cut = !body.is_whole();
        let bytes = body.length;
        match text_of(&body.bytes, cut) {
            Some(text) => ShownBody { bytes, text: Some(self.text(text)), base64: None, cut },
            None => ShownBody { bytes, text: None, base64: Some(BASE64.encode(&body.bytes)), cut },
        }
    }

    /// Any text: known tokens, the values of secret parameters and members, and private keys are left out.
    pub(super) fn text(&self, text: &str) -> String {
        without_private_keys(&without_named(&self.known.mask(text)))
    }
}

/// The beginning of a secret, and how long it is: enough to tell two apart.
pub(super) fn shortened(secret: &str) -> String {
    let length = secret.chars().count();
    let shown: String = secret.chars().take((length / 8).min(6)).collect();
    format!("{shown}{MASK} ({length} characters)")
}

/// The text of a body. One whose end is missing may end within a character.
fn text_of(bytes: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()
        }
        Err(_) => None,
    }
}

/// The text without the values that stand behind the names of secrets: `name=value`, with whatever encoding, and
/// `"name":"value"`.
fn without_named(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, length)) = next_value(rest) {
        shown.push_str(&rest[..start]);
        shown.push_str(MASK);
        rest = &rest[start + length..];
    }
    shown.push_str(rest);
    shown
}

/// Where the next value of a secret begins, and how long it is.
fn next_value(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|at| {
        let is_inside = at > 0 && bytes[at - 1].is_ascii_alphanumeric() && !after_escape(&bytes[..at]);
        if is_inside {
            return None;
        }
        let rest = &bytes[at..];
        let name = SECRETS
            .iter()
            .filter(|name| {
                rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
            })
            .max_by_key(|name| name.len())?;
        let start = at + name.len();
        let (start, length) = value_behind(&text[start..]).map(|(skip, length)| (start + skip, length))?;
        (length > 0 && &text[start..start + length] != MASK).then_some((start, length))
    })
}

/// Whether the text ends in `%3F`, `%26` or the like.
fn after_escape(text: &[u8]) -> bool {
    text.len() >= 3
        && text[text.len() - 3] == b'%'
        && text[text.len() - 2..].iter().all(u8::is_ascii_hexdigit)
}

/// What stands behind the name of a secret: how much to skip to its value, and how long the value is.
fn value_behind(rest: &str) -> Option<(usize, usize)> {
    let lower = rest.get(..rest.len().min(8)).unwrap_or(rest).to_ascii_lowercase();
    for equals in ["=", "%3d", "%253d"] {
        if lower.starts_with(equals) {
            let value = &rest[equals.len()..];
            let end = value.find(['&', '"', '\'', '<', '>', ' ', '\n', '\r', '\\', ';', ',', '#']);
            let end = end.unwrap_or(value.len());
            let encoded = ["%26", "%2526"].iter().filter_map(|and| value[..end].find(and)).min();
            return Some((equals.len(), encoded.unwrap_or(end)));
        }
    }
    // `"name":"value"`, with quotation marks that may be escaped, and blanks.
    let after_name = rest.trim_start_matches('\\').strip_prefix('"')?;
    let after_colon = after_name.trim_start().strip_prefix(':')?.trim_start();
    let quoted = after_colon.trim_start_matches('\\');
    let value = quoted.strip_prefix('"')?;
    if quoted.len() < after_colon.len() {
        // JSON within a JSON string: its quotation marks are escaped.
        return Some((rest.len() - value.len(), value.find("\\\"").unwrap_or(value.len())));
    }
    let mut escaped = false;
    let end = value.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    Some((rest.len() - value.len(), end.map_or(value.len(), |(at, _)| at)))
}

/// The text without private keys in PEM.
fn without_private_keys(text: &str) -> String {
    const END: &str = "PRIVATE KEY-----";
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(END) {
        let (before, after) = rest.split_at(at + END.len());
        shown.push_str(before);
        let end = after.find("-----END").unwrap_or(after.len());
        if before.contains("-----BEGIN") && end > 0 {
            shown.push_str(MASK);
        }
        // From the end of the key on, whose own mark is passed over.
        let (_, tail) = after.split_at(end);
        let past = tail.find(END).map_or(0, |at| at + END.len());
        shown.push_str(&tail[..past]);
        rest = &tail[past..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(known: &[&str]) -> Mask {
        let mut all = Known::default();
        known.iter().for_each(|token| all.add((*token).to_owned()));
        Mask { known: all, key_ids: vec!["a1b2".repeat(16)] }
    }

    #[test]
    fn values_behind_the_names_of_secrets_are_left_out() {
        for (text, expected) in [
            ("/x?ckAPIToken=abc&a=b", "/x?ckAPIToken=...&a=b"),
            (
                "\"downloadURL\":\"http://h/f?e=1&token=abc\"}",
                "\"downloadURL\":\"http://h/f?e=1&token=...\"}",
            ),
            ("{\"webAuthToken\" : \"a\\\"b\",\"c\":1}", "{\"webAuthToken\" : \"...\",\"c\":1}"),
            ("{\\\"ckSession\\\":\\\"abc\\\"}", "{\\\"ckSession\\\":\\\"...\\\"}"),
            (
                "const message = {\"ckSession\":\"abc\",\"ckWebAuthToken\":\"abc\"};",
                "const message = {\"ckSession\":\"...\",\"ckWebAuthToken\":\"...\"};",
            ),
            ("u=http%3A%2F%2Fh%3Ftoken%3Dabc%26b%3Dc", "u=http%3A%2F%2Fh%3Ftoken%3D...%26b%3Dc"),
            ("{\"token\":null,\"syncToken\":\"keep\"}", "{\"token\":null,\"syncToken\":\"keep\"}"),
            ("token=", "token="),
            ("{\"apnsToken\":\"unfinished", "{\"apnsToken\":\"..."),
        ] {
            assert_eq!(mask(&[]).text(text), expected, "{text}");
        }
    }

    #[test]
    fn known_tokens_are_left_out_wherever_they_stand() {
        let mask = mask(&["s3cr/t+==", "s3cr", "s3cr/t", "ab"]);
        for (text, expected) in [
            ("{\"note\":{\"value\":\"s3cr/t+== is mine\"}}", "{\"note\":{\"value\":\"... is mine\"}}"),
            ("és3crs3cr/té", "é......é"),
            ("s3c", "s3c"),
            ("cut off s3cr/t+", "cut off ..."),
            ("ab cd", "ab cd"),
            ("xs3crets3cr", "x...et..."),
        ] {
            assert_eq!(mask.text(text), expected);
        }
    }

    #[test]
    fn private_keys_are_left_out() {
        let pem = "a -----BEGIN PRIVATE KEY-----\\nMIGH\\n-----END PRIVATE KEY----- b -----BEGIN EC PRIVATE KEY-----\nx";
        let expected =
            "a -----BEGIN PRIVATE KEY-----...-----END PRIVATE KEY----- b -----BEGIN EC PRIVATE KEY-----...";
        assert_eq!(mask(&[]).text(pem), expected);
    }

    #[test]
    fn headers_are_shown_unless_they_are_secret() {
        let mut headers = HeaderMap::new();
        let key_id = "a1b2".repeat(16);
        for (name, value) in [
            ("content-type", "application/json"),
            ("authorization", "Bearer 0123456789abcdef"),
            ("x-apple-cloudkit-request-keyid", &key_id),
            ("x-apple-cloudkit-request-signaturev1", "MEUCIDOubTqfYJdM"),
            ("x-apple-cloudkit-management-token", "0123456789abcdef"),
            ("referer", "http://h/?ckWebAuthToken=abc"),
        ] {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                value.parse().expect("a value"),
            );
        }
        let shown = mask(&[]).headers(&headers);
        let value =
            |name: &str| shown.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        assert_eq!(value("content-type"), Some("application/json"));
        assert_eq!(value("authorization"), Some("Be... (23 characters)"));
        assert_eq!(value("x-apple-cloudkit-request-keyid"), Some(key_id.as_str()));
        assert_eq!(value("x-apple-cloudkit-request-signaturev1"), Some("ME... (16 characters)"));
        assert_eq!(value("x-apple-cloudkit-management-token"), Some("01... (16 characters)"));
        assert_eq!(value("referer"), Some("http://h/?ckWebAuthToken=..."));
        headers.insert(HEADER_KEY_ID, "-----BEGIN".parse().expect("a value"));
        assert!(mask(&[]).headers(&headers).iter().any(|(_, value)| value == "-... (10 characters)"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a\"\\\\%=:&3D é]{0,20}(token|ckSession)[=\\\\\":% é&]{0,6}\\PC{0,10}") {
            let _ = mask(&["abcd"]).text(&text);
        }
    }
}
