//! Typed records, saved and queried. Start here.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! It starts a test container of its own, so it needs no account, key or network. With `CLOUDKIT_CONTAINER` and the other
//! variables of the README set, it runs against that container instead.

use cloudkit_core::{CkRecord, Record, Reference, Timestamp};
use cloudkit_test_container::Session;

/// The record type `Author`.
#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Author {
    #[ck(queryable)]
    name: String,
}

/// The record type `Article`. The indexes say which questions CloudKit can answer; the compiler holds the program to them.
#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Article {
    title: String,
    #[ck(queryable, sortable)]
    published_at: Timestamp, // `publishedAt` in CloudKit
    #[ck(queryable)]
    tags: Vec<String>,
    #[ck(queryable)]
    author: Reference<Author>,
    #[ck(queryable, sortable)]
    views: i64,
    summary: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = Session::start::<(Author, Article)>().await?;
    let db = session.container().public();

    // Save. Each record gets a random name, unless it is given one.
    let ines: Record<Author> = db.create(Author { name: "Ines".to_owned() }).await?;
    println!("created author {} as {}", ines.name, ines.record_name());

    let mut first = None;
    for (day, (title, tags)) in [
        ("Hello, CloudKit", vec!["cloudkit", "rust"]),
        ("Signed requests", vec!["cloudkit", "security"]),
        ("Typed queries", vec!["rust"]),
    ]
    .into_iter()
    .enumerate()
    {
        let article = Article {
            title: title.to_owned(),
            published_at: Timestamp::from_millis(1_767_225_600_000 + 86_400_000 * i64::try_from(day)?),
            tags: tags.into_iter().map(str::to_owned).collect(),
            author: Reference::to(&ines),
            views: 0,
            summary: None,
        };
        let saved = db.create(article).await?;
        println!("created article {:?} at {}", saved.title, saved.published_at);
        first.get_or_insert(saved);
    }

    // Ask. A filter on a field without an index, or a value of another type, does not compile.
    let mut about_rust = db
        .query::<Article>()
        .filter(|a| a.tags.contains("rust"))
        .filter(|a| a.author.eq(&ines))
        .sort(|a| a.published_at.descending())
        .stream();
    println!("articles about rust, newest first:");
    while let Some(article) = about_rust.try_next().await? {
        println!("  {} {}", article.published_at, article.title);
    }

    // Change one field. The record's change tag goes along, so nobody else's change is lost.
    if let Some(article) = first {
        let read = db.update(&article).set(|a| a.views, article.views + 1).await?;
        println!("{:?} was read {} time", read.title, read.views);

        // The tag of `article` is old by now, so CloudKit refuses to save over the newer version.
        match db.update(&article).set(|a| a.views, 100).await {
            Err(error) if error.is_conflict() => println!("a second change of the old version is refused"),
            other => return Err(format!("a conflict was expected, and this came: {other:?}").into()),
        }
        db.delete(&read).await?;
        println!("deleted {:?}", read.title);
    }

    let left = db.query::<Article>().filter(|a| a.author.eq(&ines)).fetch_all().await?;
    println!("{} articles are left", left.len());
    Ok(())
}
