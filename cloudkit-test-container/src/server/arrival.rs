//! What is known of a request as soon as it is there, and the planned faults that it meets.

use serde_json::Value;

use super::part::Part;
use super::{Request, State, courier, files, handle};
use crate::api::{self, is_within_run};
use crate::auth::web_auth_token;
use crate::faults::{Arrival, Endpoint, Met, Service};
use crate::management;

/// The members of requests that hold a place in a feed.
const SYNC_TOKENS: [&str; 3] = ["syncToken", "metaSyncToken", "changeToken"];

/// The members of requests that hold a place in the results of a query.
const MARKERS: [&str; 2] = ["continuationMarker", "continuationToken"];

/// All endpoints for which rules can be, by the names that rules have for them.
pub(crate) fn endpoints_of_rules() -> Vec<Endpoint<'static>> {
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
    let (service, name) = match Part::of(&request.method, &request.target) {
        Part::Management => (Service::Management, management::name_of(&request.method, &request.target)?),
        Part::Files => (Service::Files, files::name_of(request)?),
        Part::LongPoll => (Service::Courier, courier::NAME),
        Part::WebServices => (Service::Web, handle::name_of(state, request)?),
        Part::Admin | Part::Console | Part::SignIn => return None,
    };
    Some(Endpoint { service, name })
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
    let place = match endpoint.service {
        // The bytes of a file may look like anything.
        Service::Files => Place::default(),
        _ => Place::read(body),
    };
    let has_token = match endpoint.service {
        Service::Web => web_auth_token(&request.target).is_some(),
        Service::Files | Service::Courier => true,
        Service::Management => management::has_token(request),
    };
    let arrival = Arrival {
        endpoint,
        next_page: place.in_query || place.in_feed,
        has_token,
        has_sync_token: place.in_feed,
        within_empty_pages: place.within_empty_pages,
        now_ms: state.clock().now_ms(),
    };
    state.faults().meet(&arrival)
}

/// Where a request goes on.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    in_query: bool,
    in_feed: bool,
    /// The feed is followed through a run of empty pages that an earlier request has met.
    within_empty_pages: bool,
}

impl Place {
    fn read(body: &[u8]) -> Self {
        // A quote inside of a JSON string has a backslash before it, so only a whole string can look like this.
        let mentions =
            |member: &&str| memchr::memmem::find(body, format!("\"{member}\"").as_bytes()).is_some();
        if !SYNC_TOKENS.iter().chain(&MARKERS).any(mentions) {
            return Self::default();
        }
        let Ok(request) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let zones = request.get("zones").and_then(Value::as_array).into_iter().flatten();
        let given =
            |object: &Value, member: &str| object.get(member).and_then(Value::as_str).map(str::to_owned);
        let tokens: Vec<String> = std::iter::once(&request)
            .chain(zones)
            .flat_map(|object| SYNC_TOKENS.iter().filter_map(|member| given(object, member)))
            .collect();
        Self {
            in_query: MARKERS.iter().any(|member| given(&request, member).is_some()),
            in_feed: !tokens.is_empty(),
            within_empty_pages: tokens.iter().any(|token| is_within_run(token)),
        }
    }
}
