//! The names of the causes, and what a finding is worth.

use std::fmt;

use serde::{Serialize, Serializer};

use super::catalogue::{self, Entry};

/// A cause of a refused request, by its stable name.
///
/// Programs branch on codes, so a code never changes its meaning. New ones may come.
///
/// ```
/// use cloudkit_core::explain::{CauseCode, Class};
///
/// let code = CauseCode::from_name("body_hash_hex").unwrap();
/// assert_eq!((code.row(), code.class()), ("M5", Class::Message));
/// assert_eq!(code.title(), "the body hash in hex");
/// ```
// In the order of the tables of the catalogue, which the compiler checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the catalogue has a title, a rule and a fix for each")]
pub enum CauseCode {
    FullUrlSigned,
    HostAndPathSigned,
    MethodInMessage,
    MessagePartsReordered,
    MessageSeparatorWrong,
    BodyNotHashed,
    BodyBase64NotHashed,
    MessageIsBodyOnly,
    MessageWithoutPath,
    MessageWithoutDate,
    MessageWithoutBodyHash,
    BodyHashHex,
    BodyHashBase64OfHex,
    BodyHashBase64url,
    BodyHashWrongAlgorithm,
    PathWithoutEnvironment,
    PathWithoutPrefix,
    PathWithoutLeadingSlash,
    PathTrailingSlash,
    PathOperationOnly,
    PathOtherEnvironment,
    QuerySignedNotSent,
    QuerySentNotSigned,
    QueryReordered,
    PathEncodingChanged,
    DateHasFraction,
    DateHasOffset,
    DateLocalTime,
    DateWithoutZone,
    DateWrongFormat,
    DateHeaderDiffers,
    DateEmpty,
    DateTruncated,
    BodyChangedAfterHash,
    BodyCharsetChanged,
    BodySignedAsEmpty,
    BodySentEmpty,
    EmptyBodyHashForm,
    EmptyBodyHashOfText,
    BodyHashedBeforeCompression,
    MethodMismatch,

    SignatureRawRs,
    SignatureHex,
    SignatureBase64url,
    SignatureBase64Broken,
    SignatureNotBytes,
    DigestAppliedTwice,
    DigestNotApplied,
    SignatureWrongDigest,
    SignaturePlaceholder,
    SignatureHighS,
    SignatureDerNotStrict,
    SignerPlatformFault,

    KeyOtherEnvironment,
    KeyOtherContainer,
    KeyRevoked,
    KeyNotYetActive,
    KeyIdMismatch,
    PublicKeyAsKeyId,
    ApiTokenAsKeyId,
    KeyIdMalformed,
    WrongAppleCredential,
    BearerTokenSent,
    KeyWrongCurve,
    KeyWrongAlgorithm,
    NotAPrivateKey,
    KeyEncrypted,
    PemDamaged,
    PemLabelMismatch,
    BareScalarKey,
    KeyNotRegistered,

    ClockSkew,
    SignatureStale,
    ClockJumped,

    DatabaseNotPublic,
    UserEndpoint,
    ContainerIdMalformed,
    EnvironmentMalformed,
    HeaderNameWrong,
    HeaderMissing,
    HeaderDuplicated,
    HeaderLostInTransit,
    TokenMixedIn,
    WrongHost,
    ConnectionCoalesced,
    UserSignInRequired,
    RoleMissing,
    NoCredentialsReached,
    WebTokenNotEncoded,
    WebTokenExpired,
    WebTokenUnavailable,
    AccountOrService,
}

impl CauseCode {
    /// All codes, in the order of the catalogue.
    pub fn all() -> impl Iterator<Item = Self> {
        catalogue::entries().map(|entry| entry.code)
    }

    /// The code of this name, such as `body_hash_hex`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        catalogue::entries().find(|entry| entry.name == name).map(|entry| entry.code)
    }

    /// The stable name, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// The row of the catalogue, for people: a letter for the class and a number. Several codes may share one.
    #[must_use]
    pub const fn row(self) -> &'static str {
        self.entry().row
    }

    /// Where the mistake lies.
    #[must_use]
    pub const fn class(self) -> Class {
        catalogue::class(self)
    }

    /// Who says that CloudKit refuses such a request.
    #[must_use]
    pub const fn standing(self) -> Standing {
        self.entry().standing
    }

    /// What was done or found, as a phrase that completes "a request with …" or "a message with …".
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.entry().title
    }

    /// What belongs there instead, as a phrase that completes "CloudKit wants …".
    #[must_use]
    pub const fn rule(self) -> &'static str {
        self.entry().rule
    }

    /// What to do about it, in one sentence without its full stop.
    #[must_use]
    pub const fn fix(self) -> &'static str {
        self.entry().fix
    }

    const fn entry(self) -> &'static Entry {
        catalogue::entry(self)
    }
}

impl fmt::Display for CauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for CauseCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where a mistake lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Class {
    /// The text that was signed is not the text that CloudKit puts together from the request.
    Message,
    /// The signature over that text, or how it is written.
    Signature,
    /// The key, its ID, or another credential in its place.
    Key,
    /// The clock, or the age of the signature.
    Time,
    /// Where the request goes, and what else travels with it.
    Routing,
}

impl Class {
    /// The class in lower case, as JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Signature => "signature",
            Self::Key => "key",
            Self::Time => "time",
            Self::Routing => "routing",
        }
    }
}

/// Who says that CloudKit refuses a request for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// Apple documents it, or the request breaks a rule that Apple documents.
    Documented,
    /// Others attribute it to Apple's current page.
    Attributed,
    /// Reported from live use.
    Reported,
    /// Found in public source code that breaks the documented rule; the refusal follows from the rule.
    FoundInCode,
    /// Seen by running the program.
    SeenByRunning,
    /// Sources contradict each other.
    Disputed,
    /// Nobody is known to have reported it.
    Inferred,
}

impl Standing {
    /// The word that a report shows beside the cause, where the standing calls for one.
    #[must_use]
    pub const fn caveat(self) -> Option<&'static str> {
        match self {
            Self::Attributed => Some("attributed to Apple by others"),
            Self::Disputed => Some("disputed"),
            Self::Inferred => Some("inferred"),
            Self::Documented | Self::Reported | Self::FoundInCode | Self::SeenByRunning => None,
        }
    }
}

/// What a finding is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Strength {
    /// It only raises the probability.
    Hint,
    /// It excludes the other explanations.
    Strong,
    /// It names the cause.
    Sure,
}

/// One mistake, as it was found in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cause {
    /// Which one.
    pub code: CauseCode,
    /// What the finding is worth.
    pub strength: Strength,
    /// What was found, and what CloudKit wants, in one sentence without its full stop. No secret is in it.
    pub detail: String,
    /// What to do about it; in the request's own programming language, where that is evident.
    pub fix: String,
    /// For a mistake in a text that was found by search: what was signed, as a phrase after "with".
    pub(super) signed: Option<String>,
}

impl Cause {
    pub(super) fn new(code: CauseCode, strength: Strength, detail: impl Into<String>) -> Self {
        let detail = super::report::ascii(&detail.into());
        Self { code, strength, detail, fix: code.fix().to_owned(), signed: None }
    }

    /// A mistake in the text for which the signature verifies.
    pub(super) fn in_signed_text(code: CauseCode, strength: Strength, says: &str) -> Self {
        let detail =
            format!("your signature is valid for the message with {says}; CloudKit wants {}", code.rule());
        Self { signed: Some(super::report::ascii(says)), ..Self::new(code, strength, detail) }
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let Self { code, strength, detail, fix, signed: _ } = self;
        let mut object = serializer.serialize_struct("Cause", 8)?;
        object.serialize_field("code", code)?;
        object.serialize_field("row", code.row())?;
        object.serialize_field("class", &code.class())?;
        object.serialize_field("strength", strength)?;
        object.serialize_field("standing", &code.standing())?;
        object.serialize_field("title", code.title())?;
        object.serialize_field("detail", detail)?;
        object.serialize_field("fix", fix)?;
        object.end()
    }
}
