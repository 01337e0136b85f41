//! What may be shown of a request: no token, no whole body, no whole signature.

/// The names of parameters whose values are secret.
const SECRET_PARAMETERS: [&str; 4] = ["ckAPIToken", "ckWebAuthToken", "ckSession", "token"];

/// The target with `...` in place of the values of tokens.
pub(super) fn target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let redacted = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name) => format!("{name}=..."),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", redacted.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_values_of_tokens_are_not_shown() {
        assert_eq!(
            super::target("/x?ckAPIToken=secret&a=b&ckWebAuthToken=hidden"),
            "/x?ckAPIToken=...&a=b&ckWebAuthToken=..."
        );
    }
}
