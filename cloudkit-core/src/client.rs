//! One call from its bytes to its answer: path, credentials, sending, and what a refusal means.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{
    ApiToken, CanonicalMessage, RequestDate, ServerKey, ServerKeys, SignerError, TokenQuery,
    WebAuthTokenStore,
};
use crate::error::{Error, RequestError, Result, ServerError};
use crate::help::{Asked, AskedWith};
use crate::record::{FromRecord, RecordName};
use crate::transport::{self, CallInfo, Failure, Refusal, SendError, SendFailure, Sender, Tally};
use crate::wire::records::RecordsReply;
use crate::wire::{self, RecordItem};
use crate::{Environment, ServerErrorCode};

/// The header in which CloudKit gives the number of the request.
const REQUEST_UUID: &str = "x-apple-request-uuid";

/// What the handles of one container share.
pub(crate) struct Client {
    pub(crate) container: String,
    pub(crate) environment: Environment,
    /// Scheme and host, without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) credential: Credential,
    pub(crate) sender: Sender,
    /// Which of the keys of the environment CloudKit took last.
    pub(crate) key_in_use: AtomicUsize,
    /// The memory of a body that was sent, for the next one: a fresh buffer of a large batch costs as much as half of
    /// writing it.
    pub(crate) spare_buffer: Mutex<Vec<u8>>,
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Credential {
    ServerToServer(ServerKeys),
    Tokens { api_token: ApiToken, user: Option<WebAuthTokenStore> },
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The endpoint, such as `records/query`.
    pub(crate) operation: &'static str,
    /// The database, as it is spelt in the path.
    pub(crate) database: &'static str,
    /// For the log.
    pub(crate) record_type: Option<&'a str>,
    /// Whether the call may be sent again when its answer was lost.
    pub(crate) may_repeat: bool,
}

/// A good answer.
pub(crate) struct Answer {
    operation: &'static str,
    answer: transport::Answer,
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        wire::read(self.answer.response.body())
            .map_err(|source| Error::Decode { operation: self.operation, source: Box::new(source) })
    }

    /// Reads an answer of records. Those that CloudKit refused bear the number of the request: Apple asks for it.
    pub(crate) fn read_records<T: FromRecord>(&self) -> Result<RecordsReply<T>> {
        let mut reply: RecordsReply<T> = self.read()?;
        let uuid = self.answer.response.headers().get(REQUEST_UUID).and_then(|uuid| uuid.to_str().ok());
        for item in &mut reply.records {
            if let RecordItem::Failed(error) = item
                && error.uuid.is_none()
            {
                error.uuid = uuid.map(str::to_owned);
            }
        }
        Ok(reply)
    }

    /// Whether an earlier attempt of the same call may have been carried out.
    pub(crate) fn an_answer_was_lost(&self) -> bool {
        self.answer.unanswered_attempts > 0
    }
}

impl Client {
    /// Writes the body of a request.
    pub(crate) fn encode(&self, operation: &'static str, request: &impl Serialize) -> Result<Bytes> {
        let mut buffer =
            std::mem::take(&mut *self.spare_buffer.lock().unwrap_or_else(PoisonError::into_inner));
        buffer.clear();
        wire::write(request, &mut buffer)
            .map_err(|error| Error::Request { operation, source: RequestError::Value(error.to_string()) })?;
        Ok(Bytes::from(buffer))
    }

    /// Takes back the memory of a body, if nobody else holds it.
    pub(crate) fn reclaim(&self, body: Bytes) {
        if let Ok(mut buffer) = body.try_into_mut() {
            buffer.clear();
            let buffer = Vec::from(buffer);
            let mut spare = self.spare_buffer.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.capacity() < buffer.capacity() {
                *spare = buffer;
            }
        }
    }

    /// Posts a body and waits for the answer, trying again where that is safe and may help.
    pub(crate) async fn call(&self, call: Call<'_>, body: Bytes) -> Result<Answer> {
        let result = match &self.credential {
            Credential::ServerToServer(keys) => self.call_signed(call, keys, &body).await,
            Credential::Tokens { api_token, user } => {
                self.call_with_tokens(call, api_token, user.as_ref(), &body).await
            }
        };
        self.reclaim(body);
        result
    }

    async fn call_signed(&self, call: Call<'_>, keys: &ServerKeys, body: &Bytes) -> Result<Answer> {
        let keys: Vec<&ServerKey> = keys.for_environment(self.environment).collect();
        let first = self.key_in_use.load(Ordering::Relaxed);
        let mut tried = 0;
        loop {
            let index = (first + tried) % keys.len().max(1);
            let key = *keys.get(index).ok_or(crate::config::ConfigError::NoKey(self.environment))?;
            let result =
                self.send(call, |time| self.signed_request(call, key, body.clone(), time), |_| {}).await;
            tried += 1;
            match result {
                // While keys are rotated, the next one may be the one that is registered.
                Err(error)
                    if tried < keys.len() && error.code() == Some(&ServerErrorCode::AuthenticationFailed) =>
                {
                    tracing::warn!(key_id = %key.key_id(), "CloudKit refused this key; trying the next one");
                }
                result => {
                    if result.is_ok() {
                        self.key_in_use.store(index, Ordering::Relaxed);
                    }
                    return result;
                }
            }
        }
    }

    async fn signed_request(
        &self,
        call: Call<'_>,
        key: &ServerKey,
        body: Bytes,
        time: SystemTime,
    ) -> Result<Request<Bytes>, BuildError> {
        let subpath = self.path(call);
        let message = CanonicalMessage::new(RequestDate::from(time), &body, subpath.as_str());
        let signed = key.sign(&message).await?;
        let mut request = self.request(&subpath, "", body)?;
        signed.insert_into(request.headers_mut());
        Ok(request)
    }

    async fn call_with_tokens(
        &self,
        call: Call<'_>,
        api_token: &ApiToken,
        user: Option<&WebAuthTokenStore>,
        body: &Bytes,
    ) -> Result<Answer> {
        let build = |_| {
            // Read anew for each attempt: the answer before may have brought the next token.
            let web_auth_token = user.and_then(WebAuthTokenStore::current);
            let query = TokenQuery { api_token, web_auth_token: web_auth_token.as_ref() }.expose();
            std::future::ready(self.request(&self.path(call), &query, body.clone()))
        };
        let seen = |headers: &HeaderMap| {
            if let Some(user) = user {
                user.adopt_from(headers);
            }
        };
        self.send(call, build, seen).await
    }

    async fn send<B, F>(
        &self,
        call: Call<'_>,
        mut build: B,
        seen: impl FnMut(&HeaderMap) + Send,
    ) -> Result<Answer>
    where
        B: FnMut(SystemTime) -> F + Send,
        F: Future<Output = Result<Request<Bytes>, BuildError>> + Send,
    {
        let info = CallInfo {
            operation: call.operation,
            record_type: call.record_type,
            idempotent: call.may_repeat,
        };
        match self.sender.send(info, |_attempt, time| build(time), seen).await {
            Ok(answer) => Ok(Answer { operation: call.operation, answer }),
            Err(error) => Err(self.failure(call.operation, error)),
        }
    }

    /// The path of a call: it is what is signed, and it goes out as it is.
    fn path(&self, call: Call<'_>) -> String {
        let Self { container, environment, .. } = self;
        format!("/database/1/{container}/{environment}/{}/{}", call.database, call.operation)
    }

    /// A request with a body is a POST, one without a GET.
    fn request(&self, path: &str, query: &str, body: Bytes) -> Result<Request<Bytes>, BuildError> {
        let mark = if query.is_empty() { "" } else { "?" };
        let mut request = Request::builder()
            .method(if body.is_empty() { Method::GET } else { Method::POST })
            .uri(format!("{}{path}{mark}{query}", self.base_url))
            .body(body)?;
        if !request.body().is_empty() {
            request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(request)
    }

    fn failure(&self, operation: &'static str, error: SendError<BuildError>) -> Error {
        let SendError { failure, attempts, elapsed, server_date_skew, .. } = error;
        match failure {
            SendFailure::Build(BuildError::Signer(source)) => {
                Error::Credentials(crate::auth::CredentialsError::from(source))
            }
            SendFailure::Build(error) => {
                Error::Request { operation, source: RequestError::Value(error.to_string()) }
            }
            SendFailure::Transport(source) => Error::Transport { operation, attempts, elapsed, source },
            SendFailure::Refused(refusal) => {
                let mut source = Box::new(server_error(*refusal, server_date_skew));
                if source.code == ServerErrorCode::AuthenticationFailed {
                    source.asked = Some(Box::new(self.asked(operation)));
                }
                Error::Server { operation, source }
            }
            SendFailure::Closed(closed) => Error::Server {
                operation,
                source: Box::new(ServerError {
                    reason: Some(
                        "CloudKit asked for a pause that is longer than this call may take".to_owned(),
                    ),
                    retry_after: Some(closed.remaining),
                    ..ServerError::new(ServerErrorCode::Throttled)
                }),
            },
        }
    }

    /// What bears on a refusal of the credentials.
    fn asked(&self, operation: &'static str) -> Asked {
        let credentials = match &self.credential {
            Credential::ServerToServer(keys) => AskedWith::Key {
                tried: keys.for_environment(self.environment).count(),
                in_both_environments: keys.has_one_for_both(),
            },
            Credential::Tokens { user, .. } => AskedWith::Token { user: user.is_some() },
        };
        Asked { container: self.container.to_string(), environment: self.environment, operation, credentials }
    }

    /// A name for a new record: a UUID, as CloudKit itself would choose.
    pub(crate) fn new_record_name(&self) -> Result<RecordName, RequestError> {
        let mut bytes = [0; 16];
        self.sender.random.fill(&mut bytes).map_err(|_| RequestError::NoRandomness)?;
        Ok(RecordName::from(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()))
    }

    /// Waits before single items of an answer are sent again. Says `false` when that has been done often enough, or
    /// CloudKit asks for a wait that is too long.
    pub(crate) async fn wait_for_items(&self, attempts: u32, elapsed: Duration, wish: Duration) -> bool {
        let failure = Failure::Refused {
            code: Some(ServerErrorCode::TryAgainLater),
            status: 200,
            may_repeat: true,
            retry_after_body: Some(wish),
            retry_after_header: None,
        };
        let tally = Tally { attempts, internal_errors: 0, elapsed };
        let jitter = crate::runtime::unit_interval(&*self.sender.random).unwrap_or(1.0);
        match self.sender.policy.next(&failure, tally, jitter) {
            Some(wait) => {
                self.sender.clock.sleep(wait).await;
                true
            }
            None => false,
        }
    }
}

fn server_error(refusal: Refusal, skew: Option<i64>) -> ServerError {
    let code = refusal.code.clone().unwrap_or_else(|| {
        // Something in front of CloudKit answered: a proxy, a gateway.
        ServerErrorCode::Other(format!("HTTP {}", refusal.status).into())
    });
    ServerError {
        reason: refusal.reason.as_deref().map(str::to_owned),
        status: Some(refusal.status),
        retry_after: refusal.retry_after,
        uuid: refusal.uuid.as_deref().map(str::to_owned),
        redirect_url: refusal.redirect_url.as_deref().map(str::to_owned),
        clock_skew_seconds: skew,
        body: refusal.body.clone(),
        ..ServerError::new(code)
    }
}

/// Why a request could not be put together.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Signer(#[from] SignerError),
    // Its own text can hold the address, and that a token.
    #[error("the address of the request is not valid")]
    Address(#[from] http::Error),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, environment, base_url, credential, sender: _, key_in_use: _, spare_buffer: _ } =
            self;
        f.debug_struct("Client")
            .field("container", container)
            .field("environment", environment)
            .field("base_url", base_url)
            .field("credential", credential)
            .finish_non_exhaustive()
    }
}
