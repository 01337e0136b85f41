//! `cloudkit schema generate`: the structs of a schema, as Rust source to commit.

use std::path::PathBuf;

use clap::Args;
use cloudkit_schema::Schema;
use cloudkit_schema::generate::{FieldPath, Options, TypeMapping, generate};
use serde::Serialize;

use super::{read, write};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, input};

/// What can be written after `cloudkit schema generate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every field is an `Option`, because any record of CloudKit may lack any of its fields; --required says which do not.

Examples:
  cloudkit schema generate schema.ckdb --out src/records.rs
  cloudkit schema generate schema.ckdb --record-type Article --type Article.status=crate::Status \\
      --required Article.title --struct Article=Post")]
pub struct Arguments {
    /// The schema; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A record type to write; may be given several times [default: all].
    #[arg(long, value_name = "NAME")]
    pub record_type: Vec<String>,
    /// The name of a record type's struct.
    #[arg(long = "struct", value_name = "TYPE=NAME")]
    pub structs: Vec<Pair>,
    /// The name of a field in Rust.
    #[arg(long = "field", value_name = "TYPE.FIELD=NAME")]
    pub fields: Vec<Pair>,
    /// The Rust type of a field: an enum with `#[derive(CkEnum)]`, `bool`, or a type of your own.
    #[arg(long = "type", value_name = "TYPE.FIELD=RUST")]
    pub types: Vec<Pair>,
    /// A field that every record has.
    #[arg(long, value_name = "TYPE.FIELD")]
    pub required: Vec<String>,
    /// What the structs derive beside CkRecord [default: Clone, Debug, Default, PartialEq].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub derive: Vec<String>,
    /// Take indexes from this schema file when compiling, by `#[ck(schema = "…")]`.
    #[arg(long, value_name = "PATH")]
    pub schema: Option<String>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    name: String,
    value: String,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write a name, `=` and what it stands for".to_owned()),
        }
    }
}

#[derive(Serialize)]
struct Report {
    source: String,
}

/// Writes the structs.
///
/// # Errors
///
/// If the file is not a schema, an option names what it does not have, or the result cannot be written.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let name = input::name(&arguments.file);
    let text = read(&arguments.file, context)?;
    let schema = Schema::parse(&text).map_err(|error| {
        Failure::from(error)
            .context(format!("{name} is not a schema"))
            .with_exit(Exit::USAGE)
            .with_help("`cloudkit schema check` shows each mistake in its line.")
    })?;
    let options = options(arguments)?;
    let source = generate(&schema, &options).map_err(|error| Failure::from(error).with_exit(Exit::USAGE))?;
    match (context.format, &arguments.out) {
        (Format::Json, None) => context.print_json(&Report { source })?,
        (_, out) => write(out.as_deref(), &source, context)?,
    }
    Ok(Exit::OK)
}

fn options(arguments: &Arguments) -> Result<Options> {
    let path = |text: &str| -> Result<FieldPath> {
        text.parse().map_err(|error| Failure::from(error).with_exit(Exit::USAGE))
    };
    let mut options = Options { schema: arguments.schema.clone(), ..Options::default() };
    if !arguments.record_type.is_empty() {
        options.record_types = Some(arguments.record_type.clone());
    }
    if !arguments.derive.is_empty() {
        options.derives.clone_from(&arguments.derive);
    }
    for Pair { name, value } in &arguments.structs {
        options.struct_names.insert(name.clone(), value.clone());
    }
    for Pair { name, value } in &arguments.fields {
        options.field_names.insert(path(name)?, value.clone());
    }
    for Pair { name, value } in &arguments.types {
        options.field_types.insert(path(name)?, TypeMapping::new(value));
    }
    for name in &arguments.required {
        options.required.insert(path(name)?);
    }
    Ok(options)
}
