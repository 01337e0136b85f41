//! Snapshots: the files of one as a JSON document or as an archive, and back.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use super::{Answer, Asked, Refusal, Reply, State, archive, json, shown};
use crate::snapshot::{Snapshot, SnapshotError};

/// The content type of an archive.
const TAR: &str = "application/x-tar";

/// The files of a snapshot.
#[derive(Deserialize, Serialize)]
struct Files {
    files: BTreeMap<String, File>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
enum File {
    Text(String),
    Base64(String),
}

/// `GET /admin/snapshot`, with `?form=tar` for an archive.
pub(super) fn take(state: &State, asked: &Asked<'_>) -> Answer {
    let snapshot = state.snapshot()?;
    match asked.text("form").as_deref() {
        None | Some("json") => Ok(json(200, &write(&snapshot))),
        Some("tar") => {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(TAR));
            headers.insert(
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=\"snapshot.tar\""),
            );
            let modified = state.clock().now_ms().div_euclid(1000);
            Ok(Reply::new(200, headers, archive::write(&snapshot.files(), modified)))
        }
        Some(form) => Err(Refusal::bad(format!("`form` is `{}`; it is json or tar", shown(form)))),
    }
}

/// `POST /admin/restore` with what [`take`] has answered, in either form.
pub(super) fn restore(state: &State, asked: &Asked<'_>) -> Answer {
    let body = asked.body()?;
    let read = if archive::is_one(body) {
        let files = archive::read(body).map_err(|reason| content("the archive", reason));
        files.and_then(Snapshot::from_files)
    } else {
        read(body)
    };
    match read.and_then(|snapshot| state.restore(&snapshot).map_err(SnapshotError::from)) {
        Ok(()) => Ok(json(200, &serde_json::json!({}))),
        Err(SnapshotError::Store(error)) => Err(Refusal { status: 500, error }),
        Err(error) => Err(Refusal::bad(error.to_string())),
    }
}

fn content(file: &str, reason: String) -> SnapshotError {
    SnapshotError::Content { file: file.to_owned(), line: None, reason }
}

fn write(snapshot: &Snapshot) -> Files {
    let file = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => File::Text(text),
        Err(error) => File::Base64(BASE64.encode(error.as_bytes())),
    };
    Files { files: snapshot.files().into_iter().map(|(name, bytes)| (name, file(bytes))).collect() }
}

fn read(body: &[u8]) -> Result<Snapshot, SnapshotError> {
    let files: Files =
        serde_json::from_slice(body).map_err(|error| content("the request", error.to_string()))?;
    let mut read = BTreeMap::new();
    for (name, file) in files.files {
        let bytes = match file {
            File::Text(text) => text.into_bytes(),
            File::Base64(text) => BASE64.decode(text).map_err(|error| content(&name, error.to_string()))?,
        };
        read.insert(name, bytes);
    }
    Snapshot::from_files(read)
}
