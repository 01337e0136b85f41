//! One request, from its bytes to the bytes of the reply. Nothing here knows about connections.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use cloudkit_core::auth::HEADER_KEY_ID;
use cloudkit_core::explain::CauseCode;
use cloudkit_core::runtime::Clock as _;
use cloudkit_core::{Environment, ServerErrorCode};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::exchange::Exchange;
use super::part::Part;
use super::{LoggedRequest, State, cors, courier, files, planned, sign_in};
use crate::api::{ApiError, Call, Endpoint, Scope, answer};
use crate::auth::{
    Arrived, Findings, Refusal, SignedRequest, authenticate, explain, redact_target, web_auth_token,
};
use crate::clock::http_date;
use crate::facts;
use crate::faults::Fault;
use crate::management;

/// A request as it was received.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, byte for byte.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    /// The body; `None` if it was larger than the server takes.
    pub(crate) body: Option<Bytes>,
    /// When it arrived, by [the container's clock](crate::Clock) as clients measure by it.
    pub(crate) arrived: Duration,
}

/// What goes back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) delivery: Delivery,
}

impl Reply {
    /// A reply that arrives.
    pub(crate) fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into(), delivery: Delivery::Whole }
    }
}

/// How a reply travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Delivery {
    #[default]
    Whole,
    /// The connection closes instead.
    Dropped,
    /// The connection closes when so much of the body is sent, and never at its end.
    Truncated { percent: u8 },
    /// The body comes in pieces of so many bytes, each after a pause.
    Slow { piece: usize, pause: Duration },
}

/// Where a path leads.
struct Route {
    environment: Environment,
    scope: Scope,
    endpoint: Endpoint,
    /// Whether the endpoint belongs elsewhere, so that no method leads to it.
    misplaced: bool,
}

impl Route {
    fn methods(&self) -> &'static [&'static str] {
        if self.misplaced { &[] } else { self.endpoint.methods() }
    }
}

/// Why a path leads nowhere.
struct NoRoute {
    error: ApiError,
    /// For what the credentials are refused, if it is that.
    refused_for: Option<CauseCode>,
}

impl From<ApiError> for NoRoute {
    fn from(error: ApiError) -> Self {
        Self { error, refused_for: None }
    }
}

/// The name of the endpoint of the web services that a request leads to; `None` if it leads to none.
pub(super) fn name_of(state: &State, request: &Request) -> Option<&'static str> {
    let route = route(state, &request.target).ok()?;
    route.methods().contains(&request.method.as_str()).then(|| route.endpoint.as_str())
}

/// A request that was answered, before its reply has all its headers.
pub(crate) struct Answered {
    reply: Reply,
    fault: Option<Fault>,
    findings: Findings,
    server_error_code: Option<String>,
    uuid: String,
}

/// Answers a request, with the fault that it has met.
pub(crate) fn handle(state: &State, request: &Request, fault: Option<Fault>) -> Answered {
    let uuid = state.random_uuid();
    let mut findings = Findings::none();
    let mut reply = Reply::new(200, HeaderMap::new(), Bytes::new());
    let mut server_error_code = None;

    let fault_met = fault.as_ref();
    let answered = match Part::of(&request.method, &request.target) {
        _ if request.method == "OPTIONS" => {
            reply.headers.insert(http::header::ALLOW, HeaderValue::from_static("GET, POST, PUT, DELETE"));
            cors::preflight(&request.headers, &mut reply.headers);
            Ok(())
        }
        Part::SignIn => {
            reply = sign_in::respond(state, &request.target);
            Ok(())
        }
        Part::Management => {
            server_error_code = management::respond(state, request, fault_met, &uuid, &mut reply);
            Ok(())
        }
        Part::Files => {
            reply = files::respond(state, request, fault_met);
            Ok(())
        }
        Part::LongPoll => {
            courier::respond(state, request, fault_met).map(|notification| reply = notification)
        }
        // What is for the owner of the container was answered before.
        Part::WebServices | Part::Admin | Part::Console => {
            respond(state, request, fault_met, &mut findings, &mut reply)
        }
    };
    if let Err(mut error) = answered {
        error.locate(request.body.as_deref().unwrap_or_default());
        reply.status = error.http_status();
        reply.body = error.body(&uuid).into();
        if let Some(seconds) = error.retry_after_seconds() {
            reply.headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        server_error_code = Some(error.code.as_str().to_owned());
    }
    if reply.delivery == Delivery::Whole {
        reply.delivery = planned::delivery(fault.as_ref());
    }
    Answered { reply, fault, findings, server_error_code, uuid }
}

impl Answered {
    /// Whether there is a refusal to be explained, which takes much longer than everything else.
    pub(crate) const fn needs_explanation(&self) -> bool {
        self.findings.refusal.is_some()
    }

    /// Completes the reply, and writes the request to the log.
    pub(crate) fn finish(self, state: &State, request: &Request) -> Reply {
        let Self { mut reply, fault, mut findings, server_error_code, uuid } = self;
        findings.explanation = findings.refusal.map(|refusal| {
            let arrived = Arrived {
                method: &request.method,
                target: &request.target,
                headers: &request.headers,
                body: request.body.as_deref().unwrap_or_default(),
            };
            explain(state, &arrived, refusal)
        });
        add_headers(state, request, &findings, &uuid, &mut reply);
        let logged = LoggedRequest {
            method: request.method.clone(),
            target: redact_target(&request.target),
            status: reply.status,
            dropped: reply.delivery == Delivery::Dropped,
            fault: fault.as_ref().map(Fault::kind),
            server_error_code,
            key_id: known_key_id(state, request),
            signature: findings.signature,
            explanation: findings.explanation.as_ref().map(|explained| explained.line.clone()),
            notes: std::mem::take(&mut findings.notes),
            uuid,
            at_ms: state.clock().now_ms(),
        };
        let took = state.clock().monotonic().saturating_sub(request.arrived);
        state
            .log()
            .push(logged, |number, logged| Exchange::new(number, logged, request, &reply, findings, took));
        reply
    }
}

fn respond(
    state: &State,
    request: &Request,
    fault: Option<&Fault>,
    findings: &mut Findings,
    reply: &mut Reply,
) -> Result<(), ApiError> {
    let route = match route(state, &request.target) {
        Ok(route) => route,
        Err(no_route) => {
            findings.refusal = no_route.refused_for.map(|code| Refusal(Some(code)));
            return Err(no_route.error);
        }
    };
    let methods = route.methods();
    if !methods.contains(&request.method.as_str()) {
        let allow = HeaderValue::from_str(&[methods, &["OPTIONS"]].concat().join(", "));
        reply.headers.extend(allow.ok().map(|allow| (http::header::ALLOW, allow)));
        let mut error = ApiError::bad_request("method not allowed");
        error.status = Some(405);
        return Err(error);
    }
    let Some(body) = &request.body else { return Err(state.too_large()) };
    if fault == Some(&Fault::ExpiredToken)
        && let Some(token) = web_auth_token(&request.target)
    {
        state.expire_web_auth_token(&token);
    }
    let signed = SignedRequest {
        target: &request.target,
        headers: &request.headers,
        body,
        environment: route.environment,
        scope: route.scope,
        endpoint: route.endpoint,
    };
    let caller = authenticate(state, &signed, findings);
    if let Some(planned) = planned::in_place(fault)? {
        *reply = planned;
        return Ok(());
    }
    let caller = caller?;
    findings.caller = Some(caller.clone());
    let call = Call {
        state,
        environment: route.environment,
        scope: route.scope,
        caller: &caller,
        api_token: findings.api_token.as_deref(),
        now: state.clock().now_ms(),
        wants_sync_token: has_parameter(&request.target, "getCurrentSyncToken", "true"),
        empty_pages: planned::empty_pages(fault),
    };
    planned::happen_before(&call, fault, body)?;
    reply.body = answer(&call, route.endpoint, &request.method, body)?.into();
    Ok(())
}

/// Reads `/database/1/{container}/{environment}/{database}/{endpoint}`, and `/device/1/{container}/{environment}/tokens/…`,
/// which has no database.
fn route(state: &State, target: &str) -> Result<Route, NoRoute> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let no_handler =
        || NoRoute::from(ApiError::new(ServerErrorCode::NotFound, "could not find handler for endpoint"));
    let (is_device, rest) = match (path.strip_prefix("/database/1/"), path.strip_prefix("/device/1/")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => return Err(no_handler()),
    };
    let mut segments = rest.splitn(3, '/');
    let mut segment = || segments.next().ok_or_else(no_handler);
    let (container, environment, rest) = (decoded(segment()?), decoded(segment()?), segment()?);

    let failed = |code| NoRoute {
        error: ApiError::new(ServerErrorCode::AuthenticationFailed, "Authentication failed"),
        refused_for: Some(code),
    };
    let served = &state.settings().container_id;
    if container != *served {
        return Err(failed(CauseCode::ContainerIdMalformed));
    }
    let environment: Environment =
        environment.parse().map_err(|_| failed(CauseCode::EnvironmentMalformed))?;
    if let Some(endpoint) = Endpoint::from_device_path(&decoded(rest)) {
        // The reference has these under `database`, where the live service knows the path but no method.
        let misplaced = !is_device;
        return Ok(Route { environment, scope: Scope::Public, endpoint, misplaced });
    }
    let (database, endpoint) = rest.split_once('/').filter(|_| !is_device).ok_or_else(no_handler)?;
    let (database, endpoint) = (decoded(database), decoded(endpoint));
    let scope = Scope::from_path(&database).ok_or_else(|| {
        let database: String = database.chars().take(40).collect();
        ApiError::new(
            crate::facts::DATABASE_SEGMENT.value,
            format!("BadRequestException: unknown database type '{database}'"),
        )
    })?;
    let endpoint = Endpoint::from_path(&endpoint).ok_or_else(no_handler)?;
    Ok(Route { environment, scope, endpoint, misplaced: false })
}

/// A segment of a path without its percent-encoding, unless there is a slash in it.
fn decoded(segment: &str) -> Cow<'_, str> {
    if !facts::ENCODED_SEGMENTS_ARE_DECODED.value {
        return Cow::Borrowed(segment);
    }
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) if text.matches('/').count() == segment.matches('/').count() => text,
        _ => Cow::Borrowed(segment),
    }
}

/// Whether the query string has this parameter with this value.
fn has_parameter(target: &str, name: &str, value: &str) -> bool {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    query.split('&').any(|pair| pair.split_once('=') == Some((name, value)))
}

/// Adds the headers that all replies have.
fn add_headers(state: &State, request: &Request, findings: &Findings, uuid: &str, reply: &mut Reply) {
    cors::allow(&request.headers, &mut reply.headers);
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            reply.headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-apple-request-uuid", uuid);
    set("date", &http_date(state.clock().now_ms()));
    if let Some(token) = &findings.new_token {
        set("x-apple-cloudkit-web-auth-token", token);
        set("x-apple-cloudkit-session", token);
    }
    if let Some(explanation) = &findings.explanation
        && !state.settings().strict_headers
    {
        set("x-cloudkit-explain", &explanation.line);
        // The script of a page reads it too.
        let exposed = HeaderValue::from_static("X-CloudKit-Explain");
        reply.headers.append(http::header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    if !reply.headers.contains_key(http::header::CONTENT_TYPE) {
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        reply.headers.insert(http::header::CONTENT_TYPE, json);
    }
    if reply.body.is_empty() && request.method == "OPTIONS" {
        reply.body = Bytes::from_static(b"{}");
    }
}

/// The key ID for the log: only if it is one, since anything else may be a secret in the wrong place.
fn known_key_id(state: &State, request: &Request) -> Option<String> {
    let key_id = request.headers.get(HEADER_KEY_ID)?.to_str().ok()?;
    let keys = state.keys().read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = keys.with_id(key_id).next()?;
    Some(key.key_id.clone())
}
