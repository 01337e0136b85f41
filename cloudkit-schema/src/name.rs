//! The names of record types, fields and roles: which there can be, and which need quotes.

/// The words that need quotes when they are names, whatever their case.
pub const RESERVED: [&str; 5] = ["GRANT", "PREFERRED", "QUERYABLE", "SORTABLE", "SEARCHABLE"];

/// The most characters of a name. Apple documents the figure for record names; for types and fields it is a guess.
pub const MOST_CHARACTERS: usize = 255;

/// Why a name cannot be one that a user gives to a record type, field or role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameFault {
    /// It has no characters.
    Empty,
    /// It starts with an underscore, as the names of the system do.
    Underscore,
    /// It holds a full stop, as the names of the system do.
    FullStop,
    /// It starts with something that is not a letter of ASCII.
    First(char),
    /// It holds something that is neither a letter nor a digit of ASCII nor an underscore.
    Character(char),
    /// It has this many characters, more than [`MOST_CHARACTERS`].
    Length(usize),
}

/// Checks a name against `[A-Za-z][A-Za-z0-9_]*`, which every name that a user gives must match, in quotes or not.
///
/// # Errors
///
/// What is wrong with it.
pub fn check(name: &str) -> Result<(), NameFault> {
    let Some(first) = name.chars().next() else { return Err(NameFault::Empty) };
    if first == '_' {
        return Err(NameFault::Underscore);
    }
    if !first.is_ascii_alphabetic() {
        return Err(NameFault::First(first));
    }
    match name.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '_') {
        Some('.') => Err(NameFault::FullStop),
        Some(letter) => Err(NameFault::Character(letter)),
        None if name.len() > MOST_CHARACTERS => Err(NameFault::Length(name.len())),
        None => Ok(()),
    }
}

impl std::fmt::Display for NameFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Underscore => f.write_str("CloudKit keeps names that start with an underscore for itself"),
            Self::FullStop => f.write_str("CloudKit keeps names with a full stop for itself"),
            Self::First(letter) => {
                write!(f, "it must start with one of A to Z or a to z, and starts with `{}`", shown(*letter))
            }
            Self::Character(letter) => {
                write!(f, "it must consist of A to Z, a to z, 0 to 9 and `_`, and holds `{}`", shown(*letter))
            }
            Self::Length(length) => {
                write!(f, "it has {length} characters, and {MOST_CHARACTERS} is the most")
            }
        }
    }
}

/// The character in a message: as it is if it can be seen.
pub(crate) fn shown(letter: char) -> String {
    if letter.is_control() || (letter.is_whitespace() && letter != ' ') || letter == '\u{feff}' {
        format!("U+{:04X}", u32::from(letter))
    } else {
        letter.to_string()
    }
}

/// Whether the schema language writes the name in quotes.
#[must_use]
pub fn needs_quotes(name: &str) -> bool {
    let bare = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    !bare || is_reserved(name)
}

pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// A name as the schema language writes it: in quotes if it needs them.
///
/// ```
/// assert_eq!(cloudkit_schema::name::quoted("title"), "title");
/// assert_eq!(cloudkit_schema::name::quoted("___recordID"), "\"___recordID\"");
/// ```
#[must_use]
pub fn quoted(name: &str) -> std::borrow::Cow<'_, str> {
    if needs_quotes(name) { format!("\"{name}\"").into() } else { name.into() }
}

/// The candidate that is most like `word`, if one is like it at all, without regard to case.
pub(crate) fn similar<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(64).map(|letter| letter.to_ascii_uppercase()).collect();
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().min(word.len()) / 3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, left out or replaced to make the one of the other.
pub(crate) fn distance(left: &[char], right: &str) -> usize {
    let mut distances: Vec<usize> = (0..=left.len()).collect();
    for (row, right) in right.chars().enumerate() {
        let mut diagonal = distances[0];
        distances[0] = row + 1;
        for (column, left) in left.iter().enumerate() {
            let replaced = diagonal + usize::from(*left != right.to_ascii_uppercase());
            diagonal = distances[column + 1];
            distances[column + 1] = replaced.min(diagonal + 1).min(distances[column] + 1);
        }
    }
    distances[left.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_need_quotes() {
        for name in ["title", "type", "TIMESTAMP", "a1_", "LIST", "to", "grants"] {
            assert_eq!(quoted(name), name);
        }
        for name in
            ["_creator", "___recordID", "grant", "GRANT", "Queryable", "cloudkit.share", "9a", "", "é"]
        {
            assert!(needs_quotes(name), "{name}");
        }
    }

    #[test]
    fn names_that_users_can_give() {
        assert_eq!(check("publishedAt2_x"), Ok(()));
        assert_eq!(check(&"x".repeat(255)), Ok(()));
        assert_eq!(check(""), Err(NameFault::Empty));
        assert_eq!(check("_x"), Err(NameFault::Underscore));
        assert_eq!(check("a.b"), Err(NameFault::FullStop));
        assert_eq!(check("2x"), Err(NameFault::First('2')));
        assert_eq!(check("a-b"), Err(NameFault::Character('-')));
        assert_eq!(check(&"x".repeat(256)), Err(NameFault::Length(256)));
    }

    #[test]
    fn a_word_is_like_one_with_a_slip_in_it() {
        let words = ["QUERYABLE", "SORTABLE", "SEARCHABLE"];
        assert_eq!(similar("queriable", words), Some("QUERYABLE"));
        assert_eq!(similar("SEARCHEABLE", words), Some("SEARCHABLE"));
        assert_eq!(similar("UNIQUE", words), None);
        assert_eq!(similar("", words), None);
    }
}
