//! What a piece of DER is. Reads only as far as it takes to tell, and to reach the number of the key.

use p256::pkcs8::ObjectIdentifier;

use super::error::Damage;
use super::form::KeyForm;

/// What was recognised.
pub(super) enum Content<'a> {
    /// An elliptic curve private key in one of its two forms.
    Ec {
        form: KeyForm,
        scalar: &'a [u8],
        curve: Curve,
        public: Option<&'a [u8]>,
    },
    /// A private key of another algorithm.
    OtherAlgorithm(String),
    /// A PKCS#8 key with a pass phrase.
    Encrypted,
    PublicKey,
    Certificate,
    CertificateRequest,
    EcParameters(Curve),
    Pkcs12,
    Unknown,
}

pub(super) enum Curve {
    P256,
    Other(String),
    Unnamed,
    NotSaid,
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_1: u8 = 0xa1;

/// Tells what the bytes are.
///
/// The outermost length must agree with the number of bytes: a key that was cut or that something was appended to is
/// damaged, whatever it holds.
pub(super) fn recognise(der: &[u8]) -> Result<Content<'_>, Damage> {
    let mut outer = Reader(der);
    let whole = outer.next()?;
    if !outer.0.is_empty() {
        return Err(Damage::TrailingBytes { count: outer.0.len() });
    }
    if whole.tag == OBJECT_IDENTIFIER {
        return Ok(Content::EcParameters(curve_of(&whole)));
    }
    if whole.tag != SEQUENCE {
        return Err(Damage::NotDer);
    }
    let parts = Reader(whole.value).all()?;
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();

    Ok(match (tags.as_slice(), parts.as_slice()) {
        ([INTEGER, OCTET_STRING, ..], [_, scalar, rest @ ..]) => sec1(scalar.value, rest, Curve::NotSaid)?,
        ([INTEGER, SEQUENCE, OCTET_STRING, ..], [_, algorithm, key, ..]) => {
            pkcs8(algorithm.value, key.value)?
        }
        ([INTEGER, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE], [version, ..]) if version.value == [3] => {
            Content::Pkcs12
        }
        ([INTEGER, INTEGER], _) => Content::PublicKey,
        ([INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER], _) => {
            Content::OtherAlgorithm("DSA".to_owned())
        }
        ([INTEGER, INTEGER, INTEGER, ..], _) => Content::OtherAlgorithm("RSA".to_owned()),
        ([INTEGER, SEQUENCE, SEQUENCE, OCTET_STRING, ..], _) => Content::EcParameters(Curve::Unnamed),
        ([SEQUENCE, BIT_STRING], _) => Content::PublicKey,
        ([SEQUENCE, OCTET_STRING], _) => Content::Encrypted,
        ([SEQUENCE, SEQUENCE, BIT_STRING], [signed, ..]) => {
            // A request is version, subject, key, attributes; a certificate has more, most of them sequences.
            let fields = Reader(signed.value).all()?;
            match fields.as_slice() {
                [version, subject, key, ..]
                    if fields.len() <= 4
                        && version.tag == INTEGER
                        && subject.tag == SEQUENCE
                        && key.tag == SEQUENCE =>
                {
                    Content::CertificateRequest
                }
                _ => Content::Certificate,
            }
        }
        _ => Content::Unknown,
    })
}

/// `ECPrivateKey ::= SEQUENCE { version, privateKey, parameters [0] OPTIONAL, publicKey [1] OPTIONAL }`
fn sec1<'a>(scalar: &'a [u8], rest: &[Item<'a>], outside: Curve) -> Result<Content<'a>, Damage> {
    let mut curve = outside;
    let mut public = None;
    for part in rest {
        match part.tag {
            CONTEXT_0 => curve = curve_of(&Reader(part.value).next()?),
            CONTEXT_1 => {
                let bits = Reader(part.value).next()?;
                // The first byte counts the unused bits of the last.
                public = bits.value.split_first().map(|(_, point)| point);
            }
            _ => return Err(Damage::NotDer),
        }
    }
    Ok(Content::Ec { form: KeyForm::Sec1, scalar, curve, public })
}

/// `OneAsymmetricKey ::= SEQUENCE { version, algorithm, privateKey, ... }`
fn pkcs8<'a>(algorithm: &[u8], key: &'a [u8]) -> Result<Content<'a>, Damage> {
    let mut algorithm = Reader(algorithm);
    let name = object_identifier(&algorithm.next()?);
    let name = match name.as_deref() {
        Some("1.2.840.10045.2.1") => {
            let curve = if algorithm.0.is_empty() { Curve::NotSaid } else { curve_of(&algorithm.next()?) };
            return match recognise_sec1(key, curve)? {
                Content::Ec { scalar, curve, public, .. } => {
                    Ok(Content::Ec { form: KeyForm::Pkcs8, scalar, curve, public })
                }
                other => Ok(other),
            };
        }
        Some("1.2.840.113549.1.1.1") => "RSA",
        Some("1.2.840.113549.1.1.10") => "RSA-PSS",
        Some("1.2.840.10040.4.1") => "DSA",
        Some("1.3.101.110") => "X25519",
        Some("1.3.101.111") => "X448",
        Some("1.3.101.112") => "Ed25519",
        Some("1.3.101.113") => "Ed448",
        Some(other) => other,
        None => return Err(Damage::NotDer),
    };
    Ok(Content::OtherAlgorithm(name.to_owned()))
}

fn recognise_sec1(der: &[u8], outside: Curve) -> Result<Content<'_>, Damage> {
    let parts = Reader(Reader(der).next()?.value).all()?;
    match parts.as_slice() {
        [version, scalar, rest @ ..] if version.tag == INTEGER && scalar.tag == OCTET_STRING => {
            sec1(scalar.value, rest, outside)
        }
        _ => Err(Damage::NotDer),
    }
}

/// The algorithm that a PKCS#8 key is encrypted with, for the error that says it is not read.
pub(super) fn encryption(der: &[u8]) -> Option<String> {
    let whole = Reader(der).next().ok()?;
    let mut algorithm = Reader(Reader(whole.value).next().ok()?.value);
    let scheme = object_identifier(&algorithm.next().ok()?)?;
    if scheme != "1.2.840.113549.1.5.13" {
        return Some(format!("a scheme from before PBES2 ({scheme})"));
    }
    // PBES2 holds two algorithms, one that makes a key of the pass phrase and one that encrypts with it.
    let mut algorithms = Reader(algorithm.next().ok()?.value);
    let _from_pass_phrase = algorithms.next().ok()?;
    let cipher = object_identifier(&Reader(algorithms.next().ok()?.value).next().ok()?)?;
    let name = match cipher.as_str() {
        "1.2.840.113549.3.7" => " (triple DES)",
        "1.3.14.3.2.7" => " (DES)",
        "1.2.840.113549.3.2" => " (RC2)",
        _ => "",
    };
    Some(format!("PBES2 and the cipher {cipher}{name}"))
}

fn curve_of(item: &Item<'_>) -> Curve {
    if item.tag == SEQUENCE {
        return Curve::Unnamed;
    }
    let Some(identifier) = object_identifier(item) else { return Curve::NotSaid };
    let name = match identifier.as_str() {
        "1.2.840.10045.3.1.7" => return Curve::P256,
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.2.156.10197.1.301" => "SM2",
        other => other,
    };
    Curve::Other(name.to_owned())
}

fn object_identifier(item: &Item<'_>) -> Option<String> {
    if item.tag != OBJECT_IDENTIFIER {
        return None;
    }
    ObjectIdentifier::<39>::from_bytes(item.value).ok().map(|identifier| identifier.to_string())
}

/// One tag, length and value.
struct Item<'a> {
    tag: u8,
    value: &'a [u8],
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn all(mut self) -> Result<Vec<Item<'a>>, Damage> {
        let mut items = Vec::new();
        while !self.0.is_empty() {
            items.push(self.next()?);
        }
        Ok(items)
    }

    fn next(&mut self) -> Result<Item<'a>, Damage> {
        let found = self.0.len();
        let &[tag, first, ref rest @ ..] = self.0 else {
            return Err(Damage::CutShort { expected: 2, found });
        };
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // A length that is told at the end is for streams, and not DER.
            0x80 | 0x85..=0xff => return Err(Damage::NotDer),
            // The length itself takes one to four bytes.
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let Some((length, rest)) = rest.split_at_checked(count) else {
                    return Err(Damage::CutShort { expected: 2 + count, found });
                };
                (length.iter().fold(0_usize, |length, &byte| (length << 8) | usize::from(byte)), rest)
            }
        };
        let header = found - rest.len();
        let Some((value, rest)) = rest.split_at_checked(length) else {
            return Err(Damage::CutShort { expected: header.saturating_add(length), found });
        };
        self.0 = rest;
        Ok(Item { tag, value })
    }
}
