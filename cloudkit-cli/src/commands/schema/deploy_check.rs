//! `cloudkit schema deploy-check`: what of a program would not work with the schema of production.
//!
//! Typed queries use no index that their struct does not declare, so the structs tell which queries a program can ask.

use clap::Args;
use cloudkit_schema::Shortfall;
use serde::Serialize;

use super::emit::EmitCommand;
use super::side::{Container, Side};
use crate::failure::Result;
use crate::{Context, Exit, Format};

/// What can be written after `cloudkit schema deploy-check`.
#[derive(Args, Debug)]
#[command(after_help = "\
It compares the record types, fields and indexes that the program's structs declare with those that production has. \
Queries of the typed kind use no others. Grants and subscriptions are not looked at.

Exit codes: 0 all of it works, 1 something does not, 2 wrong usage.

Examples:
  cloudkit schema deploy-check
  cloudkit schema deploy-check --production exported.ckdb --types schema.ckdb")]
pub struct Arguments {
    /// What the program needs: rust, or a file.
    #[arg(long, value_name = "SIDE", default_value = "rust")]
    pub types: Side,
    /// What production has: production, or an exported file.
    #[arg(long, value_name = "SIDE", default_value = "production")]
    pub production: Side,
    /// Which container production is of.
    #[command(flatten)]
    pub container: Container,
    /// How the program's types are emitted.
    #[command(flatten)]
    pub emit: EmitCommand,
}

#[derive(Serialize)]
struct Report {
    works: bool,
    missing: Vec<Missing>,
}

/// Something that the program needs and production has not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing {
    record_type: String,
    field: Option<String>,
    /// The line of the schema that would help.
    needs: String,
    /// What will happen.
    consequence: String,
}

impl From<Shortfall> for Missing {
    fn from(shortfall: Shortfall) -> Self {
        let Shortfall { record_type, field, needs, consequence, .. } = shortfall;
        Self { record_type, field, needs, consequence }
    }
}

/// Compares, and prints what does not work.
///
/// # Errors
///
/// If a side cannot be read or is not a schema.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let Arguments { types, production, container, emit } = arguments;
    let needed = types.schema(container, &emit.emit_command, context).await?;
    let deployed = production.schema(container, &emit.emit_command, context).await?;
    let missing: Vec<Missing> = deployed.shortfalls(&needed).into_iter().map(Missing::from).collect();
    let works = missing.is_empty();
    match context.format {
        Format::Json => context.print_json(&Report { works, missing })?,
        Format::Text => {
            let style = context.stdout_style();
            for Missing { record_type, field, needs, consequence } in &missing {
                let what = match field {
                    Some(field) => format!("`{field}` of `{record_type}`"),
                    None => format!("`{record_type}`"),
                };
                context.print(format_args!("{} {consequence}\n    needs: {needs}\n", style.error(&what)))?;
            }
            if works {
                context.print(format_args!(
                    "{}\n",
                    style.good("everything that the program needs is in production")
                ))?;
            } else {
                context
                    .say("Deploy the schema in CloudKit Console (Deploy Schema Changes) before the program.");
            }
        }
    }
    Ok(if works { Exit::OK } else { Exit::FAILED })
}
