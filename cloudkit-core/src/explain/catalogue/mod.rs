//! The catalogue of causes: one table a class, and the one home of their names and texts.

mod key;
mod message;
mod routing;
mod signature;
mod time;

use super::{CauseCode, Class, Standing};

/// What the catalogue says of a code.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) code: CauseCode,
    pub(super) name: &'static str,
    pub(super) row: &'static str,
    pub(super) standing: Standing,
    /// Completes "a request with …" or "a message with …".
    pub(super) title: &'static str,
    /// Completes "CloudKit wants …".
    pub(super) rule: &'static str,
    pub(super) fix: &'static str,
}

const TABLES: [(Class, &[Entry]); 5] = [
    (Class::Message, message::ENTRIES),
    (Class::Signature, signature::ENTRIES),
    (Class::Key, key::ENTRIES),
    (Class::Time, time::ENTRIES),
    (Class::Routing, routing::ENTRIES),
];

/// The tables hold the codes in the order of the enum, each once; so a code is an index.
const _: () = {
    let mut index = 0;
    let mut table = 0;
    while table < TABLES.len() {
        let entries = TABLES[table].1;
        let mut at = 0;
        while at < entries.len() {
            assert!(entries[at].code as usize == index, "the tables are not in the order of `CauseCode`");
            index += 1;
            at += 1;
        }
        table += 1;
    }
    assert!(index == CauseCode::AccountOrService as usize + 1, "a code has no entry");
};

pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLES.into_iter().flat_map(|(_, entries)| entries)
}

pub(super) const fn entry(code: CauseCode) -> &'static Entry {
    let (table, index) = find(code);
    &TABLES[table].1[index]
}

pub(super) const fn class(code: CauseCode) -> Class {
    TABLES[find(code).0].0
}

/// The table of a code, and its place in it.
const fn find(code: CauseCode) -> (usize, usize) {
    let mut index = code as usize;
    let mut table = 0;
    // It ends inside of a table: together they are as long as the enum, see above.
    while index >= TABLES[table].1.len() {
        index -= TABLES[table].1.len();
        table += 1;
    }
    (table, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own_and_the_letter_of_its_class() {
        let mut names = std::collections::HashSet::new();
        for entry in entries() {
            assert!(names.insert(entry.name), "{} occurs twice", entry.name);
            let spelled: String = format!("{:?}", entry.code)
                .chars()
                .flat_map(|c| {
                    c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_lowercase()])
                })
                .collect();
            assert_eq!(spelled.trim_start_matches('_'), entry.name);
            let letter = match class(entry.code) {
                Class::Message => 'M',
                Class::Signature => 'S',
                Class::Key => 'K',
                Class::Time => 'T',
                Class::Routing => 'R',
            };
            assert!(entry.row.starts_with(letter), "{} has the row {}", entry.name, entry.row);
        }
    }

    #[test]
    fn texts_are_phrases_of_ascii() {
        for entry in entries() {
            for text in [entry.title, entry.rule, entry.fix] {
                assert!(
                    !text.is_empty() && text.is_ascii() && !text.ends_with('.'),
                    "{}: {text}",
                    entry.name
                );
            }
            assert!(!entry.title.contains('\n') && !entry.fix.contains('\n'), "{}", entry.name);
        }
    }
}
