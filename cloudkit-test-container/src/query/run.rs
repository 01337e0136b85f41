//! Runs a query and cuts its answer into pages.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::compare::matches;
use super::geo::distance;
use super::plan::{Ranges, ranges};
use super::{Filter, MarkerKey, Query, Sort, SortKind, Target, marker};
use crate::api::ApiError;
use crate::schema::RecordType;
use crate::store::{
    ABSENT, DatabaseId, KeyRange, KnownRecord, Record, Slot, Store, StoreError, double_key, full_key, shorten,
};
use crate::value::{Fields, Scalar};

/// Beyond so many candidates of a filter, the index of the sort is walked instead.
const FEW: usize = 5_000;

/// Which zones of a database a query looks into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ZoneScope {
    One(i64),
    All,
}

/// One page of an answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) records: Vec<Arc<KnownRecord>>,
    /// What asks for the next page; `None` if there is none.
    pub(crate) marker: Option<String>,
}

/// Whether the caller sees a record.
pub(crate) type Visible<'a> = &'a dyn Fn(&Store, &Record) -> Result<bool, StoreError>;

struct Run<'a> {
    database: DatabaseId,
    zones: ZoneScope,
    record_type: &'a RecordType,
    query: &'a Query,
    visible: Visible<'a>,
    after: Option<MarkerKey>,
    limit: usize,
}

struct Found {
    record: Arc<KnownRecord>,
    position: MarkerKey,
}

/// Answers a query with one page of the records that are `visible`.
pub(crate) fn run(
    store: &mut Store,
    places: &[(DatabaseId, ZoneScope)],
    record_type: &RecordType,
    query: &Query,
    visible: Visible<'_>,
    given_marker: Option<&str>,
    limit: usize,
) -> Result<Page, ApiError> {
    let binding = format!("{places:?} {} {query:?}", record_type.name);
    let after = match given_marker {
        None => None,
        Some(text) => {
            let position = marker::read(&binding, text)
                .filter(|position| position.keys.len() == query.sorts.len())
                .ok_or_else(|| ApiError::bad_request("Invalid continuation marker"))?;
            Some(position)
        }
    };
    let mut found = Vec::new();
    for &(database, zones) in places {
        let after = after.clone();
        let run = Run { database, zones, record_type, query, visible, after, limit };
        found.extend(run.candidates(store)?);
    }
    found.sort_by(|a, b| query.order(&a.position, &b.position));
    let more = found.len() > limit;
    found.truncate(limit);
    let marker = match found.last() {
        Some(last) if more => Some(marker::write(&binding, &last.position)),
        _ => None,
    };
    Ok(Page { records: found.into_iter().map(|found| found.record).collect(), marker })
}

impl Run<'_> {
    /// At least the records of the page and the one after it, in no particular order.
    fn candidates(&self, store: &mut Store) -> Result<Vec<Found>, StoreError> {
        let driver = self.driver(store)?;
        if self.query.sorts.is_empty() {
            return self.in_order_of_creation(store, driver);
        }
        match (self.sort_slot(), driver) {
            (Some(slot), None) => self.along_sort(store, &slot, KeyRange::all()),
            (Some(slot), Some((ranges, count))) => match ranges.as_slice() {
                [(filtered, range)] if *filtered == slot => self.along_sort(store, &slot, range.clone()),
                _ if count > FEW => self.along_sort(store, &slot, KeyRange::all()),
                _ => self.collect(store, &ranges),
            },
            (None, Some((ranges, _))) => self.collect(store, &ranges),
            (None, None) => self.collect(store, &vec![(Slot::All, KeyRange::all())]),
        }
    }

    /// The filter with the fewest candidates, and how many it has; the count stops a little beyond [`FEW`].
    fn driver(&self, store: &mut Store) -> Result<Option<(Ranges, usize)>, StoreError> {
        let mut best: Option<(Ranges, usize)> = None;
        let mut choices: Vec<Ranges> = self.query.filters.iter().filter_map(ranges).collect();
        if let [only] = choices.as_slice()
            && self.query.sorts.is_empty()
            && is_one_key(only)
        {
            // Nothing to choose from, and nothing to weigh: the entries of one key are in order already.
            return Ok(choices.pop().map(|only| (only, 0)));
        }
        for ranges in choices {
            let mut count = 0;
            for (slot, range) in &ranges {
                store.walk(self.database, &self.record_type.name, slot, range, false, |_, _, _| {
                    count += 1;
                    Ok(if count > FEW { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })?;
            }
            if best.as_ref().is_none_or(|(_, fewest)| count < *fewest) {
                best = Some((ranges, count));
            }
        }
        Ok(best)
    }

    /// The index that is in the order of the first sort, if one is.
    fn sort_slot(&self) -> Option<Slot> {
        let sort = self.query.sorts.first()?;
        match (&sort.kind, &sort.target) {
            (SortKind::Value, Target::Field(name)) => Some(Slot::Values(name.clone())),
            (SortKind::Value, Target::System(name)) => Some(Slot::Values((*name).to_owned())),
            _ => None,
        }
    }

    fn in_order_of_creation(
        &self,
        store: &mut Store,
        driver: Option<(Ranges, usize)>,
    ) -> Result<Vec<Found>, StoreError> {
        let after = self.after.as_ref().map_or(0, |position| position.rid);
        let mut found = Vec::new();
        let mut take = |store: &Store, rid: i64| -> Result<ControlFlow<()>, StoreError> {
            found.extend(self.load(store, rid)?);
            let full = found.len() > self.limit;
            Ok(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let name = &self.record_type.name;
        match driver {
            None => store.walk_created(self.database, name, after, &mut take)?,
            Some((ranges, count)) => match ranges.as_slice() {
                [(slot, range)] if range.is_one_key() => {
                    store.walk_equal(self.database, name, slot, &range.from, after, &mut take)?;
                }
                // So many that most records seem to match: the page is sooner full by looking at all.
                _ if count > FEW => store.walk_created(self.database, name, after, &mut take)?,
                _ => {
                    for rid in self.rids(store, &ranges)?.range(after + 1..) {
                        if take(store, *rid)?.is_break() {
                            break;
                        }
                    }
                }
            },
        }
        Ok(found)
    }

    fn rids(&self, store: &mut Store, ranges: &Ranges) -> Result<BTreeSet<i64>, StoreError> {
        let mut rids = BTreeSet::new();
        for (slot, range) in ranges {
            store.walk(self.database, &self.record_type.name, slot, range, false, |_, _, rid| {
                rids.insert(rid);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(rids)
    }

    /// All matches among the entries of the ranges.
    fn collect(&self, store: &mut Store, ranges: &Ranges) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::new();
        for rid in self.rids(store, ranges)? {
            found.extend(self.load(store, rid)?);
        }
        Ok(found)
    }

    /// Walks the index of the first sort from where the last page ended until the page is full.
    ///
    /// Entries with one key come in no useful order, so the walk stops only where the key changes.
    fn along_sort(
        &self,
        store: &mut Store,
        slot: &Slot,
        mut range: KeyRange,
    ) -> Result<Vec<Found>, StoreError> {
        let descending = self.query.sorts.first().is_some_and(|sort| sort.descending);
        if let Some(first) = self.after.as_ref().and_then(|position| position.keys.first()) {
            let at = KeyRange::equal(shorten(first.clone()));
            if descending {
                let end = at.to.into_iter().chain(range.to.take()).min();
                range.to = end;
            } else {
                range.from = at.from.max(range.from);
            }
        }
        let mut found = Vec::new();
        let mut last_key = Vec::new();
        store.walk(self.database, &self.record_type.name, slot, &range, descending, |store, key, rid| {
            if found.len() > self.limit && key != last_key {
                return Ok(ControlFlow::Break(()));
            }
            if let Some(match_) = self.load(store, rid)? {
                found.push(match_);
                key.clone_into(&mut last_key);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The record, if it matches and comes after the last page.
    fn load(&self, store: &Store, rid: i64) -> Result<Option<Found>, StoreError> {
        let Some(record) = store.record_by_rid(rid)? else { return Ok(None) };
        let zone_matches = match self.zones {
            ZoneScope::One(zone) => record.zone == zone,
            ZoneScope::All => true,
        };
        if !zone_matches || !(self.visible)(store, &record)? {
            return Ok(None);
        }
        let shown = match store.shown_version(rid)? {
            None => None,
            Some(None) => return Ok(None),
            Some(shown) => shown,
        };
        // While the indexes lag, a record is found by what they show of it.
        let seen = shown.as_ref().unwrap_or(&record);
        let fields = match &shown {
            _ if !self.needs_fields() => Cow::Owned(Fields::new()),
            Some(shown) => Cow::Owned(shown.read_fields()?),
            None => Cow::Borrowed(record.fields()?),
        };
        if !self.query.filters.iter().all(|filter: &Filter| matches(filter, seen, &fields)) {
            return Ok(None);
        }
        let keys = self.query.sorts.iter().map(|sort| sort_key(sort, seen, &fields)).collect();
        let position = MarkerKey { keys, rid };
        if self.after.as_ref().is_some_and(|after| self.query.order(&position, after).is_le()) {
            return Ok(None);
        }
        Ok(Some(Found { record, position }))
    }

    fn needs_fields(&self) -> bool {
        let of_fields = |target: &Target| !matches!(target, Target::System(_));
        self.query.filters.iter().any(|filter| of_fields(&filter.target))
            || self.query.sorts.iter().any(|sort| of_fields(&sort.target))
    }
}

impl Query {
    fn order(&self, a: &MarkerKey, b: &MarkerKey) -> Ordering {
        for (index, sort) in self.sorts.iter().enumerate() {
            let order = a.keys.get(index).cmp(&b.keys.get(index));
            let order = if sort.descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        a.rid.cmp(&b.rid)
    }
}

fn is_one_key(ranges: &Ranges) -> bool {
    matches!(ranges.as_slice(), [(_, range)] if range.is_one_key())
}

/// The key of a record for one part of the order; absent values come first.
fn sort_key(sort: &Sort, record: &Record, fields: &Fields) -> Vec<u8> {
    let field = |name: &String| fields.get(name).and_then(|field| field.scalars().first());
    match (&sort.kind, &sort.target) {
        (SortKind::Encrypted, _) | (_, Target::AnyText(_)) => ABSENT.to_vec(),
        (SortKind::Distance(from), Target::Field(name)) => match field(name) {
            Some(Scalar::Location(place)) => double_key(distance(from, place)),
            _ => ABSENT.to_vec(),
        },
        (_, Target::Field(name)) => field(name).map_or_else(|| ABSENT.to_vec(), full_key),
        (_, Target::System(name)) => crate::store::system_key(record, name),
    }
}
