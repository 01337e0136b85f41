//! `cloudkit schema check`: everything that is wrong with schema files, at once.

use std::path::PathBuf;

use clap::Args;
use cloudkit_schema::{Document, Problem, Severity};
use serde::Serialize;

use super::read;
use crate::failure::Result;
use crate::output::Style;
use crate::{Context, Exit, Format, input};

/// What can be written after `cloudkit schema check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 no errors, 1 errors, 2 wrong usage.

Examples:
  cloudkit schema check schema.ckdb
  cloudkit schema export | cloudkit schema check -")]
pub struct Arguments {
    /// The files; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Take warnings for errors.
    #[arg(long)]
    pub deny_warnings: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    is_valid: bool,
    problems: Vec<Shown>,
}

/// A problem, for programs.
#[derive(Serialize)]
pub(super) struct Shown {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    severity: String,
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Shown {
    fn new(file: &str, problem: &Problem) -> Self {
        let position = problem.place.as_ref().map(|place| place.position);
        Self {
            file: file.to_owned(),
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            severity: problem.severity().to_string(),
            code: problem.code.as_str(),
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }
}

/// Checks, and prints the problems.
///
/// # Errors
///
/// If a file cannot be read.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let mut problems = Vec::new();
    let mut text = String::new();
    let style = context.stdout_style();
    for file in &arguments.files {
        let name = input::name(file);
        let content = read(file, context)?;
        for problem in Document::parse(&content).problems {
            text += &marked(&problem.report(&name), problem.severity(), style);
            text.push('\n');
            problems.push((Shown::new(&name, &problem), problem.severity()));
        }
    }
    let least = if arguments.deny_warnings { Severity::Warning } else { Severity::Error };
    let is_valid = problems.iter().all(|(_, severity)| *severity < least);
    match context.format {
        Format::Json => {
            let problems = problems.into_iter().map(|(problem, _)| problem).collect();
            context.print_json(&Report { is_valid, problems })?;
        }
        Format::Text => {
            context.print(text)?;
            let count = |wanted| problems.iter().filter(|(_, severity)| *severity == wanted).count();
            let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
            context.say(format_args!("{errors} errors, {warnings} warnings"));
        }
    }
    Ok(if is_valid { Exit::OK } else { Exit::FAILED })
}

/// The report with its severity in colour.
fn marked(report: &str, severity: Severity, style: Style) -> String {
    let word = severity.to_string();
    let Some((before, after)) = report.split_once(&word) else { return report.to_owned() };
    let shown = match severity {
        Severity::Error => style.error(&word),
        Severity::Warning => style.warning(&word),
    };
    format!("{before}{shown}{after}")
}
