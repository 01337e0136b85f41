//! What the derived impls do: records to JSON and back, through the traits that the client uses.
#![cfg(feature = "derive")]

use std::time::Duration;

use cloudkit_core::record::{FromRecord, ToRecord};
use cloudkit_core::value::{Conversion, ScalarType, ValueType};
use cloudkit_core::{CkEnum, CkRecord, CkRecords, Location, Query, Reference, Timestamp};
use serde::Serializer as _;
use serde::ser::SerializeMap as _;

/// The `fields` member of a record as it is sent.
fn encode(record: &impl ToRecord) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut bytes);
    let mut fields = serializer.serialize_map(None)?;
    record.encode_fields(&mut fields)?;
    fields.end()?;
    Ok(String::from_utf8(bytes).expect("JSON is text"))
}

fn decode<T: FromRecord>(record_type: &str, fields: &str) -> Result<T, String> {
    T::decode_fields(record_type, &mut serde_json::Deserializer::from_str(fields))
        .map_err(|error| error.to_string())
}

#[track_caller]
fn round_trips<T: CkRecord + PartialEq + std::fmt::Debug>(record: &T, fields: &str) {
    assert_eq!(encode(record).expect("the record has a form"), fields);
    assert_eq!(decode::<T>(T::RECORD_TYPE, fields).as_ref(), Ok(record));
}

struct Seconds;

impl Conversion<Duration> for Seconds {
    type Value = i64;
    type Error = std::num::TryFromIntError;

    fn to_value(duration: &Duration) -> Result<i64, Self::Error> {
        duration.as_secs().try_into()
    }

    fn from_value(seconds: i64) -> Result<Duration, Self::Error> {
        Ok(Duration::from_secs(seconds.try_into()?))
    }
}

#[derive(CkEnum, Clone, Debug, PartialEq)]
enum Status {
    InReview,
    #[ck(rename = "live")]
    Published,
    #[ck(other)]
    Unknown(String),
}

#[derive(CkRecord, Debug, PartialEq)]
#[ck(index(record_name(queryable), modified_at(queryable, sortable)))]
struct Article {
    #[ck(queryable, searchable)]
    title: String,
    #[ck(sortable)]
    published_at: Timestamp,
    tags: Vec<String>,
    parent: Option<Reference<Self>>,
    #[ck(rename = "state")]
    status: Status,
    #[ck(encrypted)]
    place: Option<Location>,
    #[ck(with = "Seconds")]
    reading_time: Duration,
    #[ck(default)]
    likes: i64,
    #[ck(default = "one")]
    copies: i64,
    #[ck(skip)]
    cached: Option<u64>,
    #[ck(skip, default = "one")]
    revision: i64,
    r#type: i32,
}

fn one() -> i64 {
    1
}

fn article() -> Article {
    Article {
        title: "Rust".to_owned(),
        published_at: Timestamp::from_millis(1_767_268_800_000),
        tags: vec!["a".to_owned(), "b".to_owned()],
        parent: None,
        status: Status::InReview,
        place: None,
        reading_time: Duration::from_secs(90),
        likes: 3,
        copies: 2,
        cached: None,
        revision: 1,
        r#type: 7,
    }
}

const ARTICLE: &str = concat!(
    r#"{"title":{"value":"Rust","type":"STRING"},"#,
    r#""publishedAt":{"value":1767268800000,"type":"TIMESTAMP"},"#,
    r#""tags":{"value":["a","b"],"type":"STRING_LIST"},"#,
    r#""state":{"value":"inReview","type":"STRING"},"#,
    r#""readingTime":{"value":90,"type":"INT64"},"#,
    r#""likes":{"value":3,"type":"INT64"},"copies":{"value":2,"type":"INT64"},"#,
    r#""type":{"value":7,"type":"INT64"}}"#,
);

#[test]
fn a_record_round_trips() {
    round_trips(&article(), ARTICLE);
}

#[test]
fn absent_fields_fall_back() {
    let fields = ARTICLE.replace(r#""likes":{"value":3,"type":"INT64"},"#, "").replace(
        r#""copies":{"value":2,"type":"INT64"},"#,
        r#""copies":{"value":null},"unknown":{"value":[1]},"#,
    );
    assert_eq!(decode("Article", &fields), Ok(Article { likes: 0, copies: 1, ..article() }));
}

#[test]
fn a_missing_field_is_named() {
    let missing = |name| {
        format!(
            "the record has no value for `{name}`; say `Option<…>` or `#[ck(default)]` if it can be absent"
        )
    };
    let fields = ARTICLE.replace("publishedAt", "published");
    let error = decode::<Article>("Article", &fields).expect_err("the time is missing");
    assert!(error.starts_with(&missing("publishedAt")), "{error}");
    let error = decode::<Article>("Article", "null").expect_err("everything is missing");
    assert!(error.starts_with(&missing("title")), "{error}");
}

#[test]
fn a_field_that_comes_twice_is_named() {
    let fields = ARTICLE.replacen('{', r#"{"title":{"value":"Go","type":"STRING"},"#, 1);
    let error = decode::<Article>("Article", &fields).expect_err("the title comes twice");
    assert!(error.starts_with("duplicate field `title`"), "{error}");
}

#[test]
fn a_conversion_that_fails_names_the_field() {
    let fields = ARTICLE.replace(r#"{"value":90,"#, r#"{"value":-90,"#);
    let error = decode::<Article>("Article", &fields).expect_err("a duration is not negative");
    assert!(error.starts_with("`readingTime`: out of range"), "{error}");

    let endless = Article { reading_time: Duration::MAX, ..article() };
    let error = encode(&endless).expect_err("the duration does not fit").to_string();
    assert!(error.starts_with("`readingTime`: out of range"), "{error}");
}

#[test]
fn encrypted_fields_say_so() {
    let place = Location::new(48.0, 2.0).expect("a place");
    let fields = encode(&Article { place: Some(place), ..article() }).expect("the record has a form");
    let field = r#""place":{"value":{"latitude":48.0,"longitude":2.0},"type":"LOCATION","isEncrypted":true}"#;
    assert!(fields.contains(field), "{fields}");
    assert!(article().has_encrypted_fields());
}

#[test]
fn a_descriptor_says_what_the_struct_says() {
    let descriptor = Article::DESCRIPTOR;
    let names: Vec<&str> = descriptor.fields.iter().map(|field| field.name).collect();
    let expected = [
        "title",
        "publishedAt",
        "tags",
        "parent",
        "state",
        "place",
        "readingTime",
        "likes",
        "copies",
        "type",
    ];
    assert_eq!(names, expected);
    assert_eq!(Article::desired_keys(), Some(names));

    let system = descriptor.system_indexes;
    assert!(system.record_name.queryable && !system.record_name.sortable);
    assert!(system.modified_at.queryable && system.modified_at.sortable && !system.created_at.queryable);
    assert!(!descriptor.projection);

    let field = |name| *descriptor.field(name).expect("the field is there");
    assert_eq!(field("state").value_type, ValueType::one(ScalarType::String));
    assert_eq!(field("readingTime").value_type, ValueType::one(ScalarType::Int64));
    assert_eq!(field("tags").value_type, ValueType::list_of(ScalarType::String));
    let title = field("title");
    assert!(title.index.queryable && title.index.searchable && !title.index.sortable);
    assert!(field("place").encrypted && !title.encrypted);
    assert!(field("parent").optional && field("likes").optional && !title.optional);
}

#[test]
fn handles_name_fields_as_cloudkit_does() {
    let query = Query::<Article>::new()
        .filter(|a| a.title.begins_with("Ru"))
        .filter(|a| a.modified_at().ge(Timestamp::from_millis(0)))
        .sort(|a| a.published_at.descending());
    assert_eq!(
        format!("{query:?}"),
        "Article where title BEGINS_WITH \"Ru\" and modifiedTimestamp GREATER_THAN_OR_EQUALS 0 \
         sorted by publishedAt descending"
    );
}

#[test]
fn names_follow_rename_all() {
    #[derive(CkRecord, Debug, PartialEq)]
    #[ck(record_type = "Legacy_Row", rename_all = "SCREAMING_SNAKE_CASE")]
    struct LegacyRow {
        first_name: String,
        #[ck(rename = "x")]
        last_name: String,
    }

    round_trips(
        &LegacyRow { first_name: "Ann".to_owned(), last_name: "Lee".to_owned() },
        r#"{"FIRST_NAME":{"value":"Ann","type":"STRING"},"x":{"value":"Lee","type":"STRING"}}"#,
    );
    assert_eq!(LegacyRow::RECORD_TYPE, "Legacy_Row");
}

#[test]
fn a_record_without_fields_round_trips() {
    #[derive(CkRecord, Debug, PartialEq)]
    struct Marker {}

    round_trips(&Marker {}, "{}");
    assert_eq!(Marker::desired_keys(), Some(Vec::new()));
}

#[test]
fn an_enum_keeps_texts_that_it_does_not_know() {
    let unknown = Status::Unknown("archived".to_owned());
    assert_eq!(Status::NAMES, ["inReview", "live"]);
    assert_eq!(Status::from_name("live"), Some(Status::Published));
    assert_eq!(Status::from_name("archived").as_ref(), Some(&unknown));
    assert_eq!(unknown.as_str(), "archived");
    round_trips(&Article { status: unknown, ..article() }, &ARTICLE.replace("inReview", "archived"));
}

#[test]
fn an_enum_without_other_refuses_texts_that_it_does_not_know() {
    #[derive(CkEnum, Debug, PartialEq)]
    enum Size {
        Small,
        Large,
    }

    #[derive(CkRecord, Debug, PartialEq)]
    struct Shirt {
        sizes: Vec<Size>,
    }

    round_trips(
        &Shirt { sizes: vec![Size::Large, Size::Small] },
        r#"{"sizes":{"value":["large","small"],"type":"STRING_LIST"}}"#,
    );
    let fields = r#"{"sizes":{"value":["huge"],"type":"STRING_LIST"}}"#;
    let error = decode::<Shirt>("Shirt", fields).expect_err("no shirt is huge");
    assert!(error.starts_with(r#"no variant is named "huge"; known are ["small", "large"]"#), "{error}");
}

#[test]
fn an_enum_of_records_goes_by_the_record_type() {
    #[derive(CkRecord, Debug, PartialEq)]
    struct Author {
        name: String,
        title: String,
    }

    #[derive(CkRecord, Debug, PartialEq)]
    #[ck(record_type = "Picture")]
    struct Photo {
        title: String,
    }

    #[derive(CkRecords, Debug, PartialEq)]
    enum Any {
        Author(Author),
        Photo(Photo),
    }

    let ann = r#"{"name":{"value":"Ann","type":"STRING"},"title":{"value":"Dr","type":"STRING"}}"#;
    let author = Any::Author(Author { name: "Ann".to_owned(), title: "Dr".to_owned() });
    assert_eq!(decode::<Any>("Author", ann).as_ref(), Ok(&author));
    assert_eq!(author.record_type(), "Author");
    assert_eq!(encode(&author).expect("the record has a form"), ann);

    let photo = Any::Photo(Photo { title: "Sea".to_owned() });
    assert_eq!(decode::<Any>("Picture", r#"{"title":{"value":"Sea"}}"#).as_ref(), Ok(&photo));
    assert_eq!(photo.record_type(), "Picture");

    assert_eq!(Any::desired_keys(), Some(vec!["name", "title"]));
    let error = decode::<Any>("Photo", ann).expect_err("no variant has this record type");
    assert!(error.starts_with("a record of type `Photo`, which is none of `Author`, `Picture`"), "{error}");
}
