//! The management API as Apple's schema tools speak it, byte for byte where they are particular.

mod directory;
mod records;
mod schema;
mod shares;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use cloudkit_test_container::{TestContainer, TestContainerBuilder};
use serde_json::Value;

pub(crate) const CONTAINER: &str = "iCloud.com.example.News";
const MANAGEMENT_TOKEN: &str = "X-Apple-CloudKit-Management-Token";
const USER_TOKEN: &str = "X-Apple-CloudKit-User-Token";

/// A container with users `alice` and `bob`.
async fn start(configure: impl FnOnce(TestContainerBuilder) -> TestContainerBuilder) -> TestContainer {
    configure(TestContainer::builder(CONTAINER).user("alice").user("bob")).start().await.unwrap()
}

/// A request as the bytes of HTTP, so that nothing is sent that the test did not write.
struct Raw {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Raw {
    fn new(method: &str, target: impl AsRef<str>) -> Self {
        Self { line: format!("{method} {} HTTP/1.1", target.as_ref()), headers: Vec::new(), body: Vec::new() }
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With the management token of the container.
    fn managed(self, container: &TestContainer) -> Self {
        self.header(MANAGEMENT_TOKEN, container.management_token())
    }

    /// With a fresh user token.
    fn signed_in(self, container: &TestContainer, user: &str) -> Self {
        self.header(USER_TOKEN, container.issue_user_token(user).unwrap())
    }

    /// With a JSON body in chunks, as Apple's client sends it.
    fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").chunked(body.to_string().as_bytes())
    }

    fn chunked(self, body: &[u8]) -> Self {
        let mut request = self.header("Transfer-Encoding", "chunked");
        for chunk in body.chunks(7) {
            request.body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            request.body.extend_from_slice(chunk);
            request.body.extend_from_slice(b"\r\n");
        }
        request.body.extend_from_slice(b"0\r\n\r\n");
        request
    }

    /// With the form that Apple's client makes of a schema.
    fn schema_file(self, text: &str) -> Self {
        const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"schema.ckdb\"\r\n\
             Content-Type: \"\"\r\n\r\n{text}\r\n--{BOUNDARY}--"
        );
        self.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .chunked(body.as_bytes())
    }

    async fn send(self, container: &TestContainer) -> Reply {
        let address = container.url().trim_start_matches("http://").to_owned();
        let mut bytes = format!("{}\r\nHost: {address}\r\nConnection: close\r\n", self.line);
        for (name, value) in &self.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut bytes = (bytes + "\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        let received = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&bytes).unwrap();
            let mut received = Vec::new();
            stream.read_to_end(&mut received).unwrap();
            received
        });
        Reply::read(&received.await.unwrap())
    }
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: body.to_owned() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A JSON body under a JSON content type, without which Apple's client reports an unexpected response.
    #[track_caller]
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    fn empty(&self, status: u16) {
        assert_eq!((self.status, self.body.as_str()), (status, ""), "{self:?}");
    }

    /// A refusal with every member that Apple's client requires.
    #[track_caller]
    fn refused(&self, status: u16, message: &str, reason: &str) -> Value {
        let body = self.json(status);
        assert_eq!((&body["code"], &body["message"]), (&status.into(), &message.into()), "{self:?}");
        assert!(body["reason"].as_str().is_some_and(|text| text.contains(reason)), "no {reason:?}: {self:?}");
        assert_eq!(body["requestUuid"], self.header("x-apple-request-uuid"), "{self:?}");
        body
    }
}
