//! The management API, which Apple's schema tools speak: teams, containers, schemas, and records under names of their
//! own.
//!
//! Records are not kept twice: a record operation is told to the web services' endpoint that does the same, in that
//! endpoint's words, and the answer is told back.

mod access;
mod changes;
mod directory;
mod error;
mod form;
mod query;
mod records;
mod route;
mod schema;
mod services;
mod shares;
mod value;
mod zones;

use std::cell::Cell;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

pub(crate) use access::{Access, DEVELOPER, has_token};
use error::Refusal;
use route::{Operation, Route};

use crate::faults::Fault;
use crate::server::{Reply, Request, State, in_place};

/// What an operation that succeeds answers.
struct Answer {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::from(body.to_string()) }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }
}

/// A request on its way to an operation.
#[derive(Clone, Copy)]
struct Cx<'a> {
    state: &'a State,
    request: &'a Request,
    route: &'a Route,
    /// The planned fault that the request has met, until an endpoint of the web services meets it.
    fault: &'a Cell<Option<&'a Fault>>,
}

/// The methods and paths of all operations.
pub(crate) fn endpoints() -> Vec<(&'static str, String)> {
    route::ROUTES.iter().map(|(_, method, path)| (*method, format!("/{path}"))).collect()
}

/// Whether a path belongs to the management API.
pub(crate) fn serves(target: &str) -> bool {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    ["/v1/", "/teams/", "/users/"].iter().any(|start| path.starts_with(start))
}

/// The names of all operations, as rules of faults have them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    route::operations().map(Operation::name)
}

/// The name by which rules know the operation that a request asks for.
pub(crate) fn name_of(method: &str, target: &str) -> Option<&'static str> {
    Some(route::route(method, target).ok()?.operation.name())
}

/// Answers a request. Returns the error code for the log if the request is refused.
pub(crate) fn respond(
    state: &State,
    request: &Request,
    fault: Option<&Fault>,
    uuid: &str,
    reply: &mut Reply,
) -> Option<String> {
    let answered = match in_place(fault) {
        Ok(Some(planned)) => {
            *reply = planned;
            return None;
        }
        Ok(None) => answer(state, request, fault),
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok(answer) => {
            reply.status = answer.status;
            reply.headers.extend(answer.headers);
            reply.body = answer.body;
            None
        }
        Err(refusal) => {
            reply.status = refusal.status;
            if let Some(seconds) = refusal.retry_after_seconds {
                reply.headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            if let Some(methods) = refusal.allow
                && let Ok(allow) = HeaderValue::from_str(methods)
            {
                reply.headers.insert(http::header::ALLOW, allow);
            }
            reply.body = refusal.body(uuid).into();
            Some(refusal.code)
        }
    }
}

fn answer(state: &State, request: &Request, fault: Option<&Fault>) -> Result<Answer, Refusal> {
    let route = route::route(&request.method, &request.target)?;
    let fault = Cell::new(fault);
    let cx = Cx { state, request, route: &route, fault: &fault };
    if fault.get() == Some(&Fault::ExpiredToken) {
        cx.expire_token()?;
    }
    match route.operation {
        Operation::GetTeams => directory::teams(cx),
        Operation::GetContainers => directory::containers(cx),
        Operation::ExportSchema => schema::export(cx),
        Operation::ValidateSchema => schema::validate(cx),
        Operation::ImportSchema => schema::import(cx),
        Operation::ResetToProduction => schema::reset(cx),
        Operation::ResetConfigToProduction => schema::reset_configuration(cx),
        Operation::CreateRecord => records::create(cx),
        Operation::GetRecord => records::get(cx),
        Operation::UpdateRecord => records::update(cx),
        Operation::DeleteRecord => records::delete(cx),
        Operation::LookupRecords => records::lookup(cx),
        Operation::QueryRecords => query::query(cx),
        Operation::DeleteRecordsByQuery => query::delete(cx),
        Operation::QueryRecordChanges => changes::changes(cx),
        Operation::GetZones => zones::list(cx),
        Operation::GetZone => zones::get(cx),
        Operation::CreateZone => zones::create(cx),
        Operation::DeleteZone => zones::delete(cx),
        Operation::CreateAssetUploadUrl => records::asset_upload_url(cx),
        Operation::ResolveRecord => shares::resolve(cx),
        Operation::AcceptRecord => shares::accept(cx),
        Operation::GetSessionUser => directory::session_user(cx),
    }
}
