//! What all requests of a container share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::{Environment, ServerErrorCode};

use super::sign_in::SignIn;
use super::{ConsoleKey, Courier, Log, Schemas};
use crate::api::{ApiError, Scope};
use crate::auth::{Explaining, KeyRing, RegisteredKey, Tokens};
use crate::clock::Clock;
use crate::facts;
use crate::faults::Running;
use crate::limits::Limits;
use crate::management::Access;
use crate::random::Random;
use crate::schema::USERS;
use crate::store::{DEFAULT_ZONE, KeptKey, Record, SharedStore, Stamp, Store, StoreError};
use crate::tls::Tls;
use crate::users::{KnownUser, key_record_name};

/// Both environments of a container.
pub(crate) const ENVIRONMENTS: [Environment; 2] = [Environment::Development, Environment::Production];

/// How strict the container is, and where it gives way.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) container_id: String,
    pub(crate) strict_headers: bool,
    pub(crate) clock_window: Duration,
    pub(crate) strict_web_auth_tokens: bool,
    /// Whether the users have each other in their address books.
    pub(crate) address_books: bool,
    /// The largest file that may be uploaded, in bytes.
    pub(crate) asset_limit: usize,
    pub(crate) limits: Limits,
    /// Whether shares may be saved under the record type that the reference has for them.
    pub(crate) documented_share_type: bool,
    pub(crate) jit: bool,
    /// Whether every field is indexed; `None` if that depends on whether anybody has declared a schema.
    pub(crate) open_indexes: Option<bool>,
    /// The team of the container, and the tokens of the management API.
    pub(crate) access: Access,
    pub(crate) long_poll: Duration,
    /// How long the head of a request may take, and each next piece of its body.
    pub(crate) patience: Duration,
    /// What opens the interface beside CloudKit's to the console.
    pub(crate) console_key: ConsoleKey,
    /// What it takes to serve HTTPS, if it is that.
    pub(crate) tls: Option<Tls>,
}

/// What all requests of a container share.
#[derive(Debug)]
pub(crate) struct State {
    settings: Settings,
    clock: Clock,
    users: Vec<KnownUser>,
    keys: RwLock<KeyRing>,
    tokens: Mutex<Tokens>,
    pub(super) schemas: Mutex<Schemas>,
    store: SharedStore,
    random: Mutex<Random>,
    faults: Mutex<Running>,
    /// The sign-in pages that were handed out.
    sign_ins: Mutex<HashMap<String, SignIn>>,
    courier: Courier,
    explaining: Mutex<Explaining>,
    log: Log,
    /// What proves that the address of a file was made here.
    download_key: [u8; 32],
    url: OnceLock<String>,
}

impl State {
    pub(crate) fn new(
        settings: Settings,
        users: Vec<KnownUser>,
        schemas: Schemas,
        store: Store,
        mut random: Random,
        clock: Clock,
        faults: Running,
    ) -> Result<Self, StoreError> {
        let download_key = random.bytes();
        let state = Self {
            download_key,
            settings,
            clock,
            users,
            keys: RwLock::default(),
            tokens: Mutex::default(),
            schemas: Mutex::new(schemas),
            store: SharedStore::new(store),
            random: Mutex::new(random),
            faults: Mutex::new(faults),
            sign_ins: Mutex::default(),
            courier: Courier::default(),
            explaining: Mutex::default(),
            log: Log::default(),
            url: OnceLock::new(),
        };
        state.settle_schemas()?;
        for environment in ENVIRONMENTS {
            state.ensure_user_records(environment)?;
        }
        Ok(state)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.settings.tls.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn users(&self) -> &[KnownUser] {
        &self.users
    }

    pub(crate) fn keys(&self) -> &RwLock<KeyRing> {
        &self.keys
    }

    pub(crate) fn explaining(&self) -> MutexGuard<'_, Explaining> {
        self.explaining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn courier(&self) -> &Courier {
        &self.courier
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn download_key(&self) -> &[u8; 32] {
        &self.download_key
    }

    /// What an upload is answered with beside its checksum: CloudKit encrypts every file with a key of its own.
    pub(crate) fn wrapping_key(&self) -> String {
        BASE64.encode(self.random().bytes::<16>())
    }

    pub(crate) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock()
    }

    /// The store, as several requests use it.
    pub(crate) const fn shared_store(&self) -> &SharedStore {
        &self.store
    }

    pub(crate) fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Running> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn random_uuid(&self) -> String {
        self.random().uuid()
    }

    /// Whether saves in development create the types and fields they need.
    pub(crate) fn creates_schema(&self) -> bool {
        self.settings.jit
    }

    /// The team of the container, and the tokens of the management API.
    pub(crate) fn access(&self) -> &Access {
        &self.settings.access
    }

    pub(crate) fn set_url(&self, url: String) {
        let _ = self.url.set(url);
    }

    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// The refusal that sends a user to sign in, to what the API token is for.
    pub(crate) fn sign_in(
        &self,
        code: ServerErrorCode,
        environment: Environment,
        api_token: Option<&str>,
    ) -> ApiError {
        let mut error = ApiError::new(code, "request needs authorization");
        let token = self.random().hex64();
        error.redirect_url = Some(format!("{}/auth/{environment}?token={token}", self.url()));
        let now = self.clock.now_ms();
        let life = i64::try_from(facts::REDIRECT_URL_LIFE.value.as_millis()).unwrap_or(i64::MAX);
        let mut sign_ins = self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        sign_ins.retain(|_, sign_in| sign_in.expires_at > now);
        let api_token = match api_token {
            Some(api_token) => api_token.to_owned(),
            None => self.tokens().api_token(environment).unwrap_or_default().to_owned(),
        };
        sign_ins.insert(token, SignIn { environment, api_token, expires_at: now.saturating_add(life) });
        error
    }

    /// What a sign-in page signs in to; `None` if its time is over.
    pub(crate) fn sign_in_under_way(&self, token: &str) -> Option<SignIn> {
        let sign_ins = self.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        sign_ins.get(token).filter(|sign_in| sign_in.expires_at > self.clock.now_ms()).cloned()
    }

    /// Makes a web auth token for use with an API token of the environment.
    pub(crate) fn issue_web_auth_token(
        &self,
        user_record_name: &str,
        environment: Environment,
        api_token: &str,
        life: Duration,
    ) -> String {
        let now = self.clock.now_ms();
        let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
        let token = {
            let mut random = self.random();
            self.tokens().issue(&mut random, user_record_name, environment, api_token, life, now)
        };
        self.keep_web_auth_token(&token);
        token
    }

    /// Ends the life of a token. Whether there was such a token.
    pub(crate) fn expire_web_auth_token(&self, token: &str) -> bool {
        let now = self.clock.now_ms();
        let found = self.tokens().expire(token, now);
        self.keep_web_auth_token(token);
        found
    }

    /// Lets a token outlive the process, if there is a place for it.
    pub(crate) fn keep_web_auth_token(&self, token: &str) {
        let kept: Vec<_> = {
            let tokens = self.tokens();
            let of = |environment| Some((environment, tokens.web_auth_token(token, environment)?.clone()));
            ENVIRONMENTS.into_iter().filter_map(of).collect()
        };
        for (environment, meaning) in kept {
            if let Err(error) = self.store().keep_web_auth_token(token, environment, &meaning) {
                // It is good until the process ends, and the user can sign in again.
                tracing::error!(%error, "a web auth token could not be kept");
            }
        }
    }

    /// Registers a key, keeps it, and makes the user record that belongs to it.
    pub(crate) fn register_key(
        &self,
        key_id: &str,
        public_key: cloudkit_core::auth::PublicKey,
        environment: Environment,
    ) -> Result<(), StoreError> {
        let user_record_name = key_record_name(&self.settings.container_id, environment, key_id);
        self.ensure_user_record(environment, &user_record_name)?;
        self.store().keep_key(&KeptKey {
            key_id: key_id.to_owned(),
            environment: environment.as_str().to_owned(),
            public_key: public_key.to_spki_pem(),
            private_key: None,
            revoked: false,
        })?;
        let key = RegisteredKey::new(key_id, environment, public_key, user_record_name);
        self.keys.write().unwrap_or_else(PoisonError::into_inner).register(key);
        Ok(())
    }

    /// Makes the records of the users and keys of an environment that have none.
    pub(super) fn ensure_user_records(&self, environment: Environment) -> Result<(), StoreError> {
        let keys: Vec<String> = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            let keys = keys.all().iter().filter(|key| key.environment == environment);
            keys.map(|key| key.user_record_name.clone()).collect()
        };
        let users = self.users.iter().map(|user| &user.record_name);
        users.chain(&keys).try_for_each(|name| self.ensure_user_record(environment, name))
    }

    /// Revokes a key in all its environments. Whether there was one.
    pub(crate) fn revoke_key(&self, key_id: &str) -> Result<bool, StoreError> {
        self.store().revoke_kept_key(key_id)?;
        Ok(self.keys.write().unwrap_or_else(PoisonError::into_inner).revoke(key_id))
    }

    /// Makes the record of type `Users` that stands for a user, unless it exists.
    pub(crate) fn ensure_user_record(&self, environment: Environment, name: &str) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let schema = self.schema(environment);
        self.store().transaction(|store| {
            let database = store.database(environment, Scope::Public.as_str(), "")?;
            let Some(zone) = store.zone(database, DEFAULT_ZONE)? else { return Ok(()) };
            if store.exists(zone.id, name)? {
                return Ok(());
            }
            let stamp = Stamp { at: now, by: name.to_owned() };
            let mut record = Record {
                rid: 0,
                database: database.0,
                zone: zone.id,
                name: name.to_owned(),
                record_type: USERS.to_owned(),
                tag: store.fresh_tag(),
                created: stamp.clone(),
                modified: stamp,
                parent: None,
                fields: "{}".to_owned(),
                sharing: None,
            };
            record.rid = store.insert_record(&record)?;
            match schema.get(USERS) {
                Some(users) => store.index_change(None, Some(&record), users, now),
                None => Ok(()),
            }
        })
    }

    /// What a body above the limit is answered with.
    pub(crate) fn too_large(&self) -> ApiError {
        let limit = facts::BODY_CAP.value;
        let mut error = ApiError::bad_request(format!("request body exceeds the limit of {limit} bytes"));
        error.status = Some(413);
        error
    }
}
