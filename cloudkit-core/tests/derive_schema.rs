//! What `#[ck(schema = "...")]` takes from the file. What it refuses is in the compile-fail suite.
#![cfg(feature = "derive")]

use cloudkit_core::query::{Comparator, FilterDescription};
use cloudkit_core::record::Index;
use cloudkit_core::schema::{NotDeployable, Schema, assert_deployable, check_deployable};
use cloudkit_core::{Asset, CkEnum, CkRecord, Location, Query, Reference, Timestamp};

#[derive(CkEnum, Debug, PartialEq)]
enum State {
    Draft,
    Live,
}

#[derive(CkRecord)]
#[ck(schema = "tests/schema.ckdb")]
struct Article {
    title: String,
    state: Option<State>,
    #[ck(sortable)]
    published_at: Timestamp,
    tags: Vec<String>,
    author: Option<Reference>,
    cover: Option<Asset>,
    place: Option<Location>,
    rating: Option<f64>,
    views: u32,
    #[ck(skip)]
    seen: bool,
}

/// NUMBER is read as either kind of number, and a projection need not have every field.
#[derive(CkRecord)]
#[ck(schema = "tests/schema.ckdb", record_type = "Article", projection, rename_all = "none")]
struct Rating {
    rating: i64,
    #[ck(rename = "publishedAt")]
    since: Timestamp,
}

#[derive(CkRecord)]
#[ck(schema = "tests/schema.ckdb")]
struct Patient {
    #[ck(encrypted)]
    history: Option<String>,
    number: i64,
}

const fn index(queryable: bool, sortable: bool, searchable: bool) -> Index {
    Index { queryable, sortable, searchable }
}

#[test]
fn indexes_are_those_of_the_file() {
    let of = |name| Article::DESCRIPTOR.field(name).expect("the field is there").index;
    assert_eq!(of("title"), index(true, true, true));
    assert_eq!(of("publishedAt"), index(true, true, false));
    assert_eq!(of("tags"), index(true, false, true));
    assert_eq!(of("views"), index(false, false, false));
    let system = Article::DESCRIPTOR.system_indexes;
    assert_eq!(system.record_name, index(true, false, false));
    assert_eq!(system.modified_at, index(true, true, false));
    assert_eq!(system.created_at, index(false, false, false));
    assert_eq!(
        Rating::DESCRIPTOR.field("publishedAt").expect("the field is there").index,
        index(true, true, false)
    );
    assert!(Rating::DESCRIPTOR.field("rating").is_some());
    assert!(Patient::DESCRIPTOR.field("history").expect("the field is there").encrypted);
}

#[test]
fn handles_have_the_methods_that_the_file_allows() {
    let place = Location::new(52.5, 13.4).expect("a place");
    let query = Query::<Article>::new()
        .filter(|a| a.title.begins_with("The"))
        .filter(|a| a.state.eq(State::Live))
        .filter(|a| a.tags.any_begins_with("r"))
        .filter(|a| a.tags.contains("rust"))
        .filter(|a| a.title.contains_all_tokens("harbour"))
        .filter(|a| a.place.near(place, 1_000.0))
        .filter(|a| a.modified_at().gt(Timestamp::from_millis(0)))
        .sort(|a| a.place.nearest_to(place))
        .sort(|a| a.published_at.descending());
    let description = query.description();
    assert_eq!(description.record_type, "Article");
    assert_eq!(
        description.to_string(),
        "Article where title BEGINS_WITH and state EQUALS and tags LIST_MEMBER_BEGINS_WITH and tags LIST_CONTAINS \
         and title CONTAINS_ALL_TOKENS and place NEAR and ___modTime GREATER_THAN sorted by place ascending, \
         publishedAt descending"
    );
    let FilterDescription { field, comparator, .. } = &description.filters[6];
    assert_eq!((field.as_str(), *comparator), ("___modTime", Comparator::GreaterThan));
}

#[test]
fn a_type_with_a_queryable_record_name_can_be_listed() {
    fn answerable<R, F: cloudkit_core::query::Answerable<R>>(_: &Query<R, F>) {}
    answerable(&Query::<Article>::new());
}

#[test]
fn what_is_skipped_is_not_looked_for() {
    let article = Article {
        title: String::new(),
        state: Some(State::Draft),
        published_at: Timestamp::from_millis(0),
        tags: Vec::new(),
        author: None,
        cover: None,
        place: None,
        rating: None,
        views: 0,
        seen: true,
    };
    assert!(article.seen && Article::DESCRIPTOR.field("seen").is_none());
}

#[test]
fn structs_are_held_against_a_schema_file() {
    #[derive(CkRecord)]
    #[ck(record_type = "Article")]
    struct Wrong {
        #[ck(queryable, sortable)]
        views: i64,
        subtitle: String,
        title: Vec<String>,
    }

    assert_deployable::<(Article, Patient)>("tests/schema.ckdb");
    let error = check_deployable::<(Wrong, Patient)>("tests/schema.ckdb").expect_err("it does not fit");
    assert_eq!(
        error.to_string(),
        "tests/schema.ckdb does not have what the program needs:\n  \
         `subtitle` of `Article` is no field there: saves that hold it are refused; it needs `subtitle STRING`\n  \
         `title` of `Article` is STRING there and not LIST<STRING>: saves are refused and reading fails; a field that was \
         deployed keeps its type, so it takes another name; it needs `title LIST<STRING>`\n  \
         `views` of `Article` is not marked QUERYABLE: queries that rely on it are refused; it needs `views INT64 QUERYABLE`\n  \
         `views` of `Article` is not marked SORTABLE: queries that rely on it are refused; it needs `views INT64 SORTABLE`"
    );
    assert!(matches!(check_deployable::<Article>("tests/no.ckdb"), Err(NotDeployable::Read { .. })));
    assert!(matches!(check_deployable::<Article>("tests/derive.rs"), Err(NotDeployable::Schema { .. })));
}

#[test]
#[should_panic(expected = "`Missing` is no record type there")]
fn the_assertion_says_what_is_missing() {
    #[derive(CkRecord)]
    struct Missing {
        nothing: Option<String>,
    }

    assert_deployable::<Missing>("tests/schema.ckdb");
}

#[test]
fn a_query_is_held_against_a_schema() {
    let query = Query::<Article>::new()
        .filter(|a| a.title.eq("x"))
        .filter(|a| a.published_at.gt(Timestamp::from_millis(0)))
        .filter(|a| a.tags.contains("x"))
        .sort(|a| a.modified_at().descending());
    let file = std::fs::read_to_string("tests/schema.ckdb").expect("the file is there");
    let deployed = Schema::parse(&file).expect("a schema");
    assert_eq!(query.description().shortfalls(&deployed), []);
    let older = Schema::parse(
        "DEFINE SCHEMA RECORD TYPE Article ( title STRING SEARCHABLE, publishedAt TIMESTAMP QUERYABLE );",
    );
    let shortfalls = query.description().shortfalls(&older.expect("a schema"));
    let needs: Vec<&str> = shortfalls.iter().map(|shortfall| shortfall.needs.as_str()).collect();
    assert_eq!(
        needs,
        [
            "title STRING QUERYABLE SEARCHABLE",
            "publishedAt TIMESTAMP QUERYABLE SORTABLE",
            "tags ... QUERYABLE",
            "\"___modTime\" TIMESTAMP SORTABLE"
        ]
    );
    let all = Query::<Article>::new().description().shortfalls(&Schema::new());
    assert_eq!(all[0].needs, "RECORD TYPE Article ( ... );");
}
