//! API tokens, web auth tokens, and the parameters they travel in.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::explain::CauseCode;
use cloudkit_core::{Environment, ServerErrorCode};
use percent_encoding::percent_decode_str;

use super::explain::line;
use super::{Findings, Refusal, SignedRequest};
use crate::api::{ApiError, Caller, Endpoint, Scope};
use crate::api_tokens::{ApiTokenDef, ApiTokenSettings};
use crate::facts;
use crate::random::Random;
use crate::server::State;

const API_TOKEN: &str = "ckAPIToken";

/// The parameters of a web auth token: of today's clients, and of old ones.
const WEB_AUTH_TOKEN: [&str; 2] = ["ckWebAuthToken", "ckSession"];

/// All tokens of a container.
#[derive(Default)]
pub(crate) struct Tokens {
    api: Vec<ApiTokenDef>,
    /// By their text and the environment that they are for.
    web: HashMap<(String, Environment), WebAuthToken>,
    /// With so many of them it is time to look for those that may be forgotten.
    many: usize,
}

/// What a web auth token stands for.
#[derive(Clone)]
pub(crate) struct WebAuthToken {
    /// The name of the user's record.
    pub(crate) user: String,
    pub(crate) api_token: String,
    /// In milliseconds since 1970.
    pub(crate) expires_at: i64,
    /// How long the tokens live that follow this one, in milliseconds.
    pub(crate) life: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { api, web, many: _ } = self;
        f.debug_struct("Tokens").field("api", &api.len()).field("web", &web.len()).finish()
    }
}

impl Tokens {
    pub(crate) fn register_api_token(&mut self, token: ApiTokenDef) {
        self.api.push(token);
    }

    /// What is set for an API token. Nothing is set for one that is not known.
    pub(crate) fn api_token_settings(&self, token: &str, environment: Environment) -> ApiTokenSettings {
        let is_meant = |known: &&ApiTokenDef| known.token == token && known.environment == environment;
        self.api.iter().find(is_meant).map(|known| known.settings.clone()).unwrap_or_default()
    }

    /// Those of all environments.
    pub(crate) fn api_tokens(&self) -> impl Iterator<Item = &str> {
        self.api.iter().map(|known| known.token.as_str())
    }

    /// An API token of the environment.
    pub(crate) fn api_token(&self, environment: Environment) -> Option<&str> {
        self.api.iter().find(|known| known.environment == environment).map(|known| known.token.as_str())
    }

    /// Makes a token for a user, bound to the API token that it is used with.
    pub(crate) fn issue(
        &mut self,
        random: &mut Random,
        user: &str,
        environment: Environment,
        api_token: &str,
        life: i64,
        now: i64,
    ) -> String {
        if self.web.len() >= self.many {
            self.web.retain(|_, token| token.expires_at > now - REMEMBER_EXPIRED_MS);
            self.many = 2 * self.web.len();
        }
        // Random bytes alone would now and then have none of the characters that must be escaped in a URL.
        let token =
            format!("{}/+{}==", BASE64.encode(random.bytes::<30>()), BASE64.encode(random.bytes::<21>()));
        let expires_at = now.saturating_add(life);
        let (user, api_token) = (user.to_owned(), api_token.to_owned());
        let meaning = WebAuthToken { user, api_token, expires_at, life };
        self.register_web_auth_token(token.clone(), environment, meaning);
        token
    }

    /// Takes over a token that was made elsewhere or earlier.
    pub(crate) fn register_web_auth_token(
        &mut self,
        token: String,
        environment: Environment,
        meaning: WebAuthToken,
    ) {
        self.web.insert((token, environment), meaning);
    }

    pub(crate) fn web_auth_token(&self, token: &str, environment: Environment) -> Option<&WebAuthToken> {
        self.web.get(&(token.to_owned(), environment))
    }

    /// All of them, with the environment that each is for.
    pub(crate) fn web_auth_tokens(&self) -> impl Iterator<Item = (&str, Environment, &WebAuthToken)> {
        self.web.iter().map(|((token, environment), meaning)| (token.as_str(), *environment, meaning))
    }

    /// The API tokens with what is set for them.
    pub(crate) fn api_token_definitions(&self) -> &[ApiTokenDef] {
        &self.api
    }

    /// Ends the life of a token. Whether there was such a token.
    pub(crate) fn expire(&mut self, token: &str, now: i64) -> bool {
        let mut found = false;
        for ((text, _), meaning) in &mut self.web {
            if text == token {
                meaning.expires_at = meaning.expires_at.min(now);
                found = true;
            }
        }
        found
    }
}

/// Expired tokens are kept for a while, so that they are answered as expired and not as unknown.
pub(crate) const REMEMBER_EXPIRED_MS: i64 = Duration::from_secs(24 * 3600).as_millis() as i64;

/// Whether the query string holds a token.
pub(super) fn has_token(target: &str) -> bool {
    parameter(target, API_TOKEN).or_else(|| web_auth_token(target)).is_some()
}

/// The target with `…` in place of the values of tokens, in ASCII.
pub(crate) fn redact_target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let redacted = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _))
            if name == API_TOKEN || name == "token" || name == "tok" || WEB_AUTH_TOKEN.contains(&name) =>
        {
            format!("{name}=...")
        }
        _ => pair.to_owned(),
    });
    format!("{path}?{}", redacted.collect::<Vec<_>>().join("&"))
}

/// The decoded value of a parameter; none if it is empty or the word `null`, which old clients send for nothing.
fn parameter(target: &str, name: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let value = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name)?.1;
    let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
    (!value.is_empty() && value != "null").then_some(value)
}

/// The web auth token of a request.
pub(crate) fn web_auth_token(target: &str) -> Option<String> {
    WEB_AUTH_TOKEN.iter().find_map(|name| parameter(target, name))
}

/// Decides by the tokens of a request who is asking.
pub(super) fn authenticate(
    state: &State,
    request: &SignedRequest<'_>,
    findings: &mut Findings,
) -> Result<Caller, ApiError> {
    let failed = |reason: &str| ApiError::new(ServerErrorCode::AuthenticationFailed, reason);
    let Some(api_token) = parameter(request.target, API_TOKEN) else {
        findings.refusal = Some(Refusal(Some(CauseCode::NoCredentialsReached)));
        return Err(failed("no auth method found"));
    };
    let now = state.clock().now_ms();
    let user = {
        let tokens = state.tokens();
        let is_meant =
            |known: &&ApiTokenDef| known.token == api_token && known.environment == request.environment;
        let Some(known) = tokens.api.iter().find(is_meant) else {
            return Err(failed("Authentication failed"));
        };
        // Only browsers say from where they come.
        let origin = request.headers.get(http::header::ORIGIN).and_then(|origin| origin.to_str().ok());
        if let Some(origin) = origin
            && !known.settings.allow(origin)
        {
            let origin: String = origin.chars().take(255).collect();
            let mut error = failed(&format!("the API token does not allow the origin '{origin}'"));
            error.code = facts::FOREIGN_ORIGIN.value;
            return Err(error);
        }
        findings.api_token = Some(api_token.clone());
        match web_auth_token(request.target) {
            None => None,
            Some(text) => {
                if request.target.split_once('?').is_some_and(|(_, query)| query.contains('+')) {
                    let detail = "a plus sign in the query string is not escaped";
                    findings.notes.push(line(CauseCode::WebTokenNotEncoded, detail));
                }
                Some((tokens.web_auth_token(&text, request.environment).cloned(), text))
            }
        }
    };
    let Some((token, text)) = user else {
        let needs_user = request.scope != Scope::Public || is_user_endpoint(request.endpoint);
        return if needs_user {
            Err(state.sign_in(ServerErrorCode::AuthenticationRequired, request.environment, Some(&api_token)))
        } else {
            Ok(Caller::World)
        };
    };
    let foreign = || ApiError::new(facts::FOREIGN_WEB_AUTH_TOKEN.value, "Authentication failed");
    let token = token.ok_or_else(foreign)?;
    if token.api_token != api_token {
        return Err(foreign());
    }
    let user = state.users().iter().find(|user| user.record_name == token.user).ok_or_else(foreign)?;
    if token.expires_at <= now {
        return Err(state.sign_in(
            ServerErrorCode::AuthenticationRequired,
            request.environment,
            Some(&api_token),
        ));
    }
    if state.settings().strict_web_auth_tokens {
        state.expire_web_auth_token(&text);
    }
    // The token for the next request. The old one stays valid, unless the container is strict about it.
    let life = Duration::from_millis(u64::try_from(token.life).unwrap_or(0));
    findings.new_token =
        Some(state.issue_web_auth_token(&user.record_name, request.environment, &api_token, life));
    Ok(Caller::User { record_name: user.record_name.clone(), roles: user.roles.clone() })
}

const fn is_user_endpoint(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::UsersCaller
            | Endpoint::UsersCurrent
            | Endpoint::UsersDiscover
            | Endpoint::RecordsResolve
            | Endpoint::RecordsAccept
            | Endpoint::UsersLookupEmail
            | Endpoint::UsersLookupId
            | Endpoint::UsersLookupContacts
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_plus_stays_plus() {
        let target = "/x?ckAPIToken=ab&ckWebAuthToken=a%2Bb+c%3D";
        assert_eq!(parameter(target, API_TOKEN).as_deref(), Some("ab"));
        assert_eq!(web_auth_token(target).as_deref(), Some("a+b+c="));
        assert_eq!(web_auth_token("/x?ckSession=null"), None);
        assert_eq!(web_auth_token("/x?ckSession=s").as_deref(), Some("s"));
    }

    #[test]
    fn redacted_targets_hold_no_token() {
        let shown = redact_target("/x?ckAPIToken=secret&a=b&ckWebAuthToken=hidden");
        assert_eq!(shown, "/x?ckAPIToken=...&a=b&ckWebAuthToken=...");
    }
}
