//! The `cloudkit` command, as a library: what `main` runs, and what tests and other tools reach without a process.
//!
//! A command is one module in [`commands`]. It takes its arguments and a [`Context`], through which everything outside
//! goes (standard input and output, the variables of the environment, the clock), and ends with an [`Exit`] or a
//! [`Failure`].
//!
//! # Output
//!
//! The result of a command goes to standard output: text for people, or with `--format json` exactly one JSON document,
//! or one on each line where the command says so. Everything else (remarks, progress, errors) goes to standard error.
//! Colour is used on a terminal only, and not if the variable `NO_COLOR` is set.
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | failed |
//! | 2 | the command line, a variable or a file that it names cannot be used |
//!
//! A command may have others; its `--help` lists them.

pub mod capture;
pub mod cli;
pub mod commands;
pub mod context;
pub mod credentials;
pub mod exit;
pub mod failure;
pub mod input;
pub mod management;
pub mod output;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub use cli::{Cli, Command};
pub use context::Context;
pub use exit::Exit;
pub use failure::Failure;
pub use output::Format;

/// Runs the command line and reports how it ended. The first argument is the name of the program.
pub fn main(arguments: impl IntoIterator<Item = OsString>, mut context: Context) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::from(error).context("cannot start the asynchronous runtime");
            return failure.report(&mut context).into();
        }
    };
    let exit = runtime.block_on(run(arguments, &mut context));
    // A thread that waits for standard input would never end by itself.
    runtime.shutdown_background();
    exit.into()
}

/// Runs the command line, prints what went wrong if anything did, and returns the exit code.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, context: &mut Context) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return context.print_clap(&error),
    };
    context.format = cli.format;
    match commands::run(cli.command, context).await.and_then(|exit| {
        context.flush()?;
        Ok(exit)
    }) {
        Ok(exit) => exit,
        Err(failure) => failure.report(context),
    }
}
