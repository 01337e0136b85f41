//! One of the crowd: what it asks, and what it must be told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::connection::{Connection, Reply};

/// So many members want to create the same record.
const RIVALS: usize = 20;

/// What a member has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// The records that it was told to have saved, with the last tag.
    pub(crate) saved: BTreeMap<String, String>,
    /// The replies.
    pub(crate) replies: Vec<String>,
}

pub(crate) struct Member {
    number: usize,
    connection: Connection,
    seen: Seen,
    /// The record that it has saved last, and a tag that it had before.
    last: Option<(String, Option<String>)>,
}

impl Member {
    pub(crate) fn new(number: usize, connection: Connection) -> Self {
        Self { number, connection, seen: Seen::default(), last: None }
    }

    pub(crate) async fn leave(self) -> Seen {
        self.connection.close().await;
        self.seen
    }

    /// Creates a record, changes it, tries what must be refused, and looks at everything that it has.
    pub(crate) async fn act(&mut self, round: usize) {
        // Not all the same at the same time.
        match (round + self.number) % 4 {
            0 => self.create(round).await,
            1 => self.change(round).await,
            2 => self.overreach(round).await,
            _ => self.look().await,
        }
    }

    fn fields(&self, round: usize) -> Value {
        json!({ "member": { "value": self.number }, "round": { "value": round } })
    }

    async fn ask(&mut self, endpoint: &str, request: &Value) -> Value {
        let Reply { uuid, body } = self.connection.ask(endpoint, request).await;
        self.seen.replies.push(uuid);
        body
    }

    async fn create(&mut self, round: usize) {
        let name = format!("own-{}-{round}", self.number);
        let record = json!({ "recordName": name, "recordType": "Note", "fields": self.fields(round) });
        let request = json!({ "operations": [{ "operationType": "create", "record": record }] });
        let reply = self.ask("records/modify", &request).await;
        let tag = tag_of(&reply["records"], 0, &name);
        self.seen.saved.insert(name.clone(), tag);
        self.last = Some((name, None));
    }

    async fn change(&mut self, round: usize) {
        let Some((name, _)) = self.last.clone() else { return self.create(round).await };
        let old = self.seen.saved[&name].clone();
        let record = json!({
            "recordName": name, "recordType": "Note", "recordChangeTag": old, "fields": self.fields(round),
        });
        let request = json!({ "operations": [{ "operationType": "update", "record": record }] });
        let reply = self.ask("records/modify", &request).await;
        let tag = tag_of(&reply["records"], 0, &name);
        assert_ne!(tag, old);
        self.seen.saved.insert(name.clone(), tag);
        self.last = Some((name, Some(old)));
    }

    /// Creates what others want to create too, and changes a record by a tag that it does not have any more.
    async fn overreach(&mut self, round: usize) {
        let wanted = format!("wanted-{}-{}", self.number / RIVALS, round / 4);
        let create = json!({ "recordName": wanted, "recordType": "Note", "fields": self.fields(round) });
        let mut operations = vec![json!({ "operationType": "create", "record": create })];
        if let Some((name, Some(old))) = &self.last {
            let record = json!({ "recordName": name, "recordChangeTag": old, "fields": self.fields(round) });
            operations.push(json!({ "operationType": "update", "record": record }));
        }
        let request = json!({ "operations": operations });
        let reply = self.ask("records/modify", &request).await;
        let outcomes = reply["records"].as_array().unwrap();
        assert_eq!(outcomes.len(), operations.len(), "{reply}");
        if outcomes[0].get("serverErrorCode").is_none() {
            self.seen.saved.insert(wanted.clone(), tag_of(&reply["records"], 0, &wanted));
        }
        if let Some(outcome) = outcomes.get(1) {
            assert_eq!(outcome["serverErrorCode"], "CONFLICT", "{reply}");
        }
    }

    /// Asks for everything that it has, and looks up what it has saved last.
    async fn look(&mut self) {
        let mut found = BTreeMap::new();
        let filter = json!({
            "fieldName": "member", "comparator": "EQUALS", "fieldValue": { "value": self.number },
        });
        let mut request = json!({ "query": { "recordType": "Note", "filterBy": [filter] } });
        loop {
            let page = self.ask("records/query", &request).await;
            for at in 0..page["records"].as_array().unwrap().len() {
                let name = page["records"][at]["recordName"].as_str().unwrap();
                found.insert(name.to_owned(), tag_of(&page["records"], at, name));
            }
            match page.get("continuationMarker") {
                Some(marker) => request["continuationMarker"] = marker.clone(),
                None => break,
            }
        }
        assert_eq!(found, self.seen.saved, "what member {} has", self.number);
        if let Some((name, _)) = self.last.clone() {
            let reply = self.ask("records/lookup", &json!({ "records": [{ "recordName": name }] })).await;
            assert_eq!(tag_of(&reply["records"], 0, &name), self.seen.saved[&name]);
        }
    }
}

/// The change tag of a record of a reply, which has to be this one.
fn tag_of(records: &Value, at: usize, name: &str) -> String {
    let record = &records[at];
    assert_eq!(record["recordName"], name, "{records}");
    record["recordChangeTag"].as_str().unwrap_or_else(|| panic!("{record}")).to_owned()
}
