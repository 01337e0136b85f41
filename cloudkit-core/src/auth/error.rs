//! What is wrong with the credentials a program was given.

use super::{ApiTokenError, KeyError, KeyIdError, PublicKeyError, SignerError, WebAuthTokenError};

/// A key, a key ID or a token cannot be used. The source says why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The private key.
    #[error("the private key cannot be used")]
    Key(#[from] KeyError),
    /// The key ID.
    #[error("the key ID cannot be used")]
    KeyId(#[from] KeyIdError),
    /// The public key.
    #[error("the public key cannot be used")]
    PublicKey(#[from] PublicKeyError),
    /// The API token.
    #[error("the API token cannot be used")]
    ApiToken(#[from] ApiTokenError),
    /// The web auth token.
    #[error("the web auth token cannot be used")]
    WebAuthToken(#[from] WebAuthTokenError),
    /// The signer could not sign.
    #[error("the request could not be signed")]
    Signer(#[from] SignerError),
}
