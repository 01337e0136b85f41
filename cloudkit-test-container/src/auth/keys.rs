//! The server-to-server keys that are registered.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use cloudkit_core::Environment;
use cloudkit_core::auth::PublicKey;

/// A key, registered for one environment.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredKey {
    pub(crate) key_id: String,
    pub(crate) environment: Environment,
    pub(crate) public_key: PublicKey,
    /// The user that writes with this key belong to.
    pub(crate) user_record_name: String,
    pub(crate) revoked: bool,
    verifier: Verifier,
}

impl RegisteredKey {
    pub(crate) fn new(
        key_id: &str,
        environment: Environment,
        public_key: PublicKey,
        user_record_name: String,
    ) -> Self {
        let verifier = Verifier::new(&public_key);
        Self {
            key_id: key_id.to_owned(),
            environment,
            public_key,
            user_record_name,
            revoked: false,
            verifier,
        }
    }

    /// Whether the key signed the message. The signature is in DER.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.0.verify_sig(message, signature).is_ok()
    }
}

/// The key, made ready for checking a signature of every request.
///
/// TLS has brought aws-lc-rs into the program anyway, and it checks a signature in a fraction of the time that p256
/// takes.
#[derive(Clone, Debug)]
struct Verifier(Arc<ParsedPublicKey>);

impl Verifier {
    fn new(public_key: &PublicKey) -> Self {
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_key.to_spki_der());
        Self(Arc::new(parsed.expect("a point of the curve is a key")))
    }
}

/// All keys of a container.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: Vec<Arc<RegisteredKey>>,
}

impl KeyRing {
    /// Registers a key; one with this ID and environment is replaced.
    pub(crate) fn register(&mut self, key: RegisteredKey) {
        self.keys.retain(|known| (&known.key_id, known.environment) != (&key.key_id, key.environment));
        self.keys.push(Arc::new(key));
    }

    /// Revokes a key in all its environments. Whether there was one.
    pub(crate) fn revoke(&mut self, key_id: &str) -> bool {
        let mut found = false;
        for key in self.keys.iter_mut().filter(|key| key.key_id == key_id) {
            Arc::make_mut(key).revoked = true;
            found = true;
        }
        found
    }

    pub(crate) fn with_id<'a>(&'a self, key_id: &'a str) -> impl Iterator<Item = &'a Arc<RegisteredKey>> {
        self.keys.iter().filter(move |key| key.key_id == key_id)
    }

    pub(crate) fn all(&self) -> &[Arc<RegisteredKey>] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use cloudkit_core::auth::{PrivateKey, Signature};

    use super::*;

    fn registered(key: &PrivateKey) -> RegisteredKey {
        RegisteredKey::new("id", Environment::Development, key.public_key(), "_user".to_owned())
    }

    /// Both libraries say the same of a signature, as r and s in 64 bytes, where one can read it at all.
    #[track_caller]
    fn same(key: &PrivateKey, message: &[u8], raw: &[u8]) -> Option<bool> {
        let signature = Signature::from_raw(raw).ok()?;
        let signed = registered(key).signed(message, &signature.to_der());
        assert_eq!(signed, key.public_key().verify(message, &signature), "{raw:02x?} over {message:02x?}");
        Some(signed)
    }

    #[test]
    fn signatures_are_worth_what_the_client_says_of_them() {
        let (key, other) = (PrivateKey::generate().expect("a key"), PrivateKey::generate().expect("a key"));
        for round in 0..2_u8 {
            let message = [round; 150];
            let raw = key.sign_bytes(&message).expect("signs").to_raw();
            assert_eq!(same(&key, &message, &raw), Some(true));
            assert_eq!(same(&other, &message, &raw), Some(false));
            assert_eq!(same(&key, &message[1..], &raw), Some(false));
            for bit in 0..512 {
                let mut bent = raw;
                bent[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(same(&key, &message, &bent), Some(true), "bit {bit}");
            }
        }
    }

    #[test]
    fn of_two_signatures_with_one_r_both_are_valid() {
        let key = PrivateKey::generate().expect("a key");
        let raw = key.sign_bytes(b"message").expect("signs").to_raw();
        assert_eq!(same(&key, b"message", &raw), Some(true));
        assert_eq!(same(&key, b"message", &with_other_s(raw)), Some(true));
    }

    /// The signature with n - s in place of s.
    fn with_other_s(mut raw: [u8; 64]) -> [u8; 64] {
        let order: [u8; 32] = [
            0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
        ];
        let mut borrow = 0;
        for index in (0..32).rev() {
            let difference = i16::from(order[index]) - i16::from(raw[32 + index]) - borrow;
            borrow = i16::from(difference < 0);
            raw[32 + index] = difference.rem_euclid(256) as u8;
        }
        raw
    }
}
