//! What one writer has sent, and what of it was acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::server::{API_TOKEN, CONTAINER, WEB_AUTH_TOKEN};

/// The records of the writer's zone. Each atomic batch gives all of them the same number.
const RECORDS: usize = 8;

/// A writer with a zone of its own, and with records of its own in the public database.
pub(crate) struct Ledger {
    writer: usize,
    http: reqwest::Client,
    zone_exists: bool,
    /// The number of the last batch that was acknowledged, and of the last that was sent.
    batch: (u64, u64),
    /// Records in the public database, by the number in them; all were acknowledged.
    created: BTreeMap<String, u64>,
    /// Records whose delete was acknowledged.
    deleted: BTreeSet<String>,
    /// A create or delete whose answer did not come.
    unknown: Vec<Unknown>,
    acknowledged: u64,
    broken_off: u64,
}

enum Unknown {
    Created(String, u64),
    Deleted(String, u64),
}

impl Ledger {
    pub(crate) fn new(writer: usize) -> Self {
        Self {
            writer,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            zone_exists: false,
            batch: (0, 0),
            created: BTreeMap::new(),
            deleted: BTreeSet::new(),
            unknown: Vec::new(),
            acknowledged: 0,
            broken_off: 0,
        }
    }

    /// The writes that were acknowledged since the last time this was asked.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The writes that were under way when the process was killed.
    pub(crate) fn broken_off(&self) -> u64 {
        self.broken_off
    }

    fn zone(&self) -> Value {
        json!({"zoneName": format!("zone-{}", self.writer)})
    }

    /// Sends a request as the user. `None` if no whole answer came.
    async fn post(&self, url: &str, path: &str, body: Value) -> Option<Value> {
        let target = format!("{url}/database/1/{CONTAINER}/development/{path}");
        let target = format!("{target}?ckAPIToken={API_TOKEN}&ckWebAuthToken={WEB_AUTH_TOKEN}");
        let response = self.http.post(target).body(body.to_string()).send().await.ok()?;
        let status = response.status();
        let bytes = response.bytes().await.ok()?;
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(status, 200, "{path} {body} gives {value}");
        Some(value)
    }

    /// Writes once: a batch, or a record of the public database. False when the process is gone.
    pub(crate) async fn write(&mut self, url: &str) -> bool {
        let done = match (self.batch.1 + self.created.len() as u64) % 3 {
            _ if !self.zone_exists => self.create_zone(url).await,
            0 => self.create(url).await,
            1 if self.created.len() > 3 && self.deleted.len() * 2 < self.created.len() => {
                self.delete(url).await
            }
            _ => self.save_batch(url).await,
        };
        if done {
            self.acknowledged += 1;
        } else {
            self.broken_off += 1;
        }
        done
    }

    async fn create_zone(&mut self, url: &str) -> bool {
        let operation = json!({"operationType": "create", "zone": {"zoneID": self.zone()}});
        let done = self.post(url, "private/zones/modify", json!({"operations": [operation]})).await;
        self.zone_exists = done.is_some();
        self.zone_exists
    }

    async fn save_batch(&mut self, url: &str) -> bool {
        let number = self.batch.1 + 1;
        self.batch.1 = number;
        let operations: Vec<Value> =
            (0..RECORDS).map(|record| save(&format!("record-{record}"), number)).collect();
        let body = json!({"operations": operations, "zoneID": self.zone(), "atomic": true});
        let Some(reply) = self.post(url, "private/records/modify", body).await else { return false };
        for record in reply["records"].as_array().unwrap() {
            assert_eq!(record["fields"]["number"]["value"], number, "{record}");
        }
        self.batch.0 = number;
        true
    }

    async fn create(&mut self, url: &str) -> bool {
        let number = (self.created.len() + self.deleted.len() + self.unknown.len()) as u64;
        let name = format!("public-{}-{number}-{}", self.writer, self.batch.1);
        let body = json!({"operations": [save(&name, number)]});
        match self.post(url, "public/records/modify", body).await {
            Some(reply) => {
                assert_eq!(reply["records"][0]["recordName"], name, "{reply}");
                self.created.insert(name, number);
                true
            }
            None => {
                self.unknown.push(Unknown::Created(name, number));
                false
            }
        }
    }

    async fn delete(&mut self, url: &str) -> bool {
        let (name, number) = self.created.pop_first().unwrap();
        let operation = json!({"operationType": "forceDelete", "record": {"recordName": name}});
        match self.post(url, "public/records/modify", json!({"operations": [operation]})).await {
            Some(reply) => {
                assert_eq!(reply["records"][0]["deleted"], true, "{reply}");
                self.deleted.insert(name);
                true
            }
            None => {
                self.unknown.push(Unknown::Deleted(name, number));
                false
            }
        }
    }

    /// Compares with what the process has found, and takes over what became of the writes whose answer did not come.
    pub(crate) async fn check(&mut self, url: &str) {
        (self.acknowledged, self.broken_off) = (0, 0);
        for unknown in std::mem::take(&mut self.unknown) {
            let (Unknown::Created(name, number) | Unknown::Deleted(name, number)) = unknown;
            match &self.numbers(url, "public", &[&name]).await[..] {
                [Some(found)] => {
                    assert_eq!(*found, number, "{name}");
                    self.created.insert(name, number);
                }
                _ => {
                    self.deleted.insert(name);
                }
            }
        }
        // The latest, which the kill was close to; the end checks all of them.
        let latest: Vec<_> = self.created.iter().rev().take(50).collect();
        let names: Vec<&str> = latest.iter().map(|(name, _)| name.as_str()).collect();
        let numbers: Vec<Option<u64>> = latest.iter().map(|(_, number)| Some(**number)).collect();
        assert_eq!(self.numbers(url, "public", &names).await, numbers, "acknowledged creates of {names:?}");

        if !self.zone_exists || self.batch.1 == 0 {
            return;
        }
        let names: Vec<String> = (0..RECORDS).map(|record| format!("record-{record}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = self.numbers(url, "private", &names).await;
        let number = found[0].unwrap_or(0);
        assert!(
            found.iter().all(|other| other.unwrap_or(0) == number),
            "half a batch in zone {}: {found:?} after {:?}",
            self.writer,
            self.batch
        );
        assert!(
            (self.batch.0..=self.batch.1).contains(&number),
            "batch {number} in zone {}, and {:?} were acknowledged and sent",
            self.writer,
            self.batch
        );
        self.batch = (number, number);

        // The index took part in the same transaction.
        if number > 0 {
            let filter =
                json!({"fieldName": "number", "comparator": "EQUALS", "fieldValue": {"value": number}});
            let query = json!({"recordType": "Row", "filterBy": [filter]});
            let body = json!({"query": query, "zoneID": self.zone()});
            let reply = self.post(url, "private/records/query", body).await.unwrap();
            assert_eq!(reply["records"].as_array().unwrap().len(), RECORDS, "{reply}");
        }
    }

    /// Compares all records that ever were, and the feed of changes.
    pub(crate) async fn check_everything(&self, url: &str) {
        let created: Vec<_> = self.created.iter().collect();
        for chunk in created.chunks(200) {
            let names: Vec<&str> = chunk.iter().map(|(name, _)| name.as_str()).collect();
            let numbers: Vec<Option<u64>> = chunk.iter().map(|(_, number)| Some(**number)).collect();
            assert_eq!(self.numbers(url, "public", &names).await, numbers);
        }
        let deleted: Vec<&str> = self.deleted.iter().map(String::as_str).collect();
        for chunk in deleted.chunks(200) {
            assert_eq!(self.numbers(url, "public", chunk).await, vec![None; chunk.len()]);
        }
        let body = json!({"zones": [{"zoneID": self.zone()}]});
        let reply = self.post(url, "private/changes/zone", body).await.unwrap();
        let records = reply["zones"][0]["records"].as_array().unwrap();
        assert_eq!(records.len(), RECORDS, "{reply}");
        for record in records {
            assert_eq!(record["fields"]["number"]["value"], self.batch.0, "{record}");
        }
    }

    /// The numbers in these records; nothing for those that do not exist.
    async fn numbers(&self, url: &str, database: &str, names: &[&str]) -> Vec<Option<u64>> {
        let records: Vec<Value> = names.iter().map(|name| json!({"recordName": name})).collect();
        let mut body = json!({ "records": records });
        if database == "private" {
            body["zoneID"] = self.zone();
        }
        let reply = self.post(url, &format!("{database}/records/lookup"), body).await.unwrap();
        let items = reply["records"].as_array().unwrap().iter();
        items.map(|item| item["fields"]["number"]["value"].as_u64()).collect()
    }
}

fn save(name: &str, number: u64) -> Value {
    let padding = "x".repeat(1000);
    json!({
        "operationType": "forceUpdate",
        "record": {
            "recordName": name,
            "recordType": "Row",
            "fields": {
                "number": {"value": number, "type": "INT64"},
                "padding": {"value": padding, "type": "STRING"},
            },
        },
    })
}
