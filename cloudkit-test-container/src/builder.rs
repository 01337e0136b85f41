//! How a container is described before it starts.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_core::auth::PublicKey;
use cloudkit_core::record::RecordDescriptor;

use crate::api_tokens::ApiTokenDef;
use crate::clock::VIRTUAL_START_MS;
use crate::container::{StartError, TestContainer};
use crate::facts;
use crate::faults::Faults;
use crate::limits::Limits;
use crate::schema::SchemaSource;
use crate::server::{LONG_POLL, PATIENCE};
use crate::users::User;

/// Describes a test container; [`TestContainer::builder`] makes one.
#[must_use = "a container runs only after `start`"]
pub struct TestContainerBuilder {
    pub(crate) container_id: String,
    pub(crate) environment: Environment,
    pub(crate) schema: Option<SchemaSource>,
    pub(crate) descriptors: Vec<RecordDescriptor>,
    pub(crate) users: Vec<User>,
    pub(crate) jit: bool,
    pub(crate) open_indexes: Option<bool>,
    pub(crate) index_lag: Option<Duration>,
    pub(crate) faults: Faults,
    pub(crate) virtual_time: Option<i64>,
    pub(crate) seed: Option<u64>,
    pub(crate) strict_headers: bool,
    pub(crate) long_poll: Duration,
    pub(crate) patience: Duration,
    pub(crate) clock_window: Duration,
    pub(crate) strict_web_auth_tokens: bool,
    pub(crate) asset_limit: usize,
    pub(crate) limits: Limits,
    pub(crate) documented_share_type: bool,
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: SocketAddr,
    pub(crate) keys: Vec<(String, PublicKey, Vec<Environment>)>,
    pub(crate) api_tokens: Vec<ApiTokenDef>,
    pub(crate) address_books: bool,
    pub(crate) management_token: Option<String>,
    pub(crate) team_id: Option<String>,
    /// The names that are to be served over HTTPS beside the usual ones; `None` for plain HTTP.
    pub(crate) tls_names: Option<Vec<String>>,
}

impl TestContainerBuilder {
    pub(crate) fn new(container_id: String) -> Self {
        Self {
            container_id,
            environment: Environment::Development,
            schema: None,
            descriptors: Vec::new(),
            users: Vec::new(),
            jit: false,
            open_indexes: None,
            index_lag: None,
            faults: Faults::new(),
            virtual_time: None,
            seed: None,
            strict_headers: false,
            long_poll: LONG_POLL,
            patience: PATIENCE,
            clock_window: facts::CLOCK_WINDOW.value,
            strict_web_auth_tokens: false,
            asset_limit: facts::ASSET_SIZE.value,
            limits: Limits::new(),
            documented_share_type: false,
            data: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            keys: Vec::new(),
            api_tokens: Vec::new(),
            address_books: false,
            management_token: None,
            team_id: None,
            tls_names: None,
        }
    }

    /// Sets the schema: a text of the schema language, such as `include_str!("schema.ckdb")`, or a schema made in code.
    ///
    /// It is imported into development and deployed to production, in place of what a [file](Self::data) may hold.
    pub fn schema(mut self, schema: impl Into<SchemaSource>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Adds the record types of derived structs to the schema, with CloudKit's default grants.
    pub fn descriptors(mut self, descriptors: &[&RecordDescriptor]) -> Self {
        self.descriptors.extend(descriptors.iter().map(|descriptor| **descriptor));
        self
    }

    /// Makes production the environment that the accessors of the container speak of. Both are served either way.
    pub fn production(mut self) -> Self {
        self.environment = Environment::Production;
        self
    }

    /// Adds a user: a name, or a [`User`] with more to it.
    pub fn user(mut self, user: impl Into<User>) -> Self {
        self.users.push(user.into());
        self
    }

    /// Lets saves in development create the record types and fields they need. CloudKit's web services never do.
    pub fn jit(mut self, jit: bool) -> Self {
        self.jit = jit;
        self
    }

    /// Indexes every field that can be. Without this the schema decides, unless there is no schema.
    pub fn open_indexes(mut self, open_indexes: bool) -> Self {
        self.open_indexes = Some(open_indexes);
        self
    }

    /// Lets queries see a write only after so much time of the container's [clock](TestContainer::clock).
    pub fn index_lag(mut self, index_lag: Duration) -> Self {
        self.index_lag = Some(index_lag);
        self
    }

    /// Plans faults from the start: see [`Faults`]. [`TestContainer::plan`] plans more while the container runs.
    ///
    /// The plan's seed, index lag and virtual time are the container's, unless the builder is given others.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Lets the container's [clock](TestContainer::clock) stand at 2026-01-01T00:00:00Z until somebody moves it, so that
    /// a run with the same seed and the same requests gives the same replies, byte for byte.
    ///
    /// [Clients of the container](TestContainer::client) take part: what they would wait for moves the clock instead.
    /// Other programs sign with the time of their machine and are refused, unless time
    /// [starts](Self::virtual_time_from) there.
    pub fn virtual_time(self) -> Self {
        self.virtual_time_from(VIRTUAL_START_MS)
    }

    /// [Virtual time](Self::virtual_time) that starts at this moment, in milliseconds since 1970 in UTC.
    pub fn virtual_time_from(mut self, start_ms: i64) -> Self {
        self.virtual_time = Some(start_ms);
        self
    }

    /// Makes everything random, except private keys, follow this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Leaves out the header `x-cloudkit-explain`, which Apple's service does not send.
    pub fn strict_headers(mut self, strict_headers: bool) -> Self {
        self.strict_headers = strict_headers;
        self
    }

    /// Sets how long a request for notifications waits for one before it is answered with nothing. It is a minute
    /// otherwise, and goes by the machine's time.
    pub fn long_poll(mut self, long_poll: Duration) -> Self {
        self.long_poll = long_poll;
        self
    }

    /// Sets how long a client may take for the head of a request, and for each next piece of its body, before its
    /// connection is closed. It is a minute otherwise, and goes by the machine's time.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how long before and after its date a signature is good. It is ten minutes otherwise.
    pub fn clock_window(mut self, clock_window: Duration) -> Self {
        self.clock_window = clock_window;
        self
    }

    /// Lets a web auth token be used once, as Apple's documents have it. Apple's service lets it live on.
    pub fn strict_web_auth_tokens(mut self, strict_web_auth_tokens: bool) -> Self {
        self.strict_web_auth_tokens = strict_web_auth_tokens;
        self
    }

    /// Sets how large a file may be that is uploaded, in bytes. It is 50 MB otherwise.
    pub fn asset_limit(mut self, bytes: usize) -> Self {
        self.asset_limit = bytes;
        self
    }

    /// Sets how much fits into the container: see [`Limits`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Takes `cloudKit.share` for the record type of shares too, which is how Apple's reference spells it. Apple's service
    /// knows `cloudkit.share` only.
    pub fn documented_share_type(mut self, documented_share_type: bool) -> Self {
        self.documented_share_type = documented_share_type;
        self
    }

    /// Keeps everything in this directory, which is made if it does not exist: records, zones, files, schemas, users, keys
    /// and tokens. A later container takes them up.
    ///
    /// What was acknowledged survives a kill at any moment. One container at a time uses a directory.
    /// [Stop](TestContainer::stop) it before another one of the same process starts there.
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = Some(directory.into());
        self
    }

    /// Listens on this address instead of a free port of the loopback interface. Port 0 is any free port.
    ///
    /// Whoever reaches another interface than loopback can use the container.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Registers a key, beside the ones that the container makes for itself.
    pub fn key(
        mut self,
        key_id: impl Into<String>,
        public_key: PublicKey,
        environments: &[Environment],
    ) -> Self {
        self.keys.push((key_id.into(), public_key, environments.to_vec()));
        self
    }

    /// Registers an API token for one environment, in place of the one that the container makes.
    pub fn api_token(self, token: impl Into<String>, environment: Environment) -> Self {
        self.api_token_with(ApiTokenDef::new(token, environment))
    }

    /// Registers an API token with the settings that CloudKit Console has for one.
    pub fn api_token_with(mut self, token: ApiTokenDef) -> Self {
        self.api_tokens.push(token);
        self
    }

    /// Lets users have all others in their address books, for `users/lookup/contacts` and for `GET users/discover`.
    /// Without it they fail, as the latter does at Apple for everybody.
    pub fn address_books(mut self, address_books: bool) -> Self {
        self.address_books = address_books;
        self
    }

    /// Sets the token that opens the management API, in place of the one that the container makes.
    pub fn management_token(mut self, token: impl Into<String>) -> Self {
        self.management_token = Some(token.into());
        self
    }

    /// Sets the ID of the team that the container belongs to, in place of the one that the container makes.
    pub fn team_id(mut self, team_id: impl Into<String>) -> Self {
        self.team_id = Some(team_id.into());
        self
    }

    /// Serves HTTPS instead of HTTP, for programs that cannot be pointed at another host: the machine's hosts file leads
    /// `api.apple-cloudkit.com` to the container, which has a certificate for that name, for `localhost` and for the
    /// address that it [listens](Self::listen) on. HTTP/2 is spoken with whoever offers it.
    ///
    /// Programs have to trust the authority that vouches for the certificate: [`TestContainer::ca_pem`]. It is made for
    /// this container, can vouch for nothing but these names, and its key is not kept. With [`data`](Self::data) the
    /// certificates stay the same for two years, as long as no name is added.
    pub fn tls(mut self) -> Self {
        self.tls_names.get_or_insert_default();
        self
    }

    /// Serves [HTTPS](Self::tls) under another name too: a host name or an IP address.
    pub fn tls_name(mut self, name: impl Into<String>) -> Self {
        self.tls_names.get_or_insert_default().push(name.into());
        self
    }

    /// Starts the container. It serves on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the schema or the container ID cannot be one of CloudKit's, if the directory cannot be used, or
    /// if there is no free port.
    pub async fn start(self) -> Result<TestContainer, StartError> {
        TestContainer::start(self).await
    }
}

impl fmt::Debug for TestContainerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestContainerBuilder")
            .field("container_id", &self.container_id)
            .field("environment", &self.environment)
            .field("seed", &self.seed)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
