//! Records by their distance from a place.

use std::cmp::Ordering;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::geo::{FARTHEST, SLACK, distance, reach};
use super::walk::{Ground, Keys, Step};
use crate::store::{
    ABSENT, Cell, KeyRange, Place, Slot, Store, StoreError, double_key, read_double_key, read_place_key,
};

/// A cell with more records is looked at in quarters.
const CROWD: usize = 24;

/// A walk through the records of a slot of places, from the nearest or from the farthest. The ones without a place come
/// first or last, as in every order.
///
/// Cells of the earth wait in a queue, the one that can have the nearest record first. When its turn has come it makes way
/// for its records or, if it has too many, for its quarters. So what is looked at lies near the records that are found,
/// however many others there are.
#[derive(Debug)]
pub(super) struct Nearest {
    slot: Slot,
    /// From where the walk starts: the place itself, or, from the farthest, the opposite one.
    start: Place,
    farthest_first: bool,
    /// Records nearer to the start than this were seen on an earlier page.
    from: f64,
    queue: BinaryHeap<Reverse<Waiting>>,
    absent_before: Option<Keys>,
    absent_after: Option<Keys>,
}

#[derive(Debug)]
struct Waiting {
    metres: f64,
    what: What,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Cell(Cell),
    Record(i64),
}

impl Nearest {
    /// A walk, from the record on whose sort key and place in the order of creation an earlier page has ended.
    pub(super) fn new(slot: Slot, centre: Place, farthest_first: bool, after: Option<(&[u8], i64)>) -> Self {
        let absent = || Keys::new(slot.clone(), KeyRange::equal(ABSENT.to_vec()), false);
        let absent_first = (ABSENT < double_key(0.0).as_slice()) != farthest_first;
        let (mut absent_before, mut absent_after) =
            if absent_first { (Some(absent()), None) } else { (None, Some(absent())) };
        let mut queue = BinaryHeap::from([Reverse(Waiting { metres: 0.0, what: What::Cell(Cell::EARTH) })]);
        let mut from = 0.0;
        match after {
            Some((key, rid)) if key == ABSENT => {
                let rest = Some(absent().from(ABSENT.to_vec(), rid));
                if absent_first {
                    absent_before = rest;
                } else {
                    absent_after = rest;
                    queue.clear();
                }
            }
            Some((key, _)) => {
                absent_before = None;
                let metres = read_double_key(key).unwrap_or(0.0);
                let from_start = if farthest_first { FARTHEST - metres } else { metres };
                from = from_start - 2.0 * SLACK;
            }
            None => {}
        }
        let start = if farthest_first { centre.antipode() } else { centre };
        Self { slot, start, farthest_first, from, queue, absent_before, absent_after }
    }

    pub(super) fn next(
        &mut self,
        store: &mut Store,
        ground: Ground<'_>,
        count: usize,
    ) -> Result<Vec<Step>, StoreError> {
        if let Some(absent) = &mut self.absent_before {
            let steps = absent.next(store, ground, count)?;
            if !steps.is_empty() {
                return Ok(steps);
            }
            self.absent_before = None;
        }
        let mut steps = Vec::new();
        while steps.len() < count {
            let Some(Reverse(Waiting { metres, what })) = self.queue.pop() else { break };
            match what {
                What::Record(rid) => steps.push(Step { rid, bound: self.bound(metres) }),
                What::Cell(cell) => self.open(store, ground, cell)?,
            }
        }
        match &mut self.absent_after {
            Some(absent) if steps.is_empty() => absent.next(store, ground, count),
            _ => Ok(steps),
        }
    }

    /// The sort key before which no record comes that is so far from the start.
    fn bound(&self, metres: f64) -> Vec<u8> {
        if self.farthest_first {
            double_key(FARTHEST - metres + SLACK)
        } else {
            double_key((metres - SLACK).max(0.0))
        }
    }

    fn open(&mut self, store: &mut Store, ground: Ground<'_>, cell: Cell) -> Result<(), StoreError> {
        let quarters = cell.quarters();
        let most = if quarters.is_some() { CROWD } else { usize::MAX };
        let mut records = Vec::new();
        let mut is_crowded = false;
        store.walk(ground.index(&self.slot), &cell.range(), false, |key, rid| {
            if records.len() == most {
                is_crowded = true;
                return ControlFlow::Break(());
            }
            records.extend(read_place_key(key).map(|place| (distance(self.start, place), rid)));
            ControlFlow::Continue(())
        })?;
        if let Some(quarters) = quarters.filter(|_| is_crowded) {
            for quarter in quarters {
                let (nearest, farthest) = reach(self.start, quarter);
                if farthest >= self.from {
                    let metres = nearest.max(self.from);
                    self.queue.push(Reverse(Waiting { metres, what: What::Cell(quarter) }));
                }
            }
            return Ok(());
        }
        let ahead = records.into_iter().filter(|(metres, _)| *metres >= self.from);
        self.queue.extend(ahead.map(|(metres, rid)| Reverse(Waiting { metres, what: What::Record(rid) })));
        Ok(())
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.metres.total_cmp(&other.metres).then_with(|| self.what.cmp(&other.what))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
