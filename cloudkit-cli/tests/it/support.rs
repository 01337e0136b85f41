//! Runs the command and looks at what came out.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

/// The numbers of the private keys of all fixtures and vectors, in the forms in which they could be printed.
#[track_caller]
pub(crate) fn assert_no_private_key(text: &str) {
    const SCALARS: [&str; 1] = ["c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"];
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    for scalar in SCALARS {
        let bytes: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&scalar[2 * at..2 * at + 2], 16).expect("hexadecimal digits"))
            .collect();
        assert!(!squeezed.to_lowercase().contains(scalar), "a private key in {text}");
        // Base64 has three alignments. The outermost characters depend on the neighbours, so they are left out.
        for shift in 0..3 {
            use base64::Engine as _;
            let padded = [&vec![0; shift][..], &bytes].concat();
            let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(padded);
            let inner = &base64[4..base64.len() - 4];
            assert!(!squeezed.contains(inner), "a private key in {text}");
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
