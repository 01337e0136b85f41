//! What is known of a request as soon as it is there, and the planned faults that it meets.

use serde_json::Value;

use super::{Request, State, courier, files, handle};
use crate::api::{self, is_within_run};
use crate::auth::web_auth_token;
use crate::faults::{Arrival, Endpoint, Met, Service};
use crate::management;

/// The members of requests that hold the place in a feed or query.
const SYNC_TOKENS: [&str; 3] = ["syncToken", "metaSyncToken", "changeToken"];

/// All endpoints for which rules can be, by the names that rules have for them.
pub(crate) fn endpoints() -> Vec<Endpoint<'static>> {
    let of = |service| move |name| Endpoint { service, name };
    let files = [files::UPLOAD, files::DOWNLOAD];
    api::Endpoint::names()
        .map(of(Service::Web))
        .chain(files.map(of(Service::Files)))
        .chain([courier::NAME].map(of(Service::Courier)))
        .chain(management::names().map(of(Service::Management)))
        .collect()
}

/// The endpoint that a request leads to; `None` if it leads nowhere.
pub(super) fn endpoint_of(state: &State, request: &Request) -> Option<Endpoint<'static>> {
    if management::serves(&request.target) {
        let name = management::name_of(&request.method, &request.target)?;
        return Some(Endpoint { service: Service::Management, name });
    }
    if let Some(name) = files::name_of(request) {
        return Some(Endpoint { service: Service::Files, name });
    }
    if courier::is_poll(request) {
        return Some(Endpoint { service: Service::Courier, name: courier::NAME });
    }
    let name = handle::name_of(state, request)?;
    Some(Endpoint { service: Service::Web, name })
}

/// Decides which planned faults a request meets, as soon as it is there.
///
/// Only requests that lead somewhere meet any.
pub(crate) fn arrive(state: &State, request: &Request) -> Met {
    if state.faults().is_idle() {
        return Met::default();
    }
    let (Some(endpoint), Some(body)) = (endpoint_of(state, request), request.body.as_deref()) else {
        return Met::default();
    };
    // A quote inside of a JSON string has a backslash before it, so only a whole string can look like this. The body of
    // a file may look like anything.
    let speaks_json = endpoint.service != Service::Files;
    let mentions = |member: &str| {
        speaks_json && memchr::memmem::find(body, format!("\"{member}\"").as_bytes()).is_some()
    };
    let has_sync_token = SYNC_TOKENS.into_iter().any(mentions);
    let has_token = match endpoint.service {
        Service::Web => web_auth_token(&request.target).is_some(),
        Service::Files | Service::Courier => true,
        Service::Management => management::has_token(request),
    };
    let arrival = Arrival {
        endpoint,
        next_page: has_sync_token || mentions("continuationMarker") || mentions("continuationToken"),
        has_token,
        has_sync_token,
        within_empty_pages: has_sync_token && is_within_empty_pages(body),
        now_ms: state.clock().now_ms(),
    };
    state.faults().meet(&arrival)
}

/// Whether the request follows a feed through a run of empty pages that an earlier one has met.
fn is_within_empty_pages(body: &[u8]) -> bool {
    let Ok(request) = serde_json::from_slice::<Value>(body) else { return false };
    let zones = request.get("zones").and_then(Value::as_array).into_iter().flatten();
    let token = |place: &Value| {
        let tokens = SYNC_TOKENS.iter().filter_map(|member| place.get(member)?.as_str());
        tokens.into_iter().any(is_within_run)
    };
    token(&request) || zones.into_iter().any(token)
}
