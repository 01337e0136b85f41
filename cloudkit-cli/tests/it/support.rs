//! Runs the command and looks at what came out.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use cloudkit_core::auth::PrivateKey;

/// A run of the command, with no variable of the environment set that the test does not set.
pub(crate) struct Cloudkit {
    command: Command,
    stdin: Vec<u8>,
}

/// What came out. No run may print a private key, so that every test checks it.
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cloudkit {
    pub(crate) fn new(arguments: impl IntoIterator<Item: AsRef<std::ffi::OsStr>>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudkit"));
        command.env_clear().args(arguments);
        Self { command, stdin: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn and(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    #[track_caller]
    pub(crate) fn run(mut self) -> Output {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut stdin = child.stdin.take().expect("it was piped");
        let bytes = std::mem::take(&mut self.stdin);
        let writer = std::thread::spawn(move || {
            // A command that does not read all of it closes the pipe.
            let _ = stdin.write_all(&bytes);
        });
        let output = child.wait_with_output().expect("the command ends");
        writer.join().expect("writing does not panic");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        let output =
            Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert_no_private_key(&format!("{}{}", output.stdout, output.stderr));
        output
    }
}

impl Output {
    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("{error}: {:?}, and on standard error: {}", self.stdout, self.stderr)
        })
    }
}

/// The numbers of the private keys of the fixtures, the vectors and the corpus.
fn private_keys() -> &'static [[u8; 32]] {
    static KEYS: std::sync::OnceLock<Vec<[u8; 32]>> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| {
        let directories = ["tests/fixtures/keys/good", "tests/vectors/signing/keys", "tests/explain/keys"];
        let files = directories.iter().flat_map(|directory| {
            let entries = std::fs::read_dir(repository(directory)).expect("a directory of keys");
            entries.map(|entry| entry.expect("a directory of keys").path())
        });
        let mut keys: Vec<[u8; 32]> = files
            .filter_map(|file| PrivateKey::from_pem_file(file).ok())
            .map(|key| {
                let pem = key.to_sec1_pem();
                let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
                let der = STANDARD.decode(base64).expect("base64");
                // SEQUENCE, version 1, OCTET STRING of 32 bytes.
                assert_eq!(der[2..7], [2, 1, 1, 4, 32]);
                der[7..39].try_into().expect("32 bytes")
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        assert!(keys.len() >= 4, "only {} private keys were found", keys.len());
        keys
    })
}

/// Looks for private keys in hexadecimal, in base64 and in PEM.
#[track_caller]
pub(crate) fn assert_no_private_key(text: &str) {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let lower = squeezed.to_lowercase();
    for key in private_keys() {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!lower.contains(&hex), "a private key in {text}");
        // Base64 has three alignments. The outermost characters depend on the neighbours, so they are left out.
        for shift in 0..3 {
            let base64 = STANDARD_NO_PAD.encode([&vec![0; shift][..], key].concat());
            assert!(!squeezed.contains(&base64[4..base64.len() - 4]), "a private key in {text}");
        }
    }
    assert!(!text.contains("PRIVATE KEY-----"), "a private key in {text}");
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A fresh directory that is removed at the end.
pub(crate) fn temporary_directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}
