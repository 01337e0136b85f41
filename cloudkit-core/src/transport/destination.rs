use http::Uri;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Why requests are not sent to an address.
///
/// It names the scheme and the host, never the path or the query, which may hold a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// The address lacks its scheme or its host.
    #[error(
        "the address is not complete: it is `https://` and a host, or `http://` and a host of this machine"
    )]
    Incomplete,
    /// The scheme is neither `https` nor `http`.
    #[error("the scheme `{0}` is not spoken here; use `https`, or `http` to this machine")]
    Scheme(Box<str>),
    /// Plain `http` would carry tokens and records readably over the network.
    #[error(
        "plain http is for this machine only (127.0.0.0/8, [::1] and localhost), and `{0}` is not on it; use https"
    )]
    PlainHttp(Box<str>),
    /// The address holds a user name or a password, which CloudKit has no use for.
    #[error("the address holds a user name or password; CloudKit takes neither")]
    UserInfo,
}

/// Checks that requests may be sent to an address: `https` to any host, plain `http` to this machine only.
///
/// ```
/// use cloudkit_core::transport::check_destination;
///
/// assert!(check_destination(&"https://api.apple-cloudkit.com".parse()?).is_ok());
/// assert!(check_destination(&"http://127.0.0.1:8080".parse()?).is_ok());
/// assert!(check_destination(&"http://api.apple-cloudkit.com".parse()?).is_err());
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
///
/// # Errors
///
/// [`DestinationError`] says what is wrong with the address.
pub fn check_destination(address: &Uri) -> Result<(), DestinationError> {
    let (Some(scheme), Some(authority)) = (address.scheme_str(), address.authority()) else {
        return Err(DestinationError::Incomplete);
    };
    if authority.as_str().contains('@') {
        return Err(DestinationError::UserInfo);
    }
    match scheme {
        _ if authority.host().is_empty() => Err(DestinationError::Incomplete),
        "https" => Ok(()),
        "http" if is_loopback(authority.host()) => Ok(()),
        "http" => Err(DestinationError::PlainHttp(authority.host().into())),
        other => Err(DestinationError::Scheme(other.into())),
    }
}

/// Whether a host, as it is spelt in an address, is this machine: `127.0.0.0/8`, `[::1]` or `localhost`.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => address.parse().is_ok_and(|address: Ipv6Addr| address.is_loopback()),
        None => {
            host.eq_ignore_ascii_case("localhost")
                || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expect: Result<(), DestinationError>) {
        let address = address.parse().expect("the test's addresses are well formed");
        assert_eq!(check_destination(&address), expect);
    }

    #[test]
    fn https_goes_anywhere_and_plain_http_stays_on_this_machine() {
        check("https://api.apple-cloudkit.com/database/1", Ok(()));
        check("https://192.0.2.1", Ok(()));
        check("http://127.0.0.1:8080", Ok(()));
        check("http://127.255.255.254", Ok(()));
        check("http://[::1]:8080/x?y=z", Ok(()));
        check("http://localhost", Ok(()));
        check("http://LOCALHOST:1", Ok(()));
        for host in
            ["api.apple-cloudkit.com", "128.0.0.1", "0.0.0.0", "[::2]", "localhost.example.com", "127.1"]
        {
            check(&format!("http://{host}"), Err(DestinationError::PlainHttp(host.into())));
        }
    }

    #[test]
    fn an_address_that_is_none_is_told_why() {
        check("/database/1", Err(DestinationError::Incomplete));
        check("api.apple-cloudkit.com:443", Err(DestinationError::Incomplete));
        check("ftp://127.0.0.1", Err(DestinationError::Scheme("ftp".into())));
        check("http://127.0.0.1@example.com", Err(DestinationError::UserInfo));
        check("https://user:password@example.com", Err(DestinationError::UserInfo));
    }

    #[test]
    fn the_error_shows_no_token() {
        let address = "http://example.com/x?ckAPIToken=sesame".parse().expect("the address is well formed");
        let error = check_destination(&address).expect_err("plain http to another machine is refused");
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}
