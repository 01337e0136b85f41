//! The archive of the files of a share. All about it but the request and the name of its answer is inferred.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::support::{Raw, Server, create, string, text, typed};
use super::{Library, invited, server, shared_with_bob};

/// What is in an archive: paths and contents, in the order of its directory. Read by hand, and stored files only.
fn unpack(archive: &[u8]) -> Vec<(String, String)> {
    let number = |at: usize, bytes: usize| {
        archive[at..at + bytes].iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let end = (0..archive.len() - 21).rev().find(|at| archive[*at..].starts_with(b"PK\x05\x06")).unwrap();
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut files = Vec::new();
    for _ in 0..count {
        assert!(archive[at..].starts_with(b"PK\x01\x02"));
        assert_eq!(number(at + 10, 2), 0, "stored");
        let (size, name, extra) = (number(at + 24, 4), number(at + 28, 2), number(at + 30, 2));
        let path = String::from_utf8(archive[at + 46..at + 46 + name].to_vec()).unwrap();
        let local = number(at + 42, 4);
        assert!(archive[local..].starts_with(b"PK\x03\x04"));
        let data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let data = &archive[data..data + size];
        let mut crc = flate2::Crc::new();
        crc.update(data);
        assert_eq!(number(at + 16, 4), crc.sum() as usize, "{path}");
        files.push((path, String::from_utf8(data.to_vec()).unwrap()));
        at += 46 + name + extra + number(at + 32, 2);
    }
    assert_eq!(at, end);
    files
}

/// Uploads a file and returns what a save has to repeat.
async fn uploaded(library: &Library<'_>, record: &str, field: &str, content: &str) -> Value {
    let tokens = json!([{ "recordType": "Everything", "recordName": record, "fieldName": field }]);
    let reply = library.post("alice", "assets/upload", json!({ "tokens": tokens })).await;
    let url = text(&reply.ok().body["tokens"][0]["url"]).to_owned();
    let server: &Server = library.server;
    server.fetch(Method::POST, &url, &[], content.as_bytes()).await.json()["singleFile"].clone()
}

/// Bob's library, with files beside the root and below it.
async fn with_files(server: &Server) -> Library<'_> {
    let (library, _) = shared_with_bob(server, "READ_ONLY").await;
    for (name, parent) in [("scan/1", Some("root")), ("..", Some("child")), ("loose", None)] {
        let one = uploaded(&library, name, "assetid", &format!("{name} alone")).await;
        let first = uploaded(&library, name, "assetid_list", "first").await;
        let second = uploaded(&library, name, "assetid_list", "second").await;
        let fields = json!({ "string": string("no file"), "assetid": typed("ASSETID", one),
            "assetid_list": typed("ASSETID_LIST", json!([first, second])) });
        let mut record = create("Everything", name, fields);
        if let Some(parent) = parent {
            record["record"]["parent"] = json!({ "recordName": parent });
        }
        library.modify("alice", json!([record])).await.record(0);
    }
    library
}

async fn fetch(library: &Library<'_>, user: &str, request: Value) -> (String, Raw) {
    let reply = library.post(user, "records/zip/prepare", request).await;
    let url = text(&reply.ok().body["downloadURL"]).to_owned();
    let raw = library.server.fetch(Method::GET, &url, &[], &[]).await;
    assert_eq!(raw.status, 200, "{}", raw.text());
    (url, raw)
}

#[tokio::test]
async fn the_files_of_a_share_come_as_one_archive() {
    let server = server().await;
    let library = with_files(&server).await;
    let all = [
        ("%2E%2E/assetid", ".. alone"),
        ("%2E%2E/assetid_list-0", "first"),
        ("%2E%2E/assetid_list-1", "second"),
        ("scan%2F1/assetid", "scan/1 alone"),
        ("scan%2F1/assetid_list-0", "first"),
        ("scan%2F1/assetid_list-1", "second"),
    ];
    let expected = |keep: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
        let kept = all.iter().filter(|(path, _)| keep(path));
        kept.map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect()
    };
    // The owner and those who take part get the same; what is not shared is in nobody's.
    for user in ["alice", "bob"] {
        let ask = async |more: Value| {
            let mut request = json!({ "shareName": "share", "pluginFields": {} });
            for (member, value) in more.as_object().unwrap() {
                request[member] = value.clone();
            }
            let (url, raw) = fetch(&library, user, request).await;
            (url, unpack(&raw.body))
        };
        let (url, files) = ask(json!({})).await;
        assert_eq!(files, expected(&|_| true));
        assert!(url.contains("/archive.zip?"), "{url}");
        let (url, files) = ask(json!({ "desiredKeys": ["assetid"], "archiveName": "my scans.zip" })).await;
        assert_eq!(files, expected(&|path| path.ends_with("assetid")));
        assert!(url.contains("/my%20scans.zip?"), "{url}");
        let (_, files) = ask(json!({ "includeRecords": ["scan/1", "loose"] })).await;
        assert_eq!(files, expected(&|path| path.starts_with("scan")));
        let (_, files) = ask(json!({ "excludeRecords": ["scan/1"] })).await;
        assert_eq!(files, expected(&|path| path.starts_with('%')));
        let (_, files) = ask(json!({ "includeRecords": [] })).await;
        assert_eq!(files, []);
    }
}

#[tokio::test]
async fn an_archive_is_for_those_who_see_the_share() {
    let server = server().await;
    let library = with_files(&server).await;
    let request = || json!({ "shareName": "share", "pluginFields": {} });
    library.post("carol", "records/zip/prepare", request()).await.refused(404, "ZONE_NOT_FOUND", "");
    for share in ["root", "nothing"] {
        let reply = library.post("alice", "records/zip/prepare", json!({ "shareName": share })).await;
        reply.refused(404, "NOT_FOUND", "Record not found");
    }
    let reply = library.post("alice", "records/zip/prepare", json!({})).await;
    reply.refused(400, "BAD_REQUEST", "missing required field 'shareName'");
    server.token().post("public/records/zip/prepare", request()).await.refused(
        421,
        "AUTHENTICATION_REQUIRED",
        "",
    );
    server.key().post("public/records/zip/prepare", request()).await.refused(404, "NOT_FOUND", "");

    // Whoever is taken off the list gets no other, and the one that was prepared goes after its time.
    let (url, _) = fetch(&library, "bob", request()).await;
    library.update_share("alice", json!({ "participants": [] })).await.record(0);
    library.post("bob", "records/zip/prepare", request()).await.refused(404, "ZONE_NOT_FOUND", "");
    let participants = json!([invited("bob@example.com", "READ_ONLY")]);
    library.update_share("alice", json!({ "participants": participants })).await.record(0);
    server.container.clock().advance(std::time::Duration::from_secs(2 * 3600));
    assert_eq!(server.fetch(Method::GET, &url, &[], &[]).await.status, 410);
}
