//! The result: a verdict, the causes, and the texts that prove them.

use std::ops::Range;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::{Cause, CauseCode};

/// Why a request is refused, or that nothing is wrong with it.
///
/// [`one_line`](Self::one_line) is for logs, [`report`](Self::report) and `Display` are for people, and `Serialize` for
/// programs:
///
/// ```json
/// {
///   "verdict": "invalid",
///   "causes": [{ "code": "body_hash_hex", "row": "M5", "class": "message", "strength": "sure", "standing": "reported",
///                "title": "the body hash in hex", "detail": "…", "fix": "…" }],
///   "proven": true,
///   "signedMessage": "…",
///   "expectedMessage": "…",
///   "excluded": [{ "code": "signature_raw_rs", "because": "the signature is in DER" }],
///   "notChecked": ["key_other_environment", "clock_skew"],
///   "notes": [],
///   "bodyBytes": "exact",
///   "candidatesTried": 5,
///   "publicKeyFingerprint": "5a7a78cc…",
///   "advice": null
/// }
/// ```
///
/// No private key, token, whole body or whole signature is in any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The answer in a word.
    pub verdict: Verdict,
    /// What is wrong, the most probable cause first. Hints may be among them whatever the verdict is.
    pub causes: Vec<Cause>,
    /// Whether a signature was found to verify: for [`signed_message`](Self::signed_message), under
    /// [`key`](Self::key).
    pub proven: bool,
    /// The text that was signed, if it was found.
    pub signed_message: Option<ShownMessage>,
    /// The text that CloudKit puts together from the request, as far as it is known.
    pub expected_message: Option<ShownMessage>,
    /// What it is not, and why.
    pub excluded: Vec<Excluded>,
    /// What only the service can tell.
    pub not_checked: Vec<CauseCode>,
    /// What is accepted by some accounts and not by others, in a request that is otherwise right.
    pub notes: Vec<Cause>,
    /// How sure the bytes of the body are.
    pub body_bytes: BodyBytes,
    /// How many texts were tried.
    pub candidates_tried: u64,
    /// The key that the signature belongs to, if it was found.
    pub key: Option<MatchedKey>,
    /// What to do next, if nothing was proved.
    pub advice: Option<String>,
}

impl Explanation {
    /// Nothing is known yet.
    pub(super) fn unproven(body_bytes: BodyBytes) -> Self {
        Self {
            verdict: Verdict::Unproven,
            causes: Vec::new(),
            proven: false,
            signed_message: None,
            expected_message: None,
            excluded: Vec::new(),
            not_checked: Vec::new(),
            notes: Vec::new(),
            body_bytes,
            candidates_tried: 0,
            key: None,
            advice: None,
        }
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            verdict,
            causes,
            proven,
            signed_message,
            expected_message,
            excluded,
            not_checked,
            notes,
            body_bytes,
            candidates_tried,
            key,
            advice,
        } = self;
        let text = |message: &Option<ShownMessage>| message.as_ref().map(|message| message.text.clone());
        let mut object = serializer.serialize_struct("Explanation", 12)?;
        object.serialize_field("verdict", verdict)?;
        object.serialize_field("causes", causes)?;
        object.serialize_field("proven", proven)?;
        object.serialize_field("signedMessage", &text(signed_message))?;
        object.serialize_field("expectedMessage", &text(expected_message))?;
        object.serialize_field("excluded", excluded)?;
        object.serialize_field("notChecked", not_checked)?;
        object.serialize_field("notes", notes)?;
        object.serialize_field("bodyBytes", body_bytes)?;
        object.serialize_field("candidatesTried", candidates_tried)?;
        object.serialize_field("publicKeyFingerprint", &key.as_ref().map(|key| key.fingerprint.as_str()))?;
        object.serialize_field("advice", advice)?;
        object.end()
    }
}

/// The answer in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// The signature is right, and nothing in the request is known to be refused.
    Valid,
    /// At least one cause is sure.
    Invalid,
    /// Neither was proved.
    Unproven,
}

impl Verdict {
    /// The word in lower case, as JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unproven => "unproven",
        }
    }
}

/// How sure the bytes of the body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BodyBytes {
    /// As they were sent.
    Exact,
    /// Kept as text.
    Text,
    /// Not captured.
    Missing,
}

/// The key that a signature belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatchedKey {
    /// What the evidence calls it; none if the key was recovered from the signatures.
    pub name: Option<String>,
    /// The SHA-256 of the DER form of the public key, in hex.
    pub fingerprint: String,
}

/// A text that was or should have been signed, fit to be shown: in ASCII, with the values of tokens left out, and with
/// long parts shortened in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownMessage {
    /// The text. Each byte is one column.
    pub text: String,
    /// Where it differs from the other one, in order.
    pub marks: Vec<Mark>,
}

/// A part of a text that differs from the other text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// Where, in bytes of the text. Empty where something is missing.
    pub range: Range<usize>,
    /// What is there, in a few words.
    pub label: String,
}

/// A cause that it is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Excluded {
    /// Which one.
    pub code: CauseCode,
    /// Why not.
    pub because: String,
}
