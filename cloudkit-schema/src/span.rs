//! Where something stands in a text.

use std::hash::{Hash, Hasher};

/// A stretch of a text, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The first byte after it.
    pub end: u32,
}

/// A place in a text as people count: both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line. LF, CR LF and CR each end one.
    pub line: usize,
    /// The column, in characters; a tab is one.
    pub column: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        // The lexer refuses texts whose places do not fit.
        let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: place(start), end: place(end) }
    }

    /// From the start of this to the end of `last`.
    pub(crate) fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }

    /// The stretch itself, or nothing if it is not one of this text.
    #[must_use]
    pub fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Where it starts.
    #[must_use]
    pub fn position(self, text: &str) -> Position {
        Lines::of(text).position(self.start as usize)
    }

    /// The line in which it starts, without the end of the line.
    ///
    /// ```
    /// let text = "DEFINE SCHEMA\nRECORD TYPE Article (\n    title STRING\n);\n";
    /// let schema = cloudkit_schema::Schema::parse(text)?;
    /// let title = schema.record_type("Article").and_then(|article| article.field("title"));
    /// let spans = title.and_then(|title| title.origin.get());
    /// assert_eq!(spans.map(|spans| spans.field.line(text).trim()), Some("title STRING"));
    /// # Ok::<(), cloudkit_schema::SchemaError>(())
    /// ```
    #[must_use]
    pub fn line(self, text: &str) -> &str {
        let (before, after) = text.split_at_checked(self.start as usize).unwrap_or((text, ""));
        let start = before.rfind(is_line_end).map_or(0, |end| end + 1);
        let length = after.find(is_line_end).unwrap_or(after.len());
        &text[start..before.len() + length]
    }
}

pub(crate) fn is_line_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

/// The starts of a text's lines.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self { text, starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    pub(crate) fn position(&self, at: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts[line - 1];
        let before = self.text.get(start..at).unwrap_or_default();
        // A byte-order mark takes no column.
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line, column: before.chars().count() + 1 }
    }
}

/// Where a part of a schema was read, if it was read from a text.
///
/// All origins are equal: schemas are compared by what they say.
#[derive(Clone, Copy, Debug)]
pub struct Origin<S>(Option<S>);

impl<S> Origin<S> {
    pub(crate) const fn at(spans: S) -> Self {
        Self(Some(spans))
    }

    /// The stretches of the text, or `None` for a part that was made in code.
    #[must_use]
    pub const fn get(&self) -> Option<&S> {
        self.0.as_ref()
    }
}

impl<S> Default for Origin<S> {
    fn default() -> Self {
        Self(None)
    }
}

impl<S> PartialEq for Origin<S> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<S> Eq for Origin<S> {}

impl<S> Hash for Origin<S> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_ends_one_line() {
        let text = "a\nb\r\nc\rdé x";
        let position = |word: &str| {
            let start = text.find(word).expect("the word is there");
            let position = Span::new(start, start + word.len()).position(text);
            (position.line, position.column)
        };
        assert_eq!(position("a"), (1, 1));
        assert_eq!(position("b"), (2, 1));
        assert_eq!(position("c"), (3, 1));
        assert_eq!(position("x"), (4, 4));
        assert_eq!(Span::new(text.len(), text.len()).position(text), Position { line: 4, column: 5 });
    }

    #[test]
    fn a_line_is_quoted_without_its_end() {
        let text = "a\r\nsecond line\r\nc";
        assert_eq!(Span::new(10, 14).line(text), "second line");
        assert_eq!(Span::new(0, 1).line(text), "a");
        assert_eq!(Span::new(text.len(), text.len()).line(text), "c");
        assert_eq!(Span::new(900, 901).text(text), "");
        assert_eq!(Span::new(900, 901).line(text), "c");
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(Span::new(3, 4).position("\u{feff}x"), Position { line: 1, column: 1 });
    }
}
