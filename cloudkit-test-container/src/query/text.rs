//! How text search folds text: case and diacritical marks do not count.

/// The text in lower case, without diacritical marks.
///
/// Letters of Latin, Greek and Cyrillic lose their marks through a table; combining marks are dropped wherever they
/// stand, so that both ways of writing a letter with a mark fold to the same.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii() {
            folded.push(c);
            continue;
        }
        if is_combining_mark(c) {
            continue;
        }
        match base_letters(c) {
            Some(base) => folded.push_str(base),
            None => folded.push(c),
        }
    }
    folded
}

fn is_combining_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// The letters under the marks of a lower-case letter, for the letters that have some.
fn base_letters(c: char) -> Option<&'static str> {
    TABLE.iter().find(|(marked, _)| marked.contains(c)).map(|(_, base)| *base)
}

const TABLE: &[(&str, &str)] = &[
    ("àáâãäåāăąǎǟǡǻȁȃȧạảấầẩẫậắằẳẵặḁ", "a"),
    ("ḃḅḇ", "b"),
    ("çćĉċčḉ", "c"),
    ("ďḋḍḏḑḓ", "d"),
    ("èéêëēĕėęěȅȇȩẹẻẽếềểễệḕḗḙḛḝ", "e"),
    ("ḟ", "f"),
    ("ĝğġģǧǵḡ", "g"),
    ("ĥȟḣḥḧḩḫẖ", "h"),
    ("ìíîïĩīĭįǐȉȋỉịḭḯ", "i"),
    ("ĵǰ", "j"),
    ("ķǩḱḳḵ", "k"),
    ("ĺļľḷḹḻḽ", "l"),
    ("ḿṁṃ", "m"),
    ("ñńņňǹṅṇṉṋ", "n"),
    ("òóôõöōŏőơǒǫǭȍȏȫȭȯȱọỏốồổỗộớờởỡợṍṏṑṓ", "o"),
    ("ṕṗ", "p"),
    ("ŕŗřȑȓṙṛṝṟ", "r"),
    ("śŝşšșṡṣṥṧṩ", "s"),
    ("ţťțṫṭṯṱẗ", "t"),
    ("ùúûüũūŭůűųưǔǖǘǚǜȕȗụủứừửữựṳṵṷṹṻ", "u"),
    ("ṽṿ", "v"),
    ("ŵẁẃẅẇẉẘ", "w"),
    ("ẋẍ", "x"),
    ("ýÿŷȳỳỵỷỹẏẙ", "y"),
    ("źżžẑẓẕ", "z"),
    ("ά", "α"),
    ("έ", "ε"),
    ("ή", "η"),
    ("ίϊΐ", "ι"),
    ("ό", "ο"),
    ("ύϋΰ", "υ"),
    ("ώ", "ω"),
    ("ς", "σ"),
    ("ё", "е"),
    ("й", "и"),
    ("ї", "і"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::words;

    #[test]
    fn case_and_marks_do_not_count() {
        assert_eq!(fold("ÉCOLE"), "ecole");
        assert_eq!(fold("e\u{301}cole"), "ecole");
        assert_eq!(fold("Ångström"), fold("ANGSTRO\u{308}M"));
        assert_eq!(fold("Ёлка"), "елка");
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found: Vec<_> = words("Hello, wörld! 42-times  hello").into_iter().collect();
        assert_eq!(found, ["42", "hello", "times", "world"]);
    }
}
