//! `tokens/create` and `tokens/register` of the device module: where notifications go.

use super::request::{optional_text, required_text};
use super::{ApiError, Call};
use crate::facts;
use crate::json::{Object, write_string};

pub(super) fn create(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let environment = apns_environment(request)?;
    let token = call.state.random().hex64();
    let life = facts::PUSH_TOKEN_LIFE.value;
    let expires = call.now.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    call.state.store().add_push_token(&token, call.environment, expires)?;
    let mut out = reply(environment, &token);
    out.push_str(",\"webcourierURL\":");
    write_string(&mut out, &call.state.courier_url(&token));
    out.push('}');
    Ok(out)
}

pub(super) fn register(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let environment = apns_environment(request)?;
    let token = required_text(request, "apnsToken")?;
    // Without a user there are no subscriptions that could fire.
    if let Some(owner) = call.caller.record_name() {
        call.state.store().register_push_token(token, call.environment, owner)?;
    }
    Ok(reply(environment, token) + "}")
}

fn apns_environment<'n>(request: &'n Object<'_>) -> Result<&'n str, ApiError> {
    optional_text(request, "clientId")?;
    let node = request.get("apnsEnvironment").ok_or_else(|| ApiError::missing("apnsEnvironment"))?;
    match node.as_str() {
        Some(environment @ ("development" | "production")) => Ok(environment),
        _ => Err(ApiError::unexpected(node)),
    }
}

/// The members that both replies have, without the closing brace.
fn reply(environment: &str, token: &str) -> String {
    let mut out = format!("{{\"apnsEnvironment\":\"{environment}\",\"apnsToken\":");
    write_string(&mut out, token);
    out
}
