//! The signature of a request, who makes it, and the headers that carry it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{BoxFuture, CanonicalMessage, HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, KeyId, RequestDate};

/// Makes the signatures of requests: a key in this process, or one that never leaves a KMS, an HSM or an agent.
///
/// A signer signs the text of the [`CanonicalMessage`] with ECDSA on P-256 over SHA-256. Services that take a digest
/// instead of a message are given the SHA-256 of that text; those that take a message hash it themselves.
///
/// ```
/// use cloudkit_core::auth::{BoxFuture, CanonicalMessage, Signature, Signer, SignerError};
///
/// #[derive(Debug)]
/// struct Hsm {
///     slot: u32,
/// }
///
/// impl Hsm {
///     /// Asks the device, which answers with r and s, 64 bytes.
///     async fn ecdsa_sha256(&self, message: &[u8]) -> Result<Vec<u8>, std::io::Error> {
/// #       let _ = (self.slot, message);
/// #       Ok([1; 64].to_vec())
///         // ...
///     }
/// }
///
/// impl Signer for Hsm {
///     fn sign<'a>(&'a self, message: &'a CanonicalMessage) -> BoxFuture<'a, Result<Signature, SignerError>> {
///         Box::pin(async move {
///             let raw = self.ecdsa_sha256(message.to_string().as_bytes()).await.map_err(SignerError::new)?;
///             Signature::from_raw(&raw).map_err(SignerError::new)
///         })
///     }
/// }
/// # let message = CanonicalMessage::new("2016-01-25T22:15:43Z".parse().unwrap(), b"", "/database/1/x");
/// # let waker = std::task::Waker::noop();
/// # let hsm = Hsm { slot: 1 };
/// # let mut signing = hsm.sign(&message);
/// # let polled = signing.as_mut().poll(&mut std::task::Context::from_waker(waker));
/// # assert!(matches!(polled, std::task::Poll::Ready(Ok(_))));
/// ```
pub trait Signer: Send + Sync + fmt::Debug {
    /// Signs the text of the message.
    ///
    /// # Errors
    ///
    /// Whatever kept the signer from signing. The request is not sent then.
    fn sign<'a>(&'a self, message: &'a CanonicalMessage) -> BoxFuture<'a, Result<Signature, SignerError>>;
}

/// An ECDSA signature on P-256. `Display` is the DER form in standard base64 on one line, as the header carries it.
///
/// `Debug` does not show it: within its time window a signature can be sent again by whoever reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(p256::ecdsa::Signature);

impl Signature {
    /// From the DER form, a `SEQUENCE` of the two integers r and s: what OpenSSL and most key services answer.
    ///
    /// # Errors
    ///
    /// [`SignatureError`], which names what the bytes look like.
    pub fn from_der(der: &[u8]) -> Result<Self, SignatureError> {
        p256::ecdsa::Signature::from_der(der).map(Self).map_err(|_| SignatureError::not_der(der))
    }

    /// From r and s, 32 bytes each, big-endian: the form of WebCrypto, JOSE and most hardware (IEEE P1363).
    ///
    /// # Errors
    ///
    /// [`SignatureError`], which names what the bytes look like.
    pub fn from_raw(raw: &[u8]) -> Result<Self, SignatureError> {
        p256::ecdsa::Signature::from_slice(raw).map(Self).map_err(|_| SignatureError::not_raw(raw))
    }

    /// From the text of the header: the DER form in standard base64, on one line, with its padding.
    ///
    /// # Errors
    ///
    /// [`SignatureError`], which names what the text looks like.
    pub fn from_base64(text: &str) -> Result<Self, SignatureError> {
        let der = STANDARD.decode(text).map_err(|_| SignatureError::NotBase64 { length: text.len() })?;
        Self::from_der(&der)
    }

    /// The DER form, 8 to 72 bytes; nearly always 70 to 72.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der().as_bytes().to_vec()
    }

    /// r and s, 32 bytes each.
    #[must_use]
    pub fn to_raw(&self) -> [u8; 64] {
        self.0.to_bytes().into()
    }

    /// The text of the header: the DER form in standard base64, on one line.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0.to_der().as_bytes())
    }

    pub(crate) const fn as_ecdsa(&self) -> &p256::ecdsa::Signature {
        &self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

impl From<p256::ecdsa::Signature> for Signature {
    fn from(signature: p256::ecdsa::Signature) -> Self {
        Self(signature)
    }
}

/// The three headers of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// Whose signature it is.
    pub key_id: KeyId,
    /// The date that was signed.
    pub date: RequestDate,
    /// The signature over the [`CanonicalMessage`].
    pub signature: Signature,
}

impl SignedHeaders {
    /// Names, in lower case, and values.
    #[must_use]
    pub fn pairs(&self) -> [(&'static str, String); 3] {
        let Self { key_id, date, signature } = self;
        [
            (HEADER_KEY_ID, key_id.to_string()),
            (HEADER_DATE, date.to_string()),
            (HEADER_SIGNATURE, signature.to_base64()),
        ]
    }

    /// Puts the headers in, in place of any of the same names. The signature is marked as sensitive.
    pub fn insert_into(&self, headers: &mut HeaderMap) {
        for (name, value) in self.pairs() {
            let mut value =
                HeaderValue::from_str(&value).expect("digits, dates and base64 are visible ASCII");
            value.set_sensitive(name == HEADER_SIGNATURE);
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// These bytes, or this text, are not a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// 64 bytes where the DER form was expected.
    #[error("64 bytes: this is r and s without the DER around them; take `Signature::from_raw` for it")]
    RawInsteadOfDer,
    /// The DER form where r and s were expected.
    #[error("{length} bytes of DER: take `Signature::from_der` for it")]
    DerInsteadOfRaw {
        /// How many bytes there were.
        length: usize,
    },
    /// The text of a signature, not its bytes.
    #[error("{length} bytes of text: this is the {encoding} of a signature; decode it first")]
    Text {
        /// What the text looks like.
        encoding: &'static str,
        /// How many bytes there were.
        length: usize,
    },
    /// Text that is not standard base64.
    #[error("the signature of {length} characters is not standard base64 on one line, with its padding")]
    NotBase64 {
        /// How many bytes the text has.
        length: usize,
    },
    /// The right length or the right start, but not two integers in the range of the curve.
    #[error(
        "{length} bytes that are not an ECDSA signature on P-256: r or s is out of range, or the DER is not strict"
    )]
    Invalid {
        /// How many bytes there were.
        length: usize,
    },
    /// Something else.
    #[error(
        "{length} bytes that are neither the DER form of an ECDSA signature nor r and s of 32 bytes each"
    )]
    Unknown {
        /// How many bytes there were.
        length: usize,
    },
}

impl SignatureError {
    fn not_der(bytes: &[u8]) -> Self {
        let length = bytes.len();
        if let Some(text) = Self::text(bytes) {
            return text;
        }
        match bytes {
            [0x30, ..] => Self::Invalid { length },
            _ if length == 64 => Self::RawInsteadOfDer,
            _ => Self::Unknown { length },
        }
    }

    fn not_raw(bytes: &[u8]) -> Self {
        let length = bytes.len();
        if p256::ecdsa::Signature::from_der(bytes).is_ok() {
            return Self::DerInsteadOfRaw { length };
        }
        if let Some(text) = Self::text(bytes) {
            return text;
        }
        match length {
            64 => Self::Invalid { length },
            _ => Self::Unknown { length },
        }
    }

    fn text(bytes: &[u8]) -> Option<Self> {
        let length = bytes.len();
        let encoding = match bytes {
            [b'M', b'E' | b'D', ..] if bytes.iter().all(|byte| byte.is_ascii_graphic()) => "base64",
            [b'3', b'0', ..] if length > 64 && bytes.iter().all(u8::is_ascii_hexdigit) => "hexadecimal form",
            _ => return None,
        };
        Some(Self::Text { encoding, length })
    }
}

/// The signer could not sign. The source is whatever the signer said.
#[derive(Debug, thiserror::Error)]
#[error("the signer could not sign the request")]
pub struct SignerError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl SignerError {
    /// From any error, or from a text that says why.
    #[must_use]
    pub fn new(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(why.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the vector V1.
    const TEXT: &str =
        "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

    fn signature() -> Signature {
        Signature::from_base64(TEXT).expect("a signature")
    }

    #[test]
    fn a_signature_in_the_wrong_form_is_named() {
        let (der, raw) = (signature().to_der(), signature().to_raw());
        let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();

        assert_eq!(Signature::from_der(&raw), Err(SignatureError::RawInsteadOfDer));
        assert_eq!(Signature::from_raw(&der), Err(SignatureError::DerInsteadOfRaw { length: 71 }));
        for read in [Signature::from_der, Signature::from_raw] {
            assert_eq!(read(TEXT.as_bytes()), Err(SignatureError::Text { encoding: "base64", length: 96 }));
            let text = SignatureError::Text { encoding: "hexadecimal form", length: 142 };
            assert_eq!(read(hex.as_bytes()), Err(text));
            assert_eq!(read(b""), Err(SignatureError::Unknown { length: 0 }));
        }
        assert_eq!(Signature::from_raw(&[0; 64]), Err(SignatureError::Invalid { length: 64 }));
        assert_eq!(Signature::from_raw(&[0xff; 64]), Err(SignatureError::Invalid { length: 64 }));
        assert_eq!(Signature::from_der(&der[..70]), Err(SignatureError::Invalid { length: 70 }));
        assert_eq!(Signature::from_base64(&TEXT[..95]), Err(SignatureError::NotBase64 { length: 95 }));
        assert_eq!(
            Signature::from_base64(&format!("{TEXT}\n")),
            Err(SignatureError::NotBase64 { length: 97 })
        );
    }

    #[test]
    fn headers_replace_those_of_an_earlier_attempt() {
        let key_id = KeyId::new("ab".repeat(32)).expect("64 digits");
        let mut headers = HeaderMap::new();
        headers.insert(HEADER_DATE, HeaderValue::from_static("earlier"));
        SignedHeaders { key_id, date: RequestDate::MIN, signature: signature() }.insert_into(&mut headers);
        assert_eq!(headers.len(), 3);
        assert_eq!(headers[HEADER_DATE], "0000-01-01T00:00:00Z");
        assert_eq!(headers[HEADER_SIGNATURE], TEXT);
        assert!(headers[HEADER_SIGNATURE].is_sensitive());
    }
}
