//! Why a key cannot be used. Each message says what was found, why it cannot work, and what to supply instead.

use std::path::PathBuf;

/// A private key cannot be loaded or made.
///
/// No variant and no message holds a byte of the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing, or white space only.
    #[error(
        "there is no key: the text or file is empty; \
         make a key with `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem`"
    )]
    Empty,

    /// Something that is no private key at all.
    #[error("this is {found}, which cannot sign; {advice}", advice = .found.advice())]
    NotAPrivateKey {
        /// What it is.
        found: NotAKey,
    },

    /// A private key of another kind than an elliptic curve's.
    #[error(
        "this is an {algorithm} private key; CloudKit takes ECDSA on P-256 (prime256v1) only; \
         make a key with `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem`"
    )]
    WrongAlgorithm {
        /// The algorithm: RSA, Ed25519, ... or its object identifier.
        algorithm: String,
    },

    /// A private key on another elliptic curve.
    #[error(
        "this is a private key on the curve {curve}; CloudKit signs with P-256 (prime256v1) only; \
         make a key with `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem`"
    )]
    WrongCurve {
        /// The curve: P-384, secp256k1, ... or its object identifier.
        curve: String,
    },

    /// A private key that spells out its curve instead of naming it.
    #[error(
        "this private key spells out the numbers of its curve instead of naming it, so the curve is not known; \
         if it is prime256v1, name it with `openssl ec -in KEY -param_enc named_curve -out eckey.pem`"
    )]
    UnnamedCurve,

    /// A private key with a pass phrase, and none was given.
    #[error(
        "this private key is encrypted and no pass phrase was given; \
         give the pass phrase, or remove it with `openssl pkcs8 -in KEY -out eckey.pem`"
    )]
    Encrypted,

    /// A private key with a pass phrase, and not this one.
    #[error(
        "this private key is encrypted and the given pass phrase does not open it; give the one it was encrypted with"
    )]
    WrongPassPhrase,

    /// A PEM file encrypted the way OpenSSL did it before PKCS#8 (`Proc-Type: 4,ENCRYPTED`).
    #[error(
        "this private key is encrypted in the old form of OpenSSL (`Proc-Type: 4,ENCRYPTED`), which is not read here; \
         convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out eckey.pem`, which keeps a pass phrase, \
         or with `openssl ec -in KEY -out eckey.pem`, which removes it"
    )]
    EncryptedOldForm,

    /// Encrypted with an algorithm that is not supported, or with parameters that would take minutes or gigabytes.
    #[error(
        "this private key is encrypted with {scheme}, which is not read here; \
         convert it with `openssl pkcs8 -in KEY | openssl pkcs8 -topk8 -v2 aes-256-cbc -out eckey.pem`"
    )]
    UnsupportedEncryption {
        /// The algorithm, or what is wrong with its parameters.
        scheme: String,
    },

    /// A key in the format of OpenSSH, of which the content was not read.
    #[error(
        "this is a private key in the format of OpenSSH{}, which is not read here; \
         if it is an ECDSA key on nistp256, convert it in place with `ssh-keygen -p -m PEM -f KEY`, \
         otherwise make one with `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem`",
        .kind.as_ref().map(|kind| format!(" ({kind})")).unwrap_or_default()
    )]
    OpenSsh {
        /// The kind of key, such as `ssh-ed25519`, if the file says so.
        kind: Option<String>,
    },

    /// A credential of another of Apple's services.
    #[error(
        "{found}; CloudKit has keys of its own and takes no such credential; \
             make a key with `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem` and register its \
             public key in the CloudKit Console"
    )]
    WrongAppleCredential {
        /// What was found, as a sentence.
        found: String,
    },

    /// Only the number of a private key, without the form around it.
    #[error(
        "this is {found}: the bare number of a private key{}; if it is one, \
         take `PrivateKey::from_scalar`, otherwise supply the PEM file",
        if *.may_be_an_id { ", or a key ID or an API token, which have the same shape" } else { "" }
    )]
    BareScalar {
        /// How it is written.
        found: &'static str,
        /// Whether a key ID has that shape too.
        may_be_an_id: bool,
    },

    /// What was given to [`from_scalar`](super::PrivateKey::from_scalar) is not 32 bytes.
    #[error(
        "{length} bytes of text that are not 32 bytes in hexadecimal (64 digits) or base64 (44 characters); supply the number alone"
    )]
    NotAScalar {
        /// How long the text is.
        length: usize,
    },

    /// The number of the private key is zero, or not below the order of the curve.
    #[error(
        "the number of the private key is zero or too large for P-256; the key is damaged, supply another copy"
    )]
    OutOfRange,

    /// The public key in the file is not that of the private key beside it.
    #[error(
        "the public key in this file does not belong to its private key; the key is damaged, supply another copy"
    )]
    HalvesDisagree,

    /// More than one private key.
    #[error(
        "there are {count} private keys in this file and no telling which is meant; supply a file with one"
    )]
    SeveralKeys {
        /// How many.
        count: usize,
    },

    /// It was meant to be a key, but cannot be read.
    #[error("the key is damaged: {damage}; copy it again, whole, from its `BEGIN` line to its `END` line")]
    Damaged {
        /// What is wrong.
        damage: Damage,
    },

    /// Neither text of a known form nor the DER of a key.
    #[error(
        "{length} bytes that are no key of a known form; supply the PEM file that `openssl ecparam -genkey` wrote"
    )]
    Unknown {
        /// How many bytes.
        length: usize,
    },

    /// The file cannot be read.
    #[error("cannot read the key file {}", .path.display())]
    File {
        /// Its path, as given.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },

    /// No random numbers to make a key of.
    #[error("no random numbers to make a key of")]
    Random {
        /// What the source of random numbers says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl KeyError {
    /// The stable name of the cause, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "key_empty",
            Self::NotAPrivateKey { .. } => "not_a_private_key",
            Self::WrongAlgorithm { .. } => "key_wrong_algorithm",
            Self::WrongCurve { .. } | Self::UnnamedCurve => "key_wrong_curve",
            Self::Encrypted
            | Self::WrongPassPhrase
            | Self::EncryptedOldForm
            | Self::UnsupportedEncryption { .. } => "key_encrypted",
            Self::OpenSsh { .. } => "key_openssh_format",
            Self::WrongAppleCredential { .. } => "wrong_apple_credential",
            Self::BareScalar { .. } => "bare_scalar_key",
            Self::NotAScalar { .. } | Self::OutOfRange | Self::HalvesDisagree | Self::Damaged { .. } => {
                "pem_damaged"
            }
            Self::SeveralKeys { .. } => "several_keys",
            Self::Unknown { .. } => "not_a_private_key",
            Self::File { .. } => "key_file_unreadable",
            Self::Random { .. } => "no_random_numbers",
        }
    }
}

impl From<Damage> for KeyError {
    fn from(damage: Damage) -> Self {
        Self::Damaged { damage }
    }
}

impl From<NotAKey> for KeyError {
    fn from(found: NotAKey) -> Self {
        Self::NotAPrivateKey { found }
    }
}

/// What was given in place of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAKey {
    /// The public half of a key.
    #[error("a public key")]
    PublicKey,
    /// An X.509 certificate.
    #[error("a certificate")]
    Certificate,
    /// A PKCS#10 request for a certificate.
    #[error("a certificate request")]
    CertificateRequest,
    /// The name of a curve without a key on it.
    #[error("the `EC PARAMETERS` block alone, the name of a curve without a key")]
    EcParameters,
    /// A PKCS#12 file (`.p12`, `.pfx`).
    #[error("a PKCS#12 file")]
    Pkcs12,
    /// A PEM block that holds something else altogether.
    #[error("a PEM block of another kind than a key")]
    OtherPem,
    /// JSON text.
    #[error("JSON")]
    Json,
    /// The path of a file.
    #[error("the path of a file")]
    Path,
}

impl NotAKey {
    const fn advice(self) -> &'static str {
        match self {
            Self::PublicKey => {
                "the private key is what `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem` wrote, \
                 this one was derived from it: supply eckey.pem"
            }
            Self::Certificate | Self::CertificateRequest => {
                "CloudKit knows no certificates: supply a key that \
                 `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem` wrote"
            }
            Self::EcParameters => {
                "`openssl ecparam` was run without `-genkey`: make a key with \
                 `openssl ecparam -name prime256v1 -genkey -noout -out eckey.pem`"
            }
            Self::Pkcs12 => {
                "if there is a key on P-256 in it, take it out with `openssl pkcs12 -nocerts -nodes -in KEY -out eckey.pem`"
            }
            Self::OtherPem => {
                "supply the block that begins with `-----BEGIN EC PRIVATE KEY-----` or `-----BEGIN PRIVATE KEY-----`"
            }
            Self::Json => "supply the text of the PEM file alone",
            Self::Path => "supply the text of the file, or load it with `PrivateKey::from_pem_file`",
        }
    }
}

/// What is wrong with a key that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It stops before its end.
    #[error("it is cut short: {expected} bytes were announced and {found} are there")]
    CutShort {
        /// How many bytes the DER announces.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Bytes after the end of the DER.
    #[error("{count} bytes follow its end")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A `BEGIN` line and nothing that could be a key after it.
    #[error("there is nothing between its `BEGIN` and `END` lines")]
    NoContent,
    /// An `END` line without a `BEGIN` line.
    #[error("its `BEGIN` line is missing")]
    NoBegin,
    /// A character that base64 does not have.
    #[error(
        "the character {character:?} does not belong between its `BEGIN` and `END` lines, which hold base64 only"
    )]
    BadCharacter {
        /// The character.
        character: char,
    },
    /// Base64 that does not come out even: a character is lost.
    #[error(
        "its base64 has {length} characters, a number that base64 cannot have: it is cut short, or characters were lost"
    )]
    BadLength {
        /// How many characters there are.
        length: usize,
    },
    /// Not the ASN.1 of any key.
    #[error("its content is not the DER of a key")]
    NotDer,
}
