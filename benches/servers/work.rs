//! What is asked of every server.

use std::fmt::Write as _;

/// So many records are there before the clock starts, …
pub(crate) const RECORDS: usize = 2_000;

/// … so many of each category, which is what a query finds.
pub(crate) const FOUND: usize = 20;

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    /// All records of one category, by an index where the server has such a thing.
    Query,
    /// One new record.
    Put,
    /// As many new records as the server takes in one request.
    Batch,
}

impl Work {
    /// Queries come first, so that all servers are asked about equally many records.
    pub(crate) const ALL: [Self; 3] = [Self::Query, Self::Put, Self::Batch];
}

/// A record: five fields, some 330 bytes.
pub(crate) struct Article {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) category: String,
    pub(crate) text: String,
    pub(crate) views: usize,
    /// In milliseconds since 1970.
    pub(crate) published_at: usize,
}

impl Article {
    /// The article of this number. Those that are there from the beginning share categories that no later one has.
    pub(crate) fn numbered(number: usize) -> Self {
        let mut text = String::with_capacity(220);
        while text.len() < 200 {
            let _ = write!(text, "What was said in line {} of {number}. ", text.len());
        }
        Self {
            name: format!("article-{number:08}"),
            title: format!("The title of article number {number}"),
            category: category(number / FOUND),
            text,
            views: number * 7 % 1_000,
            published_at: 1_767_225_600_000 + number * 1_000,
        }
    }
}

/// The name of a category.
pub(crate) fn category(number: usize) -> String {
    format!("category-{number:06}")
}

/// Gives every new article a number of its own.
#[derive(Debug)]
pub(crate) struct Articles {
    next: usize,
}

impl Articles {
    /// After those that are there from the beginning.
    pub(crate) fn new() -> Self {
        Self { next: RECORDS }
    }

    pub(crate) fn next(&mut self) -> Article {
        self.next += 1;
        Article::numbered(self.next)
    }
}

/// The articles that are there from the beginning.
pub(crate) fn first_articles() -> impl Iterator<Item = Article> {
    (0..RECORDS).map(Article::numbered)
}
