//! What may be shown of a request: no token, no whole body, no whole signature. All of it in ASCII.

/// The names of parameters whose values are secret.
const SECRET_PARAMETERS: [&str; 5] = ["ckAPIToken", "ckWebAuthToken", "ckSession", "token", "tok"];

/// The target with `...` in place of the values of tokens.
pub(super) fn target(target: &str) -> String {
    path(target)
}

/// A path with its query, or what was made of them, with `...` in place of the values of tokens, whatever the
/// encoding is; and shortened in the middle if it is very long.
pub(super) fn path(text: &str) -> String {
    // Cut at its end only: what is left of a token whose name is cut off would not be recognised.
    let end = text.char_indices().nth(4096).map_or(text.len(), |(at, _)| at);
    let mut shown = String::new();
    let mut rest = &text[..end];
    while let Some((at, value)) = next_secret(rest) {
        shown.push_str(&rest[..at]);
        shown.push_str("...");
        rest = &rest[at..][value..];
    }
    shown.push_str(rest);
    short(&shown, 600)
}

/// Where the next value of a token begins, and how long it is.
fn next_secret(text: &str) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let begins = SECRET_PARAMETERS.iter().filter_map(|name| {
        let name = name.to_ascii_lowercase();
        ["=", "%3d", "%253d"]
            .iter()
            .filter_map(|equals| {
                let at = lower.find(&format!("{name}{equals}"))?;
                Some(at + name.len() + equals.len())
            })
            .min()
    });
    // The value that begins first, so that none before it is passed over.
    let start = begins.min()?;
    let value = &lower[start..];
    let end = ["&", "%26", "%2526"].iter().filter_map(|end| value.find(end)).min().unwrap_or(value.len());
    Some((start, end))
}

/// A text of at most so many characters, in ASCII, without its middle if it is longer.
pub(super) fn short(text: &str, most: usize) -> String {
    let shown = super::report::ascii(text);
    if shown.len() <= most {
        return shown;
    }
    let half = most / 2;
    format!("{}...{}", &shown[..half], &shown[shown.len() - half..])
}

/// The beginning and the end of a body: 32 bytes of each at most, and never the whole.
pub(super) fn body(bytes: &[u8]) -> String {
    let shown = (bytes.len() / 3).min(32);
    format!(
        "{}<{} bytes>{}",
        bytes[..shown].escape_ascii(),
        bytes.len() - 2 * shown,
        bytes[bytes.len() - shown..].escape_ascii(),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_values_of_tokens_are_not_shown() {
        assert_eq!(
            super::target("/x?ckAPIToken=secret&a=b&ckWebAuthToken=hidden"),
            "/x?ckAPIToken=...&a=b&ckWebAuthToken=..."
        );
        assert_eq!(super::path("%2Fx%3FckAPIToken%3Dsecret%26a%3Db"), "%2Fx%3FckAPIToken%3D...%26a%3Db");
        assert_eq!(super::path("/x?cksession=a&ckSession=b"), "/x?cksession=...&ckSession=...");
    }

    #[test]
    fn a_body_is_never_shown_as_a_whole() {
        assert_eq!(super::body(b""), "<0 bytes>");
        assert_eq!(super::body(b"ab"), "<2 bytes>");
        assert_eq!(super::body(b"abcdef"), "ab<2 bytes>ef");
        assert_eq!(super::body(&[b'x'; 200]).matches('x').count(), 64);
    }
}
