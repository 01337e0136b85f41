//! Reads the cases. `tests/explain/README.md` says what is in them.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudkit_cli::capture::{Form, Options, Parsed, parse};
use cloudkit_core::auth::{PublicKey, RequestDate};
use cloudkit_core::explain::{Capture, Evidence, KnownKey};

/// The ID under which the programs say that their key is registered.
pub(super) const KEY_ID: &str = "6f2a0c4be1d95873a0b4c7d2e8f1935670ab4cde12f3590867ba24dc91e5f308";
/// The API token that the programs have.
pub(super) const API_TOKEN: &str = "d41c86e0f7b2953a1e6480cb2d7f95a3c80e14b6d52f7a9930cb61e8f4d27a05";
/// What the clocks of the programs show, unless a case says otherwise.
const NOW: &str = "2026-01-15T09:30:27Z";

/// What is expected of a case, and what is known beside its files.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(default, rename = "about")]
    _about: String,
    pub(super) verdict: String,
    pub(super) codes: Vec<String>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
    /// What the test container makes of it, if that is something else.
    pub(super) container: Option<AtContainer>,
    #[serde(default = "one")]
    public_keys: Vec<String>,
    key_id_of: Option<String>,
    #[serde(default)]
    pub(super) api_token_is_known: bool,
    pub(super) sent_at: Option<String>,
    #[serde(rename = "now")]
    _now: Option<String>,
    #[serde(default)]
    form: Recorded,
}

/// What the test container makes of a request.
#[derive(Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum AtContainer {
    /// The signature is right, whatever else is wrong elsewhere.
    Accepts,
    /// It finds these causes; none if it finds out nothing.
    Refuses(Vec<String>),
    /// It is no HTTP.
    Malformed,
    /// It carries a token, and needs a user.
    AsksToSignIn,
}

fn one() -> Vec<String> {
    vec!["one".to_owned()]
}

#[derive(Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Recorded {
    #[default]
    Http,
    Curl,
    Har,
}

/// One case.
pub(super) struct Case {
    /// Program and case, such as `php/right`.
    pub(super) name: String,
    pub(super) directory: PathBuf,
    pub(super) expected: Expected,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Case {
    /// The captures to explain: once for each form that the case has. Each is one request, or two of one program.
    pub(super) fn captures(&self) -> Vec<(Form, Vec<Capture>)> {
        let mut all = Vec::new();
        let file = match self.expected.form {
            Recorded::Http => "request.http",
            Recorded::Curl => "request.curl",
            Recorded::Har => "request.har",
        };
        assert!(self.file(file).is_some(), "{self} has no {file}");
        if let Some(request) = self.file("request.http") {
            let mut captures = self.read(Form::Http, &request).captures;
            if let Some(second) = self.file("second.http") {
                captures.extend(self.read(Form::Http, &second).captures);
            }
            all.push((Form::Http, captures));
        }
        for (name, form) in [("request.curl", Form::Curl), ("request.har", Form::Har)] {
            if let Some(request) = self.file(name) {
                all.push((form, self.read(form, &request).captures));
            }
        }
        let sent_at = self.expected.sent_at.as_deref().map(time);
        for capture in all.iter_mut().flat_map(|(_, captures)| captures) {
            capture.sent_at = sent_at.or(capture.sent_at);
        }
        all
    }

    /// Reads a capture whose form has to be told from its content.
    fn read(&self, form: Form, bytes: &[u8]) -> Parsed {
        let parsed = parse(bytes, &Options::default()).unwrap_or_else(|error| panic!("{self}: {error}"));
        assert_eq!(parsed.form, form, "{self}");
        parsed
    }

    /// What the programs know beside the request.
    pub(super) fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::new();
        for (name, public_key) in self.public_keys() {
            let mut key = KnownKey::new(name, public_key);
            if self.expected.key_id_of.as_ref() == Some(&key.name) {
                key = key.key_id(KEY_ID);
            }
            evidence = evidence.key(key);
        }
        if self.expected.api_token_is_known {
            evidence = evidence.api_token(API_TOKEN);
        }
        evidence
    }

    /// The files of the public keys that the case offers, and whether the key ID is known to belong to it.
    pub(super) fn key_files(&self) -> Vec<(PathBuf, bool)> {
        let has_key_id = |name| self.expected.key_id_of.as_ref() == Some(name);
        let files = ["public.pem", "public-2.pem"].map(|file| self.directory.join(file));
        self.expected
            .public_keys
            .iter()
            .map(has_key_id)
            .zip(files)
            .map(|(known, file)| (file, known))
            .collect()
    }

    /// The public keys that the case offers, by their names.
    pub(super) fn public_keys(&self) -> Vec<(String, PublicKey)> {
        let read = |file: PathBuf| PublicKey::from_pem(&std::fs::read_to_string(file).unwrap()).unwrap();
        let keys = self.key_files().into_iter().map(|(file, _)| read(file));
        self.expected.public_keys.iter().cloned().zip(keys).collect()
    }

    /// When the request arrives, by a clock that is right.
    pub(super) fn time(&self) -> SystemTime {
        let sent_at = self.captures().into_iter().find_map(|(_, captures)| captures[0].sent_at);
        sent_at.unwrap_or_else(|| time(NOW))
    }

    /// A file of the case, unpacked, if there is one.
    pub(super) fn file(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.directory.join(name);
        if path.exists() {
            return Some(std::fs::read(path).unwrap());
        }
        let packed = std::fs::File::open(self.directory.join(format!("{name}.gz"))).ok()?;
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        Some(bytes)
    }
}

fn time(text: &str) -> SystemTime {
    let date: RequestDate = text.parse().unwrap();
    UNIX_EPOCH + Duration::from_secs(date.unix_seconds().unsigned_abs())
}

/// The directory of the corpus.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain")
}

/// All cases, in the order of their names.
pub(super) fn cases() -> Vec<Case> {
    let subdirectories = |path: PathBuf| {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut cases = Vec::new();
    for program in subdirectories(root().join("cases")) {
        for directory in subdirectories(program.clone()) {
            let name = format!("{}/{}", name(&program), name(&directory));
            let text = std::fs::read_to_string(directory.join("case.json")).unwrap();
            let expected: Expected =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            cases.push(Case { name, directory, expected });
        }
    }
    cases
}
