//! The transport over HTTPS. No other module names the HTTP library, and no public signature does.

use super::{Transport, TransportError, TransportErrorKind, check_destination};
use crate::runtime::BoxFuture;
use bytes::{Bytes, BytesMut};
use http::Uri;
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

const USER_AGENT: &str = concat!("cloudkit-core/", env!("CARGO_PKG_VERSION"));

/// A kept connection that was idle this long is not used again. A server closes idle connections at a time of its own
/// choosing, and a request sent just then is lost without anybody knowing whether it was processed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The most that is set aside for an answer because its header announces it; beyond that the buffer grows with what
/// really arrives.
const MAX_ANNOUNCED: u64 = 1024 * 1024;

/// How an [`HttpTransport`] sends.
///
/// ```
/// use cloudkit_core::transport::{HttpOptions, HttpTransport};
/// use std::time::Duration;
///
/// let transport = HttpTransport::new(HttpOptions {
///     total_timeout: Duration::from_secs(10),
///     ..HttpOptions::default()
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// How long a connection, TLS included, may take to come about: 10 seconds by default.
    pub connect_timeout: Duration,
    /// How long one attempt may take from its first step to the last byte of its answer: 60 seconds by default.
    pub total_timeout: Duration,
    /// The most bytes of an answer, after decompression: 64 MiB by default. It is checked while the answer arrives.
    pub max_body_bytes: u64,
    /// Whether a proxy that the environment names is used for HTTPS, which it is by default.
    pub use_proxy: bool,
    /// The certificates, as DER, of the authorities that are trusted in place of the machine's. With none, as it is by
    /// default, the machine's are.
    pub ca_certificates: Vec<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            max_body_bytes: 64 * 1024 * 1024,
            use_proxy: true,
            ca_certificates: Vec::new(),
        }
    }
}

/// Sends over HTTPS, and over plain HTTP to this machine. It needs a tokio runtime with time and I/O enabled.
///
/// * It does not follow redirects; they are answers like others.
/// * It accepts gzip and hands out what was packed in it.
/// * A proxy named by the environment (`HTTPS_PROXY`, `NO_PROXY`) is used for HTTPS, unless
///   [`use_proxy`](HttpOptions::use_proxy) is off, and never for plain HTTP.
/// * The machine's CA certificates are loaded at the first HTTPS request, so a program that only speaks to this machine
///   does not need any.
/// * Each transport has connections of its own; clones share them. Assets live on other hosts than records, and Apple
///   has been seen to answer 421 when they shared connections, so give assets another transport.
#[derive(Clone)]
pub struct HttpTransport {
    shared: std::sync::Arc<Shared>,
}

struct Shared {
    options: HttpOptions,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
}

impl HttpTransport {
    /// A transport that has not connected to anything yet.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        let shared = Shared { options, plain: OnceLock::new(), secure: OnceLock::new() };
        Self { shared: shared.into() }
    }

    /// Checks that requests to this address can be sent as far as this machine is concerned: the address is allowed
    /// and, for `https`, CA certificates are found. It does not connect.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::Misdirected`] or [`TransportErrorKind::Unusable`].
    pub fn prepare(&self, address: &Uri) -> Result<(), TransportError> {
        self.shared.client(address).map(drop)
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new(HttpOptions::default())
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { options, plain: _, secure: _ } = &*self.shared;
        f.debug_struct("HttpTransport").field("options", options).finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(self.shared.send(request))
    }
}

impl Shared {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let client = self.client(request.uri())?;
        let address = request.uri().clone();
        let request = reqwest::Request::try_from(request).map_err(misdirected)?;
        // The path is part of what was signed. The library's own idea of an address must not change it.
        if address.path() != request.url().path() || address.query() != request.url().query() {
            return Err(misdirected("the path or query holds characters that are not percent-encoded"));
        }

        let mut answer = client.execute(request).await.map_err(no_head)?;
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        let announced = answer.content_length().unwrap_or(0);
        *response.headers_mut() = std::mem::take(answer.headers_mut());

        let limit = self.options.max_body_bytes;
        let mut body = BytesMut::with_capacity(announced.min(limit).min(MAX_ANNOUNCED) as usize);
        while let Some(chunk) = answer.chunk().await.map_err(no_body)? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(TransportError::new(TransportErrorKind::BodyTooLarge { limit }));
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }

    /// The library's client for an address, made when it is first needed.
    fn client(&self, address: &Uri) -> Result<&reqwest::Client, TransportError> {
        check_destination(address).map_err(misdirected)?;
        let secure = address.scheme_str() == Some("https");
        let cell = if secure { &self.secure } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }

        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .gzip(true)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.options.connect_timeout)
            .timeout(self.options.total_timeout)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        let builder = if secure {
            let builder = if self.options.use_proxy { builder } else { builder.no_proxy() }.https_only(true);
            if self.options.ca_certificates.is_empty() {
                builder
            } else {
                let certificates = self.options.ca_certificates.iter();
                let certificates: Result<Vec<_>, _> =
                    certificates.map(|der| reqwest::Certificate::from_der(der)).collect();
                builder.tls_certs_only(certificates.map_err(unusable)?)
            }
        } else {
            // Without certificates of its own to trust, the library would load the machine's, and fail where there
            // are none.
            builder.no_proxy().tls_certs_only([])
        };
        let client = builder.build().map_err(unusable)?;
        Ok(cell.get_or_init(|| client))
    }
}

fn unusable(error: reqwest::Error) -> TransportError {
    TransportError::with_source(TransportErrorKind::Unusable, error.without_url())
}

fn misdirected(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::with_source(TransportErrorKind::Misdirected, source)
}

/// The head of the answer did not come.
fn no_head(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        TransportErrorKind::NotSent
    } else if error.is_builder() {
        TransportErrorKind::Misdirected
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::NoAnswer
    };
    TransportError::with_source(kind, error.without_url())
}

/// The head came, and its body not or not whole.
fn no_body(error: reqwest::Error) -> TransportError {
    let kind = if error.is_timeout() { TransportErrorKind::Timeout } else { TransportErrorKind::NoAnswer };
    TransportError::with_source(kind, error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// What the server does once it has read the request.
    #[derive(Clone, Copy)]
    enum Then {
        Close,
        StayOpen,
    }

    /// Answers every connection with the same bytes. The task ends with the test's runtime.
    async fn serve(answer: impl Into<Vec<u8>>, then: Then) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let answer = answer.into();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = answer.clone();
                tokio::spawn(async move {
                    read_head(&mut stream).await;
                    stream.write_all(&answer).await.ok();
                    match then {
                        Then::Close => drop(stream),
                        Then::StayOpen => std::future::pending().await,
                    }
                });
            }
        });
        address
    }

    async fn read_head(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { break };
            head.push(byte);
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    fn request(address: SocketAddr) -> http::Request<Bytes> {
        http::Request::get(format!("http://{address}/database/1/x?ckAPIToken=sesame"))
            .body(Bytes::new())
            .expect("the test's request is well formed")
    }

    async fn send(address: SocketAddr) -> Result<http::Response<Bytes>, TransportError> {
        HttpTransport::default().send(request(address)).await
    }

    #[track_caller]
    fn check_failed(answer: Result<http::Response<Bytes>, TransportError>, kind: TransportErrorKind) {
        let error = answer.expect_err("the request fails");
        assert_eq!(error.kind(), kind, "{error:?}");
        let mut text = format!("{error:?} {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text} {cause:?} {cause}");
            source = cause.source();
        }
        assert!(!text.contains("sesame"), "the token shows in: {text}");
    }

    #[tokio::test]
    async fn an_answer_of_any_status_is_an_answer() {
        let address =
            serve("HTTP/1.1 503 x\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\n{}", Then::Close).await;
        let answer = send(address).await.expect("the server answers");
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.body(), "{}");
    }

    #[tokio::test]
    async fn a_chunked_answer_is_put_together() {
        let answer =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
        let answer = send(serve(answer, Then::StayOpen).await).await.expect("the server answers");
        assert_eq!(answer.body(), "hello world");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Then::Close).await;
        let answer = format!("HTTP/1.1 307 x\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n");
        let answer = send(serve(answer, Then::Close).await).await.expect("the server answers");
        assert_eq!(answer.status(), 307);
    }

    #[tokio::test]
    async fn a_refused_port_was_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        drop(listener);
        check_failed(send(address).await, TransportErrorKind::NotSent);
    }

    #[tokio::test]
    async fn a_connection_dropped_before_the_answer_leaves_it_open_what_happened() {
        check_failed(send(serve("", Then::Close).await).await, TransportErrorKind::NoAnswer);
    }

    #[tokio::test]
    async fn a_truncated_answer_is_no_answer() {
        let cut_by_length = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"records\":[";
        check_failed(send(serve(cut_by_length, Then::Close).await).await, TransportErrorKind::NoAnswer);
        let cut_in_chunk = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{\"records\":[";
        check_failed(send(serve(cut_in_chunk, Then::Close).await).await, TransportErrorKind::NoAnswer);
    }

    #[tokio::test]
    async fn garbage_instead_of_http_is_no_answer() {
        check_failed(send(serve(vec![b'x'; 4096], Then::Close).await).await, TransportErrorKind::NoAnswer);
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_times_out() {
        let address = serve("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", Then::StayOpen).await;
        let options = HttpOptions { total_timeout: Duration::from_millis(100), ..HttpOptions::default() };
        let answer = HttpTransport::new(options).send(request(address)).await;
        check_failed(answer, TransportErrorKind::Timeout);
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_times_out() {
        let address = serve("", Then::StayOpen).await;
        let options = HttpOptions { total_timeout: Duration::from_millis(100), ..HttpOptions::default() };
        let answer = HttpTransport::new(options).send(request(address)).await;
        check_failed(answer, TransportErrorKind::Timeout);
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_dropped_while_it_arrives() {
        let options = HttpOptions { max_body_bytes: 1000, ..HttpOptions::default() };
        let transport = HttpTransport::new(options);
        let at_limit =
            [b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".as_slice(), &[b' '; 1000]].concat();
        let answer = transport.send(request(serve(at_limit, Then::Close).await)).await;
        assert_eq!(answer.expect("the limit itself is allowed").body().len(), 1000);

        // The announced length never comes, so only counting while reading ends this.
        let endless = [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &[b' '; 1001]].concat();
        let answer = transport.send(request(serve(endless, Then::StayOpen).await)).await;
        check_failed(answer, TransportErrorKind::BodyTooLarge { limit: 1000 });
    }

    #[tokio::test]
    async fn the_limit_counts_what_was_packed() {
        // A thousand spaces, gzipped.
        let packed: [u8; 29] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x53, 0x50, 0x18, 0x05, 0xa3, 0x60,
            0x14, 0x0c, 0x77, 0x00, 0x00, 0x82, 0xe3, 0x93, 0xcd, 0xe8, 0x03, 0x00, 0x00,
        ];
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 29\r\n\r\n";
        let address = serve([head.as_bytes(), &packed].concat(), Then::Close).await;
        let answer = send(address).await.expect("the server answers");
        assert_eq!(answer.body().as_ref(), [b' '; 1000]);
        let options = HttpOptions { max_body_bytes: 999, ..HttpOptions::default() };
        let answer = HttpTransport::new(options).send(request(address)).await;
        check_failed(answer, TransportErrorKind::BodyTooLarge { limit: 999 });
    }

    #[tokio::test]
    async fn the_bytes_that_were_given_are_the_bytes_that_are_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let request = http::Request::post(format!("http://{address}/a%20b/../c?d=%2F&e='"))
            .header("content-type", "application/json")
            .body(Bytes::from_static(b"{}"))
            .expect("the test's request is well formed");
        // A path that the library would tidy up is not sent with a signature for another one.
        check_failed(HttpTransport::default().send(request).await, TransportErrorKind::Misdirected);

        let request = http::Request::post(format!("http://{address}/a%20b/%2e%7E/c:d?e=%2F&f=g~"))
            .header("x-given", "as it is")
            .body(Bytes::from_static(b"{ }"))
            .expect("the test's request is well formed");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("the client connects");
            let head = read_head(&mut stream).await;
            let mut body = [0; 3];
            stream.read_exact(&mut body).await.expect("the client sends its body");
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .expect("the client reads");
            (head, body)
        });
        HttpTransport::default().send(request).await.expect("the server answers");
        let (head, body) = server.await.expect("the server does not panic");
        assert!(head.starts_with("POST /a%20b/%2e%7E/c:d?e=%2F&f=g~ HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-given: as it is\r\n"), "{head}");
        assert!(
            head.contains(concat!("\r\nuser-agent: cloudkit-core/", env!("CARGO_PKG_VERSION"))),
            "{head}"
        );
        assert!(head.contains("\r\naccept-encoding: gzip\r\n"), "{head}");
        assert_eq!(&body, b"{ }");
    }

    #[tokio::test]
    async fn plain_http_stays_on_this_machine() {
        let request = http::Request::get("http://example.com/?ckAPIToken=sesame")
            .body(Bytes::new())
            .expect("the test's request is well formed");
        check_failed(HttpTransport::default().send(request).await, TransportErrorKind::Misdirected);
    }

    /// Runs the tests named `without_certificates_` again in a process that finds no CA certificates.
    #[cfg(target_os = "linux")]
    #[test]
    fn only_https_needs_ca_certificates() {
        let this = std::env::current_exe().expect("a test knows its own file");
        let output = std::process::Command::new(this)
            .arg("without_certificates_")
            .env("SSL_CERT_FILE", "/nonexistent")
            .env("SSL_CERT_DIR", "/nonexistent")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("http_proxy", "http://127.0.0.1:1")
            .output()
            .expect("a test can be run");
        let output = format!("{output:?}");
        assert!(output.contains("2 passed; 0 failed"), "{output}");
    }

    #[cfg(target_os = "linux")]
    fn without_certificates() -> bool {
        std::env::var_os("SSL_CERT_FILE").is_some_and(|file| file == "/nonexistent")
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn without_certificates_or_proxy_this_machine_is_reached() {
        if !without_certificates() {
            return;
        }
        let address = serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", Then::Close).await;
        assert_eq!(send(address).await.expect("plain http needs no certificates").body(), "{}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn without_certificates_https_says_so() {
        if !without_certificates() {
            return;
        }
        let transport = HttpTransport::default();
        let error =
            transport.prepare(&Uri::from_static("https://example.com")).expect_err("nothing is trusted");
        assert_eq!(error.kind(), TransportErrorKind::Unusable);
        let cause = error.source().and_then(|source| source.source()).expect("the library says why");
        assert!(cause.to_string().contains("No CA certificates"), "{cause}");
    }
}
