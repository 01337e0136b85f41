//! The way from an operation of the management API to the web services' endpoint that does the work.

use serde_json::{Map, Value, json};

use super::Cx;
use super::error::Refusal;
use crate::api::{ApiError, Call, Endpoint, answer, upload_for_any_record};
use crate::server::{empty_pages, happen_before};
use crate::store::DEFAULT_ZONE;

impl Cx<'_> {
    /// The request's JSON object. An empty body is an empty object where the operation can do without one.
    pub(super) fn body(&self, optional: bool) -> Result<Map<String, Value>, Refusal> {
        let Some(body) = &self.request.body else { return Err(self.state.too_large().into()) };
        if body.is_empty() && optional {
            return Ok(Map::new());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::bad_request("the body must be a JSON object")),
            Err(error) => Err(Refusal::bad_request(format!("the body is not JSON: {error}"))),
        }
    }

    /// Asks an endpoint that reads.
    pub(super) fn read(&self, path: &str, request: &Value) -> Result<Value, Refusal> {
        self.ask(path, "POST", request, true)
    }

    /// Asks an endpoint that reads and takes no body.
    pub(super) fn get_from_services(&self, path: &str) -> Result<Value, Refusal> {
        self.ask(path, "GET", &json!({}), true)
    }

    /// Asks an endpoint that writes.
    pub(super) fn write(&self, path: &str, request: &Value) -> Result<Value, Refusal> {
        self.ask(path, "POST", request, false)
    }

    /// Asks for the address of a file whose record has no name yet.
    pub(super) fn upload_address(&self, request: &Value) -> Result<Value, Refusal> {
        self.call("assets/upload", request, false, |call, _, body| upload_for_any_record(call, body))
    }

    fn ask(&self, path: &str, method: &str, request: &Value, reads: bool) -> Result<Value, Refusal> {
        self.call(path, request, reads, |call, endpoint, body| {
            answer(call, endpoint, method, body.as_bytes())
        })
    }

    fn call(
        &self,
        path: &str,
        request: &Value,
        reads: bool,
        ask: impl FnOnce(&Call<'_>, Endpoint, &str) -> Result<String, ApiError>,
    ) -> Result<Value, Refusal> {
        let endpoint = Endpoint::from_path(path)
            .ok_or_else(|| Refusal::not_found("could not find handler for endpoint"))?;
        let caller = self.caller(endpoint, reads)?;
        let call = Call {
            api_token: None,
            state: self.state,
            environment: self.route.environment,
            scope: self.route.scope,
            caller: &caller,
            now: self.state.clock().now_ms(),
            wants_sync_token: false,
            empty_pages: empty_pages(self.fault.get()),
        };
        let body = request.to_string();
        // An operation may ask several endpoints. What was planned happens once, before the first.
        happen_before(&call, self.fault.take(), body.as_bytes())?;
        let reply = ask(&call, endpoint, &body).map_err(|mut error| {
            error.locate(body.as_bytes());
            error
        })?;
        serde_json::from_str(&reply).map_err(|error| {
            let reason = format!("the web services' answer is not JSON: {error}");
            Refusal::new(500, &cloudkit_core::ServerErrorCode::InternalError, reason)
        })
    }

    /// Adds the zone of the path to a request, unless it is the default zone, which needs no name.
    pub(super) fn with_zone(&self, mut request: Value) -> Value {
        if self.route.zone != DEFAULT_ZONE
            && let Some(request) = request.as_object_mut()
        {
            request.insert("zoneID".to_owned(), json!({ "zoneName": self.route.zone }));
        }
        request
    }
}

/// The only item of an array in a reply, or its refusal.
pub(super) fn only_item<'v>(reply: &'v Value, member: &str) -> Result<&'v Value, Refusal> {
    let item = reply.get(member).and_then(|items| items.get(0)).ok_or_else(|| {
        let reason = format!("the web services' answer has no {member}");
        Refusal::new(500, &cloudkit_core::ServerErrorCode::InternalError, reason)
    })?;
    match Refusal::of_item(item) {
        Some(refusal) => Err(refusal),
        None => Ok(item),
    }
}

/// A required text of a request.
pub(super) fn required_text<'v>(object: &'v Map<String, Value>, member: &str) -> Result<&'v str, Refusal> {
    optional_text(object, member)?.ok_or_else(|| {
        Refusal::bad_request(format!("BadRequestException: missing required field '{member}'"))
    })
}

/// A text that a request may have; `null` counts as absent.
pub(super) fn optional_text<'v>(
    object: &'v Map<String, Value>,
    member: &str,
) -> Result<Option<&'v str>, Refusal> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::bad_request(format!("'{member}' must be a string"))),
    }
}

/// An array of texts that a request may have.
pub(super) fn optional_texts(
    object: &Map<String, Value>,
    member: &str,
) -> Result<Option<Vec<String>>, Refusal> {
    let wrong = || Refusal::bad_request(format!("'{member}' must be an array of strings"));
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
            texts.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

/// The page size that a request may ask for: 1 to 200, and 200 if it does not.
pub(super) fn results_limit(object: &Map<String, Value>) -> Result<u64, Refusal> {
    match object.get("resultsLimit") {
        None | Some(Value::Null) => Ok(200),
        Some(limit) => limit
            .as_u64()
            .filter(|limit| (1..=200).contains(limit))
            .ok_or_else(|| Refusal::bad_request("'resultsLimit' must be 1 to 200")),
    }
}
