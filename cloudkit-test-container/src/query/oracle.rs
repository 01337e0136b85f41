//! Queries answered through indexes and in pages, against the same queries answered by looking at every record.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudkit_core::Environment;
use cloudkit_core::value::{ScalarType, ValueType};
use proptest::prelude::*;

use super::compare::matches;
use super::{Comparator, Filter, Query, Sort, SortKind, Target, ZoneScope, run};
use crate::schema::{FieldDef, RecordType};
use crate::store::{ABSENT, DEFAULT_ZONE, Record, Stamp, Store, full_key, words};
use crate::value::{Content, Field, Fields, Scalar, WriteOptions, write_fields};

fn record_type() -> RecordType {
    RecordType::new("T")
        .field(FieldDef::new("number", ValueType::one(ScalarType::Int64)).queryable().sortable())
        .field(FieldDef::new("text", ValueType::one(ScalarType::String)).queryable().sortable().searchable())
        .field(FieldDef::new("list", ValueType::list_of(ScalarType::String)).queryable())
        .record_name_queryable()
}

/// Few different values, so that equal ones are common; some long enough to be cut short in the index.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,2}( [ab])?",
        "[ab]{1,2}".prop_map(|end| format!("{}{end}", "x".repeat(300))),
        Just("é".to_owned()),
    ]
}

fn fields() -> impl Strategy<Value = Fields> {
    let number = prop::option::of(-3_i64..3);
    let list = prop::option::of(prop::collection::vec(text(), 0..3));
    (number, prop::option::of(text()), list).prop_map(|(number, text, list)| {
        let one = |scalar, value| Field { scalar, encrypted: false, content: Content::One(value) };
        let mut fields = BTreeMap::new();
        if let Some(number) = number {
            fields.insert("number".to_owned(), one(ScalarType::Int64, Scalar::Int64(number)));
        }
        if let Some(text) = text {
            fields.insert("text".to_owned(), one(ScalarType::String, Scalar::String(text)));
        }
        if let Some(list) = list {
            let content = Content::List(list.into_iter().map(Scalar::String).collect());
            fields.insert("list".to_owned(), Field { scalar: ScalarType::String, encrypted: false, content });
        }
        fields
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    use Comparator as C;
    let on = |field: &str, comparator, operand: Vec<Scalar>| {
        let words = match operand.first() {
            Some(Scalar::String(text)) => words(text).into_iter().collect(),
            _ => Vec::new(),
        };
        Filter { target: Target::Field(field.to_owned()), comparator, operand, words, distance: 0.0 }
    };
    let ordered = || {
        prop::sample::select(vec![
            C::Equals,
            C::NotEquals,
            C::LessThan,
            C::LessThanOrEquals,
            C::GreaterThan,
            C::GreaterThanOrEquals,
        ])
    };
    let texts = || prop::collection::vec(text().prop_map(Scalar::String), 0..3);
    let textual = prop::sample::select(vec![
        C::BeginsWith,
        C::NotBeginsWith,
        C::ContainsAllTokens,
        C::ContainsAnyTokens,
    ]);
    let listed = prop::sample::select(vec![
        C::ListContainsAny,
        C::NotListContainsAny,
        C::ListContainsAll,
        C::NotListContainsAll,
    ]);
    let member = prop::sample::select(vec![
        C::ListContains,
        C::NotListContains,
        C::ListMemberBeginsWith,
        C::NotListMemberBeginsWith,
    ]);
    let included = prop::sample::select(vec![C::In, C::NotIn]);
    prop_oneof![
        (ordered(), -3_i64..3).prop_map(move |(c, n)| on("number", c, vec![Scalar::Int64(n)])),
        (ordered(), text()).prop_map(move |(c, t)| on("text", c, vec![Scalar::String(t)])),
        (textual, text()).prop_map(move |(c, t)| on("text", c, vec![Scalar::String(t)])),
        (included, texts()).prop_map(move |(c, ts)| on("text", c, ts)),
        (listed, texts()).prop_map(move |(c, ts)| on("list", c, ts)),
        (member, text()).prop_map(move |(c, t)| on("list", c, vec![Scalar::String(t)])),
    ]
}

fn sorts() -> impl Strategy<Value = Vec<Sort>> {
    let sort =
        (prop::sample::select(vec!["number", "text"]), any::<bool>()).prop_map(|(field, descending)| Sort {
            target: Target::Field(field.to_owned()),
            descending,
            kind: SortKind::Value,
        });
    prop::collection::vec(sort, 0..3)
}

struct Setting {
    store: Store,
    record_type: RecordType,
    database: crate::store::DatabaseId,
    zone: i64,
    saved: Vec<(Record, Fields)>,
}

impl Setting {
    fn new(records: Vec<Fields>) -> Self {
        let mut store = Store::open(None, Duration::ZERO).expect("in memory");
        let database = store.database(Environment::Development, "public", "").expect("made");
        let zone = store.zone(database, DEFAULT_ZONE).expect("read").expect("there");
        let mut setting =
            Self { store, record_type: record_type(), database, zone: zone.id, saved: Vec::new() };
        for fields in records {
            setting.add(fields);
        }
        setting
    }

    fn add(&mut self, fields: Fields) {
        let mut text = String::new();
        write_fields(&mut text, &fields, WriteOptions::default());
        let stamp = Stamp { at: 0, by: "_a".to_owned() };
        let mut record = Record {
            rid: 0,
            database: self.database.0,
            zone: self.zone,
            name: format!("r{}", self.store.fresh_tag()),
            record_type: "T".to_owned(),
            tag: 1,
            created: stamp.clone(),
            modified: stamp,
            parent: None,
            fields: text,
            sharing: None,
        };
        record.rid = self.store.insert_record(&record).expect("inserted");
        self.store.index_change(None, Some(&record), &self.record_type, 0).expect("indexed");
        self.saved.push((record, fields));
    }

    fn delete(&mut self, index: usize) -> String {
        let (record, _) = self.saved.remove(index);
        self.store.delete_record(record.rid).expect("deleted");
        self.store.index_change(Some(&record), None, &self.record_type, 0).expect("indexed");
        record.name
    }

    fn expected(&self, query: &Query) -> Vec<String> {
        let all = |record: &Record, fields: &Fields| {
            query.filters.iter().all(|filter| matches(filter, record, fields))
        };
        let mut found: Vec<_> = self.saved.iter().filter(|(record, fields)| all(record, fields)).collect();
        found.sort_by(|(a, a_fields), (b, b_fields)| {
            for sort in &query.sorts {
                let Target::Field(name) = &sort.target else { continue };
                let key = |fields: &Fields| {
                    let field = fields.get(name).and_then(|field| field.scalars().first());
                    field.map_or_else(|| ABSENT.to_vec(), full_key)
                };
                let order = key(a_fields).cmp(&key(b_fields));
                let order = if sort.descending { order.reverse() } else { order };
                if order.is_ne() {
                    return order;
                }
            }
            a.rid.cmp(&b.rid)
        });
        found.into_iter().map(|(record, _)| record.name.clone()).collect()
    }

    fn page(&mut self, query: &Query, marker: Option<&str>, limit: usize) -> (Vec<String>, Option<String>) {
        let place = (self.database, ZoneScope::One(self.zone));
        let page = run(&mut self.store, &[place], &self.record_type, query, &|_, _| Ok(true), marker, limit)
            .expect("runs");
        (page.records.into_iter().map(|record| record.name.clone()).collect(), page.marker)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn indexes_and_pages_change_no_answer(
        records in prop::collection::vec(fields(), 0..24),
        filters in prop::collection::vec(filter(), 0..3),
        sorts in sorts(),
        limit in 1_usize..9,
    ) {
        let mut setting = Setting::new(records);
        let query = Query { filters, sorts };
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let (names, next) = setting.page(&query, marker.as_deref(), limit);
            prop_assert!(names.len() <= limit);
            found.extend(names);
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        prop_assert_eq!(found, setting.expected(&query));
    }

    #[test]
    fn records_that_come_and_go_move_no_other_from_its_page(
        records in prop::collection::vec(fields(), 1..24),
        newcomers in prop::collection::vec(fields(), 0..12),
        sorts in sorts(),
        limit in 1_usize..5,
        victims in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let mut setting = Setting::new(records);
        let query = Query { filters: Vec::new(), sorts };
        let mut stayed = setting.expected(&query);
        let mut found = Vec::new();
        let mut marker = None;
        let mut newcomers = newcomers.into_iter();
        let mut victims = victims.into_iter();
        loop {
            let (names, next) = setting.page(&query, marker.as_deref(), limit);
            found.extend(names);
            marker = next;
            if marker.is_none() {
                break;
            }
            if let Some(fields) = newcomers.next() {
                setting.add(fields);
            }
            if let Some(victim) = victims.next() {
                let gone = setting.delete(victim.index(setting.saved.len()));
                stayed.retain(|name| *name != gone);
            }
        }
        let of_those: Vec<_> = found.iter().filter(|name| stayed.contains(name)).cloned().collect();
        prop_assert_eq!(of_those, stayed);
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), found.len());
    }
}
