//! `cloudkit schema format`: schema files in the layout of exports.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{read, write_file};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, input};

/// What can be written after `cloudkit schema format`.
#[derive(Args, Debug)]
#[command(after_help = "\
Comments and the order of everything stay. Files are changed in place; standard input goes to standard output.

Exit codes: 0 done, 1 with --check: a file is laid out in another way, 2 wrong usage, or a file is no schema.

Examples:
  cloudkit schema format schema.ckdb
  cloudkit schema format --check schema.ckdb")]
pub struct Arguments {
    /// The files; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing, and say which files would change.
    #[arg(long)]
    pub check: bool,
}

#[derive(Serialize)]
struct Report {
    changed: Vec<String>,
}

/// Formats the files.
///
/// # Errors
///
/// If a file cannot be read or written, or is not of the language.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let mut changed = Vec::new();
    for file in &arguments.files {
        let text = read(file, context)?;
        let formatted = cloudkit_schema::format(&text).map_err(|error| {
            Failure::from(error)
                .context(format!("{} cannot be formatted", input::name(file)))
                .with_exit(Exit::USAGE)
                .with_help("`cloudkit schema check` shows each mistake in its line.")
        })?;
        if !arguments.check && input::is_stdin(file) {
            context.print(&formatted)?;
            continue;
        }
        if formatted != text {
            changed.push(input::name(file));
            if !arguments.check {
                write_file(file, &formatted)?;
            }
        }
    }
    let fails = arguments.check && !changed.is_empty();
    // What standard input was formatted to is the whole of standard output.
    let has_result = arguments.check || !arguments.files.iter().any(|file| input::is_stdin(file));
    match context.format {
        Format::Json if has_result => context.print_json(&Report { changed })?,
        Format::Json => {}
        Format::Text => {
            for file in changed {
                context
                    .say(format_args!("{} {file}", if arguments.check { "would change" } else { "changed" }));
            }
        }
    }
    Ok(if fails { Exit::FAILED } else { Exit::OK })
}
