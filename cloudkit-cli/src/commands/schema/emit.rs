//! `cloudkit schema emit`: the schema that a program's Rust structs need. The program itself says so, in a test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use cloudkit_schema::Schema;
use serde::Serialize;

use super::write;
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format};

const HOOK: &str = "\
The program has to say what it needs. Put this into a test of it, with its record structs:

    #[test]
    fn emit_schema() -> Result<(), cloudkit_core::schema::EmitError> {
        cloudkit_core::schema::emit_when_asked::<(Article, Author)>()
    }";

/// What can be written after `cloudkit schema emit`.
#[derive(Args, Debug)]
#[command(after_help = format!("\
{HOOK}

The command that runs the test gets the variable CLOUDKIT_EMIT_SCHEMA. What several tests emit is joined.

Examples:
  cloudkit schema emit --out schema.ckdb
  cloudkit schema emit --emit-command cargo --emit-command test --emit-command=--package --emit-command news"))]
pub struct Arguments {
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How the program's types are emitted.
    #[command(flatten)]
    pub emit: EmitCommand,
}

/// The command that runs the test.
#[derive(Args, Clone, Debug)]
pub struct EmitCommand {
    /// The command that runs the emitting test, a word each time
    /// [default: cargo test --quiet emit_schema].
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub emit_command: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    schema: String,
}

/// Runs the test and writes what it emits.
///
/// # Errors
///
/// If the command fails or emits nothing, or the structs do not make one schema.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let schema = emitted(&arguments.emit.emit_command, context)?;
    match (context.format, &arguments.out) {
        (Format::Json, None) => context.print_json(&Report { schema })?,
        (_, out) => write(out.as_deref(), &schema, context)?,
    }
    Ok(Exit::OK)
}

/// The schema that a program emits.
pub(super) fn emitted(command: &[String], context: &mut Context) -> Result<String> {
    let default = ["cargo", "test", "--quiet", "emit_schema"].map(str::to_owned);
    let command = if command.is_empty() { &default } else { command };
    let shown = command.join(" ");
    let [program, arguments @ ..] = command else { return Err(Failure::usage("the command is empty")) };
    let directory = tempfile::tempdir()
        .map_err(|error| Failure::from(error).context("cannot make a temporary directory"))?;
    let output = Command::new(program)
        .args(arguments)
        .env("CLOUDKIT_EMIT_SCHEMA", directory.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            Failure::from(error).context(format!("cannot run {program}")).with_exit(Exit::USAGE)
        })?;
    if !output.status.success() {
        // What the command had to say is all that helps now.
        context.say(String::from_utf8_lossy(&output.stdout).trim_end());
        context.say(String::from_utf8_lossy(&output.stderr).trim_end());
        return Err(Failure::new(format!("`{shown}` failed: {}", output.status)));
    }
    join(directory.path(), &shown)
}

/// Joins the schemas in a directory.
fn join(directory: &Path, command: &str) -> Result<String> {
    let mut files = Vec::new();
    let unreadable = |error| Failure::from(error).context("cannot read what was emitted");
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    if files.is_empty() {
        return Err(Failure::new(format!("`{command}` emitted no schema")).with_help(HOOK));
    }
    files.sort();
    let mut schema = Schema::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(unreadable)?;
        let emitted = Schema::parse(&text)
            .map_err(|error| Failure::from(error).context("what was emitted is not a schema"))?;
        schema.merge(&emitted).map_err(|conflict| {
            Failure::from(conflict).context("two tests emit schemas that do not go together")
        })?;
    }
    Ok(schema.to_string())
}
