//! Requests made by hand, each with its mistakes, and what must be said of them. Requests that other programs made are
//! in the end-to-end tests.

mod cases;
mod conduct;
mod keys_and_time;
mod properties;

use sha2::{Digest as _, Sha256};

use super::{Capture, CauseCode, Evidence, Explanation, Limits, Strength, Verdict, explain};
use crate::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PrivateKey};

const KEY_ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const DATE: &str = "2016-01-25T22:15:43Z";
const PATH: &str = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const BODY: &str = r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const HASH: &str = "z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU=";
const HEX: &str = "cf681cb94e671fa82fd928b009aafaa3906ecdbfed35293515ad507ca1c54ea5";

/// The sample key of RFC 6979, A.2.5.
fn key() -> PrivateKey {
    PrivateKey::from_scalar("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").unwrap()
}

fn evidence() -> Evidence {
    Evidence::new().public_key("eckey.pem", key().public_key())
}

fn sign(message: impl AsRef<[u8]>) -> String {
    key().sign_bytes(message.as_ref()).unwrap().to_base64()
}

/// A signature over a digest, whatever it is the digest of.
fn sign_digest(digest: &[u8]) -> String {
    use p256::ecdsa::signature::hazmat::PrehashSigner as _;
    let scalar = p256::SecretKey::from_sec1_pem(&key().to_sec1_pem()).unwrap();
    let signature: p256::ecdsa::Signature =
        p256::ecdsa::SigningKey::from(scalar).sign_prehash(digest).unwrap();
    crate::auth::Signature::from(signature).to_base64()
}

/// The request of the vectors, with this signature.
fn capture(signature: impl Into<String>) -> Capture {
    request(PATH, DATE, signature).body(BODY)
}

fn request(target: &str, date: &str, signature: impl Into<String>) -> Capture {
    Capture::new("POST", target)
        .origin("https", "api.apple-cloudkit.com")
        .header(HEADER_KEY_ID, KEY_ID)
        .header(HEADER_DATE, date)
        .header(HEADER_SIGNATURE, signature)
}

fn codes(explanation: &Explanation) -> Vec<CauseCode> {
    let sure = explanation.causes.iter().filter(|cause| cause.strength == Strength::Sure);
    let mut codes: Vec<CauseCode> = sure.map(|cause| cause.code).collect();
    codes.sort_unstable();
    codes
}

/// These causes are sure, and no others.
#[track_caller]
fn check(capture: &Capture, expected: &[CauseCode]) -> Explanation {
    let explanation = explain(capture, &evidence(), &Limits::default());
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(codes(&explanation), expected, "{explanation}");
    assert_eq!(explanation.verdict, Verdict::Invalid, "{explanation}");
    explanation
}

#[track_caller]
fn check_valid(capture: &Capture) -> Explanation {
    let explanation = explain(capture, &evidence(), &Limits::default());
    assert_eq!(explanation.verdict, Verdict::Valid, "{explanation}");
    assert_eq!(explanation.causes, [], "{explanation}");
    assert!(explanation.proven);
    explanation
}

fn sha256(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
