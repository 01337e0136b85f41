//! The commands, one module each. A module has its `Arguments` and its `run`.

pub mod completions;
pub mod conformance;
pub mod container;
pub mod doctor;
pub mod explain;
pub mod key;
pub mod schema;
pub mod sign;

use crate::failure::Result;
use crate::{Command, Context};

/// Carries out a command.
///
/// # Errors
///
/// Whatever kept it from being carried out.
pub async fn run(command: Command, context: &mut Context) -> Result {
    match command {
        Command::Explain(arguments) => explain::run(&arguments, context),
        Command::Doctor(arguments) => doctor::run(&arguments, context).await,
        Command::Conformance(arguments) => conformance::run(&arguments, context).await,
        Command::Key(arguments) => key::run(&arguments, context),
        Command::Schema(arguments) => schema::run(&arguments, context).await,
        Command::Sign(arguments) => sign::run(&arguments, context),
        Command::Container(arguments) => container::run(arguments, context).await,
        Command::Completions(arguments) => completions::run(&arguments, context),
    }
}
