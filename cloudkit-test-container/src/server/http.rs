//! Connections on loopback.
//!
//! axum answers the requests. The connections below it are driven here, because a planned fault must be able to close one
//! without a byte of reply, and because none may outlive the container.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State as Shared};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service as _;

use super::{Reply, Request, State, files, handle};
use crate::api::ApiError;
use crate::facts;

/// Bodies above the limit are read to their end, so that the client gets to read the answer, but not beyond this.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

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
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut app = app.clone();
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

/// The connection is to be closed instead of answered. A response carries it down to the connection.
#[derive(Clone, Copy, Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a planned fault closes the connection")
    }
}

impl std::error::Error for Dropped {}

impl Dropped {
    fn response() -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(Self);
        response
    }
}

async fn respond(Shared(state): Shared<Arc<State>>, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let body = match read_body(body, body_cap(&state, &target)).await {
        Ok(body) => body,
        // The client went away in the middle of its request; nobody is left to answer.
        Err(_) => return Dropped::response(),
    };
    let request = Request { method: parts.method.as_str().to_owned(), target, headers: parts.headers, body };
    let reply = {
        let state = Arc::clone(&state);
        tokio::task::spawn_blocking(move || handle(&state, &request)).await
    };
    let reply = reply.unwrap_or_else(|error| broken(&state, &error));
    if reply.drop {
        return Dropped::response();
    }
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    *response.headers_mut() = reply.headers;
    response
}

/// How large a body may be, in bytes.
fn body_cap(state: &State, target: &str) -> usize {
    if files::is_upload(target) {
        // A form has lines around the file. The file itself is measured when it is at hand.
        state.settings().asset_limit.saturating_add(FORM_SLACK)
    } else {
        facts::BODY_CAP.value
    }
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
    Reply {
        status: 500,
        headers: http::HeaderMap::new(),
        body: refusal.body(&state.random_uuid()).into(),
        drop: false,
    }
}
