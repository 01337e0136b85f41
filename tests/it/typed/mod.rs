//! The typed client against the test container, over HTTP: what a user of both sees.

mod batches;
mod credentials;
mod dynamic;
mod queries;
mod records;
mod trouble;

use cloudkit_core::value::Conversion;
use cloudkit_core::{Asset, CkEnum, CkRecord, CkRecords, Json, JsonBytes, Location, Reference, Timestamp};
use cloudkit_test_container::TestContainer;

#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Author {
    #[ck(queryable, sortable)]
    name: String,
}

#[derive(CkEnum, Clone, Copy, Debug, PartialEq)]
enum Status {
    Draft,
    #[ck(rename = "live")]
    Published,
}

/// Every kind of field, and every index.
#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable), created_at(queryable, sortable), modified_at(queryable, sortable)))]
struct Article {
    #[ck(queryable, sortable, searchable)]
    title: String,
    #[ck(queryable, sortable)]
    published_at: Timestamp,
    #[ck(queryable)]
    tags: Vec<String>,
    #[ck(queryable)]
    author: Reference<Author>,
    #[ck(queryable, sortable)]
    views: i64,
    #[ck(queryable, sortable)]
    rating: Option<f64>,
    #[ck(queryable)]
    status: Status,
    #[ck(queryable, sortable)]
    place: Option<Location>,
    #[ck(queryable)]
    scores: Vec<i64>,
    #[ck(queryable)]
    featured: bool,
    summary: Option<String>,
    cover: Option<Vec<u8>>,
    layout: Option<Json<Vec<u32>>>,
    raw_layout: Option<JsonBytes<Vec<u32>>>,
    attachment: Option<Asset>,
    #[ck(with = "Seconds")]
    reading_time: std::time::Duration,
    #[ck(default)]
    shares: i64,
    #[ck(skip)]
    cached: Option<String>,
}

struct Seconds;

impl Conversion<std::time::Duration> for Seconds {
    type Value = i64;
    type Error = std::num::TryFromIntError;

    fn to_value(duration: &std::time::Duration) -> Result<i64, Self::Error> {
        duration.as_secs().try_into()
    }

    fn from_value(seconds: i64) -> Result<std::time::Duration, Self::Error> {
        Ok(std::time::Duration::from_secs(seconds.try_into()?))
    }
}

#[derive(CkRecords, Clone, Debug, PartialEq)]
enum Content {
    Article(Article),
    Author(Author),
}

impl From<Article> for Content {
    fn from(article: Article) -> Self {
        Self::Article(article)
    }
}

impl From<Author> for Content {
    fn from(author: Author) -> Self {
        Self::Author(author)
    }
}

/// A record type of the private database.
#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
struct Note {
    #[ck(queryable)]
    title: String,
    #[ck(encrypted)]
    secret: Option<String>,
}

async fn start() -> TestContainer {
    TestContainer::builder("iCloud.com.example.News")
        .records::<(Author, Article, Note)>()
        .user("alice")
        .user("bob")
        .start()
        .await
        .unwrap()
}

fn article(title: &str) -> Article {
    Article {
        title: title.to_owned(),
        published_at: Timestamp::from_millis(1_767_225_600_000),
        tags: vec!["rust".to_owned(), "cloudkit".to_owned()],
        author: Reference::new("ines"),
        views: 0,
        rating: Some(4.5),
        status: Status::Draft,
        place: Some(Location::new(48.8566, 2.3522).unwrap()),
        scores: vec![i64::MIN, 0, i64::MAX],
        featured: true,
        summary: Some("About it".to_owned()),
        cover: Some(vec![0, 255, 1]),
        layout: Some(Json(vec![1, 2, 3])),
        raw_layout: Some(JsonBytes(vec![4, 5])),
        attachment: None,
        reading_time: std::time::Duration::from_secs(90),
        shares: 3,
        cached: None,
    }
}
