//! No output holds a private key, a token, a signature or a body.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use cloudkit_core::explain::{Capture, CapturedBody, Explanation, Limits, explain_several};

use super::corpus::{API_TOKEN, cases, root};

/// What must not be found, and what it is.
struct Secret {
    what: &'static str,
    bytes: Vec<u8>,
}

/// Everything that is said of a request.
fn all_output(captures: &[Capture], explanation: &Explanation) -> Vec<(&'static str, String)> {
    vec![
        ("the text", explanation.to_string()),
        ("JSON", serde_json::to_string(explanation).unwrap()),
        ("the line", explanation.one_line()),
        ("Debug of the explanation", format!("{explanation:?}")),
        ("Debug of the captures", format!("{captures:?}")),
    ]
}

/// The forms in which bytes may turn up in a text.
fn forms(bytes: &[u8]) -> Vec<String> {
    let mut forms: Vec<String> = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .map(|alphabet| alphabet.encode(bytes))
        .collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.push(hex.to_uppercase());
    forms.push(hex);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let quoted = serde_json::to_string(text).unwrap();
        forms.push(quoted[1..quoted.len() - 1].to_owned());
        forms.push(text.escape_debug().to_string());
        forms.push(text.to_owned());
    }
    forms
}

/// The private keys of the programs: the files, the DER in them, and the secret number of those on P-256.
fn private_keys() -> Vec<Secret> {
    let mut secrets = Vec::new();
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
            assert_eq!(
                der[..7],
                [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20],
                "{name} is no SEC1 key on P-256"
            );
            secrets.push(Secret { what: "the number of a private key", bytes: der[7..39].to_vec() });
        }
        // A line of a PEM file is enough to give part of a key away.
        let lines = lines
            .iter()
            .map(|line| Secret { what: "a line of a private key", bytes: line.as_bytes().to_vec() });
        secrets.extend(lines.filter(|line| line.bytes.len() >= 16));
        secrets.push(Secret { what: "a private key", bytes: der });
    }
    assert!(secrets.len() > 20, "{} secrets", secrets.len());
    secrets
}

/// What a request holds that is not to be repeated.
fn of_the_request(capture: &Capture) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let body = match &capture.body {
        CapturedBody::Exact(bytes) => bytes.to_vec(),
        CapturedBody::Text(text) => text.clone().into_bytes(),
        _ => Vec::new(),
    };
    // Of what is longer than twice 32 bytes, the first and the last 32 may be shown.
    if body.len() > 64 {
        secrets.push(Secret { what: "a body", bytes: body[..48].to_vec() });
        secrets.push(Secret { what: "a body", bytes: body[body.len() - 48..].to_vec() });
    }
    for (name, value) in &capture.headers {
        let secret = value.strip_prefix("Bearer ").unwrap_or(value);
        if name.eq_ignore_ascii_case("authorization") {
            secrets.push(Secret { what: "a bearer token", bytes: secret.as_bytes().to_vec() });
            secrets.push(Secret {
                what: "the signature of a bearer token",
                bytes: secret.rsplit('.').next().unwrap().into(),
            });
        } else if name.eq_ignore_ascii_case(cloudkit_core::auth::HEADER_SIGNATURE) && value.len() > 24 {
            secrets.push(Secret { what: "a signature", bytes: value[..20].into() });
            secrets.push(Secret { what: "a signature", bytes: value[value.len() - 20..].into() });
        } else if name.eq_ignore_ascii_case(cloudkit_core::auth::HEADER_KEY_ID)
            && (value.len() != 64 || value.contains('-'))
        {
            secrets.push(Secret { what: "what was given as a key ID", bytes: value.as_bytes().to_vec() });
        }
    }
    secrets
}

#[test]
fn no_output_repeats_a_private_key_a_token_a_signature_or_a_body() {
    let mut found = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let private_keys = private_keys();
    for case in cases() {
        for (_, captures) in case.captures() {
            let explanation = explain_several(&captures, &case.evidence(), &Limits::QUICK);
            let mut secrets: Vec<Secret> = captures.iter().flat_map(of_the_request).collect();
            secrets.push(Secret { what: "an API token", bytes: API_TOKEN.as_bytes().to_vec() });
            let forms: Vec<(&str, String)> = private_keys
                .iter()
                .chain(&secrets)
                .flat_map(|secret| forms(&secret.bytes).into_iter().map(|form| (secret.what, form)))
                .collect();
            kinds.extend(forms.iter().map(|(what, _)| *what));
            for (place, output) in all_output(&captures, &explanation) {
                let told = forms.iter().filter(|(_, form)| output.contains(form.as_str()));
                found.extend(told.map(|(what, _)| format!("{case}: {what} in {place}")));
            }
        }
    }
    assert_eq!(kinds.len(), 9, "not everything was looked for: {kinds:?}");
    assert!(found.is_empty(), "{} times:\n{}", found.len(), found.into_iter().collect::<Vec<_>>().join("\n"));
}
