//! Why a call failed, and what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::ServerErrorCode;
use crate::auth::CredentialsError;
use crate::config::ConfigError;
use crate::record::{RecordName, RecordNameError};
use crate::transport::TransportError;

/// What every call returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// The message says what failed; [`source`](std::error::Error::source) says why, so that a chain prints each fact
/// once. [`help`](Self::help) says what to do next. Nothing secret is in any of them.
///
/// That some records of a request were refused is not such an error: each has an outcome of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// CloudKit answered, and the answer is no.
    #[error("CloudKit refused {operation}")]
    Server {
        /// What was called, such as `records/query`.
        operation: &'static str,
        /// The answer.
        source: Box<ServerError>,
    },

    /// The request did not get there, or the answer did not get back.
    #[error("no answer to {operation} after {attempts} attempts in {elapsed:?}")]
    Transport {
        /// What was called.
        operation: &'static str,
        /// How often it was tried.
        attempts: u32,
        /// The time that all attempts took, waiting between them included.
        elapsed: Duration,
        /// Why the last attempt failed.
        source: TransportError,
    },

    /// The answer is not what Apple's reference describes, or not what the struct expects.
    #[error("cannot read the answer to {operation}")]
    Decode {
        /// What was called.
        operation: &'static str,
        /// What did not fit, and where.
        source: Box<DecodeError>,
    },

    /// The request would be refused, so it was not sent.
    #[error("cannot send {operation}")]
    Request {
        /// What was called.
        operation: &'static str,
        /// Why.
        source: RequestError,
    },

    /// The key or token cannot be used.
    #[error("cannot use the given credentials")]
    Credentials(#[from] CredentialsError),

    /// The configuration is wrong.
    #[error("cannot configure the container")]
    Config(#[from] ConfigError),
}

/// An answer of CloudKit's that says no: to a whole request, or to one record of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerError {
    /// Why, in a word.
    pub code: ServerErrorCode,
    /// Why, in CloudKit's sentence. It is for people: it may change, and says nothing of the cause of a 401.
    pub reason: Option<String>,
    /// The record that was refused, if it was one.
    pub record_name: Option<RecordName>,
    /// The HTTP status, if a whole request was refused.
    pub status: Option<u16>,
    /// How long CloudKit asks to wait before the next try.
    pub retry_after: Option<Duration>,
    /// The number under which Apple can find the request; quote it when asking Apple.
    pub uuid: Option<String>,
    /// Where the user has to sign in, for [`ServerErrorCode::AuthenticationRequired`]. The address is good for some
    /// 15 minutes and for this user only, so it is not shown in `Debug`.
    pub redirect_url: Option<String>,
    /// The local clock's distance from the server's, in whole seconds, if it was seen; positive when the local clock
    /// is behind.
    pub clock_skew_seconds: Option<i64>,
    /// The whole answer, for calls that find more in it.
    pub(crate) body: Bytes,
    /// Who asked what, if the credentials were refused.
    pub(crate) asked: Option<Box<crate::help::Asked>>,
}

impl ServerError {
    /// A refusal with nothing but a code.
    #[must_use]
    pub fn new(code: ServerErrorCode) -> Self {
        Self {
            code,
            reason: None,
            record_name: None,
            status: None,
            retry_after: None,
            uuid: None,
            redirect_url: None,
            clock_skew_seconds: None,
            body: Bytes::new(),
            asked: None,
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.code,
            ServerErrorCode::Throttled | ServerErrorCode::TryAgainLater | ServerErrorCode::ZoneBusy
        )
    }

    /// Whether somebody else saved the record in between, or one of its name exists already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self.code, ServerErrorCode::Conflict | ServerErrorCode::Exists)
    }

    /// Whether there is no such record.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.code == ServerErrorCode::NotFound
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<Cow<'static, str>> {
        crate::help::for_server_error(self)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(record_name) = &self.record_name {
            write!(f, " for the record {record_name:?}")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, ": {reason}")?;
        }
        if let Some(uuid) = &self.uuid {
            write!(f, " (request {uuid})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            reason,
            record_name,
            status,
            retry_after,
            uuid,
            redirect_url,
            clock_skew_seconds,
            body: _,
            asked: _,
        } = self;
        f.debug_struct("ServerError")
            .field("code", code)
            .field("reason", reason)
            .field("record_name", record_name)
            .field("status", status)
            .field("retry_after", retry_after)
            .field("uuid", uuid)
            .field("redirect_url", &redirect_url.as_ref().map(|_| ".."))
            .field("clock_skew_seconds", clock_skew_seconds)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ServerError {}

/// What in an answer did not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {reason}")]
#[non_exhaustive]
pub struct DecodeError {
    /// The path inside the JSON, such as `records[3].fields.title.value`; `.` for the whole.
    pub at: String,
    /// What did not fit.
    pub reason: String,
}

impl DecodeError {
    /// Of a record there is its name and nothing else.
    pub(crate) fn without_tag(name: &RecordName) -> Self {
        Self { at: "records".to_owned(), reason: format!("the record {name:?} has no `recordChangeTag`") }
    }
}

/// Why a request was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A record's name is not one.
    #[error("the record name {name:?} cannot be used")]
    RecordName {
        /// The name.
        name: RecordName,
        /// The rule that it breaks.
        source: RecordNameError,
    },
    /// CloudKit has no form for a value.
    #[error("a value cannot be written: {0}")]
    Value(String),
    /// More items than CloudKit takes in one request.
    #[error("{count} {what} in one request, and CloudKit takes at most {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// One record is named twice.
    #[error("the record {0:?} is named twice in one request, which CloudKit refuses")]
    Repeated(RecordName),
    /// An encrypted field in the public database.
    #[error("the record has encrypted fields, which CloudKit keeps in private and shared databases only")]
    EncryptedInPublic,
    /// A call of the shared database without the owner of the zone.
    #[error(
        "a zone of the shared database needs its owner: name it with `ZoneId::owned_by`, and give it to `in_zone`"
    )]
    NoZoneOwner,
    /// There is no randomness to make a record name or a signature of.
    #[error("cannot draw random bytes")]
    NoRandomness,
}

impl Error {
    /// CloudKit's code, if it was CloudKit that refused.
    #[must_use]
    pub fn code(&self) -> Option<&ServerErrorCode> {
        self.server_error().map(|error| &error.code)
    }

    /// CloudKit's answer, if it was CloudKit that refused.
    #[must_use]
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::Server { source, .. } => Some(source),
            _ => None,
        }
    }

    /// How long CloudKit asks to wait before the next try.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.server_error().and_then(|error| error.retry_after)
    }

    /// Whether the same call may succeed later. The library has then tried already, as often as its policy says.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Server { source, .. } => source.is_retryable(),
            Self::Transport { .. } => true,
            _ => false,
        }
    }

    /// Whether somebody else saved the record in between, or one of its name exists already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.server_error().is_some_and(ServerError::is_conflict)
    }

    /// Whether there is no such record.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.server_error().is_some_and(ServerError::is_not_found)
    }

    /// What to do next, in a sentence or a few.
    #[must_use]
    pub fn help(&self) -> Option<Cow<'static, str>> {
        crate::help::for_error(self)
    }
}
