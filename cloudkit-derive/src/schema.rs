//! `schema!`: a schema file → structs, by the generator that `cloudkit schema generate` uses.

use std::collections::{BTreeMap, HashMap};

use cloudkit_schema::generate::{FieldPath, Options, TypeMapping, generate};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    Data, DataStruct, DeriveInput, Ident, LitStr, Meta, Path, Token, Type, Visibility, braced, bracketed,
    token,
};

use crate::context::Context;
use crate::schema_file::SchemaFile;
use crate::shape;
use crate::similar::similar;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let wanted: Wanted = match syn::parse2(input) {
        Ok(wanted) => wanted,
        Err(error) => return error.into_compile_error(),
    };
    let mut cx = Context::default();
    let structs = structs(&mut cx, &wanted);
    let errors = cx.into_compile_errors();
    quote!(#errors #structs)
}

fn structs(cx: &mut Context, wanted: &Wanted) -> TokenStream {
    let Some(file) = SchemaFile::read(cx, &wanted.file) else { return TokenStream::new() };
    let dependency = file.dependency();
    if !wanted.check(cx, &file) {
        return dependency;
    }
    let text = match generate(&file.schema, &wanted.options(&file)) {
        Ok(text) => text,
        Err(error) => {
            cx.mistake(wanted.file.span(), format_args!("{}: {error}", file.name));
            return dependency;
        }
    };
    match items.parse_str(&text) {
        Ok(mut structs) => {
            let places = wanted.places();
            for item in &mut structs {
                place(item, &places);
            }
            quote!(#dependency #(#structs)*)
        }
        Err(error) => {
            cx.mistake(wanted.file.span(), format_args!("{}: {error}", file.name));
            dependency
        }
    }
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<DeriveInput>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(input.parse()?);
    }
    Ok(items)
}

/// Puts what the user wrote where the user wrote it, so that errors about it are there.
fn place(item: &mut DeriveInput, places: &HashMap<String, Span>) {
    let at = |ident: &Ident| places.get(&ident.to_string()).copied();
    if let Some(place) = at(&item.ident) {
        item.ident.set_span(place);
    }
    for attribute in &mut item.attrs {
        if let Meta::List(list) = &mut attribute.meta
            && list.path.is_ident("derive")
        {
            list.tokens = placed(list.tokens.clone(), places);
        }
    }
    let Data::Struct(DataStruct { fields, .. }) = &mut item.data else { return };
    for field in fields {
        if let Some(place) = field.ident.as_ref().and_then(at) {
            field.ident.iter_mut().for_each(|ident| ident.set_span(place));
        }
        let mut words = HashMap::new();
        collect_words(field.ty.to_token_stream(), &mut words);
        if let Some(place) = words.keys().find_map(|word| places.get(word)) {
            // The whole type, so that the `Option` around the user's type is no place of its own.
            if let Ok(ty) = syn::parse2(shape::at(*place, field.ty.to_token_stream())) {
                field.ty = ty;
            }
        }
    }
}

/// The tokens, with the words that the user wrote where the user wrote them.
fn placed(tokens: TokenStream, places: &HashMap<String, Span>) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Ident(ident) = &mut token
                && let Some(place) = places.get(&ident.to_string())
            {
                ident.set_span(*place);
            }
            token
        })
        .collect()
}

/// What stands in the macro.
struct Wanted {
    file: LitStr,
    visibility: Option<Visibility>,
    derives: Option<Vec<Path>>,
    core: Option<Path>,
    types: Option<Vec<WantedType>>,
    /// Whether the record types that are not named are wanted too.
    rest: bool,
}

/// `Article as News { ... }`
struct WantedType {
    record_type: Name,
    as_rust: Option<Ident>,
    fields: Vec<WantedField>,
}

/// `status! as state: Status with Conversion`
struct WantedField {
    field: Name,
    required: bool,
    as_rust: Option<Ident>,
    ty: Option<Type>,
    with: Option<Path>,
}

/// A name in CloudKit: a word, or a text for what is no word in Rust.
struct Name {
    text: String,
    span: Span,
}

mod word {
    syn::custom_keyword!(file);
    syn::custom_keyword!(visibility);
    syn::custom_keyword!(derive);
    syn::custom_keyword!(types);
    syn::custom_keyword!(with);
}

impl Parse for Wanted {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut wanted = Self {
            file: LitStr::new("", input.span()),
            visibility: None,
            derives: None,
            core: None,
            types: None,
            rest: true,
        };
        if input.peek(LitStr) {
            wanted.file = input.parse()?;
            end(input)?;
        } else {
            input.parse::<word::file>().map_err(|error| {
                syn::Error::new(error.span(), "write the schema file first: `schema!(\"schema.ckdb\")`")
            })?;
            input.parse::<Token![=]>()?;
            wanted.file = input.parse()?;
            end(input)?;
        }
        while !input.is_empty() {
            wanted.parse_option(input)?;
            end(input)?;
        }
        Ok(wanted)
    }
}

/// A comma, or nothing more.
fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() { Ok(()) } else { input.parse::<Token![,]>().map(drop) }
}

impl Wanted {
    fn parse_option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        let is_new = match key.to_string().as_str() {
            "visibility" => self.visibility.replace(input.parse()?).is_none(),
            "derive" => {
                let content;
                bracketed!(content in input);
                let paths = content.parse_terminated(Path::parse_mod_style, Token![,])?;
                self.derives.replace(paths.into_iter().collect()).is_none()
            }
            "crate" => self.core.replace(input.call(Path::parse_mod_style)?).is_none(),
            "types" => {
                let content;
                braced!(content in input);
                self.rest = false;
                let mut types = Vec::new();
                while !content.is_empty() {
                    if content.parse::<Option<Token![..]>>()?.is_some() {
                        self.rest = true;
                        break;
                    }
                    types.push(content.parse()?);
                    end(&content)?;
                }
                if !content.is_empty() {
                    return Err(content.error("`..` stands for all other record types, and comes last"));
                }
                self.types.replace(types).is_none()
            }
            other => {
                return Err(syn::Error::new(
                    key.span(),
                    format!(
                        "unknown option `{other}` of `schema!`; known are `visibility`, `derive`, `crate` and `types`"
                    ),
                ));
            }
        };
        if is_new {
            return Ok(());
        }
        Err(syn::Error::new(key.span(), format!("`{key}` is given twice; give it once")))
    }

    /// Reports the names that the file does not have. Says whether there were none.
    fn check(&self, cx: &mut Context, file: &SchemaFile) -> bool {
        let mut is_fine = true;
        for wanted in self.types.iter().flatten() {
            let Name { text, span } = &wanted.record_type;
            let Some(record_type) = file.schema.record_type(text) else {
                let known = file.schema.record_types.iter().map(|known| known.name.as_str());
                cx.mistake(*span, unknown(text, "a record type", &file.name, similar(known, text)));
                is_fine = false;
                continue;
            };
            for field in &wanted.fields {
                let Name { text, span } = &field.field;
                if record_type.user_fields().all(|known| known.name != *text) {
                    let known = record_type.user_fields().map(|known| known.name.as_str());
                    let what = format!("a field of `{}`", record_type.name);
                    cx.mistake(*span, unknown(text, &what, &file.name, similar(known, text)));
                    is_fine = false;
                }
            }
        }
        is_fine
    }

    fn options(&self, file: &SchemaFile) -> Options {
        let mut options = Options { schema: Some(file.name.clone()), imports: false, ..Options::default() };
        if let Some(visibility) = &self.visibility {
            options.visibility = text(visibility);
        }
        if let Some(derives) = &self.derives {
            options.derives = derives.iter().map(text).collect();
        }
        if let Some(core) = &self.core {
            options.crate_path = text(core);
        }
        let Some(types) = &self.types else { return options };
        if !self.rest {
            options.record_types = Some(types.iter().map(|wanted| wanted.record_type.text.clone()).collect());
        }
        for wanted in types {
            let record_type = &wanted.record_type.text;
            if let Some(ident) = &wanted.as_rust {
                options.struct_names.insert(record_type.clone(), ident.to_string());
            }
            for field in &wanted.fields {
                let path = FieldPath::new(record_type, &field.field.text);
                if field.required {
                    options.required.insert(path.clone());
                }
                if let Some(ident) = &field.as_rust {
                    options.field_names.insert(path.clone(), ident.to_string());
                }
                if let Some(ty) = &field.ty {
                    let mapping = match &field.with {
                        Some(with) => TypeMapping::with(text(ty), text(with)),
                        None => TypeMapping::new(text(ty)),
                    };
                    options.field_types.insert(path, mapping);
                }
            }
        }
        options
    }

    /// Where the words are that come from the user.
    fn places(&self) -> HashMap<String, Span> {
        let mut places = HashMap::new();
        let mut collect = |tokens: TokenStream| collect_words(tokens, &mut places);
        collect(self.derives.iter().flatten().map(ToTokens::to_token_stream).collect());
        for wanted in self.types.iter().flatten() {
            collect(wanted.as_rust.to_token_stream());
            for field in &wanted.fields {
                collect(field.as_rust.to_token_stream());
                collect(field.ty.to_token_stream());
            }
        }
        places
    }
}

fn collect_words(tokens: TokenStream, places: &mut HashMap<String, Span>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                places.entry(ident.to_string()).or_insert(ident.span());
            }
            TokenTree::Group(group) => collect_words(group.stream(), places),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn unknown(name: &str, what: &str, file: &str, similar: Option<&str>) -> String {
    match similar {
        Some(known) => format!("`{name}` is not {what} in {file}: did you mean `{known}`?"),
        None => format!("`{name}` is not {what} in {file}"),
    }
}

fn text(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

impl Parse for WantedType {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let record_type = input.parse()?;
        let as_rust = parse_as(input)?;
        let mut fields: Vec<WantedField> = Vec::new();
        if input.peek(token::Brace) {
            let content;
            braced!(content in input);
            let mut first_of = BTreeMap::new();
            while !content.is_empty() {
                let field: WantedField = content.parse()?;
                if first_of.insert(field.field.text.clone(), ()).is_some() {
                    return Err(syn::Error::new(
                        field.field.span,
                        format!("`{}` is given twice; give it once", field.field.text),
                    ));
                }
                fields.push(field);
                end(&content)?;
            }
        }
        Ok(Self { record_type, as_rust, fields })
    }
}

impl Parse for WantedField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let field = input.parse()?;
        let required = input.parse::<Option<Token![!]>>()?.is_some();
        let as_rust = parse_as(input)?;
        let mut ty = None;
        let mut with = None;
        if input.parse::<Option<Token![:]>>()?.is_some() {
            ty = Some(input.parse()?);
            if input.parse::<Option<word::with>>()?.is_some() {
                with = Some(input.call(Path::parse_mod_style)?);
            }
        }
        Ok(Self { field, required, as_rust, ty, with })
    }
}

fn parse_as(input: ParseStream<'_>) -> syn::Result<Option<Ident>> {
    match input.parse::<Option<Token![as]>>()? {
        Some(_) => input.parse().map(Some),
        None => Ok(None),
    }
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            return Ok(Self { text: text.value(), span: text.span() });
        }
        let ident = input.call(Ident::parse_any)?;
        Ok(Self { text: ident.unraw().to_string(), span: ident.span() })
    }
}
