//! What a struct declares, as it is written: every part keeps its syntax, so that a rule can point at it.

use cloudkit_schema::Index as SchemaIndex;
use cloudkit_schema::case::Case;
use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Path, Type, Visibility};

use crate::attr::{self, Options};
use crate::context::Context;
use crate::names;
use crate::schema_file::SchemaFile;
use crate::shape;

pub(crate) struct Record<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) core: Path,
    pub(crate) record_type: Name,
    /// The schema file, if one is named; `None` in it if it cannot be used.
    pub(crate) schema: Option<Option<SchemaFile>>,
    pub(crate) projection: bool,
    pub(crate) system_fields: Vec<SystemField>,
    pub(crate) fields: Vec<Field<'a>>,
    /// Whether it is no struct that could be a record, and its fields mean nothing.
    pub(crate) refused: bool,
}

/// A name in CloudKit, and what it was said by.
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
    /// Whether it follows from the Rust name.
    pub(crate) derived: bool,
}

pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) ty: &'a Type,
    pub(crate) name: Name,
    pub(crate) index: Index,
    pub(crate) source: Source,
    pub(crate) encrypted: Option<Span>,
    pub(crate) skip: Option<Span>,
    pub(crate) default: Option<Fallback>,
    pub(crate) with: Option<Type>,
    pub(crate) options: Options,
}

/// What a field is when CloudKit has no value for it.
pub(crate) enum Fallback {
    /// The `Default` of its type.
    Default(Span),
    /// What this function returns.
    Function(Path),
}

/// Where each index is asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Index {
    pub(crate) queryable: Option<Span>,
    pub(crate) sortable: Option<Span>,
    pub(crate) searchable: Option<Span>,
}

/// One of the fields that CloudKit adds to each record.
pub(crate) struct SystemField {
    pub(crate) method: &'static str,
    pub(crate) mapped_name: &'static str,
    pub(crate) kind: SystemKind,
    pub(crate) index: Index,
    pub(crate) source: Source,
}

/// What says which indexes a field has.
pub(crate) enum Source {
    /// Its attributes.
    Attributes,
    /// The schema file.
    Schema(Declared),
    /// The schema file would, and does not: then the field has every index, so that one mistake is one error.
    Unknown,
}

/// A field in the schema file.
pub(crate) struct Declared {
    /// Its line; `None` if it is one of the fields that need not be declared, and is not.
    pub(crate) line: Option<usize>,
    /// The name of the file.
    pub(crate) file: String,
    /// Where the struct names the file.
    pub(crate) named: Span,
    pub(crate) field: cloudkit_schema::Field,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SystemKind {
    RecordName,
    Time,
    User,
}

static SYSTEM_FIELDS: [(&str, &str, SystemKind); 5] = [
    ("record_name", "recordName", SystemKind::RecordName),
    ("created_at", "createdTimestamp", SystemKind::Time),
    ("modified_at", "modifiedTimestamp", SystemKind::Time),
    ("created_by", "createdUserRecordName", SystemKind::User),
    ("modified_by", "modifiedUserRecordName", SystemKind::User),
];

impl<'a> Record<'a> {
    pub(crate) fn read(cx: &mut Context, input: &'a DeriveInput) -> Self {
        let options = Options::read(cx, &input.attrs, &attr::RECORD);
        let case = names::read_case(cx, &options);
        let fields = named_fields(cx, input);
        let generic = shape::refuse_generics(
            cx,
            &input.generics,
            "a record type in CloudKit has one set of fields, so its struct cannot be generic; \
             write a struct for each record type",
        );
        let system_fields = SYSTEM_FIELDS.map(|(method, mapped_name, kind)| SystemField {
            method,
            mapped_name,
            kind,
            index: options
                .list("index")
                .and_then(|fields| fields.list(method))
                .map_or_else(Index::default, Index::read),
            source: Source::Attributes,
        });
        let schema = options.text("schema").map(|named| SchemaFile::read(cx, named));
        Self {
            input,
            core: shape::core_path(cx, &options),
            record_type: Name::read(cx, &options, "record_type", &input.ident, "a record type", |ident| {
                ident
            }),
            schema,
            projection: options.given("projection").is_some(),
            system_fields: system_fields.into(),
            refused: generic || fields.is_none(),
            fields: fields
                .into_iter()
                .flat_map(|fields| &fields.named)
                .filter_map(|field| Field::read(cx, field, case))
                .collect(),
        }
    }

    /// The fields that CloudKit has.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.skip.is_none())
    }
}

fn named_fields<'a>(cx: &mut Context, input: &'a DeriveInput) -> Option<&'a syn::FieldsNamed> {
    let (place, found) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(fields) => {
                (fields.span(), "the fields of a tuple struct have no names that CloudKit could call them by")
            }
            Fields::Unit => (input.ident.span(), "write `{}` for a record without fields"),
        },
        Data::Enum(data) => (
            data.enum_token.span,
            "`CkRecords` is for an enum of record structs, and `CkEnum` for one that is stored as text",
        ),
        Data::Union(data) => (data.union_token.span, "a union does not know which of its fields has a value"),
    };
    cx.mistake(place, format_args!("`CkRecord` can only be derived for structs with named fields; {found}"));
    None
}

impl Name {
    fn read(
        cx: &mut Context,
        options: &Options,
        option: &str,
        ident: &Ident,
        what: &str,
        derive: impl FnOnce(String) -> String,
    ) -> Self {
        let given = options
            .text(option)
            .and_then(|text| names::given(cx, text, what).map(|name| (name, text.span())));
        match given {
            Some((text, span)) => Self { text, span, derived: false },
            None => Self { text: derive(ident.unraw().to_string()), span: ident.span(), derived: true },
        }
    }
}

impl<'a> Field<'a> {
    fn read(cx: &mut Context, field: &'a syn::Field, case: Case) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let options = Options::read(cx, &field.attrs, &attr::FIELD);
        let function = options.parsed(cx, "default", "the path of a function");
        Some(Self {
            ident,
            visibility: &field.vis,
            ty: &field.ty,
            name: Name::read(cx, &options, "rename", ident, "a field", |ident| case.apply(&ident)),
            index: Index::read(&options),
            source: Source::Attributes,
            encrypted: options.given("encrypted"),
            skip: options.given("skip"),
            default: match function {
                Some(path) => Some(Fallback::Function(path)),
                None => options.given("default").map(Fallback::Default),
            },
            with: options.parsed(
                cx,
                "with",
                "a type; name one that implements `cloudkit_core::value::Conversion`",
            ),
            options,
        })
    }
}

impl Index {
    fn read(options: &Options) -> Self {
        Self {
            queryable: options.given("queryable"),
            sortable: options.given("sortable"),
            searchable: options.given("searchable"),
        }
    }

    /// The indexes that are there, and what asks for each.
    pub(crate) fn iter(self) -> impl Iterator<Item = (SchemaIndex, Span)> {
        [
            (SchemaIndex::Queryable, self.queryable),
            (SchemaIndex::Sortable, self.sortable),
            (SchemaIndex::Searchable, self.searchable),
        ]
        .into_iter()
        .filter_map(|(name, span)| Some((name, span?)))
    }
}
