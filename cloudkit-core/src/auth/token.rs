//! The tokens that speak for an app and for a signed-in user, and the query that carries them.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

/// The header in which an answer brings the next web auth token.
pub const HEADER_WEB_AUTH_TOKEN: &str = "x-apple-cloudkit-web-auth-token";

/// The same in the first version of the protocol.
pub const HEADER_SESSION: &str = "x-apple-cloudkit-session";

/// Everything but the unreserved characters of a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An API token: names a container and an environment, and lets anybody read what the schema grants to the world.
/// 64 lower-case hexadecimal digits.
///
/// Apple: [Accessing CloudKit Using an API Token](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "ckAPIToken")]
pub struct ApiToken(Zeroizing<String>);

impl ApiToken {
    /// Checks the form: 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`ApiTokenError`], which tells what is wrong and never shows the token.
    pub fn new(token: impl Into<String>) -> Result<Self, ApiTokenError> {
        let token = Zeroizing::new(token.into());
        let length = token.chars().count();
        if token.trim().is_empty() {
            return Err(ApiTokenError::Empty);
        }
        let stray = |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`');
        if let Some(character) = token.chars().find(stray) {
            return Err(ApiTokenError::StrayCharacter { character });
        }
        if !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ApiTokenError::NotHexadecimal { length });
        }
        if length != 64 {
            return Err(ApiTokenError::WrongLength { length });
        }
        if token.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(ApiTokenError::UpperCase);
        }
        Ok(Self(token))
    }

    /// The token itself, to be sent and not to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(..)")
    }
}

/// This is not an API token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiTokenError {
    /// Nothing.
    #[error("the API token is empty; the CloudKit Console shows it under Tokens & Keys")]
    Empty,
    /// A space, a line end or a quotation mark in it or around it.
    #[error(
        "the API token contains the character {character:?}; it is 64 hexadecimal digits: copy them alone"
    )]
    StrayCharacter {
        /// The character.
        character: char,
    },
    /// Other characters than hexadecimal digits.
    #[error(
        "these {length} characters are no API token, which is 64 hexadecimal digits; the CloudKit Console shows it under Tokens & Keys"
    )]
    NotHexadecimal {
        /// How many characters there are.
        length: usize,
    },
    /// Too few or too many digits.
    #[error("the API token has {length} hexadecimal digits and should have 64; copy it again, whole")]
    WrongLength {
        /// How many there are.
        length: usize,
    },
    /// Digits in upper case.
    #[error("the API token is in upper case; write its digits a to f in lower case")]
    UpperCase,
}

/// A web auth token: speaks for a user who signed in. Opaque, and good for the API token that it was made through.
///
/// It lives for 30 minutes, or for two weeks if the user asked to be kept signed in. Each answer brings a new one, see
/// [`WebAuthTokenStore`].
///
/// Apple: [Accessing CloudKit Using an API Token](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "ckWebAuthToken")]
#[doc(alias = "ckSession")]
pub struct WebAuthToken(Zeroizing<String>);

impl WebAuthToken {
    /// Takes the token as it was received. It is percent-encoded where it is put into a URL, and must not be before.
    ///
    /// # Errors
    ///
    /// [`WebAuthTokenError`], which tells what is wrong and never shows the token.
    pub fn new(token: impl Into<String>) -> Result<Self, WebAuthTokenError> {
        let token = Zeroizing::new(token.into());
        if token.trim().is_empty() || *token == "null" {
            return Err(WebAuthTokenError::Absent);
        }
        let stray = |c: &char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`');
        if let Some(character) = token.chars().find(stray) {
            return Err(WebAuthTokenError::StrayCharacter { character });
        }
        let upper = Zeroizing::new(token.to_ascii_uppercase());
        if ["%2B", "%2F", "%3D"].iter().any(|encoded| upper.contains(encoded)) {
            return Err(WebAuthTokenError::PercentEncoded);
        }
        Ok(Self(token))
    }

    /// The token itself, to be sent or kept safe, and not to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebAuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebAuthToken(..)")
    }
}

/// This is not a web auth token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebAuthTokenError {
    /// Nothing, or the word `null`, which some programs send for nothing.
    #[error("there is no web auth token: it is empty or the word `null`; let the user sign in")]
    Absent,
    /// A space, a line end or a quotation mark in it or around it.
    #[error("the web auth token contains the character {character:?}; copy the token alone")]
    StrayCharacter {
        /// The character.
        character: char,
    },
    /// As it stands in a URL.
    #[error(
        "the web auth token is percent-encoded, as it stands in a URL; decode it first (`%2B` is `+`, `%2F` is `/`, `%3D` is `=`)"
    )]
    PercentEncoded,
}

/// The query of a request that carries tokens. `Display` is for logs and shows the names only.
///
/// ```
/// use cloudkit_core::auth::{ApiToken, TokenQuery, WebAuthToken};
///
/// let api_token = ApiToken::new("0123456789abcdef".repeat(4))?;
/// let web_auth_token = WebAuthToken::new("a+b/c==")?;
/// let query = TokenQuery { api_token: &api_token, web_auth_token: Some(&web_auth_token) };
///
/// assert!(query.expose().ends_with("&ckWebAuthToken=a%2Bb%2Fc%3D%3D"));
/// assert_eq!(query.to_string(), "ckAPIToken=…&ckWebAuthToken=…");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenQuery<'a> {
    /// Names the app.
    pub api_token: &'a ApiToken,
    /// Speaks for the user, if one is signed in.
    pub web_auth_token: Option<&'a WebAuthToken>,
}

impl TokenQuery<'_> {
    /// The query itself, without a question mark, percent-encoded: to be sent and not to be shown.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let Self { api_token, web_auth_token } = self;
        let mut query = Zeroizing::new(String::with_capacity(1024));
        query.push_str("ckAPIToken=");
        query.extend(utf8_percent_encode(api_token.expose(), RESERVED));
        if let Some(token) = web_auth_token {
            query.push_str("&ckWebAuthToken=");
            query.extend(utf8_percent_encode(token.expose(), RESERVED));
        }
        query
    }
}

impl fmt::Display for TokenQuery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ckAPIToken=…")?;
        if self.web_auth_token.is_some() {
            f.write_str("&ckWebAuthToken=…")?;
        }
        Ok(())
    }
}

/// The current web auth token of one user, shared by all clones.
///
/// Each answer of CloudKit brings the next token. By Apple's documents the old one dies with that; by several reports
/// it lives on. Adopting each new one is right in both cases.
///
/// ```
/// use cloudkit_core::auth::{WebAuthToken, WebAuthTokenStore};
///
/// let tokens = WebAuthTokenStore::new(WebAuthToken::new("first")?)
///     .on_rotation(|token| save_in_keychain(token.expose()));
///
/// let mut answer = http::HeaderMap::new();
/// answer.insert("X-Apple-CloudKit-Web-Auth-Token", "second".parse()?);
///
/// assert!(tokens.adopt_from(&answer));
/// assert_eq!(tokens.current(), Some(WebAuthToken::new("second")?));
/// # fn save_in_keychain(token: &str) { assert_eq!(token, "second"); }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct WebAuthTokenStore {
    current: Arc<RwLock<Option<WebAuthToken>>>,
    on_rotation: Option<Arc<OnRotation>>,
}

type OnRotation = dyn Fn(&WebAuthToken) + Send + Sync;

impl WebAuthTokenStore {
    /// Starts with this token. [`default`](Self::default) starts without one.
    #[must_use]
    pub fn new(token: WebAuthToken) -> Self {
        Self { current: Arc::new(RwLock::new(Some(token))), on_rotation: None }
    }

    /// Calls this with each new token that an answer brings, to keep it beyond the life of this process.
    ///
    /// It is called by whatever task reads the answer, and should not block for long.
    #[must_use]
    pub fn on_rotation(self, keep: impl Fn(&WebAuthToken) + Send + Sync + 'static) -> Self {
        Self { on_rotation: Some(Arc::new(keep)), ..self }
    }

    /// The token to send next.
    #[must_use]
    pub fn current(&self) -> Option<WebAuthToken> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes another token, or none: the user signed in, or out.
    pub fn set(&self, token: Option<WebAuthToken>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Adopts the token that an answer brings, whatever its status. Says whether it brought a new one.
    ///
    /// A header that is empty or `null` counts as absent.
    pub fn adopt_from(&self, headers: &HeaderMap) -> bool {
        // As it came: what CloudKit calls a token is one, whatever it looks like.
        let token = |name| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty() && value != "null").then(|| WebAuthToken(Zeroizing::new(value.to_owned())))
        };
        let Some(token) = token(HEADER_WEB_AUTH_TOKEN).or_else(|| token(HEADER_SESSION)) else {
            return false;
        };
        {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            if current.as_ref() == Some(&token) {
                return false;
            }
            *current = Some(token.clone());
        }
        // Not under the lock: the callback may ask for the current token.
        if let Some(keep) = &self.on_rotation {
            keep(&token);
        }
        true
    }
}

impl fmt::Debug for WebAuthTokenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { current: _, on_rotation } = self;
        f.debug_struct("WebAuthTokenStore")
            .field("current", &self.current())
            .field("on_rotation", &on_rotation.as_ref().map(|_| ".."))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> WebAuthToken {
        WebAuthToken::new(text).expect("a token")
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn the_header_of_version_one_is_second_choice() {
        let store = WebAuthTokenStore::default();
        assert!(store.adopt_from(&headers(&[("X-Apple-CloudKit-Session", "old")])));
        assert_eq!(store.current(), Some(token("old")));
        let both =
            headers(&[("X-Apple-CloudKit-Session", "old"), ("X-Apple-CloudKit-Web-Auth-Token", "new")]);
        assert!(store.adopt_from(&both));
        assert_eq!(store.current(), Some(token("new")));
        assert!(!store.adopt_from(&both), "the same token is no rotation");
    }

    #[test]
    fn an_empty_header_keeps_the_token() {
        let store = WebAuthTokenStore::new(token("kept"));
        for value in ["", " ", "null"] {
            assert!(!store.adopt_from(&headers(&[("X-Apple-CloudKit-Web-Auth-Token", value)])));
        }
        assert!(!store.adopt_from(&HeaderMap::new()));
        assert_eq!(store.current(), Some(token("kept")));
    }

    #[test]
    fn clones_share_the_token() {
        let store = WebAuthTokenStore::new(token("first"));
        let clone = store.clone();
        store.set(None);
        assert_eq!(clone.current(), None);
    }

    #[test]
    fn whatever_is_no_api_token_is_refused_without_showing_it() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(ApiToken::new(digits.as_str()).is_ok());
        assert_eq!(ApiToken::new(""), Err(ApiTokenError::Empty));
        assert_eq!(
            ApiToken::new(format!("{digits}\n")),
            Err(ApiTokenError::StrayCharacter { character: '\n' })
        );
        assert_eq!(ApiToken::new(&digits[1..]), Err(ApiTokenError::WrongLength { length: 63 }));
        assert_eq!(ApiToken::new(digits.to_uppercase()), Err(ApiTokenError::UpperCase));
        assert_eq!(ApiToken::new("x".repeat(64)), Err(ApiTokenError::NotHexadecimal { length: 64 }));
    }

    #[test]
    fn an_encoded_web_auth_token_is_refused() {
        assert_eq!(WebAuthToken::new("a%2bb"), Err(WebAuthTokenError::PercentEncoded));
        assert_eq!(WebAuthToken::new("null"), Err(WebAuthTokenError::Absent));
        assert_eq!(WebAuthToken::new("a b"), Err(WebAuthTokenError::StrayCharacter { character: ' ' }));
    }
}
