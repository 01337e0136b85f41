//! Private keys: any form of key in, or an error that names what it is.

mod der;
mod error;
mod form;
mod pem;
mod repair;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use self::der::{Content, Curve};
use self::text::Labelled;
use super::{BoxFuture, CanonicalMessage, PublicKey, Signature, Signer, SignerError};

pub use error::{Damage, KeyError, NotAKey};
pub use form::KeyForm;
pub use repair::Repair;
pub(super) use text::is_uuid;

/// A private key on P-256, which signs requests in this process.
///
/// Its public half is registered in the CloudKit Console, and the key ID that the Console answers with belongs to it.
/// Together they are a [`ServerKey`](super::ServerKey).
///
/// The number of the key is zeroised when the last clone is dropped, and printed by none but the two methods that say
/// so.
///
/// ```
/// use cloudkit_core::auth::PrivateKey;
///
/// let key = PrivateKey::generate()?;
/// let pem = key.to_pkcs8_pem();
/// assert_eq!(PrivateKey::from_pem(&pem)?.public_key(), key.public_key());
/// # Ok::<(), cloudkit_core::auth::KeyError>(())
/// ```
///
/// With the feature `aws-lc-rs`, the same keys sign about five times as fast. Their signatures then differ from one
/// time to the next, while those of the default depend on key and message only (RFC 6979). CloudKit takes both.
#[derive(Clone)]
pub struct PrivateKey {
    signing: SigningKey,
    #[cfg(feature = "aws-lc-rs")]
    fast: std::sync::Arc<aws_lc_rs::signature::EcdsaKeyPair>,
    form: Option<KeyForm>,
    repairs: Vec<Repair>,
}

impl PrivateKey {
    /// From PEM text: `EC PRIVATE KEY` (SEC1) or `PRIVATE KEY` (PKCS#8).
    ///
    /// What can be put right without a doubt is put right, and [`repairs`](Self::repairs) tells it: quotation marks,
    /// `\n` as two characters, a wrong label, lost line ends, ...
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names what was given instead, and what to supply.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let mut repairs = Vec::new();
        let found = text::find_in_text(pem, &mut repairs)?;
        Self::from_labelled(&found, None, repairs)
    }

    /// From PEM text that may be encrypted: `ENCRYPTED PRIVATE KEY` (PKCS#8 with PBES2). The pass phrase is not used
    /// if the key is not encrypted.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), and if the pass phrase does not open the key.
    pub fn from_pem_with_passphrase(pem: &str, passphrase: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let mut repairs = Vec::new();
        let found = text::find_in_text(pem, &mut repairs)?;
        Self::from_labelled(&found, Some(passphrase.as_ref()), repairs)
    }

    /// From DER: SEC1 or PKCS#8.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names what was given instead, and what to supply.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        if der.is_empty() {
            return Err(KeyError::Empty);
        }
        let found = Labelled { label: None, der: Zeroizing::new(der.to_vec()), parameters: None };
        Self::from_labelled(&found, None, Vec::new())
    }

    /// From the bytes of a key file, whatever its form: PEM or DER.
    ///
    /// # Errors
    ///
    /// [`KeyError`], which names what was given instead, and what to supply.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut repairs = Vec::new();
        let found = text::find(bytes, &mut repairs)?;
        Self::from_labelled(&found, None, repairs)
    }

    /// From the bytes of a key file that may be encrypted, whatever its form.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes), and if the pass phrase does not open the key.
    pub fn from_bytes_with_passphrase(bytes: &[u8], passphrase: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let mut repairs = Vec::new();
        let found = text::find(bytes, &mut repairs)?;
        Self::from_labelled(&found, Some(passphrase.as_ref()), repairs)
    }

    /// From a file, PEM or DER.
    ///
    /// A file that bears the name under which App Store Connect hands out its keys (`AuthKey_….p8`) is refused,
    /// although such a key has the right form: CloudKit does not know it.
    ///
    /// # Errors
    ///
    /// [`KeyError::File`] if it cannot be read, or what is wrong with its content.
    pub fn from_pem_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::from_bytes(&read_file(path.as_ref())?)
    }

    /// From a file that may be encrypted, PEM or DER.
    ///
    /// # Errors
    ///
    /// As [`from_pem_file`](Self::from_pem_file), and if the pass phrase does not open the key.
    pub fn from_pem_file_with_passphrase(
        path: impl AsRef<Path>,
        passphrase: impl AsRef<[u8]>,
    ) -> Result<Self, KeyError> {
        Self::from_bytes_with_passphrase(&read_file(path.as_ref())?, passphrase)
    }

    /// From the bare number of a key, 32 bytes big-endian, in hexadecimal or base64.
    ///
    /// The other constructors refuse such a text, for a key ID and an API token have the same shape.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAScalar`] if the text is anything else, [`KeyError::OutOfRange`] if P-256 has no such key.
    pub fn from_scalar(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = match text::hexadecimal(text) {
            Some(bytes) => Some(bytes),
            None => pem::decode(text, &mut Vec::new()).ok(),
        };
        match bytes {
            Some(bytes) if bytes.len() == 32 => Self::from_number(&bytes, Vec::new()),
            _ => Err(KeyError::NotAScalar { length: text.len() }),
        }
    }

    /// Makes a new key, of the random numbers of the operating system.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] if there are none.
    pub fn generate() -> Result<Self, KeyError> {
        Self::generate_from(|bytes| getrandom::fill(bytes))
    }

    /// Makes a new key of the random bytes that `fill` supplies. It is asked again, a few times, if they make no key,
    /// which true random bytes do but once in four thousand million.
    ///
    /// # Errors
    ///
    /// [`KeyError::Random`] if `fill` fails, [`KeyError::OutOfRange`] if it keeps supplying what makes no key.
    pub fn generate_from<E>(mut fill: impl FnMut(&mut [u8; 32]) -> Result<(), E>) -> Result<Self, KeyError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut bytes = Zeroizing::new([0; 32]);
        for _ in 0..8 {
            fill(&mut bytes).map_err(|why| KeyError::Random { source: why.into() })?;
            if let Ok(key) = Self::from_number(bytes.as_slice(), Vec::new()) {
                return Ok(key);
            }
        }
        Err(KeyError::OutOfRange)
    }

    /// What was wrong with the form of the key, and was put right while loading it. Empty, mostly.
    #[must_use]
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// The form in which the key was found; `None` for one that was made here, or read as a bare number.
    #[must_use]
    pub fn form(&self) -> Option<KeyForm> {
        self.form
    }

    /// The public half, to be registered in the CloudKit Console.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_ecdsa(*self.signing.verifying_key())
    }

    /// The key as PEM text with the label `PRIVATE KEY`, unencrypted.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        self.signing.to_pkcs8_pem(LineEnding::LF).expect("a key of the curve always has a PEM form")
    }

    /// The key as PEM text with the label `EC PRIVATE KEY`, unencrypted: the form of Apple's recipe.
    #[must_use]
    pub fn to_sec1_pem(&self) -> Zeroizing<String> {
        let secret = SecretKey::from(&self.signing);
        secret.to_sec1_pem(LineEnding::LF).expect("a key of the curve always has a PEM form")
    }

    /// Signs a text at once, with ECDSA over its SHA-256.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the arithmetic fails, which is not known to happen.
    #[cfg(not(feature = "aws-lc-rs"))]
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Signature, SignerError> {
        use p256::ecdsa::signature::Signer as _;
        let signature: p256::ecdsa::Signature = self.signing.try_sign(message).map_err(SignerError::new)?;
        Ok(Signature::from(signature))
    }

    /// Signs a text at once, with ECDSA over its SHA-256.
    ///
    /// # Errors
    ///
    /// [`SignerError`] if the arithmetic fails, which is not known to happen.
    #[cfg(feature = "aws-lc-rs")]
    pub fn sign_bytes(&self, message: &[u8]) -> Result<Signature, SignerError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature =
            self.fast.sign(&random, message).map_err(|_| SignerError::new("AWS-LC did not sign"))?;
        Signature::from_raw(signature.as_ref()).map_err(SignerError::new)
    }

    fn from_labelled(
        found: &Labelled,
        passphrase: Option<&[u8]>,
        mut repairs: Vec<Repair>,
    ) -> Result<Self, KeyError> {
        let Labelled { label, der, parameters } = found;
        let label = label.as_deref();
        let content = match der::recognise(der) {
            Ok(content) => content,
            // What is named as something else need not be whole to be refused by its name.
            Err(damage) => {
                return Err(not_a_key_by_label(label).map_or_else(|| damage.into(), KeyError::from));
            }
        };
        match content {
            Content::Ec { form, scalar, curve, public } => {
                let curve = match (curve, parameters) {
                    (Curve::NotSaid, Some(parameters)) => match der::recognise(parameters) {
                        Ok(Content::EcParameters(curve)) => curve,
                        _ => Curve::NotSaid,
                    },
                    (curve, _) => curve,
                };
                match curve {
                    Curve::P256 => {}
                    // The public half has to fit, below; without one there is only the length to go by.
                    Curve::NotSaid if public.is_some() => {}
                    Curve::NotSaid if scalar.len() == 32 => repairs.push(Repair::CurveMissing),
                    Curve::NotSaid => {
                        let curve = format!("(not named) with numbers of {} bytes", scalar.len());
                        return Err(KeyError::WrongCurve { curve });
                    }
                    Curve::Unnamed => return Err(KeyError::UnnamedCurve),
                    Curve::Other(curve) => return Err(KeyError::WrongCurve { curve }),
                }
                if let Some(label) = label.filter(|&label| label != form.label()) {
                    repairs.push(Repair::LabelMismatch { label: shown(label), content: form.label() });
                }
                let key = Self::from_number(scalar, repairs)?;
                match public {
                    Some(public) if !key.is_public_half(public) => Err(KeyError::HalvesDisagree),
                    _ => Ok(Self { form: Some(form), ..key }),
                }
            }
            Content::Encrypted => {
                let Some(passphrase) = passphrase else { return Err(KeyError::Encrypted) };
                if let Some(label) = label.filter(|&label| label != "ENCRYPTED PRIVATE KEY") {
                    let label = shown(label);
                    repairs.push(Repair::LabelMismatch { label, content: "ENCRYPTED PRIVATE KEY" });
                }
                let opened = decrypt(der, passphrase)?;
                let der = Zeroizing::new(opened.as_bytes().to_vec());
                let inside = Labelled { label: None, der, parameters: None };
                match Self::from_labelled(&inside, None, repairs) {
                    // One wrong pass phrase in 256 leaves what looks like an end, and noise before it.
                    Err(KeyError::Damaged { .. }) => Err(KeyError::WrongPassPhrase),
                    opened => opened.map(|key| Self { form: Some(KeyForm::EncryptedPkcs8), ..key }),
                }
            }
            Content::OtherAlgorithm(algorithm) => Err(KeyError::WrongAlgorithm { algorithm }),
            Content::PublicKey => Err(NotAKey::PublicKey.into()),
            Content::Certificate => Err(NotAKey::Certificate.into()),
            Content::CertificateRequest => Err(NotAKey::CertificateRequest.into()),
            Content::EcParameters(_) => Err(NotAKey::EcParameters.into()),
            Content::Pkcs12 => Err(NotAKey::Pkcs12.into()),
            Content::Unknown => match not_a_key_by_label(label) {
                Some(found) => Err(found.into()),
                None => Err(Damage::NotDer.into()),
            },
        }
    }

    /// From the number, big-endian. Leading zeros may be missing or too many.
    fn from_number(scalar: &[u8], repairs: Vec<Repair>) -> Result<Self, KeyError> {
        let significant = scalar.iter().position(|&byte| byte != 0).map_or(&[][..], |first| &scalar[first..]);
        let Some(padding) = 32_usize.checked_sub(significant.len()) else { return Err(KeyError::OutOfRange) };
        let mut number = Zeroizing::new([0; 32]);
        number[padding..].copy_from_slice(significant);
        let signing = SigningKey::from_slice(number.as_slice()).map_err(|_| KeyError::OutOfRange)?;

        #[cfg(feature = "aws-lc-rs")]
        let fast = {
            let point = signing.verifying_key().to_sec1_point(false);
            let pair = aws_lc_rs::signature::EcdsaKeyPair::from_private_key_and_public_key(
                &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                number.as_slice(),
                point.as_bytes(),
            );
            std::sync::Arc::new(pair.map_err(|_| KeyError::OutOfRange)?)
        };
        Ok(Self {
            signing,
            #[cfg(feature = "aws-lc-rs")]
            fast,
            form: None,
            repairs,
        })
    }

    /// Whether the encoded point, compressed or not, is this key's.
    fn is_public_half(&self, point: &[u8]) -> bool {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .is_ok_and(|public| public == *self.signing.verifying_key())
    }
}

impl Signer for PrivateKey {
    fn sign<'a>(&'a self, message: &'a CanonicalMessage) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move { self.sign_bytes(message.to_string().as_bytes()) })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key of AWS-LC is the same once more, in another form.
        let Self { signing: _, form, repairs, .. } = self;
        f.debug_struct("PrivateKey")
            .field("public_key", &self.public_key())
            .field("form", form)
            .field("repairs", repairs)
            .finish()
    }
}

/// The DER of whatever key a text holds, for those who want a public one.
pub(super) fn der_in_text(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    Ok(text::find_in_text(text, &mut Vec::new())?.der)
}

/// Opens a PKCS#8 key with its pass phrase.
fn decrypt(der: &[u8], passphrase: &[u8]) -> Result<SecretDocument, KeyError> {
    let unsupported = |scheme: String| KeyError::UnsupportedEncryption { scheme };
    let not_known = || unsupported(der::encryption(der).unwrap_or_else(|| "an unknown algorithm".to_owned()));

    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| not_known())?;
    let Some(parameters) = encrypted.encryption_algorithm.pbes2() else { return Err(not_known()) };
    // A file may ask for years of work and for any amount of memory. OpenSSL asks for 2,048 rounds, and for 16 MiB.
    if let Some(pbkdf2) = parameters.kdf.pbkdf2()
        && pbkdf2.iteration_count > 10_000_000
    {
        return Err(unsupported(format!("PBKDF2 in {} rounds", pbkdf2.iteration_count)));
    }
    if let Some(scrypt) = parameters.kdf.scrypt() {
        let memory = scrypt.cost_parameter.saturating_mul(u64::from(scrypt.block_size)).saturating_mul(128);
        if memory.saturating_mul(u64::from(scrypt.parallelization)) > 1 << 30 {
            return Err(unsupported(format!("scrypt with {memory} bytes of memory")));
        }
    }
    encrypted.decrypt(passphrase).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }) => not_known(),
        _ => KeyError::WrongPassPhrase,
    })
}

/// What a label says of a block whose content says nothing.
fn not_a_key_by_label(label: Option<&str>) -> Option<NotAKey> {
    match label? {
        label if label.ends_with("PRIVATE KEY") => None,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Some(NotAKey::Certificate),
        label if label.ends_with("CERTIFICATE REQUEST") => Some(NotAKey::CertificateRequest),
        label if label.ends_with("PUBLIC KEY") => Some(NotAKey::PublicKey),
        "EC PARAMETERS" => Some(NotAKey::EcParameters),
        _ => Some(NotAKey::OtherPem),
    }
}

/// A label as it may be shown: it is text of the user's, and no key is as short.
fn shown(label: &str) -> String {
    label.chars().take(24).filter(|c| c.is_ascii_uppercase() || *c == ' ').collect()
}

/// Reads a key file, unless its name says that it belongs to another service.
fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if let Some(name) = path.file_name().and_then(|name| name.to_str())
        && let Some(service) = service_by_file_name(name)
    {
        let found = format!("the file {name} bears the name of a key of {service}");
        return Err(KeyError::WrongAppleCredential { found });
    }
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 << 10));
    // No key has a mebibyte; a device file has no end.
    std::fs::File::open(path).map_err(failed)?.take((1 << 20) + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Apple's other services hand out keys of the same form under fixed names.
fn service_by_file_name(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix(".p8")?;
    [
        ("AuthKey_", "App Store Connect, of Sign in with Apple or of the push service"),
        ("SubscriptionKey_", "in-app purchase in App Store Connect"),
        ("ApiKey_", "App Store Connect"),
    ]
    .iter()
    .find(|(start, _)| stem.starts_with(start))
    .map(|&(_, service)| service)
}
