use std::fmt;

/// The codes with which CloudKit refuses a request, or one item of it: `serverErrorCode` on the wire.
///
/// Codes that this list does not know are kept in [`Other`](Self::Other), so that a code added by Apple tomorrow is
/// still visible.
///
/// Apple: [Error Codes](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/ErrorCodes.html)
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerErrorCode {
    /// The caller may not use this endpoint, database, zone or record, or a GRANT of the schema is missing.
    AccessDenied,
    /// An operation of an atomic batch failed, so none of the batch took effect.
    AtomicError,
    /// The credentials were refused. CloudKit never says which part of them.
    AuthenticationFailed,
    /// A user has to sign in, at the address that the answer carries.
    AuthenticationRequired,
    /// The request is malformed or asks for something that is not allowed.
    BadRequest,
    /// The record was changed by somebody else since its change tag was read, or exists already.
    Conflict,
    /// What was to be created exists already.
    Exists,
    /// A fault inside CloudKit.
    InternalError,
    /// The record, record type or endpoint does not exist.
    NotFound,
    /// The storage of the app (public database) or of the user (private database) is full.
    QuotaExceeded,
    /// Too many requests; the answer says how long to wait.
    Throttled,
    /// A passing fault; the answer may say how long to wait.
    TryAgainLater,
    /// A reference with the action `VALIDATE` would point to nothing.
    ValidatingReferenceError,
    /// The zone does not exist.
    ZoneNotFound,
    /// A unique constraint would be violated. Known from Apple's JavaScript only.
    UniqueFieldError,
    /// The zone is locked for a moment. Known from Apple's JavaScript only.
    ZoneBusy,
    /// The change token is too old. Known from other people's programs only.
    ChangeTokenExpired,
    /// A code that this library does not know.
    Other(Box<str>),
}

impl ServerErrorCode {
    /// The spelling on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::AccessDenied => "ACCESS_DENIED",
            Self::AtomicError => "ATOMIC_ERROR",
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
            Self::AuthenticationRequired => "AUTHENTICATION_REQUIRED",
            Self::BadRequest => "BAD_REQUEST",
            Self::Conflict => "CONFLICT",
            Self::Exists => "EXISTS",
            Self::InternalError => "INTERNAL_ERROR",
            Self::NotFound => "NOT_FOUND",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::Throttled => "THROTTLED",
            Self::TryAgainLater => "TRY_AGAIN_LATER",
            Self::ValidatingReferenceError => "VALIDATING_REFERENCE_ERROR",
            Self::ZoneNotFound => "ZONE_NOT_FOUND",
            Self::UniqueFieldError => "UNIQUE_FIELD_ERROR",
            Self::ZoneBusy => "ZONE_BUSY",
            Self::ChangeTokenExpired => "CHANGE_TOKEN_EXPIRED",
            Self::Other(code) => code,
        }
    }

    /// The HTTP status that belongs to the code when it refuses a whole request, as far as it is known.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        Some(match self {
            Self::AtomicError | Self::BadRequest => 400,
            Self::AuthenticationFailed => 401,
            Self::AccessDenied => 403,
            Self::NotFound | Self::ZoneNotFound => 404,
            Self::Conflict | Self::Exists | Self::UniqueFieldError => 409,
            Self::ValidatingReferenceError => 412,
            Self::QuotaExceeded => 413,
            Self::AuthenticationRequired => 421,
            Self::Throttled => 429,
            Self::InternalError => 500,
            Self::TryAgainLater | Self::ZoneBusy => 503,
            Self::ChangeTokenExpired | Self::Other(_) => return None,
        })
    }
}

impl From<&str> for ServerErrorCode {
    fn from(code: &str) -> Self {
        match code {
            "ACCESS_DENIED" => Self::AccessDenied,
            "ATOMIC_ERROR" => Self::AtomicError,
            "AUTHENTICATION_FAILED" => Self::AuthenticationFailed,
            "AUTHENTICATION_REQUIRED" => Self::AuthenticationRequired,
            "BAD_REQUEST" => Self::BadRequest,
            "CONFLICT" => Self::Conflict,
            "EXISTS" => Self::Exists,
            "INTERNAL_ERROR" => Self::InternalError,
            "NOT_FOUND" => Self::NotFound,
            "QUOTA_EXCEEDED" => Self::QuotaExceeded,
            "THROTTLED" => Self::Throttled,
            "TRY_AGAIN_LATER" => Self::TryAgainLater,
            "VALIDATING_REFERENCE_ERROR" => Self::ValidatingReferenceError,
            "ZONE_NOT_FOUND" => Self::ZoneNotFound,
            "UNIQUE_FIELD_ERROR" => Self::UniqueFieldError,
            "ZONE_BUSY" => Self::ZoneBusy,
            "CHANGE_TOKEN_EXPIRED" => Self::ChangeTokenExpired,
            other => Self::Other(other.into()),
        }
    }
}

impl fmt::Display for ServerErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
