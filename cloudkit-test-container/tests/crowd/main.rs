//! A thousand connections at once, each of which writes, reads and queries: nothing is lost, and nothing is left behind.
//!
//! A test binary of its own, because it counts what the process holds. With `CLOUDKIT_CROWD_SECONDS` set, every connection
//! goes on for so long instead of a few requests.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod connection;
mod member;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudkit_core::value::{ScalarType, ValueType};
use cloudkit_test_container::{FieldDef, RecordType, Schema, TestContainer};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::sync::Barrier;

use connection::{Connection, Signer};
use member::{Member, Seen};

/// How many connections are open at once.
const CONNECTIONS: usize = 1_000;

/// How many requests each of them sends, if not for a time.
const ROUNDS: usize = 8;

/// The open files and the threads of this process.
fn held() -> (usize, usize) {
    let count = |directory: &str| std::fs::read_dir(directory).unwrap().count();
    (count("/proc/self/fd"), count("/proc/self/task"))
}

/// Both ends of every connection are in this process.
fn allow_files(wanted: u64) {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}

fn schema() -> Schema {
    let number = |name| FieldDef::new(name, ValueType::one(ScalarType::Int64)).queryable().sortable();
    let note = RecordType::new("Note").field(number("member")).field(number("round"));
    Schema::new().record_type(note.record_name_queryable().default_grants())
}

/// What the members of the crowd were told, put together.
fn put_together(crowd: Vec<Seen>) -> (BTreeMap<String, String>, usize) {
    let mut expected = BTreeMap::new();
    let mut replies = HashSet::new();
    let mut requests = 0;
    for seen in crowd {
        for (name, tag) in seen.saved {
            let twice = expected.insert(name.clone(), tag);
            assert_eq!(twice, None, "two members were told that they have created {name}");
        }
        requests += seen.replies.len();
        replies.extend(seen.replies);
    }
    assert_eq!(replies.len(), requests, "two requests have one answer");
    (expected, requests)
}

/// Everything that the container holds, by name, with the tag.
async fn everything(connection: &mut Connection) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut request = json!({ "query": { "recordType": "Note" } });
    loop {
        let reply = connection.ask("records/query", &request).await;
        for record in reply.body["records"].as_array().unwrap() {
            let text = |member: &str| record[member].as_str().unwrap().to_owned();
            let twice = all.insert(text("recordName"), text("recordChangeTag"));
            assert_eq!(twice, None, "a record is on two pages");
        }
        match reply.body.get("continuationMarker") {
            Some(marker) => request["continuationMarker"] = marker.clone(),
            None => return all,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "nobody passes a configuration to tests")]
fn seconds() -> Option<String> {
    std::env::var("CLOUDKIT_CROWD_SECONDS").ok()
}

async fn crowd() -> usize {
    let container =
        TestContainer::builder("iCloud.com.example.Crowd").schema(schema()).start().await.unwrap();
    let signer = Arc::new(Signer::of(&container));
    let time = seconds().map(|seconds| Duration::from_secs(seconds.parse().unwrap()));

    // Nobody sends anything before all are connected.
    let all_here = Arc::new(Barrier::new(CONNECTIONS));
    let mut tasks = Vec::new();
    for number in 0..CONNECTIONS {
        let (signer, all_here) = (Arc::clone(&signer), Arc::clone(&all_here));
        tasks.push(tokio::spawn(async move {
            let connection = Connection::open(signer).await;
            all_here.wait().await;
            let began = Instant::now();
            let mut member = Member::new(number, connection);
            let mut round = 0;
            while time.map_or(round < ROUNDS, |time| began.elapsed() < time) {
                member.act(round).await;
                round += 1;
            }
            member.leave().await
        }));
    }
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.unwrap());
    }
    let (expected, requests) = put_together(seen);
    assert!(requests >= CONNECTIONS * 2, "only {requests} requests");
    let mut connection = Connection::open(signer).await;
    assert_eq!(everything(&mut connection).await, expected, "what is there is not what was acknowledged");
    connection.close().await;
    container.stop().await;
    requests
}

#[test]
fn a_thousand_connections_lose_nothing() {
    allow_files(2 * CONNECTIONS as u64 + 200);
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // The first one opens what the process keeps, to listen for signals.
    drop(runtime());
    let before = held();
    let runtime = runtime();
    let began = Instant::now();
    let requests = runtime.block_on(crowd());
    println!("{requests} requests over {CONNECTIONS} connections in {:.1?}", began.elapsed());
    // Waits for the threads of the runtime, of which the container has none of its own.
    drop(runtime);
    assert_eq!(held(), before, "open files and threads, after and before");
}
