//! A store with records of one type in two zones, and what a query answers by looking at every record.

use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_core::record::{Index, SystemIndexes};
use cloudkit_core::value::{ScalarType, ValueType};

use crate::query::geo::distance;
use crate::query::{Query, Search, Sort, SortKind, Target, matches};
use crate::schema::{FieldDef, RecordType};
use crate::store::{
    ABSENT, DEFAULT_ZONE, DatabaseId, Record, Stamp, Store, double_key, full_key, system_key,
};
use crate::value::{Fields, Scalar, WriteOptions, write_fields};

/// A record to be.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) fields: Fields,
    pub(super) modified: Stamp,
    /// Zero or one.
    pub(super) zone: usize,
}

pub(super) struct Setting {
    pub(super) store: Store,
    pub(super) record_type: RecordType,
    pub(super) zones: [i64; 2],
    database: DatabaseId,
    saved: Vec<(Record, Fields)>,
}

fn record_type() -> RecordType {
    let both = Index { queryable: true, sortable: true, searchable: false };
    let one = |name, scalar| FieldDef::new(name, ValueType::one(scalar)).queryable().sortable();
    RecordType::new("T")
        .field(one("number", ScalarType::Int64))
        .field(one("text", ScalarType::String).searchable())
        .field(one("place", ScalarType::Location))
        .field(FieldDef::new("list", ValueType::list_of(ScalarType::String)).queryable().searchable())
        .system_indexes(SystemIndexes { modified_at: both, modified_by: both, ..SystemIndexes::default() })
        .record_name_queryable()
}

impl Setting {
    pub(super) fn new(records: Vec<Given>) -> Self {
        let mut store = Store::open(None, Duration::ZERO).expect("in memory");
        let database = store.database(Environment::Development, "private", "_a").expect("made");
        store.create_zone(database, "Other").expect("made");
        let zone = |store: &Store, name| store.zone(database, name).expect("read").expect("there").id;
        let zones = [zone(&store, DEFAULT_ZONE), zone(&store, "Other")];
        let mut setting = Self { store, record_type: record_type(), database, zones, saved: Vec::new() };
        for given in records {
            setting.add(given);
        }
        setting
    }

    pub(super) fn add(&mut self, given: Given) {
        let mut text = String::new();
        write_fields(&mut text, &given.fields, WriteOptions::default());
        let tag = self.store.fresh_tag();
        let mut record = Record {
            rid: 0,
            database: self.database.0,
            zone: self.zones[given.zone],
            name: format!("r{tag}"),
            record_type: "T".to_owned(),
            tag,
            created: Stamp { at: 0, by: "_a".to_owned() },
            modified: given.modified,
            parent: None,
            fields: text,
            sharing: None,
        };
        record.rid = self.store.insert_record(&record).expect("inserted");
        self.store.index_change(None, Some(&record), &self.record_type, 0).expect("indexed");
        self.saved.push((record, given.fields));
    }

    pub(super) fn len(&self) -> usize {
        self.saved.len()
    }

    pub(super) fn delete(&mut self, index: usize) -> String {
        let (record, _) = self.saved.remove(index);
        self.store.delete_record(record.rid).expect("deleted");
        self.store.index_change(Some(&record), None, &self.record_type, 0).expect("indexed");
        record.name
    }

    /// The names of all matches in so many zones, in order.
    pub(super) fn expected(&self, query: &Query, zones: usize) -> Vec<String> {
        let all = |record: &Record, fields: &Fields| {
            self.zones[..zones].contains(&record.zone)
                && query.filters.iter().all(|filter| matches(filter, record, fields))
        };
        let mut found: Vec<_> = self.saved.iter().filter(|(record, fields)| all(record, fields)).collect();
        found.sort_by(|(a, a_fields), (b, b_fields)| {
            for sort in &query.sorts {
                let order = key(sort, a, a_fields).cmp(&key(sort, b, b_fields));
                let order = if sort.descending { order.reverse() } else { order };
                if order.is_ne() {
                    return order;
                }
            }
            a.rid.cmp(&b.rid)
        });
        found.into_iter().map(|(record, _)| record.name.clone()).collect()
    }

    /// One page of the answer from so many zones, and what asks for the next one.
    pub(super) fn page(
        &mut self,
        query: &Query,
        zones: usize,
        marker: Option<&str>,
        limit: usize,
        effort: usize,
    ) -> (Vec<String>, Option<String>) {
        let search = Search {
            query,
            record_type: &self.record_type,
            zones: &self.zones[..zones],
            place: "here",
            visible: &|_, _| Ok(true),
            marker,
            limit,
            effort,
        };
        let page = search.run(&mut self.store).expect("runs");
        (page.records.into_iter().map(|record| record.name.clone()).collect(), page.marker)
    }
}

fn key(sort: &Sort, record: &Record, fields: &Fields) -> Vec<u8> {
    let name = match &sort.target {
        Target::Field(name) => name,
        Target::System(name) => return system_key(record, name),
        Target::AnyText(_) => panic!("nothing sorts by all texts"),
    };
    match (fields.get(name).and_then(|field| field.scalars().first()), &sort.kind) {
        (None, _) | (_, SortKind::Encrypted) => ABSENT.to_vec(),
        (Some(Scalar::Location(place)), SortKind::Distance(centre)) => {
            double_key(distance(centre.into(), place.into()))
        }
        (Some(scalar), _) => full_key(scalar),
    }
}
