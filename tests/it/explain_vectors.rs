//! One request under many signatures, each over another text: what `explain` must say of each.
//!
//! The signatures are those of the sample key of RFC 6979, A.2.5, and each was checked with OpenSSL over its text.

use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PublicKey};
use cloudkit_core::explain::{Capture, Evidence, Limits, Verdict, explain};

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    public_key: String,
    method: String,
    target: String,
    key_id: String,
    date: String,
    body: String,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    /// None if the signature is right.
    codes: Vec<String>,
    signature: String,
}

#[test]
fn each_signature_is_explained_and_nothing_else_is_said() {
    let text = std::fs::read_to_string("tests/vectors/explain/one_request.json").unwrap();
    let vectors: Vectors = serde_json::from_str(&text).unwrap();
    let evidence = Evidence::new().public_key("key", PublicKey::from_pem(&vectors.public_key).unwrap());
    assert_eq!(vectors.cases.len(), 15);
    for Case { codes, signature } in vectors.cases {
        let capture = Capture::new(&vectors.method, &vectors.target)
            .header(HEADER_KEY_ID, &vectors.key_id)
            .header(HEADER_DATE, &vectors.date)
            .header(HEADER_SIGNATURE, signature)
            .body(vectors.body.clone());
        // One and two mistakes are found by the quick search too.
        for limits in [Limits::default(), Limits::QUICK] {
            let explanation = explain(&capture, &evidence, &limits);
            let mut found: Vec<&str> = explanation.causes.iter().map(|cause| cause.code.as_str()).collect();
            let mut expected: Vec<&str> = codes.iter().map(String::as_str).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{explanation}");
            let verdict = if codes.is_empty() { Verdict::Valid } else { Verdict::Invalid };
            assert_eq!((explanation.verdict, explanation.proven), (verdict, true), "{explanation}");
        }
    }
}
