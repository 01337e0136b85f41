//! `cloudkit container snapshot` and `restore`: everything that a running container holds, as files and back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use clap::Args;
use cloudkit_test_container::Snapshot;
use http::Method;
use serde::{Deserialize, Serialize};

use super::admin::ask;
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format};

/// What can be written after `cloudkit container snapshot`.
#[derive(Args, Debug)]
#[command(after_help = "\
The directory holds a manifest, the schemas, a file of JSON lines for each table, and the files of the records. It is fit \
for version control. A snapshot that is there is replaced; other files are not.

The container is named by CLOUDKIT_URL, and CLOUDKIT_MANAGEMENT_TOKEN opens it; `cloudkit container serve` prints both.

Example:
  cloudkit container snapshot ./fixtures/news")]
pub struct SnapshotArguments {
    /// Where the files go.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// The address of the container [default: CLOUDKIT_URL].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// What can be written after `cloudkit container restore`.
#[derive(Args, Debug)]
#[command(after_help = "\
All that the container holds is replaced; its users, keys and tokens stay. Nothing changes if the snapshot does not fit \
together.

Example:
  cloudkit container restore ./fixtures/news")]
pub struct RestoreArguments {
    /// Where the files are.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// The address of the container [default: CLOUDKIT_URL].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// The files of a snapshot, as they travel.
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
struct Done {
    files: usize,
    bytes: usize,
}

/// Takes a snapshot of a container that runs.
///
/// # Errors
///
/// If the container cannot be asked, or the directory cannot be written.
pub async fn take(arguments: &SnapshotArguments, context: &mut Context) -> Result {
    let body = ask(arguments.url.as_deref(), context, Method::GET, "snapshot", Bytes::new()).await?;
    let travelled: Files = serde_json::from_slice(&body)
        .map_err(|error| Failure::from(error).context("cannot read the answer"))?;
    let mut files = BTreeMap::new();
    for (name, file) in travelled.files {
        let bytes = match file {
            File::Text(text) => text.into_bytes(),
            File::Base64(text) => BASE64.decode(text).map_err(|error| {
                Failure::from(error).context(format!("cannot read `{name}` of the answer"))
            })?,
        };
        files.insert(name, bytes);
    }
    let done = Done { files: files.len(), bytes: files.values().map(Vec::len).sum() };
    Snapshot::from_files(files)?.write(&arguments.directory)?;
    report(context, &done, &format!("written to {}", arguments.directory.display()))
}

/// Puts a snapshot in place of what a container that runs holds.
///
/// # Errors
///
/// If the snapshot cannot be read, or the container cannot be asked or refuses it.
pub async fn restore(arguments: &RestoreArguments, context: &mut Context) -> Result {
    let snapshot =
        Snapshot::read(&arguments.directory).map_err(|error| Failure::from(error).with_exit(Exit::USAGE))?;
    let files = snapshot.files();
    let done = Done { files: files.len(), bytes: files.values().map(Vec::len).sum() };
    let file = |bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => File::Text(text),
        Err(error) => File::Base64(BASE64.encode(error.as_bytes())),
    };
    let files = Files { files: files.into_iter().map(|(name, bytes)| (name, file(bytes))).collect() };
    let body = serde_json::to_vec(&files)?;
    ask(arguments.url.as_deref(), context, Method::POST, "restore", body.into()).await?;
    report(context, &done, &format!("restored from {}", arguments.directory.display()))
}

fn report(context: &mut Context, done: &Done, what: &str) -> Result {
    if context.format == Format::Json {
        context.print_json(done)?;
    } else {
        context.print(format!("{} files, {} bytes {what}\n", done.files, done.bytes))?;
    }
    Ok(Exit::OK)
}
