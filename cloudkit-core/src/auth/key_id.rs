//! The key ID, and what people paste in its place.

use std::fmt;

use super::ApiToken;
use super::key::is_uuid;

/// The ID of a server-to-server key: 64 lower-case hexadecimal digits, which the CloudKit Console shows once the
/// public key is saved. It is no secret.
///
/// Apple: [Composing Web Service Requests](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/SettingUpWebServices.html)
#[derive(Clone, PartialEq, Eq, Hash)]
#[doc(alias = "keyID")]
pub struct KeyId(String);

impl KeyId {
    /// Checks the form: 64 lower-case hexadecimal digits and nothing else.
    ///
    /// # Errors
    ///
    /// [`KeyIdError`], which names what was given instead. Of what is not a key ID it shows the length and the kind
    /// only, for it may be a secret.
    pub fn new(id: impl Into<String>) -> Result<Self, KeyIdError> {
        let id = id.into();
        match KeyIdError::of(&id) {
            Some(error) => {
                drop(zeroize::Zeroizing::new(id));
                Err(error)
            }
            None => Ok(Self(id)),
        }
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks that this is not the API token, which has the same shape.
    ///
    /// # Errors
    ///
    /// [`KeyIdError::ApiToken`] if it is.
    pub fn differs_from(&self, token: &ApiToken) -> Result<(), KeyIdError> {
        if self.0 == token.expose() { Err(KeyIdError::ApiToken) } else { Ok(()) }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyId").field(&self.0).finish()
    }
}

/// This is not a key ID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyIdError {
    /// Nothing.
    #[error(
        "the key ID is empty; the CloudKit Console shows it under Tokens & Keys, once the public key is saved"
    )]
    Empty,
    /// A key ID with something around it or in it that does not belong there.
    #[error(
        "the key ID contains the character {character:?} at position {position}; it is 64 hexadecimal digits without quotation marks, spaces and line ends: copy them alone"
    )]
    StrayCharacter {
        /// A space, a line end, a quotation mark.
        character: char,
        /// The first character is at 1.
        position: usize,
    },
    /// A public key.
    #[error(
        "this is a public key ({length} characters), not the key ID; supply the 64 hexadecimal digits that the CloudKit Console shows once that key is saved"
    )]
    PublicKey {
        /// How many characters there are.
        length: usize,
    },
    /// The text of a key file.
    #[error(
        "this is the text of a PEM file ({length} characters), not the key ID; supply the 64 hexadecimal digits that the CloudKit Console shows once the public key is saved"
    )]
    Pem {
        /// How many characters there are.
        length: usize,
    },
    /// A credential of another of Apple's services.
    #[error(
        "this is {found}, not the ID of a CloudKit key; CloudKit has keys of its own: supply the 64 hexadecimal digits that the CloudKit Console shows under Server-to-Server Keys"
    )]
    WrongAppleCredential {
        /// What it looks like.
        found: &'static str,
    },
    /// The API token, where the key ID was expected.
    #[error(
        "the key ID is the same as the API token; API tokens look alike but are another credential: supply the ID that the CloudKit Console shows under Server-to-Server Keys"
    )]
    ApiToken,
    /// 64 hexadecimal digits, but not in lower case.
    #[error(
        "the key ID is in upper case; CloudKit compares it letter for letter: write its digits a to f in lower case"
    )]
    UpperCase,
    /// Too few or too many digits.
    #[error("the key ID has {length} hexadecimal digits and should have 64; copy it again, whole")]
    WrongLength {
        /// How many there are.
        length: usize,
    },
    /// Something else.
    #[error(
        "these {length} characters are no key ID, which is 64 hexadecimal digits; the CloudKit Console shows it under Server-to-Server Keys"
    )]
    NotHexadecimal {
        /// How many characters there are.
        length: usize,
    },
}

impl KeyIdError {
    /// The stable name of the cause, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PublicKey { .. } => "public_key_as_key_id",
            Self::WrongAppleCredential { .. } => "wrong_apple_credential",
            Self::ApiToken => "api_token_as_key_id",
            Self::Empty
            | Self::StrayCharacter { .. }
            | Self::Pem { .. }
            | Self::UpperCase
            | Self::WrongLength { .. }
            | Self::NotHexadecimal { .. } => "key_id_malformed",
        }
    }

    /// What is wrong with the text, if anything.
    fn of(id: &str) -> Option<Self> {
        let length = id.chars().count();
        let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_stray = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '\u{feff}' | '\u{200b}')
        };
        let bare: String = id.chars().filter(|&c| !is_stray(c)).collect();

        if bare.is_empty() {
            return Some(Self::Empty);
        }
        if bare.contains("BEGIN") || bare.starts_with("-----") {
            return Some(Self::Pem { length });
        }
        if is_hexadecimal(&bare) && bare.len() != length {
            let stray = id.chars().zip(1..).find(|&(c, _)| is_stray(c));
            return stray.map(|(character, position)| Self::StrayCharacter { character, position });
        }
        if is_hexadecimal(&bare) {
            return match bare.len() {
                64 if bare.contains(|c: char| c.is_ascii_uppercase()) => Some(Self::UpperCase),
                64 => None,
                10 if bare.contains(|c: char| c.is_ascii_uppercase()) => Some(APP_STORE_KEY_ID),
                length => Some(Self::WrongLength { length }),
            };
        }
        let found = if is_uuid(&bare) {
            Self::WrongAppleCredential { found: "a UUID, such as the issuer ID of App Store Connect" }
        } else if bare.len() == 10
            && bare.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        {
            APP_STORE_KEY_ID
        } else if bare.starts_with("eyJ") && bare.matches('.').count() == 2 {
            Self::WrongAppleCredential { found: "a JSON web token" }
        } else if is_base64(&bare)
            && (bare.starts_with("MF") || bare.contains(['/', '+', '=']))
            && length > 40
        {
            Self::PublicKey { length }
        } else {
            Self::NotHexadecimal { length }
        };
        Some(found)
    }
}

const APP_STORE_KEY_ID: KeyIdError = KeyIdError::WrongAppleCredential {
    found: "a text of 10 characters, such as a key ID of App Store Connect or a team ID",
};

fn is_base64(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[track_caller]
    fn check(id: &str, code: &str, message: &str) {
        match KeyId::new(id) {
            Ok(id) => panic!("{id} was accepted"),
            Err(error) => {
                assert_eq!(error.code(), code);
                assert_eq!(error.to_string().split(';').next(), Some(message), "{error}");
            }
        }
    }

    #[test]
    fn sixty_four_lower_case_digits_are_a_key_id() {
        assert_eq!(KeyId::new(ID).map(|id| id.to_string()), Ok(ID.to_owned()));
    }

    #[test]
    fn whatever_else_is_pasted_is_named() {
        let malformed = "key_id_malformed";
        check("", malformed, "the key ID is empty");
        check(" \n", malformed, "the key ID is empty");
        check(&format!("{ID}\n"), malformed, "the key ID contains the character '\\n' at position 65");
        check(&format!(" {ID}"), malformed, "the key ID contains the character ' ' at position 1");
        check(&format!("\"{ID}\""), malformed, "the key ID contains the character '\"' at position 1");
        check(&ID.replacen('8', "8 ", 1), malformed, "the key ID contains the character ' ' at position 10");
        check(&ID.to_uppercase(), malformed, "the key ID is in upper case");
        check(&ID[..32], malformed, "the key ID has 32 hexadecimal digits and should have 64");
        check(
            &ID.replacen('8', "x", 1),
            malformed,
            "these 64 characters are no key ID, which is 64 hexadecimal digits",
        );
        check(
            "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==",
            "public_key_as_key_id",
            "this is a public key (124 characters), not the key ID",
        );
        check(
            "-----BEGIN PUBLIC KEY-----",
            malformed,
            "this is the text of a PEM file (26 characters), not the key ID",
        );
        check(
            "2X9R4HXF34",
            "wrong_apple_credential",
            "this is a text of 10 characters, such as a key ID of App Store Connect or a team ID, not the ID of a CloudKit key",
        );
        check(
            "57246542-96fe-1a63-e053-0824d011072a",
            "wrong_apple_credential",
            "this is a UUID, such as the issuer ID of App Store Connect, not the ID of a CloudKit key",
        );
        check(
            "eyJhbGciOi.eyJpc3Mi.c2ln",
            "wrong_apple_credential",
            "this is a JSON web token, not the ID of a CloudKit key",
        );
    }

    #[test]
    fn the_api_token_is_not_the_key_id() {
        let id = KeyId::new(ID).expect("64 digits");
        let same = ApiToken::new(ID).expect("64 digits");
        let other = ApiToken::new(ID.replace('0', "1")).expect("64 digits");
        assert_eq!(id.differs_from(&same), Err(KeyIdError::ApiToken));
        assert_eq!(id.differs_from(&other), Ok(()));
    }
}
