//! The command line: what can be written after `cloudkit`. What a command does with it is in its module.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cloudkit_core::Config;

use crate::commands::{completions, conformance, container, doctor, explain, key, schema, sign};
use crate::output::Format;

/// Works with CloudKit Web Services: explains refused requests, checks a set-up, makes keys and signs.
#[derive(Debug, Parser)]
#[command(name = "cloudkit", version, arg_required_else_help = true)]
#[command(after_help = VARIABLES)]
pub struct Cli {
    /// The form of the result on standard output: text for people, or json for programs.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub format: Format,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, each with a module of its name in [`commands`](crate::commands).
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say why CloudKit refuses a captured request, with proof.
    Explain(explain::Arguments),
    /// Check that key, key ID, container, environment, clock and route fit together.
    Doctor(doctor::Arguments),
    /// Make a key, or see what a key file holds.
    Key(key::Arguments),
    /// Keep schema files, Rust types and both environments in step.
    Schema(schema::Arguments),
    /// Sign a request and show every step, to compare another implementation with.
    Sign(sign::Arguments),
    /// Serve a test container to programs in any language.
    Container(container::Arguments),
    /// Compare a service with the numbered cases that the test container passes.
    Conformance(conformance::Arguments),
    /// Print a script that completes commands and options in a shell.
    Completions(completions::Arguments),
}

const VARIABLES: &str = "\
Environment variables:
  CLOUDKIT_CONTAINER         the container's ID, such as iCloud.com.example.News
  CLOUDKIT_ENVIRONMENT       development (the default) or production
  CLOUDKIT_KEY_ID            the ID of the server-to-server key
  CLOUDKIT_PRIVATE_KEY_FILE  the file of the private key
  CLOUDKIT_PRIVATE_KEY       or the key itself, as PEM text
  CLOUDKIT_PRIVATE_KEY_PASSPHRASE  the pass phrase, if the key has one
  CLOUDKIT_API_TOKEN         an API token
  CLOUDKIT_WEB_AUTH_TOKEN    the token of a user who signed in
  CLOUDKIT_MANAGEMENT_TOKEN  a management token, with CLOUDKIT_TEAM_ID
  CLOUDKIT_URL               another address than Apple's, such as a test container's
  NO_COLOR                   no colour, if it is set

Exit codes: 0 done, 1 failed, 2 wrong usage.";

/// Which container is meant, and who asks. What is not given comes from the environment variables.
#[derive(Args, Clone, Debug, Default)]
pub struct Connection {
    /// The container's ID [default: CLOUDKIT_CONTAINER].
    #[arg(long, value_name = "ID")]
    pub container: Option<String>,
    /// development or production [default: CLOUDKIT_ENVIRONMENT, or development].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The ID of the server-to-server key [default: CLOUDKIT_KEY_ID].
    #[arg(long, value_name = "ID")]
    pub key_id: Option<String>,
    /// The file of the private key [default: CLOUDKIT_PRIVATE_KEY_FILE or CLOUDKIT_PRIVATE_KEY].
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The address of the service [default: CLOUDKIT_URL, or Apple's].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

impl Connection {
    /// The configuration with what the command line says put over what the variables say.
    #[must_use]
    pub fn over(&self, config: &Config) -> Config {
        let Self { container, environment, key_id, key, url } = self.clone();
        let mut config = config.clone();
        config.container = container.or(config.container);
        config.environment = environment.or(config.environment);
        config.key_id = key_id.or(config.key_id);
        config.url = url.or(config.url);
        if key.is_some() {
            config.private_key_file = key;
            config.private_key = None;
        }
        config
    }
}
