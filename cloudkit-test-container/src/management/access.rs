//! Who asks: management tokens for schemas, user tokens and API tokens for records.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use cloudkit_core::ServerErrorCode;
use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Cx;
use super::error::Refusal;
use crate::api::{Caller, Endpoint, Scope};
use crate::auth::{Findings, SignedRequest, authenticate};
use crate::random::Random;
use crate::server::Request;
use crate::store::{Store, StoreError};

const MANAGEMENT_TOKEN: &str = "x-apple-cloudkit-management-token";
const USER_TOKEN: &str = "x-apple-cloudkit-user-token";
const API_TOKEN: &str = "x-apple-cloudkit-api-token";
const WEB_AUTH_TOKEN: &str = "x-apple-cloudkit-web-auth-token";

/// Whoever holds the management token belongs to the team, and has no user record in the container.
pub(crate) const DEVELOPER: &str = "_developer";

/// The team of a container, and the tokens of the management API.
pub(crate) struct Access {
    pub(crate) team_id: String,
    pub(crate) management_token: String,
    /// User tokens, with the record name of the user.
    user_tokens: Mutex<HashMap<String, String>>,
}

impl Access {
    /// The team and token that the builder names, or that an earlier container has kept, or new ones.
    pub(crate) fn settle(
        team_id: Option<String>,
        management_token: Option<String>,
        store: &mut Store,
        random: &mut Random,
    ) -> Result<Self, StoreError> {
        let settle = |store: &mut Store, name: &str, given: Option<String>, new: String| {
            let value = match given {
                Some(given) => given,
                None => store.read_meta(name)?.unwrap_or(new),
            };
            store.write_meta(name, &value)?;
            Ok::<_, StoreError>(value)
        };
        let new_team_id = random.hex64()[..10].to_ascii_uppercase();
        let new_token = random.hex64();
        store.transaction(|store| {
            Ok(Self {
                team_id: settle(store, "team_id", team_id, new_team_id)?,
                management_token: settle(store, "management_token", management_token, new_token)?,
                user_tokens: Mutex::default(),
            })
        })
    }

    pub(crate) fn add_user_token(&self, token: String, user_record_name: String) {
        let mut tokens = self.user_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(token, user_record_name);
    }

    pub(crate) fn user_tokens(&self) -> Vec<String> {
        let tokens = self.user_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.keys().cloned().collect()
    }

    fn forget_user_token(&self, token: &str) {
        self.user_tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    fn user_of(&self, token: &str) -> Option<String> {
        let tokens = self.user_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).cloned()
    }

    /// Whether the token is the management token. The time it takes does not tell how much of it is right.
    pub(crate) fn is_management_token(&self, token: &str) -> bool {
        let (given, real) = (token.as_bytes(), self.management_token.as_bytes());
        given.len() == real.len() && given.iter().zip(real).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { team_id, management_token: _, user_tokens: _ } = self;
        f.debug_struct("Access").field("team_id", team_id).finish_non_exhaustive()
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().filter(|value| !value.is_empty())
}

/// The management token: in its header, or where a browser that is signed in to Apple's site has it.
fn management_token(headers: &HeaderMap) -> Option<&str> {
    header(headers, MANAGEMENT_TOKEN).or_else(|| {
        let cookies = header(headers, "cookie")?;
        cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("myacinfo="))
    })
}

/// Whether a request carries a token that can expire.
pub(crate) fn has_token(request: &Request) -> bool {
    let headers = &request.headers;
    [USER_TOKEN, WEB_AUTH_TOKEN].iter().any(|name| header(headers, name).is_some())
        || management_token(headers).is_some()
}

impl Cx<'_> {
    /// Ends the life of the token that the request is judged by.
    pub(super) fn expire_token(&self) -> Result<(), Refusal> {
        let headers = &self.request.headers;
        if let Some(token) = header(headers, USER_TOKEN) {
            self.state.access().forget_user_token(token);
        } else if let Some(token) = header(headers, WEB_AUTH_TOKEN) {
            self.state.expire_web_auth_token(token);
        } else {
            // The management token is the only one of the container, so it is refused this once.
            return Err(Refusal::unauthorised("Authentication failed: the management token has expired"));
        }
        Ok(())
    }

    /// Lets only the holder of the management token pass, and only to the team and container that are served.
    pub(super) fn require_management_token(&self) -> Result<(), Refusal> {
        let access = self.state.access();
        match management_token(&self.request.headers) {
            None => {
                return Err(Refusal::unauthorised(format!("no management token: send {MANAGEMENT_TOKEN}")));
            }
            Some(token) if access.is_management_token(token) => {}
            Some(_) => return Err(Refusal::unauthorised("Authentication failed: unknown management token")),
        }
        let team = &self.route.team;
        if !team.is_empty() && *team != access.team_id {
            return Err(Refusal::not_found(format!("no such team: '{}'", shown(team))));
        }
        self.require_container()
    }

    /// Refuses every container but the one that is served.
    pub(super) fn require_container(&self) -> Result<(), Refusal> {
        let container = &self.route.container;
        if !container.is_empty() && *container != self.state.settings().container_id {
            return Err(Refusal::not_found(format!("no such container: '{}'", shown(container))));
        }
        Ok(())
    }

    /// Decides who asks for records: a user token comes before an API token, and that before a management token.
    pub(super) fn caller(&self, endpoint: Endpoint, reads: bool) -> Result<Caller, Refusal> {
        self.require_container()?;
        let headers = &self.request.headers;
        let access = self.state.access();
        if let Some(token) = header(headers, USER_TOKEN) {
            let name = access.user_of(token);
            let user = self.state.users().iter().find(|user| Some(&user.record_name) == name.as_ref());
            let user =
                user.ok_or_else(|| Refusal::unauthorised("Authentication failed: unknown user token"))?;
            return Ok(Caller::User { record_name: user.record_name.clone(), roles: user.roles.clone() });
        }
        if let Some(token) = header(headers, API_TOKEN) {
            return self.token_caller(endpoint, token, header(headers, WEB_AUTH_TOKEN));
        }
        if let Some(token) = management_token(headers) {
            if !access.is_management_token(token) {
                return Err(Refusal::unauthorised("Authentication failed: unknown management token"));
            }
            if self.route.scope == Scope::Public && reads {
                return Ok(Caller::Key { record_name: DEVELOPER.to_owned() });
            }
        }
        Err(self.state.sign_in(ServerErrorCode::AuthenticationRequired, self.route.environment, None).into())
    }

    /// Lets the web services decide what their tokens are worth.
    fn token_caller(
        &self,
        endpoint: Endpoint,
        api_token: &str,
        web_auth_token: Option<&str>,
    ) -> Result<Caller, Refusal> {
        let encode = |token: &str| utf8_percent_encode(token, NON_ALPHANUMERIC).to_string();
        let mut target = format!("/?ckAPIToken={}", encode(api_token));
        if let Some(token) = web_auth_token {
            target.push_str(&format!("&ckWebAuthToken={}", encode(token)));
        }
        let request = SignedRequest {
            target: &target,
            headers: &HeaderMap::new(),
            body: b"",
            environment: self.route.environment,
            scope: self.route.scope,
            endpoint,
        };
        Ok(authenticate(self.state, &request, &mut Findings::none())?)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(255).collect()
}
