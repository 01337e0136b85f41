//! Renames: the language has none, so each shows as something that goes and something that comes.

use std::collections::BTreeMap;

use crate::model::{Field, RecordType};
use crate::name::distance;

/// Which of what goes is probably meant to be which of what comes.
pub(super) struct Renames(Vec<(String, String)>);

impl Renames {
    pub(super) fn to(&self, from: &str) -> Option<&str> {
        self.0.iter().find(|(old, _)| old == from).map(|(_, new)| new.as_str())
    }

    pub(super) fn from(&self, to: &str) -> Option<&str> {
        self.0.iter().find(|(_, new)| new == to).map(|(old, _)| old.as_str())
    }
}

/// Fields of one type whose names are alike, or the only one that goes and the only one that comes.
pub(super) fn fields(from: &BTreeMap<String, Field>, to: &BTreeMap<String, Field>) -> Renames {
    let gone: Vec<&Field> =
        from.values().filter(|field| !to.contains_key(&field.name) && field.system().is_none()).collect();
    let new: Vec<&Field> =
        to.values().filter(|field| !from.contains_key(&field.name) && field.system().is_none()).collect();
    let only = gone.len() == 1 && new.len() == 1;
    pair(&gone, &new, |old, new| {
        if old.data_type != new.data_type {
            return 0;
        }
        match likeness(&old.name, &new.name) {
            0 if only && old.indexes == new.indexes => 1,
            likeness => likeness,
        }
    })
    .of(|field| field.name.clone())
}

/// Record types that have at least half of their fields in common.
pub(super) fn record_types(
    from: &BTreeMap<String, RecordType>,
    to: &BTreeMap<String, RecordType>,
) -> Renames {
    let gone: Vec<&RecordType> = from.values().filter(|it| !to.contains_key(&it.name)).collect();
    let new: Vec<&RecordType> = to.values().filter(|it| !from.contains_key(&it.name)).collect();
    pair(&gone, &new, |old, new| {
        let has = |field: &&Field| new.field(&field.name).is_some_and(|it| it.data_type == field.data_type);
        let shared = old.user_fields().filter(has).count();
        let all = old.user_fields().count() + new.user_fields().count() - shared;
        if shared > 0 && 2 * shared >= all { 1 + 10 * shared / all } else { 0 }
    })
    .of(|record_type| record_type.name.clone())
}

struct Pairs<'a, T>(Vec<(&'a T, &'a T)>);

impl<T> Pairs<'_, T> {
    fn of(self, name: impl Fn(&T) -> String) -> Renames {
        Renames(self.0.into_iter().map(|(old, new)| (name(old), name(new))).collect())
    }
}

/// The most whose pairs are all looked at. Beyond, nobody reads advice on each.
const MOST: usize = 64;

/// Pairs what is most alike first. A likeness of 0 is none.
fn pair<'a, T>(gone: &[&'a T], new: &[&'a T], likeness: impl Fn(&T, &T) -> usize) -> Pairs<'a, T> {
    if gone.len() > MOST || new.len() > MOST {
        return Pairs(Vec::new());
    }
    let mut pairs: Vec<(usize, usize, usize)> = Vec::new();
    for (old_place, old) in gone.iter().enumerate() {
        for (new_place, new) in new.iter().enumerate() {
            let likeness = likeness(old, new);
            if likeness > 0 {
                pairs.push((likeness, old_place, new_place));
            }
        }
    }
    pairs.sort_by_key(|(likeness, old, new)| (std::cmp::Reverse(*likeness), *old, *new));
    let (mut paired_old, mut paired_new) = (vec![false; gone.len()], vec![false; new.len()]);
    let mut found = Vec::new();
    for (_, old, new_place) in pairs {
        if !paired_old[old] && !paired_new[new_place] {
            (paired_old[old], paired_new[new_place]) = (true, true);
            found.push((gone[old], new[new_place]));
        }
    }
    Pairs(found)
}

/// How alike two names are: 4 if they differ in case and underscores only, 0 if they have nothing in common.
fn likeness(one: &str, other: &str) -> usize {
    let plain = |name: &str| -> String {
        name.chars().filter(|letter| *letter != '_').map(|letter| letter.to_ascii_uppercase()).collect()
    };
    let (one, other) = (plain(one), plain(other));
    let (short, long) = if one.len() < other.len() { (&one, &other) } else { (&other, &one) };
    if one == other {
        return 4;
    }
    let letters: Vec<char> = one.chars().collect();
    if distance(&letters, &other) <= (short.len() + 1) / 3 {
        return 3;
    }
    if short.len() > 2 && (long.starts_with(short.as_str()) || long.ends_with(short.as_str())) {
        return 2;
    }
    0
}
