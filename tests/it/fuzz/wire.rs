//! HTTP as bytes, so that anything can be sent.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Nothing takes that long, on however busy a machine.
pub(super) const HANG: Duration = Duration::from_secs(60);

/// A request.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    pub(super) fn header(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.headers.push((name.to_owned(), value.into()));
    }

    /// As it is sent.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
            bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes();
        write!(f, "{}", bytes[..bytes.len().min(6000)].escape_ascii())
    }
}

/// What came back.
#[derive(Clone)]
pub(super) struct Incoming {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Incoming {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").filter_map(|line| line.split_once(':'));
        lines.filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(3000)]);
        write!(f, "{}\n{body}", self.head.replace("\r\n", "\n"))
    }
}

/// One client, which keeps its connection as long as it can.
pub(super) struct Client {
    address: String,
    stream: Option<TcpStream>,
}

impl Client {
    pub(super) fn new(url: &str) -> Self {
        Self { address: url.trim_start_matches("http://").trim_end_matches('/').to_owned(), stream: None }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends a request and reads the answer, within a time that nothing takes.
    pub(super) async fn send(&mut self, request: &Outgoing) -> Result<Incoming, String> {
        match tokio::time::timeout(HANG, self.send_patiently(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {HANG:?}")),
        }
    }

    async fn send_patiently(&mut self, request: &Outgoing) -> Result<Incoming, String> {
        let of_head = request.method == "HEAD";
        let kept = match self.stream.take() {
            Some(mut stream) => {
                let _ = stream.write_all(&request.bytes()).await;
                read_answer(&mut stream, of_head).await.ok().map(|answer| (stream, answer))
            }
            None => None,
        };
        let (stream, answer) = match kept {
            Some(kept) => kept,
            // The server closes connections on which nothing comes, so that counts on a new one only.
            None => {
                let mut stream = self.connect().await;
                // The server may answer, and close, before it has read everything.
                let _ = stream.write_all(&request.bytes()).await;
                let answer = read_answer(&mut stream, of_head).await?;
                (stream, answer)
            }
        };
        let closes = answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if !closes {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

/// Reads one answer, whose length it says.
pub(super) async fn read_answer(stream: &mut TcpStream, of_head: bool) -> Result<Incoming, String> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return Err(format!("closed without an answer, after {:?}", String::from_utf8_lossy(&bytes)));
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end - 4]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let mut answer = Incoming { status: status.ok_or("no status")?, head, body: bytes.split_off(end) };
    let length = answer.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let length = if of_head || [204, 304].contains(&answer.status) { 0 } else { length };
    if answer.header("transfer-encoding").is_some() {
        return Err(format!("in chunks, although its length is known: {answer:?}"));
    }
    while answer.body.len() < length {
        if stream.read_buf(&mut answer.body).await.unwrap_or(0) == 0 {
            return Err(format!("closed in the middle of {answer:?}"));
        }
    }
    if answer.body.len() > length {
        return Err(format!("{} bytes more than it says in {answer:?}", answer.body.len() - length));
    }
    Ok(answer)
}
