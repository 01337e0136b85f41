//! How indexes are read.

use std::ops::ControlFlow;

use rusqlite::params;

use super::{Slot, Store, StoreError, keys};

/// The keys from `from` on, up to but without `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: Vec<u8>,
    pub(crate) to: Option<Vec<u8>>,
}

impl KeyRange {
    pub(crate) fn all() -> Self {
        Self { from: Vec::new(), to: None }
    }

    /// This key alone.
    pub(crate) fn equal(key: Vec<u8>) -> Self {
        let to = [key.as_slice(), &[0]].concat();
        Self { from: key, to: Some(to) }
    }

    pub(crate) fn prefix(prefix: Vec<u8>) -> Self {
        Self { to: keys::after_prefix(&prefix), from: prefix }
    }

    /// The records of a slot [`All`](Slot::All) that were created after this one.
    pub(crate) fn created_after(rid: i64) -> Self {
        Self { from: keys::rowid_key(rid.saturating_add(1)), to: None }
    }

    /// The key, if the range holds one and no other.
    pub(crate) fn one_key(&self) -> Option<&[u8]> {
        self.to.as_deref()?.strip_suffix(&[0]).filter(|key| *key == self.from)
    }

    #[cfg(test)]
    pub(crate) fn holds(&self, key: &[u8]) -> bool {
        *key >= *self.from && self.to.as_deref().is_none_or(|to| key < to)
    }

    /// What lies in both.
    pub(crate) fn intersection(&self, other: &Self) -> Option<Self> {
        let from = self.from.as_slice().max(&other.from).to_vec();
        let to = match (&self.to, &other.to) {
            (Some(one), Some(other)) => Some(one.min(other).clone()),
            (one, other) => one.as_ref().or(other.as_ref()).cloned(),
        };
        to.as_ref().is_none_or(|to| from < *to).then_some(Self { from, to })
    }

    /// What lies in none of the ranges, in order.
    pub(crate) fn complement(mut ranges: Vec<Self>) -> Vec<Self> {
        ranges.sort_by(|a, b| a.from.cmp(&b.from));
        let mut gaps = Vec::new();
        let mut from = Vec::new();
        for range in ranges {
            if from < range.from {
                gaps.push(Self { from, to: Some(range.from.clone()) });
                from = range.from;
            }
            match range.to {
                Some(to) => from = from.max(to),
                None => return gaps,
            }
        }
        gaps.push(Self { from, to: None });
        gaps
    }
}

/// The index of one slot in one zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Index<'a> {
    pub(crate) zone: i64,
    pub(crate) record_type: &'a str,
    pub(crate) slot: &'a Slot,
}

impl Store {
    /// Walks an index in the order of its keys, from the beginning of the range or, `descending`, from its end.
    pub(crate) fn walk(
        &mut self,
        index: Index<'_>,
        range: &KeyRange,
        descending: bool,
        mut visit: impl FnMut(&[u8], i64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let slot = self.slot_id(index.record_type, index.slot)?;
        let direction = if descending { "DESC" } else { "ASC" };
        let upper = if range.to.is_some() { "AND key < ?4" } else { "AND ?4 IS NULL" };
        let sql = format!(
            "SELECT key, rid FROM entries WHERE zone = ?1 AND slot = ?2 AND key >= ?3 {upper}
             ORDER BY key {direction}, rid {direction}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![index.zone, slot, range.from, range.to])?;
        while let Some(row) = rows.next()? {
            let key = row.get_ref(0)?.as_blob().unwrap_or_default();
            if visit(key, row.get(1)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The first `limit` records after `after` that have a key, in the order of creation.
    pub(crate) fn records_with_key(
        &mut self,
        index: Index<'_>,
        key: &[u8],
        after: i64,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let slot = self.slot_id(index.record_type, index.slot)?;
        let sql = "SELECT rid FROM entries WHERE zone = ?1 AND slot = ?2 AND key = ?3 AND rid > ?4
            ORDER BY rid LIMIT ?5";
        let mut statement = self.connection.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rids = statement.query_map(params![index.zone, slot, key, after, limit], |row| row.get(0))?;
        Ok(rids.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Short keys of few bytes, so that ranges touch and overlap.
    fn key() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0_u8..3, 0..3)
    }

    fn range() -> impl Strategy<Value = KeyRange> {
        prop_oneof![
            key().prop_map(KeyRange::equal),
            key().prop_map(KeyRange::prefix),
            (key(), prop::option::of(key())).prop_map(|(from, to)| KeyRange { from, to }),
        ]
    }

    proptest! {
        #[test]
        fn a_key_is_in_the_complement_or_in_a_range(
            ranges in prop::collection::vec(range(), 0..4),
            key in key(),
        ) {
            let gaps = KeyRange::complement(ranges.clone());
            let within = |ranges: &[KeyRange]| ranges.iter().filter(|range| range.holds(&key)).count();
            prop_assert!(within(&gaps) <= 1);
            prop_assert_eq!(within(&gaps) == 0, within(&ranges) > 0);
        }

        #[test]
        fn an_intersection_holds_what_both_hold(one in range(), other in range(), key in key()) {
            let both = one.intersection(&other).is_some_and(|both| both.holds(&key));
            prop_assert_eq!(both, one.holds(&key) && other.holds(&key));
        }
    }

    #[test]
    fn one_key_is_told_from_a_range() {
        assert_eq!(KeyRange::equal(vec![2, 7]).one_key(), Some([2, 7].as_slice()));
        assert_eq!(KeyRange::prefix(vec![2, 7]).one_key(), None);
        assert_eq!(KeyRange::all().one_key(), None);
    }
}
