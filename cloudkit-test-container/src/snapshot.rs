//! Snapshots: everything that a container holds, as files that people can read.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cloudkit_core::Environment;
use serde::{Deserialize, Serialize};

use crate::server::{ENVIRONMENTS, SnapshotFailure};
use crate::store::{Content, LoadError, in_range};
use crate::{ContainerError, TestContainer};

/// The form of the files. It grows when an older container could not read them.
const VERSION: u32 = 1;

const MANIFEST: &str = "manifest.json";

/// Everything that a container holds at one moment: both environments with their schemas, all databases with zones,
/// records, files, subscriptions and shares.
///
/// Users, keys and tokens belong to the container and not to the snapshot, so a snapshot holds no secret of the container.
///
/// As files it is a directory of a manifest, the schemas as text of the schema language, one file of JSON lines for each
/// table, and the files of the records:
///
/// ```text
/// manifest.json
/// schema/development.ckdb
/// schema/production.ckdb
/// data/records.jsonl
/// data/zones.jsonl
/// …
/// assets/AbC…
/// ```
///
/// It is fit for version control: the same content gives the same files, and values may be edited. Indexes are not in it;
/// they are built anew.
///
/// ```
/// # use cloudkit_test_container::TestContainer;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let container = TestContainer::builder("iCloud.com.example.News").start().await?;
/// let before = container.snapshot()?;
/// // … a test that changes everything …
/// container.restore(&before)?;
/// assert_eq!(container.snapshot()?, before);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Snapshot {
    pub(crate) container_id: String,
    /// In the order of the environments.
    pub(crate) schemas: Vec<(Environment, DeclaredSchema)>,
    pub(crate) content: Content,
}

/// A schema, and whether somebody has declared it; otherwise saves alone have made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredSchema {
    pub(crate) text: String,
    pub(crate) imported: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    version: u32,
    container: String,
    /// The environments whose schema was declared.
    declared_schemas: Vec<String>,
    /// The last change tag, as a number. Those of a container never repeat.
    last_change_tag: i64,
}

/// Why a snapshot cannot be written, read or restored. A restore that fails changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A file or directory cannot be used.
    #[error("cannot use `{path}`")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The directory holds something else; it is not replaced.
    #[error("`{0}` is not empty and holds no snapshot; name another directory")]
    OtherFiles(PathBuf),
    /// A file does not hold what it should.
    #[error("`{file}` of the snapshot{}: {reason}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Content {
        /// The file, from the top of the snapshot.
        file: String,
        /// The line, counted from 1, where there is one to name.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// The store failed.
    #[error("the store of the container failed: {0}")]
    Store(String),
}

fn content(file: impl Into<String>, reason: impl fmt::Display) -> SnapshotError {
    SnapshotError::Content { file: file.into(), line: None, reason: reason.to_string() }
}

impl TestContainer {
    /// Takes a snapshot.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`] if the store fails.
    pub fn snapshot(&self) -> Result<Snapshot, ContainerError> {
        self.state().snapshot().map_err(|error| ContainerError::Store(error.to_string()))
    }

    /// Takes a snapshot into a directory. A snapshot that is there is replaced.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the directory holds something else or cannot be written.
    pub fn snapshot_to(&self, directory: impl AsRef<Path>) -> Result<(), SnapshotError> {
        self.state().snapshot().map_err(|error| SnapshotError::Store(error.to_string()))?.write(directory)
    }

    /// Puts a snapshot in place of everything that the container holds. Users, keys and tokens stay; sync tokens from
    /// before have expired. It may be a snapshot of another container.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if it does not fit together. Then nothing has changed.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), SnapshotError> {
        self.state().restore(snapshot).map_err(Into::into)
    }

    /// Puts the snapshot of a directory in place of everything that the container holds, as [`restore`](Self::restore)
    /// does.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if it cannot be read or does not fit together. Then nothing has changed.
    pub fn restore_from(&self, directory: impl AsRef<Path>) -> Result<(), SnapshotError> {
        self.restore(&Snapshot::read(directory)?)
    }
}

impl From<SnapshotFailure> for SnapshotError {
    fn from(failure: SnapshotFailure) -> Self {
        match failure {
            SnapshotFailure::Schema(environment, reason) => content(schema_file(environment), reason),
            SnapshotFailure::Load(LoadError::Store(error)) => Self::Store(error.to_string()),
            SnapshotFailure::Load(LoadError::Line { table, line, reason }) => Self::Content {
                file: format!("data/{table}.jsonl"),
                line: (line > 0).then_some(line),
                reason,
            },
        }
    }
}

fn schema_file(environment: Environment) -> String {
    format!("schema/{environment}.ckdb")
}

/// Checksums are base64; in names of files two of its characters have stand-ins.
fn asset_file(checksum: &str) -> String {
    format!("assets/{}", checksum.replace('/', "_").replace('+', "-"))
}

impl Snapshot {
    /// The files, by their paths.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let declared = self.schemas.iter().filter(|(_, schema)| schema.imported);
        let manifest = Manifest {
            version: VERSION,
            container: self.container_id.clone(),
            declared_schemas: declared.map(|(environment, _)| environment.to_string()).collect(),
            last_change_tag: self.content.tag,
        };
        let mut manifest = serde_json::to_vec_pretty(&manifest).expect("a manifest has string keys only");
        manifest.push(b'\n');
        let mut files = BTreeMap::from([(MANIFEST.to_owned(), manifest)]);
        for (environment, schema) in &self.schemas {
            files.insert(schema_file(*environment), schema.text.clone().into_bytes());
        }
        for (table, lines) in &self.content.tables {
            files.insert(format!("data/{table}.jsonl"), lines.clone().into_bytes());
        }
        for (checksum, data) in &self.content.blobs {
            files.insert(asset_file(checksum), data.clone());
        }
        files
    }

    /// Puts the files of a snapshot together again.
    ///
    /// # Errors
    ///
    /// [`SnapshotError::Content`] if a file is missing, or does not hold what it should.
    pub fn from_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self, SnapshotError> {
        let mut files = files;
        let mut take = |file: &str| {
            let bytes = files.remove(file).ok_or_else(|| content(file, "it is missing"))?;
            String::from_utf8(bytes).map_err(|_| content(file, "it is not UTF-8"))
        };
        let manifest: Manifest =
            serde_json::from_str(&take(MANIFEST)?).map_err(|error| content(MANIFEST, error))?;
        if manifest.version != VERSION {
            let version = manifest.version;
            return Err(content(
                MANIFEST,
                format!("its version is {version}; this container reads {VERSION}"),
            ));
        }
        let mut schemas = Vec::new();
        for environment in ENVIRONMENTS {
            let text = take(&schema_file(environment))?;
            let imported = manifest.declared_schemas.iter().any(|name| name == environment.as_str());
            schemas.push((environment, DeclaredSchema { text, imported }));
        }
        let Some(tag) = in_range(manifest.last_change_tag) else {
            return Err(content(MANIFEST, "`lastChangeTag` leaves no room for later change tags"));
        };
        let mut found = Content { tag, ..Content::default() };
        for (file, bytes) in files {
            if let Some(table) = file.strip_prefix("data/").and_then(|name| name.strip_suffix(".jsonl")) {
                let lines = String::from_utf8(bytes).map_err(|_| content(&file, "it is not UTF-8"))?;
                found.tables.insert(table.to_owned(), lines);
            } else if let Some(name) = file.strip_prefix("assets/") {
                let checksum = name.replace('_', "/").replace('-', "+");
                if crate::assets::file_checksum(&bytes) != checksum {
                    return Err(content(
                        file,
                        "its bytes are not those of its name; records refer to files by their bytes",
                    ));
                }
                found.blobs.insert(checksum, bytes);
            } else {
                return Err(content(file, "no snapshot has such a file"));
            }
        }
        Ok(Self { container_id: manifest.container, schemas, content: found })
    }

    /// Writes the files into a directory. A snapshot that is there is replaced.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if the directory holds something else or cannot be written.
    pub fn write(&self, directory: impl AsRef<Path>) -> Result<(), SnapshotError> {
        let directory = directory.as_ref();
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| SnapshotError::File { path, source }
        };
        fs::create_dir_all(directory).map_err(unusable(directory))?;
        let mut entries = fs::read_dir(directory).map_err(unusable(directory))?;
        if entries.next().is_some() {
            if !directory.join(MANIFEST).is_file() {
                return Err(SnapshotError::OtherFiles(directory.to_owned()));
            }
            // The manifest goes first and comes last: a directory that has one has a whole snapshot.
            fs::remove_file(directory.join(MANIFEST)).map_err(unusable(directory))?;
            for part in ["schema", "data", "assets"] {
                let part = directory.join(part);
                if part.exists() {
                    fs::remove_dir_all(&part).map_err(unusable(&part))?;
                }
            }
        }
        let mut files = self.files();
        let manifest = files.remove(MANIFEST);
        for (file, bytes) in files.into_iter().chain(manifest.map(|bytes| (MANIFEST.to_owned(), bytes))) {
            let path = directory.join(file);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(unusable(parent))?;
            }
            fs::write(&path, bytes).map_err(unusable(&path))?;
        }
        Ok(())
    }

    /// Reads the files of a directory.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] if a file cannot be read, is missing, or does not hold what it should.
    pub fn read(directory: impl AsRef<Path>) -> Result<Self, SnapshotError> {
        let directory = directory.as_ref();
        let mut files = BTreeMap::new();
        let mut read = |file: String| {
            let path = directory.join(&file);
            let bytes = fs::read(&path).map_err(|source| SnapshotError::File { path, source })?;
            files.insert(file, bytes);
            Ok::<_, SnapshotError>(())
        };
        read(MANIFEST.to_owned())?;
        for part in ["schema", "data", "assets"] {
            let path = directory.join(part);
            if !path.exists() {
                continue;
            }
            let unusable = |source| SnapshotError::File { path: path.clone(), source };
            for entry in fs::read_dir(&path).map_err(unusable)? {
                let name = entry.map_err(unusable)?.file_name();
                read(format!("{part}/{}", name.to_string_lossy()))?;
            }
        }
        Self::from_files(files)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container_id, schemas: _, content } = self;
        let lines = |(table, lines): (&String, &String)| (table.clone(), lines.lines().count());
        f.debug_struct("Snapshot")
            .field("container_id", container_id)
            .field("tables", &content.tables.iter().map(lines).collect::<BTreeMap<_, _>>())
            .field("assets", &content.blobs.len())
            .finish_non_exhaustive()
    }
}
