//! Which index entries can hold the answer to a query.

use std::ops::ControlFlow;

use super::geo::{SLACK, cover, distance};
use super::{Comparator, Filter, Query, Target};
use crate::schema::RecordType;
use crate::store::{
    Index, KeyRange, MAX_KEY, Place, Slot, Store, StoreError, full_key, index_key, read_place_key, shorten,
    text_key,
};
use crate::value::Scalar;

/// One way to narrow a query: every match has an entry under one of the slots with a key in one of the ranges.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) slots: Vec<Slot>,
    pub(super) ranges: Vec<KeyRange>,
    /// Circles in which the place of the entry must lie, and their radius in metres.
    circles: Vec<(Place, f64)>,
}

/// Every way to narrow a query. Filters on one field with one value narrow it together.
pub(super) fn choices(query: &Query, record_type: &RecordType) -> Vec<Choice> {
    let mut all: Vec<Choice> = Vec::new();
    for choice in query.filters.iter().flat_map(of_filter) {
        let same = all
            .iter_mut()
            .find(|known| choice.has_one_key_a_record(record_type) && known.slots == choice.slots);
        match same {
            Some(known) => known.intersect(&choice),
            None => all.push(choice),
        }
    }
    all
}

fn of_filter(filter: &Filter) -> Vec<Choice> {
    if filter.comparator.is_token_search() {
        return of_words(filter);
    }
    let slot = match &filter.target {
        Target::Field(name) => Slot::Values(name.clone()),
        Target::System(name) => Slot::Values((*name).to_owned()),
        Target::AnyText(_) => return Vec::new(),
    };
    let choice = |ranges| Choice { slots: vec![slot.clone()], ranges, circles: Vec::new() };
    if filter.comparator == Comparator::ListContainsAll {
        // Each of the elements narrows the query.
        return filter.operand.iter().map(|scalar| choice(vec![equal(scalar)])).collect();
    }
    let Some(ranges) = ranges(filter) else { return Vec::new() };
    let mut choice = choice(ranges);
    if let (Comparator::Near, Some(Scalar::Location(centre))) = (filter.comparator, filter.operand.first()) {
        choice.circles.push((centre.into(), filter.distance));
    }
    vec![choice]
}

fn equal(scalar: &Scalar) -> KeyRange {
    KeyRange::equal(index_key(scalar))
}

/// The keys that matches have; `None` if they may have any.
fn ranges(filter: &Filter) -> Option<Vec<KeyRange>> {
    let first = filter.operand.first();
    let prefix = |scalar: &Scalar| KeyRange::prefix(shorten(full_key(scalar)));
    Some(match filter.comparator {
        Comparator::Equals | Comparator::ListContains => vec![equal(first?)],
        Comparator::In | Comparator::ListContainsAny => filter.operand.iter().map(equal).collect(),
        Comparator::LessThan | Comparator::LessThanOrEquals => {
            // Values only: the key of an absent value is shorter than any of them.
            vec![KeyRange { from: vec![full_key(first?)[0]], to: equal(first?).to }]
        }
        Comparator::GreaterThan | Comparator::GreaterThanOrEquals => {
            vec![KeyRange { from: index_key(first?), to: None }]
        }
        Comparator::BeginsWith | Comparator::ListMemberBeginsWith => vec![prefix(first?)],
        Comparator::Near => {
            let Scalar::Location(centre) = first? else { return None };
            cover(centre.into(), filter.distance)
        }
        Comparator::NotEquals
        | Comparator::NotIn
        | Comparator::NotListContains
        | Comparator::NotListContainsAny => {
            let exact = filter.operand.iter().filter(|scalar| is_exact(scalar));
            KeyRange::complement(exact.map(equal).collect())
        }
        Comparator::NotBeginsWith | Comparator::NotListMemberBeginsWith => {
            let whole = Some(first?).filter(|scalar| full_key(scalar).len() <= MAX_KEY);
            KeyRange::complement(whole.map(prefix).into_iter().collect())
        }
        _ => return None,
    })
}

/// Whether all entries with the key of this value have this value.
fn is_exact(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Location(_) | Scalar::Reference(_) => false,
        _ => full_key(scalar).len() < MAX_KEY,
    }
}

fn of_words(filter: &Filter) -> Vec<Choice> {
    let names: &[String] = match &filter.target {
        Target::Field(name) => std::slice::from_ref(name),
        Target::AnyText(names) => names,
        Target::System(_) => &[],
    };
    let slots: Vec<_> = names.iter().map(|name| Slot::Words(name.clone())).collect();
    let mut words = filter.words.iter().map(|word| KeyRange::equal(text_key(word)));
    let choice = |ranges| Choice { slots: slots.clone(), ranges, circles: Vec::new() };
    match filter.comparator {
        // Each of the words narrows the query; without any, nothing matches.
        Comparator::ContainsAllTokens if words.len() > 0 => words.map(|word| choice(vec![word])).collect(),
        _ => vec![choice(words.by_ref().collect())],
    }
}

impl Choice {
    /// The only key, under the only slot, if it is so.
    pub(super) fn one_key(&self) -> Option<(&Slot, &[u8])> {
        match (self.slots.as_slice(), self.ranges.as_slice()) {
            ([slot], [range]) => Some((slot, range.one_key()?)),
            _ => None,
        }
    }

    /// The range of keys, if all are under this slot and in one range.
    pub(super) fn one_range(&self, slot: &Slot) -> Option<&KeyRange> {
        match (self.slots.as_slice(), self.ranges.as_slice()) {
            ([only], [range]) if only == slot => Some(range),
            _ => None,
        }
    }

    fn has_one_key_a_record(&self, record_type: &RecordType) -> bool {
        match self.slots.as_slice() {
            [Slot::Values(name)] => record_type.fields.get(name).is_none_or(|field| !field.value_type.list),
            _ => false,
        }
    }

    fn intersect(&mut self, other: &Self) {
        let both =
            self.ranges.iter().flat_map(|one| other.ranges.iter().map(|other| one.intersection(other)));
        self.ranges = both.flatten().collect();
        self.circles.extend_from_slice(&other.circles);
    }

    /// The records of the entries, in the order of creation; `None` if there are more than `most` entries.
    pub(super) fn records(
        &self,
        store: &mut Store,
        zone: i64,
        record_type: &str,
        most: usize,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let mut left = most;
        let mut complete = true;
        let mut rids = Vec::new();
        for slot in &self.slots {
            let index = Index { zone, record_type, slot };
            for range in &self.ranges {
                store.walk(index, range, false, |key, rid| {
                    if left == 0 {
                        complete = false;
                        return ControlFlow::Break(());
                    }
                    left -= 1;
                    if self.may_match(key) {
                        rids.push(rid);
                    }
                    ControlFlow::Continue(())
                })?;
                if !complete {
                    return Ok(None);
                }
            }
        }
        rids.sort_unstable();
        rids.dedup();
        Ok(Some(rids))
    }

    fn may_match(&self, key: &[u8]) -> bool {
        self.circles.iter().all(|(centre, radius)| {
            read_place_key(key).is_none_or(|place| distance(*centre, place) <= radius + SLACK)
        })
    }
}
