//! From whatever a user has to the DER of one key, or to an error that names what it is instead.

use zeroize::Zeroizing;

use super::der;
use super::error::{Damage, KeyError, NotAKey};
use super::pem;
use super::repair::Repair;

/// Nothing that is called a key is longer.
const LONGEST: usize = 1 << 20;

/// DER, and the label it stood under, if there was one.
pub(super) struct Labelled {
    pub(super) label: Option<String>,
    pub(super) der: Zeroizing<Vec<u8>>,
    /// The DER of an `EC PARAMETERS` block in front.
    pub(super) parameters: Option<Zeroizing<Vec<u8>>>,
}

impl Labelled {
    fn bare(der: Zeroizing<Vec<u8>>) -> Self {
        Self { label: None, der, parameters: None }
    }
}

/// Finds the key in bytes of any form.
pub(super) fn find(bytes: &[u8], repairs: &mut Vec<Repair>) -> Result<Labelled, KeyError> {
    let length = bytes.len();
    if length > LONGEST {
        return Err(KeyError::Unknown { length });
    }
    if let Some(text) = utf16(bytes) {
        repairs.push(Repair::Utf16);
        return find_in_text(&text, repairs);
    }
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_control) => find_in_text(text, repairs),
        _ if bytes.starts_with(b"openssh-key-v1\0") => Err(open_ssh(bytes)),
        _ if length == 32 => Err(KeyError::BareScalar { found: "32 bytes", may_be_an_id: false }),
        _ if bytes.first() == Some(&0x30) => Ok(Labelled::bare(Zeroizing::new(bytes.to_vec()))),
        _ => Err(KeyError::Unknown { length }),
    }
}

/// Finds the key in a text.
pub(super) fn find_in_text(text: &str, repairs: &mut Vec<Repair>) -> Result<Labelled, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::Unknown { length: text.len() });
    }
    let text = tidy(text, repairs);
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    let blocks = pem::blocks(&text);
    if blocks.is_empty() { without_label(&text, repairs) } else { among(&blocks, repairs) }
}

/// Puts right what concerns the text as a whole.
fn tidy(text: &str, repairs: &mut Vec<Repair>) -> Zeroizing<String> {
    let mut trimmed = text.trim();
    if let Some(rest) = trimmed.strip_prefix('\u{feff}') {
        repairs.push(Repair::ByteOrderMark);
        trimmed = rest.trim();
    }
    for quote in ['"', '\'', '`'] {
        if trimmed.len() > 1 && trimmed.starts_with(quote) && trimmed.ends_with(quote) {
            repairs.push(Repair::Quotes);
            trimmed = trimmed[1..trimmed.len() - 1].trim();
            break;
        }
    }
    // The path of a file on Windows may hold these two characters as well; a block never does.
    let escaped = trimmed.contains("BEGIN ") && (trimmed.contains("\\n") || trimmed.contains("\\r"));
    let returns = trimmed.contains('\r');
    // Every copy is zeroised, so none is made that could be spared.
    let mut tidied = Zeroizing::new(trimmed.to_owned());
    if escaped {
        repairs.push(Repair::EscapedNewlines);
        for escape in ["\\\\n", "\\r", "\\n"] {
            tidied = Zeroizing::new(tidied.replace(escape, "\n"));
        }
    }
    if returns {
        repairs.push(Repair::CarriageReturns);
        tidied = Zeroizing::new(tidied.replace("\r\n", "\n"));
        tidied = Zeroizing::new(tidied.replace('\r', "\n"));
    }
    if escaped {
        // `\r\n` written out has become two line ends.
        tidied = Zeroizing::new(tidied.replace("\n\n", "\n"));
    }
    tidied
}

/// Chooses the block that is the key.
fn among(blocks: &[pem::Block<'_>], repairs: &mut Vec<Repair>) -> Result<Labelled, KeyError> {
    let private: Vec<_> = blocks.iter().filter(|block| block.label.ends_with("PRIVATE KEY")).collect();
    let chosen = match private.as_slice() {
        [] => blocks.iter().find(|block| block.label != "EC PARAMETERS").or(blocks.first()),
        [one] => Some(*one),
        several => return Err(KeyError::SeveralKeys { count: several.len() }),
    };
    let Some(block) = chosen else { return Err(Damage::NoContent.into()) };
    if block.is_encrypted_in_old_form() {
        return Err(KeyError::EncryptedOldForm);
    }
    let parameters = blocks
        .iter()
        .find(|block| block.label == "EC PARAMETERS")
        .and_then(|parameters| parameters.decode(&mut Vec::new()).ok());
    let der = block.decode(repairs)?;
    if der.starts_with(b"openssh-key-v1\0") || block.label == "OPENSSH PRIVATE KEY" {
        return Err(open_ssh(&der));
    }
    Ok(Labelled { label: Some(block.label.to_owned()), der, parameters })
}

/// A text without a `BEGIN` line: another spelling of a key, or something else that has a name.
fn without_label(text: &str, repairs: &mut Vec<Repair>) -> Result<Labelled, KeyError> {
    if let Some(error) = other_credential(text) {
        return Err(error);
    }
    if let Some(bytes) = hexadecimal(text) {
        if bytes.len() == 32 {
            let is_lower = !text.contains(|c: char| c.is_ascii_uppercase());
            return Err(KeyError::BareScalar { found: "64 hexadecimal digits", may_be_an_id: is_lower });
        }
        repairs.push(Repair::Hexadecimal);
        return decoded(bytes, text.len(), repairs);
    }
    if let Some(body) = pem::before_end_line(text) {
        let der = pem::decode(body, repairs).map_err(|_| Damage::NoBegin)?;
        der::recognise(&der).map_err(|_| Damage::NoBegin)?;
        repairs.push(Repair::LabelMissing);
        return Ok(Labelled::bare(der));
    }
    if let Ok(bytes) = pem::decode(text, &mut Vec::new()) {
        if bytes.len() == 32 {
            return Err(KeyError::BareScalar { found: "32 bytes in base64", may_be_an_id: false });
        }
        if bytes.len() > 32 {
            let is_text = bytes.starts_with(b"-----");
            repairs.push(if is_text { Repair::Base64Twice } else { Repair::LabelMissing });
            return decoded(bytes, text.len(), repairs);
        }
    }
    Err(KeyError::Unknown { length: text.len() })
}

/// Goes on with what hexadecimal or base64 gave. Once: a text that was encoded thrice is not a key.
fn decoded(
    bytes: Zeroizing<Vec<u8>>,
    length: usize,
    repairs: &mut Vec<Repair>,
) -> Result<Labelled, KeyError> {
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains("BEGIN ") => {
            let text = tidy(text, repairs);
            among(&pem::blocks(&text), repairs)
        }
        _ if bytes.first() == Some(&0x30) => Ok(Labelled::bare(bytes)),
        _ => Err(KeyError::Unknown { length }),
    }
}

fn other_credential(text: &str) -> Option<KeyError> {
    let is_word = !text.contains(char::is_whitespace);
    let wrong_apple_credential = |found: &str| KeyError::WrongAppleCredential { found: found.to_owned() };

    if text.starts_with(['{', '[']) {
        return Some(NotAKey::Json.into());
    }
    if text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") {
        return Some(NotAKey::PublicKey.into());
    }
    if text.starts_with("eyJ") && is_word && text.matches('.').count() == 2 {
        return Some(wrong_apple_credential(
            "this is a JSON web token, as App Store Connect, Sign in with Apple and the push service take it",
        ));
    }
    if is_uuid(text) {
        return Some(wrong_apple_credential(
            "this is a UUID, such as the issuer ID of App Store Connect, and no key at all",
        ));
    }
    if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        return Some(wrong_apple_credential(
            "these are 10 characters, such as a key ID of App Store Connect or a team ID, and no key at all",
        ));
    }
    let lower = text.to_ascii_lowercase();
    let is_path = [".pem", ".p8", ".key", ".der"].iter().any(|ending| lower.ends_with(ending))
        || ["./", "../", "~/", "/etc/", "/home/", "/run/", "/var/", "/Users/", "C:\\"]
            .iter()
            .any(|start| text.starts_with(start));
    (is_path && !text.contains('\n') && text.len() < 1024).then(|| NotAKey::Path.into())
}

/// The form of a UUID: five groups of hexadecimal digits.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

/// Reads hexadecimal digits, across white space and after `0x`.
pub(super) fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    let mut high = None;
    for character in text.chars().filter(|c| !c.is_whitespace()) {
        let digit = u8::try_from(character.to_digit(16)?).ok()?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    (high.is_none() && !bytes.is_empty()).then_some(bytes)
}

/// The text, if it is UTF-16 with a byte order mark.
fn utf16(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let (order, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let units = rest.chunks_exact(2).map(|unit| order([unit[0], unit[1]]));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Zeroizing::new)
}

/// Names the kind of key in a file of OpenSSH: after the magic, cipher, KDF, its options and a count comes the public
/// key, which starts with its kind.
fn open_ssh(bytes: &[u8]) -> KeyError {
    fn string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (string, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        *bytes = rest;
        Some(string)
    }
    fn kind(bytes: &[u8]) -> Option<String> {
        let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
        for _ in ["cipher", "kdf", "options"] {
            string(&mut rest)?;
        }
        let (_count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut public = string(&mut rest)?;
        let kind = std::str::from_utf8(string(&mut public)?).ok()?;
        let is_name = kind.len() <= 64 && kind.bytes().all(|byte| byte.is_ascii_graphic());
        is_name.then(|| kind.to_owned())
    }
    KeyError::OpenSsh { kind: kind(bytes) }
}
