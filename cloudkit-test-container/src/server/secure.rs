//! Connections over TLS, as far as they differ from plain ones.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use hyper::rt::Executor;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::tls::ALPN_HTTP2;

/// The first byte of whoever wants to speak TLS.
const HANDSHAKE: u8 = 0x16;

/// What became of a connection.
pub(super) enum Secured {
    Http1(Box<TlsStream<TcpStream>>),
    Http2(Box<TlsStream<TcpStream>>),
    /// The client did not want TLS, or not this one.
    No,
}

/// Agrees with the client on a secret and a protocol. Plain HTTP is told the right address.
pub(super) async fn secure(stream: TcpStream, acceptor: TlsAcceptor) -> Secured {
    let mut first = [HANDSHAKE];
    if matches!(stream.peek(&mut first).await, Ok(1)) && first != [HANDSHAKE] {
        refuse_plain(stream).await;
        return Secured::No;
    }
    match acceptor.accept(stream).await {
        Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2) => {
            Secured::Http2(Box::new(stream))
        }
        Ok(stream) => Secured::Http1(Box::new(stream)),
        Err(error) => {
            tracing::warn!(%error, "a client broke off: it may not trust the certificate of the container");
            Secured::No
        }
    }
}

async fn refuse_plain(stream: TcpStream) {
    let service = service_fn(async |_| {
        let mut response =
            Response::new(Body::from("this container speaks HTTPS: write https:// in its address\n"));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let plain = header::HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
        Ok::<_, std::convert::Infallible>(response)
    });
    let connection = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The requests of one HTTP/2 connection, which end with it.
#[derive(Clone, Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, request: F) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(request);
    }
}
