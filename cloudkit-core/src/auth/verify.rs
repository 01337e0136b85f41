//! The public half of a key: what is registered in the CloudKit Console, and what a signature is checked with.

use std::fmt;

use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::{DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use sha2::{Digest as _, Sha256};

use super::key::der_in_text;
use super::{KeyError, NotAKey, PrivateKey, Signature};

/// A public key on P-256. Its PEM form is what one pastes into the CloudKit Console, which answers with the key ID.
///
/// The key ID cannot be computed from it: CloudKit makes one up for every registration.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// From PEM text with the label `PUBLIC KEY`, or the base64 inside it alone. What can be put right is put right,
    /// as for a private key.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] if the text is anything else, or the key is not on P-256.
    pub fn from_pem(pem: &str) -> Result<Self, PublicKeyError> {
        Self::from_spki_der(&der_in_text(pem).map_err(|_| PublicKeyError::Unknown)?)
    }

    /// From the DER of a `SubjectPublicKeyInfo`, which is what the PEM text holds.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError`] if the bytes are anything else, or the key is not on P-256.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        VerifyingKey::from_public_key_der(der).map(Self).map_err(|_| match PrivateKey::from_der(der) {
            Ok(_)
            | Err(KeyError::WrongCurve { .. } | KeyError::WrongAlgorithm { .. } | KeyError::Encrypted) => {
                PublicKeyError::PrivateKey
            }
            Err(KeyError::NotAPrivateKey { found: NotAKey::PublicKey }) => PublicKeyError::NotOnP256,
            Err(KeyError::NotAPrivateKey { found: NotAKey::Certificate }) => PublicKeyError::Certificate,
            Err(_) => PublicKeyError::Unknown,
        })
    }

    /// PEM text with the label `PUBLIC KEY`, ending in a line feed.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        self.0.to_public_key_pem(LineEnding::LF).expect("a point of the curve always has a PEM form")
    }

    /// The DER of the `SubjectPublicKeyInfo`, 91 bytes.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        self.0.to_public_key_der().expect("a point of the curve always has a DER form").into_vec()
    }

    /// The SHA-256 of the DER form, in lower-case hexadecimal: a short name to compare two keys by.
    ///
    /// It looks like a key ID and is none.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.to_spki_der()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether the signature is this key's, over the SHA-256 of the message.
    ///
    /// Of the two signatures with the same r, both are accepted: low s and high s. What CloudKit does with a high s is
    /// not documented. Most libraries emit one about every other time, so a refusal would have been noticed.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.0.verify(message, signature.as_ecdsa()).is_ok()
    }

    pub(crate) const fn from_ecdsa(key: VerifyingKey) -> Self {
        Self(key)
    }

    pub(crate) const fn as_ecdsa(&self) -> &VerifyingKey {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("fingerprint", &self.fingerprint()).finish()
    }
}

/// This is not a public key on P-256.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The private key, which should not leave its place for this.
    #[error("this is a private key; supply its public half, which `openssl ec -in KEY -pubout` prints")]
    PrivateKey,
    /// A certificate, which holds a public key among other things.
    #[error(
        "this is a certificate; supply the public key in it, which `openssl x509 -in CERTIFICATE -noout \
         -pubkey` prints"
    )]
    Certificate,
    /// A public key on another curve, or of another algorithm.
    #[error("this is a public key, but not on P-256 (prime256v1), the only curve that CloudKit takes")]
    NotOnP256,
    /// Something else, or damaged.
    #[error(
        "this is no public key; supply the PEM block `PUBLIC KEY`, which `openssl ec -in KEY -pubout` \
         prints"
    )]
    Unknown,
}
