//! Who is asking: keys and tokens, the text that is signed, and the signature over it.
//!
//! Nothing here sends a request, reads the clock or the environment. Only loading a key from a file does I/O, and
//! only generating a key draws random numbers.

mod error;
mod key;
mod key_id;
mod message;
#[cfg(test)]
mod secrecy;
mod server_key;
mod sign;
mod token;
mod verify;

pub use error::CredentialsError;
pub use key::{Damage, KeyError, KeyForm, NotAKey, PrivateKey, Repair};
pub use key_id::{KeyId, KeyIdError};
pub use message::{
    BodyHash, CanonicalMessage, HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, RequestDate, RequestDateError,
};
pub use server_key::{ServerKey, ServerKeys};
pub use sign::{Signature, SignatureError, SignedHeaders, Signer, SignerError};
pub use token::{
    ApiToken, ApiTokenError, HEADER_SESSION, HEADER_WEB_AUTH_TOKEN, TokenQuery, WebAuthToken,
    WebAuthTokenError, WebAuthTokenStore,
};
pub use verify::{PublicKey, PublicKeyError};

pub use crate::runtime::BoxFuture;
