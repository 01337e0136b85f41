//! The names of CloudKit become those of Rust.

use crate::case::Case;

/// The keywords of every edition that a name can be if `r#` stands before it.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The keywords that no name can be, whatever stands before it.
const NEVER: [&str; 5] = ["self", "Self", "super", "crate", "_"];

/// The types that generated code itself names.
const TAKEN: [&str; 8] =
    ["Asset", "CkRecord", "Location", "Option", "Reference", "String", "Timestamp", "Vec"];

/// The struct of a record type.
pub(super) fn struct_name(record_type: &str) -> String {
    let is_rust =
        record_type.starts_with(|first: char| first.is_ascii_uppercase()) && !record_type.contains('_');
    let is_all_capitals =
        record_type.len() > 2 && !record_type.contains(|letter: char| letter.is_ascii_lowercase());
    let name =
        if is_rust && !is_all_capitals { record_type.to_owned() } else { Case::Pascal.apply(record_type) };
    if TAKEN.contains(&name.as_str()) || NEVER.contains(&name.as_str()) { name + "Record" } else { name }
}

/// The field of a field, without `r#`.
pub(super) fn field_name(field: &str) -> String {
    let name = Case::Snake.apply(field);
    if NEVER.contains(&name.as_str()) { name + "_" } else { name }
}

/// The name as source: raw if it is a keyword.
pub(super) fn identifier(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// Whether somebody can call a struct or field so, perhaps with `r#` before it.
pub(super) fn is_identifier(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !NEVER.contains(&name)
}

/// Whether the text can be a type: a first look, so that what is no Rust at all does not get into a file.
pub(super) fn is_type(text: &str) -> bool {
    let mut open = Vec::new();
    // The end of an arrow closes nothing.
    let is_balanced = text.replace("->", " ").chars().all(|letter| match letter {
        '<' => {
            open.push('>');
            true
        }
        '(' => {
            open.push(')');
            true
        }
        '[' => {
            open.push(']');
            true
        }
        '>' | ')' | ']' => open.pop() == Some(letter),
        _ => letter.is_alphanumeric() || "_:, &'*;=+".contains(letter),
    });
    is_balanced && open.is_empty() && text.contains(|letter: char| letter.is_alphanumeric() || letter == '(')
}

/// Whether the text can be a path.
pub(super) fn is_path(text: &str) -> bool {
    let text = text.strip_prefix("::").unwrap_or(text);
    let is_segment = |segment: &str| {
        let segment = segment.strip_prefix("r#").unwrap_or(segment);
        is_identifier(segment) || ["crate", "self", "super", "Self"].contains(&segment)
    };
    text.split("::").all(is_segment)
}

/// Whether the text can stand before `struct`.
pub(super) fn is_visibility(text: &str) -> bool {
    let inside = text.strip_prefix("pub(").and_then(|rest| rest.strip_suffix(')'));
    match inside {
        Some("crate" | "self" | "super") => true,
        Some(inside) => inside.strip_prefix("in ").is_some_and(is_path),
        None => text.is_empty() || text == "pub",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_are_called_like_record_types_where_rust_allows() {
        let cases = [
            ("Article", "Article"),
            ("CSVImport", "CSVImport"),
            ("CD_PersonEntity", "CdPersonEntity"),
            ("article", "Article"),
            ("FAQ", "Faq"),
            ("TV", "TV"),
            ("self", "SelfRecord"),
            ("Location", "LocationRecord"),
            ("string", "StringRecord"),
        ];
        for (record_type, name) in cases {
            assert_eq!(struct_name(record_type), name);
        }
    }

    #[test]
    fn fields_are_called_like_fields_in_snake_case() {
        let cases = [
            ("publishedAt", "published_at"),
            ("siteURL", "site_url"),
            ("s_00", "s_00"),
            ("CD_entityName", "cd_entity_name"),
            ("self", "self_"),
        ];
        for (field, name) in cases {
            assert_eq!(field_name(field), name);
        }
        assert_eq!(identifier("type"), "r#type");
        assert_eq!(identifier("union"), "union");
    }

    #[test]
    fn what_is_no_rust_is_told_from_what_may_be() {
        for text in
            ["bool", "crate::Status", "Vec<Option<[u8; 4]>>", "()", "fn(i64) -> bool", "Box<dyn A + 'static>"]
        {
            assert!(is_type(text), "{text}");
        }
        for text in ["", "Vec<", "a>b", "String, pub x: i64)", "a {", "\"x\"", "x\n", "a - b"] {
            assert!(!is_type(text), "{text}");
        }
        assert!(
            is_path("::a::b") && is_path("crate::a") && !is_path("a::") && !is_path("a b") && !is_path("")
        );
        assert!(is_visibility("pub(in crate::a)") && is_visibility("") && !is_visibility("pub(x)"));
    }
}
