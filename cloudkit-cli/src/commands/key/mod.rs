//! `cloudkit key`: makes a key the way CloudKit wants it, and says what a file holds.

pub mod new;
pub mod show;

use clap::{Args, Subcommand};
use cloudkit_core::auth::PublicKey;

use crate::Context;
use crate::failure::Result;

/// What can be written after `cloudkit key`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What to do with a key.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with a key.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new key and print its public half, to be registered in CloudKit Console.
    New(new::Arguments),
    /// Print the public half of a key, or what else the file is.
    Show(show::Arguments),
}

/// Carries out one of the commands.
///
/// # Errors
///
/// Whatever kept it from being carried out.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    match &arguments.command {
        Command::New(arguments) => new::run(arguments, context),
        Command::Show(arguments) => show::run(arguments, context),
    }
}

/// What to do with the public half.
fn how_to_register(public_key: &PublicKey) -> String {
    format!(
        "Fingerprint (SHA-256 of the public key; it is not the key ID): {}\n\
         Register the public key in CloudKit Console → the container → Tokens & Keys → Server-to-Server Keys, in each \
         environment that it is for. The Console then shows the key ID: put it into CLOUDKIT_KEY_ID.",
        public_key.fingerprint()
    )
}
