//! How the words of a name are joined: names of Rust become names of CloudKit and back.

use std::fmt;

/// A way to join the words of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Case {
    /// `publishedAt`
    #[default]
    Camel,
    /// `PublishedAt`
    Pascal,
    /// `published_at`
    Snake,
    /// `PUBLISHED_AT`
    ScreamingSnake,
    /// As it is.
    Unchanged,
}

impl Case {
    /// Every way, in the order in which messages list them.
    pub const ALL: [Self; 5] =
        [Self::Camel, Self::Pascal, Self::Snake, Self::ScreamingSnake, Self::Unchanged];

    /// The way of this name: one of `camelCase`, `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE` and `none`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.as_str() == name)
    }

    /// Its own name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Camel => "camelCase",
            Self::Pascal => "PascalCase",
            Self::Snake => "snake_case",
            Self::ScreamingSnake => "SCREAMING_SNAKE_CASE",
            Self::Unchanged => "none",
        }
    }

    /// The name with its words joined in this way.
    ///
    /// Underscores at the start stay: CloudKit refuses them, and who wrote them is to hear of it.
    ///
    /// ```
    /// use cloudkit_schema::case::Case;
    ///
    /// assert_eq!(Case::Camel.apply("published_at"), "publishedAt");
    /// assert_eq!(Case::Snake.apply("siteURL"), "site_url");
    /// ```
    #[must_use]
    pub fn apply(self, name: &str) -> String {
        let words = name.trim_start_matches('_');
        let (underscores, words) = (&name[..name.len() - words.len()], split(words));
        let joined = match self {
            Self::Unchanged => return name.to_owned(),
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

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        let cases = [
            ("published_at", "publishedAt", "PublishedAt", "published_at", "PUBLISHED_AT"),
            ("InReview", "inReview", "InReview", "in_review", "IN_REVIEW"),
            ("HTTPServer", "httpServer", "HttpServer", "http_server", "HTTP_SERVER"),
            ("line_2", "line2", "Line2", "line_2", "LINE_2"),
            ("a", "a", "A", "a", "A"),
            ("_secret", "_secret", "_Secret", "_secret", "_SECRET"),
        ];
        for (name, camel, pascal, snake, screaming) in cases {
            assert_eq!(Case::Camel.apply(name), camel);
            assert_eq!(Case::Pascal.apply(name), pascal);
            assert_eq!(Case::Snake.apply(name), snake);
            assert_eq!(Case::ScreamingSnake.apply(name), screaming);
            assert_eq!(Case::Unchanged.apply(name), name);
        }
    }

    #[test]
    fn every_case_has_its_name() {
        for case in Case::ALL {
            assert_eq!(Case::named(case.as_str()), Some(case));
        }
        assert_eq!(Case::named("kebab-case"), None);
    }
}
