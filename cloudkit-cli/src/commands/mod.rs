//! The commands, one module each. A module has its `Arguments` and its `run`.

pub mod completions;

use crate::failure::Result;
use crate::{Command, Context};

/// Carries out a command.
///
/// # Errors
///
/// Whatever kept it from being carried out.
pub async fn run(command: Command, context: &mut Context) -> Result {
    match command {
        Command::Completions(arguments) => completions::run(&arguments, context),
    }
}
