//! The forms in which a private key is written.

/// The form in which a private key was found. All of them hold the same key.
///
/// `Display` names it and its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum KeyForm {
    /// SEC1, the form of Apple's recipe (`openssl ecparam -genkey`).
    #[error("SEC1 (`EC PRIVATE KEY`)")]
    Sec1,
    /// PKCS#8, the form of `openssl pkcs8` and of most other libraries.
    #[error("PKCS#8 (`PRIVATE KEY`)")]
    Pkcs8,
    /// PKCS#8 with a pass phrase.
    #[error("PKCS#8 with a pass phrase (`ENCRYPTED PRIVATE KEY`)")]
    EncryptedPkcs8,
}

impl KeyForm {
    /// What stands after `BEGIN` in a PEM file of this form.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sec1 => "EC PRIVATE KEY",
            Self::Pkcs8 => "PRIVATE KEY",
            Self::EncryptedPkcs8 => "ENCRYPTED PRIVATE KEY",
        }
    }
}
