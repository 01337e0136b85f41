//! The server-to-server keys that are registered.

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
}

/// All keys of a container.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: Vec<RegisteredKey>,
}

impl KeyRing {
    /// Registers a key; one with this ID and environment is replaced.
    pub(crate) fn register(&mut self, key: RegisteredKey) {
        self.keys.retain(|known| (&known.key_id, known.environment) != (&key.key_id, key.environment));
        self.keys.push(key);
    }

    /// Revokes a key in all its environments. Whether there was one.
    pub(crate) fn revoke(&mut self, key_id: &str) -> bool {
        let mut found = false;
        for key in self.keys.iter_mut().filter(|key| key.key_id == key_id) {
            key.revoked = true;
            found = true;
        }
        found
    }

    pub(crate) fn with_id<'a>(&'a self, key_id: &'a str) -> impl Iterator<Item = &'a RegisteredKey> {
        self.keys.iter().filter(move |key| key.key_id == key_id)
    }

    pub(crate) fn all(&self) -> &[RegisteredKey] {
        &self.keys
    }
}
