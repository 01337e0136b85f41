//! A client whose answers are written down beforehand, in a time that stands still.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cloudkit_core::Container;
use cloudkit_core::auth::{ApiToken, KeyId, PrivateKey, ServerKey, ServerKeys, WebAuthToken};
use cloudkit_core::container::{ServerToServer, SignedInUser};
use cloudkit_core::runtime::{BoxFuture, ManualClock, SeededRandom};
use cloudkit_core::transport::{Transport, TransportError, TransportErrorKind};
use serde_json::Value;

/// Gives its answers in their order, and keeps what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    state: Arc<Mutex<State>>,
    pub(crate) clock: ManualClock,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Result<http::Response<Bytes>, TransportErrorKind>>,
    requests: Vec<Asked>,
}

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) key_id: Option<String>,
    pub(crate) body: Value,
}

impl Transport for Script {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        let mut state = self.state.lock().unwrap();
        let key_id = request.headers().get("x-apple-cloudkit-request-keyid");
        state.requests.push(Asked {
            path: request.uri().path().to_owned(),
            key_id: key_id.map(|id| id.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
        });
        let answer = state.answers.pop_front().expect("the script has an answer for each request");
        Box::pin(std::future::ready(answer.map_err(TransportError::new)))
    }
}

impl Script {
    pub(crate) fn new() -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        Self { state: Arc::default(), clock: ManualClock::new(start) }
    }

    pub(crate) fn answer(self, status: u16, body: impl Into<Bytes>) -> Self {
        let answer = http::Response::builder().status(status).body(body.into()).unwrap();
        self.state.lock().unwrap().answers.push_back(Ok(answer));
        self
    }

    /// The next answer is lost on its way.
    pub(crate) fn lose(self) -> Self {
        self.state.lock().unwrap().answers.push_back(Err(TransportErrorKind::NoAnswer));
        self
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        let state = self.state.lock().unwrap();
        assert!(state.answers.is_empty(), "an answer is left over");
        state.requests.clone()
    }

    /// Drives a call to its end; waiting takes no time.
    pub(crate) fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.clock.run(call).expect("a scripted call waits for nothing but the clock")
    }

    pub(crate) fn server(&self) -> Container<ServerToServer> {
        self.with_keys(key('a'))
    }

    pub(crate) fn with_keys(&self, keys: impl Into<ServerKeys>) -> Container<ServerToServer> {
        Container::builder("iCloud.com.example.Ledger")
            .transport(self.clone())
            .clock(self.clock.clone())
            .random(SeededRandom::new(7))
            .server_key(keys)
            .build()
            .unwrap()
    }

    pub(crate) fn user(&self) -> Container<SignedInUser> {
        Container::builder("iCloud.com.example.Ledger")
            .transport(self.clone())
            .clock(self.clock.clone())
            .random(SeededRandom::new(7))
            .api_token(ApiToken::new("b".repeat(64)).unwrap())
            .web_auth_token(WebAuthToken::new("c2VzYW1l+/==").unwrap())
            .build()
            .unwrap()
    }
}

/// A key whose ID is this digit 64 times.
pub(crate) fn key(digit: char) -> ServerKey {
    let id = digit.to_string().repeat(64);
    ServerKey::new(KeyId::new(id).unwrap(), PrivateKey::from_scalar(&"1".repeat(64)).unwrap())
}
