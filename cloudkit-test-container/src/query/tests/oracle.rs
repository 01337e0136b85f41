//! Queries answered through indexes and in pages, against the same queries answered by looking at every record.

use proptest::prelude::*;

use super::given::{query, record, sorts};
use super::setting::Setting;
use crate::query::Query;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn indexes_and_pages_change_no_answer(
        records in prop::collection::vec(record(), 0..60),
        query in query(),
        zones in 1_usize..3,
        limit in 1_usize..9,
        effort in prop_oneof![1_usize..8, 1_usize..64],
    ) {
        let mut setting = Setting::new(records);
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let (names, next) = setting.page(&query, zones, marker.as_deref(), limit, effort);
            prop_assert!(names.len() <= limit);
            found.extend(names);
            marker = next;
            if marker.is_none() {
                break;
            }
        }
        prop_assert_eq!(found, setting.expected(&query, zones));
    }

    #[test]
    fn records_that_come_and_go_move_no_other_from_its_page(
        records in prop::collection::vec(record(), 1..24),
        newcomers in prop::collection::vec(record(), 0..12),
        sorts in sorts(),
        limit in 1_usize..5,
        victims in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let mut setting = Setting::new(records);
        let query = Query { filters: Vec::new(), sorts };
        let mut stayed = setting.expected(&query, 2);
        let mut found = Vec::new();
        let mut marker = None;
        let mut newcomers = newcomers.into_iter();
        let mut victims = victims.into_iter();
        loop {
            let (names, next) = setting.page(&query, 2, marker.as_deref(), limit, 4);
            found.extend(names);
            marker = next;
            if marker.is_none() {
                break;
            }
            if let Some(given) = newcomers.next() {
                setting.add(given);
            }
            if let Some(victim) = victims.next() {
                let gone = setting.delete(victim.index(setting.len()));
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
