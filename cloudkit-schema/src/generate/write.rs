//! Structs → source, laid out as rustfmt does it with its usual settings.

use std::collections::BTreeSet;

use super::names::identifier;
use super::plan::{Struct, StructField, Value};
use super::{Options, TypeMapping};
use crate::case::Case;
use crate::model::Indexes;

/// The widest line.
const WIDTH: usize = 100;

/// The widest list of several arguments of an attribute that stays in one line.
const ATTRIBUTE_WIDTH: usize = 70;

pub(super) fn write(structs: &[Struct<'_>], options: &Options) -> String {
    let mut out = String::new();
    if let Some(header) = &options.header {
        out += header.trim_end();
        out += "\n\n";
    }
    if options.imports && !structs.is_empty() {
        out += &imports(structs, options);
        out += "\n";
    }
    for (number, it) in structs.iter().enumerate() {
        if number > 0 {
            out += "\n";
        }
        write_struct(&mut out, it, options);
    }
    out
}

fn imports(structs: &[Struct<'_>], options: &Options) -> String {
    let fields = structs.iter().flat_map(|it| &it.fields);
    let used = fields.filter_map(|field| match field.value {
        Value::Core(name) => Some(name),
        Value::Rust(_) | Value::Mapped(_) => None,
    });
    let names: BTreeSet<&str> = used.chain(["CkRecord"]).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let path = &options.crate_path;
    let line = match names.as_slice() {
        [one] => format!("use {path}::{one};\n"),
        several => format!("use {path}::{{{}}};\n", several.join(", ")),
    };
    if line.trim_end().len() <= WIDTH {
        return line;
    }
    names.iter().map(|name| format!("use {path}::{name};\n")).collect()
}

fn write_struct(out: &mut String, it: &Struct<'_>, options: &Options) {
    let record_type = &it.record_type.name;
    *out += &format!("/// A record of type `{record_type}`.\n");
    *out += &derives(it, options);
    if it.name != *record_type {
        attribute(out, "", &[format!("record_type = \"{record_type}\"")]);
    }
    if let Some(schema) = &options.schema {
        attribute(out, "", &[format!("schema = {schema:?}")]);
    }
    if it.case != Case::Camel {
        attribute(out, "", &[format!("rename_all = \"{}\"", it.case)]);
    }
    if options.crate_path.trim_start_matches("::") != "cloudkit_core" {
        attribute(out, "", &[format!("crate = \"{}\"", options.crate_path)]);
    }
    if options.schema.is_none() && !it.system_indexes.is_empty() {
        let indexes = it.system_indexes.iter();
        let indexes: Vec<String> =
            indexes.map(|(name, indexes)| format!("{name}({})", words(*indexes).join(", "))).collect();
        *out += &index_attribute(&indexes);
    }
    let visibility = visibility(options);
    let name = identifier(&it.name);
    if it.fields.is_empty() {
        *out += &format!("{visibility}struct {name} {{}}\n");
        return;
    }
    *out += &format!("{visibility}struct {name} {{\n");
    for field in &it.fields {
        write_field(out, field, options);
    }
    *out += "}\n";
}

fn visibility(options: &Options) -> String {
    if options.visibility.is_empty() { String::new() } else { format!("{} ", options.visibility) }
}

fn derives(it: &Struct<'_>, options: &Options) -> String {
    let has_default = it.fields.iter().all(|field| field.is_option);
    let derives = options.derives.iter().filter(|derive| has_default || *derive != "Default");
    let names: Vec<String> =
        std::iter::once(core_path("CkRecord", options)).chain(derives.cloned()).collect();
    let line = format!("#[derive({})]\n", names.join(", "));
    if line.trim_end().len() <= WIDTH {
        return line;
    }
    format!("#[derive(\n{})]\n", names.iter().map(|name| format!("    {name},\n")).collect::<String>())
}

/// A type of `cloudkit_core`, as the generated code names it.
fn core_path(name: &str, options: &Options) -> String {
    if options.imports {
        return name.to_owned();
    }
    let path = &options.crate_path;
    let is_absolute = ["::", "crate", "self", "super"].iter().any(|start| path.starts_with(start));
    format!("{}{path}::{name}", if is_absolute { "" } else { "::" })
}

fn write_field(out: &mut String, field: &StructField<'_>, options: &Options) {
    let StructField { name, field: schema, value, is_option, rename, indexes } = field;
    *out += &format!("    /// `{schema}`\n");
    let mut arguments = Vec::new();
    if let Some(rename) = rename {
        arguments.push(format!("rename = \"{rename}\""));
    }
    if options.schema.is_none() {
        arguments.extend(words(*indexes).into_iter().map(str::to_owned));
    }
    if schema.data_type.encrypted {
        arguments.push("encrypted".to_owned());
    }
    if let Value::Mapped(TypeMapping { with: Some(with), .. }) = value {
        arguments.push(format!("with = \"{with}\""));
    }
    if !arguments.is_empty() {
        attribute(out, "    ", &arguments);
    }
    let one = match value {
        Value::Rust(name) => (*name).to_owned(),
        Value::Core(name) => core_path(name, options),
        Value::Mapped(TypeMapping { rust, .. }) => rust.clone(),
    };
    let is_list = schema.data_type.list && !matches!(value, Value::Mapped(_));
    let value = if is_list { format!("Vec<{one}>") } else { one };
    let value = if *is_option { format!("Option<{value}>") } else { value };
    let name = format!("    {}{}:", visibility(options), identifier(name));
    if name.len() + value.len() + 2 <= WIDTH {
        *out += &format!("{name} {value},\n");
    } else {
        *out += &format!("{name}\n        {value},\n");
    }
}

fn words(indexes: Indexes) -> Vec<&'static str> {
    let Indexes { queryable, sortable, searchable } = indexes;
    let words = [(queryable, "queryable"), (sortable, "sortable"), (searchable, "searchable")];
    words.into_iter().filter(|(is_there, _)| *is_there).map(|(_, word)| word).collect()
}

/// `#[ck(…)]`
fn attribute(out: &mut String, indentation: &str, arguments: &[String]) {
    let line = arguments.join(", ");
    let is_short = match arguments {
        [_] => indentation.len() + line.len() + "#[ck()]".len() < WIDTH,
        _ => line.len() <= ATTRIBUTE_WIDTH,
    };
    if is_short {
        *out += &format!("{indentation}#[ck({line})]\n");
        return;
    }
    let lines: Vec<String> =
        arguments.iter().map(|argument| format!("{indentation}    {argument}")).collect();
    *out += &format!("{indentation}#[ck(\n{}\n{indentation})]\n", lines.join(",\n"));
}

/// `#[ck(index(…))]`
fn index_attribute(indexes: &[String]) -> String {
    let line = indexes.join(", ");
    if line.len() <= ATTRIBUTE_WIDTH {
        return format!("#[ck(index({line}))]\n");
    }
    let lines: Vec<String> = indexes.iter().map(|index| format!("    {index}")).collect();
    format!("#[ck(index(\n{}\n))]\n", lines.join(",\n"))
}
