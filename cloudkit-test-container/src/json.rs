//! Reads JSON strictly and remembers where everything stood.
//!
//! CloudKit names the line and column of what it did not expect, numbers must stay exact to the last digit, and a
//! member that occurs twice must not be silently dropped. A general-purpose value type gives none of the three.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::facts;

/// How deep objects and arrays may nest. No request of CloudKit's needs more than ten levels.
const MAX_DEPTH: usize = 64;

/// A JSON value and the byte at which it began.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub(crate) at: usize,
    pub(crate) kind: Kind<'a>,
}

/// What a JSON value is. Numbers keep the text they were written in.
#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    Object(Object<'a>),
}

/// The members of an object, in their order.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pub(crate) members: Vec<(Cow<'a, str>, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// The member of this name; one that is `null` counts as absent, as it does everywhere in CloudKit.
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let (_, node) = self.members.iter().find(|(key, _)| key == name)?;
        (!matches!(node.kind, Kind::Null)).then_some(node)
    }
}

impl<'a> Node<'a> {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match &self.kind {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Node<'a>]> {
        match &self.kind {
            Kind::Array(nodes) => Some(nodes),
            _ => None,
        }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Writes the value back, without space and otherwise as it was.
    pub(crate) fn write(&self, out: &mut String) {
        match &self.kind {
            Kind::Null => out.push_str("null"),
            Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Kind::Number(text) => out.push_str(text),
            Kind::String(text) => write_string(out, text),
            Kind::Array(nodes) => {
                out.push('[');
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    node.write(out);
                }
                out.push(']');
            }
            Kind::Object(object) => {
                out.push('{');
                for (index, (name, node)) in object.members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(out, name);
                    out.push(':');
                    node.write(out);
                }
                out.push('}');
            }
        }
    }

    pub(crate) fn as_number(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Number(text) => Some(text),
            _ => None,
        }
    }
}

/// The text is not JSON from this byte on.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) at: usize,
}

/// Reads one JSON value that fills the text.
pub(crate) fn parse(text: &str) -> Result<Node<'_>, SyntaxError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0 };
    let node = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() { Err(parser.error()) } else { Ok(node) }
}

/// The line and column of a byte, both counted from one.
pub(crate) fn line_and_column(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, before.len() - start + 1)
}

/// The names of an object, where they are too many to be looked through for each of them.
#[derive(Default)]
struct Names {
    many: HashSet<String>,
}

impl Names {
    const FEW: usize = 16;

    /// Whether the name is none of the members' so far.
    fn insert(&mut self, name: &str, members: &[(Cow<'_, str>, Node<'_>)]) -> bool {
        if members.len() < Self::FEW {
            return members.iter().all(|(known, _)| known != name);
        }
        if self.many.is_empty() {
            self.many.extend(members.iter().map(|(known, _)| known.clone().into_owned()));
        }
        self.many.insert(name.to_owned())
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn error(&self) -> SyntaxError {
        SyntaxError { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.peek() != Some(byte) {
            return Err(self.error());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, SyntaxError> {
        self.skip_space();
        let at = self.at;
        if depth > MAX_DEPTH {
            return Err(self.error());
        }
        let kind = match self.peek() {
            Some(b'{') => Kind::Object(self.object(depth)?),
            Some(b'[') => Kind::Array(self.array(depth)?),
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            Some(b't') => self.word("true", Kind::Bool(true))?,
            Some(b'f') => self.word("false", Kind::Bool(false))?,
            Some(b'n') => self.word("null", Kind::Null)?,
            _ => return Err(self.error()),
        };
        Ok(Node { at, kind })
    }

    fn word(&mut self, word: &str, kind: Kind<'a>) -> Result<Kind<'a>, SyntaxError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error());
        }
        self.at += word.len();
        Ok(kind)
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, SyntaxError> {
        self.at += 1;
        let mut members: Vec<(Cow<'a, str>, Node<'a>)> = Vec::new();
        let mut names = Names::default();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Object { members });
        }
        loop {
            self.skip_space();
            let name_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error());
            }
            let name = self.string()?;
            if !names.insert(&name, &members) && !facts::DUPLICATE_MEMBER.value {
                return Err(SyntaxError { at: name_at });
            }
            self.skip_space();
            self.expect(b':')?;
            let node = self.value(depth + 1)?;
            members.push((name, node));
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Object { members });
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'a>>, SyntaxError> {
        self.at += 1;
        let mut nodes = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(nodes);
        }
        loop {
            nodes.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(nodes);
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn number(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(self.error()),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let plain = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(plain));
                }
                Some(b'\\') => break,
                Some(byte) if byte >= 0x20 => self.at += 1,
                _ => return Err(self.error()),
            }
        }
        let mut text = self.text[start..self.at].to_owned();
        loop {
            let run = self.at;
            while matches!(self.peek(), Some(byte) if byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(&self.text[run..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let byte = self.peek().ok_or_else(|| self.error())?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(SyntaxError { at: self.at - 1 }),
        })
    }

    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let first = self.hex4()?;
        let scalar = if (0xD800..0xDC00).contains(&first) {
            self.expect(b'\\')?;
            self.expect(b'u')?;
            let second = self.hex4()?;
            if !(0xDC00..0xE000).contains(&second) {
                return Err(self.error());
            }
            0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
        } else {
            first
        };
        char::from_u32(scalar).ok_or_else(|| self.error())
    }

    fn hex4(&mut self) -> Result<u32, SyntaxError> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            value = value * 16 + digit.ok_or_else(|| self.error())?;
            self.at += 1;
        }
        Ok(value)
    }
}

/// Writes a JSON string with its quotation marks.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    // Most texts need none. Without a way out of the loop, several bytes are looked at together.
    let escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if !text.bytes().fold(false, |any, byte| any | escaped(byte)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut run = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[run..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        run = at + 1;
    }
    out.push_str(&text[run..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, at: usize) {
        match parse(text) {
            Ok(node) => panic!("{text} was read as {node:?}"),
            Err(error) => assert_eq!(error.at, at, "{text}"),
        }
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_stops_being_json() {
        refused("", 0);
        refused("{\"a\":1,}", 7);
        refused("[1 2]", 3);
        refused("01", 1);
        refused("1.", 2);
        refused("\"\u{1}\"", 1);
        refused(r#""\ud800""#, 7);
        refused("{\"a\":1,\"a\":2}", 7);
        refused("nul", 0);
        let many: String = (0..100).map(|number| format!("\"m{number}\":0,")).collect();
        assert!(parse(&format!("{{{many}\"m\":0}}")).is_ok());
        for twice in ["m0", "m15", "m16", "m17", "m99"] {
            refused(&format!("{{{many}\"{twice}\":0}}"), many.len() + 1);
        }
        refused("1 1", 2);
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion_to_the_end() {
        let deep = "[".repeat(100_000);
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn numbers_keep_every_digit() {
        let node = parse("[9223372036854775808, 1e999]").expect("JSON");
        let numbers: Vec<_> = node.as_array().expect("array").iter().map(|n| n.as_number()).collect();
        assert_eq!(numbers, [Some("9223372036854775808"), Some("1e999")]);
    }

    #[test]
    fn strings_read_back_as_written() {
        for text in ["", "plain", "q\"b\\n\nt\tz\u{0}\u{1f}", "e\u{301}\u{1F980}\u{2028}"] {
            let mut out = String::new();
            write_string(&mut out, text);
            assert_eq!(parse(&out).expect("JSON").as_str(), Some(text));
            assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
        }
        assert_eq!(parse(r#""\ud83e\udd80""#).expect("JSON").as_str(), Some("\u{1F980}"));
    }

    #[test]
    fn values_are_written_back_as_they_were() {
        let text = r#"{"a":[1,-0.50e3,true,false,null,"x\"y"],"b":{"":[]},"c":{}}"#;
        let mut out = String::new();
        parse(text).expect("JSON").write(&mut out);
        assert_eq!(out, text);
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(line_and_column(b"ab\ncd", 0), (1, 1));
        assert_eq!(line_and_column(b"ab\ncd", 4), (2, 2));
    }
}
