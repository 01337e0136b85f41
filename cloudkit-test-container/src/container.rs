//! A container that runs.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_core::auth::{KeyId, PublicKey, ServerKey};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::{Scope, check_zone_name};
use crate::auth::WebAuthToken;
use crate::builder::TestContainerBuilder;
use crate::clock::Clock;
use crate::credentials::{GeneratedKey, settle_credentials, settle_users};
use crate::facts;
use crate::faults::{Fault, FaultRule, Running};
use crate::management::Access;
use crate::random::Random;
use crate::schema::{SchemaError, declared_schema};
use crate::server::{
    ConsoleKey, ENVIRONMENTS, LoggedRequest, Schemas, Settings, State, endpoints_of_rules, serve,
};
use crate::store::Store;
use crate::subscription_shape::SubscriptionShape;
use crate::tls::Tls;

/// A CloudKit container on loopback, with both its environments.
///
/// It stops when it is dropped; [`stop`](Self::stop) lets the requests that are under way finish first.
pub struct TestContainer {
    state: Arc<State>,
    environment: Environment,
    seed: u64,
    /// One key for each environment, development first.
    keys: [GeneratedKey; 2],
    users: Vec<TestUser>,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<()>>,
}

/// A user of a container, with what it takes to ask in the user's name.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestUser {
    /// The name that the builder was given.
    pub name: String,
    /// The name of the user's record.
    pub record_name: String,
    /// A web auth token, for use with the container's API token.
    pub web_auth_token: String,
}

impl fmt::Debug for TestUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, record_name, web_auth_token: _ } = self;
        f.debug_struct("TestUser")
            .field("name", name)
            .field("record_name", record_name)
            .field("web_auth_token", &"..")
            .finish()
    }
}

/// Why a container did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Containers have IDs that begin with `iCloud.`.
    #[error(
        "`{0}` is not a container ID: it begins with `iCloud.` and has letters, digits, `-`, `.` and `_` only"
    )]
    ContainerId(String),
    /// The schema cannot be one of CloudKit's.
    #[error("the schema cannot be served")]
    Schema(#[from] SchemaError),
    /// Two users have one name.
    #[error("two users are named `{0}`")]
    DuplicateUser(String),
    /// The address cannot be had.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The directory of the data cannot be used.
    #[error("cannot open the data")]
    Data(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No certificate can be made for this name.
    #[error("`{0}` cannot have a certificate: it is neither a host name nor an IP address")]
    TlsName(String),
    /// A planned fault is for an endpoint that there is not.
    #[error("{0}")]
    Faults(String),
    /// The system gives no random numbers.
    #[error("cannot make a key: the system gives no random numbers")]
    Random,
}

impl StartError {
    pub(crate) fn data(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Data(Box::new(error))
    }
}

/// What was named to a container that runs is not there, or cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// There is no user of this name.
    #[error("the container has no user `{0}`; name it to the builder")]
    UnknownUser(String),
    /// There is no key of this ID.
    #[error("the container has no key with the ID `{0}`")]
    UnknownKey(String),
    /// There is no such web auth token. It is not shown.
    #[error("the container has issued no such web auth token, or has forgotten it")]
    UnknownToken,
    /// A zone cannot have this name.
    #[error("`{name}` cannot be the name of a zone: {why}")]
    ZoneName {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A schema was refused.
    #[error("the schema was refused")]
    Schema(#[source] SchemaError),
    /// The store failed.
    #[error("the store of the container failed: {0}")]
    Store(String),
}

/// Planned faults were met by no request, although they had to be. The text names the lines that planned them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnmetFaults(String);

impl TestContainer {
    /// Describes a container, to be started.
    pub fn builder(container_id: impl Into<String>) -> TestContainerBuilder {
        TestContainerBuilder::new(container_id.into())
    }

    pub(crate) async fn start(builder: TestContainerBuilder) -> Result<Self, StartError> {
        let container_id = builder.container_id;
        let is_plain =
            container_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !container_id.starts_with("iCloud.") || !is_plain {
            return Err(StartError::ContainerId(container_id));
        }
        let seed = match builder.seed.or(builder.faults.seed) {
            Some(seed) => seed,
            None => getrandom::u64().map_err(|_| StartError::Random)?,
        };
        let declared = declared_schema(builder.schema.as_ref(), &builder.descriptors)?;
        let virtual_time = builder.virtual_time.or(builder.faults.virtual_time);
        let clock = virtual_time.map_or_else(Clock::of_the_machine, Clock::standing);
        let index_lag = builder.index_lag.or(builder.faults.index_lag).unwrap_or_default();
        let mut store = Store::open(builder.data.as_deref(), index_lag).map_err(StartError::data)?;
        let mut random = Random::new(seed);
        let access = Access::settle(builder.team_id, builder.management_token, &mut store, &mut random)
            .map_err(StartError::data)?;
        let tls = match &builder.tls_names {
            None => None,
            Some(names) => {
                // Clients look at the machine's clock to see whether a certificate is good.
                let now_ms = Clock::of_the_machine().now_ms();
                Some(Tls::settle(names, builder.listen.ip(), builder.data.as_deref(), now_ms)?)
            }
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let settings = Settings {
            tls,
            container_id,
            strict_headers: builder.strict_headers,
            clock_window: builder.clock_window,
            strict_web_auth_tokens: builder.strict_web_auth_tokens,
            address_books: builder.address_books,
            asset_limit: builder.asset_limit,
            limits: builder.limits,
            documented_share_type: builder.documented_share_type,
            jit: builder.jit,
            open_indexes: builder.open_indexes,
            access,
            long_poll: builder.long_poll,
            patience: builder.patience,
            console_key: ConsoleKey::new().map_err(|_| StartError::Random)?,
        };
        let known_users = settle_users(builder.users, &settings.container_id, &mut store)?;
        builder.faults.check_endpoints(&endpoints_of_rules()).map_err(StartError::Faults)?;
        let faults = Running::new(builder.faults, seed, clock.now_ms());
        let schemas = Schemas::new(declared, builder.open_indexes, &store).map_err(StartError::data)?;
        let state = State::new(settings, known_users, schemas, store, random, clock, faults)
            .map_err(StartError::data)?;

        let keys = settle_credentials(&state, builder.keys, builder.api_tokens)?;

        let listen = builder.listen;
        let cannot_listen = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let mut address = listener.local_addr().map_err(cannot_listen)?;
        if address.ip().is_unspecified() {
            // It listens everywhere, and there it can be reached from here.
            address.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        state.set_url(format!("{scheme}://{address}"));
        let state = Arc::new(state);
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, Arc::clone(&state), stopped));
        let mut container = Self {
            environment: builder.environment,
            seed,
            keys,
            users: Vec::new(),
            stop,
            server: Some(server),
            state,
        };
        let users: Vec<_> = container.state.users().to_vec();
        for user in users {
            let web_auth_token = match user.web_auth_token {
                Some(token) => {
                    container.accept_web_auth_token(&token, &user.record_name);
                    token
                }
                None => container.issue_token(&user.record_name, container.environment),
            };
            container.users.push(TestUser { name: user.name, record_name: user.record_name, web_auth_token });
        }
        Ok(container)
    }

    /// Where it listens, such as `http://127.0.0.1:40123`: what stands for `https://api.apple-cloudkit.com`.
    ///
    /// With `/console` behind it, it is the address of a page that shows what the container is asked and what it holds.
    #[must_use]
    pub fn url(&self) -> &str {
        self.state.url()
    }

    /// The certificate of the authority that vouches for the container, as PEM, if it serves
    /// [HTTPS](TestContainerBuilder::tls). Programs that trust it believe that the container is Apple's host.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.state.tls().map(Tls::ca_pem)
    }

    /// The file with [`ca_pem`](Self::ca_pem), if the container keeps its [data](TestContainerBuilder::data).
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.state.tls().and_then(Tls::ca_file)
    }

    /// The ID of the container.
    #[must_use]
    pub fn container_id(&self) -> &str {
        &self.state.settings().container_id
    }

    /// The environment that the other accessors speak of.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// What everything random follows. Give it to [`TestContainerBuilder::seed`] to see the same again.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    fn key(&self, environment: Environment) -> &GeneratedKey {
        match environment {
            Environment::Development => &self.keys[0],
            Environment::Production => &self.keys[1],
        }
    }

    /// The ID of the key that the container has made for its environment.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key(self.environment).key_id
    }

    /// The private key that belongs to [`key_id`](Self::key_id), as PKCS#8 PEM.
    #[must_use]
    pub fn private_key_pem(&self) -> String {
        self.key(self.environment).private_key.to_pkcs8_pem().to_string()
    }

    /// The key that the container has made for an environment, ready to sign.
    #[must_use]
    pub fn server_key(&self, environment: Environment) -> ServerKey {
        let key = self.key(environment);
        let key_id = KeyId::new(key.key_id.clone()).expect("64 hexadecimal digits are a key ID");
        ServerKey::new(key_id, key.private_key.clone())
    }

    pub(crate) fn new_key_id(&self) -> String {
        self.state.random().hex64()
    }

    /// The API token of the container's environment.
    #[must_use]
    pub fn api_token(&self) -> String {
        self.api_token_for(self.environment)
    }

    /// The API token of an environment. It names no user.
    #[must_use]
    pub fn api_token_for(&self, environment: Environment) -> String {
        self.state.tokens().api_token(environment).unwrap_or_default().to_owned()
    }

    /// The users, each with a web auth token for the container's environment.
    #[must_use]
    pub fn users(&self) -> &[TestUser] {
        &self.users
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<&TestUser> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The server's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.state.clock()
    }

    /// All requests so far, the oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.state.log().all()
    }

    /// Registers a key for an environment. One with the same ID is replaced.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`] if the record of the key's user cannot be kept.
    pub fn register_key(
        &self,
        key_id: &str,
        public_key: PublicKey,
        environment: Environment,
    ) -> Result<(), ContainerError> {
        self.state
            .register_key(key_id, public_key, environment)
            .map_err(|error| ContainerError::Store(error.to_string()))
    }

    /// Revokes a key in all its environments.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownKey`], or [`ContainerError::Store`] if that cannot be kept.
    pub fn revoke_key(&self, key_id: &str) -> Result<(), ContainerError> {
        let revoked =
            self.state.revoke_key(key_id).map_err(|error| ContainerError::Store(error.to_string()))?;
        if revoked { Ok(()) } else { Err(ContainerError::UnknownKey(key_id.to_owned())) }
    }

    /// Makes another web auth token for a user, in the container's environment.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownUser`].
    pub fn issue_web_auth_token(&self, user: &str) -> Result<String, ContainerError> {
        self.issue_web_auth_token_for(user, self.environment)
    }

    /// Makes a web auth token for a user, in an environment.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownUser`].
    pub fn issue_web_auth_token_for(
        &self,
        user: &str,
        environment: Environment,
    ) -> Result<String, ContainerError> {
        let user = self.user(user).ok_or_else(|| ContainerError::UnknownUser(user.to_owned()))?;
        Ok(self.issue_token(&user.record_name, environment))
    }

    /// Lets a token that somebody has chosen stand for a user in both environments, for good.
    fn accept_web_auth_token(&self, token: &str, record_name: &str) {
        for environment in ENVIRONMENTS {
            let api_token = self.api_token_for(environment);
            let life = i64::try_from(facts::WEB_AUTH_TOKEN_LIFE.value.as_millis()).unwrap_or(i64::MAX);
            let meaning =
                WebAuthToken { user: record_name.to_owned(), api_token, expires_at: i64::MAX, life };
            self.state.tokens().register_web_auth_token(token.to_owned(), environment, meaning);
        }
    }

    fn issue_token(&self, record_name: &str, environment: Environment) -> String {
        let life = facts::WEB_AUTH_TOKEN_LIFE.value;
        self.state.issue_web_auth_token(record_name, environment, &self.api_token_for(environment), life)
    }

    /// Ends the life of a web auth token.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownToken`].
    pub fn expire_web_auth_token(&self, token: &str) -> Result<(), ContainerError> {
        if self.state.expire_web_auth_token(token) { Ok(()) } else { Err(ContainerError::UnknownToken) }
    }

    /// Makes a custom zone in a user's private database, in the container's environment.
    ///
    /// # Errors
    ///
    /// [`ContainerError`] if there is no such user, or a zone cannot have this name.
    pub fn create_zone(&self, user: &str, zone: &str) -> Result<(), ContainerError> {
        check_zone_name(zone).map_err(|why| ContainerError::ZoneName { name: zone.to_owned(), why })?;
        let user = self.user(user).ok_or_else(|| ContainerError::UnknownUser(user.to_owned()))?;
        let created = self.state.store().transaction(|store| {
            let database = store.database(self.environment, Scope::Private.as_str(), &user.record_name)?;
            store.create_zone(database, zone)
        });
        created.map_err(|error: crate::store::StoreError| ContainerError::Store(error.to_string()))
    }

    /// The shapes of query subscriptions that an environment knows: in development those of all subscriptions that were
    /// ever created there, in production those that were [deployed](Self::deploy_schema).
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`].
    pub fn subscription_shapes(
        &self,
        environment: Environment,
    ) -> Result<Vec<SubscriptionShape>, ContainerError> {
        let shapes = self.state.store().subscription_shapes(environment);
        shapes.map_err(|error| ContainerError::Store(error.to_string()))
    }

    /// Makes all sync tokens that were handed out so far worthless, in both environments: the service forgets how far
    /// its readers have come. They have to start from the beginning.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`].
    pub fn expire_sync_tokens(&self) -> Result<(), ContainerError> {
        let mut store = self.state.store();
        let expired = store.transaction(|store| {
            store.expire_sync_tokens(Environment::Development)?;
            store.expire_sync_tokens(Environment::Production)
        });
        expired.map_err(|error: crate::store::StoreError| ContainerError::Store(error.to_string()))
    }

    /// Plans a fault, which the next request meets that has not met an earlier one.
    #[track_caller]
    pub fn fail_next(&self, fault: Fault) {
        self.plan(FaultRule::new(fault));
    }

    /// Plans a fault for the next request to an endpoint, such as `records/modify`.
    #[track_caller]
    pub fn fail_next_at(&self, endpoint: &str, fault: Fault) {
        self.plan(FaultRule::new(fault).at(endpoint));
    }

    /// Plans a fault for the requests that a rule describes.
    #[track_caller]
    pub fn plan(&self, rule: impl Into<FaultRule>) {
        self.state.faults().plan(rule.into(), self.clock().now_ms());
    }

    /// The planned faults that have to be met and were not. A container that is dropped while there are any panics, and
    /// names the lines that planned them.
    #[must_use]
    pub fn unmet_faults(&self) -> Vec<Fault> {
        self.state.faults().unmet()
    }

    /// Takes back all planned faults, met or not; a rate limit stays.
    pub fn forget_faults(&self) {
        self.state.faults().forget();
    }

    /// Stops the container after the requests that are under way, but does not wait longer than five seconds.
    ///
    /// # Panics
    ///
    /// If a planned fault was not met that had to be; [`finish`](Self::finish) returns that instead.
    pub async fn stop(mut self) {
        self.shut_down().await;
    }

    /// Stops the container like [`stop`](Self::stop).
    ///
    /// # Errors
    ///
    /// [`UnmetFaults`] if a planned fault was not met that had to be.
    pub async fn finish(mut self) -> Result<(), UnmetFaults> {
        self.shut_down().await;
        let complaint = self.state.faults().complaint();
        self.state.faults().forget();
        complaint.map_or(Ok(()), |complaint| Err(UnmetFaults(complaint)))
    }

    async fn shut_down(&mut self) {
        let _ = self.stop.send(true);
        self.state.courier().close();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(Duration::from_secs(5), &mut server).await.is_err()
        {
            server.abort();
        }
    }
}

impl Drop for TestContainer {
    /// Stops the container.
    ///
    /// # Panics
    ///
    /// If a planned fault was not met that had to be: a test that plans trouble and never has any tests nothing. Where the
    /// thread is panicking already, it prints the seed instead, with which the failure comes again.
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
        if std::thread::panicking() {
            eprintln!(
                "note: the test container has the seed {seed}; `.seed({seed})` repeats it",
                seed = self.seed
            );
        } else if let Some(complaint) = self.state.faults().complaint() {
            panic!("{complaint}");
        }
    }
}

impl fmt::Debug for TestContainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestContainer")
            .field("url", &self.url())
            .field("container_id", &self.container_id())
            .field("environment", &self.environment)
            .field("seed", &self.seed)
            .field("users", &self.users)
            .finish_non_exhaustive()
    }
}
