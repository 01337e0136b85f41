//! `cloudkit schema`: keeps schema files, Rust types and both environments of a container in step.

pub mod check;
pub mod deploy_check;
pub mod diff;
pub mod emit;
pub mod format;
pub mod generate;
pub mod remote;
mod side;

use std::path::Path;

use clap::{Args, Subcommand};

use crate::failure::Result;
use crate::{Context, Exit, Failure, input};

/// Exports of large apps have some hundred kilobytes.
const LONGEST_SCHEMA: u64 = 16 << 20;

/// What can be written after `cloudkit schema`.
#[derive(Args, Debug)]
#[command(after_help = "\
Steps for CI, without a Mac:
  cloudkit schema check schema.ckdb                       the file is a schema
  cloudkit schema format --check schema.ckdb              and laid out as exports are
  cloudkit schema diff rust schema.ckdb                   the Rust types are in step with it
  cloudkit schema diff production schema.ckdb --fail-on forbidden
  cloudkit schema deploy-check                            the code works with what production has")]
pub struct Arguments {
    /// What to do with a schema.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with a schema.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say everything that is wrong with schema files.
    Check(check::Arguments),
    /// Lay schema files out as exports are; comments stay.
    Format(format::Arguments),
    /// Say what changes from one schema to another, and what each change does.
    Diff(diff::Arguments),
    /// Write the Rust structs of a schema.
    Generate(generate::Arguments),
    /// Write the schema that a program's Rust structs need.
    Emit(emit::Arguments),
    /// Write the schema of an environment.
    Export(remote::Export),
    /// Make a file the whole schema of development.
    Import(remote::Import),
    /// Ask the service whether it would import a file.
    Validate(remote::Validate),
    /// Make development's schema equal to production's, and delete all of development's data.
    Reset(remote::Reset),
    /// Say what of a program would not work in production.
    DeployCheck(deploy_check::Arguments),
}

/// Carries out one of the commands.
///
/// # Errors
///
/// Whatever kept it from being carried out.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments, context),
        Command::Format(arguments) => format::run(arguments, context),
        Command::Diff(arguments) => diff::run(arguments, context).await,
        Command::Generate(arguments) => generate::run(arguments, context),
        Command::Emit(arguments) => emit::run(arguments, context),
        Command::Export(arguments) => remote::export(arguments, context).await,
        Command::Import(arguments) => remote::import(arguments, context).await,
        Command::Validate(arguments) => remote::validate(arguments, context).await,
        Command::Reset(arguments) => remote::reset(arguments, context).await,
        Command::DeployCheck(arguments) => deploy_check::run(arguments, context).await,
    }
}

/// Reads a schema file, or standard input, as text.
fn read(file: &Path, context: &mut Context) -> Result<String> {
    let bytes = input::read(file, LONGEST_SCHEMA, context)?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::usage(format!("{} is not UTF-8 from byte {at} on", input::name(file)))
            .with_help("A schema is a text file. Export it again, or save it as UTF-8.")
    })
}

/// Writes a result to a file, or to standard output.
fn write(out: Option<&Path>, text: &str, context: &mut Context) -> Result<()> {
    match out {
        None => context.print(text),
        Some(file) => write_file(file, text),
    }
}

/// Writes a file as a whole or not at all.
fn write_file(file: &Path, text: &str) -> Result<()> {
    let unwritable = |error: std::io::Error| {
        Failure::from(error).context(format!("cannot write {}", file.display())).with_exit(Exit::USAGE)
    };
    let directory = match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::NamedTempFile::new_in(directory).map_err(unwritable)?;
    std::io::Write::write_all(&mut temporary, text.as_bytes()).map_err(unwritable)?;
    // Who may read a file does not change because it was written again; a new one is for everybody.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file).map_or(0o644, |known| known.permissions().mode());
        std::fs::set_permissions(temporary.path(), std::fs::Permissions::from_mode(mode))
            .map_err(unwritable)?;
    }
    temporary.persist(file).map_err(|error| unwritable(error.error))?;
    Ok(())
}
