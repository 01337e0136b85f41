//! The names of Rust become those of CloudKit.

use std::fmt;

use syn::LitStr;

use crate::attr::Options;
use crate::context::Context;

/// `rename_all`: how the words of a Rust name are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Case {
    #[default]
    Camel,
    Pascal,
    Snake,
    ScreamingSnake,
    /// As in Rust.
    Unchanged,
}

impl Case {
    const ALL: [(&'static str, Self); 5] = [
        ("camelCase", Self::Camel),
        ("PascalCase", Self::Pascal),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("none", Self::Unchanged),
    ];

    /// Reads the option `rename_all`.
    pub(crate) fn read(cx: &mut Context, options: &Options) -> Self {
        let Some(text) = options.text("rename_all") else { return Self::default() };
        let wanted = text.value();
        if let Some((_, case)) = Self::ALL.iter().find(|(name, _)| *name == wanted) {
            return *case;
        }
        let known = Self::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
        cx.mistake(text.span(), format_args!("unknown case `{wanted}` in `rename_all`; known are {known}"));
        Self::default()
    }

    /// The name in CloudKit of what is called `rust` in Rust, raw or not.
    ///
    /// Underscores at the start stay: CloudKit refuses them, and the user is to hear of it.
    pub(crate) fn apply(self, rust: &str) -> String {
        let words = rust.trim_start_matches('_');
        let (underscores, words) = (&rust[..rust.len() - words.len()], split(words));
        let joined = match self {
            Self::Unchanged => return rust.to_owned(),
            Self::Snake => words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>().join("_"),
            Self::ScreamingSnake => {
                words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join("_")
            }
            Self::Pascal => words.iter().map(|word| capitalised(word)).collect(),
            Self::Camel => words
                .iter()
                .enumerate()
                .map(|(index, word)| if index == 0 { word.to_lowercase() } else { capitalised(word) })
                .collect(),
        };
        format!("{underscores}{joined}")
    }
}

/// The words of `published_at`, `InReview` or `HTTPServer`.
fn split(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        let starts = letter.is_uppercase()
            && index > 0
            && (!letters[index - 1].is_uppercase()
                || letters.get(index + 1).is_some_and(|next| next.is_lowercase()));
        if *letter == '_' || starts {
            words.push(String::new());
        }
        if *letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.push(*letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + &letters.as_str().to_lowercase()
    })
}

/// Why CloudKit refuses a name of a record type or field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadName {
    Empty,
    Reserved,
    FirstLetter,
    Letter(char),
    TooLong(usize),
}

/// Checks the name of a record type or field against `[A-Za-z][A-Za-z0-9_]*`.
pub(crate) fn check(name: &str) -> Result<(), BadName> {
    match name.chars().next() {
        None => return Err(BadName::Empty),
        Some('_') => return Err(BadName::Reserved),
        Some(first) if !first.is_ascii_alphabetic() => return Err(BadName::FirstLetter),
        Some(_) => {}
    }
    match name.chars().find(|letter| !letter.is_ascii_alphanumeric() && *letter != '_') {
        Some(letter) => Err(BadName::Letter(letter)),
        None if name.len() > 255 => Err(BadName::TooLong(name.len())),
        None => Ok(()),
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::Reserved => f.write_str("CloudKit keeps names that start with an underscore for itself"),
            Self::FirstLetter => f.write_str("it must start with one of the letters A to Z or a to z"),
            Self::Letter(letter) => {
                write!(f, "it must consist of A to Z, a to z, 0 to 9 and `_`, and holds `{letter}`")
            }
            Self::TooLong(length) => write!(f, "it has {length} characters, and 255 is the most"),
        }
    }
}

/// A name that was given in an option, or `None` (and a mistake) if it is no name at all.
pub(crate) fn given(cx: &mut Context, text: &LitStr, what: &str) -> Option<String> {
    let name = text.value();
    if name.is_empty() {
        cx.mistake(text.span(), format_args!("the name of {what} cannot be empty"));
        return None;
    }
    Some(name)
}
