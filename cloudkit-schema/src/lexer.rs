//! Text → words, marks and comments.

use crate::span::{Span, is_line_end};

/// A word or mark of the language. White space and comments only separate them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, digits and underscores, of any alphabet: what is wrong with a name can then be said of the whole name.
    Word,
    /// A name in quotes; the span holds them.
    Quoted,
    /// A quote without its second, and the word behind it.
    Unclosed,
    Open,
    Close,
    Comma,
    Semicolon,
    Less,
    Greater,
    Dot,
    /// A character that the language does not have.
    Unknown,
    /// The end of the text.
    End,
}

/// A comment of the text. An export has none, since CloudKit drops them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comment {
    /// From its first mark to its last character. The end of the line does not belong to it.
    pub span: Span,
    /// Whether it is between `/*` and `*/`; otherwise it runs from `//` or `--` to the end of the line.
    pub block: bool,
}

pub(crate) struct Lexed {
    /// The last is [`Kind::End`].
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    /// Where a block comment starts that has no end. It is the last comment.
    pub(crate) unclosed_comment: Option<Span>,
}

pub(crate) fn lex(text: &str) -> Lexed {
    let bytes = text.as_bytes();
    let mut lexed = Lexed {
        // Exports have a token for some seven bytes.
        tokens: Vec::with_capacity(bytes.len() / 7 + 8),
        comments: Vec::new(),
        unclosed_comment: None,
    };
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let kind = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => {
                at += 1;
                continue;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => {
                at = end_of_word(text, at + 1);
                Kind::Word
            }
            b'(' => Kind::Open,
            b')' => Kind::Close,
            b',' => Kind::Comma,
            b';' => Kind::Semicolon,
            b'<' => Kind::Less,
            b'>' => Kind::Greater,
            b'.' => Kind::Dot,
            b'"' => {
                let rest = &text[at + 1..];
                match rest.find(['"', '\n', '\r']) {
                    Some(length) if rest.as_bytes()[length] == b'"' => {
                        at += length + 2;
                        Kind::Quoted
                    }
                    _ => {
                        at = end_of_word(text, at + 1);
                        Kind::Unclosed
                    }
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = lexed.line_comment(text, at);
                continue;
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = lexed.line_comment(text, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = lexed.block_comment(text, at);
                continue;
            }
            _ => {
                let letter = text[at..].chars().next().unwrap_or_default();
                at += letter.len_utf8();
                if letter.is_alphanumeric() {
                    at = end_of_word(text, at);
                    Kind::Word
                } else {
                    Kind::Unknown
                }
            }
        };
        if at == start {
            at += 1;
        }
        lexed.tokens.push(Token { kind, span: Span::new(start, at) });
    }
    lexed.tokens.push(Token { kind: Kind::End, span: Span::new(at, at) });
    lexed
}

fn end_of_word(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => at += 1,
            Some(byte) if !byte.is_ascii() => match text[at..].chars().next() {
                Some(letter) if letter.is_alphanumeric() => at += letter.len_utf8(),
                _ => return at,
            },
            _ => return at,
        }
    }
}

impl Lexed {
    fn line_comment(&mut self, text: &str, start: usize) -> usize {
        let end = text[start..].find(is_line_end).map_or(text.len(), |length| start + length);
        self.comments.push(Comment { span: Span::new(start, end), block: false });
        end
    }

    fn block_comment(&mut self, text: &str, start: usize) -> usize {
        let end = match text[start + 2..].find("*/") {
            Some(length) => start + 2 + length + 2,
            None => {
                self.unclosed_comment = Some(Span::new(start, start + 2));
                text.len()
            }
        };
        self.comments.push(Comment { span: Span::new(start, end), block: true });
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(Kind, &str)> {
        lex(text).tokens.iter().map(|token| (token.kind, token.span.text(text))).collect()
    }

    #[test]
    fn a_comment_mark_in_quotes_is_not_a_comment() {
        let text = "\"a//b\" \"c--d\" \"/*\" x // y \"z\"";
        assert_eq!(
            words(text),
            [
                (Kind::Quoted, "\"a//b\""),
                (Kind::Quoted, "\"c--d\""),
                (Kind::Quoted, "\"/*\""),
                (Kind::Word, "x"),
                (Kind::End, ""),
            ]
        );
    }

    #[test]
    fn comments_of_all_kinds_separate() {
        let text = "a/*b*/c//d\ne--f\r\ng/**/h/*/ not closed";
        let lexed = lex(text);
        let words: Vec<&str> = lexed.tokens.iter().map(|token| token.span.text(text)).collect();
        assert_eq!(words, ["a", "c", "e", "g", "h", ""]);
        let comments: Vec<&str> = lexed.comments.iter().map(|comment| comment.span.text(text)).collect();
        assert_eq!(comments, ["/*b*/", "//d", "--f", "/**/", "/*/ not closed"]);
        assert!(lexed.unclosed_comment.is_some());
    }

    #[test]
    fn words_of_other_alphabets_and_unclosed_quotes_are_whole() {
        assert_eq!(
            words("größe \"title STRING\n\u{a0}“x”"),
            [
                (Kind::Word, "größe"),
                (Kind::Unclosed, "\"title"),
                (Kind::Word, "STRING"),
                (Kind::Unknown, "\u{a0}"),
                (Kind::Unknown, "“"),
                (Kind::Word, "x"),
                (Kind::Unknown, "”"),
                (Kind::End, ""),
            ]
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped_at_the_start_only() {
        assert_eq!(words("\u{feff}a"), [(Kind::Word, "a"), (Kind::End, "")]);
        assert_eq!(words("a\u{feff}").len(), 3);
    }
}
