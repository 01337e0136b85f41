//! Runs a query and cuts its answer into pages.
//!
//! There are two ways to a page. One takes a filter, gathers all that may match it, and puts what does match in order. It
//! is good where a filter has few candidates. The other walks through the records in the order of the answer until the
//! page is full. It is good where much matches. Which of them is shorter is not known before, so they are tried in turn,
//! each time with twice the effort: that costs little more than the shorter one alone, and needs no statistics.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::compare::matches;
use super::geo::distance;
use super::nearest::Nearest;
use super::plan::{Choice, choices};
use super::walk::{Ground, Keys, Step, Walk};
use super::{Filter, MarkerKey, Query, Sort, SortKind, Target, marker};
use crate::api::ApiError;
use crate::schema::RecordType;
use crate::store::{
    ABSENT, KeyRange, KnownRecord, MAX_KEY, Record, Slot, Store, StoreError, double_key, full_key, shorten,
    system_key,
};
use crate::value::{Fields, Scalar};

/// With the first attempt to walk, so many records are looked at.
pub(crate) const FIRST_EFFORT: usize = 256;

/// While a walk looks at one record, so many entries of an index can be gathered.
const GATHERED_FOR_ONE: usize = 8;

/// One page of an answer.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) records: Vec<Arc<KnownRecord>>,
    /// What asks for the next page; `None` if there is none.
    pub(crate) marker: Option<String>,
}

/// Whether the caller sees a record.
pub(crate) type Visible<'a> = &'a dyn Fn(&Store, &Record) -> Result<bool, StoreError>;

/// A query, with everything that its answer depends on.
pub(crate) struct Search<'a> {
    pub(crate) query: &'a Query,
    pub(crate) record_type: &'a RecordType,
    /// The zones that are searched.
    pub(crate) zones: &'a [i64],
    /// What was asked for instead of the zones. Markers are bound to it, and may outlive a zone.
    pub(crate) place: &'a str,
    pub(crate) visible: Visible<'a>,
    /// The end of the page before.
    pub(crate) marker: Option<&'a str>,
    /// The records of a page.
    pub(crate) limit: usize,
    pub(crate) effort: usize,
}

struct Run<'a> {
    ground: Ground<'a>,
    query: &'a Query,
    visible: Visible<'a>,
    after: Option<&'a MarkerKey>,
    limit: usize,
    effort: usize,
}

struct Found {
    record: Arc<KnownRecord>,
    position: MarkerKey,
}

/// What a walk has found so far.
#[derive(Default)]
struct Taken {
    found: Vec<Found>,
    /// Once the page is full: the last key, by the first sort, of those that fill it.
    edge: Option<Vec<u8>>,
}

impl Search<'_> {
    /// The records that are `visible`, one page of them.
    pub(crate) fn run(&self, store: &mut Store) -> Result<Page, ApiError> {
        let Self { query, record_type, limit, effort, visible, .. } = *self;
        let binding = || format!("{} {} {query:?}", self.place, record_type.name);
        let after = match self.marker {
            None => None,
            Some(text) => {
                let position = marker::read(&binding(), text)
                    .filter(|position| position.keys.len() == query.sorts.len())
                    .ok_or_else(|| ApiError::bad_request("Invalid continuation marker"))?;
                Some(position)
            }
        };
        let choices = choices(query, record_type);
        let mut found = Vec::new();
        for &zone in self.zones {
            let ground = Ground { zone, record_type: &record_type.name };
            let run = Run { ground, query, visible, after: after.as_ref(), limit, effort };
            found.extend(run.candidates(store, choices.clone())?);
        }
        found.sort_by(|a, b| query.order(&a.position, &b.position));
        let more = found.len() > limit;
        found.truncate(limit);
        let marker = match found.last() {
            Some(last) if more => Some(marker::write(&binding(), &last.position)),
            _ => None,
        };
        Ok(Page { records: found.into_iter().map(|found| found.record).collect(), marker })
    }
}

impl Run<'_> {
    /// At least the records of the page and the one after it, in no particular order.
    fn candidates(&self, store: &mut Store, mut choices: Vec<Choice>) -> Result<Vec<Found>, StoreError> {
        let mut walk = self.walk(&mut choices);
        let mut taken = Taken::default();
        let mut effort = self.effort;
        loop {
            if let Some(rids) = self.fewest(store, &choices, effort)? {
                return self.among(store, &rids);
            }
            if self.along(store, &mut walk, effort, &mut taken)? {
                return Ok(taken.found);
            }
            effort = effort.saturating_mul(2);
        }
    }

    /// The way through the records in the order of the answer. From the `choices` goes the one that it keeps to, if to
    /// gather that one could be no shorter.
    fn walk(&self, choices: &mut Vec<Choice>) -> Walk {
        let Some((at, sort)) = self.query.first_sort() else {
            let after = self.after.map_or(0, |position| position.rid);
            // The records of one key are in the order of creation already.
            let one_key = choices.iter().find_map(Choice::one_key);
            let Some((slot, key)) = one_key.map(|(slot, key)| (slot.clone(), key.to_vec())) else {
                return Walk::Keys(Keys::new(Slot::All, KeyRange::created_after(after), false));
            };
            if choices.len() == 1 {
                choices.clear();
            }
            return Walk::Keys(Keys::new(slot, KeyRange::equal(key.clone()), false).from(key, after));
        };
        let slot = match &sort.target {
            Target::Field(name) => Slot::Values(name.clone()),
            Target::System(name) => Slot::Values((*name).to_owned()),
            Target::AnyText(_) => Slot::All,
        };
        // Records that are equal by this sort are seen again, unless nothing but their creation orders them.
        let after = self.after.and_then(|after| {
            let key = after.keys.get(at)?;
            Some((key, if self.query.is_ordered_by_one_key(key) { after.rid } else { 0 }))
        });
        if let SortKind::Distance(centre) = &sort.kind {
            let after = after.map(|(key, rid)| (key.as_slice(), rid));
            return Walk::Nearest(Nearest::new(slot, centre.into(), sort.descending, after));
        }
        let followed = choices.iter().position(|choice| choice.one_range(&slot).is_some());
        let range = match followed.map(|at| choices.remove(at)) {
            Some(choice) => choice.ranges.into_iter().next().unwrap_or_else(KeyRange::all),
            None => KeyRange::all(),
        };
        let keys = Keys::new(slot, range, sort.descending);
        Walk::Keys(match after {
            Some((key, rid)) => keys.from(shorten(key.clone()), rid),
            None => keys,
        })
    }

    /// The records among which the choice with the fewest entries has all matches, if it has few.
    fn fewest(
        &self,
        store: &mut Store,
        choices: &[Choice],
        effort: usize,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        // What is to be sorted must also be read, and of what other filters refuse there may be much.
        let is_page = self.query.first_sort().is_none() && choices.len() == 1;
        let mut most = effort.saturating_mul(if is_page { GATHERED_FOR_ONE } else { 1 });
        let mut fewest = None;
        for choice in choices {
            if let Some(rids) = choice.records(store, self.ground.zone, self.ground.record_type, most)? {
                most = rids.len();
                fewest = Some(rids);
            }
        }
        Ok(fewest)
    }

    /// The matches among these records: all of them, or those of the page if they are in its order.
    fn among(&self, store: &Store, rids: &[i64]) -> Result<Vec<Found>, StoreError> {
        let sorted = self.query.first_sort().is_some();
        let after = if sorted { 0 } else { self.after.map_or(0, |position| position.rid) };
        let mut found = Vec::new();
        for rid in &rids[rids.partition_point(|rid| *rid <= after)..] {
            found.extend(self.load(store, *rid)?);
            if !sorted && found.len() > self.limit {
                break;
            }
        }
        Ok(found)
    }

    /// Walks on until the page and the record after it are found, or until the end, and then it is done; or until so
    /// many records were looked at.
    fn along(
        &self,
        store: &mut Store,
        walk: &mut Walk,
        effort: usize,
        taken: &mut Taken,
    ) -> Result<bool, StoreError> {
        let mut looked_at = 0;
        while looked_at < effort {
            let missing = (self.limit + 1).saturating_sub(taken.found.len()).clamp(16, 256);
            let steps = walk.next(store, self.ground, missing)?;
            if steps.is_empty() {
                return Ok(true);
            }
            for step in steps {
                if self.is_beyond(taken, &step) {
                    return Ok(true);
                }
                looked_at += 1;
                taken.found.extend(self.load(store, step.rid)?);
            }
        }
        Ok(false)
    }

    /// Whether the page is full and neither this record nor a later one belongs to it.
    fn is_beyond(&self, taken: &mut Taken, step: &Step) -> bool {
        let Some(full) = taken.found.get(..=self.limit) else { return false };
        let Some((at, sort)) = self.query.first_sort() else { return true };
        if matches!(sort.kind, SortKind::Value) && self.query.is_ordered_by_one_key(&step.bound) {
            return true;
        }
        let edge = taken.edge.get_or_insert_with(|| {
            let keys = full.iter().map(|found| &found.position.keys[at]);
            let last = if sort.descending { keys.min() } else { keys.max() };
            shorten(last.cloned().unwrap_or_default())
        });
        if sort.descending { step.bound < *edge } else { step.bound > *edge }
    }

    /// The record, if it matches and comes after the last page.
    fn load(&self, store: &Store, rid: i64) -> Result<Option<Found>, StoreError> {
        let Some(record) = store.record_by_rid(rid)? else { return Ok(None) };
        if !(self.visible)(store, &record)? {
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
        if self.after.is_some_and(|after| self.query.order(&position, after).is_le()) {
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

    /// The first part of the order that has a meaning, and its number.
    fn first_sort(&self) -> Option<(usize, &Sort)> {
        self.sorts.iter().enumerate().find(|(_, sort)| !matches!(sort.kind, SortKind::Encrypted))
    }

    /// Whether records with this key in the index of the first sort are in the order of creation.
    fn is_ordered_by_one_key(&self, key: &[u8]) -> bool {
        let meant = self.sorts.iter().filter(|sort| !matches!(sort.kind, SortKind::Encrypted));
        meant.count() == 1 && key.len() < MAX_KEY
    }
}

/// The key of a record for one part of the order; absent values come first.
fn sort_key(sort: &Sort, record: &Record, fields: &Fields) -> Vec<u8> {
    let field = |name: &String| fields.get(name).and_then(|field| field.scalars().first());
    match (&sort.kind, &sort.target) {
        (SortKind::Encrypted, _) | (_, Target::AnyText(_)) => ABSENT.to_vec(),
        (SortKind::Distance(from), Target::Field(name)) => match field(name) {
            Some(Scalar::Location(place)) => double_key(distance(from.into(), place.into())),
            _ => ABSENT.to_vec(),
        },
        (_, Target::Field(name)) => field(name).map_or_else(|| ABSENT.to_vec(), full_key),
        (_, Target::System(name)) => system_key(record, name),
    }
}
