//! Records whose type is not known when compiling.

use cloudkit_core::dynamic::{DynamicRecord, Value};
use cloudkit_core::query::Comparator;
use cloudkit_core::{Location, Operation, Patch, Reference, Timestamp};

use super::{Article, article, start};

#[tokio::test]
async fn a_typed_record_reads_as_a_dynamic_one_and_back() {
    let server = start().await;
    let db = server.client().public();
    let typed = db.create(article("a")).named("a").await.unwrap();
    let dynamic = db.dynamic();

    let found = dynamic.lookup("a").await.unwrap();
    assert_eq!(found.record_type, "Article");
    assert_eq!(found.get("title"), Some(&Value::String("a".to_owned())));
    assert_eq!(found.get("publishedAt"), Some(&Value::Timestamp(typed.published_at)));
    assert_eq!(found.get("scores"), Some(&Value::Int64List(vec![i64::MIN, 0, i64::MAX])));
    assert_eq!(found.get("rating"), Some(&Value::Double(4.5)));
    assert_eq!(found.get("cover"), Some(&Value::Bytes(vec![0, 255, 1])));
    assert_eq!(found.get("attachment"), None);

    let copy = dynamic.create_named("b", found.value().clone()).await.unwrap();
    assert_eq!(copy.value(), found.value());
    assert_eq!(db.lookup::<Article>("b").await.unwrap().value(), typed.value());
}

#[tokio::test]
async fn the_operations_are_those_of_the_typed_side() {
    let server = start().await;
    let db = server.client().public().dynamic();
    let author = |name: &str| DynamicRecord::new("Author").with("name", name);
    let ines = db.create(author("Ines")).await.unwrap();
    let updated = db.update(&ines, Patch::new().set_field("name", "Inês")).await.unwrap();
    assert_eq!(updated.get("name"), Some(&Value::from("Inês")));
    assert!(db.replace(ines.clone()).await.unwrap_err().is_conflict());
    db.force_replace("noor", author("Noor")).await.unwrap();
    let outcomes = db.modify([Operation::delete(&updated), Operation::force_delete("noor")]).await.unwrap();
    assert_eq!(outcomes.all_saved().unwrap().len(), 2);
    assert!(db.lookup("noor").await.unwrap_err().is_not_found());
    let cleared = db.create(author("Omar")).await.unwrap();
    let cleared = db.update(&cleared, Patch::new().clear_field("name")).await.unwrap();
    assert_eq!(cleared.get("name"), None);
}

#[tokio::test]
async fn queries_take_names_and_values() {
    let server = start().await;
    let typed = server.client().public();
    typed.create(article("a")).named("a").await.unwrap();
    let db = typed.dynamic();
    let count = |query: cloudkit_core::dynamic::DynamicQuery<_>| async move {
        query.fetch_all().await.unwrap().len()
    };
    assert_eq!(count(db.query("Article").filter("title", Comparator::Equals, "a")).await, 1);
    assert_eq!(count(db.query("Article").filter("views", Comparator::GreaterThan, 0)).await, 0);
    assert_eq!(count(db.query("Article").filter("tags", Comparator::ListContains, "rust")).await, 1);
    assert_eq!(
        count(db.query("Article").filter("title", Comparator::In, vec!["a".to_owned(), "b".to_owned()]))
            .await,
        1
    );
    assert_eq!(
        count(db.query("Article").filter("author", Comparator::Equals, Reference::new("ines"))).await,
        1
    );
    assert_eq!(
        count(db.query("Article").filter_system(
            "createdTimestamp",
            Comparator::GreaterThan,
            Timestamp::from_millis(0)
        ))
        .await,
        1
    );
    let paris = Location::new(48.8566, 2.3522).unwrap();
    assert_eq!(count(db.query("Article").near("place", paris, 10.0)).await, 1);
    assert_eq!(count(db.query("Article").sort("views", false).results_limit(1)).await, 1);
}

#[tokio::test]
async fn a_missing_index_is_told_with_the_line_to_write() {
    let server = start().await;
    let db = server.client().public().dynamic();
    let error = db.query("Article").filter("summary", Comparator::Equals, "x").fetch_all().await.unwrap_err();
    let help = error.help().unwrap();
    assert!(help.contains("add QUERYABLE") && help.contains("`summary"), "{help}");
    let error = db.query("Author").fetch_all().await.unwrap_err();
    let help = error.help().unwrap();
    assert!(help.contains("\"___recordID\" REFERENCE QUERYABLE"), "{help}");
    let error = db
        .query("Author")
        .filter("name", Comparator::Equals, "x")
        .sort("nope", true)
        .fetch_all()
        .await
        .unwrap_err();
    assert_eq!(error.server_error().unwrap().status, Some(400));
}
