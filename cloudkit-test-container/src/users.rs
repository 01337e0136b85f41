//! The users of a container.

use std::collections::BTreeSet;
use std::fmt;

use cloudkit_core::Environment;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A user to make when the container starts.
///
/// ```
/// use cloudkit_test_container::User;
///
/// let user = User::new("alice").email("alice@example.com").role("moderator");
/// # let _ = user;
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) name: String,
    email: Option<String>,
    phone: Option<String>,
    given_name: String,
    family_name: Option<String>,
    discoverable: bool,
    roles: BTreeSet<String>,
    web_auth_token: Option<String>,
}

impl User {
    /// A user whom others may find, with an address at `example.com` made from the name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let mut letters = name.chars();
        let given_name = letters.next().map(|first| first.to_uppercase().chain(letters).collect());
        Self {
            email: Some(format!("{name}@example.com")),
            phone: None,
            given_name: given_name.unwrap_or_default(),
            family_name: None,
            discoverable: true,
            roles: BTreeSet::new(),
            web_auth_token: None,
            name,
        }
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the telephone number.
    #[must_use]
    pub fn phone(mut self, phone: impl Into<String>) -> Self {
        self.phone = Some(phone.into());
        self
    }

    /// Sets the given name and the family name.
    #[must_use]
    pub fn full_name(mut self, given_name: impl Into<String>, family_name: impl Into<String>) -> Self {
        self.given_name = given_name.into();
        self.family_name = Some(family_name.into());
        self
    }

    /// Keeps others from finding the user, and the user's name out of replies.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.discoverable = false;
        self
    }

    /// Gives the user a role of the schema.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.insert(role.into());
        self
    }

    /// Signs the user in with this web auth token, which is good in both environments as long as the container runs.
    #[must_use]
    pub fn web_auth_token(mut self, token: impl Into<String>) -> Self {
        self.web_auth_token = Some(token.into());
        self
    }

    pub(crate) fn known(self, container_id: &str) -> KnownUser {
        KnownUser {
            record_name: record_name(&["user", container_id, &self.name]),
            name: self.name,
            email: self.email,
            phone: self.phone,
            given_name: self.given_name,
            family_name: self.family_name,
            discoverable: self.discoverable,
            roles: self.roles,
            web_auth_token: self.web_auth_token,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

impl fmt::Debug for KnownUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownUser").field("name", &self.name).finish_non_exhaustive()
    }
}

impl From<&str> for User {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// A user of a container that runs.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct KnownUser {
    pub(crate) name: String,
    pub(crate) record_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) given_name: String,
    pub(crate) family_name: Option<String>,
    pub(crate) discoverable: bool,
    pub(crate) roles: BTreeSet<String>,
    /// One that somebody has chosen.
    #[serde(default)]
    pub(crate) web_auth_token: Option<String>,
}

/// The user record of a key, which is not the record of whoever registered the key.
pub(crate) fn key_record_name(container_id: &str, environment: Environment, key_id: &str) -> String {
    record_name(&["key", container_id, environment.as_str(), key_id])
}

/// The same parts always give the same name, so that a container kept in a file keeps its users.
fn record_name(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\n"));
    let mut name = String::from("_");
    for byte in &digest[..16] {
        name.push_str(&format!("{byte:02x}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_names_of_users_look_like_apples_and_stay() {
        let name = User::new("alice").known("iCloud.com.example").record_name;
        assert_eq!(name.len(), 33);
        assert!(name.starts_with('_') && name[1..].bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(name, User::new("alice").hidden().known("iCloud.com.example").record_name);
        assert_ne!(name, User::new("bob").known("iCloud.com.example").record_name);
    }
}
