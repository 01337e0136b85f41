//! Queries: every comparator against a plain scan of the same values.

use cloudkit_core::{Location, Query, Record, Reference, Timestamp};
use cloudkit_test_container::TestContainer;

use super::{Article, Author, Status, article, start};

const TITLES: [&str; 8] =
    ["Aria", "Bebop", "Café con leche", "Drum and bass", "Étude", "Fugue in G", "café au lait", "Gigue"];

/// Eight articles that differ in everything.
fn articles() -> Vec<Article> {
    TITLES
        .iter()
        .zip(0_i32..)
        .map(|(title, index)| Article {
            title: (*title).to_owned(),
            published_at: Timestamp::from_millis(i64::from(index - 4) * 86_400_000),
            tags: ["a", "ab", "b", "bc"]
                .iter()
                .take(usize::try_from(index % 5).unwrap())
                .map(|tag| (*tag).to_owned())
                .collect(),
            author: Reference::new(if index % 2 == 0 { "ines" } else { "noor" }),
            views: i64::from(index) * 10 - 30,
            rating: (index != 3).then(|| f64::from(index) / 4.0),
            status: if index < 3 { Status::Draft } else { Status::Published },
            place: Some(Location::new(48.0 + f64::from(index), 2.0).unwrap()),
            scores: (0..i64::from(index)).collect(),
            featured: index % 3 == 0,
            ..article(title)
        })
        .collect()
}

async fn filled() -> (TestContainer, Vec<Article>) {
    let server = start().await;
    let db = server.client().public();
    let articles = articles();
    for article in &articles {
        db.create(article.clone()).await.unwrap();
    }
    (server, articles)
}

/// The titles that a query finds are those of the articles that `expected` is true of.
macro_rules! check {
    ($server:expr, $articles:expr, $filter:expr, $expected:expr) => {{
        let found = $server.client().public().query::<Article>().filter($filter).fetch_all().await.unwrap();
        let mut found: Vec<&str> = found.iter().map(|record| record.title.as_str()).collect();
        found.sort_unstable();
        let expected: fn(&Article) -> bool = $expected;
        let mut expected: Vec<&str> = $articles
            .iter()
            .filter(|article| expected(article))
            .map(|article| article.title.as_str())
            .collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}", stringify!($filter));
        assert!(
            !expected.is_empty() && expected.len() < $articles.len(),
            "{} tells nothing apart",
            stringify!($filter)
        );
    }};
}

#[tokio::test]
async fn equality() {
    let (server, articles) = filled().await;
    check!(server, articles, |a| a.title.eq("Étude"), |a| a.title == "Étude");
    check!(server, articles, |a| a.title.ne("Étude"), |a| a.title != "Étude");
    check!(server, articles, |a| a.views.eq(20), |a| a.views == 20);
    check!(server, articles, |a| a.rating.eq(0.5), |a| a.rating == Some(0.5));
    check!(server, articles, |a| a.published_at.eq(Timestamp::from_millis(-86_400_000)), |a| a
        .published_at
        .as_millis()
        == -86_400_000);
    check!(server, articles, |a| a.status.eq(Status::Draft), |a| a.status == Status::Draft);
    check!(server, articles, |a| a.featured.eq(true), |a| a.featured);
    check!(server, articles, |a| a.author.eq(Reference::new("ines")), |a| a.author.record_name() == "ines");
}

#[tokio::test]
async fn order() {
    let (server, articles) = filled().await;
    check!(server, articles, |a| a.views.lt(0), |a| a.views < 0);
    check!(server, articles, |a| a.views.le(0), |a| a.views <= 0);
    check!(server, articles, |a| a.views.gt(0), |a| a.views > 0);
    check!(server, articles, |a| a.views.ge(0), |a| a.views >= 0);
    check!(server, articles, |a| a.rating.gt(1.0), |a| a.rating.is_some_and(|rating| rating > 1.0));
    check!(server, articles, |a| a.published_at.ge(Timestamp::from_millis(0)), |a| a
        .published_at
        .as_millis()
        >= 0);
    check!(server, articles, |a| a.title.lt("D"), |a| a.title.as_str() < "D");
}

#[tokio::test]
async fn membership() {
    let (server, articles) = filled().await;
    check!(server, articles, |a| a.title.is_in(["Aria", "Gigue", "none"]), |a| ["Aria", "Gigue"]
        .contains(&a.title.as_str()));
    check!(server, articles, |a| a.title.not_in(["Aria", "Gigue"]), |a| !["Aria", "Gigue"]
        .contains(&a.title.as_str()));
    check!(server, articles, |a| a.views.is_in([-30, 40]), |a| [-30, 40].contains(&a.views));
    check!(server, articles, |a| a.author.is_in([Reference::new("noor")]), |a| a.author.record_name()
        == "noor");
    check!(server, articles, |a| a.status.is_in([Status::Published]), |a| a.status == Status::Published);
}

#[tokio::test]
async fn prefixes_and_words() {
    let (server, articles) = filled().await;
    check!(server, articles, |a| a.title.begins_with("Caf"), |a| a.title.starts_with("Caf"));
    check!(server, articles, |a| a.title.not_begins_with("Caf"), |a| !a.title.starts_with("Caf"));
    check!(server, articles, |a| a.title.contains_all_tokens("CAFE con"), |a| a.title == "Café con leche");
    check!(server, articles, |a| a.title.contains_any_tokens("cafe fugue"), |a| a
        .title
        .to_lowercase()
        .contains("caf")
        || a.title.contains("Fugue"));
}

#[tokio::test]
async fn lists() {
    let (server, articles) = filled().await;
    check!(server, articles, |a| a.tags.contains("ab"), |a| a.tags.iter().any(|tag| tag == "ab"));
    check!(server, articles, |a| a.tags.not_contains("ab"), |a| !a.tags.iter().any(|tag| tag == "ab"));
    check!(server, articles, |a| a.tags.contains_any(["b", "bc"]), |a| a
        .tags
        .iter()
        .any(|tag| tag == "b" || tag == "bc"));
    check!(server, articles, |a| a.tags.not_contains_any(["b", "bc"]), |a| !a
        .tags
        .iter()
        .any(|tag| tag == "b" || tag == "bc"));
    check!(server, articles, |a| a.tags.contains_all(["a", "b"]), |a| a.tags.len() >= 3);
    check!(server, articles, |a| a.tags.not_contains_all(["a", "b"]), |a| a.tags.len() < 3);
    check!(server, articles, |a| a.tags.any_begins_with("b"), |a| a.tags.len() >= 3);
    check!(server, articles, |a| a.tags.none_begins_with("b"), |a| a.tags.len() < 3);
    check!(server, articles, |a| a.scores.contains(4), |a| a.scores.contains(&4));
}

#[tokio::test]
async fn places() {
    let (server, articles) = filled().await;
    let centre = Location::new(48.0, 2.0).unwrap();
    // A degree of latitude is 111 km long.
    check!(server, articles, |a| a.place.near(Location::new(48.0, 2.0).unwrap(), 250_000.0), |a| a
        .place
        .is_some_and(|place| place.latitude() <= 50.5));
    let db = server.client().public();
    let far = db.query::<Article>().sort(|a| a.place.farthest_from(centre)).fetch_all().await.unwrap();
    let mut expected: Vec<&str> = articles.iter().map(|article| article.title.as_str()).collect();
    expected.reverse();
    assert_eq!(titles(&far), expected);
}

#[tokio::test]
async fn system_fields() {
    let (server, _) = filled().await;
    let db = server.client().public();
    let first = db.query::<Article>().sort(|a| a.created_at().ascending()).first().await.unwrap().unwrap();
    assert_eq!(first.title, TITLES[0]);
    let created = first.metadata().created.as_ref().unwrap().timestamp;
    let all = db.query::<Article>().filter(|a| a.created_at().ge(created)).fetch_all().await.unwrap();
    assert_eq!(all.len(), TITLES.len());
    let name = first.record_name().clone();
    let found = db.query::<Article>().filter(|a| a.record_name().eq(name)).fetch_all().await.unwrap();
    assert_eq!(found, [first]);
}

#[tokio::test]
async fn filters_are_joined_and_sorts_decide_in_turn() {
    let (server, articles) = filled().await;
    let db = server.client().public();
    let found = db
        .query::<Article>()
        .filter(|a| a.views.ge(0))
        .filter(|a| a.status.eq(Status::Published))
        .filter_some(Some("ines"), |a, author| a.author.eq(Reference::new(author)))
        .filter_some(None::<i64>, |a, views| a.views.eq(views))
        .sort(|a| a.title.ascending())
        .sort(|a| a.views.descending())
        .fetch_all()
        .await
        .unwrap();
    let mut expected: Vec<&Article> = articles
        .iter()
        .filter(|a| a.views >= 0 && a.status == Status::Published && a.author.record_name() == "ines")
        .collect();
    expected.sort_by(|a, b| a.title.cmp(&b.title));
    assert_eq!(titles(&found), expected.iter().map(|a| a.title.as_str()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_query_comes_in_pages_and_as_a_stream() {
    let (server, _) = filled().await;
    let db = server.client().public();
    let query = Query::<Article>::new().sort(|a| a.views.ascending());
    let call = db.run(query).results_limit(3);
    let mut sizes = Vec::new();
    let mut titles = Vec::new();
    let mut page = call.page().await.unwrap();
    loop {
        sizes.push(page.records.len());
        titles.extend(page.records.iter().map(|record| record.as_ref().unwrap().title.clone()));
        let Some(next) = page.next else { break };
        page = call.page_after(&next).await.unwrap();
    }
    assert_eq!(sizes, [3, 3, 2]);
    assert_eq!(titles, TITLES);

    // The last page is the last even when it is full.
    let full = call.clone().results_limit(u32::try_from(TITLES.len()).unwrap()).page().await.unwrap();
    assert_eq!((full.records.len(), full.next), (TITLES.len(), None));

    let mut stream = call.stream();
    let mut streamed = Vec::new();
    while let Some(record) = stream.try_next().await.unwrap() {
        streamed.push(record.into_value().title);
    }
    assert_eq!(streamed, TITLES);
    assert!(stream.try_next().await.unwrap().is_none(), "a stream that ended stays at its end");
}

#[tokio::test]
async fn a_smaller_struct_is_a_projection() {
    #[derive(cloudkit_core::CkRecord, Debug, PartialEq)]
    #[ck(record_type = "Article", projection, index(record_name(queryable)))]
    struct Headline {
        #[ck(queryable, sortable)]
        title: String,
    }

    let (server, _) = filled().await;
    let db = server.client().public();
    let found = db.query::<Headline>().sort(|h| h.title.ascending()).fetch_all().await.unwrap();
    assert_eq!(found.len(), TITLES.len());
    assert_eq!(found[0].title, "Aria");

    // A patch through a projection leaves the other fields alone.
    db.update(&found[0]).set(|h| h.title, "Arioso").await.unwrap();
    let whole = db.lookup::<Article>(found[0].record_name()).await.unwrap();
    assert_eq!((whole.title.as_str(), whole.views), ("Arioso", -30));
}

#[tokio::test]
async fn a_query_of_nothing_finds_nothing() {
    let server = start().await;
    let db = server.client().public();
    assert!(db.query::<Author>().filter(|a| a.name.eq("x")).fetch_all().await.unwrap().is_empty());
    assert!(db.query::<Author>().filter(|a| a.name.eq("x")).first().await.unwrap().is_none());
}

fn titles(records: &[Record<Article>]) -> Vec<&str> {
    records.iter().map(|record| record.title.as_str()).collect()
}
