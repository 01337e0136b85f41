//! `cloudkit container export` and `import`: the records of one zone, as lines of JSON and back.

use std::path::PathBuf;

use bytes::Bytes;
use clap::Args;
use cloudkit_core::Environment;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::admin::ask;
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, input};

/// The container takes no more.
const LARGEST: u64 = 1 << 30;

/// Of the lines that were refused, so many are told.
const MOST_TOLD: usize = 20;

/// Which zone of which container.
#[derive(Args, Debug)]
pub struct Place {
    /// Whose private database [default: the public database].
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// A custom zone [default: the default zone].
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// development or production [default: CLOUDKIT_ENVIRONMENT, or development].
    #[arg(long, value_name = "ENVIRONMENT")]
    pub environment: Option<String>,
    /// The address of the container [default: CLOUDKIT_URL].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// What can be written after `cloudkit container export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each line is a record: its name, type, fields, parent, creator and times. Numbers are strings of digits. Files and shares \
are not among it; `cloudkit container snapshot` has everything.

The container is named by CLOUDKIT_URL, and CLOUDKIT_MANAGEMENT_TOKEN opens it; `cloudkit container serve` prints both.

Example:
  cloudkit container export articles.jsonl --type Article")]
pub struct ExportArguments {
    /// Where the lines go; `-` is standard output.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Records of this type only.
    #[arg(long = "type", value_name = "TYPE")]
    pub record_type: Option<String>,
    /// The zone.
    #[command(flatten)]
    pub place: Place,
}

/// What can be written after `cloudkit container import`.
#[derive(Args, Debug)]
#[command(after_help = "\
Each record is saved by the rules of the web services, in the name of the user or key that has created it, and in place of \
the record of its name. Change tags and times are new ones.

Exit codes: 0 all were saved, 1 some were refused, or the container cannot be asked.

Example:
  cloudkit container import articles.jsonl")]
pub struct ImportArguments {
    /// Where the lines are, as `cloudkit container export` writes them; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The zone.
    #[command(flatten)]
    pub place: Place,
}

#[derive(Serialize)]
struct Exported {
    records: usize,
    bytes: usize,
}

#[derive(Deserialize, Serialize)]
struct Imported {
    saved: usize,
    failed: Vec<RefusedLine>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusedLine {
    line: usize,
    record_name: String,
    error: String,
}

impl Place {
    /// The path that asks for something of this zone.
    fn path(&self, what: &str, record_type: Option<&str>, context: &Context) -> Result<String> {
        let environment = self.environment.as_deref().or(context.config.environment.as_deref());
        let environment = environment.unwrap_or("development");
        let environment: Environment = environment.parse().map_err(|_| {
            Failure::usage(format!("`{environment}` is not an environment: development or production"))
        })?;
        let database = if self.user.is_some() { "private" } else { "public" };
        let mut path = format!("{what}?environment={}&database={database}", environment.as_str());
        let optional =
            [("user", self.user.as_deref()), ("zone", self.zone.as_deref()), ("type", record_type)];
        for (name, value) in optional {
            if let Some(value) = value {
                path.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
            }
        }
        Ok(path)
    }
}

/// Writes the records of a zone into a file.
///
/// # Errors
///
/// If the container cannot be asked or has no such zone, or the file cannot be written.
pub async fn export(arguments: &ExportArguments, context: &mut Context) -> Result {
    let ExportArguments { file, record_type, place } = arguments;
    let path = place.path("export", record_type.as_deref(), context)?;
    let lines = ask(place.url.as_deref(), context, Method::GET, &path, Bytes::new()).await?;
    if input::is_stdin(file) {
        context.print(String::from_utf8_lossy(&lines))?;
        return Ok(Exit::OK);
    }
    std::fs::write(file, &lines).map_err(|error| {
        Failure::from(error).context(format!("cannot write {}", file.display())).with_exit(Exit::USAGE)
    })?;
    let done = Exported { records: lines.iter().filter(|byte| **byte == b'\n').count(), bytes: lines.len() };
    if context.format == Format::Json {
        context.print_json(&done)?;
    } else {
        context.print(format!(
            "{}, {} bytes written to {}\n",
            counted(done.records),
            done.bytes,
            file.display()
        ))?;
    }
    Ok(Exit::OK)
}

/// Saves the records of a file in a zone.
///
/// # Errors
///
/// If the file cannot be read, or the container cannot be asked, has no such zone or finds a line that is no record.
pub async fn import(arguments: &ImportArguments, context: &mut Context) -> Result {
    let ImportArguments { file, place } = arguments;
    let path = place.path("records", None, context)?;
    let lines = input::read_checked(file, LARGEST, context, |_| Ok(()))?;
    let body = ask(place.url.as_deref(), context, Method::POST, &path, lines.into()).await?;
    let done: Imported = serde_json::from_slice(&body)
        .map_err(|error| Failure::from(error).context("cannot read the answer"))?;
    if context.format == Format::Json {
        context.print_json(&done)?;
    } else {
        context.print(format!("{} saved from {}\n", counted(done.saved), input::name(file)))?;
    }
    for RefusedLine { line, record_name, error } in done.failed.iter().take(MOST_TOLD) {
        context.say(format!("line {line}, `{record_name}`: {error}\n"));
    }
    match done.failed.len() {
        0 => Ok(Exit::OK),
        1 => Err(Failure::new("1 record was refused")),
        refused => Err(Failure::new(format!("{} were refused", counted(refused)))),
    }
}

fn counted(records: usize) -> String {
    if records == 1 { "1 record".to_owned() } else { format!("{records} records") }
}
