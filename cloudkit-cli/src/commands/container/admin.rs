//! What a container that runs is asked beside CloudKit's own requests, with its management token.

use std::time::Duration;

use bytes::Bytes;
use cloudkit_core::transport::{HttpOptions, HttpTransport, Transport as _, check_destination};
use http::{Method, Request, header};
use zeroize::Zeroizing;

use crate::failure::Result;
use crate::{Context, Failure};

/// Asks the container at `url` or CLOUDKIT_URL. `what` is a path below `/admin/`, with its parameters.
pub(super) async fn ask(
    url: Option<&str>,
    context: &Context,
    method: Method,
    what: &str,
    body: Bytes,
) -> Result<Bytes> {
    let missing =
        |text: &str| Failure::usage(text).with_help("`cloudkit container serve` prints it when it starts.");
    let url = url
        .or(context.config.url.as_deref())
        .ok_or_else(|| missing("CLOUDKIT_URL is not set: it holds the address of the container"))?;
    let token = context
        .config
        .management_token
        .as_ref()
        .ok_or_else(|| missing("CLOUDKIT_MANAGEMENT_TOKEN is not set: it opens the container"))?;
    let usage = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("`{url}` is no address of a container: {error}"))
    };
    let address = format!("{}/admin/{what}", url.trim_end_matches('/'));
    let address: http::Uri = address.parse().map_err(|error: http::uri::InvalidUri| usage(&error))?;
    check_destination(&address).map_err(|error| usage(&error))?;
    let authorization = Zeroizing::new(format!("Bearer {}", token.as_str()));
    let mut authorization = http::HeaderValue::from_str(&authorization)
        .map_err(|_| Failure::usage("CLOUDKIT_MANAGEMENT_TOKEN holds characters that no token has"))?;
    authorization.set_sensitive(true);
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = address;
    request.headers_mut().insert(header::AUTHORIZATION, authorization);
    let transport = HttpTransport::new(HttpOptions {
        total_timeout: Duration::from_secs(600),
        max_body_bytes: 1 << 32,
        ..HttpOptions::default()
    });
    let reply = transport
        .send(request)
        .await
        .map_err(|error| Failure::from(error).context(format!("cannot ask the container at {url}")))?;
    if reply.status() == 200 {
        return Ok(reply.into_body());
    }
    let refusal: serde_json::Value = serde_json::from_slice(reply.body()).unwrap_or_default();
    let why = refusal["error"].as_str().unwrap_or("it is not a test container, or one of another version");
    Err(Failure::new(format!("the container at {url} answers {}: {why}", reply.status())))
}
