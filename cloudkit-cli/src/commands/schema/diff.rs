//! `cloudkit schema diff`: what changes from one schema to another, what each change does, and the way out.

use clap::{Args, ValueEnum};
use cloudkit_core::Environment;
use cloudkit_schema::diff::Class;
use cloudkit_schema::{Change, Schema};
use serde::Serialize;

use super::emit::EmitCommand;
use super::side::{Container, Side};
use crate::failure::Result;
use crate::output::Style;
use crate::{Context, Exit, Format};

/// What can be written after `cloudkit schema diff`.
#[derive(Args, Debug)]
#[command(after_help = "\
A side is a file (`-` is standard input), development, production, or rust: what `cloudkit schema emit` writes.
Types that a program does not know are no change where one side is rust, and neither are grants.

Exit codes: 0 no change that --fail-on names or a worse one, 1 such a change, 2 wrong usage.

Examples:
  cloudkit schema diff production schema.ckdb --fail-on forbidden
  cloudkit schema diff development production
  cloudkit schema diff rust schema.ckdb")]
pub struct Arguments {
    /// The schema as it is.
    #[arg(value_name = "FROM")]
    pub from: Side,
    /// The schema as it should be.
    #[arg(value_name = "TO")]
    pub to: Side,
    /// The schema of production, which forbids to lose what it has [default: FROM, if that is production].
    #[arg(long, value_name = "SIDE")]
    pub against: Option<Side>,
    /// The most harmless change that makes the exit code 1.
    #[arg(long, value_name = "CLASS", value_enum, default_value_t = FailOn::Addition)]
    pub fail_on: FailOn,
    /// Which container development and production are of.
    #[command(flatten)]
    pub container: Container,
    /// How the program's types are emitted.
    #[command(flatten)]
    pub emit: EmitCommand,
}

/// Classes of changes, from harmless to impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any change.
    Addition,
    /// A new index.
    IndexAdded,
    /// Somebody may do more or less.
    GrantChanged,
    /// An index goes.
    IndexRemoved,
    /// Data in development is lost.
    Destructive,
    /// CloudKit refuses the import.
    Forbidden,
    /// None.
    Never,
}

impl FailOn {
    fn includes(self, class: Class) -> bool {
        class
            >= match self {
                Self::Addition => Class::Addition,
                Self::IndexAdded => Class::IndexAdded,
                Self::GrantChanged => Class::GrantChanged,
                Self::IndexRemoved => Class::IndexRemoved,
                Self::Destructive => Class::Destructive,
                Self::Forbidden => Class::Forbidden,
                Self::Never => return false,
            }
    }
}

#[derive(Serialize)]
struct Report {
    changes: Vec<Shown>,
    worst: Option<&'static str>,
}

/// A change, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    class: &'static str,
    change: String,
    record_type: Option<String>,
    field: Option<String>,
    reason: String,
    way_out: Option<String>,
}

impl Shown {
    fn new(change: &Change) -> Self {
        Self {
            class: change.class.as_str(),
            change: change.to_string(),
            record_type: change.kind.record_type().map(str::to_owned),
            field: change.kind.field().map(str::to_owned),
            reason: change.reason(),
            way_out: change.way_out(),
        }
    }
}

/// Compares, and prints the changes.
///
/// # Errors
///
/// If a side cannot be read or is not a schema.
pub async fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let Arguments { from, to, against, fail_on, container, emit } = arguments;
    let mut old = from.schema(container, &emit.emit_command, context).await?;
    let mut new = to.schema(container, &emit.emit_command, context).await?;
    let production = match against {
        Some(side) => Some(side.schema(container, &emit.emit_command, context).await?),
        None if *from == Side::Environment(Environment::Production) => Some(old.clone()),
        None => None,
    };
    if *from == Side::Rust {
        see_as(&old, &mut new);
    }
    if *to == Side::Rust {
        see_as(&new, &mut old);
    }
    let mut diff = old.diff(&new);
    if let Some(production) = &production {
        diff = diff.against(production);
    }
    match context.format {
        Format::Json => {
            let changes = diff.changes.iter().map(Shown::new).collect();
            let worst = diff.worst().map(Class::as_str);
            context.print_json(&Report { changes, worst })?;
        }
        Format::Text => {
            let style = context.stdout_style();
            for change in &diff.changes {
                context.print(in_words(change, style))?;
            }
            if diff.is_empty() {
                context.say(format_args!("{from} and {to} say the same"));
            }
        }
    }
    let fails = diff.worst().is_some_and(|worst| fail_on.includes(worst));
    Ok(if fails { Exit::FAILED } else { Exit::OK })
}

/// Leaves out what a program's types say nothing about: record types that it does not know, roles and grants.
fn see_as(program: &Schema, other: &mut Schema) {
    other.roles.clear();
    other.record_types.retain(|record_type| program.record_type(&record_type.name).is_some());
    for record_type in &mut other.record_types {
        let known = program.record_type(&record_type.name);
        record_type.grants = known.map(|known| known.grants.clone()).unwrap_or_default();
    }
}

fn in_words(change: &Change, style: Style) -> String {
    let line = change.to_string();
    let class = change.class.as_str();
    let (line, class) = match change.class {
        Class::Addition | Class::IndexAdded => (style.good(&line), style.faint(class)),
        Class::Forbidden | Class::Destructive => (style.error(&line), style.error(class)),
        _ => (style.warning(&line), style.warning(class)),
    };
    let mut text = format!("{line} ({class})\n");
    if change.class >= Class::IndexRemoved {
        text += &format!("    {}\n", change.reason());
    }
    if let Some(way_out) = change.way_out() {
        text += &format!("    instead: {way_out}\n");
    }
    text
}
