//! Requests as people capture them: raw HTTP, a curl command line, a HAR file.
//!
//! The parsers are pure functions of the bytes. They take up no more memory than a few times their input, and name the
//! place of what they cannot read.
//!
//! ```
//! use cloudkit_cli::capture::{Form, Options, parse};
//!
//! let parsed = parse(b"curl 'https://api.apple-cloudkit.com/database/1/x' -d '{}'", &Options::default())?;
//! assert_eq!((parsed.form, &*parsed.captures[0].target), (Form::Curl, "/database/1/x"));
//! # Ok::<(), cloudkit_cli::capture::ParseError>(())
//! ```

pub mod curl;
pub mod har;
pub mod http;
mod powershell;
mod shell;

use std::borrow::Cow;
use std::fmt;
use std::io;

use cloudkit_core::explain::Capture;
use serde::Serialize;

/// The form of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A request as it goes over the wire, or as `curl -v` prints it.
    Http,
    /// A command line of curl, for a POSIX shell, cmd.exe or PowerShell, or PowerShell's own `Invoke-WebRequest`.
    Curl,
    /// A HAR file, as browsers and proxies export it.
    Har,
}

/// How to read a capture.
pub struct Options<'a> {
    /// The form, if it is known; otherwise it is told from the first bytes.
    pub form: Option<Form>,
    /// Which entry of a HAR file, counted from 1; otherwise those that CloudKit refused.
    pub entry: Option<usize>,
    /// Reads a file that a command line names, such as `--data-binary @body.json`.
    pub read_file: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
}

impl Default for Options<'_> {
    /// The form is told from the first bytes, and no files are read.
    fn default() -> Self {
        Self {
            form: None,
            entry: None,
            read_file: &|_| Err(io::Error::new(io::ErrorKind::Unsupported, "no files are read here")),
        }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("form", &self.form)
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The form that it had.
    pub form: Form,
    /// The request to explain, and behind it others of the same key in the same file. There is always one.
    pub captures: Vec<Capture>,
    /// What to know about how it was read, a sentence each.
    pub remarks: Vec<String>,
}

impl Parsed {
    fn new(form: Form, capture: Capture, remarks: Vec<String>) -> Self {
        Self { form, captures: vec![capture], remarks }
    }
}

/// Why a capture cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} (byte {offset}): {message}")]
pub struct ParseError {
    /// What is wrong there.
    pub message: String,
    /// What to do about it.
    pub help: Option<&'static str>,
    /// The place, in bytes from the beginning.
    pub offset: usize,
    /// The line, counted from 1.
    pub line: usize,
    /// The byte in the line, counted from 1.
    pub column: usize,
}

impl ParseError {
    fn at(bytes: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let before = &bytes[..offset.min(bytes.len())];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        Self {
            message: message.into(),
            help: None,
            offset,
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            column: before.len() - line_start + 1,
        }
    }

    fn with_help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }
}

/// Reads a capture of any form.
///
/// # Errors
///
/// [`ParseError`] with the place of what cannot be read.
pub fn parse(bytes: &[u8], options: &Options<'_>) -> Result<Parsed, ParseError> {
    let (text, was_utf16) = from_utf16(bytes);
    let bytes = &*text;
    let form = match options.form {
        Some(form) => form,
        None => recognise(bytes)?,
    };
    let mut parsed = match form {
        Form::Http => http::parse(bytes)?,
        Form::Curl => curl::parse(bytes, options)?,
        Form::Har => har::parse(bytes, options.entry)?,
    };
    if was_utf16 {
        parsed.remarks.push("it was read from UTF-16, as PowerShell writes it".to_owned());
    }
    Ok(parsed)
}

/// Tells the form from the beginning; a few kilobytes of it are enough.
///
/// # Errors
///
/// [`ParseError`] if it is none of the forms.
pub fn recognise(bytes: &[u8]) -> Result<Form, ParseError> {
    let (text, _) = from_utf16(&bytes[..bytes.len().min(1 << 16)]);
    let start = skip_blank(&text);
    let rest = &text[start..];
    let first_line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first_line = String::from_utf8_lossy(&first_line[..first_line.len().min(1 << 12)]);
    if rest.first() == Some(&b'{') {
        return Ok(Form::Har);
    }
    if http::is_first_line(&first_line) {
        return Ok(Form::Http);
    }
    if powershell::is_script(rest) || shell::names_curl(&first_line) {
        return Ok(Form::Curl);
    }
    let message = if rest.is_empty() {
        "there is nothing here"
    } else {
        "this is neither a raw HTTP request, nor a curl command line, nor a HAR file"
    };
    Err(ParseError::at(&text, start, message).with_help(
        "A raw request begins with its method and path (`POST /database/1/… HTTP/1.1`), a command line with `curl`, \
         and a HAR file with `{`.",
    ))
}

/// Where the text begins, behind a byte order mark and blank space.
fn skip_blank(bytes: &[u8]) -> usize {
    let mark = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    mark + bytes[mark..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The text in UTF-8, if it is UTF-16 with a byte order mark; and whether it was.
fn from_utf16(bytes: &[u8]) -> (Cow<'_, [u8]>, bool) {
    let (order, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return (Cow::Borrowed(bytes), false),
    };
    let units = rest.chunks_exact(2).map(|unit| order([unit[0], unit[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect();
    (Cow::Owned(text.into_bytes()), true)
}

/// The parts of a URL that a request is made of. None if it has no path to speak of.
fn split_url(url: &str) -> (Option<String>, Option<String>, String) {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            (Some(scheme.to_ascii_lowercase()), rest)
        }
        _ => (None, url),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    // Who logs in is not part of the host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = Some(host.to_owned()).filter(|host| !host.is_empty());
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    (scheme, host, target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_its_beginning() {
        let check = |text: &str, form| assert_eq!(recognise(text.as_bytes()).ok(), form, "{text}");
        check("POST /database/1/x HTTP/1.1\r\n", Some(Form::Http));
        check("\n\n:method: POST\n:path: /x\n", Some(Form::Http));
        check("*   Trying 17.0.0.1:443...\n> POST /x HTTP/2\n", Some(Form::Http));
        check("curl https://x/", Some(Form::Curl));
        check("$ curl \\\n https://x/", Some(Form::Curl));
        check("curl.exe ^\n https://x/", Some(Form::Curl));
        check("DATE=x /usr/bin/curl https://x/", Some(Form::Curl));
        check("Invoke-WebRequest -Uri \"https://x/\"", Some(Form::Curl));
        check("\u{feff}{\"log\":{}}", Some(Form::Har));
        check("hello", None);
        check("", None);
    }

    #[test]
    fn the_place_of_a_mistake_is_named() {
        let error = ParseError::at(b"one\ntwo\nthree", 10, "here");
        assert_eq!(error.to_string(), "line 3, column 3 (byte 10): here");
    }

    #[test]
    fn a_url_is_taken_apart_without_changing_its_path() {
        let check = |url, scheme: Option<&str>, host: Option<&str>, target: &str| {
            let parts = (scheme.map(str::to_owned), host.map(str::to_owned), target.to_owned());
            assert_eq!(split_url(url), parts, "{url}");
        };
        check("https://a.example/x%2Fy?q#f", Some("https"), Some("a.example"), "/x%2Fy?q");
        check("HTTPS://user:word@a.example:8443", Some("https"), Some("a.example:8443"), "/");
        check("a.example?x", None, Some("a.example"), "/?x");
        check("/database/1", None, None, "/database/1");
    }

    #[test]
    fn utf_16_is_read() {
        let text = "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        let bytes: Vec<u8> =
            [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let parsed = parse(&bytes, &Options::default()).expect("a request");
        assert_eq!(parsed.captures[0].target, "/x");
        assert_eq!(parsed.remarks.len(), 1);
    }
}
