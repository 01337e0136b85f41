//! `cloudkit schema export`, `import`, `validate` and `reset`: the schemas of a container.

use std::path::PathBuf;

use clap::Args;
use cloudkit_core::Environment;
use serde::Serialize;

use super::side::Container;
use super::{read, write};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format};

/// What can be written after `cloudkit schema export`.
#[derive(Args, Debug)]
#[command(after_help = "\
Needs CLOUDKIT_MANAGEMENT_TOKEN, CLOUDKIT_TEAM_ID and CLOUDKIT_CONTAINER.

Example:
  cloudkit schema export --environment production --out schema.ckdb")]
pub struct Export {
    /// development or production [default: CLOUDKIT_ENVIRONMENT, or development].
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Which container.
    #[command(flatten)]
    pub container: Container,
}

/// What can be written after `cloudkit schema import`.
#[derive(Args, Debug)]
#[command(after_help = "\
The file is the whole wanted schema: what it leaves out is removed from development, with its data. What production \
has cannot be removed. `cloudkit schema diff development FILE --against production` says what would happen.

Example:
  cloudkit schema import schema.ckdb --validate")]
pub struct Import {
    /// The schema; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Ask first whether the schema is valid.
    #[arg(long)]
    pub validate: bool,
    /// Which container.
    #[command(flatten)]
    pub container: Container,
}

/// What can be written after `cloudkit schema validate`.
#[derive(Args, Debug)]
#[command(after_help = "\
`cloudkit schema check` needs no service and says more; the service knows what development and production have.

Exit codes: 0 valid, 1 not valid, 2 wrong usage.

Example:
  cloudkit schema validate schema.ckdb")]
pub struct Validate {
    /// The schema; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which container.
    #[command(flatten)]
    pub container: Container,
}

/// What can be written after `cloudkit schema reset`.
#[derive(Args, Debug)]
#[command(after_help = "\
All records of development are deleted, and so is everything in its schema that production does not have.

Example:
  cloudkit schema reset --yes")]
pub struct Reset {
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Which container.
    #[command(flatten)]
    pub container: Container,
}

#[derive(Serialize)]
struct Exported {
    schema: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validated {
    is_valid: bool,
    error_message: Option<String>,
}

#[derive(Serialize)]
struct Done {
    done: bool,
}

/// Exports.
///
/// # Errors
///
/// If the service refuses or cannot be reached, or the file cannot be written.
pub async fn export(arguments: &Export, context: &mut Context) -> Result {
    let mut config = context.config.clone();
    config.environment = arguments.environment.clone().or(config.environment);
    let environment: Environment = config.environment()?;
    let schema = arguments.container.management(context)?.export(environment).await?;
    match (context.format, &arguments.out) {
        (Format::Json, None) => context.print_json(&Exported { schema })?,
        (_, out) => write(out.as_deref(), &schema, context)?,
    }
    Ok(Exit::OK)
}

/// Imports.
///
/// # Errors
///
/// If the file cannot be read, or the service refuses or cannot be reached.
pub async fn import(arguments: &Import, context: &mut Context) -> Result {
    let text = read(&arguments.file, context)?;
    let management = arguments.container.management(context)?;
    if arguments.validate {
        let validity = management.validate(&text).await?;
        if !validity.is_valid {
            let message = validity.error_message.unwrap_or_default();
            return Err(Failure::new(message).context("the schema is not valid, and was not imported"));
        }
    }
    management.import(&text).await?;
    done("imported into development", context)
}

/// Validates.
///
/// # Errors
///
/// If the file cannot be read, or the service cannot be asked.
pub async fn validate(arguments: &Validate, context: &mut Context) -> Result {
    let text = read(&arguments.file, context)?;
    let validity = arguments.container.management(context)?.validate(&text).await?;
    let is_valid = validity.is_valid;
    match context.format {
        Format::Json => {
            context.print_json(&Validated { is_valid, error_message: validity.error_message })?;
        }
        Format::Text => {
            let style = context.stdout_style();
            let text = match validity.error_message.filter(|_| !is_valid) {
                None if is_valid => format!("{}\n", style.good("the schema is valid")),
                None => format!("{}\n", style.error("the schema is not valid")),
                Some(message) => format!("{}: {message}\n", style.error("the schema is not valid")),
            };
            context.print(text)?;
        }
    }
    Ok(if is_valid { Exit::OK } else { Exit::FAILED })
}

/// Resets.
///
/// # Errors
///
/// If nobody has agreed, or the service refuses or cannot be reached.
pub async fn reset(arguments: &Reset, context: &mut Context) -> Result {
    let management = arguments.container.management(context)?;
    if !arguments.yes {
        return Err(Failure::usage("a reset deletes all data of development")
            .with_help("Say --yes if that is what you want."));
    }
    management.reset().await?;
    done("development is as production, and empty", context)
}

fn done(what: &str, context: &mut Context) -> Result {
    match context.format {
        Format::Json => context.print_json(&Done { done: true })?,
        Format::Text => context.say(what),
    }
    Ok(Exit::OK)
}
