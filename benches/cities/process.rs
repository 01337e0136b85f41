//! `cloudkit container serve` as a process of its own, so that its memory is nobody else's.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cloudkit_core::auth::ServerKey;
use cloudkit_core::{Container, Environment};
use serde::Deserialize;

use super::questions::Db;

pub(crate) struct Process {
    child: Child,
    pub(crate) db: Db,
    /// From the start of the process to the line that says that it accepts requests.
    pub(crate) ready_after: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    url: String,
    container: String,
    key_id: String,
    private_key_file: PathBuf,
}

/// The command, if it was built with the same profile.
pub(crate) fn command() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let command = own.parent()?.parent()?.join("cloudkit");
    command.exists().then_some(command)
}

impl Process {
    pub(crate) fn start(command: &Path, schema: &Path, data: Option<&Path>) -> io::Result<Self> {
        let began = Instant::now();
        let mut serve = Command::new(command);
        serve.args(["container", "serve", "--ready-json", "--schema"]).arg(schema);
        if let Some(data) = data {
            serve.arg("--data").arg(data);
        }
        let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        BufReader::new(output).read_line(&mut line)?;
        let ready_after = began.elapsed();
        let ready: Ready = serde_json::from_str(&line)?;
        let key =
            ServerKey::from_pem_file(&ready.key_id, &ready.private_key_file).map_err(io::Error::other)?;
        let container = Container::builder(ready.container)
            .environment(Environment::Development)
            .url(ready.url)
            .server_key(key)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { child, db: container.public(), ready_after })
    }

    /// The memory that the process holds, in bytes; `None` where the system does not tell it in `/proc`.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
