//! `cloudkit schema deploy-check`: what of a program would not work with the schema of production.
//!
//! Typed queries use no index that their struct does not declare, so the structs tell which queries a program can ask.

use clap::Args;
use cloudkit_core::Environment;
use cloudkit_schema::diff::ChangeKind;
use cloudkit_schema::{Schema, SystemField};
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
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing {
    record_type: String,
    field: Option<String>,
    /// The line of the schema that would help.
    needs: String,
    /// What will happen.
    consequence: String,
}

/// Compares, and prints what does not work.
///
/// # Errors
///
/// If a side cannot be read or is not a schema.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let Arguments { types, production, container, emit } = arguments;
    let needed = types.schema(container, &emit.emit_command, context).await?;
    let deployed = match production {
        Side::Environment(Environment::Development) => {
            context.say("development is not what is deployed; compared with it all the same");
            production.schema(container, &emit.emit_command, context).await?
        }
        _ => production.schema(container, &emit.emit_command, context).await?,
    };
    let missing = missing(&deployed, &needed);
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

/// What a schema needs that the deployed one has not.
fn missing(deployed: &Schema, needed: &Schema) -> Vec<Missing> {
    let mut missing = Vec::new();
    for change in deployed.diff(needed).changes {
        let entry = |record_type: &str, field: Option<&str>, needs: String, consequence: String| Missing {
            record_type: record_type.to_owned(),
            field: field.map(str::to_owned),
            needs,
            consequence,
        };
        // What production has beyond the program's needs does no harm.
        missing.push(match &change.kind {
            ChangeKind::RecordTypeAdded { record_type, .. } => entry(
                record_type,
                None,
                format!("RECORD TYPE {record_type}"),
                "is not a record type of production: saves and queries are refused".to_owned(),
            ),
            ChangeKind::FieldAdded { record_type, field, .. } => {
                let indexes =
                    if field.indexes.is_empty() { String::new() } else { format!(" {}", field.indexes) };
                entry(
                    record_type,
                    Some(&field.name),
                    format!("{} {}{indexes}", field.name, field.data_type),
                    "is not a field of production: saves that hold it are refused".to_owned(),
                )
            }
            ChangeKind::TypeChanged { record_type, field, from, to } => entry(
                record_type,
                Some(field),
                format!("{field} {to}, under another name, because a deployed field keeps its type"),
                format!("is {from} in production, not {to}: saves are refused and reading fails"),
            ),
            ChangeKind::IndexAdded { record_type, field, index } => entry(
                record_type,
                Some(field),
                match SystemField::named(field) {
                    Some(system) => format!("\"{field}\" {} {index}", system.data_type()),
                    None => format!("{field} … {index}"),
                },
                format!("is not marked {index} in production: queries that rely on it are refused"),
            ),
            _ => continue,
        });
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(body: &str) -> Schema {
        Schema::parse(&format!("DEFINE SCHEMA {body}")).expect("a schema")
    }

    #[test]
    fn only_what_the_program_lacks_is_missing() {
        let deployed = schema(
            "CREATE ROLE r; RECORD TYPE Old ( );
             RECORD TYPE A ( x STRING QUERYABLE, y INT64, z BYTES, GRANT READ TO r );",
        );
        let same = schema("RECORD TYPE A ( x STRING, y INT64, GRANT WRITE TO \"_creator\" );");
        assert_eq!(missing(&deployed, &same), []);
        let more = schema(
            "RECORD TYPE New ( ); RECORD TYPE A ( x STRING SORTABLE, y DOUBLE, w ASSET,
             \"___recordID\" REFERENCE QUERYABLE );",
        );
        let found = missing(&deployed, &more);
        let found: Vec<_> =
            found.iter().map(|entry| (entry.field.as_deref().unwrap_or("-"), entry.needs.as_str())).collect();
        assert_eq!(
            found,
            [
                ("___recordID", "\"___recordID\" REFERENCE QUERYABLE"),
                ("w", "w ASSET"),
                ("x", "x … SORTABLE"),
                ("y", "y DOUBLE, under another name, because a deployed field keeps its type"),
                ("-", "RECORD TYPE New"),
            ]
        );
    }
}
