//! What the signer may have made of the text before the arithmetic: the right thing is SHA-256, once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};

use super::Form;
use super::body::hex;
use crate::explain::CauseCode::{DigestAppliedTwice, DigestNotApplied, SignatureWrongDigest};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Digest {
    Sha256,
    Twice,
    TwiceOfHex,
    TwiceOfBase64,
    None,
    Sha1,
    Sha224,
    Sha384,
    Sha512,
}

/// All digests, the right one first.
pub(super) fn digests() -> Vec<Form<Digest>> {
    vec![
        Form::right(Digest::Sha256),
        Form::new("twice", DigestAppliedTwice, 1, Digest::Twice),
        Form::new("twice, hex", DigestAppliedTwice, 2, Digest::TwiceOfHex)
            .says("SHA-256 applied twice, the second time to the hex text of the first"),
        Form::new("none", DigestNotApplied, 2, Digest::None),
        Form::new("SHA-1", SignatureWrongDigest, 2, Digest::Sha1)
            .says("SHA-1 in place of SHA-256 under the signature"),
        Form::new("SHA-384", SignatureWrongDigest, 2, Digest::Sha384)
            .says("SHA-384 in place of SHA-256 under the signature"),
        Form::new("SHA-512", SignatureWrongDigest, 2, Digest::Sha512)
            .says("SHA-512 in place of SHA-256 under the signature"),
        Form::new("twice, base64", DigestAppliedTwice, 3, Digest::TwiceOfBase64)
            .says("SHA-256 applied twice, the second time to the base64 of the first"),
        Form::new("SHA-224", SignatureWrongDigest, 4, Digest::Sha224)
            .says("SHA-224 in place of SHA-256 under the signature"),
    ]
}

impl Digest {
    /// A state that the text is fed to.
    pub(super) fn start(self) -> State {
        match self {
            Self::Sha256 | Self::Twice | Self::TwiceOfHex | Self::TwiceOfBase64 => {
                State::Sha256(Sha256::new())
            }
            Self::None => State::First(Vec::new()),
            Self::Sha1 => State::Sha1(Sha1::new()),
            Self::Sha224 => State::Sha224(Sha224::new()),
            Self::Sha384 => State::Sha384(Sha384::new()),
            Self::Sha512 => State::Sha512(Sha512::new()),
        }
    }

    /// The digest of what was fed to the state.
    pub(super) fn finish(self, state: State) -> Vec<u8> {
        let once = match state {
            State::First(first) => first,
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha224(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        };
        match self {
            Self::Twice => Sha256::digest(once).to_vec(),
            Self::TwiceOfHex => Sha256::digest(hex(&once)).to_vec(),
            Self::TwiceOfBase64 => Sha256::digest(STANDARD.encode(once)).to_vec(),
            _ => once,
        }
    }
}

/// A digest on its way.
#[derive(Clone)]
pub(super) enum State {
    /// No digest: ECDSA takes the first 32 bytes of the text itself.
    First(Vec<u8>),
    Sha1(Sha1),
    Sha224(Sha224),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl State {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::First(first) => {
                let room = 32_usize.saturating_sub(first.len()).min(bytes.len());
                first.extend_from_slice(&bytes[..room]);
            }
            Self::Sha1(state) => state.update(bytes),
            Self::Sha224(state) => state.update(bytes),
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }
}
