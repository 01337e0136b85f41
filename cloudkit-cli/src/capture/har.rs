//! HAR files, as browsers and proxies export them.

use std::fmt;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudkit_core::explain::{Capture, CapturedBody, CapturedReply};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Form, ParseError, Parsed, split_url};

/// Statuses with which a request can be refused for its credentials.
const REFUSALS: [u16; 4] = [400, 401, 403, 421];

/// No file has more.
const MOST_ENTRIES: usize = 1_000_000;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    // A file holds everything that a page loaded. Only the entries that matter are read further.
    #[serde(borrow, deserialize_with = "entries")]
    entries: Vec<&'a RawValue>,
}

/// Reads the list of entries, unless it is longer than any visit to a page makes it.
fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of requests")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = list.next_element()? {
                if entries.len() == MOST_ENTRIES {
                    return Err(A::Error::custom(format!("there are more than {MOST_ENTRIES} entries")));
                }
                entries.push(entry);
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_seq(Entries)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    request: Request,
    response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    post_data: Option<PostData>,
    body_size: Option<i64>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    // Some programs encode what is not text, and say so under one of these names.
    #[serde(alias = "_encoding")]
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Header>,
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
}

/// Reads the entries that CloudKit refused, or the one that is asked for, counted from 1.
///
/// # Errors
///
/// [`ParseError`] with the place of what cannot be read.
pub fn parse(bytes: &[u8], entry: Option<usize>) -> Result<Parsed, ParseError> {
    let start = super::skip_blank(bytes);
    let text = std::str::from_utf8(&bytes[start..])
        .map_err(|error| ParseError::at(bytes, start + error.valid_up_to(), "this is not UTF-8"))?;
    let file: File<'_> = serde_json::from_str(text).map_err(|error| broken(bytes, start, text, &error))?;
    let entries = file.log.entries;
    let read = |at: usize| -> Result<Entry, ParseError> {
        let raw = entries[at].get();
        let offset = start + (raw.as_ptr().addr() - text.as_ptr().addr());
        let entry: Entry = serde_json::from_str(raw).map_err(|error| broken(bytes, offset, raw, &error))?;
        if entry.request.method.is_empty() {
            return Err(ParseError::at(bytes, offset, "the request of this entry has no method"));
        }
        Ok(entry)
    };
    if let Some(number) = entry {
        if number == 0 || number > entries.len() {
            let message = format!("there is no entry {number}: the file has {}", entries.len());
            return Err(ParseError::at(bytes, start, message).with_help("Entries are counted from 1."));
        }
        let (capture, remarks) = read(number - 1)?.capture();
        return Ok(Parsed::new(Form::Har, capture, remarks));
    }

    let mut calls = Vec::new();
    for (at, raw) in entries.iter().enumerate() {
        // Cheaper than reading an entry that holds a film.
        if mentions_cloudkit(raw.get())
            && let Ok(entry) = read(at)
            && entry.is_for_cloudkit()
        {
            calls.push((at + 1, entry));
        }
    }
    let was_refused = |(_, entry): &(usize, Entry)| {
        entry.response.as_ref().is_some_and(|response| REFUSALS.contains(&response.status()))
    };
    if calls.iter().any(was_refused) {
        calls.retain(was_refused);
    }
    let numbers: Vec<String> = calls.iter().map(|(number, _)| number.to_string()).collect();
    let mut calls = calls.into_iter();
    let Some((number, first)) = calls.next() else {
        let message = format!("none of the {} entries is a request to CloudKit", entries.len());
        return Err(
            ParseError::at(bytes, start, message).with_help("Choose one with --entry, counted from 1.")
        );
    };
    let (capture, mut remarks) = first.capture();
    if numbers.len() > 1 {
        remarks.push(format!(
            "this is entry {number}; entries {} are requests to CloudKit that fit as well: choose with --entry",
            numbers[1..].join(", ")
        ));
    }
    let mut parsed = Parsed::new(Form::Har, capture, remarks);
    for (_, entry) in calls {
        let (other, _) = entry.capture();
        if key_id(&other).is_some() && key_id(&other) == key_id(&parsed.captures[0]) {
            parsed.captures.push(other);
        }
    }
    Ok(parsed)
}

fn mentions_cloudkit(raw: &str) -> bool {
    // A slash may be escaped in JSON.
    ["/database/1/", "\\/database\\/1\\/", "loudKit-Request", "loudkit-request"]
        .iter()
        .any(|word| raw.contains(word))
}

fn key_id(capture: &Capture) -> Option<&str> {
    let mut headers = capture.headers.iter();
    let header = headers.find(|(name, _)| name.eq_ignore_ascii_case(cloudkit_core::auth::HEADER_KEY_ID))?;
    Some(&header.1)
}

fn broken(bytes: &[u8], offset: usize, text: &str, error: &serde_json::Error) -> ParseError {
    // Lines and columns of the parser count from the beginning of its own text.
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let at = offset + (lines + error.column().saturating_sub(1)).min(text.len());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let error = ParseError::at(bytes, at, format!("this is not a HAR file: {message}"));
    error.with_help(
        "A HAR file is JSON with a list of requests in log.entries. If it was cut short, export it again.",
    )
}

impl Entry {
    fn is_for_cloudkit(&self) -> bool {
        let (_, host, target) = split_url(&self.request.url);
        target.starts_with("/database/1/")
            || host.is_some_and(|host| host.ends_with("apple-cloudkit.com"))
            || self
                .request
                .headers
                .iter()
                .any(|header| header.name.to_ascii_lowercase().starts_with("x-apple-cloudkit-request"))
    }

    fn capture(self) -> (Capture, Vec<String>) {
        let mut remarks = Vec::new();
        let Request { method, url, headers, post_data, body_size } = self.request;
        let (scheme, host, target) = split_url(&url);
        let mut capture = Capture::new(method.to_ascii_uppercase(), target);
        capture.scheme = scheme;
        capture.host = host;
        // Chrome lists the pseudo-headers of HTTP/2 among the others.
        let headers = headers.into_iter().filter(|header| !header.name.starts_with(':'));
        capture.headers = headers.map(|header| (header.name, header.value)).collect();
        let body = post_data.and_then(|data| {
            let is_base64 = data.encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64"));
            data.text.map(|text| (text, is_base64))
        });
        capture.body = match (body, body_size) {
            (Some((text, true)), _) => match STANDARD.decode(&text) {
                Ok(bytes) => CapturedBody::Exact(bytes.into()),
                Err(_) => {
                    remarks.push("the body says that it is base64, and is not".to_owned());
                    CapturedBody::Missing
                }
            },
            (Some((text, false)), _) => CapturedBody::Text(text),
            (None, Some(0)) => CapturedBody::Exact(Default::default()),
            (None, None | Some(-1)) if matches!(&*capture.method, "GET" | "HEAD" | "DELETE" | "OPTIONS") => {
                CapturedBody::Exact(Default::default())
            }
            (None, _) => {
                remarks.push("the file holds the request without its body".to_owned());
                CapturedBody::Missing
            }
        };
        capture.sent_at = self
            .started_date_time
            .and_then(|time| time.parse::<jiff::Timestamp>().ok())
            .and_then(|time| SystemTime::try_from(time).ok());
        capture.reply = self.response.and_then(Response::reply);
        (capture, remarks)
    }
}

impl Response {
    /// The status; 0 if the request was never answered.
    fn status(&self) -> u16 {
        u16::try_from(self.status).unwrap_or(0)
    }

    fn reply(self) -> Option<CapturedReply> {
        let status = self.status();
        let headers = self.headers.into_iter().map(|header| (header.name, header.value)).collect();
        let body = match self.content {
            Some(Content { text: Some(text), encoding: Some(encoding) }) if encoding == "base64" => {
                STANDARD.decode(text).unwrap_or_default()
            }
            Some(Content { text: Some(text), .. }) => text.into_bytes(),
            _ => Vec::new(),
        };
        (status >= 100).then(|| CapturedReply::new(status, headers, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(url: &str, status: u16, key: &str) -> String {
        format!(
            r#"{{"startedDateTime":"2016-01-25T23:15:43.500+01:00","request":{{"method":"POST","url":"{url}",
               "headers":[{{"name":":method","value":"POST"}},
                          {{"name":"X-Apple-CloudKit-Request-KeyID","value":"{key}"}}],
               "postData":{{"mimeType":"application/json","text":"{{\"a\":1}}"}},"bodySize":7}},
               "response":{{"status":{status},"headers":[{{"name":"date","value":"x"}}],
               "content":{{"size":2,"text":"e30=","encoding":"base64"}}}}}}"#
        )
    }

    fn file(entries: &[String]) -> String {
        format!(r#"{{"log":{{"version":"1.2","entries":[{}]}}}}"#, entries.join(","))
    }

    const CALL: &str = "https://api.apple-cloudkit.com/database/1/x?y#z";

    #[test]
    fn the_entry_of_cloudkit_is_chosen() {
        let film = entry("https://example.com/film", 401, "").replace("X-Apple-CloudKit", "X");
        let parsed = parse(file(&[film, entry(CALL, 401, "k")]).as_bytes(), None).expect("a file");
        let capture = &parsed.captures[0];
        assert_eq!((&*capture.method, &*capture.target), ("POST", "/database/1/x?y"));
        assert_eq!(capture.headers, [("X-Apple-CloudKit-Request-KeyID".to_owned(), "k".to_owned())]);
        assert_eq!(capture.body, CapturedBody::Text("{\"a\":1}".to_owned()));
        let sent = capture.sent_at.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        assert_eq!(sent.map(|sent| sent.as_millis()), Some(1_453_760_143_500));
        let reply = capture.reply.as_ref().expect("an answer");
        assert_eq!((reply.status, &*reply.body), (401, &b"{}"[..]));
    }

    #[test]
    fn of_several_those_that_were_refused_are_taken() {
        let entries =
            [entry(CALL, 200, "k"), entry(CALL, 401, "k"), entry(CALL, 401, "other"), entry(CALL, 401, "k")];
        let parsed = parse(file(&entries).as_bytes(), None).expect("a file");
        assert_eq!(parsed.captures.len(), 2, "of one key");
        assert!(parsed.remarks[0].contains("this is entry 2; entries 3, 4"), "{:?}", parsed.remarks);
        let chosen = parse(file(&entries).as_bytes(), Some(3)).expect("a file");
        assert_eq!(key_id(&chosen.captures[0]), Some("other"));
        assert!(parse(file(&entries).as_bytes(), Some(5)).is_err());
    }

    #[test]
    fn a_body_in_base64_is_exact() {
        let text = file(&[entry(CALL, 401, "k")])
            .replace(r#""text":"{\"a\":1}""#, r#""text":"e30=","_encoding":"base64""#);
        let parsed = parse(text.as_bytes(), None).expect("a file");
        assert_eq!(parsed.captures[0].body, CapturedBody::Exact("{}".into()));
    }

    #[test]
    fn a_body_that_is_not_there_is_missing() {
        let text = file(&[entry(CALL, 401, "k")]).replace("postData", "nothing");
        let parsed = parse(text.as_bytes(), None).expect("a file");
        assert_eq!(parsed.captures[0].body, CapturedBody::Missing);
    }

    #[test]
    fn a_file_that_was_cut_is_refused_where_it_ends() {
        let whole = file(&[entry(CALL, 401, "k")]);
        for end in [1, 20, 100, whole.len() - 1] {
            let error = parse(&whole.as_bytes()[..end], None).expect_err("it was cut");
            assert!(error.offset + 1 >= end, "{error} with {end} bytes");
            assert!(error.message.contains("EOF"), "{error}");
        }
        let error = parse(br#"{"log":{"entries":[{"request":1}]}}"#, Some(1)).expect_err("no request");
        assert!(error.to_string().starts_with("line 1, column 31"), "{error}");
        let error = parse(br#"{"a":1}"#, None).expect_err("no log");
        assert!(error.message.contains("missing field `log`"), "{error}");
        assert!(parse("[".repeat(1 << 20).as_bytes(), None).is_err());
    }
}
