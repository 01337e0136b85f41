//! One record at a time.

use cloudkit_core::{RecordName, ServerErrorCode};

use super::{Article, Author, Status, article, start};

#[tokio::test]
async fn a_record_comes_back_as_it_was_saved() {
    let server = start().await;
    let db = server.client().public();
    let sent = article("All kinds of fields");
    let saved = db.create(sent.clone()).await.unwrap();
    assert_eq!(saved.value(), &sent);
    let found = db.lookup::<Article>(saved.record_name()).await.unwrap();
    assert_eq!(found, saved);
}

#[tokio::test]
async fn a_record_without_a_name_gets_a_uuid_of_our_own() {
    let server = start().await;
    let db = server.client().public();
    let saved = db.create(article("a")).await.unwrap();
    let name = saved.record_name().as_str();
    let groups: Vec<usize> = name.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12], "{name}");
    assert_eq!(name.as_bytes()[14], b'4', "{name} is not a random UUID");
    assert_ne!(db.create(article("b")).await.unwrap().record_name(), saved.record_name());
}

#[tokio::test]
async fn an_update_touches_only_what_it_names() {
    let server = start().await;
    let db = server.client().public();
    let saved = db.create(article("old")).named("a").await.unwrap();
    let updated = db
        .update(&saved)
        .set(|a| a.title, "new")
        .set(|a| a.views, 7)
        .set(|a| a.status, Status::Published)
        .set(|a| a.tags, vec!["one".to_owned()])
        .clear(|a| a.summary)
        .await
        .unwrap();
    let expected = super::Article {
        title: "new".to_owned(),
        views: 7,
        status: Status::Published,
        tags: vec!["one".to_owned()],
        summary: None,
        ..article("old")
    };
    assert_eq!(updated.value(), &expected);
    assert_ne!(updated.change_tag(), saved.change_tag());
    assert_eq!(db.lookup::<Article>("a").await.unwrap().value(), &expected);
}

#[tokio::test]
async fn an_update_with_an_old_change_tag_is_a_conflict() {
    let server = start().await;
    let db = server.client().public();
    let old = db.create(article("a")).await.unwrap();
    db.update(&old).set(|a| a.views, 1).await.unwrap();
    let error = db.update(&old).set(|a| a.views, 2).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    assert_eq!(error.server_error().unwrap().record_name.as_ref(), Some(old.record_name()));
    assert_eq!(db.lookup::<Article>(old.record_name()).await.unwrap().views, 1);
}

#[tokio::test]
async fn a_replacement_clears_what_it_does_not_have() {
    let server = start().await;
    let db = server.client().public();
    let mut record = db.create(article("a")).await.unwrap();
    record.summary = None;
    record.rating = None;
    let replaced = db.replace(record.clone()).await.unwrap();
    assert_eq!(replaced.value(), record.value());
    let error = db.replace(record).await.unwrap_err();
    assert!(error.is_conflict(), "the tag is old by now: {error:?}");
}

#[tokio::test]
async fn the_force_forms_do_not_look_at_the_version() {
    let server = start().await;
    let db = server.client().public();
    let author = Author { name: "Ines".to_owned() };
    let made = db.force_replace("ines", author.clone()).await.unwrap();
    assert_eq!(made.value(), &author);
    db.force_update::<Author>("ines").set(|a| a.name, "Inês").await.unwrap();
    assert_eq!(db.lookup::<Author>("ines").await.unwrap().name, "Inês");
    let made = db.force_update::<Author>("noor").set(|a| a.name, "Noor").await.unwrap();
    assert_eq!(made.name, "Noor");
    db.force_delete::<Author>("ines").await.unwrap();
    db.force_delete::<Author>("ines").await.unwrap();
    assert!(db.lookup_opt::<Author>("ines").await.unwrap().is_none());
}

#[tokio::test]
async fn a_deleted_record_is_gone() {
    let server = start().await;
    let db = server.client().public();
    let saved = db.create(article("a")).await.unwrap();
    db.delete(&saved).await.unwrap();
    let error = db.lookup::<Article>(saved.record_name()).await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::NotFound));
    assert!(error.is_not_found());
    let error = db.delete(&saved).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_conflict() {
    let server = start().await;
    let db = server.client().public();
    db.create(article("first")).named("a").await.unwrap();
    let error = db.create(article("second")).named("a").await.unwrap_err();
    assert!(error.is_conflict());
    assert!(error.help().unwrap().contains("look the record up"));
    assert_eq!(db.lookup::<Article>("a").await.unwrap().title, "first");
}

#[tokio::test]
async fn lookups_keep_their_order_and_tell_what_is_missing() {
    let server = start().await;
    let db = server.client().public();
    db.create(article("a")).named("a").await.unwrap();
    db.create(article("b")).named("b").await.unwrap();
    let found = db.lookup_many::<Article, _>(["b", "nope", "a", "b"]).await.unwrap();
    let titles: Vec<Option<&str>> =
        found.iter().map(|record| record.as_ref().ok().map(|record| record.title.as_str())).collect();
    assert_eq!(titles, [Some("b"), None, Some("a"), Some("b")]);
    let error = found[1].as_ref().unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.record_name, Some(RecordName::from("nope")));
    assert!(error.uuid.is_some(), "the number of the request goes along");
}

#[tokio::test]
async fn a_reference_leads_to_its_record() {
    let server = start().await;
    let db = server.client().public();
    let ines = db.create(Author { name: "Ines".to_owned() }).named("ines").await.unwrap();
    let article = db.create(article("a")).await.unwrap();
    assert_eq!(db.lookup_reference(&article.author).await.unwrap(), ines);
}

#[tokio::test]
async fn a_record_of_another_type_is_told_by_both_names() {
    let server = start().await;
    let db = server.client().public();
    db.create(Author { name: "Ines".to_owned() }).named("ines").await.unwrap();
    let error = db.lookup::<Article>("ines").await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("`Author`") && source.contains("`Article`"), "{source}");
}

#[tokio::test]
async fn a_name_that_cloudkit_would_refuse_is_not_sent() {
    let server = start().await;
    let db = server.client().public();
    let sent = server.requests().len();
    for name in ["", "ä", &"x".repeat(256)] {
        let error = db.lookup::<Article>(name).await.unwrap_err();
        assert!(matches!(error, cloudkit_core::Error::Request { .. }), "{error:?}");
        let error = db.create(article("a")).named(name).await.unwrap_err();
        assert!(matches!(error, cloudkit_core::Error::Request { .. }), "{error:?}");
    }
    assert_eq!(server.requests().len(), sent);
}

#[tokio::test]
async fn a_number_that_is_not_finite_is_not_sent() {
    let server = start().await;
    let db = server.client().public();
    let sent = server.requests().len();
    let broken = super::Article { rating: Some(f64::NAN), ..article("a") };
    let error = db.create(broken).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("NaN"), "{source}");
    assert_eq!(server.requests().len(), sent);
}
