//! Raw HTTP: a request as it goes over the wire, as developer tools show it, or as `curl -v` prints it.

use cloudkit_core::explain::{Capture, CapturedBody, CapturedReply};

use super::{Form, ParseError, Parsed, skip_blank, split_url};

/// A request line and headers that are longer are noise.
const LONGEST_HEAD: usize = 1 << 20;

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/// Reads a request: its line and headers end in CRLF or LF, the target may be a whole URL, a chunked body is put
/// together. The answer may follow.
///
/// # Errors
///
/// [`ParseError`] with the place of what cannot be read.
pub fn parse(bytes: &[u8]) -> Result<Parsed, ParseError> {
    let start = skip_blank(bytes);
    if is_trace(&bytes[start..]) {
        return parse_trace(bytes, start);
    }
    let mut remarks = Vec::new();
    let head = Head::parse(bytes, start)?;
    let mut capture = head.request(bytes)?;
    let (body, end) = body(bytes, &head, &capture.method, &mut remarks)?;
    capture.body = body;
    capture.reply = reply(bytes, end, &mut remarks)?;
    Ok(Parsed::new(Form::Http, capture, remarks))
}

/// Whether a request may begin like this.
pub(super) fn is_first_line(line: &str) -> bool {
    let line = line.trim_end();
    let is_request = |line: &str| {
        let method = line.split(' ').next().unwrap_or_default();
        METHODS.contains(&method) && line.len() > method.len()
    };
    is_request(line)
        || line.starts_with(":method")
        || line.starts_with(":authority")
        || line.starts_with(":path")
        || line.starts_with("* ")
        || line.strip_prefix("> ").is_some_and(is_request)
}

/// The lines before the body.
struct Head {
    /// The first line, with its place.
    first: (usize, String),
    headers: Vec<(String, String)>,
    /// Where the body begins; `None` if the text ends with the headers.
    body: Option<usize>,
}

impl Head {
    fn parse(bytes: &[u8], start: usize) -> Result<Self, ParseError> {
        let mut first = None;
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut at = start;
        loop {
            if at - start > LONGEST_HEAD {
                return Err(ParseError::at(
                    bytes,
                    at,
                    format!("the headers do not end within {LONGEST_HEAD} bytes"),
                )
                .with_help("A blank line ends the headers of a request."));
            }
            let rest = &bytes[at..];
            let window = &rest[..rest.len().min(LONGEST_HEAD + 1)];
            let length = window.iter().position(|&byte| byte == b'\n');
            let line = &window[..length.unwrap_or(window.len())];
            if line.len() > LONGEST_HEAD {
                return Err(ParseError::at(
                    bytes,
                    at,
                    format!("this line does not end within {LONGEST_HEAD} bytes"),
                ));
            }
            let next = at + line.len() + 1;
            let line = latin1(line.strip_suffix(b"\r").unwrap_or(line));
            let body = length.map(|_| next);
            // Pseudo-headers of HTTP/2 come first, so that there is no first line to tell a blank one from.
            if line.trim().is_empty() {
                return Ok(Self { first: first.unwrap_or_default(), headers, body });
            }
            if first.is_none() && !line.starts_with(':') {
                first = Some((at, line));
            } else if first.is_some() && line.starts_with([' ', '\t']) {
                // A folded line goes on.
                match headers.last_mut() {
                    Some((_, value)) => *value = format!("{value} {}", line.trim()),
                    None => return Err(no_header(bytes, at)),
                }
            } else {
                // The first character may be the colon of a pseudo-header.
                let mut characters = line.char_indices().skip(1);
                let name_end = characters.find(|&(_, c)| c == ':').map(|(at, _)| at);
                let name_end = name_end.ok_or_else(|| no_header(bytes, at))?;
                let (name, value) = (&line[..name_end], &line[name_end + 1..]);
                if name.trim().is_empty() {
                    return Err(no_header(bytes, at));
                }
                headers.push((name.to_owned(), value.trim().to_owned()));
                if name.starts_with(':') && first.is_none() {
                    first = Some((at, String::new()));
                }
            }
            if length.is_none() {
                return Ok(Self { first: first.unwrap_or_default(), headers, body: None });
            }
            at = next;
        }
    }

    /// The request, without its body.
    fn request(&self, bytes: &[u8]) -> Result<Capture, ParseError> {
        let (at, line) = &self.first;
        let pseudo = |name: &str| {
            self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
        };
        let (method, target) = if line.is_empty() {
            let missing = |name| ParseError::at(bytes, *at, format!("the pseudo-header {name} is missing"));
            (
                pseudo(":method").ok_or_else(|| missing(":method"))?,
                pseudo(":path").ok_or_else(|| missing(":path"))?,
            )
        } else {
            let (method, rest) = line.split_once(' ').ok_or_else(|| no_request(bytes, *at))?;
            let rest = rest.trim();
            // Whoever wrote it down by hand may have left out the version.
            let target = match rest.rsplit_once(' ') {
                Some((target, version)) if version.starts_with("HTTP/") => target.trim_end(),
                _ => rest,
            };
            (method, target)
        };
        let is_token = |c: char| c.is_ascii_alphabetic() || c == '-';
        if method.is_empty() || !method.chars().all(is_token) {
            return Err(no_request(bytes, *at));
        }
        let (scheme, host, path) = if target.starts_with('/') {
            (None, None, target.to_owned())
        } else if target.contains("://") {
            split_url(target)
        } else {
            return Err(ParseError::at(bytes, *at, "the target of the request is neither a path nor a URL")
                .with_help(
                    "The first line is the method, the path as it was sent, and the version of HTTP.",
                ));
        };
        let mut capture = Capture::new(method.to_ascii_uppercase(), path);
        capture.scheme = scheme.or_else(|| pseudo(":scheme").map(str::to_owned));
        let named = |name: &str| {
            let mut headers = self.headers.iter();
            headers.find(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        capture.host = host.or_else(|| pseudo(":authority").map(str::to_owned)).or_else(|| named("host"));
        capture.headers = self.headers.iter().filter(|(name, _)| !name.starts_with(':')).cloned().collect();
        Ok(capture)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(given, _)| given.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn is_chunked(&self) -> bool {
        self.value("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked"))
    }

    fn content_length(&self) -> Option<usize> {
        self.value("content-length")?.parse().ok()
    }
}

fn no_request(bytes: &[u8], at: usize) -> ParseError {
    ParseError::at(bytes, at, "this is not the first line of a request")
        .with_help("It is the method, the path as it was sent, and the version of HTTP.")
}

fn no_header(bytes: &[u8], at: usize) -> ParseError {
    ParseError::at(bytes, at, "this line is not a header: it has no name and colon")
        .with_help("A blank line ends the headers of a request.")
}

/// The body of a request, and where it ends.
fn body(
    bytes: &[u8],
    head: &Head,
    method: &str,
    remarks: &mut Vec<String>,
) -> Result<(CapturedBody, usize), ParseError> {
    let has_none_by_nature = matches!(method, "GET" | "HEAD" | "DELETE" | "OPTIONS");
    let empty = || CapturedBody::Exact(Default::default());
    let start = head.body.unwrap_or(bytes.len());
    let rest = &bytes[start.min(bytes.len())..];
    if head.is_chunked() && !rest.is_empty() {
        return match unchunk(bytes, start)? {
            Some((body, end)) => Ok((CapturedBody::Exact(body.into()), end)),
            None => {
                remarks.push(
                    "the body was sent in chunks and is here without them, so it was taken as it is"
                        .to_owned(),
                );
                Ok((CapturedBody::Exact(rest.to_vec().into()), bytes.len()))
            }
        };
    }
    match head.content_length() {
        Some(0) => Ok((empty(), start)),
        Some(_) if rest.is_empty() => Ok((CapturedBody::Missing, bytes.len())),
        Some(length) if rest.len() >= length => {
            Ok((CapturedBody::Exact(rest[..length].to_vec().into()), start + length))
        }
        Some(length) => {
            remarks.push(format!(
                "Content-Length announces {length} bytes of body and {} are here: line ends or characters may have \
                 been changed on the way",
                rest.len()
            ));
            let body = std::str::from_utf8(rest)
                .map_or(CapturedBody::Missing, |text| CapturedBody::Text(text.to_owned()));
            Ok((body, bytes.len()))
        }
        None if rest.is_empty() && has_none_by_nature => Ok((empty(), bytes.len())),
        // Without its length, a request that should have a body may have lost it.
        None if rest.is_empty() => Ok((CapturedBody::Missing, bytes.len())),
        None if has_none_by_nature && rest.starts_with(b"HTTP/") => Ok((empty(), start)),
        None => Ok((CapturedBody::Exact(rest.to_vec().into()), bytes.len())),
    }
}

/// Puts a chunked body together. `None` if it is not chunked after all, as after tools that did it already.
fn unchunk(bytes: &[u8], start: usize) -> Result<Option<(Vec<u8>, usize)>, ParseError> {
    let mut body = Vec::new();
    let mut at = start;
    loop {
        let broken = |at, message: &str| Err(ParseError::at(bytes, at, message));
        let line_end = bytes[at..].iter().take(1 << 12).position(|&byte| byte == b'\n');
        let line = &bytes[at..at + line_end.unwrap_or((bytes.len() - at).min(1 << 12))];
        let size = std::str::from_utf8(line).ok().and_then(|line| {
            let digits = line.split(';').next().unwrap_or_default().trim();
            usize::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
        });
        let Some(size) = size else {
            return if at == start { Ok(None) } else { broken(at, "the size of a chunk should be here") };
        };
        let Some(line_end) = line_end else {
            return if size == 0 {
                Ok(Some((body, bytes.len())))
            } else if at == start {
                // A number alone is a body, too.
                Ok(None)
            } else {
                broken(at, "the chunk that this announces is missing")
            };
        };
        let data = at + line_end + 1;
        if size == 0 {
            // What follows the last chunk, up to a blank line, are more headers.
            let mut end = data;
            while let Some(length) = bytes[end..].iter().position(|&byte| byte == b'\n') {
                let is_blank = bytes[end..end + length].iter().all(u8::is_ascii_whitespace);
                end += length + 1;
                if is_blank {
                    break;
                }
            }
            return Ok(Some((body, end)));
        }
        let Some(chunk) = data.checked_add(size).and_then(|end| bytes.get(data..end)) else {
            return if at == start && size > bytes.len() {
                // A body that begins with hexadecimal digits.
                Ok(None)
            } else {
                broken(at, "this chunk is cut short")
            };
        };
        body.extend_from_slice(chunk);
        at = data + size;
        match &bytes[at..] {
            [b'\r', b'\n', ..] => at += 2,
            [b'\n', ..] => at += 1,
            [] => return broken(at, "the last chunk, of size 0, is missing"),
            _ => return broken(at, "a chunk should end here"),
        }
    }
}

/// The answer behind a request, if there is one.
fn reply(bytes: &[u8], end: usize, remarks: &mut Vec<String>) -> Result<Option<CapturedReply>, ParseError> {
    let rest = &bytes[end.min(bytes.len())..];
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    if rest.len() == blank {
        return Ok(None);
    }
    if !rest[blank..].starts_with(b"HTTP/") {
        remarks.push(format!("{} bytes behind the body were not looked at", rest.len()));
        return Ok(None);
    }
    let start = end + blank;
    let head = Head::parse(bytes, start)?;
    let Some(status) = status(&head.first.1) else {
        return Err(ParseError::at(bytes, start, "this is not the first line of an answer"));
    };
    if status == 100 {
        return reply(bytes, head.body.unwrap_or(bytes.len()), remarks);
    }
    let body = match head.body {
        Some(at) if head.is_chunked() => unchunk(bytes, at).ok().flatten().map(|(body, _)| body),
        Some(at) => {
            let rest = &bytes[at.min(bytes.len())..];
            let length = head.content_length().unwrap_or(rest.len()).min(rest.len());
            Some(rest[..length].to_vec())
        }
        None => None,
    };
    Ok(Some(CapturedReply::new(status, head.headers, body.unwrap_or_default())))
}

/// The status in a line such as `HTTP/1.1 401 Unauthorized`.
fn status(line: &str) -> Option<u16> {
    line.split_ascii_whitespace().nth(1)?.parse().ok().filter(|status| (100..1000).contains(status))
}

/// What `curl -v` prints: `*` before remarks, `>` before what was sent, `<` before what came back.
fn is_trace(bytes: &[u8]) -> bool {
    bytes.starts_with(b"* ") || bytes.starts_with(b"> ")
}

fn parse_trace(bytes: &[u8], start: usize) -> Result<Parsed, ParseError> {
    let mut sent = Vec::new();
    let mut received = Vec::new();
    let mut sent_is_whole = false;
    let mut place = start;
    for line in bytes[start..].split_inclusive(|&byte| byte == b'\n') {
        let (mark, content) = line.split_at(line.len().min(2));
        let is_blank = content.iter().all(u8::is_ascii_whitespace);
        match mark.first() {
            // A connection that is used again sends a second request; the first is the one.
            Some(b'>') if !sent_is_whole => {
                if sent.is_empty() {
                    place = content.as_ptr().addr() - bytes.as_ptr().addr();
                }
                sent_is_whole = is_blank;
                if !is_blank {
                    sent.extend_from_slice(content);
                }
            }
            Some(b'<') => received.extend_from_slice(content),
            _ => {}
        }
        if sent.len() + received.len() > LONGEST_HEAD {
            return Err(ParseError::at(
                bytes,
                start,
                format!("there are more than {LONGEST_HEAD} bytes of headers"),
            ));
        }
    }
    if sent.is_empty() {
        return Err(ParseError::at(bytes, start, "there is no request here: no line begins with `>`"));
    }
    let head =
        Head::parse(&sent, 0).map_err(|error| ParseError::at(bytes, place + error.offset, error.message))?;
    let mut capture =
        head.request(&sent).map_err(|error| ParseError::at(bytes, place + error.offset, error.message))?;
    let has_body = head.content_length().unwrap_or(0) > 0
        || head.is_chunked()
        || matches!(&*capture.method, "POST" | "PUT" | "PATCH") && head.content_length().is_none();
    let mut remarks = Vec::new();
    if has_body {
        remarks.push("`curl -v` does not print the body".to_owned());
    } else {
        capture.body = CapturedBody::Exact(Default::default());
    }
    let mut none = Vec::new();
    capture.reply = reply(&received, 0, &mut none).ok().flatten();
    Ok(Parsed::new(Form::Http, capture, remarks))
}

/// Header values are bytes. Those that are not UTF-8 are mostly Latin-1.
fn latin1(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> Capture {
        parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error} in {text:?}")).captures.remove(0)
    }

    fn exact(body: &str) -> CapturedBody {
        CapturedBody::Exact(body.to_owned().into())
    }

    #[track_caller]
    fn refused(bytes: impl AsRef<[u8]>) -> String {
        parse(bytes.as_ref()).expect_err("it is refused").to_string()
    }

    #[test]
    fn lines_end_in_either_way() {
        for end in ["\n", "\r\n"] {
            let text =
                ["POST /database/1/x?y HTTP/1.1", "Host: a.example", "X-Y:  z ", "", "{\r\n}"].join(end);
            let request = request(&text);
            assert_eq!((&*request.method, &*request.target), ("POST", "/database/1/x?y"));
            assert_eq!(request.host.as_deref(), Some("a.example"));
            assert_eq!(request.headers[1], ("X-Y".to_owned(), "z".to_owned()));
            assert_eq!(request.body, exact("{\r\n}"));
        }
    }

    #[test]
    fn the_target_may_be_a_whole_url() {
        let request = request("GET https://a.example:8443/database/1/x?y HTTP/1.1\n\n");
        assert_eq!(request.scheme.as_deref(), Some("https"));
        assert_eq!(request.host.as_deref(), Some("a.example:8443"));
        assert_eq!((&*request.target, request.body), ("/database/1/x?y", exact("")));
    }

    #[test]
    fn developer_tools_write_pseudo_headers() {
        let request = request(":authority: a.example\n:method: POST\n:path: /x\n:scheme: https\nx-y: z\n");
        assert_eq!((&*request.method, &*request.target), ("POST", "/x"));
        assert_eq!(request.host.as_deref(), Some("a.example"));
        assert_eq!(request.headers, [("x-y".to_owned(), "z".to_owned())]);
        assert_eq!(request.body, CapturedBody::Missing);
    }

    #[test]
    fn a_chunked_body_is_put_together() {
        let head = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        let whole = format!("{head}4;ext=1\r\n{{\"a\"\r\nA\r\n:\"0\r\n0\r\n\"}}\r\n0\r\nTrailer: t\r\n\r\n");
        assert_eq!(request(&whole).body, exact("{\"a\":\"0\r\n0\r\n\"}"));
        assert_eq!(request(&format!("{head}{{}}")).body, exact("{}"));
        assert!(refused(format!("{head}4\r\n{{\"a\"\r\n9\r\nshort")).contains("line 6, column 1"));
        assert!(refused(format!("{head}2\r\n{{}}")).contains("of size 0, is missing"));
        assert!(refused(format!("{head}1\r\n{{}}")).contains("should end here"));
        // As large as a number can be.
        assert_eq!(request(&format!("{head}ffffffffffffffff\r\n")).body, exact("ffffffffffffffff\r\n"));
    }

    #[test]
    fn the_length_decides_what_the_body_is() {
        let with = |length: &str, body: &str| {
            request(&format!("POST /x HTTP/1.1\nContent-Length: {length}\n\n{body}")).body
        };
        assert_eq!(with("2", "{}"), exact("{}"));
        assert_eq!(with("2", "{}\n"), exact("{}"), "an editor added a line end");
        assert_eq!(with("3", "{}"), CapturedBody::Text("{}".to_owned()), "a carriage return was lost");
        assert_eq!(with("2", ""), CapturedBody::Missing);
        assert_eq!(with("0", ""), exact(""));
    }

    #[test]
    fn a_capture_without_its_body_says_so() {
        assert_eq!(request("POST /x HTTP/1.1\nHost: a").body, CapturedBody::Missing);
        assert_eq!(request("POST /x HTTP/1.1\nHost: a\n\n").body, CapturedBody::Missing);
        assert_eq!(request("GET /x HTTP/1.1\nHost: a").body, exact(""));
    }

    #[test]
    fn the_answer_may_follow() {
        let text = "POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 100 Continue\r\n\r\n\
                    HTTP/1.1 401 Unauthorized\r\nDate: Mon, 25 Jan 2016 22:15:43 GMT\r\n\r\n{\"uuid\":1}";
        let reply = request(text).reply.expect("an answer");
        assert_eq!((reply.status, &*reply.body), (401, &b"{\"uuid\":1}"[..]));
        assert_eq!(reply.headers[0].0, "Date");
    }

    #[test]
    fn what_curl_prints_is_read_without_the_body() {
        let text = "* Connected to a.example\n> POST /x HTTP/2\r\n> Host: a.example\r\n> Content-Length: 2\r\n> \r\n\
                    * upload completely sent\n< HTTP/2 401 \r\n< date: Mon, 25 Jan 2016 22:15:43 GMT\r\n< \r\n{}";
        let request = request(text);
        assert_eq!((&*request.target, request.body), ("/x", CapturedBody::Missing));
        assert_eq!(request.reply.map(|reply| reply.status), Some(401));
        assert!(refused("* nothing\n").contains("no line begins with `>`"));
    }

    #[test]
    fn a_folded_header_is_one_header() {
        let request = request("POST /x HTTP/1.1\nX-Y: one\n  two\n\n{}");
        assert_eq!(request.headers, [("X-Y".to_owned(), "one two".to_owned())]);
    }

    #[test]
    fn what_is_no_request_is_refused_with_its_place() {
        assert!(refused("POST /x HTTP/1.1\nHost: a\nno header\n\n").starts_with("line 3, column 1"));
        assert!(refused("POST x HTTP/1.1\n\n").contains("neither a path nor a URL"));
        assert!(refused("P@ST /x HTTP/1.1\n\n").contains("first line of a request"));
        assert!(refused(":method: POST\n").contains(":path is missing"));
        let noise = [&b"POST /x HTTP/1.1\n"[..], &vec![b'x'; 5 << 20]].concat();
        assert!(refused(noise).contains("line 2, column 1"), "a line without an end");
        let noise = [&b"POST /x HTTP/1.1\n"[..], &b"x: y\n".repeat(1 << 20)].concat();
        assert!(refused(noise).contains("do not end within"), "headers without an end");
    }
}
