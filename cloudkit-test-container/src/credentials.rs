//! The credentials that a container starts with: those that it has kept, those that it is given, and those that it makes.

use std::fmt;

use cloudkit_core::Environment;
use cloudkit_core::auth::{PrivateKey, PublicKey};

use crate::api_tokens::ApiTokenDef;
use crate::auth::REMEMBER_EXPIRED_MS;
use crate::container::StartError;
use crate::server::{ENVIRONMENTS, State};
use crate::store::{KeptKey, Store, StoreError};
use crate::users::{KnownUser, User};

/// A key that the container has made for itself, and keeps.
pub(crate) struct GeneratedKey {
    pub(crate) key_id: String,
    pub(crate) private_key: PrivateKey,
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, private_key: _ } = self;
        f.debug_struct("GeneratedKey").field("key_id", key_id).field("private_key", &"..").finish()
    }
}

/// The users that the builder names, and after them those that an earlier container has kept.
pub(crate) fn settle_users(
    named: Vec<User>,
    container_id: &str,
    store: &mut Store,
) -> Result<Vec<KnownUser>, StartError> {
    let mut users: Vec<KnownUser> = Vec::new();
    for user in named {
        if users.iter().any(|known| known.name == user.name) {
            return Err(StartError::DuplicateUser(user.name));
        }
        users.push(user.known(container_id));
    }
    store
        .transaction(|store| {
            for kept in store.kept_users()? {
                if users.iter().all(|known| known.name != kept.name) {
                    users.push(kept);
                }
            }
            users.iter().try_for_each(|user| store.keep_user(user))
        })
        .map_err(|error: StoreError| StartError::data(error))?;
    Ok(users)
}

/// Registers all keys and API tokens. Returns the keys that the container has made, development's first.
pub(crate) fn settle_credentials(
    state: &State,
    keys: Vec<(String, PublicKey, Vec<Environment>)>,
    api_tokens: Vec<ApiTokenDef>,
) -> Result<[GeneratedKey; 2], StartError> {
    let kept = state.store().kept_keys().map_err(StartError::data)?;
    let own = |environment: Environment| -> Result<GeneratedKey, StartError> {
        let is_own = |key: &&KeptKey| key.environment == environment.as_str() && key.private_key.is_some();
        if let Some(key) = kept.iter().find(is_own)
            && let Some(private_key) =
                key.private_key.as_deref().and_then(|pem| PrivateKey::from_pem(pem).ok())
        {
            return Ok(GeneratedKey { key_id: key.key_id.clone(), private_key });
        }
        let private_key = PrivateKey::generate().map_err(|_| StartError::Random)?;
        Ok(GeneratedKey { key_id: state.random().hex64(), private_key })
    };
    let generated = [own(Environment::Development)?, own(Environment::Production)?];
    for (environment, key) in ENVIRONMENTS.into_iter().zip(&generated) {
        let public_key = key.private_key.public_key();
        state.register_key(&key.key_id, public_key, environment).map_err(StartError::data)?;
        let kept = KeptKey {
            key_id: key.key_id.clone(),
            environment: environment.as_str().to_owned(),
            public_key: public_key.to_spki_pem(),
            private_key: Some(key.private_key.to_pkcs8_pem().to_string()),
            revoked: false,
        };
        state.store().keep_key(&kept).map_err(StartError::data)?;
    }
    for key in kept.iter().filter(|key| generated.iter().all(|own| own.key_id != key.key_id)) {
        let (Ok(public_key), Ok(environment)) =
            (PublicKey::from_pem(&key.public_key), key.environment.parse::<Environment>())
        else {
            return Err(StartError::data(StoreError::DamagedKey));
        };
        state.register_key(&key.key_id, public_key, environment).map_err(StartError::data)?;
        if key.revoked {
            state.revoke_key(&key.key_id).map_err(StartError::data)?;
        }
    }
    for (key_id, public_key, environments) in keys {
        for environment in environments {
            state.register_key(&key_id, public_key, environment).map_err(StartError::data)?;
        }
    }

    let mut tokens = api_tokens;
    for kept in state.store().kept_api_tokens().map_err(StartError::data)? {
        let is_same =
            |known: &ApiTokenDef| (&known.token, known.environment) == (&kept.token, kept.environment);
        if !tokens.iter().any(is_same) {
            tokens.push(kept);
        }
    }
    for environment in ENVIRONMENTS {
        if tokens.iter().all(|known| known.environment != environment) {
            tokens.push(ApiTokenDef::new(state.random().hex64(), environment));
        }
    }
    for token in tokens {
        state.store().keep_api_token(&token).map_err(StartError::data)?;
        state.tokens().register_api_token(token);
    }
    let since = state.clock().now_ms().saturating_sub(REMEMBER_EXPIRED_MS);
    for (token, environment, meaning) in
        state.store().kept_web_auth_tokens(since).map_err(StartError::data)?
    {
        let environment = environment.parse().map_err(|_| StartError::data(StoreError::DamagedKey))?;
        state.tokens().register_web_auth_token(token, environment, meaning);
    }
    Ok(generated)
}
