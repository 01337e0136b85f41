//! `kill -9` at any moment loses nothing that was acknowledged, and leaves no half of an atomic batch.
//!
//! A serving process is killed under load, again and again on the same directory. A ledger knows what was sent and what was
//! acknowledged, and compares it with what the next process finds.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod ledger;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ledger::Ledger;
use server::Server;
use tokio::sync::Notify;

/// How often the process is killed under load.
const KILLS: u64 = 100;

/// How many write at once.
const WRITERS: usize = 4;

/// The numbers of one kill, the same in every run: xorshift over the number of the kill.
fn draw(kill: u64) -> u64 {
    let mut x = kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    x ^= x >> 33;
    x ^= x << 11;
    x ^ (x >> 29)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(Ledger::new).collect();
    let mut acknowledged = 0;
    let mut broken_off = 0;
    for kill in 0..KILLS {
        if kill % 10 == 9 {
            // In the middle of taking up what was left, too.
            Server::start(directory.path()).kill();
        }
        let mut server = Server::start(directory.path());
        server.wait_until_ready();
        let server_url = server.url();
        for ledger in &mut ledgers {
            ledger.check(&server_url).await;
        }

        // The kill comes with the acknowledgement of one writer, while the others are in the middle of something.
        let until_kill = Arc::new(AtomicU32::new(u32::try_from(1 + draw(kill) % 40).unwrap()));
        let enough = Arc::new(Notify::new());
        let mut writers = tokio::task::JoinSet::new();
        for mut ledger in ledgers.drain(..) {
            let (url, until_kill, enough) =
                (server_url.clone(), Arc::clone(&until_kill), Arc::clone(&enough));
            writers.spawn(async move {
                while ledger.write(&url).await {
                    if until_kill.fetch_sub(1, Ordering::SeqCst) == 1 {
                        enough.notify_one();
                    }
                }
                ledger
            });
        }
        enough.notified().await;
        server.kill();
        ledgers = writers.join_all().await;
        acknowledged += ledgers.iter().map(Ledger::acknowledged).sum::<u64>();
        broken_off += ledgers.iter().map(Ledger::broken_off).sum::<u64>();
    }

    let mut server = Server::start(directory.path());
    server.wait_until_ready();
    for ledger in &mut ledgers {
        ledger.check(&server.url()).await;
        ledger.check_everything(&server.url()).await;
    }
    server.kill();
    println!("{KILLS} kills, {acknowledged} writes acknowledged, {broken_off} broken off");
    assert!(broken_off >= KILLS, "the kills came while nothing was under way: {broken_off}");
}
