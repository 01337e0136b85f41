//! The console: a page in which people see what the container is asked and what it holds.
//!
//! The page is a client of [the interface beside CloudKit's](super::admin), which it opens with a key that it is given
//! when it is loaded. It needs nothing from elsewhere, and its content security policy forbids it to try.

use std::fmt;

use http::{HeaderMap, HeaderValue, header};

use super::gate::refused;
use super::{Reply, Request, State};

/// Where the page is.
const PATH: &str = "/console";

/// Where the page stands for the key.
const KEY_PLACE: &str = "CONSOLE_KEY";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The files of the page, beside the page itself.
const FILES: [(&str, &str, &str); 13] = [
    ("console.css", CSS, include_str!("page/console.css")),
    ("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("main.js", SCRIPT, include_str!("page/main.js")),
    ("api.js", SCRIPT, include_str!("page/api.js")),
    ("dom.js", SCRIPT, include_str!("page/dom.js")),
    ("notice.js", SCRIPT, include_str!("page/notice.js")),
    ("requests.js", SCRIPT, include_str!("page/requests.js")),
    ("signature.js", SCRIPT, include_str!("page/signature.js")),
    ("data.js", SCRIPT, include_str!("page/data.js")),
    ("schema.js", SCRIPT, include_str!("page/schema.js")),
    ("overview.js", SCRIPT, include_str!("page/overview.js")),
    ("trouble.js", SCRIPT, include_str!("page/trouble.js")),
    ("snapshots.js", SCRIPT, include_str!("page/snapshots.js")),
];

/// What opens the interface to the page. It is new with every container, and does not follow the seed.
#[derive(Clone)]
pub(crate) struct ConsoleKey(String);

impl ConsoleKey {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether it is this one. The time it takes does not tell how much of it is right.
    pub(crate) fn is(&self, given: &str) -> bool {
        let (given, real) = (given.as_bytes(), self.0.as_bytes());
        given.len() == real.len() && given.iter().zip(real).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

impl fmt::Debug for ConsoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsoleKey(..)")
    }
}

/// Whether a target belongs to the page.
pub(super) fn serves(target: &str) -> bool {
    file_name(target).is_some()
}

/// The name of a file of the page, which is empty for the page itself.
fn file_name(target: &str) -> Option<&str> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let rest = path.strip_prefix(PATH)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

pub(super) fn respond(state: &State, request: &Request) -> Reply {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        let mut reply = refused(405, "the console is read with GET");
        reply.headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    match file_name(&request.target) {
        Some("") => {
            let page =
                include_str!("page/console.html").replacen(KEY_PLACE, &state.settings().console_key.0, 1);
            let mut reply = file(HTML, page.into_bytes());
            reply.headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            reply
        }
        name => match FILES.iter().find(|(known, ..)| Some(*known) == name) {
            Some((_, content_type, text)) => file(content_type, text.as_bytes().to_vec()),
            None => refused(404, "the console has no such file"),
        },
    }
}

fn file(content_type: &'static str, bytes: Vec<u8>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Reply::new(200, headers, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_place_for_the_key() {
        assert_eq!(include_str!("page/console.html").matches(KEY_PLACE).count(), 1);
    }

    #[test]
    fn nothing_of_the_page_is_elsewhere() {
        let page = include_str!("page/console.html");
        for (name, _, text) in FILES.iter().copied().chain([("console.html", HTML, page)]) {
            // The name of the language of pictures is an address that nobody fetches.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for elsewhere in ["http://", "https://", "//cdn", "@import", "eval(", "innerHTML"] {
                assert!(!text.contains(elsewhere), "{name} has {elsewhere}");
            }
        }
    }

    #[test]
    fn every_file_that_is_imported_is_served() {
        let page = include_str!("page/console.html");
        for (name, _, text) in FILES.iter().copied().chain([("console.html", HTML, page)]) {
            for (start, end) in [("from \"./", '"'), ("src=\"console/", '"'), ("href=\"console/", '"')] {
                for (at, _) in text.match_indices(start) {
                    let wanted = text[at + start.len()..].split(end).next().unwrap_or_default();
                    assert!(FILES.iter().any(|(known, ..)| *known == wanted), "{name} wants {wanted}");
                }
            }
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        let key = ConsoleKey::new().expect("random numbers");
        assert!(key.is(&key.0.clone()) && !key.is("") && !key.is(&key.0[1..]));
        assert_eq!(format!("{key:?}"), "ConsoleKey(..)");
    }
}
