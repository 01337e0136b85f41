//! The serving process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

pub(crate) const CONTAINER: &str = "iCloud.com.example.Kill";
pub(crate) const API_TOKEN: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
pub(crate) const WEB_AUTH_TOKEN: &str = "token-of-alice";

pub(crate) struct Server {
    process: Child,
    stdout: BufReader<ChildStdout>,
    ready: Option<Value>,
}

impl Server {
    pub(crate) fn start(directory: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cloudkit"))
            .args([
                "container",
                "serve",
                "--ready-json",
                "--jit",
                "--id",
                CONTAINER,
                "--api-token",
                API_TOKEN,
            ])
            .arg(format!("--user=alice={WEB_AUTH_TOKEN}"))
            .arg("--data")
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { process, stdout, ready: None }
    }

    pub(crate) fn wait_until_ready(&mut self) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        self.ready = serde_json::from_str(&line).ok();
        if self.ready.is_none() {
            let mut why = String::new();
            self.process.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("the process is not ready but says {line:?} and {why:?}");
        }
    }

    pub(crate) fn url(&self) -> String {
        self.ready.as_ref().unwrap()["url"].as_str().unwrap().to_owned()
    }

    /// Sends SIGKILL, which no process can prepare for.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
