//! A text and what was read from it.

use crate::lexer::Comment;
use crate::model::Schema;
use crate::parser;
use crate::problem::{Problem, SchemaError, Severity};
use crate::span::Span;

/// What could be read from a text: the schema, the comments, and everything that is wrong with it.
///
/// The parts of the schema know where in the text they stand, so that with the comments nothing of the text is lost.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Document<'a> {
    /// The text.
    pub text: &'a str,
    /// The schema, as far as it could be read.
    pub schema: Schema,
    /// The comments, in the order of the text.
    pub comments: Vec<Comment>,
    /// Errors and warnings, in the order of the text.
    pub problems: Vec<Problem>,
    /// Whether the text is not of the language, so that the schema may lack parts of it.
    pub(crate) incomplete: bool,
    /// From `DEFINE` to `SCHEMA`.
    pub(crate) define: Span,
}

impl<'a> Document<'a> {
    /// Reads and checks a text, and goes on after mistakes, so that all of them are told at once.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        parser::parse(text)
    }

    /// The problems that CloudKit would refuse the text for.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity() == Severity::Error)
    }

    /// The problems that are probably not meant.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity() == Severity::Warning)
    }

    /// Whether the text is of the language, so that the schema holds all of it. Rules beyond the grammar may be broken.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// The schema, if there are no errors.
    ///
    /// # Errors
    ///
    /// All errors of the text.
    pub fn into_schema(self) -> Result<Schema, SchemaError> {
        match SchemaError::of(self.problems) {
            None => Ok(self.schema),
            Some(error) => Err(error),
        }
    }
}

impl Schema {
    /// Reads a schema from its text. [`Document::parse`] gives comments and warnings as well.
    ///
    /// ```
    /// let schema = cloudkit_schema::Schema::parse(
    ///     "DEFINE SCHEMA
    ///      RECORD TYPE Article (
    ///          title STRING QUERYABLE SORTABLE,
    ///          GRANT READ TO \"_world\"
    ///      );",
    /// )?;
    /// let title = schema.record_type("Article").and_then(|article| article.field("title"));
    /// assert!(title.is_some_and(|title| title.indexes.sortable));
    /// # Ok::<(), cloudkit_schema::SchemaError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that CloudKit would refuse, by the rules of the language and by those of [`Schema::check`].
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        Document::parse(text).into_schema()
    }
}
