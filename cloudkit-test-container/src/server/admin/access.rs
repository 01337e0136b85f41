//! Who may ask, and what the container is: users, keys, tokens, subscriptions, and the clock. No secret is told; of a
//! token as much as it takes to tell two apart.

use std::sync::PoisonError;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::data::User;
use super::mask::shortened;
use super::{Answer, Asked, Refusal, State, json as reply};
use crate::server::ENVIRONMENTS;

/// The last moment of the year 9999, beyond which dates have no spelling.
const LAST_MS: i64 = 253_402_300_799_999;

/// So many web auth tokens are listed: every request with one leaves another.
const MOST_TOKENS: usize = 100;

/// `GET /admin/container`.
pub(super) fn container(state: &State, _: &Asked<'_>) -> Answer {
    let settings = state.settings();
    Ok(reply(
        200,
        &json!({
            "container": settings.container_id,
            "url": state.url(),
            "teamId": state.access().team_id,
            // As text: it may have more digits than a page reads exactly.
            "seed": state.faults().seed().to_string(),
            "clock": clock(state),
            "settings": {
                "jit": settings.jit,
                "strictHeaders": settings.strict_headers,
                "strictWebAuthTokens": settings.strict_web_auth_tokens,
                "addressBooks": settings.address_books,
                "clockWindowMs": u64::try_from(settings.clock_window.as_millis()).unwrap_or(u64::MAX),
                "assetLimit": settings.asset_limit,
            },
        }),
    ))
}

fn clock(state: &State) -> Value {
    json!({ "now": state.clock().now_ms(), "virtual": state.clock().is_virtual() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Move {
    advance_ms: u64,
}

/// `POST /admin/clock` with `{"advanceMs": N}`: moves the clock forward, whether it stands or follows the machine's.
pub(super) fn move_clock(state: &State, asked: &Asked<'_>) -> Answer {
    let Move { advance_ms } = serde_json::from_slice(asked.body()?)
        .map_err(|error| Refusal::bad(format!("the body is not like {{\"advanceMs\": 60000}}: {error}")))?;
    let end = i64::try_from(advance_ms).ok().and_then(|by| state.clock().now_ms().checked_add(by));
    if end.is_none_or(|end| end > LAST_MS) {
        return Err(Refusal::bad("the clock would leave the year 9999"));
    }
    state.clock().advance(Duration::from_millis(advance_ms));
    Ok(reply(200, &clock(state)))
}

/// `GET /admin/access`.
pub(super) fn access(state: &State, _: &Asked<'_>) -> Answer {
    let users = state.users().iter().map(|user| {
        json!({
            "name": user.name,
            "recordName": user.record_name,
            "email": user.email,
            "phone": user.phone,
            "givenName": user.given_name,
            "familyName": user.family_name,
            "discoverable": user.discoverable,
            "roles": user.roles,
        })
    });
    let keys = state.keys().read().unwrap_or_else(PoisonError::into_inner);
    let keys = keys.all().iter().map(|key| {
        json!({
            "keyId": key.key_id,
            "environment": key.environment.as_str(),
            "revoked": key.revoked,
            "fingerprint": key.public_key.fingerprint(),
            "userRecordName": key.user_record_name,
        })
    });
    let now = state.clock().now_ms();
    let tokens = state.tokens();
    let api_tokens = tokens.api_token_definitions().iter().map(|token| {
        json!({
            "token": shortened(&token.token),
            "environment": token.environment.as_str(),
            "origins": token.settings.origins,
            "callback": token.settings.callback,
        })
    });
    let mut web_auth_tokens: Vec<_> = tokens.web_auth_tokens().collect();
    web_auth_tokens.sort_by_key(|(token, environment, meaning)| {
        (std::cmp::Reverse(meaning.expires_at), environment.as_str(), *token)
    });
    let count = web_auth_tokens.len();
    let web_auth_tokens = web_auth_tokens.iter().take(MOST_TOKENS).map(|(token, environment, meaning)| {
        json!({
            "token": shortened(token),
            "environment": environment.as_str(),
            "user": User::of(state, &meaning.user),
            // One that somebody has chosen does not expire.
            "expiresAt": (meaning.expires_at < LAST_MS).then_some(meaning.expires_at),
            "expired": meaning.expires_at <= now,
        })
    });
    Ok(reply(
        200,
        &json!({
            "users": users.collect::<Vec<_>>(),
            "keys": keys.collect::<Vec<_>>(),
            "apiTokens": api_tokens.collect::<Vec<_>>(),
            "webAuthTokens": web_auth_tokens.collect::<Vec<_>>(),
            "webAuthTokenCount": count,
        }),
    ))
}

/// `GET /admin/subscriptions`.
pub(super) fn subscriptions(state: &State, _: &Asked<'_>) -> Answer {
    let store = state.store();
    let mut subscriptions = Vec::new();
    for environment in ENVIRONMENTS {
        for database in store.known_databases(environment)? {
            for subscription in store.subscriptions(database.id, None)? {
                let dictionary: Value = serde_json::from_str(&subscription.dictionary).unwrap_or_default();
                subscriptions.push(json!({
                    "environment": environment.as_str(),
                    "database": database.scope,
                    "owner": User::of(state, &subscription.owner),
                    "subscriptionID": subscription.name,
                    "subscription": dictionary,
                }));
            }
        }
    }
    Ok(reply(200, &json!({ "subscriptions": subscriptions })))
}
