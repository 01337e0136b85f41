//! What the owner of a container asks of it over HTTP, beside what CloudKit has: requests, records, schemas, users,
//! faults, the clock, and snapshots. The page of the console lives on it, and so can any program.
//!
//! Every request needs the management token, or the key of the console's page, as a bearer token, beside what
//! [`gate`](super::gate) asks of all. `docs/test-container.md` has the list. Answers are JSON without secrets.

mod access;
mod archive;
mod data;
mod faults;
mod import;
mod mask;
mod requests;
mod schema;
mod snapshot;

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode_str;

use super::gate::{json, refused};
use super::{Reply, Request, State};
use crate::store::StoreError;

const PREFIX: &str = "/admin/";

/// The largest snapshot that is taken back.
const LARGEST: usize = 1 << 30;

/// Whether a path is one of these.
pub(super) fn serves(target: &str) -> bool {
    target.starts_with(PREFIX)
}

/// How large a body may be, in bytes: of nobody but the owner is one that large kept.
pub(super) fn body_cap(state: &State, headers: &HeaderMap) -> usize {
    if is_owner(state, headers) { LARGEST } else { 0 }
}

/// Everything that can be asked, as methods and paths.
pub(super) fn endpoints() -> Vec<(&'static str, String)> {
    OPERATIONS.iter().map(|(method, name, _)| (*method, format!("{PREFIX}{name}"))).collect()
}

/// Whether a request has the management token, or the key of the console's page.
fn is_owner(state: &State, headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    token.is_some_and(|token| {
        state.access().is_management_token(token) || state.settings().console_key.is(token)
    })
}

/// Why there is no other answer.
#[derive(Debug)]
struct Refusal {
    status: u16,
    error: String,
}

impl Refusal {
    fn bad(error: impl Into<String>) -> Self {
        Self { status: 400, error: error.into() }
    }

    fn not_found(error: impl Into<String>) -> Self {
        Self { status: 404, error: error.into() }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self { status: 500, error: format!("the store of the container failed: {error}") }
    }
}

type Answer = Result<Reply, Refusal>;

type Operation = fn(&State, &Asked<'_>) -> Answer;

/// All that can be asked.
const OPERATIONS: [(&str, &str, Operation); 19] = [
    ("GET", "container", access::container),
    ("GET", "access", access::access),
    ("GET", "subscriptions", access::subscriptions),
    ("POST", "clock", access::move_clock),
    ("GET", "requests", requests::list),
    ("GET", "request", requests::one),
    ("GET", "databases", data::databases),
    ("GET", "records", data::records),
    ("POST", "records", import::records),
    ("GET", "record", data::record),
    ("GET", "file", data::file),
    ("GET", "schema", schema::both),
    ("POST", "schema", schema::import),
    ("POST", "schema/deploy", schema::deploy),
    ("GET", "faults", faults::list),
    ("POST", "faults", faults::plan),
    ("POST", "faults/forget", faults::forget),
    ("GET", "snapshot", snapshot::take),
    ("POST", "restore", snapshot::restore),
];

/// A request with its parameters.
struct Asked<'a> {
    request: &'a Request,
    query: &'a str,
}

impl Asked<'_> {
    /// A parameter of the query string; `None` if it is missing or empty.
    fn text(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(given, _)| *given == name)?;
        let value = value.replace('+', " ");
        let value = percent_decode_str(&value).decode_utf8_lossy().into_owned();
        (!value.is_empty()).then_some(value)
    }

    fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).ok_or_else(|| Refusal::bad(format!("the parameter `{name}` is missing")))
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse();
        number
            .map(Some)
            .map_err(|_| Refusal::bad(format!("`{name}` is `{}`; it is a whole number", shown(&text))))
    }

    fn body(&self) -> Result<&[u8], Refusal> {
        self.request
            .body
            .as_deref()
            .ok_or_else(|| Refusal { status: 413, error: "the body is larger than 1 GiB".to_owned() })
    }
}

/// Answers a request.
pub(super) fn respond(state: &State, request: &Request) -> Reply {
    if !is_owner(state, &request.headers) {
        let mut reply = refused(
            401,
            "the management token of the container is missing or another; it goes into \
                                      `Authorization: Bearer …`",
        );
        reply.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return reply;
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let name = path.strip_prefix(PREFIX).unwrap_or_default();
    let named = || OPERATIONS.iter().filter(|(_, known, _)| *known == name);
    match named().find(|(method, ..)| *method == request.method) {
        Some((.., operation)) => {
            let answer = operation(state, &Asked { request, query });
            answer.unwrap_or_else(|refusal| refused(refusal.status, &refusal.error))
        }
        None if named().next().is_some() => {
            let methods: Vec<&str> = named().map(|(method, ..)| *method).collect();
            let mut reply = refused(405, &format!("`/admin/{name}` takes {}", methods.join(" and ")));
            let allow = HeaderValue::from_str(&methods.join(", "));
            reply.headers.extend(allow.ok().map(|allow| (header::ALLOW, allow)));
            reply
        }
        None => {
            let all: Vec<String> =
                endpoints().iter().map(|(method, path)| format!("{method} {path}")).collect();
            refused(404, &format!("there are {}", all.join(", ")))
        }
    }
}

/// What somebody has written, short enough to be told back.
fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}
