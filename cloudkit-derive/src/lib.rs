//! The derive macros of [`cloudkit-core`](https://docs.rs/cloudkit-core), which re-exports them: depend on that.

mod attr;
mod context;
mod enumeration;
mod names;
mod record;
mod records;
mod schema;
mod schema_file;
mod shape;
mod similar;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a struct a CloudKit record type: each of its fields is a field of the record type.
///
/// ```
/// use cloudkit_core::{CkRecord, Query, Reference, Timestamp};
///
/// #[derive(CkRecord)]
/// #[ck(index(modified_at(queryable, sortable)))]
/// struct Article {
///     #[ck(queryable, searchable)]
///     title: String,
///     #[ck(sortable)]
///     published_at: Timestamp,
///     #[ck(queryable)]
///     tags: Vec<String>,
///     parent: Option<Reference<Self>>,
/// }
///
/// let query = Query::<Article>::new()
///     .filter(|a| a.tags.contains("rust"))
///     .filter(|a| a.modified_at().gt(Timestamp::from_millis(0)))
///     .sort(|a| a.published_at.descending());
/// ```
///
/// It implements `CkRecord`, `FromRecord` and `ToRecord`, and `WholeRecord` for all but projections. The handles of the
/// fields, `a.tags` above, are visible where the fields are; so make a field `pub(crate)` if other modules filter by it.
///
/// # Options of the struct
///
/// | `#[ck(...)]` | meaning |
/// |---|---|
/// | `record_type = "News"` | The record type's name in CloudKit, if it is not the struct's. |
/// | `rename_all = "camelCase"` | How Rust's names become names in CloudKit: `camelCase` (if nothing is said), `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, or `none` to leave them. |
/// | `schema = "schema.ckdb"` | The schema file that the struct is held against; see below. |
/// | `index(created_at(sortable), ...)` | The indexes on what CloudKit keeps about each record: `record_name`, `created_at`, `modified_at`, `created_by`, `modified_by`. The last two refer to users and are not `sortable`. |
/// | `projection` | The record type has more fields than the struct. Such a struct reads and updates records; it cannot create or replace them, because that would erase the other fields. |
/// | `crate = "my_prelude::cloudkit"` | Where `cloudkit_core` is, for macros and crates that re-export it. |
///
/// CloudKit answers a query without a filter only if the record name is QUERYABLE, and so does the compiler: ask for
/// `index(record_name(queryable))`.
///
/// ```
/// use cloudkit_core::CkRecord;
///
/// #[derive(CkRecord)]
/// #[ck(record_type = "Article", projection, index(record_name(queryable, sortable)))]
/// struct Headline {
///     title: String,
/// }
///
/// assert_eq!(Headline::RECORD_TYPE, "Article");
/// assert!(Headline::DESCRIPTOR.system_indexes.record_name.queryable);
/// ```
///
/// # The schema file
///
/// With `schema = "schema.ckdb"` the schema that CloudKit has, as `cloudkit schema export` writes it, decides what
/// compiles: each field has to be in the record type with the type it has there, `encrypted` has to agree, and the
/// indexes are those of the file, so that attributes need not repeat them. The path is relative to the directory of
/// `Cargo.toml`, or to that of the source file. An edit of the file compiles the struct anew.
///
/// ```
/// use cloudkit_core::{CkRecord, Query, Timestamp};
///
/// #[derive(CkRecord)]
/// #[ck(schema = "tests/news.ckdb")]
/// struct Article {
///     title: String,
///     status: Option<String>,
///     published_at: Timestamp,
///     tags: Vec<String>,
///     views: i64,
/// }
///
/// let query = Query::<Article>::new().filter(|a| a.title.eq("Hello")).sort(|a| a.published_at.descending());
/// ```
///
/// A filter on `views` does not compile, and the message quotes the line to change. A struct that lacks fields of the
/// record type has to say `projection`.
///
/// # Options of a field
///
/// | `#[ck(...)]` | meaning |
/// |---|---|
/// | `rename = "headline"` | The field's name in CloudKit. |
/// | `queryable` | The schema has the index QUERYABLE: filters can ask for equal values, members and beginnings. |
/// | `sortable` | The schema has the index SORTABLE: results can be sorted, and filters can ask for ranges. |
/// | `searchable` | The schema has the index SEARCHABLE: filters can ask for words of a text. |
/// | `encrypted` | CloudKit keeps the field encrypted. It has no index, and its record no place in the public database. References cannot be encrypted, and assets are anyway. |
/// | `default` | Where CloudKit has no value, the field is its type's `Default`. |
/// | `default = "path::to::function"` | Where CloudKit has no value, the field is what this function returns. |
/// | `with = "path::to::Type"` | The field is stored as this `cloudkit_core::value::Conversion` says. |
/// | `skip` | CloudKit does not have the field. It is read as its type's `Default`, or as `default = "..."` says. |
///
/// ```
/// use cloudkit_core::CkRecord;
///
/// #[derive(CkRecord)]
/// #[ck(rename_all = "snake_case")]
/// struct Patient {
///     #[ck(rename = "number", queryable)]
///     patient_number: i64,
///     #[ck(encrypted)]
///     history: Option<String>,
///     #[ck(default)]
///     visits: i64,
///     #[ck(default = "everyone")]
///     seen_by: Vec<String>,
///     #[ck(skip)]
///     is_new: bool,
/// }
///
/// fn everyone() -> Vec<String> {
///     vec!["everyone".to_owned()]
/// }
///
/// let fields: Vec<&str> = Patient::DESCRIPTOR.fields.iter().map(|field| field.name).collect();
/// assert_eq!(fields, ["number", "history", "visits", "seen_by"]);
/// ```
///
/// # What it checks
///
/// Names are those that CloudKit takes: A to Z, a to z, 0 to 9 and `_`, a letter first, at most 255 characters. No two
/// fields have one name, there are at most 256, and each is of a type that CloudKit stores and that can have the indexes
/// asked for. All mistakes are reported at once. The struct has named fields, or none, and no parameters.
#[proc_macro_derive(CkRecord, attributes(ck))]
pub fn record(input: TokenStream) -> TokenStream {
    record::derive(input.into()).into()
}

/// Makes an enum out of record structs, which is read from records of several types and goes by the record type.
///
/// Each variant holds one struct with `#[derive(CkRecord)]`, no two of one record type. A record of another type is an
/// error.
///
/// ```
/// use cloudkit_core::record::FromRecord;
/// use cloudkit_core::{CkRecord, CkRecords};
///
/// #[derive(CkRecord)]
/// struct Article {
///     title: String,
/// }
///
/// #[derive(CkRecord)]
/// struct Author {
///     name: String,
/// }
///
/// #[derive(CkRecords)]
/// enum Any {
///     Article(Article),
///     Author(Author),
/// }
///
/// assert_eq!(Any::desired_keys(), Some(vec!["name", "title"]));
/// ```
///
/// The enum takes the option `#[ck(crate = "...")]`, as [`CkRecord`] does; its variants take none.
#[proc_macro_derive(CkRecords, attributes(ck))]
pub fn records(input: TokenStream) -> TokenStream {
    records::derive(input.into()).into()
}

/// Makes an enum a type of fields, which is stored in a `STRING` field as the name of its variant.
///
/// ```
/// use cloudkit_core::{CkEnum, CkRecord};
///
/// #[derive(CkEnum, Debug, PartialEq)]
/// enum Status {
///     InReview,
///     #[ck(rename = "live")]
///     Published,
///     #[ck(other)]
///     Unknown(String),
/// }
///
/// #[derive(CkRecord)]
/// struct Article {
///     #[ck(queryable)]
///     status: Status,
/// }
///
/// assert_eq!(Status::NAMES, ["inReview", "live"]);
/// assert_eq!(Status::from_name("archived"), Some(Status::Unknown("archived".to_owned())));
/// ```
///
/// # Options
///
/// | `#[ck(...)]` | on | meaning |
/// |---|---|---|
/// | `rename_all = "..."` | the enum | How the variants' names become texts; as for [`CkRecord`]. |
/// | `crate = "..."` | the enum | Where `cloudkit_core` is; as for [`CkRecord`]. |
/// | `rename = "..."` | a variant | The text of this variant. |
/// | `other` | one variant, which holds a `String` | It keeps a text that no variant has, such as one that a newer version of the app wrote. Without it, such a text is an error. |
#[proc_macro_derive(CkEnum, attributes(ck))]
pub fn enumeration(input: TokenStream) -> TokenStream {
    enumeration::derive(input.into()).into()
}

/// Writes the structs of a schema file: one with `#[derive(CkRecord)]` for each of its record types.
///
/// ```
/// use cloudkit_core::{CkEnum, Query, schema};
///
/// schema!("tests/news.ckdb");
///
/// let article = Article { title: Some("Hello".to_owned()), ..Article::default() };
/// let query = Query::<Article>::new().filter(|a| a.tags.contains("rust"));
/// # let _ = (article, query, Author::default());
/// ```
///
/// The path is relative to the directory of `Cargo.toml`, or to that of the source file. An edit of the file compiles the
/// structs anew. They are what `cloudkit schema generate` writes; that command is for those who want to commit the source.
///
/// A struct has the name of its record type, a field that of its field in `snake_case`. Each field is an `Option`, since
/// CloudKit knows no required fields. The indexes are those of the file, as with
/// [`#[ck(schema = "...")]`](macro@CkRecord#the-schema-file). `Users` and the types that CloudKit manages, such as
/// `cloudkit.share`, are left out unless they are named.
///
/// # Options
///
/// | option | meaning |
/// |---|---|
/// | `visibility = pub(crate)` | Who sees the structs and their fields; `pub` if nothing is said. |
/// | `derive = [Debug, Hash]` | What the structs derive beside `CkRecord`, in place of `Clone`, `Debug`, `Default` and `PartialEq`. |
/// | `crate = my::cloudkit` | Where `cloudkit_core` is. |
/// | `types = { Article, Author as Writer, .. }` | The record types, each perhaps with another name for its struct. `..` stands for all others. |
///
/// A record type can say more about its fields, each perhaps by a part of
/// `field! as rust_name: RustType with Conversion`: `!` leaves the `Option` out, because every record has the field; `as`
/// gives another name in Rust; the type is one that is stored so, such as an enum for a STRING, or of any kind
/// [`with`](macro@CkRecord#options-of-a-field) a conversion. A name that is no word in Rust stands in quotes.
///
/// ```
/// use cloudkit_core::{CkEnum, Query, schema};
///
/// #[derive(CkEnum, Clone, Debug, PartialEq)]
/// pub enum Status {
///     Draft,
///     Live,
/// }
///
/// schema! {
///     "tests/news.ckdb",
///     visibility = pub(crate),
///     derive = [Clone, Debug],
///     types = {
///         Article { status: Status, title! as headline, views: u32 },
///         "Author" as Writer,
///     },
/// }
///
/// let live = Query::<Article>::new().filter(|a| a.status.eq(Status::Live));
/// let name = |article: &Article| article.headline.clone();
/// # let _ = (live, name, std::mem::size_of::<Writer>());
/// ```
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    schema::expand(input.into()).into()
}
