//! A connection that is kept, with signed requests one after the other.

use std::sync::Arc;

use cloudkit_core::auth::{CanonicalMessage, PrivateKey, RequestDate};
use cloudkit_test_container::{Clock, TestContainer};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What it takes to ask a container.
pub(crate) struct Signer {
    address: String,
    path: String,
    key_id: String,
    key: PrivateKey,
    clock: Clock,
}

impl Signer {
    pub(crate) fn of(container: &TestContainer) -> Self {
        Self {
            address: container.url().strip_prefix("http://").unwrap().to_owned(),
            path: format!("/database/1/{}/development/public/", container.container_id()),
            key_id: container.key_id().to_string(),
            key: PrivateKey::from_pem(&container.private_key_pem()).unwrap(),
            clock: container.clock().clone(),
        }
    }

    fn request(&self, endpoint: &str, body: &str) -> String {
        let path = format!("{}{endpoint}", self.path);
        let date = RequestDate::from_unix_seconds(self.clock.now_ms() / 1000).unwrap();
        let message = CanonicalMessage::new(date, body.as_bytes(), path.as_str()).to_string();
        let signature = self.key.sign_bytes(message.as_bytes()).unwrap();
        format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\
             X-Apple-CloudKit-Request-KeyID: {}\r\nX-Apple-CloudKit-Request-ISO8601Date: {date}\r\n\
             X-Apple-CloudKit-Request-SignatureV1: {signature}\r\n\r\n{body}",
            self.address,
            body.len(),
            self.key_id,
        )
    }
}

/// A reply with status 200.
pub(crate) struct Reply {
    /// What tells it from every other reply.
    pub(crate) uuid: String,
    pub(crate) body: Value,
}

pub(crate) struct Connection {
    signer: Arc<Signer>,
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(signer: Arc<Signer>) -> Self {
        let stream = TcpStream::connect(&signer.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { signer, stream, received: Vec::new() }
    }

    /// Sends a request and reads the reply to it, which has to succeed.
    pub(crate) async fn ask(&mut self, endpoint: &str, request: &Value) -> Reply {
        let request = self.signer.request(endpoint, &request.to_string());
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let head = loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break String::from_utf8(self.received.drain(..at + 4).collect()).unwrap();
            }
            self.receive().await;
        };
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .find(|(given, _)| given.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
                .unwrap()
        };
        let length = header("content-length").parse().unwrap();
        while self.received.len() < length {
            self.receive().await;
        }
        let body: Vec<u8> = self.received.drain(..length).collect();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}{body}");
        Reply { uuid: header("x-apple-request-uuid"), body }
    }

    async fn receive(&mut self) {
        let read = self.stream.read_buf(&mut self.received).await.unwrap();
        assert_ne!(read, 0, "the container has closed a connection without cause");
    }

    /// Closes the connection, on which nothing may have come that was not asked for.
    pub(crate) async fn close(mut self) {
        self.stream.shutdown().await.unwrap();
        self.stream.read_to_end(&mut self.received).await.unwrap();
        assert!(self.received.is_empty(), "{} bytes too many", self.received.len());
    }
}
