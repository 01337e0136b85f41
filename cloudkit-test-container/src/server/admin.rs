//! What the owner of a container asks of it over HTTP, beside what CloudKit has: snapshots.
//!
//! `GET /admin/snapshot` answers with the files of a snapshot as one JSON document, and `POST /admin/restore` takes the
//! same document. Both need the management token as a bearer token, and a connection over loopback.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};

use super::{Reply, Request, State};
use crate::snapshot::{Snapshot, SnapshotError};

const PREFIX: &str = "/admin/";

/// The largest snapshot that is taken back.
const LARGEST: usize = 1 << 30;

/// What can be asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Snapshot,
    Restore,
}

/// Everything that can be asked, with method and path.
pub(super) const ENDPOINTS: [(Action, &str, &str); 2] =
    [(Action::Snapshot, "GET", "/admin/snapshot"), (Action::Restore, "POST", "/admin/restore")];

/// Whether a path is one of these.
pub(super) fn serves(target: &str) -> bool {
    target.starts_with(PREFIX)
}

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

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
}

/// How large a body may be, in bytes: of nobody but the owner is one that large kept.
pub(super) fn body_cap(state: &State, headers: &HeaderMap) -> usize {
    if is_owner(state, headers) { LARGEST } else { 0 }
}

fn is_owner(state: &State, headers: &HeaderMap) -> bool {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    token.is_some_and(|token| state.access().is_management_token(token))
}

pub(super) fn respond(state: &State, request: &Request, over_loopback: bool) -> Reply {
    if !over_loopback {
        return refused(403, "only programs of the same machine may ask this");
    }
    if !is_owner(state, &request.headers) {
        let mut reply = refused(
            401,
            "the management token of the container is missing or another; it goes into \
                                      `Authorization: Bearer …`",
        );
        reply.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return reply;
    }
    let asked = (request.method.as_str(), request.target.as_str());
    let action = ENDPOINTS.iter().find(|(_, method, path)| (*method, *path) == asked);
    match action.map(|(action, ..)| *action) {
        Some(Action::Snapshot) => match state.snapshot() {
            Ok(snapshot) => json(200, &write(&snapshot)),
            Err(error) => refused(500, &error.to_string()),
        },
        Some(Action::Restore) => {
            let Some(body) = &request.body else { return refused(413, "the snapshot is larger than 1 GiB") };
            let restored =
                read(body).and_then(|snapshot| state.restore(&snapshot).map_err(SnapshotError::from));
            match restored {
                Ok(()) => json(200, &serde_json::json!({})),
                Err(SnapshotError::Store(error)) => refused(500, &error),
                Err(error) => refused(400, &error.to_string()),
            }
        }
        None => refused(404, "there are GET /admin/snapshot and POST /admin/restore"),
    }
}

fn write(snapshot: &Snapshot) -> Files {
    let file = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => File::Text(text),
        Err(error) => File::Base64(BASE64.encode(error.as_bytes())),
    };
    Files { files: snapshot.files().into_iter().map(|(name, bytes)| (name, file(bytes))).collect() }
}

fn read(body: &[u8]) -> Result<Snapshot, SnapshotError> {
    let bad =
        |file: &str, reason: String| SnapshotError::Content { file: file.to_owned(), line: None, reason };
    let files: Files = serde_json::from_slice(body).map_err(|error| bad("the request", error.to_string()))?;
    let mut read = BTreeMap::new();
    for (name, file) in files.files {
        let bytes = match file {
            File::Text(text) => text.into_bytes(),
            File::Base64(text) => BASE64.decode(text).map_err(|error| bad(&name, error.to_string()))?,
        };
        read.insert(name, bytes);
    }
    Snapshot::from_files(read)
}

fn json(status: u16, value: &impl Serialize) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    Reply::new(status, headers, serde_json::to_vec(value).expect("these have string keys only"))
}

fn refused(status: u16, error: &str) -> Reply {
    json(status, &Refusal { error })
}
