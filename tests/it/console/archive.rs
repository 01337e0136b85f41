//! Snapshots as archives, which `tar` unpacks and packs.

use std::path::Path;
use std::process::Command;

use cloudkit_test_container::Snapshot;
use reqwest::Method;
use serde_json::json;

use super::Page;
use crate::conformance::support::{Server, one, string};

fn tar(directory: &Path, arguments: &[&str]) {
    let done = Command::new("tar").current_dir(directory).args(arguments).status().expect("there is a tar");
    assert!(done.success(), "{arguments:?}");
}

#[tokio::test]
async fn an_archive_unpacks_to_what_a_snapshot_is_and_goes_back() {
    let server = Server::start().await;
    let alice = server.user("alice");
    crate::conformance::assets::saved(&server, &alice, "private", "photo", b"\xff\xd8 no text").await;
    server.key().create("public", "Account", "kept", one("note", string("kept"))).await;
    let page = Page::load(&server).await;
    let archive = page.ask(Method::GET, "snapshot?form=tar", b"").await;
    assert_eq!((archive.status, archive.header("content-type")), (200, "application/x-tar"));

    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("snapshot.tar"), &archive.body).unwrap();
    std::fs::create_dir(directory.path().join("news")).unwrap();
    tar(directory.path(), &["xf", "snapshot.tar", "-C", "news"]);
    let news = directory.path().join("news");
    assert_eq!(Snapshot::read(&news).unwrap(), server.container.snapshot().unwrap());

    // What was changed since is gone, whether the archive is ours or one that somebody has packed anew.
    tar(directory.path(), &["cf", "gnu.tar", "--format=gnu", "news"]);
    tar(&news, &["cf", "../pax.tar", "--format=pax", "."]);
    let read = |name: &str| std::fs::read(directory.path().join(name)).unwrap();
    for (what, body) in
        [("ours", archive.body.clone()), ("GNU's", read("gnu.tar")), ("POSIX's", read("pax.tar"))]
    {
        server.key().create("public", "Account", "new", json!({})).await;
        assert_eq!(page.post("restore", &body).await, json!({}), "{what}");
        server.key().lookup("public", &["new"]).await.failed(0, "NOT_FOUND", "");
        server.key().lookup("public", &["kept"]).await.record(0);
    }
}

#[tokio::test]
async fn an_archive_that_is_damaged_changes_nothing() {
    let server = Server::start().await;
    server.key().create("public", "Account", "kept", json!({})).await;
    let page = Page::load(&server).await;
    let archive = page.ask(Method::GET, "snapshot?form=tar", b"").await.body;
    let before = server.container.snapshot().unwrap();
    let mut spoilt = archive.clone();
    spoilt[0] ^= 1;
    for (body, expected) in [
        (&archive[..archive.len() / 2], "`the archive` of the snapshot: "),
        (&spoilt, "`the archive` of the snapshot: it is damaged at byte 0"),
        (&b"{}"[..], "`the request` of the snapshot: missing field `files`"),
        (&b""[..], "`the request` of the snapshot: "),
    ] {
        let refused = page.ask(Method::POST, "restore", body).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.text().contains(expected), "{refused:?}");
        assert_eq!(server.container.snapshot().unwrap(), before);
    }
    let (status, error) = page.refused(Method::GET, "snapshot?form=zip", "").await;
    assert_eq!((status, error.as_str()), (400, "`form` is `zip`; it is json or tar"));
}
