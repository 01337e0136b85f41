//! Who may use the console and the interface behind it: programs of the same machine, and pages of the container itself.
//!
//! A browser on this machine also runs pages of strangers. Such a page can send requests here, and can let its own name
//! point to this address, so both are looked at before anything else. The endpoints of CloudKit are open to every origin
//! and under every name; they ask for credentials instead.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Serialize;

use super::{Reply, Request, State, admin, console};

/// Says what kind of page has sent a request. Browsers set it, and pages cannot.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Answers a request for the console or the interface behind it.
pub(super) fn respond(state: &State, request: &Request, over_loopback: bool) -> Reply {
    let mut reply = if !over_loopback {
        refused(403, "only programs of the same machine may ask this")
    } else if !is_local_name(&request.headers) {
        refused(
            403,
            "the `Host` header is not a name of this machine; open http://localhost or http://127.0.0.1 with the port",
        )
    } else if console::serves(&request.target) {
        // Whoever follows a link to the console comes from elsewhere, and reads nothing of the answer there.
        console::respond(state, request)
    } else if is_of_another_page(&request.headers) {
        refused(403, "a page of another origin may not ask this")
    } else {
        admin::respond(state, request)
    };
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        reply.headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// Whether the request names this machine, and not a name that somebody else has let point to it.
fn is_local_name(headers: &HeaderMap) -> bool {
    let mut names = headers.get_all(header::HOST).iter();
    let (Some(name), None) = (names.next(), names.next()) else { return false };
    let Ok(name) = name.to_str() else { return false };
    let name = match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => name,
    };
    name == "[::1]"
        || name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a page that is none of ours has sent the request. Programs outside of a browser say nothing of pages.
fn is_of_another_page(headers: &HeaderMap) -> bool {
    let from_elsewhere = headers.get(header::ORIGIN).is_some_and(|origin| {
        let host = headers.get(header::HOST).map_or(&b""[..], HeaderValue::as_bytes);
        let origin = origin.as_bytes();
        let authority = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        authority != Some(host)
    });
    let by_another_site =
        headers.get_all(FETCH_SITE).iter().any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
    from_elsewhere || by_another_site
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
}

/// An answer in JSON.
pub(super) fn json(status: u16, value: &impl Serialize) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    Reply::new(status, headers, serde_json::to_vec(value).expect("these have string keys only"))
}

/// An answer that says why there is no other.
pub(super) fn refused(status: u16, error: &str) -> Reply {
    json(status, &Refusal { error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn only_names_of_this_machine_are_taken() {
        for name in
            ["127.0.0.1:8080", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:80", "[::1]", "127.9.9.9"]
        {
            assert!(is_local_name(&headers(&[("host", name)])), "{name}");
        }
        for name in [
            "",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.2",
            "0.0.0.0",
            "::1",
            "localhost:80:90x",
            "user@localhost",
        ] {
            assert!(!is_local_name(&headers(&[("host", name)])), "{name}");
        }
        assert!(!is_local_name(&headers(&[])));
        assert!(!is_local_name(&headers(&[("host", "localhost"), ("host", "evil.example")])));
    }

    #[test]
    fn pages_of_other_origins_are_told_apart() {
        let foreign = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = headers(pairs);
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:80"));
            is_of_another_page(&headers)
        };
        assert!(!foreign(&[]));
        assert!(!foreign(&[("origin", "http://127.0.0.1:80"), ("sec-fetch-site", "same-origin")]));
        assert!(!foreign(&[("sec-fetch-site", "none")]));
        for origin in
            ["null", "http://127.0.0.1:81", "http://localhost:80", "https://evil.example", "127.0.0.1:80"]
        {
            assert!(foreign(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            assert!(foreign(&[("sec-fetch-site", site)]), "{site}");
        }
    }
}
