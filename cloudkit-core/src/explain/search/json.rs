//! A JSON body as other serialisers write it: what programs do that hash one text and send another.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How a serialiser writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) spacing: Spacing,
    pub(super) sorts_keys: bool,
    pub(super) escapes_slashes: bool,
    /// Characters outside of ASCII as `\u00e9`.
    pub(super) escapes_non_ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spacing {
    /// `{"a":1,"b":2}`: JavaScript, Swift, Go, Rust.
    Compact,
    /// `{"a": 1, "b": 2}`: Python.
    Spaced,
    /// One member a line, indented by so many spaces, with `": "`: JavaScript, Python, PHP.
    Pretty(usize),
    /// As Foundation does it: two spaces, and a space before the colon too.
    PrettyFoundation,
}

/// The text in this style; `None` if it is no JSON.
pub(super) fn rewrite(text: &str, style: Style) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut written = String::with_capacity(text.len() * 2);
    write(raw, style, 0, &mut written)?;
    Some(written)
}

/// Deeper nesting is not rewritten: each level reads its text once more.
const DEEPEST: usize = 100;

fn write(raw: &RawValue, style: Style, depth: usize, written: &mut String) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    let text = raw.get().trim();
    match text.as_bytes().first()? {
        b'{' => {
            let Members(mut members) = serde_json::from_str(text).ok()?;
            if style.sorts_keys {
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
            }
            let count = members.len();
            written.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                between(style, index, depth + 1, written);
                write_text(&key, style, written)?;
                written.push_str(match style.spacing {
                    Spacing::Compact => ":",
                    Spacing::Spaced | Spacing::Pretty(_) => ": ",
                    Spacing::PrettyFoundation => " : ",
                });
                write(value, style, depth + 1, written)?;
            }
            end(style, count, depth, written);
            written.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            written.push('[');
            for (index, item) in items.iter().enumerate() {
                between(style, index, depth + 1, written);
                write(item, style, depth + 1, written)?;
            }
            end(style, items.len(), depth, written);
            written.push(']');
        }
        b'"' => write_text(&serde_json::from_str::<String>(text).ok()?, style, written)?,
        _ => written.push_str(text),
    }
    Some(())
}

fn between(style: Style, index: usize, depth: usize, written: &mut String) {
    if index > 0 {
        written.push_str(if style.spacing == Spacing::Spaced { ", " } else { "," });
    }
    line(style, depth, written);
}

fn end(style: Style, count: usize, depth: usize, written: &mut String) {
    if count > 0 {
        line(style, depth, written);
    }
}

fn line(style: Style, depth: usize, written: &mut String) {
    let indent = match style.spacing {
        Spacing::Compact | Spacing::Spaced => return,
        Spacing::Pretty(indent) => indent,
        Spacing::PrettyFoundation => 2,
    };
    written.push('\n');
    written.extend(std::iter::repeat_n(' ', indent * depth));
}

fn write_text(text: &str, style: Style, written: &mut String) -> Option<()> {
    let plain = serde_json::to_string(text).ok()?;
    for c in plain.chars() {
        match c {
            '/' if style.escapes_slashes => written.push_str("\\/"),
            c if style.escapes_non_ascii && !c.is_ascii() => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    written.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => written.push(c),
        }
    }
    Some(())
}

/// An object with its members in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPACT: Style = Style {
        spacing: Spacing::Compact,
        sorts_keys: false,
        escapes_slashes: false,
        escapes_non_ascii: false,
    };

    #[track_caller]
    fn check(style: Style, expected: &str) {
        let text = "{ \"b/é\" : [1.50, 1e3 , \"😀\"],\n \"a\":{}, \"c\":[] }";
        assert_eq!(rewrite(text, style).as_deref(), Some(expected));
    }

    #[test]
    fn each_style_is_that_of_its_serialiser() {
        check(COMPACT, r#"{"b/é":[1.50,1e3,"😀"],"a":{},"c":[]}"#);
        check(Style { sorts_keys: true, ..COMPACT }, r#"{"a":{},"b/é":[1.50,1e3,"😀"],"c":[]}"#);
        check(
            Style { spacing: Spacing::Spaced, escapes_non_ascii: true, ..COMPACT },
            r#"{"b/\u00e9": [1.50, 1e3, "\ud83d\ude00"], "a": {}, "c": []}"#,
        );
        check(Style { escapes_slashes: true, ..COMPACT }, r#"{"b\/é":[1.50,1e3,"😀"],"a":{},"c":[]}"#);
        check(
            Style { spacing: Spacing::Pretty(4), ..COMPACT },
            "{\n    \"b/é\": [\n        1.50,\n        1e3,\n        \"😀\"\n    ],\n    \"a\": {},\n    \"c\": []\n}",
        );
        check(
            Style { spacing: Spacing::PrettyFoundation, ..COMPACT },
            "{\n  \"b/é\" : [\n    1.50,\n    1e3,\n    \"😀\"\n  ],\n  \"a\" : {},\n  \"c\" : []\n}",
        );
        assert_eq!(rewrite("{", COMPACT), None);
    }

    #[test]
    fn deep_nesting_is_no_trouble() {
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        assert_eq!(rewrite(&deep, COMPACT), None);
        let fine = "[".repeat(100) + &"]".repeat(100);
        assert_eq!(rewrite(&fine, COMPACT), Some(fine.clone()));
    }
}
