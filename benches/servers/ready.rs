//! How long it takes until a container answers: as a process, and inside of a test.

use std::io::Result;
use std::time::{Duration, Instant};

use cloudkit_test_container::TestContainer;

use super::container::serve;
use super::process::Process;

const TIMES: usize = 15;

pub(crate) fn measure() -> Result<()> {
    let mut process = Vec::new();
    let mut kept = Vec::new();
    for _ in 0..TIMES {
        for (keeps, times) in [(false, &mut process), (true, &mut kept)] {
            let directory = tempfile::tempdir()?;
            let mut command = serve(directory.path(), keeps, None)?;
            let began = Instant::now();
            let (_running, line) = Process::start(&mut command, None)?;
            times.push(began.elapsed());
            assert!(line.contains("keyId"), "a container that is ready says so: {line}");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut inside = Vec::new();
    for _ in 0..TIMES {
        let began = Instant::now();
        let container = runtime.block_on(TestContainer::builder("iCloud.com.example.App").start());
        inside.push(began.elapsed());
        runtime.block_on(container.map_err(std::io::Error::other)?.stop());
    }
    println!("\nready, of {TIMES} times");
    for (name, times) in [
        ("cloudkit container serve", &mut process),
        ("cloudkit container serve --data", &mut kept),
        ("TestContainer::start", &mut inside),
    ] {
        times.sort();
        let middle = times.get(TIMES / 2).copied().unwrap_or(Duration::MAX);
        let least = times.first().copied().unwrap_or(Duration::MAX);
        println!("  {name:<40} {least:>10.1?} at best {middle:>10.1?} in the middle");
    }
    Ok(())
}
