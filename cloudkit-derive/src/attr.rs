//! `#[ck(...)]` → options: which there are and how they are written. What they mean is not known here.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Token, token};

use crate::context::Context;
use crate::similar::are_similar;

/// Something that `#[ck(...)]` can stand on.
pub(crate) struct Place {
    name: &'static str,
    known: &'static [Known],
}

struct Known {
    name: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// `queryable`
    Word,
    /// `rename = "..."`
    Text,
    /// `default` or `default = "..."`
    WordOrText,
    /// `index(...)`
    List(&'static Place),
}

const fn word(name: &'static str) -> Known {
    Known { name, form: Form::Word }
}

const fn text(name: &'static str) -> Known {
    Known { name, form: Form::Text }
}

const fn list(name: &'static str, of: &'static Place) -> Known {
    Known { name, form: Form::List(of) }
}

pub(crate) static RECORD: Place = Place {
    name: "a record struct",
    known: &[
        text("record_type"),
        text("rename_all"),
        text("schema"),
        list("index", &SYSTEM_FIELDS),
        word("projection"),
        text("crate"),
    ],
};

pub(crate) static FIELD: Place = Place {
    name: "a field of a record struct",
    known: &[
        text("rename"),
        word("queryable"),
        word("sortable"),
        word("searchable"),
        word("encrypted"),
        Known { name: "default", form: Form::WordOrText },
        word("skip"),
        text("with"),
    ],
};

static SYSTEM_FIELDS: Place = Place {
    name: "`index`",
    known: &[
        list("record_name", &INDEXES),
        list("created_at", &INDEXES),
        list("modified_at", &INDEXES),
        list("created_by", &INDEXES),
        list("modified_by", &INDEXES),
    ],
};

static INDEXES: Place =
    Place { name: "a system field", known: &[word("queryable"), word("sortable"), word("searchable")] };

pub(crate) static RECORDS: Place = Place { name: "an enum of record structs", known: &[text("crate")] };

pub(crate) static RECORDS_VARIANT: Place =
    Place { name: "a variant of an enum of record structs", known: &[] };

pub(crate) static ENUM: Place =
    Place { name: "an enum that is stored as text", known: &[text("rename_all"), text("crate")] };

pub(crate) static ENUM_VARIANT: Place =
    Place { name: "a variant of an enum that is stored as text", known: &[text("rename"), word("other")] };

/// In the order in which a misplaced option is looked for.
static PLACES: [&Place; 5] = [&FIELD, &RECORD, &SYSTEM_FIELDS, &ENUM_VARIANT, &ENUM];

/// The options of one place, each known there, in a form it can have, and at most once.
#[derive(Default)]
pub(crate) struct Options(Vec<Written>);

struct Written {
    name: &'static str,
    key: Ident,
    value: Value,
}

enum Value {
    Word,
    Text(LitStr),
    List(Options),
}

impl Options {
    /// Reads the options in `attributes`; what is wrong goes to the context and is left out.
    pub(crate) fn read(cx: &mut Context, attributes: &[Attribute], place: &Place) -> Self {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("ck")) {
            match &attribute.meta {
                Meta::List(meta) => options.read_list(cx, meta.tokens.clone(), place),
                meta => cx.mistake(
                    meta.path().segments[0].ident.span(),
                    "`ck` needs options in parentheses: `#[ck(...)]`",
                ),
            }
        }
        options
    }

    fn read_list(&mut self, cx: &mut Context, tokens: TokenStream, place: &Place) {
        let result = (|input: ParseStream<'_>| {
            while !input.is_empty() {
                self.read_one(cx, input, place)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        })
        .parse2(tokens);
        if let Err(error) = result {
            cx.syntax(error);
        }
    }

    fn read_one(&mut self, cx: &mut Context, input: ParseStream<'_>, place: &Place) -> syn::Result<()> {
        let key = input.call(Ident::parse_any)?;
        // Read before it is judged, so that reading goes on with the next option whatever is wrong with this one.
        let written = Form::read(input)?;
        let Some(known) = place.known.iter().find(|known| key == known.name) else {
            cx.mistake(key.span(), place.unknown(&key));
            return Ok(());
        };
        if self.get(known.name).is_some() {
            cx.mistake(key.span(), format_args!("`{key}` is given twice; give it once"));
            return Ok(());
        }
        let value = match (written, known.form) {
            (Raw::Word, Form::Word | Form::WordOrText) => Value::Word,
            (Raw::Text(text), Form::Text | Form::WordOrText) => Value::Text(text),
            (Raw::List(tokens), Form::List(of)) => {
                let mut options = Self::default();
                if tokens.is_empty() {
                    cx.mistake(
                        key.span(),
                        format_args!("`{key}` is empty; it can hold {}", of.known_names()),
                    );
                }
                options.read_list(cx, tokens, of);
                Value::List(options)
            }
            (raw, form) => {
                cx.mistake(raw.span().unwrap_or(key.span()), form.misused(&key));
                return Ok(());
            }
        };
        self.0.push(Written { name: known.name, key, value });
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&Written> {
        self.0.iter().find(|written| written.name == name)
    }

    /// Where the option is, if it is given, in whatever form.
    pub(crate) fn given(&self, name: &str) -> Option<Span> {
        self.get(name).map(|written| written.key.span())
    }

    /// The text of the option, if it is given with one.
    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        match &self.get(name)?.value {
            Value::Text(text) => Some(text),
            Value::Word | Value::List(_) => None,
        }
    }

    /// The options inside of the option.
    pub(crate) fn list(&self, name: &str) -> Option<&Options> {
        match &self.get(name)?.value {
            Value::List(options) => Some(options),
            Value::Word | Value::Text(_) => None,
        }
    }

    /// The text of the option, read as a path or a type.
    pub(crate) fn parsed<T: syn::parse::Parse>(&self, cx: &mut Context, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(_) => {
                cx.mistake(text.span(), format_args!("`{}` is not {what}", text.value()));
                None
            }
        }
    }

    /// Every option that is given: its name and where it is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, Span)> + '_ {
        self.0.iter().map(|written| (written.name, written.key.span()))
    }
}

/// What stands behind the name of an option.
enum Raw {
    Word,
    Text(LitStr),
    List(TokenStream),
    Other(Span),
}

impl Raw {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Word => None,
            Self::Text(text) => Some(text.span()),
            Self::List(tokens) => tokens.clone().into_iter().next().map(|token| token.span()),
            Self::Other(span) => Some(*span),
        }
    }
}

impl Form {
    fn read(input: ParseStream<'_>) -> syn::Result<Raw> {
        if input.peek(token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            return Ok(Raw::List(content.parse()?));
        }
        if !input.peek(Token![=]) {
            return Ok(Raw::Word);
        }
        input.parse::<Token![=]>()?;
        if input.peek(LitStr) {
            return Ok(Raw::Text(input.parse()?));
        }
        let first: TokenTree = input.parse()?;
        while !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<TokenTree>()?;
        }
        Ok(Raw::Other(first.span()))
    }

    fn misused(self, key: &Ident) -> String {
        match self {
            Self::Word => format!("`{key}` takes no value; write `#[ck({key})]`"),
            Self::Text => format!("`{key}` takes a text in quotes; write `#[ck({key} = \"...\")]`"),
            Self::WordOrText => {
                format!(
                    "`{key}` stands alone or takes a text in quotes; write `#[ck({key})]` or `#[ck({key} = \"...\")]`"
                )
            }
            Self::List(of) => {
                format!("`{key}` takes a list of {}; write `{key}(...)`", of.known_names())
            }
        }
    }
}

impl Place {
    fn known_names(&self) -> String {
        let names: Vec<String> = self.known.iter().map(|known| format!("`{}`", known.name)).collect();
        names.join(", ")
    }

    fn unknown(&self, key: &Ident) -> String {
        let key = key.to_string();
        if self.known.is_empty() {
            return format!("unknown `ck` option `{key}`; {} has none", self.name);
        }
        let similar = self.known.iter().find(|known| are_similar(known.name, &key));
        let elsewhere = PLACES.iter().find(|place| place.known.iter().any(|known| known.name == key));
        let hint = match (similar, elsewhere) {
            (Some(known), _) => format!(": did you mean `{}`? Known", known.name),
            (None, Some(place)) => format!(": it belongs on {}, not on {}. Known", place.name, self.name),
            (None, None) => "; known".to_owned(),
        };
        format!("unknown `ck` option `{key}`{hint} here: {}", self.known_names())
    }
}
