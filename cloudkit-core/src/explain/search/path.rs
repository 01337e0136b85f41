//! What may stand for the path in the signed text.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Form;
use crate::explain::CauseCode::{
    FullUrlSigned, HostAndPathSigned, MessageWithoutPath, PathEncodingChanged, PathOperationOnly,
    PathOtherEnvironment, PathTrailingSlash, PathWithoutEnvironment, PathWithoutLeadingSlash,
    PathWithoutPrefix, QueryReordered, QuerySentNotSigned, QuerySignedNotSent,
};
use crate::explain::{Capture, CauseCode};

const API_HOST: &str = "api.apple-cloudkit.com";

/// What strict encoders leave alone in a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

const WITH_SLASHES: &AsciiSet = &SEGMENT.add(b'/');

/// All paths, the target as it was sent first.
pub(super) fn paths(capture: &Capture, signed_queries: &[String]) -> Vec<Form<String>> {
    let target = capture.target.as_str();
    let path = capture.path();
    let mut forms = Paths { forms: vec![Form::right(target.to_owned())] };
    forms.queries(capture, signed_queries);
    forms.origins(capture);
    forms.parts(path);
    forms.encodings(target);
    forms.add("empty", MessageWithoutPath, 3, String::new());
    forms.forms
}

struct Paths {
    forms: Vec<Form<String>>,
}

impl Paths {
    /// Adds a form, unless there is one of the same text.
    fn add(&mut self, name: &'static str, code: CauseCode, cost: u32, text: String) {
        if !self.forms.iter().any(|form| form.value == text) {
            self.forms.push(Form::new(name, code, cost, text));
        }
    }

    fn queries(&mut self, capture: &Capture, signed_queries: &[String]) {
        let path = capture.path();
        let Some(query) = capture.query() else {
            for query in signed_queries {
                self.add("given query", QuerySignedNotSent, 1, format!("{path}?{query}"));
            }
            self.add("question mark", QuerySignedNotSent, 3, format!("{path}?"));
            self.add("question mark, null", QuerySignedNotSent, 4, format!("{path}?null"));
            self.add("question mark, undefined", QuerySignedNotSent, 4, format!("{path}?undefined"));
            return;
        };
        self.add("no query", QuerySentNotSigned, 1, path.to_owned());
        for other in signed_queries {
            self.add("given query", QuerySignedNotSent, 1, format!("{path}?{other}"));
        }
        let pairs: Vec<&str> = query.split('&').collect();
        let mut sorted = pairs.clone();
        sorted.sort_unstable();
        self.add("sorted query", QueryReordered, 2, format!("{path}?{}", sorted.join("&")));
        let reversed: Vec<&str> = pairs.iter().rev().copied().collect();
        self.add("reversed query", QueryReordered, 3, format!("{path}?{}", reversed.join("&")));
        if pairs.len() == 3 {
            for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1]] {
                let pairs = order.map(|index| pairs[index]);
                self.add("permuted query", QueryReordered, 4, format!("{path}?{}", pairs.join("&")));
            }
        }
        let decoded = percent_decode_str(query).decode_utf8_lossy().into_owned();
        self.add("decoded query", QueryReordered, 3, format!("{path}?{decoded}"));
        self.add("query with plus signs", QueryReordered, 4, format!("{path}?{}", query.replace("%20", "+")));
        self.add(
            "query without plus signs",
            QueryReordered,
            4,
            format!("{path}?{}", query.replace('+', "%20")),
        );
        for (index, _) in pairs.iter().enumerate().take(8) {
            let mut rest = pairs.clone();
            rest.remove(index);
            if !rest.is_empty() {
                self.add(
                    "query without a parameter",
                    QueryReordered,
                    4,
                    format!("{path}?{}", rest.join("&")),
                );
            }
        }
    }

    fn origins(&mut self, capture: &Capture) {
        let (target, path) = (capture.target.as_str(), capture.path());
        let host = capture.host.as_deref().unwrap_or(API_HOST);
        let scheme = capture.scheme.as_deref().unwrap_or("https");
        for (host, scheme, cost) in [(host, scheme, 1), (API_HOST, "https", 2), (host, "http", 4)] {
            self.add("url", FullUrlSigned, cost, format!("{scheme}://{host}{target}"));
            self.add("url, no query", FullUrlSigned, cost + 1, format!("{scheme}://{host}{path}"));
            self.add("host", HostAndPathSigned, cost + 1, format!("{host}{target}"));
            self.add("host, no query", HostAndPathSigned, cost + 2, format!("{host}{path}"));
        }
        self.add("url with port", FullUrlSigned, 4, format!("{scheme}://{host}:443{target}"));
        self.add("url with slash", FullUrlSigned, 4, format!("{scheme}://{host}{path}/"));
        self.add("double slash", PathTrailingSlash, 5, format!("/{target}"));
    }

    fn parts(&mut self, path: &str) {
        match path.strip_suffix('/') {
            Some(bare) => self.add("no last slash", PathTrailingSlash, 2, bare.to_owned()),
            None => self.add("last slash", PathTrailingSlash, 2, format!("{path}/")),
        }
        if let Some(rest) = path.strip_prefix('/') {
            self.add("no first slash", PathWithoutLeadingSlash, 2, rest.to_owned());
        }
        let Some(rest) = path.strip_prefix("/database/1/") else { return };
        self.add("no prefix", PathWithoutPrefix, 2, format!("/{rest}"));
        self.add("no prefix, no slash", PathWithoutPrefix, 2, rest.to_owned());
        self.add("no database", PathWithoutPrefix, 3, format!("/1/{rest}"));
        let mut segments = rest.splitn(4, '/');
        let (Some(container), Some(environment), Some(database), Some(operation)) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return;
        };
        let prefix = "/database/1";
        self.add(
            "no environment",
            PathWithoutEnvironment,
            1,
            format!("{prefix}/{container}/{database}/{operation}"),
        );
        self.add(
            "no environment, no prefix",
            PathWithoutEnvironment,
            3,
            format!("/{container}/{database}/{operation}"),
        );
        let other = if environment == "development" { "production" } else { "development" };
        let other = format!("{prefix}/{container}/{other}/{database}/{operation}");
        self.add("other environment", PathOtherEnvironment, 2, other);
        for (name, bare, cost) in [
            ("operation", operation.to_owned(), 2),
            ("from database", format!("{database}/{operation}"), 2),
            ("from environment", format!("{environment}/{database}/{operation}"), 3),
        ] {
            self.add(name, PathOperationOnly, cost, format!("/{bare}"));
            self.add(name, PathOperationOnly, cost, bare);
        }
        if let Some((_, last)) = operation.rsplit_once('/') {
            self.add("last word", PathOperationOnly, 4, format!("/{last}"));
            self.add("last word", PathOperationOnly, 4, last.to_owned());
        }
        for (name, without) in [
            ("no container", format!("{prefix}/{environment}/{database}/{operation}")),
            ("no database type", format!("{prefix}/{container}/{environment}/{operation}")),
            ("operation after prefix", format!("{prefix}/{operation}")),
        ] {
            self.add(name, PathOperationOnly, 4, without);
        }
    }

    fn encodings(&mut self, target: &str) {
        let decoded = percent_decode_str(target).decode_utf8_lossy().into_owned();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (target, String::new()),
        };
        let bare = percent_decode_str(path).decode_utf8_lossy().into_owned();
        let strict = utf8_percent_encode(&bare, SEGMENT).to_string();
        self.add("decoded", PathEncodingChanged, 2, format!("{bare}{query}"));
        self.add("decoded, query too", PathEncodingChanged, 3, decoded);
        self.add("encoded", PathEncodingChanged, 2, format!("{strict}{query}"));
        self.add(
            "encoded, lower case",
            PathEncodingChanged,
            3,
            format!("{}{query}", lower_case_escapes(&strict)),
        );
        self.add("escapes in lower case", PathEncodingChanged, 3, lower_case_escapes(target));
        self.add("escapes in upper case", PathEncodingChanged, 3, upper_case_escapes(target));
        self.add("encoded twice", PathEncodingChanged, 4, format!("{}{query}", path.replace('%', "%25")));
        self.add(
            "spaces as plus signs",
            PathEncodingChanged,
            4,
            format!("{}{query}", path.replace("%20", "+")),
        );
        let all = utf8_percent_encode(target, WITH_SLASHES).to_string();
        self.add("slashes encoded", PathEncodingChanged, 4, all);
    }
}

fn lower_case_escapes(text: &str) -> String {
    escapes(text, |c| c.to_ascii_lowercase())
}

fn upper_case_escapes(text: &str) -> String {
    escapes(text, |c| c.to_ascii_uppercase())
}

/// The text with the two digits after each percent sign changed.
fn escapes(text: &str, change: impl Fn(char) -> char) -> String {
    let mut left = 0;
    text.chars()
        .map(|c| {
            if c == '%' {
                left = 2;
                c
            } else if left > 0 {
                left -= 1;
                change(c)
            } else {
                c
            }
        })
        .collect()
}
