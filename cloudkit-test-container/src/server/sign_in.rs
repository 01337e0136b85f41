//! The page behind `redirectURL`: whoever opens it picks a user and is signed in as that user.
//!
//! Like Apple's page it hands the web auth token to the window that opened it, under the names that today's and older
//! programs read.

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Reply, State};

/// Where the pages are.
pub(super) const PREFIX: &str = "/auth/";

/// Answers a request for a sign-in page, `/auth/{environment}?token=…` with or without `&user=…`.
pub(super) fn respond(state: &State, target: &str) -> Reply {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let value = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name);
        pair.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let token = value("token").unwrap_or_default();
    let Some(environment) = state.sign_in_under_way(&token) else {
        return page(410, "<p>This page has expired. Ask for a new one.</p>");
    };
    let Some(name) = value("user") else {
        let mut links = String::new();
        for user in state.users() {
            let encoded = utf8_percent_encode(&user.name, NON_ALPHANUMERIC);
            links.push_str(&format!(
                "<li><a href=\"?token={token}&amp;user={encoded}\">{}</a></li>",
                escape(&user.name)
            ));
        }
        return page(200, &format!("<p>Sign in as:</p><ul>{links}</ul>"));
    };
    let Some(user) = state.users().iter().find(|user| user.name == name) else {
        return page(404, "<p>There is no such user.</p>");
    };
    let api_token = state.tokens().api_token(environment).unwrap_or_default().to_owned();
    let web_auth_token = state.issue_web_auth_token(&user.record_name, environment, &api_token);
    // Tokens are base64, which needs no escape in a script.
    page(
        200,
        &format!(
            "<p>Signed in as {}.</p><script>const token = \"{web_auth_token}\";\
             if (window.opener) {{\
             window.opener.postMessage({{ckSession: token, ckWebAuthToken: token}}, \"*\"); window.close(); }}\
             </script>",
            escape(&user.name)
        ),
    )
}

fn page(status: u16, content: &str) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let body = format!("<!doctype html><meta charset=\"utf-8\"><title>Sign in</title>{content}");
    Reply::new(status, headers, body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
