//! Snapshots that somebody has edited: what cannot be is refused, by file and line, and what is restored can be read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::dice::Dice;
use super::mutate::{change_bytes, change_json};
use super::wire::{Client, HANG, Outgoing};
use super::words::{sent, word};
use super::world::{Who, World};
use super::{endpoints, oracle, runtime, seeds};

/// So many are sent to one container.
const SNAPSHOTS: usize = 60;

/// Changes one thing about one of the files.
fn change(dice: &mut Dice, files: &mut BTreeMap<String, Vec<u8>>) {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = dice.pick(&names);
    let content = files[&name].clone();
    let text = String::from_utf8_lossy(&content).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.below(lines.len().max(1));
    let in_json = |dice: &mut Dice, line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap_or_default();
        change_json(dice, &mut value);
        sent(&value)
    };
    match dice.below(12) {
        0 => drop(files.remove(&name)),
        1 => {
            let other = format!("data/{}.jsonl", word(dice));
            files.insert(other, content);
        }
        2 => {
            let mut bytes = content;
            change_bytes(dice, &mut bytes);
            files.insert(name, bytes);
        }
        3 if !lines.is_empty() => {
            lines.remove(at);
            files.insert(name, (lines.join("\n") + "\n").into_bytes());
        }
        4 if !lines.is_empty() => {
            lines.push(lines[at].clone());
            files.insert(name, (lines.join("\n") + "\n").into_bytes());
        }
        _ if name.ends_with(".jsonl") && !lines.is_empty() => {
            lines[at] = in_json(dice, &lines[at].clone());
            files.insert(name, (lines.join("\n") + "\n").into_bytes());
        }
        _ if name.ends_with(".json") => drop(files.insert(name, in_json(dice, &text).into_bytes())),
        _ => {
            let word = word(dice);
            let at = (0..=text.len())
                .rev()
                .find(|end| *end <= at * 40 && text.is_char_boundary(*end))
                .unwrap_or(0);
            files.insert(name, format!("{}{word}{}", &text[..at], &text[at..]).into_bytes());
        }
    }
}

fn restoring(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let file = |bytes: &Vec<u8>| match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    };
    let files: serde_json::Map<_, _> =
        files.iter().map(|(name, bytes)| (name.clone(), file(bytes))).collect();
    json!({ "files": files }).to_string().into_bytes()
}

#[test]
fn changed_snapshots_do_no_harm() {
    for seed in seeds(1) {
        runtime().block_on(changed_snapshots(seed));
    }
}

async fn changed_snapshots(seed: u64) {
    let mut world = World::start(seed, HANG).await;
    let mut client = Client::new(world.server.container.url());
    let mut dice = Dice::new(seed);
    dice.names = world.known_names();
    let files = world.server.container.snapshot().unwrap().files();
    let mut before = world.server.container.snapshot().unwrap();
    for number in 0..SNAPSHOTS {
        let mut changed = files.clone();
        change(&mut dice, &mut changed);
        let mut request = Outgoing {
            method: "POST".to_owned(),
            target: "/admin/restore".to_owned(),
            headers: Vec::new(),
            body: restoring(&changed),
        };
        world.authorise(&mut request, Who::Owner, "/admin/restore");
        let context = format!("CLOUDKIT_FUZZ_SEED={seed}, snapshot {number}");
        let answer = client.send(&request).await;
        let answer = oracle::judge(&world, &mut before, Who::Owner, &request, answer).unwrap_or_else(|why| {
            let diff = difference(&files, &changed);
            panic!("{context}: {why}\n  restoring {diff}")
        });
        if answer.status != 200 {
            continue;
        }
        for row in endpoints::all().iter().filter(|row| !row.replaces_all) {
            let mut request = row.good(&world, &mut dice).unchanged(row.method);
            world.authorise(&mut request, row.callers[0], &row.pattern);
            let answer =
                client.send(&request).await.unwrap_or_else(|why| panic!("{context}: {why}\n  {request:?}"));
            let diff = || difference(&files, &changed);
            assert!(
                answer.status < 500,
                "{context}: {answer:?}\n  answering {request:?}\n  after {}",
                diff()
            );
            assert_eq!(oracle::panics(), Vec::<String>::new(), "{context}: {request:?}\n  after {}", diff());
        }
        world.begin_again().await;
        before = world.server.container.snapshot().unwrap();
    }
    world.check().await;
}

/// What was changed.
fn difference(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> String {
    let lines = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        let lines = |(name, bytes): (&String, &Vec<u8>)| -> Vec<String> {
            String::from_utf8_lossy(bytes).lines().map(|line| format!("{name}: {line}")).collect()
        };
        files.iter().flat_map(lines).collect()
    };
    let (before, after) = (lines(before), lines(after));
    let only = |these: &[String], those: &[String]| {
        these.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>()
    };
    let text = format!("{:#?} in the place of {:#?}", only(&after, &before), only(&before, &after));
    text.chars().take(4000).collect()
}
