//! `cloudkit container serve`: a test container that runs until it is told to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use cloudkit_core::Environment;
use cloudkit_core::auth::{KeyId, PrivateKey, PublicKey};
use cloudkit_test_container::{
    ApiTokenDef, ContainerError, FaultFileError, FaultRule, Faults, Latency, StartError, TestContainer,
    TestContainerBuilder, User,
};
use tempfile::NamedTempFile;

use super::ready::Ready;
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, credentials, input};

/// The largest schema that is read.
const LONGEST_SCHEMA: u64 = 16 << 20;

/// The name of the private key in the directory of the data.
const KEY_FILE: &str = "private-key.pem";

/// What can be written after `cloudkit container serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
Without --key-id it makes a key and keeps it: in the directory of --data, or in a temporary file that goes away when it \
stops. Both environments accept it. It listens on the loopback interface unless --listen names another address.

Examples:
  cloudkit container serve --schema schema.ckdb --user alice
  cloudkit container serve --data ./cloudkit --jit --ready-json > ready.json
  cloudkit container serve --key-id 0123…cdef@production --public-key eckey.pub --schema schema.ckdb --deploy
  cloudkit container serve --jit --latency 80 --faults faults.toml --seed 42
  cloudkit container serve --jit --fault throttle,retry_after_ms=2000,endpoint=records/query --virtual-time now

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 it could not start or was broken off, 2 wrong usage, \
4 stopped, and a planned fault was met by no request.")]
pub struct Arguments {
    /// The address and port; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The ID of the container.
    #[arg(long, value_name = "ID", default_value = "iCloud.com.example.App")]
    pub id: String,
    /// A schema, imported into development.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Deploys the schema of development to production.
    #[arg(long)]
    pub deploy: bool,
    /// Lets saves in development create the record types and fields they need. CloudKit's web services never do.
    #[arg(long)]
    pub jit: bool,
    /// Keeps everything in this directory [default: in memory].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Registers a key under this ID, for both environments or for one: ID@development, ID@production.
    #[arg(long, value_name = "ID", requires = "public_key")]
    pub key_id: Vec<String>,
    /// The public half of the key of the --key-id before it.
    #[arg(long, value_name = "FILE", requires = "key_id")]
    pub public_key: Vec<PathBuf>,
    /// The API token of both environments.
    #[arg(long, value_name = "TOKEN")]
    pub api_token: Option<String>,
    /// Sends a browser that signs in with the API token to this address, which gets the web auth token; otherwise the
    /// token is posted to the window that asked.
    #[arg(long, value_name = "URL", requires = "api_token")]
    pub callback: Option<String>,
    /// Adds a user, who is signed in with this web auth token if one is given.
    #[arg(long, value_name = "NAME[=TOKEN]")]
    pub user: Vec<String>,
    /// The token that opens the management API.
    #[arg(long, value_name = "TOKEN")]
    pub management_token: Option<String>,
    /// What everything random follows.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Delays all requests by so many milliseconds.
    #[arg(long, value_name = "MS")]
    pub latency: Option<u64>,
    /// A plan of faults, as TOML or JSON.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// A fault with the members that a plan has for it, such as drop-after-commit,endpoint=records/modify,times=2. May be
    /// given more than once.
    #[arg(long, value_name = "KIND[,MEMBER=VALUE]")]
    pub fault: Vec<FaultRule>,
    /// Answers requests beyond so many in so many milliseconds with THROTTLED.
    #[arg(long, value_name = "REQUESTS/MS", value_parser = rate_limit)]
    pub rate_limit: Option<(u32, Duration)>,
    /// Lets queries see a write only after so many milliseconds.
    #[arg(long, value_name = "MS")]
    pub index_lag: Option<u64>,
    /// Lets the clock stand at a moment, such as now or 2026-01-01T00:00:00Z, until it is moved.
    #[arg(long, value_name = "MOMENT", value_parser = virtual_time)]
    pub virtual_time: Option<VirtualTime>,
    /// Serves HTTPS, for programs that cannot be pointed at another host than api.apple-cloudkit.com.
    #[arg(long)]
    pub tls: bool,
    /// Serves HTTPS under another name too: a host name or an IP address.
    #[arg(long, value_name = "NAME")]
    pub tls_name: Vec<String>,
    /// Leaves out the header x-cloudkit-explain.
    #[arg(long)]
    pub strict_headers: bool,
    /// Takes cloudKit.share for the record type of shares too, as Apple's reference spells it. Apple's service does not.
    #[arg(long)]
    pub documented_share_type: bool,
    /// Prints one line of JSON when it accepts requests.
    #[arg(long)]
    pub ready_json: bool,
}

/// Where a clock starts that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtualTime {
    /// At the time of the machine.
    Now,
    /// At so many milliseconds since 1970.
    At(i64),
}

fn virtual_time(text: &str) -> std::result::Result<VirtualTime, String> {
    if text == "now" {
        return Ok(VirtualTime::Now);
    }
    let moment: std::result::Result<jiff::Timestamp, _> = text.parse();
    let moment = moment.map_err(|_| "it is a moment such as 2026-01-01T00:00:00Z, or now".to_owned())?;
    Ok(VirtualTime::At(moment.as_millisecond()))
}

fn rate_limit(text: &str) -> std::result::Result<(u32, Duration), String> {
    let parts =
        text.split_once('/').and_then(|(requests, per)| Some((requests.parse().ok()?, per.parse().ok()?)));
    match parts {
        Some((requests, per)) if per > 0 => Ok((requests, Duration::from_millis(per))),
        _ => Err("it is a number of requests and a time in milliseconds above 0, such as 40/1000".to_owned()),
    }
}

/// Serves until a signal comes.
///
/// # Errors
///
/// Whatever kept it from starting.
pub async fn run(arguments: Arguments, context: &mut Context) -> Result {
    // Before anybody can know that there is something to stop.
    let signals = Signals::listen()?;
    allow_connections();
    let builder = describe(&arguments, context)?;
    let container = builder.start().await.map_err(not_started)?;
    let key =
        settle_schema(&arguments, context, &container).and_then(|()| settle_key(&arguments, &container))?;
    let ca = settle_ca(&container)?;

    let ready = Ready::of(
        &container,
        key.id.clone(),
        key.file.as_ref().map(KeptFile::path),
        ca.as_ref().map(KeptFile::path),
    );
    if arguments.ready_json || context.format == Format::Json {
        context.print_json(&ready)?;
    } else {
        context.print(&ready)?;
    }
    context.flush()?;
    if !arguments.listen.ip().is_loopback() {
        context.say(format!("note: whoever reaches {} can use the container", arguments.listen));
    }
    context.say(format!("The seed is {}.", container.seed()));

    let signal = signals.next().await;
    context.say(format!("Stopped by {signal}."));
    if let Err(unmet) = container.finish().await {
        return Err(Failure::from(unmet).with_exit(Exit::new(4)));
    }
    Ok(Exit::OK)
}

/// Lets the process open as many files, and so connections, as it may. Shells often allow it 1,024 at first.
fn allow_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};

        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // If it may not, there are fewer connections.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

fn describe(arguments: &Arguments, context: &mut Context) -> Result<TestContainerBuilder> {
    let mut builder = TestContainer::builder(arguments.id.clone())
        .listen(arguments.listen)
        .jit(arguments.jit)
        .strict_headers(arguments.strict_headers)
        .documented_share_type(arguments.documented_share_type);
    if let Some(directory) = &arguments.data {
        builder = builder.data(directory);
    }
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    let mut faults = match &arguments.faults {
        Some(file) => Faults::from_file(file)
            .map_err(|error: FaultFileError| Failure::from(error).with_exit(Exit::USAGE))?,
        None => Faults::new(),
    };
    for rule in &arguments.fault {
        faults = faults.rule(rule.clone());
    }
    if let Some(ms) = arguments.latency {
        faults = faults.latency(Latency::Fixed(Duration::from_millis(ms)));
    }
    if let Some((requests, per)) = arguments.rate_limit {
        faults = faults.rate_limit(requests, per);
    }
    if let Some(start) = arguments.virtual_time {
        builder = builder.virtual_time_from(match start {
            VirtualTime::Now => milliseconds(context.clock.now()),
            VirtualTime::At(ms) => ms,
        });
    }
    builder = builder.faults(faults);
    if let Some(ms) = arguments.index_lag {
        builder = builder.index_lag(Duration::from_millis(ms));
    }
    if arguments.key_id.len() != arguments.public_key.len() {
        return Err(Failure::usage(format!(
            "there are {} --key-id and {} --public-key; each key has one of both",
            arguments.key_id.len(),
            arguments.public_key.len()
        )));
    }
    for (key_id, file) in arguments.key_id.iter().zip(&arguments.public_key) {
        let (key_id, environments) = registration(key_id)?;
        builder = builder.key(key_id.as_str(), public_key(file, context)?, &environments);
    }
    if let Some(token) = &arguments.api_token {
        for environment in [Environment::Development, Environment::Production] {
            let token = ApiTokenDef::new(token, environment);
            builder = builder.api_token_with(match &arguments.callback {
                Some(callback) => token.redirect_to(callback),
                None => token,
            });
        }
    }
    if let Some(token) = &arguments.management_token {
        builder = builder.management_token(token);
    }
    if arguments.tls {
        builder = builder.tls();
    }
    for name in &arguments.tls_name {
        builder = builder.tls_name(name);
    }
    for user in &arguments.user {
        builder = match user.split_once('=') {
            Some((name, token)) => builder.user(User::new(name).web_auth_token(token)),
            None => builder.user(user.as_str()),
        };
    }
    Ok(builder)
}

/// So many milliseconds after 1970.
fn milliseconds(moment: SystemTime) -> i64 {
    let since_epoch = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Reads `ID`, `ID@development` or `ID@production`.
fn registration(text: &str) -> Result<(KeyId, Vec<Environment>)> {
    let (id, environments) = match text.split_once('@') {
        None => (text, vec![Environment::Development, Environment::Production]),
        Some((id, environment)) => {
            let environment = environment.parse().map_err(|_| {
                Failure::usage(format!("`{environment}` is not an environment: development or production"))
            })?;
            (id, vec![environment])
        }
    };
    let key_id = KeyId::new(id).map_err(|error| Failure::from(error).with_exit(Exit::USAGE))?;
    Ok((key_id, environments))
}

/// The public key in a file; the public half, if it is a private key.
fn public_key(file: &Path, context: &mut Context) -> Result<PublicKey> {
    if let Ok(key) = PrivateKey::from_pem_file(file) {
        return Ok(key.public_key());
    }
    credentials::public_key(file, context)
}

fn not_started(error: StartError) -> Failure {
    let exit = match error {
        StartError::ContainerId(_)
        | StartError::DuplicateUser(_)
        | StartError::TlsName(_)
        | StartError::Faults(_) => Exit::USAGE,
        _ => Exit::FAILED,
    };
    Failure::from(error).context("the container did not start").with_exit(exit)
}

fn settle_schema(arguments: &Arguments, context: &mut Context, container: &TestContainer) -> Result<()> {
    if let Some(file) = &arguments.schema {
        let bytes = input::read(file, LONGEST_SCHEMA, context)?;
        let refused = |failure: Failure| {
            failure.context(format!("cannot import {}", input::name(file))).with_exit(Exit::USAGE)
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| refused(error.into()))?;
        container.import_schema(text).map_err(|error: ContainerError| refused(error.into()))?;
    }
    if arguments.deploy {
        container
            .deploy_schema()
            .map_err(|error| Failure::from(error).context("cannot deploy the schema"))?;
    }
    Ok(())
}

/// The key that is named to programs, and where its private half is.
struct Key {
    id: String,
    file: Option<KeptFile>,
}

/// A file that programs read while the container runs.
enum KeptFile {
    Kept(PathBuf),
    /// Goes away with the value.
    Temporary(NamedTempFile),
}

impl KeptFile {
    /// A temporary file, for its owner only.
    fn temporary(directory: &Path, suffix: &str, text: &str) -> std::io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix("cloudkit-").suffix(suffix).tempfile_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.flush()?;
        Ok(file)
    }

    fn path(&self) -> PathBuf {
        match self {
            Self::Kept(path) => path.clone(),
            Self::Temporary(file) => file.path().to_owned(),
        }
    }
}

/// The certificate of the authority that programs have to trust, if the container serves HTTPS.
fn settle_ca(container: &TestContainer) -> Result<Option<KeptFile>> {
    if let Some(file) = container.ca_file() {
        return Ok(Some(KeptFile::Kept(file.to_owned())));
    }
    let Some(pem) = container.ca_pem() else { return Ok(None) };
    let directory = std::env::temp_dir();
    let file = KeptFile::temporary(&directory, "-ca.pem", &pem).map_err(|error| {
        Failure::from(error).context(format!("cannot keep the certificate in {}", directory.display()))
    })?;
    Ok(Some(KeptFile::Temporary(file)))
}

fn settle_key(arguments: &Arguments, container: &TestContainer) -> Result<Key> {
    if let Some(key_id) = arguments.key_id.first() {
        return Ok(Key { id: registration(key_id)?.0.as_str().to_owned(), file: None });
    }
    let own = container.server_key(Environment::Development);
    let id = own.key_id().as_str().to_owned();
    let pem = container.private_key_pem();
    let public_key = PrivateKey::from_pem(&pem)?.public_key();
    container.register_key(&id, public_key, Environment::Production)?;

    let directory = arguments.data.clone().unwrap_or_else(std::env::temp_dir);
    let cannot_keep = |error: std::io::Error| {
        Failure::from(error).context(format!("cannot keep the private key in {}", directory.display()))
    };
    let file = KeptFile::temporary(&directory, ".pem", &pem).map_err(cannot_keep)?;
    let file = if arguments.data.is_some() {
        let path = std::path::absolute(directory.join(KEY_FILE)).map_err(cannot_keep)?;
        file.persist(&path).map_err(|error| cannot_keep(error.error))?;
        KeptFile::Kept(path)
    } else {
        KeptFile::Temporary(file)
    };
    Ok(Key { id, file: Some(file) })
}

/// The signals that stop the container.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// The signals that stop the container.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self)
    }

    async fn next(self) -> &'static str {
        // Without a way to hear of it, the container runs until the process is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
