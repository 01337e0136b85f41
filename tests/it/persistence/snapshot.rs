//! Snapshots, in memory and as files.

use std::collections::BTreeMap;
use std::path::Path;

use cloudkit_core::Environment;
use cloudkit_test_container::{Snapshot, SnapshotError, TestContainer};
use serde_json::Value;

use super::{Author, author, builder};
use crate::conformance::support::{CONTAINER, Server};

/// A container with records of every kind, in both kinds of database and both environments.
async fn full() -> (TestContainer, [cloudkit_core::Record<Author>; 3]) {
    let container = builder().user("alice").start().await.unwrap();
    let public = container.client().public().create(author("Ines")).named("ines").await.unwrap();
    let private = container.client_as("alice").unwrap().private().create(author("mine")).await.unwrap();
    let production = container
        .client_builder()
        .environment(Environment::Production)
        .server_key(container.server_key(Environment::Production))
        .build()
        .unwrap();
    let deployed = production.public().create(author("live")).await.unwrap();
    (container, [public, private, deployed])
}

#[tokio::test]
async fn what_a_test_changes_is_undone() {
    let (container, [public, private, _]) = full().await;
    let db = container.client().public();
    let before = container.snapshot().unwrap();
    db.update(&public).set(|a| a.name, "Inês").await.unwrap();
    let added = db.create(author("added")).await.unwrap();
    container.client_as("alice").unwrap().private().delete(&private).await.unwrap();
    assert_ne!(container.snapshot().unwrap(), before);

    container.restore(&before).unwrap();
    assert_eq!(db.lookup::<Author>("ines").await.unwrap(), public);
    assert!(db.lookup_opt::<Author>(added.record_name()).await.unwrap().is_none());
    // The indexes were built anew.
    let query = |name: &str| db.query::<Author>().filter(|a| a.name.eq(name)).fetch_all();
    assert_eq!(query("Ines").await.unwrap().len(), 1);
    assert!(query("added").await.unwrap().is_empty());
    let alice = container.client_as("alice").unwrap();
    assert_eq!(alice.private().lookup::<Author>(private.record_name()).await.unwrap(), private);
    // A tag of the time in between is not given out again.
    let updated = db.update(&public).set(|a| a.name, "again").await.unwrap();
    assert_ne!(updated.change_tag(), added.change_tag());
}

#[tokio::test]
async fn files_hold_everything_and_start_another_container() {
    let (container, [public, _, deployed]) = full().await;
    let directory = tempfile::tempdir().unwrap();
    container.snapshot_to(directory.path()).unwrap();
    let lines = std::fs::read_to_string(directory.path().join("data/records.jsonl")).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ines = records.iter().find(|record| record["name"] == "ines").unwrap();
    assert_eq!(ines["fields"]["name"]["value"], "Ines");
    let schema = std::fs::read_to_string(directory.path().join("schema/production.ckdb")).unwrap();
    assert!(schema.contains("RECORD TYPE Author"), "{schema}");
    for entry in ["data/server_keys.jsonl", "data/web_auth_tokens.jsonl", "data/api_tokens.jsonl"] {
        assert!(!directory.path().join(entry).exists(), "{entry} holds secrets");
    }

    let other = TestContainer::builder("iCloud.com.example.Other").start().await.unwrap();
    other.restore_from(directory.path()).unwrap();
    assert_eq!(other.client().public().lookup::<Author>("ines").await.unwrap(), public);
    let production = other
        .client_builder()
        .environment(Environment::Production)
        .server_key(other.server_key(Environment::Production))
        .build()
        .unwrap();
    assert_eq!(production.public().lookup::<Author>(deployed.record_name()).await.unwrap(), deployed);
    assert_eq!(
        other.export_schema(Environment::Production),
        container.export_schema(Environment::Production)
    );

    // The same content gives the same files, and a snapshot may be replaced.
    let again = Snapshot::read(directory.path()).unwrap();
    assert_eq!(again, container.snapshot().unwrap());
    other.client().public().create(author("more")).await.unwrap();
    other.snapshot_to(directory.path()).unwrap();
    assert_ne!(Snapshot::read(directory.path()).unwrap(), again);
}

#[tokio::test]
async fn files_of_records_are_files() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let record =
        crate::conformance::assets::saved(&server, &alice, "private", "photo", b"\xff\xd8 no text").await;
    let directory = tempfile::tempdir().unwrap();
    server.container.snapshot_to(directory.path()).unwrap();
    let assets: Vec<_> = std::fs::read_dir(directory.path().join("assets")).unwrap().collect();
    assert_eq!(assets.len(), 1);
    assert_eq!(std::fs::read(assets[0].as_ref().unwrap().path()).unwrap(), b"\xff\xd8 no text");

    let other = Server::start_named(CONTAINER, |builder| builder).await;
    other.container.restore_from(directory.path()).unwrap();
    let found = other.user("alice").lookup("private", &["photo"]).await.record(0).clone();
    assert_eq!(found["recordChangeTag"], record["recordChangeTag"]);
    assert_eq!(crate::conformance::assets::download(&other, &found).await.body, b"\xff\xd8 no text");
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_together_changes_nothing() {
    let (container, _) = full().await;
    let before = container.snapshot().unwrap();
    let spoilt = |file: &str, change: &dyn Fn(String) -> String| {
        let mut files: BTreeMap<String, Vec<u8>> = before.files();
        let text = String::from_utf8(files.remove(file).unwrap()).unwrap();
        files.insert(file.to_owned(), change(text).into_bytes());
        Snapshot::from_files(files).and_then(|snapshot| container.restore(&snapshot)).unwrap_err().to_string()
    };
    for (file, change, expected) in [
        (
            "data/records.jsonl",
            (|text| text + "{\"rid\":1") as fn(String) -> String,
            "`data/records.jsonl` of the snapshot, line",
        ),
        ("data/records.jsonl", |text| text.replace("\"rid\"", "\"row\""), "line 1: there is no column `row`"),
        ("data/zones.jsonl", |text| text.clone() + &text, "UNIQUE constraint failed"),
        (
            "schema/development.ckdb",
            |text| text.replace("RECORD TYPE", "RECORD TIP"),
            "`schema/development.ckdb`",
        ),
        ("manifest.json", |text| text.replace("\"version\": 1", "\"version\": 99"), "its version is 99"),
    ] {
        let error = spoilt(file, &change);
        assert!(error.contains(expected), "{file}: {error}");
        assert_eq!(container.snapshot().unwrap(), before, "{file}");
    }
    let mut files = before.files();
    files.remove("schema/production.ckdb");
    let error = Snapshot::from_files(files).unwrap_err().to_string();
    assert!(error.contains("`schema/production.ckdb` of the snapshot: it is missing"), "{error}");
}

#[tokio::test]
async fn other_files_are_not_replaced() {
    let (container, _) = full().await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("thesis.txt"), "years of work").unwrap();
    let error = container.snapshot_to(directory.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::OtherFiles(_)), "{error:?}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    let error = container.restore_from(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}
