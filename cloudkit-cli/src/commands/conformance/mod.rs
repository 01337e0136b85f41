//! `cloudkit conformance`: the numbered cases by which the test container and CloudKit itself are compared.
//!
//! A case is data: requests, and patterns of the answers. Where sources disagree it has several readings, and the
//! report says which was observed.

mod case;
mod cases;
mod pattern;
mod report;
mod runner;
mod service;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use cloudkit_core::Environment;
use cloudkit_core::auth::{KeyId, WebAuthToken, WebAuthTokenStore};
use cloudkit_core::config::ConfigError;
use cloudkit_core::container::{check_id, check_url};
use cloudkit_core::runtime::{OsRandom, Random as _};
use cloudkit_core::transport::{HttpOptions, HttpTransport, is_loopback};

use self::case::{Who, post};
use self::report::Listed;
use self::runner::Runner;
use self::service::Service;
use crate::cli::Connection;
use crate::credentials::{self, Passphrase};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format};

pub use report::{CaseReport, Difference, FactRow, Observed, Report, Unseen, Verdict};

/// The schema of the one record type that the cases use, as text to import.
pub const SCHEMA: &str = include_str!("schema.ckdb");

/// An answer to a long poll takes a minute.
const LONGEST_ANSWER: Duration = Duration::from_secs(90);

/// What can be written after `cloudkit conformance`.
#[derive(Args, Debug)]
#[command(after_help = "\
It saves and deletes records of the type CKConformance in the development environment, whose schema --print-schema \
prints. Import it there first. What a case has saved is deleted when it ends; names of records, zones and \
subscriptions begin with ckc-. One lookup of a name that nobody has is \
sent to production, to see whether the key is accepted there.

Cases that need an API token or a user are skipped without CLOUDKIT_API_TOKEN and CLOUDKIT_WEB_AUTH_TOKEN. The user's \
cases make and delete zones in that user's private database. Cases about sharing need a second user, in \
CLOUDKIT_OTHER_WEB_AUTH_TOKEN, whom they let see a zone and forget again. CLOUDKIT_REVOKED_KEY_ID is another ID of the \
same key, registered for development and revoked. What would wait long, or ask for too much, is not run on the live \
service.

The report of --format json holds no tokens, no key and not the name of the container.

Exit codes: 0 no difference, 1 differences or cases without an answer, 2 wrong usage.

Examples:
  cloudkit conformance --list
  cloudkit conformance --print-schema > conformance.ckdb
  cloudkit conformance --url http://127.0.0.1:8080      # a server on this machine
  cloudkit conformance --live --format json > report.json")]
pub struct Arguments {
    /// Ask a service that is not on this machine, such as Apple's.
    #[arg(long)]
    pub live: bool,
    /// Run these cases only, by number or the beginning of one. Can be repeated.
    #[arg(long, value_name = "NUMBER")]
    pub only: Vec<String>,
    /// Print the cases and ask nobody.
    #[arg(long, conflicts_with = "print_schema")]
    pub list: bool,
    /// Print the schema of the record type that the cases use.
    #[arg(long)]
    pub print_schema: bool,
    /// Which container to ask.
    #[command(flatten)]
    pub connection: Connection,
    /// Where the pass phrase is, if there is one.
    #[command(flatten)]
    pub passphrase: Passphrase,
}

/// Runs the cases, and prints the report.
///
/// # Errors
///
/// If the configuration cannot be used, the service is not on this machine and `--live` was not given, or the record
/// type is missing.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    if arguments.print_schema {
        context.print(SCHEMA)?;
        return Ok(Exit::OK);
    }
    let cases = chosen(&arguments.only)?;
    if arguments.list {
        let listed: Vec<Listed> = cases.iter().map(Listed::new).collect();
        match context.format {
            Format::Json => context.print_json(&listed)?,
            Format::Text => listed.iter().try_for_each(|case| case.print(context))?,
        }
        return Ok(Exit::OK);
    }
    let service = service(arguments, context)?;
    let host = host(&service.url);
    let is_live = !is_loopback(&host);
    if is_live && !arguments.live {
        return Err(Failure::usage(format!("{host} is not on this machine")).with_help(
            "The cases save and delete records. Give --live to run them in your container there, or set CLOUDKIT_URL to \
             a test container's address.",
        ));
    }
    check_record_type(&service).await?;
    let mut random = [0; 4];
    OsRandom.fill(&mut random)?;
    let run = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let runner = Runner { service: &service, run, is_live };
    let mut report =
        Report { version: env!("CARGO_PKG_VERSION"), host, cases: Vec::new(), unseen: Unseen::all() };
    for case in &cases {
        report.cases.push(runner.run(case).await);
    }
    match context.format {
        Format::Json => context.print_json(&report)?,
        Format::Text => report.print(context)?,
    }
    Ok(if report.is_same() { Exit::OK } else { Exit::FAILED })
}

/// The cases whose numbers begin like one of these, or all.
fn chosen(only: &[String]) -> Result<Vec<case::Case>> {
    let all = cases::all();
    if let Some(unknown) =
        only.iter().find(|wanted| !all.iter().any(|case| case.id.starts_with(wanted.as_str())))
    {
        return Err(Failure::usage(format!("no case has the number `{unknown}`"))
            .with_help("`cloudkit conformance --list` prints the cases."));
    }
    let is_chosen = |id: &str| only.is_empty() || only.iter().any(|wanted| id.starts_with(wanted.as_str()));
    Ok(all.into_iter().filter(|case| is_chosen(case.id)).collect())
}

fn service(arguments: &Arguments, context: &mut Context) -> Result<Service> {
    let config = arguments.connection.over(&context.config);
    if config.environment()? != Environment::Development {
        return Err(Failure::usage("the cases run in the development environment only").with_help(
            "They save and delete records. Set CLOUDKIT_ENVIRONMENT to development, and give a key for it.",
        ));
    }
    let container = config.container()?;
    check_id(container)?;
    let url = check_url(config.url())?;
    let key_id = credentials::key_id(&config)?;
    let key = arguments.passphrase.configured(&config, context)?;
    let api_token = optional(config.api_token())?;
    let first_token = optional(config.web_auth_token())?;
    let user = first_token.clone().map(WebAuthTokenStore::new);
    let other_user = context.variable("CLOUDKIT_OTHER_WEB_AUTH_TOKEN").map(WebAuthToken::new).transpose()?;
    let other_user = other_user.map(WebAuthTokenStore::new);
    let revoked_key_id = context.variable("CLOUDKIT_REVOKED_KEY_ID").map(KeyId::new).transpose()?;
    Ok(Service {
        url,
        container: container.to_owned(),
        key_id,
        key,
        api_token,
        user,
        first_token,
        other_user,
        revoked_key_id,
        transport: Arc::new(HttpTransport::new(HttpOptions {
            total_timeout: LONGEST_ANSWER,
            ..HttpOptions::default()
        })),
        clock: Arc::clone(&context.clock),
    })
}

/// What is set has to be right; what is not set is none.
fn optional<T>(value: Result<T, ConfigError>) -> Result<Option<T>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(ConfigError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn host(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    uri.as_ref().and_then(http::Uri::host).unwrap_or(url).to_owned()
}

/// Without the record type every case would fail, and none would tell why.
async fn check_record_type(service: &Service) -> Result<()> {
    // This finds nothing, and is refused if the type or its index is not there.
    let body = serde_json::json!({ "resultsLimit": 1, "query": { "recordType": "CKConformance",
        "filterBy": [cases::filter("run", "EQUALS", cases::text("none"))] } });
    let step = post(Who::Key, "public/records/query", body.clone());
    let answer = service.send(&step, body.to_string().into_bytes(), None).await.map_err(Failure::new)?;
    if answer.status == 200 {
        return Ok(());
    }
    let part = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
    let told = service.redact(&format!("{} {} {}", answer.status, part("serverErrorCode"), part("reason")));
    Err(Failure::usage(format!("the record type CKConformance cannot be queried: {told}")).with_help(
        "Import the schema that `cloudkit conformance --print-schema` prints into the development environment. If the \
         credentials are refused, `cloudkit doctor` tells why.",
    ))
}
