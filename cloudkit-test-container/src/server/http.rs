//! Connections on loopback.
//!
//! axum answers the requests. The connections below it are driven here, because a planned fault must be able to close one
//! without a byte of reply, and because none may outlive the container.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use cloudkit_core::runtime::Clock as _;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tower_service::Service as _;

use super::trouble::{Dropped, TroubledBody};
use super::{Delivery, Reply, Request, State, admin, arrive, courier, files, handle};
use crate::api::ApiError;
use crate::facts;
use crate::faults::{Fault, Met};

/// Bodies above the limit are read to their end, so that the client gets to read the answer, but not beyond this.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// A request with a larger body, in bytes, is answered on a thread of its own.
const SHORT_BODY: usize = 16 * 1024;

/// What a form may add to the file in it.
const FORM_SLACK: usize = 64 * 1024;

/// Accepts connections until `stop` changes. Dropping the future ends all of them.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>, mut stop: watch::Receiver<bool>) {
    // One handler for every path: which bytes were signed decides, so the path is not taken apart before.
    let app = Router::new().fallback(respond).with_state(state);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, app.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    // Out of file descriptors, most likely: others must close first.
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, app: Router, mut stop: watch::Receiver<bool>) {
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
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
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

/// Whether a planned fault has said that the connection belongs to another host.
#[derive(Clone, Debug, Default)]
struct Misdirected(Arc<AtomicBool>);

async fn respond(Shared(state): Shared<Arc<State>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let body = match read_body(body, body_cap(&state, &target)).await {
        Ok(body) => body,
        // The client went away in the middle of its request; nobody is left to answer.
        Err(_) => return Dropped::response(),
    };
    let request = Request { method: parts.method.as_str().to_owned(), target, headers: parts.headers, body };
    if admin::serves(&request.target) {
        let over_loopback = parts.extensions.get::<OverLoopback>().is_some();
        let reply = spawn_blocking(move || admin::respond(&state, &request, over_loopback)).await;
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
    courier::wait(&state, &request).await;
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
    state.shared_store().is_in_memory() && request.target.starts_with("/database/") && length <= SHORT_BODY
}

/// How large a body may be, in bytes.
fn body_cap(state: &State, target: &str) -> usize {
    if admin::serves(target) {
        admin::BODY_CAP
    } else if files::is_upload(target) {
        // A form has lines around the file. The file itself is measured when it is at hand.
        state.settings().asset_limit.saturating_add(FORM_SLACK)
    } else {
        facts::BODY_CAP.value
    }
}

/// What the request meets. A misdirected connection stays so, whatever else is planned.
fn meet(state: &State, request: &Request, connection: Option<&Misdirected>) -> Met {
    if connection.is_some_and(|connection| connection.0.load(Ordering::SeqCst)) {
        return Met { fault: Some(Fault::Misdirected), ..Met::default() };
    }
    let met = arrive(state, request);
    if met.fault == Some(Fault::Misdirected)
        && let Some(connection) = connection
    {
        connection.0.store(true, Ordering::SeqCst);
    }
    met
}

/// The body, or `None` if it is larger than the server takes.
async fn read_body(mut body: Body, cap: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut bytes = Vec::with_capacity(usize::try_from(body.size_hint().lower()).unwrap_or(0).min(cap));
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        received += data.len();
        if received <= cap {
            bytes.extend_from_slice(&data);
        } else if received > cap.max(DRAIN_LIMIT) {
            break;
        }
    }
    Ok((received <= cap).then(|| Bytes::from(bytes)))
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
