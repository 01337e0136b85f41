//! Records in the order of an answer, as far as an index knows it, one handful after the other.

use std::ops::ControlFlow;

use super::nearest::Nearest;
use crate::store::{Index, KeyRange, Slot, Store, StoreError};

/// A record that a walk has come to.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) rid: i64,
    /// The first sort key of this record and of all later ones is not before this.
    pub(super) bound: Vec<u8>,
}

/// A way through records.
#[derive(Debug)]
pub(super) enum Walk {
    /// Along the keys of a slot.
    Keys(Keys),
    /// By the distance from a place.
    Nearest(Nearest),
}

/// Where a walk takes place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    pub(super) zone: i64,
    pub(super) record_type: &'a str,
}

impl<'a> Ground<'a> {
    pub(super) fn index(self, slot: &'a Slot) -> Index<'a> {
        Index { zone: self.zone, record_type: self.record_type, slot }
    }
}

impl Walk {
    /// The next records, about `count` of them; none at the end.
    pub(super) fn next(
        &mut self,
        store: &mut Store,
        ground: Ground<'_>,
        count: usize,
    ) -> Result<Vec<Step>, StoreError> {
        match self {
            Self::Keys(keys) => keys.next(store, ground, count),
            Self::Nearest(nearest) => nearest.next(store, ground, count),
        }
    }
}

/// A walk along the keys of a slot, in either direction. Records with one key come in the order of creation in both.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) slot: Slot,
    /// The keys that were not reached yet.
    range: KeyRange,
    descending: bool,
    /// The key within whose records the walk is, and the last of them.
    within: Option<(Vec<u8>, i64)>,
}

impl Keys {
    pub(super) fn new(slot: Slot, range: KeyRange, descending: bool) -> Self {
        Self { slot, range, descending, within: None }
    }

    /// Goes on with the records of this key that were created after this one.
    pub(super) fn from(mut self, key: Vec<u8>, after: i64) -> Self {
        self.within = Some((key, after));
        self
    }

    /// Leaves this key and all before it behind.
    fn leave(&mut self, mut key: Vec<u8>) {
        if self.descending {
            self.range.to = Some(key);
        } else {
            key.push(0);
            self.range.from = key;
        }
    }

    pub(super) fn next(
        &mut self,
        store: &mut Store,
        ground: Ground<'_>,
        count: usize,
    ) -> Result<Vec<Step>, StoreError> {
        if let Some((key, after)) = self.within.take() {
            let rids = store.records_with_key(ground.index(&self.slot), &key, after, count)?;
            let steps: Vec<_> = rids.iter().map(|rid| Step { rid: *rid, bound: key.clone() }).collect();
            match rids.last() {
                Some(last) if rids.len() == count => self.within = Some((key, *last)),
                _ => self.leave(key),
            }
            if !steps.is_empty() {
                return Ok(steps);
            }
        }
        let mut steps = Vec::new();
        store.walk(ground.index(&self.slot), &self.range, self.descending, |key, rid| {
            steps.push(Step { rid, bound: key.to_vec() });
            if steps.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let Some(last) = steps.last().map(|step| step.bound.clone()) else { return Ok(steps) };
        if steps.len() == count {
            // The last key may have more records, and, descending, others first.
            let whole = steps.partition_point(|step| step.bound != last);
            steps.truncate(whole);
            if steps.is_empty() {
                self.within = Some((last, 0));
                return self.next(store, ground, count);
            }
        }
        if self.descending {
            for same in steps.chunk_by_mut(|a, b| a.bound == b.bound) {
                same.sort_by_key(|step| step.rid);
            }
        }
        if let Some(step) = steps.last() {
            self.leave(step.bound.clone());
        }
        Ok(steps)
    }
}
