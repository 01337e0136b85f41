//! Words → schema. After a mistake it goes on, so that one text gives all its mistakes at once.

mod member;
mod recovery;

use std::collections::HashSet;

use crate::document::Document;
use crate::lexer::{Kind, Lexed, Token, lex};
use crate::model::{
    MANAGED_PREFIX, RecordType, RecordTypeSpans, RoleDeclaration, RoleSpans, Schema, SystemField,
};
use crate::name::{self, shown};
use crate::problem::{Code, MOST_ERRORS, Place, Problem, Severity, SyntaxError};
use crate::span::{Lines, Origin, Span};

pub(crate) fn parse(text: &str) -> Document<'_> {
    if u32::try_from(text.len()).is_err() {
        let problem = Problem::new(Code::TooLong, "the text has more than 4 GiB, which no schema has");
        return Document {
            text,
            schema: Schema::new(),
            comments: Vec::new(),
            problems: vec![problem],
            incomplete: true,
            define: Span::default(),
        };
    }
    let Lexed { tokens, comments, unclosed_comment } = lex(text);
    let mut parser =
        Parser { text, tokens, next: 0, define: Span::default(), schema: Schema::new(), faults: Vec::new() };
    parser.schema();
    if let Some(start) = unclosed_comment {
        parser.unclosed_comment(start);
    }
    let incomplete = parser.faults.iter().any(|fault| fault.expected.is_some());
    let Parser { schema, mut faults, define, .. } = parser;
    let told: HashSet<Option<Span>> = faults.iter().map(|fault| fault.span).collect();
    for (problem, span) in schema.faults() {
        // A word that was refused as it stands is not judged as a name as well, and what is missing may be what was
        // refused.
        let may_be_there = incomplete && problem.code == Code::NoGrants;
        if !told.contains(&span) && !may_be_there {
            faults.push(Fault { problem, span, expected: None });
        }
    }
    faults.sort_by_key(|fault| fault.span.map(|span| span.start));
    let problems = place(text, faults);
    Document { text, schema, comments, problems, incomplete, define }
}

/// A problem whose place has not been counted yet.
struct Fault {
    problem: Problem,
    span: Option<Span>,
    /// What CloudKit's parser would say, if the text is not of the language: the token and what it could be.
    expected: Option<(Token, &'static [&'static str])>,
}

fn place(text: &str, faults: Vec<Fault>) -> Vec<Problem> {
    if faults.is_empty() {
        return Vec::new();
    }
    let lines = Lines::of(text);
    let mut errors = 0;
    let mut problems = Vec::with_capacity(faults.len().min(MOST_ERRORS));
    for Fault { mut problem, span, expected } in faults {
        if problem.severity() == Severity::Error {
            errors += 1;
            if errors > MOST_ERRORS {
                continue;
            }
        }
        problem.place = span.map(|span| Place::of(text, &lines, span));
        problem.syntax = expected.map(|(token, expected)| SyntaxError {
            encountered: encountered(text, token),
            position: lines.position(token.span.start as usize),
            expected: expected.to_vec(),
        });
        problems.push(problem);
    }
    if errors > MOST_ERRORS {
        let message = format!("only the first {MOST_ERRORS} of {errors} mistakes are shown");
        problems.push(Problem::new(Code::TooManyProblems, message).help("repair these first"));
    }
    problems
}

/// The token as CloudKit's parser writes it.
fn encountered(text: &str, token: Token) -> String {
    // A name that is not one is cut, so that a message stays a message.
    let shown: String = token.span.text(text).chars().take(256).map(shown).collect();
    match token.kind {
        Kind::End => "<EOF>".to_owned(),
        Kind::Word | Kind::Quoted => format!(" <IDENTIFIER> \"{shown} \""),
        _ => shown,
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    define: Span,
    schema: Schema,
    faults: Vec<Fault>,
}

/// A name, and where it stands with its quotes.
struct Name {
    text: String,
    span: Span,
}

impl<'a> Parser<'a> {
    /// The token that is `ahead` after the next; behind the last token always the last.
    fn peek_at(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.next + ahead).min(last)]
    }

    fn peek(&self) -> Token {
        self.peek_at(0)
    }

    fn bump(&mut self) -> Token {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn is(&self, kind: Kind) -> bool {
        self.peek().kind == kind
    }

    fn eat(&mut self, kind: Kind) -> Option<Token> {
        self.is(kind).then(|| self.bump())
    }

    fn word_of(&self, token: Token) -> Option<&'a str> {
        (token.kind == Kind::Word).then(|| token.span.text(self.text))
    }

    /// Whether the token `ahead` after the next is this word of the language.
    fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        self.word_of(self.peek_at(ahead)).is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    fn eat_word(&mut self, word: &str) -> Option<Token> {
        self.is_word(word).then(|| self.bump())
    }

    /// The end of the last token that was read.
    fn end(&self) -> Span {
        self.tokens[self.next.saturating_sub(1)].span
    }

    fn report(&mut self, span: Span, problem: Problem) {
        self.faults.push(Fault { problem, span: Some(span), expected: None });
    }

    /// Reports that the text is not of the language: at this token, where one of `expected` could be.
    fn refuse(&mut self, token: Token, problem: Problem, expected: &'static [&'static str]) {
        self.faults.push(Fault { problem, span: Some(token.span), expected: Some((token, expected)) });
    }

    fn schema(&mut self) {
        self.define();
        loop {
            let token = self.peek();
            if token.kind == Kind::End {
                return;
            } else if self.is_word("RECORD") {
                self.record_type();
            } else if self.is_word("CREATE") {
                self.role();
            } else if self.is_word("DEFINE") {
                let problem = Problem::new(
                    Code::RepeatedDefineSchema,
                    "`DEFINE SCHEMA` stands once, at the start of the schema",
                )
                .help("remove it; one text is the whole schema");
                self.refuse(token, problem, STATEMENTS);
                self.bump();
                self.eat_word("SCHEMA");
                self.eat(Kind::Semicolon);
            } else if token.kind == Kind::Semicolon {
                let problem = Problem::new(Code::UnexpectedToken, "there is nothing for this `;` to close")
                    .help("remove it; `;` closes a record type or a role");
                self.refuse(token, problem, STATEMENTS);
                self.bump();
            } else {
                self.unexpected("a record type or a role", STATEMENTS);
                self.skip_statement();
            }
        }
    }

    fn define(&mut self) {
        let token = self.peek();
        if self.eat_word("DEFINE").is_some() {
            if let Some(schema) = self.eat_word("SCHEMA") {
                self.define = token.span.to(schema.span);
            } else {
                let problem = Problem::new(Code::MissingDefineSchema, "`DEFINE` is not followed by `SCHEMA`")
                    .help("a schema starts with `DEFINE SCHEMA`");
                let next = self.peek();
                self.refuse(next, problem, &["\"SCHEMA\""]);
            }
            return;
        }
        let problem = match token.kind {
            Kind::End => Problem::new(Code::MissingDefineSchema, "there is no schema in this text"),
            _ if self.at_statement() => Problem::new(
                Code::MissingDefineSchema,
                "`DEFINE SCHEMA` is missing before the first statement",
            ),
            _ => Problem::new(
                Code::MissingDefineSchema,
                format!("a schema starts with `DEFINE SCHEMA`, and this text with {}", self.shown(token)),
            ),
        };
        self.refuse(token, problem.help("write `DEFINE SCHEMA` as the first line"), &["\"DEFINE\""]);
        // What follows is read if it is a schema all the same, and else this one message says it all.
        while !self.is(Kind::End) && !self.at_statement() {
            if self.eat_word("DEFINE").is_some() && self.eat_word("SCHEMA").is_some() {
                return;
            }
            self.bump();
        }
    }

    fn role(&mut self) {
        let start = self.bump().span;
        if self.eat_word("ROLE").is_none() {
            self.unexpected("`ROLE` after `CREATE`", &["\"ROLE\""]);
            return self.skip_statement();
        }
        let Some(Name { text, span }) = self.name("the name of a role") else { return self.skip_statement() };
        let statement = start.to(self.semicolon("the name of the role"));
        let origin = Origin::at(RoleSpans { statement, name: span });
        self.schema.roles.push(RoleDeclaration { name: text, origin });
    }

    fn record_type(&mut self) {
        let start = self.bump().span;
        if self.eat_word("TYPE").is_none() {
            self.unexpected("`TYPE` after `RECORD`", &["\"TYPE\""]);
            let goes_on =
                matches!(self.peek().kind, Kind::Word | Kind::Quoted) && self.peek_at(1).kind == Kind::Open;
            if !goes_on {
                return self.skip_statement();
            }
        }
        let Some(Name { text, span: name }) = self.name("the name of a record type") else {
            return self.skip_statement();
        };
        if !self.is(Kind::Open) {
            self.unexpected("`(` after the name of the record type", &["\"(\""]);
            return self.skip_statement();
        }
        let head = start.to(self.bump().span);
        let mut record_type = RecordType::new(text);
        let close = self.body(&mut record_type);
        record_type.origin = Origin::at(RecordTypeSpans { head, name, close });
        self.schema.record_types.push(record_type);
    }

    /// The members of a record type and what closes it: from `)` to `;`.
    fn body(&mut self, record_type: &mut RecordType) -> Span {
        loop {
            let token = self.peek();
            match token.kind {
                Kind::Close => {
                    let close = self.bump().span;
                    return close.to(self.semicolon("`)`"));
                }
                Kind::End | Kind::Semicolon => return self.unclosed(record_type),
                Kind::Word if self.at_statement() => return self.unclosed(record_type),
                Kind::Comma => {
                    let problem = Problem::new(Code::UnexpectedToken, "there is no field before this comma")
                        .help("remove the comma");
                    self.refuse(token, problem, &["\"GRANT\"", "<IDENTIFIER>"]);
                    self.bump();
                    continue;
                }
                _ => self.member(record_type),
            }
            self.after_member();
        }
    }

    fn unclosed(&mut self, record_type: &RecordType) -> Span {
        let token = self.peek();
        let message = format!("record type `{}` is not closed", record_type.name);
        let problem = Problem::new(Code::UnclosedRecordType, message).help("write `);` after its last field");
        self.refuse(token, problem, AFTER_MEMBER);
        self.eat(Kind::Semicolon)
            .map_or(Span { start: token.span.start, end: token.span.start }, |it| it.span)
    }

    /// After a field or grant: a comma, or the end of the record type.
    fn after_member(&mut self) {
        let token = self.peek();
        match token.kind {
            Kind::Comma => {
                self.bump();
                if self.is(Kind::Close) {
                    let problem = Problem::new(
                        Code::TrailingComma,
                        "the last field or grant of a record type has no comma after it",
                    )
                    .help("remove the comma");
                    let close = self.peek();
                    self.faults.push(Fault {
                        problem,
                        span: Some(token.span),
                        expected: Some((close, &["\"GRANT\"", "<IDENTIFIER>"])),
                    });
                }
            }
            Kind::Close | Kind::End | Kind::Semicolon => {}
            Kind::Word if self.at_statement() => {}
            _ if self.at_member() => {
                let problem = Problem::new(
                    Code::MissingComma,
                    format!("a comma is missing before {}", self.shown(token)),
                )
                .help("put a comma between fields, and between fields and grants");
                self.refuse(token, problem, AFTER_MEMBER);
            }
            _ => {
                self.unexpected("`,` or `)` here", AFTER_MEMBER);
                self.skip_member();
                self.eat(Kind::Comma);
            }
        }
    }

    /// Reads the `;` of a statement; gives its place, or that of what stands before it.
    fn semicolon(&mut self, after: &str) -> Span {
        if let Some(semicolon) = self.eat(Kind::Semicolon) {
            return semicolon.span;
        }
        let end = self.end();
        let token = self.peek();
        let problem = Problem::new(Code::MissingSemicolon, format!("`;` is missing after {after}"))
            .help("close each statement with `;`, the last too");
        self.refuse(token, problem, &["\";\""]);
        if !self.at_statement() {
            self.skip_statement();
        }
        end
    }

    /// Reads a name, in quotes or not; reports a name that must not stand like that, and what is no name at all.
    fn name(&mut self, what: &str) -> Option<Name> {
        let token = self.peek();
        let span = token.span;
        let raw = span.text(self.text);
        match token.kind {
            Kind::Word => {
                self.bump();
                if self.is(Kind::Dot) && self.peek().span.start == span.end {
                    return Some(self.dotted(span));
                }
                if raw.starts_with('_') {
                    let problem = Problem::new(
                        Code::UnquotedSystemName,
                        format!(
                            "`{raw}` starts with an underscore, as names of CloudKit do, and those need quotes"
                        ),
                    );
                    self.refuse(token, problem.help(system_name(raw)), &["<IDENTIFIER>"]);
                } else if name::is_reserved(raw) {
                    let problem = Problem::new(
                        Code::UnquotedReservedWord,
                        format!("`{raw}` is a reserved word; as {what} it needs quotes"),
                    )
                    .help(format!("write `\"{raw}\"`"));
                    self.refuse(token, problem, &["<IDENTIFIER>"]);
                } else if let Err(fault) = name::check(raw)
                    && name::needs_quotes(raw)
                {
                    let what = what.trim_start_matches("the name of ");
                    let problem = Problem::new(
                        Code::InvalidName,
                        format!("{} cannot be the name of {what}: {fault}", self.shown(token)),
                    )
                    .help("give it a name of letters, digits and `_`");
                    self.refuse(token, problem, &["<IDENTIFIER>"]);
                }
                Some(Name { text: raw.to_owned(), span })
            }
            Kind::Quoted => {
                self.bump();
                Some(Name { text: raw[1..raw.len() - 1].to_owned(), span })
            }
            Kind::Unclosed => {
                self.bump();
                let word = raw.trim_start_matches('"');
                let problem = Problem::new(Code::UnclosedQuote, "this quote has no second in its line")
                    .help(format!("close the name: `\"{word}\"`"));
                self.refuse(token, problem, &["<IDENTIFIER>"]);
                (!word.is_empty()).then(|| Name { text: word.to_owned(), span })
            }
            _ => {
                self.unexpected(what, &["<IDENTIFIER>"]);
                None
            }
        }
    }

    /// Reads the rest of a name with full stops that is not in quotes.
    fn dotted(&mut self, first: Span) -> Name {
        let dot = self.peek();
        while self.is(Kind::Dot) && self.peek().span.start == self.end().end {
            self.bump();
            if self.is(Kind::Word) && self.peek().span.start == self.end().end {
                self.bump();
            }
        }
        let span = first.to(self.end());
        let text = span.text(self.text).to_owned();
        let problem =
            Problem::new(Code::UnquotedFullStop, format!("`{text}` has a full stop and needs quotes")).help(
                if text.starts_with(MANAGED_PREFIX) {
                    format!("write `\"{text}\"`")
                } else {
                    "only CloudKit gives names with a full stop; use `_` instead".to_owned()
                },
            );
        self.faults.push(Fault { problem, span: Some(span), expected: Some((dot, &["\"(\""])) });
        Name { text, span }
    }
}

/// What to write for a name that starts with an underscore and has no quotes.
fn system_name(name: &str) -> String {
    let known =
        SystemField::ALL.map(SystemField::as_str).into_iter().chain(["_creator", "_icloud", "_world"]);
    match name::similar(name, known) {
        Some(known) if known == name => format!("write `\"{name}\"`"),
        Some(known) => format!("did you mean `\"{known}\"`?"),
        None => "give it a name that starts with a letter".to_owned(),
    }
}

const STATEMENTS: &[&str] = &["\"CREATE\"", "\"RECORD\"", "<EOF>"];
const AFTER_MEMBER: &[&str] = &["\",\"", "\")\""];
