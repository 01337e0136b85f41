//! What is wrong with a schema: one [`Problem`] for each mistake, all of them together in a [`SchemaError`].

use std::fmt;

use crate::name::shown;
use crate::span::{Lines, Position, Span, is_line_end};

/// The most errors of one text that are reported. A text with more is hardly a schema.
pub(crate) const MOST_ERRORS: usize = 100;

/// The most characters of a line that are quoted on either side of a mistake.
const QUOTED_CHARACTERS: usize = 100;

/// Something in a schema that CloudKit would refuse, or that is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The rule that is broken.
    pub code: Code,
    /// What is wrong, naming the part of the schema; one sentence without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where it is, if the schema was read from a text.
    pub place: Option<Place>,
    /// What the parser of CloudKit's service would say, if the text is not of the language.
    pub syntax: Option<SyntaxError>,
}

/// Where a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The offending text.
    pub span: Span,
    /// Its line and column.
    pub position: Position,
    /// The line that it is in. Of very long lines, the part around it.
    pub line: String,
    /// Where in `line` the offending text starts, in characters.
    pub offset: usize,
    /// How many characters of `line` it has, at least 1.
    pub length: usize,
}

/// A syntax error in the form of CloudKit's own parser, which stops at the first:
///
/// ```text
/// Encountered " <IDENTIFIER> "BADTYPE "" at line 6, column 25.
/// Was expecting:
///     "LIST" ...
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntaxError {
    /// The token that cannot be there, as that parser writes it.
    pub encountered: String,
    /// Where the token is.
    pub position: Position,
    /// What could be there.
    pub expected: Vec<&'static str>,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { encountered, position: Position { line, column }, expected } = self;
        write!(f, "Encountered \"{encountered}\" at line {line}, column {column}.")?;
        match expected.as_slice() {
            [] => Ok(()),
            [one] => write!(f, "\nWas expecting:\n    {one} ..."),
            several => {
                f.write_str("\nWas expecting one of:")?;
                several.iter().try_for_each(|one| write!(f, "\n    {one} ..."))
            }
        }
    }
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// CloudKit may take it, and it is probably not meant.
    Warning,
    /// CloudKit refuses it.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident;)*) => {
        /// The rule that a [`Problem`] breaks. Its name never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name, such as `unknown-type`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Whether breaking the rule is an error.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    /// The text does not begin with `DEFINE SCHEMA`.
    MissingDefineSchema = "missing-define-schema", Error;
    /// `DEFINE SCHEMA` stands twice.
    RepeatedDefineSchema = "repeated-define-schema", Error;
    /// A character that the language does not have.
    UnexpectedCharacter = "unexpected-character", Error;
    /// A word or mark where the language has another.
    UnexpectedToken = "unexpected-token", Error;
    /// `/*` without `*/`.
    UnclosedComment = "unclosed-comment", Error;
    /// A quote without its second.
    UnclosedQuote = "unclosed-quote", Error;
    /// A record type without its `)`.
    UnclosedRecordType = "unclosed-record-type", Error;
    /// A statement without its `;`.
    MissingSemicolon = "missing-semicolon", Error;
    /// Two fields or grants without a comma between them.
    MissingComma = "missing-comma", Error;
    /// A comma after the last field, grant or operation.
    TrailingComma = "trailing-comma", Error;
    /// A name of the system without quotes, such as `_creator`.
    UnquotedSystemName = "unquoted-system-name", Error;
    /// A name with a full stop without quotes, such as `cloudkit.share`.
    UnquotedFullStop = "unquoted-full-stop", Error;
    /// One of the five reserved words as a name without quotes.
    UnquotedReservedWord = "unquoted-reserved-word", Error;
    /// A type that the language does not have.
    UnknownType = "unknown-type", Error;
    /// A word after the type that is none of the three indexes.
    UnknownOption = "unknown-option", Error;
    /// A word after `GRANT` that is none of the three operations.
    UnknownOperation = "unknown-operation", Error;
    /// `ENCRYPTED LIST<…>` for `LIST<ENCRYPTED …>`.
    EncryptedOutsideList = "encrypted-outside-list", Error;
    /// A list of lists.
    NestedList = "nested-list", Error;
    /// A name that CloudKit does not take.
    InvalidName = "invalid-name", Error;
    /// A name that only CloudKit gives.
    SystemName = "system-name", Error;
    /// Two record types of one name.
    DuplicateRecordType = "duplicate-record-type", Error;
    /// Two fields of one name.
    DuplicateField = "duplicate-field", Error;
    /// Two roles of one name.
    DuplicateRole = "duplicate-role", Error;
    /// The same index twice on one field.
    DuplicateOption = "duplicate-option", Error;
    /// A system field, or one of `cloudkit.share`, with another type than CloudKit gives it.
    SystemFieldType = "system-field-type", Error;
    /// `ENCRYPTED` of a type that has no such form.
    EncryptedType = "encrypted-type", Error;
    /// An index on an encrypted field.
    EncryptedIndex = "encrypted-index", Error;
    /// An index that fields of the type do not have.
    IndexType = "index-type", Error;
    /// A grant to a role that is neither built in nor created in the schema.
    UnknownRole = "unknown-role", Error;
    /// A grant of nothing, which only a schema made in code can hold.
    EmptyGrant = "empty-grant", Error;
    /// More fields than a record type can have.
    TooManyFields = "too-many-fields", Error;
    /// A text that is too long to be a schema.
    TooLong = "too-long", Error;
    /// More mistakes than are reported.
    TooManyProblems = "too-many-problems", Error;
    /// SORTABLE on a reference, which was seen on `___recordID` only.
    SortableReference = "sortable-reference", Warning;
    /// A record type without grants: in the public database nobody can use it.
    NoGrants = "no-grants", Warning;
    /// The same operation twice in one grant.
    RepeatedOperation = "repeated-operation", Warning;
    /// `NUMBER`, which arises in development and is not to be written by hand.
    NumberType = "number-type", Warning;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, place: None, syntax: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether it is an error or a warning.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What CloudKit's service would say of it: its own words for a text that is not of the language, and otherwise
    /// the message, since its words for the rest are not known.
    #[must_use]
    pub fn service_message(&self) -> String {
        self.syntax.as_ref().map_or_else(|| self.message.clone(), SyntaxError::to_string)
    }

    /// The problem with its line of the text, for people, without an end of line.
    ///
    /// ```
    /// let error = cloudkit_schema::Schema::parse("DEFINE SCHEMA\nRECORD TYPE A (\n    on DATE\n);").unwrap_err();
    /// assert_eq!(
    ///     error.problems()[0].report("schema.ckdb"),
    ///     "\
    /// schema.ckdb:3:8: error[unknown-type]: `DATE` is not a type
    ///   |     on DATE
    ///   |        ^^^^
    ///   help: an instant is a `TIMESTAMP`
    ///   Encountered \" <IDENTIFIER> \"DATE \"\" at line 3, column 8.
    ///   Was expecting one of:
    ///       \"ASSET\" ...
    ///       \"BYTES\" ...
    ///       \"DOUBLE\" ...
    ///       \"ENCRYPTED\" ...
    ///       \"INT64\" ...
    ///       \"LIST\" ...
    ///       \"LOCATION\" ...
    ///       \"NUMBER\" ...
    ///       \"REFERENCE\" ...
    ///       \"STRING\" ...
    ///       \"TIMESTAMP\" ..."
    /// );
    /// ```
    #[must_use]
    pub fn report(&self, file: &str) -> String {
        let mut report = file.to_owned();
        if let Some(place) = &self.place {
            report += &format!(":{}:{}", place.position.line, place.position.column);
        }
        if !report.is_empty() {
            report += ": ";
        }
        report += &format!("{}[{}]: {}", self.severity(), self.code, self.message);
        if let Some(Place { line, offset, length, .. }) = &self.place {
            let marks = " ".repeat(*offset) + &"^".repeat(*length);
            report += format!("\n  | {line}").trim_end();
            report += &format!("\n  | {marks}");
        }
        if let Some(help) = &self.help {
            report += &format!("\n  help: {help}");
        }
        if let Some(syntax) = &self.syntax {
            report += &format!("\n{syntax}").replace('\n', "\n  ");
        }
        report
    }
}

/// One line: where and what.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { position: Position { line, column }, .. }) = &self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl Place {
    pub(crate) fn of(text: &str, lines: &Lines<'_>, span: Span) -> Self {
        let start = span.start as usize;
        let (before, after) = text.split_at_checked(start).unwrap_or((text, ""));
        let before = &before[before.rfind(is_line_end).map_or(0, |end| end + 1)..];
        let after = &after[..after.find(is_line_end).unwrap_or(after.len())];
        let long = before.chars().count().saturating_sub(QUOTED_CHARACTERS);
        let before: String = before.chars().skip(long).map(visible).collect();
        let length = span.text(text).chars().take_while(|letter| !is_line_end(*letter)).count();
        let after: String = after.chars().take(QUOTED_CHARACTERS).map(visible).collect();
        Self {
            span,
            position: lines.position(start),
            offset: before.chars().count(),
            length: length.clamp(1, after.chars().count().max(1)),
            line: before + &after,
        }
    }
}

/// Keeps one column for each character, and terminals in order.
fn visible(letter: char) -> char {
    match letter {
        '\t' => ' ',
        _ if shown(letter).chars().count() == 1 => letter,
        _ => '\u{fffd}',
    }
}

/// Everything that is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    problems: Vec<Problem>,
}

impl SchemaError {
    /// The errors among these problems, if there are any.
    pub(crate) fn of(problems: impl IntoIterator<Item = Problem>) -> Option<Self> {
        let problems: Vec<Problem> =
            problems.into_iter().filter(|problem| problem.severity() == Severity::Error).collect();
        (!problems.is_empty()).then_some(Self { problems })
    }

    /// The mistakes, in the order of the text. There is at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What CloudKit's service would say: the first syntax error if there is one, else the first mistake.
    #[must_use]
    pub fn service_message(&self) -> String {
        let syntax = self.problems.iter().find(|problem| problem.syntax.is_some());
        syntax.or(self.problems.first()).map_or_else(String::new, Problem::service_message)
    }
}

/// Each mistake on a line of its own.
impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { "\n" })?;
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaError {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_its_own_name() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mistake_is_quoted() {
        let text = format!("{} BAD {}", "é".repeat(500), "x".repeat(500));
        let start = text.find("BAD").expect("it is there");
        let place = Place::of(&text, &Lines::of(&text), Span::new(start, start + 3));
        assert_eq!(place.position, Position { line: 1, column: 502 });
        assert_eq!(place.line.chars().count(), 200);
        assert_eq!(place.line.chars().skip(place.offset).take(place.length).collect::<String>(), "BAD");
    }
}
