//! Where reading goes on after a mistake.

use super::{Fault, Parser};
use crate::lexer::{Kind, Token};
use crate::name::shown;
use crate::problem::{Code, Problem};
use crate::span::Span;

impl Parser<'_> {
    /// Whether a statement starts here. `RECORD` and `CREATE` can be names, and the words after them cannot be types.
    pub(super) fn at_statement(&self) -> bool {
        (self.is_word("RECORD") && self.is_word_at(1, "TYPE"))
            || (self.is_word("CREATE") && self.is_word_at(1, "ROLE"))
    }

    /// Whether a field or grant starts here: a name and a type, or `GRANT` and an operation.
    pub(super) fn at_member(&self) -> bool {
        let name = matches!(self.peek().kind, Kind::Word | Kind::Quoted);
        let next = self.word_of(self.peek_at(1));
        if self.is_word("GRANT") {
            return next.is_some();
        }
        name && next.is_some_and(super::member::starts_type)
    }

    /// Goes behind the next `;`, or to where a statement starts.
    pub(super) fn skip_statement(&mut self) {
        while !self.is(Kind::End) {
            if self.bump().kind == Kind::Semicolon || self.at_statement() {
                return;
            }
        }
    }

    /// Goes to the next `,`, `)` or `;`, or to where a statement starts. A list of types in brackets is passed over.
    pub(super) fn skip_member(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek().kind {
                Kind::End | Kind::Semicolon => return,
                Kind::Comma if depth == 0 => return,
                Kind::Close if depth == 0 => return,
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                Kind::Word if self.at_statement() => return,
                _ => {}
            }
            self.bump();
        }
    }

    /// Reports that the next token is not `wanted`.
    pub(super) fn unexpected(&mut self, wanted: &str, expected: &'static [&'static str]) {
        let token = self.peek();
        let found = self.shown(token);
        let problem = match token.kind {
            Kind::Unknown => {
                let problem = Problem::new(
                    Code::UnexpectedCharacter,
                    format!("{found} does not belong to the language; expected {wanted}"),
                );
                match way_out(token.span.text(self.text)) {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            }
            Kind::Unclosed => Problem::new(Code::UnclosedQuote, "this quote has no second in its line"),
            _ => Problem::new(Code::UnexpectedToken, format!("expected {wanted}, found {found}")),
        };
        self.refuse(token, problem, expected);
    }

    /// The token in a message.
    pub(super) fn shown(&self, token: Token) -> String {
        let text = token.span.text(self.text);
        match token.kind {
            Kind::End => "the end of the text".to_owned(),
            Kind::Unknown => format!("`{}`", text.chars().map(shown).collect::<String>()),
            _ => format!("`{}`", text.chars().take(64).map(shown).collect::<String>()),
        }
    }

    pub(super) fn unclosed_comment(&mut self, start: Span) {
        let problem = Problem::new(Code::UnclosedComment, "this comment is not closed")
            .help("write `*/` after it; comments do not nest");
        let end = self.tokens[self.tokens.len() - 1];
        self.faults.push(Fault { problem, span: Some(start), expected: Some((end, &["\"*/\""])) });
    }
}

/// What to do about a character that the language does not have.
fn way_out(text: &str) -> Option<&'static str> {
    Some(match text.chars().next()? {
        '“' | '”' | '„' | '‘' | '’' | '\'' | '`' => "names are quoted with the plain `\"`",
        '#' => "comments start with `//` or `--`, or stand between `/*` and `*/`",
        '/' => "a comment starts with two slashes, `//`",
        '-' => "a comment starts with `--`; names consist of letters, digits and `_`",
        '[' | ']' => "a list is written `LIST<STRING>`",
        '{' | '}' => "the fields of a record type stand in `(` and `)`",
        ':' => "a field is a name and a type with a space between them, without `:`",
        '=' => "the language has no values and no defaults",
        '?' | '!' => "the language has no required fields: every field may be absent",
        ' ' => "remove it",
        letter if letter.is_whitespace() => "replace it by a plain space",
        _ => return None,
    })
}
