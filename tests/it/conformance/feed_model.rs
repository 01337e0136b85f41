//! Change feeds, held against a model: random histories of zones, and readers who follow them at their own pace.
//!
//! The model is a list of what happened last to each record and zone, in order. It says exactly what each page must hold.

use std::collections::{BTreeMap, VecDeque};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use serde_json::{Value, json};

use super::support::{Caller, Server, check_failed, create, int64, operation, text, zone_operation};

const ZONES: [&str; 3] = ["books", "films", "songs"];
const READERS: usize = 3;
const STEPS: usize = 300;
const HISTORIES: u32 = 12;

#[derive(Clone, Debug)]
enum Step {
    CreateZone(usize),
    DeleteZone(usize),
    /// Accounts by number, each with an amount.
    Save(usize, BTreeMap<u8, i64>),
    /// A node that goes when another one does.
    SaveChild(usize, u8, u8),
    DeleteAccount(usize, u8),
    DeleteNode(usize, u8),
    /// A batch that fails as a whole.
    Fail(usize, BTreeMap<u8, i64>),
    /// A reader asks for a page of a zone, of so many records.
    Read(usize, usize, usize),
    /// A reader asks for the same page twice.
    ReadTwice(usize, usize, usize),
    ReadDatabase(usize, usize),
    /// A reader forgets everything.
    Forget(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let zone = || 0..ZONES.len();
    let reader = || 0..READERS;
    let saves = || proptest::collection::btree_map(0_u8..8, -9_i64..9, 1..4);
    prop_oneof![
        2 => zone().prop_map(Step::CreateZone),
        1 => zone().prop_map(Step::DeleteZone),
        8 => (zone(), saves()).prop_map(|(zone, saves)| Step::Save(zone, saves)),
        4 => (zone(), 0_u8..6, 0_u8..6).prop_map(|(zone, node, up)| Step::SaveChild(zone, node, up)),
        3 => (zone(), 0_u8..8).prop_map(|(zone, account)| Step::DeleteAccount(zone, account)),
        2 => (zone(), 0_u8..6).prop_map(|(zone, node)| Step::DeleteNode(zone, node)),
        1 => (zone(), saves()).prop_map(|(zone, saves)| Step::Fail(zone, saves)),
        9 => (reader(), zone(), 1_usize..6).prop_map(|(reader, zone, limit)| Step::Read(reader, zone, limit)),
        2 => (reader(), zone(), 1_usize..6).prop_map(|(reader, zone, limit)| Step::ReadTwice(reader, zone, limit)),
        3 => (reader(), 1_usize..4).prop_map(|(reader, limit)| Step::ReadDatabase(reader, limit)),
        1 => reader().prop_map(Step::Forget),
    ]
}

/// What a record is, as far as the model cares.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    /// Its place in the order of creation.
    made: u64,
    cents: Option<i64>,
    up: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Zone {
    /// Which of the zones of this name it is.
    born: u64,
    records: BTreeMap<String, Record>,
    /// When each record that ever was has changed last.
    changes: BTreeMap<String, u64>,
}

impl Zone {
    fn latest(&self) -> u64 {
        self.changes.values().copied().max().unwrap_or(0).max(self.born)
    }

    /// The names of what has changed since, with the time, in order.
    fn since(&self, at: u64) -> Vec<(u64, &str)> {
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .filter(|(_, time)| **time > at)
            .map(|(name, time)| (*time, name.as_str()))
            .collect();
        changes.sort_unstable();
        changes
    }
}

/// The state of a private database.
#[derive(Default)]
struct Model {
    time: u64,
    zones: BTreeMap<&'static str, Zone>,
    gone: BTreeMap<&'static str, u64>,
}

impl Model {
    fn tick(&mut self) -> u64 {
        self.time += 1;
        self.time
    }

    fn save(&mut self, zone: &str, name: String, cents: Option<i64>, up: Option<String>) {
        let time = self.tick();
        let zone = self.zones.get_mut(zone).unwrap();
        let made = zone.records.get(&name).map_or(time, |known| known.made);
        zone.records.insert(name.clone(), Record { made, cents, up });
        zone.changes.insert(name, time);
    }

    /// Deletes a record and, one after the other, those that go with it.
    fn delete(&mut self, zone: &str, name: &str) {
        let zone = self.zones.get_mut(zone).unwrap();
        let mut doomed = Vec::new();
        let mut queue = VecDeque::from([name.to_owned()]);
        while let Some(name) = queue.pop_front() {
            if doomed.contains(&name) || !zone.records.contains_key(&name) {
                continue;
            }
            let is_source = |record: &Record| record.up.as_ref() == Some(&name);
            let mut sources: Vec<_> = zone.records.iter().filter(|(_, record)| is_source(record)).collect();
            sources.sort_by_key(|(_, record)| record.made);
            queue.extend(sources.into_iter().map(|(name, _)| name.clone()));
            doomed.push(name);
        }
        for name in doomed {
            self.time += 1;
            zone.records.remove(&name);
            zone.changes.insert(name, self.time);
        }
    }

    /// What the feed of the database must show: name, whether the zone is gone, and the time, in order.
    fn zones_since(&self, at: u64) -> Vec<(u64, &'static str, bool)> {
        let alive = self.zones.iter().map(|(name, zone)| (zone.latest(), *name, false));
        let gone = self.gone.iter().map(|(name, time)| (*time, *name, true));
        let mut all: Vec<_> = alive.chain(gone).filter(|(time, ..)| *time > at).collect();
        all.sort_unstable();
        all
    }
}

/// How far a reader has come with a zone or database, and where it stood then.
#[derive(Clone, Debug)]
struct Mark {
    token: String,
    at: u64,
    /// The zone that the token is of.
    born: u64,
    copy: BTreeMap<String, Option<i64>>,
}

#[derive(Default)]
struct Reader {
    zones: BTreeMap<usize, Mark>,
    database: Option<(String, u64)>,
}

async fn read_zone(caller: &Caller<'_>, zone: &str, limit: usize, token: Option<&str>) -> Value {
    let mut entry = json!({ "zoneID": { "zoneName": zone }, "resultsLimit": limit });
    if let Some(token) = token {
        entry["syncToken"] = token.into();
    }
    let reply = caller.post("private/changes/zone", json!({ "zones": [entry] })).await;
    reply.list("zones")[0].clone()
}

/// Reads one page, checks it against the model to the last detail, and follows it.
async fn follow(
    caller: &Caller<'_>,
    model: &Model,
    reader: &mut Reader,
    zone: usize,
    limit: usize,
    twice: bool,
) {
    let name = ZONES[zone];
    let mark = reader.zones.get(&zone).cloned();
    let token = mark.as_ref().map(|mark| mark.token.as_str());
    let page = read_zone(caller, name, limit, token).await;
    if twice {
        assert_eq!(page, read_zone(caller, name, limit, token).await);
    }
    let Some(state) = model.zones.get(name) else {
        check_failed(&page, "ZONE_NOT_FOUND", name);
        reader.zones.remove(&zone);
        return;
    };
    if mark.as_ref().is_some_and(|mark| mark.born != state.born) {
        check_failed(&page, "BAD_REQUEST", "Unknown sync continuation type");
        reader.zones.remove(&zone);
        return;
    }
    let mut mark =
        mark.unwrap_or(Mark { token: String::new(), at: 0, born: state.born, copy: BTreeMap::new() });
    let due = state.since(mark.at);
    let expected = &due[..due.len().min(limit)];
    let records = page["records"].as_array().unwrap_or_else(|| panic!("no records: {page}"));
    let names: Vec<&str> = records.iter().map(|record| text(&record["recordName"])).collect();
    assert_eq!(
        names,
        expected.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
        "of {name} after {}",
        mark.at
    );
    assert_eq!(page["moreComing"], due.len() > limit);
    for record in records {
        let name = text(&record["recordName"]);
        match state.records.get(name) {
            Some(known) => {
                assert_eq!(record["deleted"], false, "{record}");
                assert_eq!(record["fields"]["cents"]["value"].as_i64(), known.cents, "{record}");
                mark.copy.insert(name.to_owned(), known.cents);
            }
            None => {
                assert_eq!(record["deleted"], true, "{record}");
                mark.copy.remove(name);
            }
        }
    }
    if let Some((time, _)) = expected.last() {
        mark.at = *time;
    }
    if due.len() <= limit {
        let whole: BTreeMap<_, _> =
            state.records.iter().map(|(name, record)| (name.clone(), record.cents)).collect();
        assert_eq!(mark.copy, whole, "a reader who has caught up has everything");
    }
    mark.token = text(&page["syncToken"]).to_owned();
    reader.zones.insert(zone, mark);
}

async fn follow_database(caller: &Caller<'_>, model: &Model, reader: &mut Reader, limit: usize) {
    let mut body = json!({ "resultsLimit": limit });
    if let Some((token, _)) = &reader.database {
        body["syncToken"] = token.as_str().into();
    }
    let reply = caller.post("private/changes/database", body).await;
    let starts = reader.database.is_none();
    let mut at = reader.database.as_ref().map_or(0, |(_, at)| *at);
    let mut expected = Vec::new();
    let mut more = false;
    for (time, name, gone) in model.zones_since(at) {
        if starts && gone {
            at = time;
        } else if expected.len() == limit {
            more = true;
            break;
        } else {
            expected.push((name, gone));
            at = time;
        }
    }
    let zones = reply.list("zones").iter();
    let found: Vec<_> =
        zones.map(|zone| (text(&zone["zoneID"]["zoneName"]), zone["deleted"] == true)).collect();
    assert_eq!(found, expected, "{reply:?}");
    assert_eq!(reply.body["moreComing"], more);
    reader.database = Some((text(&reply.body["syncToken"]).to_owned(), at));
}

fn account(number: u8, cents: i64) -> Value {
    let fields = json!({ "cents": int64(cents) });
    operation(
        "forceUpdate",
        json!({ "recordType": "Account", "recordName": format!("a-{number}"), "fields": fields }),
    )
}

async fn run(steps: &[Step]) {
    let server = Server::start().await;
    let alice = server.user("alice");
    let mut model = Model::default();
    let mut readers: Vec<Reader> = (0..READERS).map(|_| Reader::default()).collect();
    for step in steps {
        if let Step::Save(zone, _)
        | Step::SaveChild(zone, ..)
        | Step::DeleteAccount(zone, _)
        | Step::DeleteNode(zone, _)
        | Step::Fail(zone, _) = step
            && !model.zones.contains_key(ZONES[*zone])
        {
            continue;
        }
        match step {
            Step::CreateZone(zone) => {
                alice.create_zone(ZONES[*zone]).await;
                model.gone.remove(ZONES[*zone]);
                let born = model.tick();
                model.zones.entry(ZONES[*zone]).or_insert(Zone { born, ..Zone::default() });
            }
            Step::DeleteZone(zone) => {
                let reply = alice.modify_zones(json!([zone_operation("delete", ZONES[*zone])])).await;
                let entry = &reply.list("zones")[0];
                if model.zones.remove(ZONES[*zone]).is_some() {
                    assert_eq!(entry["deleted"], true, "{entry}");
                    let time = model.tick();
                    model.gone.insert(ZONES[*zone], time);
                } else {
                    check_failed(entry, "ZONE_NOT_FOUND", ZONES[*zone]);
                }
            }
            Step::Save(zone, saves) => {
                let operations: Vec<Value> =
                    saves.iter().map(|(number, cents)| account(*number, *cents)).collect();
                alice.modify_in(ZONES[*zone], operations.into()).await.record(saves.len() - 1);
                for (number, cents) in saves {
                    model.save(ZONES[*zone], format!("a-{number}"), Some(*cents), None);
                }
            }
            Step::SaveChild(zone, node, up) => {
                let (name, up) = (format!("n-{node}"), format!("n-{up}"));
                let reference =
                    json!({ "value": { "recordName": up, "action": "DELETE_SELF" }, "type": "REFERENCE" });
                let record =
                    json!({ "recordType": "Node", "recordName": name, "fields": { "up": reference } });
                alice.modify_in(ZONES[*zone], json!([operation("forceUpdate", record)])).await.record(0);
                model.save(ZONES[*zone], name, None, Some(up));
            }
            Step::DeleteAccount(zone, number) | Step::DeleteNode(zone, number) => {
                let letter = if matches!(step, Step::DeleteNode(..)) { 'n' } else { 'a' };
                let name = format!("{letter}-{number}");
                let delete = operation("forceDelete", json!({ "recordName": name }));
                alice.modify_in(ZONES[*zone], json!([delete])).await.record(0);
                model.delete(ZONES[*zone], &name);
            }
            Step::Fail(zone, saves) => {
                let mut operations: Vec<Value> =
                    saves.iter().map(|(number, cents)| account(*number, *cents)).collect();
                operations.push(create("NoSuchType", "x", json!({})));
                let reply = alice.modify_in(ZONES[*zone], operations.into()).await;
                reply.refused(400, "ATOMIC_ERROR", "");
            }
            Step::Read(reader, zone, limit) => {
                follow(&alice, &model, &mut readers[*reader], *zone, *limit, false).await;
            }
            Step::ReadTwice(reader, zone, limit) => {
                follow(&alice, &model, &mut readers[*reader], *zone, *limit, true).await;
            }
            Step::ReadDatabase(reader, limit) => {
                follow_database(&alice, &model, &mut readers[*reader], *limit).await;
            }
            Step::Forget(reader) => readers[*reader] = Reader::default(),
        }
    }
    // In the end everybody catches up.
    for reader in &mut readers {
        for zone in 0..ZONES.len() {
            // Once to be told of a zone that was made anew, and once to read it.
            follow(&alice, &model, reader, zone, 200, false).await;
            follow(&alice, &model, reader, zone, 200, false).await;
        }
    }
}

#[test]
fn readers_of_random_histories_see_what_has_happened() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config {
        cases: HISTORIES,
        max_shrink_iters: 300,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        source_file: Some(file!()),
        ..Config::default()
    };
    let histories = vec(step(), STEPS);
    let result = TestRunner::new(config).run(&histories, |steps| {
        runtime.block_on(run(&steps));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}
