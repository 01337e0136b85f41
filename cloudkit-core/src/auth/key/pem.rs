//! PEM blocks, read as leniently as their content can still be told for certain.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::error::{Damage, KeyError};
use super::repair::Repair;

/// Base64 with or without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What stands between a `BEGIN` and an `END`.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    body: &'a str,
    end: End<'a>,
    dashes_are_five: bool,
}

enum End<'a> {
    Label(&'a str),
    Missing,
}

/// The blocks of the text, in order. Text outside of them is explanation, and ignored.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("BEGIN ") {
        let before = &rest[..at];
        let after = &rest[at + "BEGIN ".len()..];
        let (label, dashes_after, after) = label_and_dashes(after);
        // The next `BEGIN` ends a block that has no `END`.
        let limit = after.find("BEGIN ").map_or(after, |next| &after[..next]);
        let (body, end, dashes_at_end, used) = match limit.find("END ") {
            Some(end) => {
                let (end_label, dashes_after_end, beyond) = label_and_dashes(&after[end + "END ".len()..]);
                let dashes = is_five(dashes_behind(&after[..end])) && is_five(dashes_after_end);
                (&after[..end], End::Label(end_label), dashes, after.len() - beyond.len())
            }
            None => (limit, End::Missing, true, limit.len()),
        };
        let dashes_are_five = is_five(dashes_behind(before)) && is_five(dashes_after) && dashes_at_end;
        blocks.push(Block { label, body: body.trim_end_matches(is_dash), end, dashes_are_five });
        rest = &after[used..];
    }
    blocks
}

/// The content of a text without a `BEGIN` line, up to where its `END` line starts.
pub(super) fn before_end_line(text: &str) -> Option<&str> {
    let end = text.find("END ")?;
    Some(text[..end].trim_end_matches(is_dash))
}

impl Block<'_> {
    /// Whether it has the header of the old form of encryption.
    pub(super) fn is_encrypted_in_old_form(&self) -> bool {
        self.body.contains("Proc-Type") && self.body.contains("ENCRYPTED")
    }

    /// The bytes that it holds.
    pub(super) fn decode(&self, repairs: &mut Vec<Repair>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if !self.dashes_are_five {
            repairs.push(Repair::Dashes);
        }
        match self.end {
            End::Missing => repairs.push(Repair::EndMissing),
            End::Label(end) if end != self.label => repairs.push(Repair::EndMismatch),
            End::Label(_) => {}
        }
        // Of an `END` line that was cut, some dashes may be left.
        let body = match (&self.end, self.body.find("--")) {
            (End::Missing, Some(cut)) => &self.body[..cut],
            _ => self.body,
        };
        // What follows the label on its own line is no line of the body; nor is what stands before `END`.
        let lines = || body.trim_end().lines().skip(1);
        if lines().any(|line| line.starts_with(char::is_whitespace) && !line.trim().is_empty()) {
            repairs.push(Repair::Indentation);
        }
        if lines().any(|line| line.trim().is_empty()) {
            repairs.push(Repair::BlankLines);
        }
        if !body.trim().contains('\n') && body.trim().len() > 76 {
            repairs.push(Repair::OneLine);
        }
        decode(body, repairs)
    }
}

/// Reads base64 across white space.
pub(super) fn decode(body: &str, repairs: &mut Vec<Repair>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut digits = Zeroizing::new(String::with_capacity(body.len()));
    let mut padding = 0;
    for character in body.chars() {
        match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' if padding == 0 => digits.push(character),
            '=' => padding += 1,
            // The latter two come with text that was copied from a web page.
            _ if character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}') => {}
            _ => return Err(Damage::BadCharacter { character }.into()),
        }
    }
    let length = digits.len();
    if length == 0 {
        return Err(Damage::NoContent.into());
    }
    let expected_padding = match length % 4 {
        0 => 0,
        1 => return Err(Damage::BadLength { length }.into()),
        remainder => 4 - remainder,
    };
    if padding < expected_padding {
        repairs.push(Repair::Padding);
    }
    let bytes = LENIENT.decode(digits.as_bytes()).map_err(|_| Damage::BadLength { length })?;
    Ok(Zeroizing::new(bytes))
}

/// The label up to the dashes or the end of the line, the dashes, and what follows.
fn label_and_dashes(text: &str) -> (&str, &str, &str) {
    let end = text.find(|c: char| is_dash(c) || c == '\n').unwrap_or(text.len());
    let (label, rest) = text.split_at(end);
    let after = rest.trim_start_matches(is_dash);
    (label.trim(), &rest[..rest.len() - after.len()], after)
}

fn dashes_behind(text: &str) -> &str {
    &text[text.trim_end_matches(is_dash).len()..]
}

fn is_five(dashes: &str) -> bool {
    dashes == "-----"
}

/// A hyphen, or what word processors make of it.
const fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
