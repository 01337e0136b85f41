//! Why a signed request is refused: the search for the text that was signed.
//!
//! CloudKit answers whatever is wrong with a signature with the same 401 and says no more. Here a captured request, of
//! any program in any language, is taken apart; and if its signature does not verify, the text is searched for which it
//! does. A text that is found is a proof: by chance a signature fits a text once in 2²⁵⁶ times.
//!
//! Everything here is pure: no network, no clock, no file. No private key is needed.
//!
//! ```
//! use cloudkit_core::auth::PublicKey;
//! use cloudkit_core::explain::{Capture, Evidence, Limits, Verdict, explain};
//!
//! # let pem = "-----BEGIN PUBLIC KEY-----
//! # MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7
//! # Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==
//! # -----END PUBLIC KEY-----";
//! let capture = Capture::new("POST", "/database/1/iCloud.com.example.Ledger/development/public/records/query")
//!     .header("X-Apple-CloudKit-Request-KeyID", "0123456789abcdef".repeat(4))
//!     .header("X-Apple-CloudKit-Request-ISO8601Date", "2016-01-25T22:15:43Z")
//!     .header(
//!         "X-Apple-CloudKit-Request-SignatureV1",
//!         "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=",
//!     )
//!     .body(r#"{"query":{"recordType":"Account"},"resultsLimit":1}"#);
//! let evidence = Evidence::new().public_key("eckey.pem", PublicKey::from_pem(pem)?);
//!
//! let explanation = explain(&capture, &evidence, &Limits::default());
//! assert_eq!(explanation.verdict, Verdict::Valid);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod capture;
mod catalogue;
mod cause;
mod evidence;
mod explanation;
mod redact;
mod report;

pub use capture::{Capture, CapturedBody, CapturedReply};
pub use cause::{Cause, CauseCode, Class, Standing, Strength};
pub use evidence::{Evidence, KnownKey, Limits};
pub use explanation::{BodyBytes, Excluded, Explanation, Mark, MatchedKey, ShownMessage, Verdict};
pub use report::{LineKind, ReportLine};

use crate::auth::{BodyHash, HEADER_DATE, HEADER_SIGNATURE, Signature};

/// Explains one captured request.
#[must_use]
pub fn explain(capture: &Capture, evidence: &Evidence, limits: &Limits) -> Explanation {
    explain_several(std::slice::from_ref(capture), evidence, limits)
}

/// Explains a request of a program from several captures of it, the first of which is the one that is reported on.
#[must_use]
pub fn explain_several(captures: &[Capture], evidence: &Evidence, limits: &Limits) -> Explanation {
    let mut explanation = Explanation {
        verdict: Verdict::Unproven,
        causes: Vec::new(),
        proven: false,
        signed_message: None,
        expected_message: None,
        excluded: Vec::new(),
        not_checked: Vec::new(),
        notes: Vec::new(),
        body_bytes: BodyBytes::Missing,
        candidates_tried: 0,
        key: None,
        advice: None,
    };
    let Some(capture) = captures.first() else { return explanation };
    explanation.body_bytes = match capture.body {
        CapturedBody::Exact(_) => BodyBytes::Exact,
        CapturedBody::Text(_) => BodyBytes::Text,
        CapturedBody::Missing => BodyBytes::Missing,
    };
    let one = |name| capture.values(name).next();
    let (Some(date), Some(signature), Some(body)) =
        (one(HEADER_DATE), one(HEADER_SIGNATURE), capture.body.bytes())
    else {
        return explanation;
    };
    let text = |target: &str| format!("{date}:{}:{target}", BodyHash::of(body));
    let shown =
        ShownMessage { text: report::ascii(&text(&redact::target(&capture.target))), marks: Vec::new() };
    explanation.expected_message = Some(shown.clone());
    let Ok(signature) = Signature::from_base64(signature) else { return explanation };
    let message = text(&capture.target);
    for key in evidence.keys.iter().take(usize::try_from(limits.candidates).unwrap_or(usize::MAX)) {
        explanation.candidates_tried = 1;
        if key.public_key.verify(message.as_bytes(), &signature) {
            explanation.verdict = Verdict::Valid;
            explanation.proven = true;
            explanation.signed_message = Some(shown);
            explanation.key =
                Some(MatchedKey { name: Some(key.name.clone()), fingerprint: key.public_key.fingerprint() });
            break;
        }
    }
    explanation
}
