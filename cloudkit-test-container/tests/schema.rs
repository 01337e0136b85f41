//! The schemas of both environments: import, deploy, reset, and what they do to records.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

use std::error::Error as _;
use std::time::Duration;

use cloudkit_core::Environment::{self, Development, Production};
use cloudkit_core::database::Public;
use cloudkit_core::dynamic::{DynamicDatabase, DynamicRecord, Value};
use cloudkit_core::query::Comparator;
use cloudkit_core::{Container, Patch, ServerErrorCode};
use cloudkit_test_container::{ContainerError, StartError, TestContainer, TestContainerBuilder};

/// A schema with one record type of these members, which everybody may use and which can be listed.
fn article(members: &str) -> String {
    format!(
        "DEFINE SCHEMA RECORD TYPE Article (\"___recordID\" REFERENCE QUERYABLE, {members}
            GRANT READ TO \"_world\", GRANT CREATE TO \"_icloud\", GRANT WRITE TO \"_creator\");"
    )
}

const BOTH: &str = "title STRING QUERYABLE, views INT64,";

fn builder() -> TestContainerBuilder {
    TestContainer::builder("iCloud.com.example.News").user("alice")
}

/// The public database, for the container's own key.
fn database(server: &TestContainer, environment: Environment) -> DynamicDatabase<Public> {
    Container::builder(server.container_id())
        .environment(environment)
        .url(server.url())
        .server_key(server.server_key(environment))
        .build()
        .unwrap()
        .public()
        .dynamic()
}

async fn save(db: &DynamicDatabase<Public>, name: &str, views: i64) {
    let record = DynamicRecord::new("Article").with("title", name).with("views", views);
    db.create_named(name, record).await.unwrap();
}

async fn names(db: &DynamicDatabase<Public>, title: &str) -> Vec<String> {
    let found = db.query("Article").filter("title", Comparator::Equals, title).fetch_all().await.unwrap();
    found.iter().map(|record| record.record_name().to_string()).collect()
}

#[track_caller]
fn refused(result: Result<(), ContainerError>, reason: &str) {
    let error = result.expect_err("it should have been refused");
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(matches!(error, ContainerError::Schema(_)) && source.contains(reason), "{error:?}");
}

#[tokio::test]
async fn the_builder_takes_text_and_says_what_is_wrong_with_it() {
    let server = builder().schema(article(BOTH)).start().await.unwrap();
    for environment in [Development, Production] {
        save(&database(&server, environment), "a", 1).await;
        assert!(server.export_schema(environment).contains("title           STRING QUERYABLE,\n"));
    }
    let error = builder().schema(article("title STRIN,")).start().await.expect_err("not a schema");
    let StartError::Schema(source) = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("STRIN"), "{source}");
    // The role is not created.
    let text = "DEFINE SCHEMA RECORD TYPE A (GRANT READ TO editor);";
    let error = builder().schema(text).start().await.expect_err("no such role");
    assert!(error.source().unwrap().to_string().contains("editor"), "{error:?}");
}

#[tokio::test]
async fn what_an_import_leaves_out_is_gone_with_its_values() {
    let server = builder().start().await.unwrap();
    server.import_schema(&article(BOTH)).unwrap();
    let db = database(&server, Development);
    save(&db, "a", 1).await;

    server.import_schema(&article("title STRING,")).unwrap();
    let record = db.lookup("a").await.unwrap();
    assert_eq!(record.fields.keys().collect::<Vec<_>>(), ["title"]);
    // The index has gone too, and comes back with what it should find.
    let error = db.query("Article").filter("title", Comparator::Equals, "a").fetch_all().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::BadRequest), "{error:?}");
    server.import_schema(&article(BOTH)).unwrap();
    assert_eq!(names(&db, "a").await, ["a"]);
    assert_eq!(db.lookup("a").await.unwrap().get("views"), None);

    // A field of another type now: its values are no values of that type.
    server.import_schema(&article("title INT64,")).unwrap();
    assert!(db.lookup("a").await.unwrap().fields.is_empty());
    server.import_schema("DEFINE SCHEMA").unwrap();
    let error = db.lookup("a").await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::NotFound), "{error:?}");
}

#[tokio::test]
async fn production_has_what_was_deployed_and_keeps_it() {
    let server = builder().start().await.unwrap();
    let production = database(&server, Production);
    let record = || DynamicRecord::new("Article").with("title", "a").with("views", 1);
    server.import_schema(&article(BOTH)).unwrap();
    let error = production.create_named("a", record()).await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::NotFound), "{error:?}");

    server.deploy_schema().unwrap();
    production.create_named("a", record()).await.unwrap();
    assert_eq!(server.export_schema(Production), server.export_schema(Development));

    // What production has cannot be lost by an import, which then changes nothing.
    let before = server.export_schema(Development);
    refused(
        server.import_schema("DEFINE SCHEMA"),
        "invalid attempt to delete a record type which is active in a production container",
    );
    refused(server.import_schema(&article("title STRING,")), "`views` of `Article`");
    refused(server.import_schema(&article("title INT64, views INT64,")), "STRING becomes INT64");
    assert_eq!(server.export_schema(Development), before);

    // An index can go from development; a deployment adds and does not remove.
    server.import_schema(&article("title STRING, views INT64 SORTABLE,")).unwrap();
    assert!(!server.export_schema(Development).contains("title           STRING QUERYABLE"));
    server.deploy_schema().unwrap();
    let deployed = server.export_schema(Production);
    assert!(deployed.contains("title           STRING QUERYABLE,"), "{deployed}");
    assert!(deployed.contains("views           INT64 SORTABLE,"), "{deployed}");
    assert_eq!(names(&production, "a").await, ["a"]);
}

#[tokio::test]
async fn custom_roles_come_with_the_text() {
    use cloudkit_test_container::User;

    let text = "DEFINE SCHEMA CREATE ROLE editor;
        RECORD TYPE Article (title STRING, GRANT READ, CREATE, WRITE TO editor);";
    let server = builder().user(User::new("eve").role("editor")).schema(text).start().await.unwrap();
    let record = || DynamicRecord::new("Article").with("title", "a");
    let editor = server.client_as("eve").unwrap().public().dynamic();
    editor.create_named("a", record()).await.unwrap();
    let reader = server.client_as("alice").unwrap().public().dynamic();
    for error in
        [reader.lookup("a").await.unwrap_err(), reader.create_named("b", record()).await.unwrap_err()]
    {
        assert_eq!(error.code(), Some(&ServerErrorCode::AccessDenied), "{error:?}");
    }
    // A grant that an import takes away is gone at once.
    server.import_schema(&text.replace("READ, CREATE, WRITE", "CREATE")).unwrap();
    let error = editor.lookup("a").await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AccessDenied), "{error:?}");
}

#[tokio::test]
async fn a_reset_deletes_development_and_leaves_production_and_who_may_ask() {
    let server = builder().schema(article(BOTH)).index_lag(Duration::from_secs(60)).start().await.unwrap();
    let (development, production) = (database(&server, Development), database(&server, Production));
    save(&development, "a", 1).await;
    save(&production, "a", 1).await;
    let private = server.client_as("alice").unwrap().private().dynamic();
    private.create_named("p", DynamicRecord::new("Article").with("title", "p")).await.unwrap();
    save(&development, "b", 1).await;
    server.clock().advance(Duration::from_secs(61));
    assert_eq!(names(&development, "a").await, ["a"]);
    // What an import builds anew lags as before.
    let record = development.lookup("a").await.unwrap();
    let renamed = Patch::new().set_field("title", "z");
    development.update(&record, renamed).await.unwrap();
    server.import_schema(&article("title STRING QUERYABLE, views INT64, extra BYTES,")).unwrap();
    assert_eq!(names(&development, "a").await, ["a"]);
    assert!(names(&development, "z").await.is_empty());

    server.reset_development().unwrap();
    assert_eq!(server.export_schema(Development), server.export_schema(Production));
    for title in ["a", "b"] {
        assert!(names(&development, title).await.is_empty(), "{title}");
    }
    for error in [development.lookup("b").await.unwrap_err(), private.lookup("p").await.unwrap_err()] {
        assert_eq!(error.code(), Some(&ServerErrorCode::NotFound), "{error:?}");
    }
    assert_eq!(names(&production, "a").await, ["a"]);
    // Users and keys are known as before, and have their records.
    let user = server.user("alice").unwrap().record_name.clone();
    server.client_as("alice").unwrap().public().dynamic().lookup(user.as_str()).await.unwrap();
    save(&development, "a", 2).await;
    server.clock().advance(Duration::from_secs(61));
    assert_eq!(names(&development, "a").await, ["a"]);
}

#[tokio::test]
async fn without_a_schema_everything_is_indexed_until_one_is_imported() {
    let server = builder().jit(true).start().await.unwrap();
    let db = database(&server, Development);
    save(&db, "a", 1).await;
    assert_eq!(db.query("Article").fetch_all().await.unwrap().len(), 1);
    // What saves have created is declared, without an index on the record name.
    let created = server.export_schema(Development);
    assert!(created.contains("title           STRING QUERYABLE SEARCHABLE SORTABLE,\n"), "{created}");
    assert!(created.contains("views           INT64 QUERYABLE SORTABLE,\n"), "{created}");
    assert!(created.contains("\"___recordID\"   REFERENCE,\n"), "{created}");
    assert!(created.contains("GRANT CREATE TO \"_icloud\",\n"), "{created}");

    server.import_schema(&created).unwrap();
    let error = db.query("Article").fetch_all().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::BadRequest), "{error:?}");
    assert_eq!(names(&db, "a").await, ["a"]);
}

#[tokio::test]
async fn saves_never_create_anything_in_production() {
    let server = builder().jit(true).start().await.unwrap();
    let production = database(&server, Production);
    let refused = |error: cloudkit_core::Error| format!("{:?}", error.server_error().unwrap().reason);
    let record = DynamicRecord::new("Article").with("title", "a");
    let error = production.create_named("a", record.clone()).await.unwrap_err();
    assert!(refused(error).contains("Cannot create new type Article in production schema"));

    database(&server, Development).create_named("a", record.clone()).await.unwrap();
    server.deploy_schema().unwrap();
    production.create_named("a", record.clone()).await.unwrap();
    let error = production.create_named("b", record.with("views", 1)).await.unwrap_err();
    assert!(
        refused(error)
            .contains("Cannot create or modify field 'views' in record 'Article' in production schema")
    );
}

#[tokio::test]
async fn schemas_survive_a_restart_with_their_records_and_indexes() {
    let directory = std::env::temp_dir().join(format!("cloudkit-schema-test-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("data.sqlite");
    let start = || builder().data(&file).start();

    let server = start().await.unwrap();
    server.import_schema(&article(BOTH)).unwrap();
    server.deploy_schema().unwrap();
    server.import_schema(&article("title STRING QUERYABLE, views INT64, extra BYTES,")).unwrap();
    save(&database(&server, Development), "a", 1).await;
    let before = [Development, Production].map(|environment| server.export_schema(environment));
    assert_ne!(before[0], before[1]);
    let access = [server.team_id().to_owned(), server.management_token().to_owned()];
    server.stop().await;

    let server = start().await.unwrap();
    assert_eq!([Development, Production].map(|environment| server.export_schema(environment)), before);
    assert_eq!([server.team_id(), server.management_token()], access);
    let db = database(&server, Development);
    assert_eq!(names(&db, "a").await, ["a"]);
    assert_eq!(db.lookup("a").await.unwrap().get("views"), Some(&Value::from(1)));
    // It was imported, so the schema alone decides about indexes.
    let error = db.query("Article").filter("views", Comparator::Equals, 1).fetch_all().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::BadRequest), "{error:?}");
    refused(server.import_schema("DEFINE SCHEMA"), "active in a production container");
    server.stop().await;

    // A builder that names a schema has the last word.
    let server = builder().data(&file).schema(article(BOTH)).start().await.unwrap();
    assert!(!server.export_schema(Development).contains("extra"));
    server.stop().await;
    std::fs::remove_dir_all(&directory).unwrap();
}
