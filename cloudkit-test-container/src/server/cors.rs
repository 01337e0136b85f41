//! The headers that let programs in a browser use the server.

use http::{HeaderMap, HeaderValue};

const EXPOSED: &str =
    "X-Apple-CloudKit-Web-Auth-Token, X-Apple-CloudKit-Session, X-Apple-Request-UUID, Retry-After";

/// Adds what every reply carries.
pub(super) fn allow(request: &HeaderMap, reply: &mut HeaderMap) {
    let origin = request.get(http::header::ORIGIN).cloned();
    reply.insert("access-control-allow-origin", origin.unwrap_or(HeaderValue::from_static("*")));
    reply.insert("access-control-expose-headers", HeaderValue::from_static(EXPOSED));
    reply.insert("vary", HeaderValue::from_static("Origin"));
}

/// Adds what the reply to a preflight carries.
pub(super) fn preflight(request: &HeaderMap, reply: &mut HeaderMap) {
    reply.insert("access-control-allow-methods", HeaderValue::from_static("GET, POST, OPTIONS"));
    if let Some(headers) = request.get("access-control-request-headers") {
        reply.insert("access-control-allow-headers", headers.clone());
    }
    reply.insert("access-control-max-age", HeaderValue::from_static("3600"));
}
