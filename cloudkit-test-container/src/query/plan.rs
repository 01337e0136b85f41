//! Which index entries can hold the answer to a filter.

use super::geo::latitudes;
use super::{Comparator, Filter, Target};
use crate::store::{KeyRange, Slot, double_key, full_key, index_key, shorten, text_key};
use crate::value::Scalar;

/// Entries that together hold at least every match.
pub(super) type Ranges = Vec<(Slot, KeyRange)>;

/// The entries for a filter; `None` if no index narrows it.
pub(super) fn ranges(filter: &Filter) -> Option<Ranges> {
    if filter.comparator.is_token_search() {
        return word_ranges(filter);
    }
    let slot = match &filter.target {
        Target::Field(name) => Slot::Values(name.clone()),
        Target::System(name) => Slot::Values((*name).to_owned()),
        Target::AnyText(_) => return None,
    };
    let first = filter.operand.first();
    let equal = |scalar: &Scalar| KeyRange::equal(index_key(scalar));
    let one = |range: KeyRange| Some(vec![(slot.clone(), range)]);
    match filter.comparator {
        Comparator::Equals | Comparator::ListContains | Comparator::ListContainsAll => one(equal(first?)),
        Comparator::In | Comparator::ListContainsAny => {
            Some(filter.operand.iter().map(|scalar| (slot.clone(), equal(scalar))).collect())
        }
        Comparator::LessThan | Comparator::LessThanOrEquals => {
            let up_to = KeyRange::equal(index_key(first?)).to;
            // Values only: the key of an absent value is shorter than any of them.
            one(KeyRange { from: vec![full_key(first?)[0]], to: up_to })
        }
        Comparator::GreaterThan | Comparator::GreaterThanOrEquals => {
            one(KeyRange { from: index_key(first?), to: None })
        }
        Comparator::BeginsWith | Comparator::ListMemberBeginsWith => {
            one(KeyRange::prefix(shorten(full_key(first?))))
        }
        Comparator::Near => {
            let Scalar::Location(centre) = first? else { return None };
            let (south, north) = latitudes(centre, filter.distance);
            one(KeyRange { from: double_key(south), to: crate::store::after_prefix(&double_key(north)) })
        }
        _ => None,
    }
}

fn word_ranges(filter: &Filter) -> Option<Ranges> {
    let names: &[String] = match &filter.target {
        Target::Field(name) => std::slice::from_ref(name),
        Target::AnyText(names) => names,
        Target::System(_) => &[],
    };
    // Of words that must all be there the longest is likely the rarest.
    let words: Vec<&String> = match filter.comparator {
        Comparator::ContainsAllTokens => {
            filter.words.iter().max_by_key(|word| word.len()).into_iter().collect()
        }
        _ => filter.words.iter().collect(),
    };
    let mut ranges = Ranges::new();
    for name in names {
        for word in &words {
            ranges.push((Slot::Words(name.clone()), KeyRange::equal(text_key(word))));
        }
    }
    Some(ranges)
}
