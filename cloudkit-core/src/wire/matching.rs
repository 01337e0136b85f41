//! Which answer belongs to which question: every name that was asked for must be answered exactly once.

use std::collections::HashMap;

use super::RecordItem;
use crate::error::DecodeError;
use crate::record::RecordName;

/// Puts the items of an answer into the order of the names that were asked for.
///
/// CloudKit answers by position. That is checked by name, and where the positions do not fit, the names decide. An
/// item without a name can only be placed by position.
pub(crate) fn match_items<T>(
    names: &[&RecordName],
    items: Vec<RecordItem<T>>,
) -> Result<Vec<RecordItem<T>>, DecodeError> {
    let fits = items.len() == names.len()
        && items.iter().zip(names).all(|(item, name)| item.record_name().is_none_or(|found| found == *name));
    if fits {
        return Ok(items);
    }

    let mut by_name: HashMap<RecordName, Vec<RecordItem<T>>> = HashMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let Some(name) = item.record_name().cloned() else {
            return Err(mismatch(
                format!("records[{index}]"),
                "an item without a name, out of its place".to_owned(),
            ));
        };
        by_name.entry(name).or_default().push(item);
    }
    let mut matched = Vec::with_capacity(names.len());
    for name in names {
        match by_name.get_mut(name).and_then(Vec::pop) {
            Some(item) => matched.push(item),
            None => return Err(mismatch("records".to_owned(), format!("no answer for the record {name:?}"))),
        }
    }
    match by_name.into_iter().find(|(_, items)| !items.is_empty()) {
        Some((name, _)) => {
            Err(mismatch("records".to_owned(), format!("an answer too many for the record {name:?}")))
        }
        None => Ok(matched),
    }
}

fn mismatch(at: String, reason: String) -> DecodeError {
    DecodeError { at, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deleted(names: &[&str]) -> Vec<RecordItem<()>> {
        names.iter().map(|name| RecordItem::Deleted(RecordName::from(*name))).collect()
    }

    #[track_caller]
    fn check(asked: &[&str], answered: &[&str], expect: Result<(), &str>) {
        let asked: Vec<RecordName> = asked.iter().map(|name| RecordName::from(*name)).collect();
        let names: Vec<&RecordName> = asked.iter().collect();
        match (match_items(&names, deleted(answered)), expect) {
            (Ok(items), Ok(())) => {
                let found: Vec<_> = items.iter().filter_map(RecordItem::record_name).collect();
                assert_eq!(found, names);
            }
            (Err(error), Err(reason)) => assert_eq!(error.reason, reason),
            (found, expect) => panic!("expected {expect:?}, found {found:?}"),
        }
    }

    #[test]
    fn the_usual_answer_is_in_order() {
        check(&["a", "b"], &["a", "b"], Ok(()));
        check(&[], &[], Ok(()));
    }

    #[test]
    fn an_answer_in_another_order_is_sorted_by_name() {
        check(&["a", "b", "c"], &["c", "a", "b"], Ok(()));
    }

    #[test]
    fn a_name_asked_for_twice_is_answered_twice() {
        check(&["a", "a"], &["a", "a"], Ok(()));
        check(&["a", "a"], &["a"], Err("no answer for the record \"a\""));
    }

    #[test]
    fn a_missing_or_doubled_answer_is_an_error() {
        check(&["a", "b"], &["a"], Err("no answer for the record \"b\""));
        check(&["a", "b"], &["a", "a"], Err("no answer for the record \"b\""));
        check(&["a"], &["a", "a"], Err("an answer too many for the record \"a\""));
    }
}
