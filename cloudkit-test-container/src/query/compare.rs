//! Whether a record matches a filter.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::geo::distance;
use super::{Comparator, Filter, Target};
use crate::facts;
use crate::store::{DEFAULT_ZONE, Record, full_key, words};
use crate::value::{Fields, Reference, Scalar};

/// Whether the record matches.
pub(crate) fn matches(filter: &Filter, record: &Record, fields: &Fields) -> bool {
    if filter.comparator.is_token_search() {
        return matches_words(filter, fields);
    }
    let values = values(&filter.target, record, fields);
    let (comparator, negated) = match filter.comparator.negated() {
        Some(positive) => (positive, true),
        None => (filter.comparator, false),
    };
    let Some(values) = values else { return negated && facts::NEGATIVE_MATCHES_ABSENT.value };
    holds(comparator, &values, filter) != negated
}

/// The values that a filter looks at; `None` if the record has none there.
fn values<'a>(target: &Target, record: &Record, fields: &'a Fields) -> Option<Cow<'a, [Scalar]>> {
    let text = |text: &str| Some(Cow::Owned(vec![Scalar::String(text.to_owned())]));
    match target {
        Target::Field(name) => fields.get(name).map(|field| Cow::Borrowed(field.scalars())),
        Target::System("___recordID") => text(&record.name),
        Target::System("___createdBy") => text(&record.created.by),
        Target::System("___modifiedBy") => text(&record.modified.by),
        Target::System("___createTime") => Some(Cow::Owned(vec![Scalar::Timestamp(record.created.at)])),
        Target::System("___modTime") => Some(Cow::Owned(vec![Scalar::Timestamp(record.modified.at)])),
        Target::System(_) | Target::AnyText(_) => None,
    }
}

fn holds(comparator: Comparator, values: &[Scalar], filter: &Filter) -> bool {
    let any = |test: &dyn Fn(&Scalar) -> bool| values.iter().any(test);
    let contains = |operand: &Scalar| any(&|value| equal(value, operand));
    let first = filter.operand.first();
    let ordered = |test: fn(std::cmp::Ordering) -> bool| {
        first.is_some_and(|operand| any(&|value| test(full_key(value).cmp(&full_key(operand)))))
    };
    match comparator {
        Comparator::Equals | Comparator::ListContains => first.is_some_and(contains),
        Comparator::In | Comparator::ListContainsAny => filter.operand.iter().any(contains),
        Comparator::ListContainsAll => filter.operand.iter().all(contains),
        Comparator::LessThan => ordered(std::cmp::Ordering::is_lt),
        Comparator::LessThanOrEquals => ordered(std::cmp::Ordering::is_le),
        Comparator::GreaterThan => ordered(std::cmp::Ordering::is_gt),
        Comparator::GreaterThanOrEquals => ordered(std::cmp::Ordering::is_ge),
        Comparator::BeginsWith => first.is_some_and(|prefix| any(&|value| begins_with(value, prefix))),
        Comparator::ListMemberBeginsWith => {
            let members =
                if facts::MEMBER_PREFIX_OF_ANY.value { values } else { &values[..values.len().min(1)] };
            first.is_some_and(|prefix| members.iter().any(|value| begins_with(value, prefix)))
        }
        Comparator::Near => match first {
            Some(Scalar::Location(centre)) => any(&|value| match value {
                Scalar::Location(place) => distance(centre.into(), place.into()) <= filter.distance,
                _ => false,
            }),
            _ => false,
        },
        // Token searches never get here, and negative comparators come as the opposite of positive ones.
        _ => false,
    }
}

fn begins_with(value: &Scalar, prefix: &Scalar) -> bool {
    match (value, prefix) {
        (Scalar::String(value), Scalar::String(prefix)) => value.starts_with(prefix),
        _ => false,
    }
}

fn equal(value: &Scalar, operand: &Scalar) -> bool {
    match (value, operand) {
        (Scalar::Reference(stored), Scalar::Reference(asked)) => same_record(stored, asked),
        _ => full_key(value) == full_key(operand),
    }
}

fn same_record(stored: &Reference, asked: &Reference) -> bool {
    let zone = |reference: &Reference| reference.zone_name.clone().unwrap_or_else(|| DEFAULT_ZONE.to_owned());
    let zone_is_open = asked.zone_name.is_none() && facts::FILTER_REFERENCE_WITHOUT_ZONE.value;
    stored.record_name == asked.record_name && (zone_is_open || zone(stored) == zone(asked))
}

fn matches_words(filter: &Filter, fields: &Fields) -> bool {
    let names: &[String] = match &filter.target {
        Target::Field(name) => std::slice::from_ref(name),
        Target::AnyText(names) => names,
        Target::System(_) => &[],
    };
    let mut found = BTreeSet::new();
    for scalar in names.iter().filter_map(|name| fields.get(name)).flat_map(|field| field.scalars()) {
        if let Scalar::String(text) = scalar {
            found.extend(words(text));
        }
    }
    match filter.comparator {
        _ if filter.words.is_empty() => false,
        Comparator::ContainsAllTokens => filter.words.iter().all(|word| found.contains(word)),
        _ => filter.words.iter().any(|word| found.contains(word)),
    }
}
