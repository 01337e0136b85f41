//! No output holds a private key, a token, a signature or a body.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use cloudkit_core::auth::{HEADER_KEY_ID, HEADER_SIGNATURE};
use cloudkit_core::explain::{Capture, CapturedBody, Limits, explain_several};

use super::corpus::{API_TOKEN, cases, root};

/// What must not be found, in all forms in which it may turn up.
#[derive(Clone)]
pub(super) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    /// The private keys of the programs: the files, the DER in them, and the secret numbers of those on P-256.
    pub(super) fn private_keys() -> Self {
        let mut secrets = Self(Vec::new());
        for entry in std::fs::read_dir(root().join("keys")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if !name.ends_with(".pem") || name.ends_with(".public.pem") {
                continue;
            }
            let pem = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
            let der = STANDARD.decode(lines.concat()).unwrap();
            if name == "one.pem" || name == "two.pem" {
                let before = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20];
                assert_eq!(der[..7], before, "{name} is no SEC1 key on P-256");
                secrets.add("the number of a private key", &der[7..39]);
            }
            // A line of a PEM file is enough to give part of a key away. The last lines hold public halves.
            for line in lines.iter().take(2) {
                secrets.add("a line of a private key", line.as_bytes());
            }
            secrets.add("a private key", &der);
        }
        assert!(secrets.0.len() > 60, "{} secrets", secrets.0.len());
        secrets
    }

    /// What a request holds that is not to be repeated, beside these.
    pub(super) fn and_of(&self, captures: &[Capture]) -> Self {
        let mut secrets = self.clone();
        secrets.add("an API token", API_TOKEN.as_bytes());
        for capture in captures {
            let body: &[u8] = match &capture.body {
                CapturedBody::Exact(bytes) => bytes,
                CapturedBody::Text(text) => text.as_bytes(),
                _ => b"",
            };
            // The first and the last 32 bytes may be shown, so of less than twice that nothing is hidden.
            if body.len() > 64 {
                secrets.add("a body", &body[..48]);
                secrets.add("a body", &body[body.len() - 48..]);
            }
            for (name, value) in &capture.headers {
                let is = |header| name.eq_ignore_ascii_case(header);
                if is("authorization") {
                    let token = value.trim_start_matches("Bearer ");
                    secrets.add("a bearer token", token.as_bytes());
                    let signature = token.rsplit('.').next().unwrap();
                    secrets.add("the signature of a bearer token", signature.as_bytes());
                } else if is(HEADER_SIGNATURE) && value.len() > 48 {
                    secrets.add("a signature", &value.as_bytes()[..20]);
                    secrets.add("a signature", &value.as_bytes()[value.len() - 20..]);
                } else if is(HEADER_KEY_ID) && value.len() != 64 {
                    secrets.add("what was given as a key ID", value.as_bytes());
                }
            }
        }
        secrets
    }

    fn add(&mut self, what: &'static str, bytes: &[u8]) {
        let mut forms = Vec::new();
        for alphabet in [STANDARD, URL_SAFE] {
            // Base64 has three alignments. The outermost characters depend on the neighbours, so they are left out.
            for shift in 0..3 {
                let encoded = alphabet.encode([&vec![0; shift][..], bytes].concat());
                let encoded = encoded.trim_end_matches('=');
                forms.push(encoded[4..encoded.len() - 4].to_owned());
            }
        }
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex.to_uppercase());
        forms.push(hex);
        if let Ok(text) = std::str::from_utf8(bytes) {
            let quoted = serde_json::to_string(text).unwrap();
            forms.push(quoted[1..quoted.len() - 1].to_owned());
            forms.push(text.escape_debug().to_string());
            forms.push(text.to_owned());
        }
        self.0.extend(forms.into_iter().map(|form| (what, form)));
    }

    /// What a text gives away.
    pub(super) fn in_text(&self, text: &str) -> BTreeSet<&'static str> {
        self.0.iter().filter(|(_, form)| text.contains(form.as_str())).map(|(what, _)| *what).collect()
    }

    fn kinds(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|(what, _)| *what).collect()
    }
}

#[test]
fn what_is_looked_for_is_found() {
    let secrets = Secrets::private_keys();
    let pem = std::fs::read_to_string(root().join("keys/one.pem")).unwrap();
    assert_eq!(secrets.in_text(&pem).len(), 2, "the number and its line");
    let one_line = pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>();
    assert_eq!(secrets.in_text(&one_line), secrets.kinds(), "the whole key");
}

#[test]
fn no_explanation_repeats_a_private_key_a_token_a_signature_or_a_body() {
    let mut told = Vec::new();
    let mut kinds = BTreeSet::new();
    let private_keys = Secrets::private_keys();
    for case in cases() {
        for (_, captures) in case.captures() {
            let explanation = explain_several(&captures, &case.evidence(), &Limits::QUICK);
            let secrets = private_keys.and_of(&captures);
            kinds.extend(secrets.kinds());
            for (place, output) in [
                ("the text", explanation.to_string()),
                ("JSON", serde_json::to_string(&explanation).unwrap()),
                ("the line", explanation.one_line()),
                ("Debug", format!("{explanation:?}")),
                ("Debug of the captures", format!("{captures:?}")),
            ] {
                told.extend(secrets.in_text(&output).iter().map(|what| format!("{case}: {what} in {place}")));
            }
        }
    }
    assert_eq!(kinds.len(), 9, "not everything was looked for: {kinds:?}");
    assert!(told.is_empty(), "{} times:\n{}", told.len(), told.join("\n"));
}
