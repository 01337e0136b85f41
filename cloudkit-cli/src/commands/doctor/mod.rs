//! `cloudkit doctor`: whether key, key ID, container, environment, clock and route fit together.
//!
//! First what can be told without the network, then a handful of harmless calls whose pattern of answers decides.

mod check;
mod configuration;
mod probe;
mod self_test;
mod verdict;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use cloudkit_core::Environment;
use cloudkit_core::transport::{HttpOptions, HttpTransport, Transport};
use serde::Serialize;

use self::configuration::Setup;
use self::probe::{Findings, Kind, Outcome, Probe, Prober};
use crate::cli::Connection;
use crate::credentials::{self, Passphrase};
use crate::failure::Result;
use crate::{Context, Exit, Format, input};

pub use check::{Check, Status};

/// What can be written after `cloudkit doctor`.
#[derive(Args, Debug)]
#[command(after_help = "\
It looks up one record name that nobody has, in both environments, and asks who the key is: ten calls at most. Nothing is \
changed, and no record type or index is needed.

Exit codes: 0 CloudKit accepts the key, 1 something is wrong, 3 it cannot be told, 2 wrong usage.

Examples:
  cloudkit doctor
  cloudkit doctor --environment production --format json
  cloudkit doctor --offline                        # asks nobody
  cloudkit doctor --public-key registered.pem      # is this the key that the Console shows?")]
pub struct Arguments {
    /// Ask nobody; look at the configuration alone.
    #[arg(long)]
    pub offline: bool,
    /// The public key as CloudKit Console shows it, to compare the private key with. Can be repeated.
    #[arg(long, value_name = "FILE")]
    pub public_key: Vec<PathBuf>,
    /// What to examine.
    #[command(flatten)]
    pub connection: Connection,
    /// Where the pass phrase is, if there is one.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

/// The ways to the service.
pub struct Routes {
    /// The way that programs take: through the proxy, if one is configured.
    pub usual: Arc<dyn Transport>,
    /// The way past the proxy, if one is configured.
    pub direct: Option<Arc<dyn Transport>>,
}

impl Routes {
    /// The ways that the variables of the environment say.
    #[must_use]
    pub fn configured(context: &Context, url: &str) -> Self {
        let variables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        let has_proxy =
            url.starts_with("https:") && variables.iter().any(|name| context.variable(name).is_some());
        let direct = HttpOptions { use_proxy: false, ..HttpOptions::default() };
        Self {
            usual: Arc::new(HttpTransport::default()),
            direct: has_proxy.then(|| Arc::new(HttpTransport::new(direct)) as Arc<dyn Transport>),
        }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("usual", &self.usual).field("direct", &self.direct).finish()
    }
}

/// How the examination ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// CloudKit accepts the key.
    Ok,
    /// Something is wrong.
    Failed,
    /// It cannot be told.
    Inconclusive,
}

/// What an examination has found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Whose signatures were sent.
    public_key: Option<String>,
    public_key_fingerprint: Option<String>,
    /// How far the server's clock is ahead of this machine's, in seconds.
    skew_seconds: Option<i64>,
    /// The calls that were made, in their order.
    calls: Vec<MadeCall>,
}

#[derive(Debug, Serialize)]
struct MadeCall {
    probe: Probe,
    request: String,
    #[serde(flatten)]
    outcome: Option<Outcome>,
}

/// Examines, and prints the report.
///
/// # Errors
///
/// If a public key cannot be read, or there are no random numbers.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let url = arguments.connection.over(&context.config).url().to_owned();
    let routes = Routes::configured(context, &url);
    let report = examine(arguments, &routes, context).await?;
    match context.format {
        Format::Json => context.print_json(&report)?,
        Format::Text => report.print(context)?,
    }
    Ok(match report.verdict {
        Verdict::Ok => Exit::OK,
        Verdict::Failed => Exit::FAILED,
        Verdict::Inconclusive => Exit::UNPROVEN,
    })
}

/// Examines, by these ways.
///
/// # Errors
///
/// If a public key cannot be read, or there are no random numbers.
pub async fn examine(arguments: &Arguments, routes: &Routes, context: &mut Context) -> Result<Report> {
    let config = arguments.connection.over(&context.config);
    let mut registered = Vec::new();
    for file in &arguments.public_key {
        registered.push((input::name(file), credentials::public_key(file, context)?));
    }
    let mut checks = Vec::new();
    let setup = configuration::examine(&config, &arguments.passphrase, &registered, context, &mut checks);
    checks.push(self_test::run(setup.key.as_ref()));

    let mut calls = Vec::new();
    let mut skew_seconds = None;
    if arguments.offline {
        checks.push(
            Check::own(
                "offline",
                Status::Unknown,
                "without the network it cannot be told whether CloudKit knows the key: key_other_environment, \
                 key_other_container, key_revoked, key_not_registered, clock_skew, header_lost_in_transit",
            )
            .with_fix("run it without --offline"),
        );
    } else if let (Some(container), Some(url), Some(environment)) =
        (&setup.container, &setup.url, setup.environment)
    {
        let credentials = setup.key_id.as_ref().zip(setup.key.as_ref());
        let mut prober = Prober::new(container, url, credentials, Arc::clone(&context.clock), environment)?;
        ask(&mut prober, routes, environment).await?;
        for &probe in &prober.findings.order {
            let environment = match probe {
                Probe::Development => Environment::Development,
                Probe::Production => Environment::Production,
                Probe::ServerTimeElsewhere => other_environment(environment),
                _ => environment,
            };
            let outcome = prober.findings.outcomes.get(&probe).cloned();
            let (method, path) = prober.target(probe, environment);
            calls.push(MadeCall { probe, request: format!("{method} {url}{path}"), outcome });
        }
        skew_seconds = prober.findings.skew;
        checks.extend(verdict::decide(&prober.findings, setup.is_registered_key));
    } else {
        checks.push(Check::own(
            "credentials",
            Status::Unknown,
            "CloudKit was not asked, because what is wrong above leaves nothing to ask with",
        ));
    }
    Ok(Report::new(&setup, checks, calls, skew_seconds))
}

/// Asks what there is to ask, and no more than the answers so far call for.
async fn ask(prober: &mut Prober<'_>, routes: &Routes, environment: Environment) -> Result<()> {
    let usual = &*routes.usual;
    let own = Probe::of(environment);
    if prober.credentials.is_none() {
        // It tells the time, and whether anybody answers.
        return prober.ask(Probe::WithoutHeaders, environment, usual).await;
    }
    let other = other_environment(environment);
    prober.ask(own, environment, usual).await?;
    let is = |findings: &Findings, probe, kind| findings.kind(probe) == Some(kind);
    if is(&prober.findings, own, Kind::NoAnswer) && routes.direct.is_none() {
        return Ok(());
    }
    prober.ask(Probe::of(other), other, usual).await?;
    if is(&prober.findings, own, Kind::Accepted) {
        // The key is right: what sources disagree about can be learnt with it.
        for probe in [Probe::WithQuery, Probe::EmptyBodyHashed, Probe::EmptyBodyLeftOut] {
            prober.ask(probe, environment, usual).await?;
        }
        return Ok(());
    }
    // A clock that is off by less is not refused, and the same request once more would tell nothing.
    if is(&prober.findings, own, Kind::Refused) && prober.findings.skew.is_some_and(|skew| skew.abs() > 1) {
        prober.ask(Probe::ServerTime, environment, usual).await?;
        if is(&prober.findings, Probe::ServerTime, Kind::Refused)
            && is(&prober.findings, Probe::of(other), Kind::Refused)
        {
            prober.ask(Probe::ServerTimeElsewhere, other, usual).await?;
        }
    }
    if let Some(direct) = &routes.direct {
        prober.ask(Probe::Direct, environment, &**direct).await?;
    }
    for control in [Probe::WithoutHeaders, Probe::UnknownKeyId, Probe::BrokenSignature] {
        prober.ask(control, environment, usual).await?;
    }
    Ok(())
}

fn other_environment(environment: Environment) -> Environment {
    match environment {
        Environment::Development => Environment::Production,
        Environment::Production => Environment::Development,
    }
}

impl Report {
    fn new(setup: &Setup, checks: Vec<Check>, calls: Vec<MadeCall>, skew_seconds: Option<i64>) -> Self {
        let is_accepted =
            checks.iter().any(|check| check.code == "credentials" && check.status == Status::Ok);
        let verdict = if checks.iter().any(|check| check.status == Status::Failed) {
            Verdict::Failed
        } else if is_accepted {
            Verdict::Ok
        } else {
            Verdict::Inconclusive
        };
        let public_key = setup.key.as_ref().map(|key| key.public_key());
        Self {
            verdict,
            checks,
            public_key: public_key.map(|key| key.to_spki_pem()),
            public_key_fingerprint: public_key.map(|key| key.fingerprint()),
            skew_seconds,
            calls,
        }
    }

    fn print(&self, context: &mut Context) -> Result<()> {
        let style = context.stdout_style();
        let mut told = BTreeSet::new();
        for Check { code, row, status, detail, fix } in &self.checks {
            let row = row.map(|row| format!(" ({row})")).unwrap_or_default();
            let name = format!("{code}{row}");
            context.print(match status {
                Status::Ok => format!("{} {detail}\n", style.good("\u{2713}")),
                Status::Failed => format!("{} {}: {detail}\n", style.error("\u{2717}"), style.error(&name)),
                Status::Warning => format!("{} {}: {detail}\n", style.warning("!"), style.warning(&name)),
                Status::Unknown => format!("{} {name}: {detail}\n", style.warning("?")),
            })?;
            // Several causes may have one way out.
            if let Some(fix) = fix
                && told.insert(fix)
            {
                context.print(format_args!("  Fix: {fix}.\n"))?;
            }
        }
        if !self.calls.is_empty() {
            context.print("\nAsked, with a record name that nobody has (nothing was changed):\n")?;
            for MadeCall { probe, request, outcome } in &self.calls {
                let words = outcome.as_ref().map_or_else(String::new, Outcome::in_words);
                context.print(format_args!("  {request}\n    {probe}: {words}\n"))?;
            }
        }
        if let (Some(public_key), Some(fingerprint)) = (&self.public_key, &self.public_key_fingerprint)
            && self.verdict != Verdict::Ok
        {
            context.print(format_args!(
                "\nThe public key, to compare or to register (fingerprint {fingerprint}):\n{public_key}"
            ))?;
        }
        context.print(match self.verdict {
            Verdict::Ok => format!("\n{}\n", style.good("CloudKit accepts the key.")),
            Verdict::Failed => format!("\n{}\n", style.error("Something is wrong; see above.")),
            Verdict::Inconclusive => {
                format!("\n{}\n", style.warning("It cannot be told whether CloudKit accepts the key."))
            }
        })
    }
}
