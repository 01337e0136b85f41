//! One side of a comparison: a file, an environment, or the Rust types of a program.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use cloudkit_core::{Config, Environment};
use cloudkit_schema::Schema;

use super::{emit, read};
use crate::failure::Result;
use crate::management::Management;
use crate::{Context, Exit, Failure, input};

/// Where a schema comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// A file, or standard input.
    File(PathBuf),
    /// The schema of an environment, over the management API.
    Environment(Environment),
    /// What a program emits.
    Rust,
}

/// Text is a file unless it is `development`, `production` or `rust`; a file of such a name is `./production`.
impl FromStr for Side {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "development" => Self::Environment(Environment::Development),
            "production" => Self::Environment(Environment::Production),
            "rust" => Self::Rust,
            file => Self::File(file.into()),
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.write_str(&input::name(file)),
            Self::Environment(environment) => write!(f, "{environment}"),
            Self::Rust => f.write_str("the Rust types"),
        }
    }
}

/// Which container an environment belongs to. The management token comes from the environment variables alone.
#[derive(Args, Clone, Debug, Default)]
pub struct Container {
    /// The container's ID [default: CLOUDKIT_CONTAINER].
    #[arg(long, value_name = "ID")]
    pub container: Option<String>,
    /// The ID of its team [default: CLOUDKIT_TEAM_ID].
    #[arg(long, value_name = "ID")]
    pub team: Option<String>,
    /// The address of the service [default: CLOUDKIT_URL, or Apple's].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

impl Container {
    pub(super) fn management(&self, context: &Context) -> Result<Management> {
        let mut config: Config = context.config.clone();
        config.container = self.container.clone().or(config.container);
        config.team_id = self.team.clone().or(config.team_id);
        config.url = self.url.clone().or(config.url);
        Management::from_config(&config)
    }
}

impl Side {
    /// Reads the schema. One with mistakes is refused.
    pub(super) async fn schema(
        &self,
        container: &Container,
        command: &[String],
        context: &mut Context,
    ) -> Result<Schema> {
        let text = match self {
            Self::File(file) => read(file, context)?,
            Self::Environment(environment) => container.management(context)?.export(*environment).await?,
            Self::Rust => emit::emitted(command, context)?,
        };
        Schema::parse(&text).map_err(|error| {
            Failure::from(error)
                .context(format!("{self} is not a schema"))
                .with_exit(Exit::USAGE)
                .with_help("`cloudkit schema check` shows each mistake in its line.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_sides_and_the_rest_are_files() {
        let side = |text: &str| text.parse::<Side>().map(|side| side.to_string());
        assert_eq!(side("production").as_deref(), Ok("production"));
        assert_eq!(side("rust").as_deref(), Ok("the Rust types"));
        assert_eq!("./production".parse(), Ok(Side::File("./production".into())));
        assert_eq!(side("-").as_deref(), Ok("standard input"));
    }
}
