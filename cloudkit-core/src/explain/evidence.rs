//! What is known beside the request: keys, tokens, and the time.

use std::fmt;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::Environment;
use crate::auth::PublicKey;

/// What is known beside the request. The more of it there is, the more can be proved; no private key is ever needed.
///
/// ```
/// use cloudkit_core::auth::PrivateKey;
/// use cloudkit_core::explain::{Evidence, KnownKey};
///
/// let key = PrivateKey::generate()?.public_key();
/// let evidence = Evidence::new()
///     .key(KnownKey::new("eckey.pem", key).key_id("0123456789abcdef".repeat(4)))
///     .container("iCloud.com.example.News");
/// # let _ = evidence;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub(super) keys: Vec<KnownKey>,
    pub(super) keys_are_complete: bool,
    pub(super) container: Option<String>,
    pub(super) api_tokens: Vec<TokenDigest>,
    pub(super) queries: Vec<String>,
    pub(super) server_time: Option<SystemTime>,
    pub(super) window: Option<Duration>,
}

impl Evidence {
    /// Nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A key that may have signed, by what is known of it.
    #[must_use]
    pub fn key(mut self, key: KnownKey) -> Self {
        self.keys.push(key);
        self
    }

    /// A public key that may belong to the signature, under the name that reports call it by, such as its file's.
    #[must_use]
    pub fn public_key(self, name: impl Into<String>, key: PublicKey) -> Self {
        self.key(KnownKey::new(name, key))
    }

    /// The keys given are all that the service knows for the container. Only the service itself can say so; then a
    /// key ID that is not among them is proved to be unknown.
    #[must_use]
    pub fn keys_are_complete(mut self) -> Self {
        self.keys_are_complete = true;
        self
    }

    /// The container that the request should go to.
    #[must_use]
    pub fn container(mut self, id: impl Into<String>) -> Self {
        self.container = Some(id.into());
        self
    }

    /// An API token, to be recognised where it does not belong. Only its hash is kept.
    #[must_use]
    pub fn api_token(mut self, token: impl AsRef<str>) -> Self {
        self.api_tokens.push(TokenDigest::of(token.as_ref()));
        self
    }

    /// A query string, without its question mark, that may have been signed although it was not sent.
    #[must_use]
    pub fn signed_query(mut self, query: impl Into<String>) -> Self {
        self.queries.push(query.into());
        self
    }

    /// The time by the clock of the service when the request arrived. Without it the `Date` of the answer counts, and
    /// without that the time of sending.
    #[must_use]
    pub fn server_time(mut self, time: SystemTime) -> Self {
        self.server_time = Some(time);
        self
    }

    /// How far the date of a request may be from the clock of the service, before and after. Ten minutes, unless said
    /// otherwise.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }
}

/// A public key, and what is known about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KnownKey {
    /// What reports call it by, such as the name of its file.
    pub name: String,
    /// The key.
    pub public_key: PublicKey,
    /// The key ID that it was registered under, if that is known.
    pub key_id: Option<String>,
    /// The environment that it is registered for, if that is known. A key that is registered for both is two.
    pub environment: Option<Environment>,
    /// Whether it is known to be revoked.
    pub is_revoked: bool,
}

impl KnownKey {
    /// A key of which nothing but the name is known.
    #[must_use]
    pub fn new(name: impl Into<String>, public_key: PublicKey) -> Self {
        Self { name: name.into(), public_key, key_id: None, environment: None, is_revoked: false }
    }

    /// Sets the key ID that it was registered under.
    #[must_use]
    pub fn key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// Sets the environment that it is registered for.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self { environment: Some(environment), ..self }
    }

    /// Marks it as revoked.
    #[must_use]
    pub fn revoked(self) -> Self {
        Self { is_revoked: true, ..self }
    }
}

/// The SHA-256 of a token: enough to recognise it by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.trim()).into())
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

/// How far the search goes. It is counted in candidates and not in time, so that the result is the same on every
/// machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many texts are tried.
    pub candidates: u64,
    /// How many mistakes are assumed at once.
    pub mistakes: u32,
}

impl Limits {
    /// One and two mistakes at once, and the triples that were seen together: a few thousand candidates.
    pub const QUICK: Self = Self { candidates: 6_000, mistakes: 2 };

    /// Sets how many texts are tried.
    #[must_use]
    pub const fn candidates(self, candidates: u64) -> Self {
        Self { candidates, ..self }
    }

    /// Sets how many mistakes are assumed at once.
    #[must_use]
    pub const fn mistakes(self, mistakes: u32) -> Self {
        Self { mistakes, ..self }
    }
}

impl Default for Limits {
    /// Up to three mistakes at once.
    fn default() -> Self {
        Self { candidates: 60_000, mistakes: 3 }
    }
}
