//! Which container, which environment, and who asks.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use http::Uri;

use crate::Environment;
use crate::auth::{ApiToken, ServerKeys, WebAuthToken, WebAuthTokenStore};
use crate::client::{Client, Credential};
use crate::config::{APPLE_URL, Config, ConfigError};
use crate::database::{Database, Private, Public, Shared};
use crate::error::Result;
use crate::runtime::{Clock, OsRandom, Random};
use crate::transport::{ClockSkew, Pacer, RetryPolicy, Sender, Transport, check_destination};

/// A container: an app's databases, as one caller sees them.
///
/// The parameter says who calls, and with it what the compiler lets them open: a server-to-server key opens the public
/// database, a user who signed in opens all three.
///
/// ```no_run
/// use cloudkit_core::auth::ServerKey;
/// use cloudkit_core::{Container, Environment};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let key_id = "";
/// let container = Container::builder("iCloud.com.example.News")
///     .environment(Environment::Production)
///     .server_key(ServerKey::from_pem_file(key_id, "eckey.pem")?)
///     .build()?;
/// let db = container.public();
/// # Ok(())
/// # }
/// ```
///
/// Clones are cheap and share connections, pacing and credentials.
///
/// Apple: [Composing Web Service Requests](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
pub struct Container<C = ServerToServer> {
    pub(crate) client: Arc<Client>,
    caller: PhantomData<C>,
}

/// The caller is a program with a server-to-server key.
#[derive(Debug)]
pub struct ServerToServer(ServerKeys);

/// The caller is an app, with no user signed in.
#[derive(Debug)]
pub struct ApiTokenOnly(ApiToken);

/// The caller is a user who signed in to an app.
#[derive(Debug)]
pub struct SignedInUser(ApiToken, WebAuthTokenStore);

/// Nobody yet: the builder needs a key or a token.
#[derive(Debug)]
pub struct NoCredentials(());

/// Who can call CloudKit.
#[diagnostic::on_unimplemented(
    message = "the container has no credentials",
    label = "a key or a token is missing",
    note = "call `server_key`, or `api_token` and perhaps `web_auth_token`, on the builder"
)]
pub trait Caller: Sized {
    #[doc(hidden)]
    fn into_credential(self) -> CallerCredential;
}

/// What a [`Caller`] shows to CloudKit. Opaque, so that nobody else makes one.
#[doc(hidden)]
#[derive(Debug)]
pub struct CallerCredential(Credential);

/// A caller who is a user, and so has a private and a shared database.
#[diagnostic::on_unimplemented(
    message = "`{Self}` opens the public database only",
    label = "private and shared databases belong to users",
    note = "sign a user in: `Container::builder(..).api_token(..).web_auth_token(..)`"
)]
pub trait IsUser {}

impl IsUser for SignedInUser {}

impl Caller for ServerToServer {
    fn into_credential(self) -> CallerCredential {
        CallerCredential(Credential::ServerToServer(self.0))
    }
}

impl Caller for ApiTokenOnly {
    fn into_credential(self) -> CallerCredential {
        CallerCredential(Credential::Tokens { api_token: self.0, user: None })
    }
}

impl Caller for SignedInUser {
    fn into_credential(self) -> CallerCredential {
        CallerCredential(Credential::Tokens { api_token: self.0, user: Some(self.1) })
    }
}

impl<C> Clone for Container<C> {
    fn clone(&self) -> Self {
        Self { client: Arc::clone(&self.client), caller: PhantomData }
    }
}

impl<C> fmt::Debug for Container<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, caller: _ } = self;
        f.debug_tuple("Container").field(client).finish()
    }
}

impl Container {
    /// Begins with the container's ID, such as `iCloud.com.example.News`.
    pub fn builder(id: impl Into<String>) -> ContainerBuilder<NoCredentials> {
        ContainerBuilder {
            id: id.into(),
            environment: Environment::Development,
            url: None,
            transport: None,
            clock: None,
            random: None,
            policy: RetryPolicy::default(),
            caller: NoCredentials(()),
        }
    }

    /// The container, environment and server-to-server key that the environment variables name; see [`Config`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config), which names the variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        Self::from_config(&Config::from_env())
    }

    /// The same, from variables that were read elsewhere.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_config(config: &Config) -> Result<Self> {
        Self::configured(config)?.server_key(config.server_key()?).build()
    }

    fn configured(config: &Config) -> Result<ContainerBuilder<NoCredentials>> {
        let builder = Self::builder(config.container()?).environment(config.environment()?);
        Ok(builder.url(config.url()))
    }
}

impl Container<ApiTokenOnly> {
    /// The container, environment and API token that the environment variables name; see [`Config`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config), which names the variable that is missing or wrong.
    pub fn with_api_token_from_env() -> Result<Self> {
        let config = Config::from_env();
        Container::configured(&config)?.api_token(config.api_token()?).build()
    }
}

impl Container<SignedInUser> {
    /// The container, environment, API token and web auth token that the environment variables name; see [`Config`].
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config), which names the variable that is missing or wrong.
    pub fn with_user_from_env() -> Result<Self> {
        let config = Config::from_env();
        Container::configured(&config)?
            .api_token(config.api_token()?)
            .web_auth_token(config.web_auth_token()?)
            .build()
    }
}

impl<C> Container<C> {
    /// The database that is one for the whole app.
    #[must_use]
    pub fn public(&self) -> Database<Public> {
        Database::new(Arc::clone(&self.client))
    }

    /// The database of the user alone.
    #[must_use]
    pub fn private(&self) -> Database<Private>
    where
        C: IsUser,
    {
        Database::new(Arc::clone(&self.client))
    }

    /// The zones of others that the user was invited to. Name one with [`Database::in_zone`].
    #[must_use]
    pub fn shared(&self) -> Database<Shared>
    where
        C: IsUser,
    {
        Database::new(Arc::clone(&self.client))
    }

    /// The container's ID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.client.container
    }

    /// The environment.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.client.environment
    }
}

/// How a [`Container`] is put together.
#[must_use = "a builder does nothing until `build`"]
pub struct ContainerBuilder<C> {
    id: String,
    environment: Environment,
    url: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn Random>>,
    policy: RetryPolicy,
    caller: C,
}

impl ContainerBuilder<NoCredentials> {
    /// Calls with a server-to-server key, or with several: one for each environment, and the next during a rotation.
    pub fn server_key(self, keys: impl Into<ServerKeys>) -> ContainerBuilder<ServerToServer> {
        self.with_caller(|_| ServerToServer(keys.into()))
    }

    /// Calls as an app. It is then for the schema's GRANTs to `_world` to say what can be read.
    pub fn api_token(self, token: ApiToken) -> ContainerBuilder<ApiTokenOnly> {
        self.with_caller(|_| ApiTokenOnly(token))
    }
}

impl ContainerBuilder<ApiTokenOnly> {
    /// Calls as this user. Each answer brings the next token; to keep it beyond the life of this process, give a
    /// [`WebAuthTokenStore`] with [`on_rotation`](WebAuthTokenStore::on_rotation).
    pub fn web_auth_token(self, token: impl Into<WebAuthTokenStore>) -> ContainerBuilder<SignedInUser> {
        self.with_caller(|ApiTokenOnly(api_token)| SignedInUser(api_token, token.into()))
    }
}

impl<C> ContainerBuilder<C> {
    fn with_caller<D>(self, change: impl FnOnce(C) -> D) -> ContainerBuilder<D> {
        let Self { id, environment, url, transport, clock, random, policy, caller } = self;
        ContainerBuilder { id, environment, url, transport, clock, random, policy, caller: change(caller) }
    }

    /// The environment; development if it is not said.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Where the service is: scheme and host. Apple's if it is not said. Without TLS on this machine only.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// What carries requests; HTTPS if it is not said.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Where the time comes from; the machine's clock if it is not said.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Where randomness comes from; the operating system if it is not said.
    pub fn random(mut self, random: impl Random + 'static) -> Self {
        self.random = Some(Arc::new(random));
        self
    }

    /// When a failed attempt is followed by another.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl<C> ContainerBuilder<C> {
    /// The container.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::Error::Config) when the container's ID or the service's address cannot be used, or no
    /// key is declared for the environment.
    pub fn build(self) -> Result<Container<C>>
    where
        C: Caller,
    {
        let Self { id, environment, url, transport, clock, random, policy, caller } = self;
        check_id(&id)?;
        let CallerCredential(credential) = caller.into_credential();
        if let Credential::ServerToServer(keys) = &credential
            && keys.primary(environment).is_none()
        {
            return Err(ConfigError::NoKey(environment).into());
        }
        let clock = clock.map_or_else(default_clock, Ok)?;
        let client = Client {
            container: id,
            environment,
            base_url: check_url(url.as_deref().unwrap_or(APPLE_URL))?,
            credential,
            sender: Sender {
                transport: transport.map_or_else(default_transport, Ok)?,
                random: random.unwrap_or_else(|| Arc::new(OsRandom)),
                pacer: Arc::new(Pacer::new(Arc::clone(&clock))),
                clock,
                policy,
                skew: Arc::new(ClockSkew::default()),
            },
            key_in_use: AtomicUsize::new(0),
            spare_buffer: Mutex::new(Vec::new()),
        };
        Ok(Container { client: Arc::new(client), caller: PhantomData })
    }
}

#[cfg(feature = "http")]
fn default_transport() -> Result<Arc<dyn Transport>, ConfigError> {
    Ok(Arc::new(crate::transport::HttpTransport::new(crate::transport::HttpOptions::default())))
}

#[cfg(not(feature = "http"))]
fn default_transport() -> Result<Arc<dyn Transport>, ConfigError> {
    Err(ConfigError::NoTransport("`transport`"))
}

#[cfg(feature = "http")]
fn default_clock() -> Result<Arc<dyn Clock>, ConfigError> {
    Ok(Arc::new(crate::runtime::SystemClock::new()))
}

#[cfg(not(feature = "http"))]
fn default_clock() -> Result<Arc<dyn Clock>, ConfigError> {
    Err(ConfigError::NoTransport("`clock`"))
}

/// Checks that a text can be the ID of a container.
///
/// It goes into the path as it is, so what would have to be escaped there cannot be in it.
///
/// # Errors
///
/// [`ConfigError::Container`], which says why it is none.
pub fn check_id(id: &str) -> Result<(), ConfigError> {
    let refuse = |why| Err(ConfigError::Container { id: id.chars().take(100).collect(), why });
    if !(id.starts_with("iCloud.") || id.starts_with("com.apple.")) {
        return refuse(if id.to_ascii_lowercase().starts_with("icloud.") {
            "it begins with `iCloud.`, with a capital C"
        } else {
            "it begins with `iCloud.`; the bundle ID of an app is not the ID of its container"
        });
    }
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
        return refuse("it has letters, digits, `.`, `-` and `_` only; copy it from CloudKit Console");
    }
    Ok(())
}

/// Checks that requests can be sent to an address, as it stands in `CLOUDKIT_URL`, and returns it without a slash at its
/// end.
///
/// # Errors
///
/// [`ConfigError::Url`], which says what is wrong with it.
pub fn check_url(url: &str) -> Result<String, ConfigError> {
    let refuse = |why: &str| Err(ConfigError::Url(why.to_owned()));
    let Ok(uri) = url.trim_end_matches('/').parse::<Uri>() else {
        return refuse("it is not an address, such as https://api.apple-cloudkit.com");
    };
    if let Err(error) = check_destination(&uri) {
        return Err(ConfigError::Url(error.to_string()));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refuse("it holds a user name or password, which CloudKit does not know");
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return refuse("it holds a path, and the library writes the path itself");
    }
    Ok(url.trim_end_matches('/').to_owned())
}

impl From<WebAuthToken> for WebAuthTokenStore {
    fn from(token: WebAuthToken) -> Self {
        Self::new(token)
    }
}

impl<C> fmt::Debug for ContainerBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, environment, url: _, transport, clock, random, policy, caller: _ } = self;
        f.debug_struct("ContainerBuilder")
            .field("id", id)
            .field("environment", environment)
            .field("transport", transport)
            .field("clock", clock)
            .field("random", random)
            .field("policy", policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(result: Result<impl Sized, ConfigError>, text: &str) {
        let error = result.err().expect("it is to be refused").to_string();
        assert!(error.contains(text), "{error}");
    }

    #[test]
    fn what_is_not_the_id_of_a_container_is_told_apart() {
        assert!(check_id("iCloud.com.example.News").is_ok());
        refused(check_id("icloud.com.example.News"), "capital C");
        refused(check_id("com.example.News"), "bundle ID");
        refused(check_id("iCloud.com/example"), "letters, digits");
        refused(check_id("iCloud.com.example?x"), "letters, digits");
    }

    #[test]
    fn the_address_is_scheme_and_host() {
        assert_eq!(
            check_url("https://api.apple-cloudkit.com/").ok().as_deref(),
            Some("https://api.apple-cloudkit.com")
        );
        assert!(check_url("http://127.0.0.1:8080").is_ok());
        refused(check_url("http://example.test"), "http");
        refused(check_url("https://example.test/database"), "path");
        refused(check_url("https://me:secret@example.test"), "user name");
        refused(check_url("not an address"), "not an address");
    }
}
