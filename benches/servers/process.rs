//! Servers as processes of their own, and the processor time that the system has counted for them.

use std::io::{BufRead as _, BufReader, Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A process that ends with the value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// What the server keeps, and takes along.
    _directory: Option<tempfile::TempDir>,
}

impl Process {
    /// Starts a server and reads the first line that it prints.
    pub(crate) fn start(
        command: &mut Command,
        directory: Option<tempfile::TempDir>,
    ) -> Result<(Self, String)> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            let mut output = BufReader::new(output);
            output.read_line(&mut line)?;
            // A server that goes on printing must not wait for a reader.
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        }
        Ok((Self { child, _directory: directory }, line))
    }

    /// Starts a server that says nothing, and waits until it accepts connections.
    pub(crate) fn start_at(
        command: &mut Command,
        address: SocketAddr,
        directory: Option<tempfile::TempDir>,
    ) -> Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let process = Self { child, _directory: directory };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > Duration::from_secs(30) {
                return Err(Error::other(format!("{command:?} does not listen at {address}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(process)
    }

    /// What the process has used so far, with the time that the kernel spent on it. Counted in hundredths of a second.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in brackets may hold spaces; the fields after it are numbers.
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What this thread has used so far.
pub(crate) fn thread_time() -> Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().and_then(|text| text.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| Error::other("schedstat is not as expected"))
}

/// A port of loopback that nobody uses.
pub(crate) fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The program of an npm package. The first word of a contestant's name is that of its package.
pub(crate) fn npm_program(name: &str) -> PathBuf {
    let package = name.split(',').next().unwrap_or(name);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("npm/node_modules/.bin").join(package)
}

pub(crate) fn is_installed(name: &str) -> bool {
    npm_program(name).exists()
}
