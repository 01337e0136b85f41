//! Connections on loopback.
//!
//! axum answers the requests. The connections below it are driven here, because a planned fault must be able to close one
//! without a byte of reply, and because none may outlive the container.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use cloudkit_core::runtime::Clock as _;
use http::{HeaderValue, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::arrival::endpoint_of;
use super::part::Part;
use super::secure::{Secured, Streams, secure};
use super::trouble::{Dropped, TroubledBody};
use super::{Delivery, Reply, Request, State, admin, arrive, courier, files, gate, handle};
use crate::api::ApiError;
use crate::facts;
use crate::faults::{Fault, Met};

/// Bodies above the limit are read to their end, so that the client gets to read the answer, but not beyond this.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// A request with a larger body, in bytes, is answered on a thread of its own.
const SHORT_BODY: usize = 16 * 1024;

/// How long nobody is accepted after somebody could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How long a client may take for the next part of a request unless the builder says something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// As much memory is set aside before a body is there, whatever length it announces.
const TRUSTED_LENGTH: usize = 1024 * 1024;

/// What a form may add to the file in it.
const FORM_SLACK: usize = 64 * 1024;

/// Accepts connections until `stop` changes. Dropping the future ends all of them.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>, mut stop: watch::Receiver<bool>) {
    let acceptor = state.tls().map(|tls| TlsAcceptor::from(Arc::clone(&tls.config)));
    // One handler for every path: which bytes were signed decides, so the path is not taken apart before.
    let patience = state.settings().patience;
    let app = Router::new().fallback(respond).with_state(state);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, acceptor.clone(), app.clone(), patience, stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: others must close first.
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    app: Router,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    // Small replies must not wait for the acknowledgement of earlier ones.
    let _ = stream.set_nodelay(true);
    let misdirected = Misdirected::default();
    let over_loopback = stream.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let mut app = app.clone();
        request.extensions_mut().insert(misdirected.clone());
        if over_loopback {
            request.extensions_mut().insert(OverLoopback);
        }
        async move {
            match app.call(request).await {
                Ok(response) if response.extensions().get::<Dropped>().is_some() => Err(Dropped),
                Ok(response) => Ok(response),
                Err(never) => match never {},
            }
        }
    });
    let mut http1 = http1::Builder::new();
    http1.timer(TokioTimer::new()).header_read_timeout(patience);
    let Some(acceptor) = acceptor else {
        let connection = http1.serve_connection(TokioIo::new(stream), service);
        return drive(connection, http1::Connection::graceful_shutdown, stop).await;
    };
    let secured = tokio::select! {
        secured = secure(stream, acceptor) => secured,
        () = tokio::time::sleep(patience) => return,
        _ = stop.changed() => return,
    };
    match secured {
        Secured::No => {}
        Secured::Http1(stream) => {
            let connection = http1.serve_connection(TokioIo::new(*stream), service);
            drive(connection, http1::Connection::graceful_shutdown, stop).await;
        }
        Secured::Http2(stream) => {
            let builder = http2::Builder::new(Streams::default());
            let connection = builder.serve_connection(TokioIo::new(*stream), service);
            drive(connection, http2::Connection::graceful_shutdown, stop).await;
        }
    }
}

/// Sees a connection to its end, which comes soon once the container stops.
async fn drive<C>(connection: C, wind_up: impl FnOnce(Pin<&mut C>), mut stop: watch::Receiver<bool>)
where
    C: Future<Output = hyper::Result<()>>,
{
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stop.changed() => {
            wind_up(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The client is a program of the same machine.
#[derive(Clone, Copy, Debug)]
struct OverLoopback;

/// The services of which a planned fault has said that the connection belongs to another host, as bits.
#[derive(Clone, Debug, Default)]
struct Misdirected(Arc<AtomicU8>);

impl Misdirected {
    fn is_so(&self, state: &State, request: &Request) -> bool {
        let services = self.0.load(Ordering::SeqCst);
        services != 0 && services & Self::bit(state, request) != 0
    }

    fn set(&self, state: &State, request: &Request) {
        self.0.fetch_or(Self::bit(state, request), Ordering::SeqCst);
    }

    /// The bit of the service that a request is for.
    fn bit(state: &State, request: &Request) -> u8 {
        endpoint_of(state, request).map_or(0, |endpoint| 1 << endpoint.service as u8)
    }
}

async fn respond(Shared(state): Shared<Arc<State>>, request: HttpRequest) -> Response {
    let arrived = state.clock().monotonic();
    let (mut parts, body) = request.into_parts();
    // HTTP/2 has the name of the host in the address of the request.
    if let (None, Some(authority)) = (parts.headers.get(header::HOST), parts.uri.authority())
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        parts.headers.insert(header::HOST, host);
    }
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let cap = body_cap(&state, &target, &parts.headers);
    // If the client went away in the middle of its request, or stopped there, nobody is left to answer.
    let Some(body) = read_body(body, cap, state.settings().patience).await else {
        return Dropped::response();
    };
    let request =
        Request { method: parts.method.as_str().to_owned(), target, headers: parts.headers, body, arrived };
    if matches!(Part::of(&request.method, &request.target), Part::Admin | Part::Console) {
        let over_loopback = parts.extensions.get::<OverLoopback>().is_some();
        let reply = spawn_blocking(move || gate::respond(&state, &request, over_loopback)).await;
        let mut response = Response::new(Body::empty());
        match reply {
            Ok(reply) => {
                *response.body_mut() = Body::from(reply.body);
                *response.headers_mut() = reply.headers;
                *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
            }
            Err(_) => *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR,
        }
        return response;
    }
    let Met { delay, fault } = meet(&state, &request, parts.extensions.get::<Misdirected>());
    if !delay.is_zero() {
        state.clock().sleep(delay).await;
    }
    // A poll that is refused is refused at once.
    if !fault.as_ref().is_some_and(Fault::refuses) {
        courier::wait(&state, &request).await;
    }
    let reply = answer(&state, request, fault).await.unwrap_or_else(|error| broken(&state, &error));
    let body = match reply.delivery {
        Delivery::Whole => Body::from(reply.body),
        Delivery::Dropped => return Dropped::response(),
        Delivery::Truncated { percent } => Body::new(TroubledBody::truncated(reply.body, percent)),
        Delivery::Slow { piece, pause } => {
            Body::new(TroubledBody::slow(reply.body, piece, pause, state.clock().clone()))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    *response.headers_mut() = reply.headers;
    response
}

/// Answers a request: at once where that takes no longer than to hand it to another thread, and otherwise there.
async fn answer(state: &Arc<State>, request: Request, fault: Option<Fault>) -> Result<Reply, JoinError> {
    if !is_short(state, &request) {
        let state = Arc::clone(state);
        return spawn_blocking(move || handle(&state, &request, fault).finish(&state, &request)).await;
    }
    let answered = catch_unwind(AssertUnwindSafe(|| handle(state, &request, fault)));
    let Ok(answered) = answered else { return Ok(broken(state, &"a panic")) };
    if answered.needs_explanation() {
        let state = Arc::clone(state);
        return spawn_blocking(move || answered.finish(&state, &request)).await;
    }
    Ok(answered.finish(state, &request))
}

/// Whether a request is about records in memory, and few of them.
fn is_short(state: &State, request: &Request) -> bool {
    let length = request.body.as_ref().map_or(0, Bytes::len);
    let is_of_records = Part::of(&request.method, &request.target) == Part::WebServices;
    is_of_records && state.shared_store().is_in_memory() && length <= SHORT_BODY
}

/// How large a body may be, in bytes.
fn body_cap(state: &State, target: &str, headers: &http::HeaderMap) -> usize {
    if admin::serves(target) {
        admin::body_cap(state, headers)
    } else if files::is_upload(target) {
        // A form has lines around the file. The file itself is measured when it is at hand.
        state.settings().asset_limit.saturating_add(FORM_SLACK)
    } else {
        facts::BODY_CAP.value
    }
}

/// What the request meets. A connection that is misdirected stays so, whatever else is planned.
fn meet(state: &State, request: &Request, connection: Option<&Misdirected>) -> Met {
    let Some(connection) = connection else { return arrive(state, request) };
    if connection.is_so(state, request) {
        return Met { fault: Some(Fault::Misdirected), ..Met::default() };
    }
    let met = arrive(state, request);
    if met.fault == Some(Fault::Misdirected) {
        connection.set(state, request);
    }
    met
}

/// The body, or `Some(None)` if it is larger than the server takes. `None` if it does not come to an end, or a piece of it
/// not in time.
async fn read_body(mut body: Body, cap: usize, patience: Duration) -> Option<Option<Bytes>> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(announced.min(cap).min(TRUSTED_LENGTH));
    let mut received = 0_usize;
    while let Some(frame) = tokio::time::timeout(patience, body.frame()).await.ok()? {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        received += data.len();
        if received <= cap {
            bytes.extend_from_slice(&data);
        } else if received > cap.max(DRAIN_LIMIT) {
            break;
        }
    }
    Some((received <= cap).then(|| Bytes::from(bytes)))
}

/// The reply to a request that met a mistake of the server's own.
fn broken(state: &State, error: &dyn fmt::Display) -> Reply {
    tracing::error!(%error, "a request could not be answered");
    let refusal = ApiError::new(
        cloudkit_core::ServerErrorCode::InternalError,
        "the test container has a fault of its own; please report it",
    );
    Reply::new(500, http::HeaderMap::new(), refusal.body(&state.random_uuid()))
}
