//! A curl command line: as somebody typed it, or as browsers copy requests.

mod options;

use std::borrow::Cow;

use cloudkit_core::explain::{Capture, CapturedBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::shell::{Word, curl_words};
use super::{Form, Options, ParseError, Parsed, powershell, skip_blank, split_url};
use options::{LONG_WITH_VALUE, SHORT_WITH_VALUE, long_name};

/// Command lines that are longer cannot be run.
const LONGEST: usize = 16 << 20;

/// What curl leaves as it is in `--data-urlencode`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads a command line.
///
/// # Errors
///
/// [`ParseError`] with the place of what cannot be read.
pub fn parse(bytes: &[u8], options: &Options<'_>) -> Result<Parsed, ParseError> {
    if bytes.len() > LONGEST {
        return Err(ParseError::at(
            bytes,
            LONGEST,
            format!("a command line is not longer than {LONGEST} bytes"),
        ));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ParseError::at(bytes, error.valid_up_to(), "this is not UTF-8"))?;
    let start = skip_blank(bytes);
    let parsed = if powershell::is_script(&bytes[start..]) {
        powershell::parse(&text[start..])
    } else {
        curl_words(&text[start..]).and_then(|words| {
            let mut command = Command { bytes: &bytes[start..], options, ..Command::new(options) };
            command.read(words)?;
            command.finish()
        })
    };
    parsed.map_err(|error| ParseError {
        help: error.help,
        ..ParseError::at(bytes, start + error.offset, error.message)
    })
}

/// A command line, as far as it was read.
struct Command<'a> {
    bytes: &'a [u8],
    options: &'a Options<'a>,
    url: Option<String>,
    target: Option<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    /// Headers that were taken away: `-H 'Accept:'`.
    removed: Vec<String>,
    body: Option<Body>,
    json: bool,
    as_query: bool,
    head: bool,
    query: Vec<String>,
    remarks: Vec<String>,
}

#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    /// Whether it holds text of the command line, in which line ends and escapes may have changed.
    is_text: bool,
    /// Whether a part of it is not known.
    is_incomplete: bool,
    /// What curl sends if `-X` does not say otherwise.
    is_upload: bool,
}

impl<'a> Command<'a> {
    fn new(options: &'a Options<'a>) -> Self {
        Self {
            bytes: &[],
            options,
            url: None,
            target: None,
            method: None,
            headers: Vec::new(),
            removed: Vec::new(),
            body: None,
            json: false,
            as_query: false,
            head: false,
            query: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn read(&mut self, words: Vec<Word>) -> Result<(), ParseError> {
        let mut words = words.into_iter();
        let mut only_urls = false;
        while let Some(word) = words.next() {
            let mut value = |name: &str| {
                words.next().map(|word| word.text).ok_or_else(|| {
                    ParseError::at(self.bytes, word.offset, format!("the value of {name} is missing"))
                })
            };
            let text = &*word.text;
            if text == "--" && !only_urls {
                only_urls = true;
            } else if text == "--next" || text == "-:" {
                self.remarks.push("the command sends several requests; this is the first".to_owned());
                break;
            } else if let Some(name) = text.strip_prefix("--").filter(|_| !only_urls) {
                // `--name=value` is not curl's, but what is meant is clear.
                match name.split_once('=').filter(|(name, _)| LONG_WITH_VALUE.contains(name)) {
                    Some((name, given)) => self.option(name, given.to_owned(), word.offset)?,
                    None if LONG_WITH_VALUE.contains(&name) => {
                        let value = value(text)?;
                        self.option(name, value, word.offset)?;
                    }
                    None => self.flag(name),
                }
            } else if text.len() > 1 && text.starts_with('-') && !only_urls {
                for (at, letter) in text.char_indices().skip(1) {
                    if SHORT_WITH_VALUE.contains(letter) {
                        let rest = &text[at + letter.len_utf8()..];
                        let value = if rest.is_empty() { value(text)? } else { rest.to_owned() };
                        self.option(long_name(letter), value, word.offset)?;
                        break;
                    }
                    self.flag(long_name(letter));
                }
            } else if text.trim().is_empty() {
                // A stray blank in quotes.
            } else if self.url.is_none() {
                self.url = Some(word.text);
            } else {
                self.remarks.push("the command names several URLs; this is the first".to_owned());
            }
        }
        Ok(())
    }

    fn flag(&mut self, name: &str) {
        match name {
            "get" => self.as_query = true,
            "head" => self.head = true,
            "compressed" => self.add_header("Accept-Encoding", "deflate, gzip"),
            _ => {}
        }
    }

    fn option(&mut self, name: &str, value: String, offset: usize) -> Result<(), ParseError> {
        match name {
            "request" => self.method = Some(value),
            "url" if self.url.is_none() => self.url = Some(value),
            "request-target" => self.target = Some(value),
            "url-query" => {
                self.query.push(value.strip_prefix('+').map_or_else(|| urlencoded(&value), str::to_owned))
            }
            "header" => self.header(&value, offset)?,
            "user-agent" => self.set_header("User-Agent", &value),
            "referer" => self.set_header("Referer", &value),
            "cookie" => self.set_header("Cookie", &value),
            "user" => self.add_header("Authorization", "Basic ..."),
            "oauth2-bearer" => self.add_header("Authorization", "Bearer ..."),
            "proxy" | "preproxy" | "socks5" | "socks5-hostname" | "socks4" | "socks4a" => {
                self.remarks.push("the request goes through a proxy, which may change it".to_owned());
            }
            "data" | "data-ascii" => match value.strip_prefix('@') {
                Some(file) => {
                    let read = self.file(file);
                    let stripped =
                        read.as_ref().is_some_and(|bytes| bytes.iter().any(|byte| b"\r\n\0".contains(byte)));
                    if stripped {
                        self.remarks.push(format!(
                            "`-d @{file}` sends the file without its line ends; `--data-binary @{file}` sends it as it is"
                        ));
                    }
                    self.append(
                        "&",
                        read.map(|mut bytes| {
                            bytes.retain(|byte| !b"\r\n\0".contains(byte));
                            bytes
                        }),
                    );
                }
                None => self.append_text("&", &value),
            },
            "data-binary" => match value.strip_prefix('@') {
                Some(file) => {
                    let read = self.file(file);
                    self.append("&", read);
                }
                None => self.append_text("&", &value),
            },
            "data-raw" => self.append_text("&", &value),
            "json" => {
                self.json = true;
                match value.strip_prefix('@') {
                    Some(file) => {
                        let read = self.file(file);
                        self.append("", read);
                    }
                    None => self.append_text("", &value),
                }
            }
            "data-urlencode" => self.data_urlencode(&value),
            "form" | "form-string" => {
                self.append("", None);
                self.remarks
                    .push("the body is a form in several parts, which curl writes anew each time".to_owned());
            }
            "upload-file" => {
                let read = self.file(&value);
                self.append("", read);
                self.body.get_or_insert_default().is_upload = true;
            }
            "config" => self.remarks.push(format!("the options in the file {value} were not read")),
            _ => {}
        }
        Ok(())
    }

    /// `-H`: `Name: value`, `Name;` for an empty one, `Name:` to take one away, `@file` for several.
    fn header(&mut self, line: &str, offset: usize) -> Result<(), ParseError> {
        if let Some(file) = line.strip_prefix('@') {
            if let Some(bytes) = self.file(file) {
                for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.trim().is_empty()) {
                    if !line.starts_with('@') {
                        self.header(line, offset)?;
                    }
                }
            }
            return Ok(());
        }
        match line.split_once(':') {
            // A pseudo-header that a browser copied.
            Some(("", _)) => Ok(()),
            Some((name, value)) if value.trim().is_empty() => {
                self.removed.push(name.trim().to_owned());
                Ok(())
            }
            Some((name, value)) => {
                self.headers.push((name.to_owned(), value.trim().to_owned()));
                Ok(())
            }
            None => match line.strip_suffix(';') {
                Some(name) => {
                    self.headers.push((name.to_owned(), String::new()));
                    Ok(())
                }
                None => Err(ParseError::at(
                    self.bytes,
                    offset,
                    format!("the header of {} characters has no colon", line.chars().count()),
                )
                .with_help("A header is written -H 'Name: value'.")),
            },
        }
    }

    fn add_header(&mut self, name: &str, value: &str) {
        if !self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    fn set_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn file(&mut self, name: &str) -> Option<Vec<u8>> {
        match (self.options.read_file)(name) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.remarks.push(format!("the file {name} of the command cannot be read: {error}"));
                None
            }
        }
    }

    fn append_text(&mut self, separator: &str, text: &str) {
        self.append(separator, Some(text.as_bytes().to_vec()));
        self.body.get_or_insert_default().is_text = true;
    }

    fn append(&mut self, separator: &str, part: Option<Vec<u8>>) {
        let is_first = self.body.is_none();
        let body = self.body.get_or_insert_default();
        if !is_first {
            body.bytes.extend_from_slice(separator.as_bytes());
        }
        match part {
            Some(part) => body.bytes.extend(part),
            None => body.is_incomplete = true,
        }
    }

    /// `content`, `=content`, `name=content`, `@file` or `name@file`.
    fn data_urlencode(&mut self, value: &str) {
        let at = value.find(['=', '@']);
        let file = at.filter(|&at| value.as_bytes()[at] == b'@');
        let Some(file) = file else {
            self.append_text("&", &urlencoded(value));
            return;
        };
        let read = self.file(&value[file + 1..]);
        let name = &value[..file];
        self.append(
            "&",
            read.map(|bytes| {
                let equals = if name.is_empty() { "" } else { "=" };
                format!("{name}{equals}{}", percent_encoding::percent_encode(&bytes, UNRESERVED)).into_bytes()
            }),
        );
    }

    fn finish(mut self) -> Result<Parsed, ParseError> {
        let Some(url) = self.url.take() else {
            return Err(ParseError::at(self.bytes, 0, "this command has no URL"));
        };
        let (scheme, host, mut target) = split_url(&url);
        if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ParseError::at(self.bytes, 0, "the URL of this command contains a blank")
                .with_help("Percent-encode it, or quote what follows the URL on its own."));
        }
        let mut body = self.body.take();
        if self.as_query
            && let Some(body) = body.take()
        {
            self.query.push(String::from_utf8_lossy(&body.bytes).into_owned());
        }
        for part in &self.query {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(part);
        }
        let by_default = match &body {
            _ if self.head => "HEAD",
            Some(body) if body.is_upload => "PUT",
            Some(_) => "POST",
            None => "GET",
        };
        let method =
            self.method.take().filter(|method| !method.is_empty()).unwrap_or_else(|| by_default.to_owned());
        let mut capture = Capture::new(method.to_ascii_uppercase(), self.target.take().unwrap_or(target));
        // Without a scheme curl takes plain HTTP.
        capture.scheme = scheme.or_else(|| Some("http".to_owned()));
        capture.host = host;
        if self.json {
            self.add_header("Content-Type", "application/json");
            self.add_header("Accept", "application/json");
        }
        // As curl names itself, version apart, where the command does not say otherwise.
        self.add_header("User-Agent", "curl");
        self.headers.retain(|(name, _)| {
            !self.removed.iter().any(|removed| removed.eq_ignore_ascii_case(name.trim()))
        });
        capture.headers = self.headers;
        capture.body = match body {
            None => CapturedBody::Exact(Default::default()),
            Some(body) if body.is_incomplete => CapturedBody::Missing,
            Some(body) => match String::from_utf8(body.bytes) {
                Ok(text) if body.is_text => CapturedBody::Text(text),
                Ok(text) => CapturedBody::Exact(text.into()),
                Err(error) => CapturedBody::Exact(error.into_bytes().into()),
            },
        };
        Ok(Parsed::new(Form::Curl, capture, self.remarks))
    }
}

fn urlencoded(value: &str) -> String {
    match value.split_once('=') {
        Some(("", content)) => utf8_percent_encode(content, UNRESERVED).to_string(),
        Some((name, content)) => format!("{name}={}", utf8_percent_encode(content, UNRESERVED)),
        None => Cow::from(utf8_percent_encode(value, UNRESERVED)).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Parsed {
        let options = Options {
            read_file: &|name| match name {
                "body.json" => Ok(b"{\r\n}\n".to_vec()),
                _ => Err(std::io::ErrorKind::NotFound.into()),
            },
            ..Options::default()
        };
        parse(text.as_bytes(), &options).unwrap_or_else(|error| panic!("{error} in {text}"))
    }

    fn capture(text: &str) -> Capture {
        parsed(text).captures.remove(0)
    }

    fn text(text: &str) -> CapturedBody {
        CapturedBody::Text(text.to_owned())
    }

    fn exact(bytes: &str) -> CapturedBody {
        CapturedBody::Exact(bytes.to_owned().into())
    }

    #[test]
    fn method_url_and_headers_are_read() {
        let capture = capture(
            "curl -sSX POST 'https://a.example/database/1/x?y' -H'A: b' -H 'C;' -H 'D:' -A agent --compressed",
        );
        assert_eq!((&*capture.method, &*capture.target), ("POST", "/database/1/x?y"));
        assert_eq!(capture.scheme.as_deref(), Some("https"));
        assert_eq!(capture.host.as_deref(), Some("a.example"));
        let headers: Vec<(&str, &str)> =
            capture.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let accept = ("Accept-Encoding", "deflate, gzip");
        assert_eq!(headers, [("A", "b"), ("C", ""), ("User-Agent", "agent"), accept]);
        assert_eq!(capture.body, exact(""));
    }

    #[test]
    fn a_body_makes_it_a_post() {
        let check = |options: &str, method: &str, body: CapturedBody| {
            let capture = capture(&format!("curl https://a/x {options}"));
            assert_eq!((&*capture.method, capture.body), (method, body), "{options}");
        };
        check("", "GET", exact(""));
        check("-I", "HEAD", exact(""));
        check("-d a -d b", "POST", text("a&b"));
        check("-d @body.json", "POST", exact("{}"));
        check("--data-binary @body.json", "POST", exact("{\r\n}\n"));
        check("--data-raw @body.json", "POST", text("@body.json"));
        check("--json '{' --json '}'", "POST", text("{}"));
        check("--data-urlencode 'a=b c'", "POST", text("a=b%20c"));
        check("--data-urlencode x@body.json", "POST", exact("x=%7B%0D%0A%7D%0A"));
        check("-T body.json", "PUT", exact("{\r\n}\n"));
        check("-X PUT -d a", "PUT", text("a"));
        check("-F a=b", "POST", CapturedBody::Missing);
        check("-d @missing", "POST", CapturedBody::Missing);
        check("--data=x", "POST", text("x"));
    }

    #[test]
    fn data_can_go_into_the_query() {
        assert_eq!(capture("curl -G https://a/x?y -d a=b --url-query 'c=d e'").target, "/x?y&c=d%20e&a=b");
        assert_eq!(capture("curl https://a/x --request-target /y").target, "/y");
    }

    #[test]
    fn options_with_values_do_not_swallow_the_url() {
        for options in [
            "-o file",
            "--max-time 5",
            "--retry 3 -k",
            "-w '%{http_code}'",
            "--http2",
            "-iv",
            "--proto =https",
        ] {
            assert_eq!(capture(&format!("curl {options} https://a/x")).target, "/x", "{options}");
        }
        assert_eq!(capture("curl -- https://a/-x").target, "/-x");
    }

    #[test]
    fn what_was_not_read_is_told() {
        let remarks = |text: &str| parsed(text).remarks.join("; ");
        assert!(remarks("curl https://a/x -d @missing").contains("the file missing"));
        assert!(remarks("curl https://a/x -d @body.json").contains("without its line ends"));
        assert!(remarks("curl https://a/x https://a/y").contains("several URLs"));
        assert!(remarks("curl -x http://proxy https://a/x").contains("a proxy"));
        assert_eq!(remarks("curl https://a/x --data-binary @body.json"), "");
    }

    #[test]
    fn no_credential_is_kept() {
        let capture = capture("curl -u user:sesame --oauth2-bearer sesame https://user:sesame@a/x");
        assert!(!format!("{:?}{:?}", capture.headers, capture.host).contains("sesame"));
        assert_eq!(capture.headers[0].0, "Authorization");
    }

    #[test]
    fn what_is_no_command_is_refused() {
        let refused = |text: &[u8]| parse(text, &Options::default()).expect_err("it is refused").to_string();
        assert!(refused(b"curl -H").contains("line 1, column 6 (byte 5): the value of -H is missing"));
        assert!(refused(b"\n\ncurl -d x").contains("line 3, column 1 (byte 2): this command has no URL"));
        assert!(refused(b"curl x -H nothing").contains("has no colon"));
        assert!(refused(b"curl \xff").contains("byte 5): this is not UTF-8"));
        assert!(refused(b"curl 'https://a/x y'").contains("contains a blank"));
        assert!(refused(&vec![b'c'; LONGEST + 1]).contains("not longer"));
    }
}
