//! Text → the same text in the layout of exports, with its comments and its order.

use std::fmt::Write;

use crate::document::Document;
use crate::lexer::Comment;
use crate::model::{Field, Grant};
use crate::name::quoted;
use crate::print::{name_width, write_field, write_grant};
use crate::problem::SchemaError;
use crate::span::{Span, is_line_end};

/// Lays a schema out as exports are: four spaces before statements, eight before fields and grants, one of them on a
/// line, names in one column, keywords in capitals, quotes only where they are needed, LF at the ends of lines.
///
/// Comments and the order of everything stay, and so do empty lines between fields, one at a time. Comments inside of a
/// field or statement move before it. Formatting twice is the same as once, and a formatted export is the export.
///
/// ```
/// let text = "define schema
/// record type Article ( \"title\" string sortable queryable, // what it is called
///   views int64 );";
/// assert_eq!(
///     cloudkit_schema::format(text)?,
///     "DEFINE SCHEMA
///
///     RECORD TYPE Article (
///         title STRING QUERYABLE SORTABLE, // what it is called
///         views INT64
///     );
/// "
/// );
/// # Ok::<(), cloudkit_schema::SchemaError>(())
/// ```
///
/// # Errors
///
/// If the text is not of the language. Rules beyond the grammar may be broken.
pub fn format(text: &str) -> Result<String, SchemaError> {
    let document = Document::parse(text);
    if !document.is_complete() {
        return document.into_schema().map(|schema| schema.to_string());
    }
    let mut layout =
        Layout { text, comments: &document.comments, out: String::new(), end: 0, gap: Gap::Forbidden };
    let pieces = pieces(&document);
    for (number, piece) in pieces.iter().enumerate() {
        let next = pieces.get(number + 1).map_or(u32::MAX, |next| next.span.start);
        layout.piece(piece, next);
    }
    layout.own_lines(u32::MAX, u32::MAX, STATEMENT);
    Ok(layout.out)
}

/// How far statements are indented.
const STATEMENT: usize = 4;

/// How far fields and grants are indented.
const MEMBER: usize = 8;

/// What stands on one line.
struct Piece<'a> {
    span: Span,
    what: What<'a>,
}

enum What<'a> {
    Define,
    /// `CREATE ROLE …;`, and whether one stands before it.
    Role(&'a str, bool),
    /// `RECORD TYPE … (`
    Head(&'a str),
    /// The field, the width of the column of names, and whether nothing follows in the record type.
    Field(&'a Field, usize, bool),
    Grant(&'a Grant, bool),
    /// `);`
    Close,
}

/// The lines, in the order of the text.
fn pieces<'a>(document: &'a Document<'_>) -> Vec<Piece<'a>> {
    let schema = &document.schema;
    let mut pieces = vec![Piece { span: document.define, what: What::Define }];
    for role in &schema.roles {
        if let Some(spans) = role.origin.get() {
            pieces.push(Piece { span: spans.statement, what: What::Role(&role.name, false) });
        }
    }
    for record_type in &schema.record_types {
        let Some(spans) = record_type.origin.get() else { continue };
        pieces.push(Piece { span: spans.head, what: What::Head(&record_type.name) });
        pieces.push(Piece { span: spans.close, what: What::Close });
        let width = name_width(&record_type.fields);
        let fields = record_type.fields.iter().filter_map(|field| Some((field.origin.get()?.field, field)));
        pieces.extend(fields.map(|(span, field)| Piece { span, what: What::Field(field, width, false) }));
        let grants = record_type.grants.iter().filter_map(|grant| Some((grant.origin.get()?.grant, grant)));
        pieces.extend(grants.map(|(span, grant)| Piece { span, what: What::Grant(grant, false) }));
    }
    pieces.sort_by_key(|piece| piece.span.start);
    for place in 1..pieces.len() {
        let (before, after) = pieces.split_at_mut(place);
        let (before, after) = (&mut before[place - 1].what, &mut after[0].what);
        match (before, after) {
            (What::Role(..), What::Role(_, follows)) => *follows = true,
            (What::Field(.., is_last) | What::Grant(_, is_last), What::Close) => *is_last = true,
            _ => {}
        }
    }
    pieces
}

/// Whether an empty line stands before the next line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    Forced,
    /// As in the text.
    Kept,
    Forbidden,
}

struct Layout<'a> {
    text: &'a str,
    /// Those that are not written yet.
    comments: &'a [Comment],
    out: String,
    /// The end, in the text, of what was written last.
    end: u32,
    gap: Gap,
}

impl Layout<'_> {
    fn piece(&mut self, piece: &Piece<'_>, next: u32) {
        let Piece { span, what } = piece;
        let indentation = match what {
            What::Define => 0,
            What::Role(..) | What::Head(_) => STATEMENT,
            What::Field(..) | What::Grant(..) | What::Close => MEMBER,
        };
        if matches!(what, What::Head(_) | What::Role(_, false)) {
            self.gap = Gap::Forced;
        }
        self.own_lines(span.start, span.end, indentation);
        match what {
            What::Define => self.line(span.start, 0, "DEFINE SCHEMA"),
            What::Role(name, _) => {
                self.line(span.start, STATEMENT, &format!("CREATE ROLE {};", quoted(name)));
            }
            What::Head(name) => {
                self.line(span.start, STATEMENT, &format!("RECORD TYPE {} (", quoted(name)));
            }
            What::Field(field, width, is_last) => {
                let mut line = String::new();
                // Writing to a `String` cannot fail.
                let _ = write_field(&mut line, field, *width);
                self.line(span.start, MEMBER, &(line + if *is_last { "" } else { "," }));
            }
            What::Grant(grant, is_last) => {
                let mut line = String::new();
                let _ = write_grant(&mut line, grant);
                self.line(span.start, MEMBER, &(line + if *is_last { "" } else { "," }));
            }
            What::Close => {
                self.gap = Gap::Forbidden;
                self.line(span.start, STATEMENT, ");");
            }
        }
        self.end = span.end;
        self.same_line(next);
        self.out.push('\n');
        self.gap = if matches!(what, What::Head(_)) { Gap::Forbidden } else { Gap::Kept };
    }

    /// Writes one line, without its end.
    fn line(&mut self, start: u32, indentation: usize, line: &str) {
        let is_empty_line = match self.gap {
            Gap::Forced => !self.out.is_empty(),
            Gap::Forbidden => false,
            Gap::Kept => line_ends(Span { start: self.end, end: start }.text(self.text)) > 1,
        };
        if is_empty_line {
            self.out.push('\n');
        }
        self.gap = Gap::Kept;
        let _ = write!(self.out, "{:indentation$}{line}", "");
    }

    /// Writes the comments that start before `end`, each on a line of its own; those that stand inside of what starts at
    /// `start` move before it.
    fn own_lines(&mut self, start: u32, end: u32, indentation: usize) {
        while let [comment, rest @ ..] = self.comments
            && comment.span.start < end
        {
            self.comments = rest;
            self.line(comment.span.start.min(start), indentation, &laid_out(comment, self.text));
            self.out.push('\n');
            self.end = comment.span.end;
        }
    }

    /// Writes the comments that stand behind what was just written, in the same line, and before `next`.
    fn same_line(&mut self, next: u32) {
        while let [comment, rest @ ..] = self.comments
            && comment.span.start < next
            && line_ends(Span { start: self.end, end: comment.span.start }.text(self.text)) == 0
        {
            self.comments = rest;
            self.out.push(' ');
            self.out += &laid_out(comment, self.text);
            self.end = comment.span.end;
        }
    }
}

fn line_ends(text: &str) -> usize {
    text.chars().filter(|letter| is_line_end(*letter)).count() - text.matches("\r\n").count()
}

/// The comment with LF at the ends of its lines, and nothing unseen before them.
fn laid_out(comment: &Comment, text: &str) -> String {
    let text = comment.span.text(text);
    if !text.contains(is_line_end) {
        return text.trim_end().to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::trim_end).collect::<Vec<&str>>().join("\n")
}
