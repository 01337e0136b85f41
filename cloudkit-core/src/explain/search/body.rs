//! What may stand for the body in the signed text: which text it is made from, and how that is written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::Form;
use super::json::{Spacing, Style, rewrite};
use crate::explain::CauseCode::{
    BodyBase64NotHashed, BodyChangedAfterHash, BodyCharsetChanged, BodyHashBase64OfHex, BodyHashBase64url,
    BodyHashHex, BodyHashWrongAlgorithm, BodyNotHashed, BodySignedAsEmpty, EmptyBodyHashForm,
    EmptyBodyHashOfText,
};
use crate::explain::{CapturedBody, CauseCode};

/// Bodies beyond this are not serialised anew: a request of so many bytes is rare, and the work would show.
const REWRITTEN_UP_TO: usize = 256 * 1024;

/// Bodies beyond this, which CloudKit takes none of, are not changed in any way: so memory stays bounded.
const CHANGED_UP_TO: usize = 4 * 1024 * 1024;

/// A change that happens to a body when it is kept as text: it may be the capture's and not the program's.
pub(super) const LOST_IN_TEXT: &str = "text";

/// The text that the body part is made from. `None` is a body that was not captured.
pub(super) type Content = Option<Bytes>;

/// All contents, the right one first.
pub(super) fn contents(body: &CapturedBody) -> Vec<Form<Content>> {
    let Some(bytes) = body.bytes() else {
        let mut forms = vec![Form::right(None)];
        forms.push(Form::new("nothing", BodySignedAsEmpty, 1, Some(Bytes::new())));
        return forms;
    };
    let exact = match body {
        CapturedBody::Exact(bytes) => bytes.clone(),
        CapturedBody::Text(_) | CapturedBody::Missing => Bytes::copy_from_slice(bytes),
    };
    let mut forms = Contents { forms: vec![Form::right(Some(exact))] };
    if bytes.is_empty() {
        for word in ["null", "{}", "undefined", "\"\"", "[]", "None", "nil", "\n"] {
            let says = format!("the hash of the text {} where there is no body", word.escape_debug());
            forms.add("word", EmptyBodyHashOfText, 2, says, word.as_bytes().to_vec());
        }
        return forms.forms;
    }
    forms.add("nothing", BodySignedAsEmpty, 1, "the hash of nothing in place of the body's", Vec::new());
    if bytes.len() <= CHANGED_UP_TO {
        forms.line_ends(bytes);
        forms.character_sets(bytes);
    }
    if bytes.len() <= REWRITTEN_UP_TO
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        forms.serialisations(text);
    }
    for word in ["{}", "null", "undefined", "[object Object]"] {
        let says = format!("the hash of the text {word} in place of the body's");
        forms.add("word", BodyChangedAfterHash, 3, says, word.as_bytes().to_vec());
    }
    forms.forms
}

struct Contents {
    forms: Vec<Form<Content>>,
}

impl Contents {
    /// Adds a form, unless there is one of the same bytes.
    fn add(
        &mut self,
        name: &'static str,
        code: CauseCode,
        cost: u32,
        says: impl Into<String>,
        bytes: Vec<u8>,
    ) {
        if self.forms.iter().any(|form| form.value.as_deref() == Some(bytes.as_slice())) {
            return;
        }
        let says = says.into();
        self.forms.push(Form::new(name, code, cost, Some(Bytes::from(bytes))).says(says));
    }

    fn line_ends(&mut self, bytes: &[u8]) {
        let changed = |what: &str| format!("the hash of the body {what}");
        let code = BodyChangedAfterHash;
        let with_line_feed = [bytes, b"\n"].concat();
        self.add(LOST_IN_TEXT, code, 1, changed("with a line feed at its end"), with_line_feed);
        let trimmed = bytes.trim_ascii();
        if let Some(rest) = bytes.strip_suffix(b"\n") {
            let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
            self.add(LOST_IN_TEXT, code, 1, changed("without the line end at its end"), rest.to_vec());
        }
        self.add(LOST_IN_TEXT, code, 2, changed("without white space around it"), trimmed.to_vec());
        if bytes.contains(&b'\n') {
            let unix = replace(bytes, b"\r\n", b"\n");
            let windows = replace(&unix, b"\n", b"\r\n");
            self.add(LOST_IN_TEXT, code, 2, changed("with carriage returns in its line ends"), windows);
            self.add(LOST_IN_TEXT, code, 2, changed("without carriage returns in its line ends"), unix);
        }
        self.add(
            LOST_IN_TEXT,
            code,
            3,
            changed("with a carriage return and a line feed at its end"),
            [bytes, b"\r\n"].concat(),
        );
        const MARK: &[u8] = b"\xef\xbb\xbf";
        match bytes.strip_prefix(MARK) {
            Some(rest) => {
                self.add(LOST_IN_TEXT, code, 2, changed("without the byte order mark"), rest.to_vec());
            }
            None => {
                self.add(LOST_IN_TEXT, code, 3, changed("with a byte order mark"), [MARK, bytes].concat());
            }
        }
    }

    fn character_sets(&mut self, bytes: &[u8]) {
        let changed = |what: &str| format!("the hash of the body in {what}");
        let code = BodyCharsetChanged;
        match std::str::from_utf8(bytes) {
            Err(_) => {
                let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                self.add(
                    LOST_IN_TEXT,
                    code,
                    1,
                    changed("UTF-8, while it is sent in ISO-8859-1"),
                    text.into_bytes(),
                );
            }
            Ok(text) => {
                if !text.is_ascii() {
                    let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
                    if let Some(latin) = latin {
                        self.add(
                            LOST_IN_TEXT,
                            code,
                            1,
                            changed("ISO-8859-1, while it is sent in UTF-8"),
                            latin,
                        );
                    }
                    let lossy = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect::<String>();
                    self.add(
                        LOST_IN_TEXT,
                        code,
                        2,
                        changed("ASCII, with question marks"),
                        lossy.into_bytes(),
                    );
                    // UTF-8 that was taken for ISO-8859-1 and encoded once more.
                    let twice: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                    self.add(LOST_IN_TEXT, code, 2, changed("UTF-8 twice"), twice.into_bytes());
                }
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                self.add(LOST_IN_TEXT, code, 4, changed("UTF-16"), wide);
            }
        }
    }

    fn serialisations(&mut self, text: &str) {
        let spacings = [
            (Spacing::Compact, 1, "without spaces"),
            (Spacing::Spaced, 1, "with spaces after commas and colons"),
            (Spacing::Pretty(2), 2, "pretty-printed"),
            (Spacing::Pretty(4), 2, "pretty-printed"),
            (Spacing::PrettyFoundation, 2, "pretty-printed by Foundation"),
        ];
        let switches = [(false, 0), (true, 1)];
        for (spacing, spacing_cost, spaced) in spacings {
            for (sorts_keys, sorting_cost) in switches {
                for (escapes_slashes, slash_cost) in switches {
                    for (escapes_non_ascii, escape_cost) in switches {
                        let style = Style { spacing, sorts_keys, escapes_slashes, escapes_non_ascii };
                        let Some(rewritten) = rewrite(text, style) else { return };
                        let sorted = if sorts_keys { ", its keys sorted" } else { "" };
                        let slashes = if escapes_slashes { ", its slashes escaped" } else { "" };
                        let ascii = if escapes_non_ascii { ", in ASCII" } else { "" };
                        let says =
                            format!("the hash of the body serialised anew, {spaced}{sorted}{slashes}{ascii}");
                        let cost = spacing_cost + sorting_cost + slash_cost + escape_cost;
                        self.add("serialised", BodyChangedAfterHash, cost, says, rewritten.into_bytes());
                    }
                }
            }
        }
        if let Ok(twice) = serde_json::to_string(text) {
            let says = "the hash of the body serialised twice, as a JSON text";
            self.add("serialised", BodyChangedAfterHash, 2, says, twice.into_bytes());
        }
        let encoded = STANDARD.encode(text).into_bytes();
        self.add("encoded", BodyChangedAfterHash, 3, "the hash of the body's base64", encoded);
    }
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// How the content becomes a part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Hash(Algorithm, Letters),
    /// The SHA-256 of the SHA-256's bytes, or of its hex text.
    HashTwice {
        of_hex: bool,
    },
    Raw,
    Base64OfBody,
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Base64,
    Base64NoPad,
    Base64Url,
    Base64UrlNoPad,
    Hex,
    HexUpper,
    Base64OfHex,
    Base64OfHexUpper,
}

/// All encodings, the right one first.
pub(super) fn encodings(body: &CapturedBody) -> Vec<Form<Encoding>> {
    use Algorithm::{Sha1, Sha256, Sha384, Sha512};
    use Letters::{
        Base64, Base64NoPad, Base64OfHex, Base64OfHexUpper, Base64Url, Base64UrlNoPad, Hex, HexUpper,
    };
    let length = body.bytes().map(<[u8]>::len);
    let empty = if length == Some(0) {
        Form::new("empty", EmptyBodyHashForm, 1, Encoding::Empty)
    } else {
        Form::new("empty", BodySignedAsEmpty, 1, Encoding::Empty).says("nothing in place of the body's hash")
    };
    let mut forms = vec![
        Form::right(Encoding::Hash(Sha256, Base64)),
        Form::new("raw", BodyNotHashed, 1, Encoding::Raw),
        Form::new("hex", BodyHashHex, 1, Encoding::Hash(Sha256, Hex)),
        Form::new("base64 of hex", BodyHashBase64OfHex, 1, Encoding::Hash(Sha256, Base64OfHex)),
        empty,
        Form::new("url", BodyHashBase64url, 2, Encoding::Hash(Sha256, Base64Url)),
        Form::new("url, no pad", BodyHashBase64url, 2, Encoding::Hash(Sha256, Base64UrlNoPad)),
        Form::new("no pad", BodyHashBase64url, 2, Encoding::Hash(Sha256, Base64NoPad)),
        Form::new("upper hex", BodyHashHex, 2, Encoding::Hash(Sha256, HexUpper)),
        Form::new("base64", BodyBase64NotHashed, 2, Encoding::Base64OfBody),
        Form::new("base64 of upper hex", BodyHashBase64OfHex, 3, Encoding::Hash(Sha256, Base64OfHexUpper)),
        Form::new("twice", BodyHashWrongAlgorithm, 3, Encoding::HashTwice { of_hex: false })
            .says("the SHA-256 of the body's SHA-256"),
        Form::new("twice, hex", BodyHashWrongAlgorithm, 4, Encoding::HashTwice { of_hex: true })
            .says("the SHA-256 of the hex text of the body's SHA-256"),
    ];
    match length {
        // Nothing is nothing, raw or in base64.
        Some(0) => forms.retain(|form| !form.value.shows_body()),
        Some(length) if length > CHANGED_UP_TO => forms.retain(|form| form.value != Encoding::Base64OfBody),
        _ => {}
    }
    for (algorithm, name, cost) in [(Sha1, "SHA-1", 2), (Sha512, "SHA-512", 2), (Sha384, "SHA-384", 4)] {
        forms.push(
            Form::new(name, BodyHashWrongAlgorithm, cost, Encoding::Hash(algorithm, Base64))
                .says(format!("the {name} of the body in place of its SHA-256")),
        );
    }
    for (algorithm, name, id) in [
        (Sha1, "SHA-1", "SHA-1 in hex"),
        (Sha512, "SHA-512", "SHA-512 in hex"),
        (Sha384, "SHA-384", "SHA-384 in hex"),
    ] {
        forms.push(
            Form::new(id, BodyHashWrongAlgorithm, 4, Encoding::Hash(algorithm, Hex))
                .says(format!("the {name} of the body in place of its SHA-256"))
                .and(BodyHashHex),
        );
    }
    forms
}

impl Encoding {
    /// Whether the body itself is in the text.
    pub(super) const fn shows_body(self) -> bool {
        matches!(self, Self::Raw | Self::Base64OfBody)
    }

    /// The part of the text for this content, whose SHA-256 is at hand.
    pub(super) fn part(self, content: &[u8], sha256: &[u8; 32]) -> Vec<u8> {
        match self {
            Self::Hash(Algorithm::Sha256, letters) => letters.write(sha256).into_bytes(),
            Self::Hash(algorithm, letters) => letters.write(&algorithm.digest(content)).into_bytes(),
            Self::HashTwice { of_hex } => {
                let twice = if of_hex { Sha256::digest(hex(sha256)) } else { Sha256::digest(sha256) };
                STANDARD.encode(twice).into_bytes()
            }
            Self::Raw => content.to_vec(),
            Self::Base64OfBody => STANDARD.encode(content).into_bytes(),
            Self::Empty => Vec::new(),
        }
    }

    /// What such a part is, for the mark under it.
    pub(super) fn label(self, length: usize) -> String {
        match self {
            Self::Hash(_, Letters::Hex | Letters::HexUpper) => format!("{length} hex digits"),
            Self::Hash(_, Letters::Base64OfHex | Letters::Base64OfHexUpper) => {
                format!("{length} characters: base64 of hex text")
            }
            Self::Hash(_, Letters::Base64Url | Letters::Base64UrlNoPad) => {
                format!("{length} characters of base64url")
            }
            Self::Hash(..) | Self::HashTwice { .. } => format!("{length} characters of base64"),
            Self::Raw => format!("the body itself, {length} bytes"),
            Self::Base64OfBody => format!("the body in base64, {length} characters"),
            Self::Empty => "nothing".to_owned(),
        }
    }
}

impl Algorithm {
    fn digest(self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(content).to_vec(),
            Self::Sha256 => Sha256::digest(content).to_vec(),
            Self::Sha384 => Sha384::digest(content).to_vec(),
            Self::Sha512 => Sha512::digest(content).to_vec(),
        }
    }
}

impl Letters {
    fn write(self, digest: &[u8]) -> String {
        match self {
            Self::Base64 => STANDARD.encode(digest),
            Self::Base64NoPad => STANDARD_NO_PAD.encode(digest),
            Self::Base64Url => URL_SAFE.encode(digest),
            Self::Base64UrlNoPad => URL_SAFE_NO_PAD.encode(digest),
            Self::Hex => hex(digest),
            Self::HexUpper => hex(digest).to_uppercase(),
            Self::Base64OfHex => STANDARD.encode(hex(digest)),
            Self::Base64OfHexUpper => STANDARD.encode(hex(digest).to_uppercase()),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
