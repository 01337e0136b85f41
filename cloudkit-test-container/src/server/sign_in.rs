//! The page behind `redirectURL`: whoever opens it picks a user and is signed in as that user.
//!
//! Like Apple's page it hands the web auth token to the window that opened it, under the names that today's and older
//! programs read, or to the address that is set for the API token.

use std::fmt::Write as _;

use cloudkit_core::Environment;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Reply, State};
use crate::api_tokens::ApiTokenSettings;
use crate::facts;

const STYLE: &str = ":root{color-scheme:light dark}body{margin:0;display:grid;place-content:center;min-height:100vh;\
    font:16px/1.6 system-ui,sans-serif}main{padding:24px 40px 32px;border:1px solid #8884;border-radius:14px}\
    h1{margin:0;font-size:18px}ul{padding:0;list-style:none}li{padding:4px 0}li a:first-child{font-weight:600}";

/// Where the pages are.
pub(super) const PREFIX: &str = "/auth/";

/// What somebody who signs in is asked to come back with.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) environment: Environment,
    pub(crate) api_token: String,
    /// In milliseconds since 1970.
    pub(crate) expires_at: i64,
}

/// Answers a request for a sign-in page: `/auth/{environment}?token=…`, with `&user=…` for the user that was picked,
/// `&keep=1` to stay signed in, or `&cancel=1`.
pub(super) fn respond(state: &State, target: &str) -> Reply {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name);
        pair.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let token = value("token").unwrap_or_default();
    let Some(sign_in) = state.sign_in_under_way(&token) else {
        return page(410, "<p>This page has expired. Ask for a new one.</p>");
    };
    let settings = state.tokens().api_token_settings(&sign_in.api_token, sign_in.environment);
    if value("cancel").is_some() {
        let message = "The user did not sign in.";
        return page(200, &format!("<p>{message}</p>{}", post(&settings, &[("errorMessage", message)])));
    }
    let Some(name) = value("user") else { return choice(state, &token) };
    let Some(user) = state.users().iter().find(|user| user.name == name) else {
        return page(404, "<p>There is no such user.</p>");
    };
    let life = if value("keep").is_some() {
        facts::WEB_AUTH_TOKEN_LONG_LIFE.value
    } else {
        facts::WEB_AUTH_TOKEN_LIFE.value
    };
    let SignIn { environment, api_token, .. } = sign_in;
    let token = state.issue_web_auth_token(&user.record_name, environment, &api_token, life);
    if let Some(callback) = &settings.callback {
        let joint = if callback.contains('?') { '&' } else { '?' };
        let encoded = utf8_percent_encode(&token, NON_ALPHANUMERIC);
        return redirect(&format!("{callback}{joint}ckWebAuthToken={encoded}"));
    }
    let posted = post(&settings, &[("ckSession", &token), ("ckWebAuthToken", &token)]);
    page(200, &format!("<p>Signed in as {}.</p>{posted}", escape(&user.name)))
}

/// The page that lets people pick who they are.
fn choice(state: &State, token: &str) -> Reply {
    let mut list = String::new();
    for user in state.users() {
        let encoded = utf8_percent_encode(&user.name, NON_ALPHANUMERIC);
        let link = format!("?token={token}&amp;user={encoded}");
        let name = escape(&user.name);
        let _ = write!(
            list,
            "<li><a href=\"{link}\">{name}</a> (<a href=\"{link}&amp;keep=1\">stay signed in</a>)</li>"
        );
    }
    let cancel = format!("<p><a href=\"?token={token}&amp;cancel=1\">Do not sign in</a></p>");
    page(200, &format!("<p>Sign in as:</p><ul>{list}</ul>{cancel}"))
}

/// A script that posts a message with these members to the window that opened the page.
fn post(settings: &ApiTokenSettings, members: &[(&str, &str)]) -> String {
    let message: serde_json::Map<_, _> =
        members.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let message = serde_json::Value::Object(message);
    // The message holds a token, so it goes to pages of the allowed origins and to no other.
    let origins = if settings.origins.is_empty() { vec!["*".to_owned()] } else { settings.origins.clone() };
    let origins = serde_json::Value::from(origins);
    // In a script nothing may look like the end of it.
    let [message, origins] = [message, origins].map(|json| json.to_string().replace('<', "\\u003c"));
    format!(
        "<script>const message = {message};\
         for (const origin of window.opener ? {origins} : []) {{ window.opener.postMessage(message, origin); }}\
         if (window.opener) {{ window.close(); }}</script>"
    )
}

fn redirect(url: &str) -> Reply {
    let Ok(location) = HeaderValue::from_str(url) else {
        return page(500, "<p>The address that is set for the API token is none.</p>");
    };
    let mut reply = page(302, "<p>Signed in.</p>");
    reply.headers.insert(header::LOCATION, location);
    reply
}

fn page(status: u16, content: &str) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Sign in</title>\
         <style>{STYLE}</style><main><h1>Test container</h1>{content}</main>"
    );
    Reply::new(status, headers, body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_not_ended_by_what_it_posts() {
        let script = post(&ApiTokenSettings::default(), &[("errorMessage", "</script><b>\"\\")]);
        assert_eq!(script.matches("</script>").count(), 1);
        assert!(script.contains(r#"{"errorMessage":"\u003c/script>\u003cb>\"\\"}"#), "{script}");
    }
}
