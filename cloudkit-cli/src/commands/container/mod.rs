//! `cloudkit container`: a test container for programs in any language.

mod admin;
mod ready;
pub mod records;
pub mod serve;
pub mod snapshot;

use clap::{Args, Subcommand};

use crate::Context;
use crate::failure::Result;

/// What can be written after `cloudkit container`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with a test container.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a test container until it is told to stop.
    Serve(Box<serve::Arguments>),
    /// Write everything that a running container holds into a directory.
    Snapshot(snapshot::SnapshotArguments),
    /// Put the snapshot of a directory in place of everything that a running container holds.
    Restore(snapshot::RestoreArguments),
    /// Write the records of one zone of a running container as lines of JSON.
    Export(records::ExportArguments),
    /// Save the records of such lines in a zone of a running container.
    Import(records::ImportArguments),
}

/// Carries out one of the commands.
///
/// # Errors
///
/// Whatever kept it from being carried out.
pub async fn run(arguments: Arguments, context: &mut Context) -> Result {
    match arguments.command {
        Command::Serve(arguments) => serve::run(*arguments, context).await,
        Command::Snapshot(arguments) => snapshot::take(&arguments, context).await,
        Command::Restore(arguments) => snapshot::restore(&arguments, context).await,
        Command::Export(arguments) => records::export(&arguments, context).await,
        Command::Import(arguments) => records::import(&arguments, context).await,
    }
}
