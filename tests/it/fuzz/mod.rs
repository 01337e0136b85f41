//! Bad input of every kind to every endpoint: what comes back is an answer and never an error of the server's own, a
//! panic, a hang, or what belongs to somebody else; and what was refused has changed nothing.
//!
//! Right requests are made by `endpoints`, one row for each endpoint, and `mutate` changes one to three things about
//! them. `raw` sends what is hardly HTTP. A run follows a seed, which a failure prints: `CLOUDKIT_FUZZ_SEED=7` repeats it.
//! `CLOUDKIT_FUZZ_SECONDS=600` makes runs with one seed after another for that long.

mod dice;
mod endpoints;
mod mutate;
mod oracle;
mod raw;
mod snapshots;
mod wire;
mod words;
mod world;

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use self::dice::Dice;
use self::oracle::{THREAD, judge, watch_panics};
use self::wire::{Client, HANG};
use self::world::World;

/// So many requests go to one container.
const REQUESTS: usize = 400;

#[expect(clippy::disallowed_methods, reason = "nobody passes a configuration to tests")]
fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} must be a number: {value:?}")))
}

/// The seeds of the runs to make: one from the environment, or as many as the environment gives time for, or a few.
fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let seed = variable("CLOUDKIT_FUZZ_SEED");
    let seconds = variable("CLOUDKIT_FUZZ_SECONDS");
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or_default());
    let start = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
    (0..).map(move |at| start + at).take_while(move |at| match (seed, seconds) {
        (_, Some(_)) => Instant::now() < end,
        (Some(seed), None) => *at == seed,
        (None, None) => *at < start + usual,
    })
}

/// A runtime for a server whose panics are noted.
fn runtime() -> tokio::runtime::Runtime {
    watch_panics();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name(THREAD).enable_all().build().unwrap()
}

#[test]
fn every_endpoint_of_the_server_has_a_row() {
    let served: BTreeSet<_> = cloudkit_test_container::endpoints().into_iter().collect();
    let rows: Vec<_> = endpoints::all().into_iter().map(|row| (row.method, row.pattern)).collect();
    assert_eq!(rows.len(), served.len());
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), served);
}

/// Were the rows wrong, their changes would never get past the first check.
#[test]
fn every_row_is_a_right_request() {
    runtime().block_on(async {
        let mut world = World::start(1, HANG).await;
        let mut client = Client::new(world.server.container.url());
        let mut dice = Dice::new(1);
        for row in endpoints::all() {
            for _ in 0..4 {
                let mut request = row.good(&world, &mut dice).unchanged(row.method);
                world.authorise(&mut request, row.callers[0], &row.pattern);
                let answer = client.send(&request).await.unwrap();
                assert!((200..300).contains(&answer.status), "{answer:?}\n  answering {request:?}");
                world.begin_again().await;
            }
        }
    });
}

#[test]
fn changed_requests_do_no_harm() {
    for seed in seeds(4) {
        runtime().block_on(changed_requests(seed));
    }
}

async fn changed_requests(seed: u64) {
    let mut world = World::start(seed, HANG).await;
    let mut client = Client::new(world.server.container.url());
    let mut dice = Dice::new(seed);
    dice.names = world.known_names();
    let rows = endpoints::all();
    let mut before = world.server.container.snapshot().unwrap();
    for number in 0..REQUESTS {
        let row = &rows[dice.below(rows.len())];
        let good = row.good(&world, &mut dice);
        let who = if dice.percent(70) { row.callers[0] } else { dice.pick(row.callers) };
        // Some are right, and asked by whoever: that must not show more than a mistake would.
        let mut request = match dice.percent(15) {
            true => good.unchanged(row.method),
            false => mutate::mutated(&mut dice, row.method, good),
        };
        world.authorise(&mut request, who, &row.pattern);
        let answer = client.send(&request).await;
        let shown = answer.clone();
        let answer = judge(&world, &mut before, who, &request, answer).unwrap_or_else(|why| {
            panic!("CLOUDKIT_FUZZ_SEED={seed}, request {number}: {why}\n{shown:?}\n  answering {who:?} {request:?}")
        });
        if row.replaces_all && answer.status < 300 {
            world.begin_again().await;
            dice.names = world.known_names();
            before = world.server.container.snapshot().unwrap();
        }
    }
    world.check().await;
    assert!(oracle::panics().is_empty(), "CLOUDKIT_FUZZ_SEED={seed}");
}
