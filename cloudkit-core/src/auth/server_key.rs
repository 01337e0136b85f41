//! A key together with its ID, and which of several is used where.

use std::path::Path;
use std::sync::Arc;

use super::{CanonicalMessage, CredentialsError, KeyId, PrivateKey, SignedHeaders, Signer, SignerError};
use crate::Environment;

/// A server-to-server key: whoever signs, and the ID under which the public half is registered.
///
/// ```
/// use cloudkit_core::auth::{CanonicalMessage, PrivateKey, ServerKey};
///
/// # let pem = PrivateKey::generate()?.to_sec1_pem();
/// let key = ServerKey::from_pem(&"0123456789abcdef".repeat(4), &pem)?;
/// let message = CanonicalMessage::new("2026-03-01T09:15:00Z".parse()?, b"{}", "/database/1/...");
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let signed = key.sign(&message).await?;
/// # let [(name, _), ..] = signed.pairs();
/// # assert_eq!(name, "x-apple-cloudkit-request-keyid");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServerKey {
    key_id: KeyId,
    signer: Arc<dyn Signer>,
}

impl ServerKey {
    /// A key in this process.
    #[must_use]
    pub fn new(key_id: KeyId, key: PrivateKey) -> Self {
        Self::with_signer(key_id, Arc::new(key))
    }

    /// A signer of the user's, such as one that asks a KMS.
    #[must_use]
    pub fn with_signer(key_id: KeyId, signer: Arc<dyn Signer>) -> Self {
        Self { key_id, signer }
    }

    /// From the ID and PEM text, see [`PrivateKey::from_pem`].
    ///
    /// # Errors
    ///
    /// [`CredentialsError::KeyId`] or [`CredentialsError::Key`], whichever cannot be used.
    pub fn from_pem(key_id: &str, pem: &str) -> Result<Self, CredentialsError> {
        Ok(Self::new(KeyId::new(key_id)?, PrivateKey::from_pem(pem)?))
    }

    /// From the ID and a key file, see [`PrivateKey::from_pem_file`].
    ///
    /// # Errors
    ///
    /// [`CredentialsError::KeyId`] or [`CredentialsError::Key`], whichever cannot be used.
    pub fn from_pem_file(key_id: &str, path: impl AsRef<Path>) -> Result<Self, CredentialsError> {
        Ok(Self::new(KeyId::new(key_id)?, PrivateKey::from_pem_file(path)?))
    }

    /// The ID under which the public half is registered.
    #[must_use]
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Signs a request.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the signer cannot; a key in this process always can.
    pub async fn sign(&self, message: &CanonicalMessage) -> Result<SignedHeaders, SignerError> {
        let signature = self.signer.sign(message).await?;
        Ok(SignedHeaders { key_id: self.key_id.clone(), date: message.date, signature })
    }
}

/// The server keys of one container: for each environment the one that signs, and those that come after it.
///
/// By most reports a key belongs to one environment: registered in both, the same public key gets two IDs. Two sources
/// say that one ID serves both, and Apple's documents are silent. So a key may be declared for one environment, which
/// keeps it from being used in the other, or for [`any`](Self::any).
///
/// While keys are rotated, add the next one after the one in use:
///
/// ```
/// use cloudkit_core::Environment;
/// use cloudkit_core::auth::{KeyId, PrivateKey, ServerKey, ServerKeys};
///
/// # let key = |digit: &str| Ok::<_, Box<dyn std::error::Error>>(ServerKey::new(KeyId::new(digit.repeat(64))?, PrivateKey::generate()?));
/// # let (in_use, next, test) = (key("a")?, key("b")?, key("c")?);
/// let keys = ServerKeys::default().production(in_use).production(next).development(test);
///
/// let primary = keys.primary(Environment::Production).map(|key| key.key_id().as_str());
/// assert_eq!(primary, Some("a".repeat(64).as_str()));
/// assert_eq!(keys.fallbacks(Environment::Production).count(), 1);
/// assert_eq!(keys.for_environment(Environment::Development).count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ServerKeys {
    development: Vec<ServerKey>,
    production: Vec<ServerKey>,
    any: Vec<ServerKey>,
}

impl ServerKeys {
    /// Adds a key that is registered in the development environment.
    #[must_use]
    pub fn development(mut self, key: ServerKey) -> Self {
        self.development.push(key);
        self
    }

    /// Adds a key that is registered in the production environment.
    #[must_use]
    pub fn production(mut self, key: ServerKey) -> Self {
        self.production.push(key);
        self
    }

    /// Adds a key of which nobody said where it is registered. It is used in both environments, after those that are
    /// declared for one.
    #[must_use]
    pub fn any(mut self, key: ServerKey) -> Self {
        self.any.push(key);
        self
    }

    /// Adds a key to one environment.
    #[must_use]
    pub fn with(self, environment: Environment, key: ServerKey) -> Self {
        match environment {
            Environment::Development => self.development(key),
            Environment::Production => self.production(key),
        }
    }

    /// The keys that may sign in an environment, the one to take first.
    pub fn for_environment(&self, environment: Environment) -> impl Iterator<Item = &ServerKey> {
        let declared = match environment {
            Environment::Development => &self.development,
            Environment::Production => &self.production,
        };
        declared.iter().chain(&self.any)
    }

    /// Whether one key ID was given for development and for production, which have IDs of their own.
    pub(crate) fn has_one_for_both(&self) -> bool {
        self.development.iter().any(|one| self.production.iter().any(|other| one.key_id() == other.key_id()))
    }

    /// The key that signs in an environment.
    #[must_use]
    pub fn primary(&self, environment: Environment) -> Option<&ServerKey> {
        self.for_environment(environment).next()
    }

    /// The keys to try if CloudKit refuses the first, in order.
    pub fn fallbacks(&self, environment: Environment) -> impl Iterator<Item = &ServerKey> {
        self.for_environment(environment).skip(1)
    }
}

impl From<ServerKey> for ServerKeys {
    /// One key for both environments.
    fn from(key: ServerKey) -> Self {
        Self::default().any(key)
    }
}
