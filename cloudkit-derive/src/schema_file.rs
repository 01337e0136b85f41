//! The schema file that an attribute names.

use std::io;
use std::path::{Path, PathBuf};

use cloudkit_schema::{Document, Field, RecordType, Schema};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::LitStr;

use crate::context::Context;

/// The most mistakes of a file that are told one by one.
const MOST_PROBLEMS: usize = 10;

/// A schema file without mistakes.
pub(crate) struct SchemaFile {
    /// As the user wrote it, which is how messages call it.
    pub(crate) name: String,
    /// Where that is.
    pub(crate) named: Span,
    path: String,
    text: String,
    pub(crate) schema: Schema,
}

impl SchemaFile {
    /// Reads the file. What is wrong with it is told where it is named.
    pub(crate) fn read(cx: &mut Context, named: &LitStr) -> Option<Self> {
        let name = named.value();
        let Some((path, read)) = candidates(&name, named.span())
            .map(|path| {
                let read = std::fs::read_to_string(&path);
                (path, read)
            })
            .reduce(|first, second| if is_not_there(&first.1) { second } else { first })
        else {
            cx.mistake(named.span(), "CARGO_MANIFEST_DIR is not set; build with Cargo");
            return None;
        };
        let text = match read {
            Ok(text) => text,
            Err(error) => {
                cx.mistake(
                    named.span(),
                    format_args!(
                        "cannot read the schema file `{name}`: {error}; the path is relative to the directory of \
                         Cargo.toml or to that of this file"
                    ),
                );
                return None;
            }
        };
        let document = Document::parse(&text);
        let mut errors = document.errors();
        let mut is_refused = false;
        for problem in errors.by_ref().take(MOST_PROBLEMS) {
            is_refused = true;
            let place = problem.place.as_ref().map(|place| place.position);
            let place = place.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
            let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            cx.mistake(named.span(), format_args!("{name}{place}: {}{help}", problem.message));
        }
        match errors.count() {
            0 => {}
            more => cx.mistake(named.span(), format_args!("{name} has {more} more mistakes")),
        }
        if is_refused {
            return None;
        }
        let schema = document.schema;
        // Not a loss in practice: rustc refuses such paths as well.
        let path = path.to_string_lossy().into_owned();
        Some(Self { name, named: named.span(), path, text, schema })
    }

    /// An item that makes the compiler look again when the file has changed.
    pub(crate) fn dependency(&self) -> TokenStream {
        let path = &self.path;
        quote!(
            const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
        )
    }

    /// The number of the line that declares the field.
    pub(crate) fn line_of(&self, field: &Field) -> Option<usize> {
        field.origin.get().map(|origin| origin.field.position(&self.text).line)
    }

    /// The number of the line that begins the record type.
    pub(crate) fn line_of_type(&self, record_type: &RecordType) -> usize {
        record_type.origin.get().map_or(1, |origin| origin.head.position(&self.text).line)
    }
}

/// Where the file can be: beside Cargo.toml, or else beside the source that names it.
fn candidates(name: &str, place: Span) -> impl Iterator<Item = PathBuf> + use<'_> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    // Outside of the compiler, in tests, spans come from no file.
    let source = proc_macro::is_available().then(|| place.unwrap().local_file()).flatten();
    let beside = source.as_deref().and_then(Path::parent).and_then(|folder| std::path::absolute(folder).ok());
    package.into_iter().chain(beside).map(move |folder| folder.join(name))
}

fn is_not_there<T>(read: &io::Result<T>) -> bool {
    read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
