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
mod curve;
mod engine;
mod evidence;
mod explanation;
mod language;
mod redact;
mod report;
mod search;
mod shape;
#[cfg(test)]
mod tests;

pub use capture::{Capture, CapturedBody, CapturedReply};
pub use cause::{Cause, CauseCode, Class, Standing, Strength};
pub use engine::{explain, explain_several};
pub use evidence::{Evidence, KnownKey, Limits};
pub use explanation::{BodyBytes, Excluded, Explanation, Mark, MatchedKey, ShownMessage, Verdict};
pub use language::Language;
pub use report::{LineKind, ReportLine};
