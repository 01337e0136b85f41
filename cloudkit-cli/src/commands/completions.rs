//! `cloudkit completions`: scripts that complete commands and options in a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::failure::Result;
use crate::{Cli, Context, Exit};

/// What can be written after `cloudkit completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cloudkit completions bash > /etc/bash_completion.d/cloudkit
  cloudkit completions zsh > ~/.zfunc/_cloudkit
  cloudkit completions fish > ~/.config/fish/completions/cloudkit.fish")]
pub struct Arguments {
    /// The shell.
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
///
/// If it cannot be written.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "cloudkit", &mut script);
    context.print(String::from_utf8_lossy(&script))?;
    Ok(Exit::OK)
}
