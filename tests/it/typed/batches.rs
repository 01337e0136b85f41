//! Several operations in one request.

use cloudkit_core::{Error, Operation, ServerErrorCode, ZoneId};

use super::{Author, Content, Note, article, start};

#[tokio::test]
async fn each_operation_has_an_outcome_of_its_own() {
    let server = start().await;
    let db = server.client().public();
    let ines = db.create(Author { name: "Ines".to_owned() }).named("ines").await.unwrap();
    db.update(&ines).set(|a| a.name, "Inês").await.unwrap();

    let outcomes = db
        .modify([
            Operation::create_named("noor", Author { name: "Noor".to_owned() }),
            Operation::update(&ines, |patch| patch.set(|a| a.name, "too late")),
            Operation::force_delete("nobody"),
            Operation::create(Author { name: "Omar".to_owned() }),
        ])
        .await
        .unwrap();
    let outcomes = outcomes.into_vec();
    assert_eq!(outcomes.len(), 4);
    assert_eq!(outcomes[0].as_ref().unwrap().record_name(), &"noor");
    assert_eq!(outcomes[1].as_ref().unwrap_err().code, ServerErrorCode::Conflict);
    assert!(outcomes[2].as_ref().unwrap().clone().into_record().is_none());
    assert_eq!(outcomes[3].as_ref().unwrap().clone().into_record().unwrap().name, "Omar");
    assert_eq!(db.lookup::<Author>("ines").await.unwrap().name, "Inês");
}

#[tokio::test]
async fn all_saved_tells_what_was_saved_and_what_was_not() {
    let server = start().await;
    let db = server.client().public();
    let author = |name: &str| Author { name: name.to_owned() };
    db.create(author("Ines")).named("ines").await.unwrap();
    let outcomes = db
        .modify([
            Operation::create_named("ines", author("x")),
            Operation::create_named("noor", author("Noor")),
        ])
        .await
        .unwrap();
    let error = outcomes.all_saved().unwrap_err();
    assert_eq!((error.saved.len(), error.failed.len()), (1, 1));
    assert!(
        error
            .to_string()
            .starts_with("1 of 2 operations failed; the first: CONFLICT for the record \"ines\""),
        "{error}"
    );
}

#[tokio::test]
async fn record_types_mix_in_one_request_and_one_answer() {
    let server = start().await;
    let db = server.client().public();
    let outcomes = db
        .modify([
            Operation::create_named("ines", Author { name: "Ines".to_owned() }).widen::<Content>(),
            Operation::create_named("a", article("a")).widen(),
        ])
        .await
        .unwrap();
    assert_eq!(outcomes.all_saved().unwrap().len(), 2);
    let found = db.lookup_many::<Content, _>(["a", "ines"]).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().value(), &Content::Article(article("a")));
    assert_eq!(found[1].as_ref().unwrap().value(), &Content::Author(Author { name: "Ines".to_owned() }));
}

#[tokio::test]
async fn what_cloudkit_would_refuse_is_not_sent() {
    let server = start().await;
    let db = server.client().public();
    let sent = server.requests().len();
    let author = || Author { name: String::new() };

    let error = db.modify((0..201).map(|_| Operation::create(author()))).await.unwrap_err();
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "201 operations in one request, and CloudKit takes at most 200");

    let error =
        db.modify([Operation::create_named("a", author()), Operation::force_delete("a")]).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the record \"a\" is named twice in one request, which CloudKit refuses");
    assert_eq!(server.requests().len(), sent);
}

#[tokio::test]
async fn two_hundred_operations_go_in_one_request() {
    let server = start().await;
    let db = server.client().public();
    let operations = (0..200)
        .map(|index| Operation::create_named(format!("a{index}"), Author { name: index.to_string() }));
    let saved = db.modify(operations).await.unwrap().all_saved().unwrap();
    assert_eq!(saved.len(), 200);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_custom_zone_saves_all_or_nothing() {
    let server = start().await;
    server.create_zone("alice", "books").unwrap();
    let db = server.client_as("alice").unwrap().private().in_zone(ZoneId::new("books"));
    let note = |title: &str| Note { title: title.to_owned(), secret: Some("s".to_owned()) };
    db.create(note("taken")).named("taken").await.unwrap();

    let batch = || [Operation::create_named("new", note("new")), Operation::create_named("taken", note("x"))];
    let outcomes = db.modify(batch()).await.unwrap().into_vec();
    assert_eq!(outcomes[0].as_ref().unwrap_err().code, ServerErrorCode::AtomicError);
    assert_eq!(outcomes[1].as_ref().unwrap_err().code, ServerErrorCode::Conflict);
    assert!(db.lookup_opt::<Note>("new").await.unwrap().is_none());

    let outcomes = db.modify(batch()).atomic(false).await.unwrap().into_vec();
    assert!(outcomes[0].is_ok());
    assert!(outcomes[1].is_err());
    assert!(db.lookup_opt::<Note>("new").await.unwrap().is_some());
}
