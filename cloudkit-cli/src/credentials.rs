//! The keys that a command works with, and the pass phrases that open them.
//!
//! A pass phrase is never an argument: every process of the machine can read those.

use std::path::{Path, PathBuf};

use clap::Args;
use cloudkit_core::Config;
use cloudkit_core::auth::{CredentialsError, KeyError, KeyId, PrivateKey, PublicKey};
use cloudkit_core::config::ConfigError;
use zeroize::Zeroizing;

use crate::failure::Result;
use crate::input;
use crate::{Context, Exit, Failure};

/// The variable that holds the pass phrase of an encrypted key.
pub const PASSPHRASE: &str = "CLOUDKIT_PRIVATE_KEY_PASSPHRASE";

/// Nothing that is called a key is longer.
const LONGEST_KEY: u64 = 1 << 20;

/// Where the pass phrase of an encrypted key is.
#[derive(Args, Clone, Debug, Default)]
pub struct Passphrase {
    /// A file with the pass phrase of an encrypted key in its first line [default:
    /// CLOUDKIT_PRIVATE_KEY_PASSPHRASE, or you are asked].
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    fn get(&self, context: &mut Context) -> Result<Option<Zeroizing<String>>> {
        if let Some(file) = &self.passphrase_file {
            let bytes = input::read(file, 1 << 16, context)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| {
                Failure::usage(format!("the pass phrase in {} is not UTF-8", input::name(file)))
            })?;
            return Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())));
        }
        if let Some(phrase) = context.variable(PASSPHRASE) {
            return Ok(Some(Zeroizing::new(phrase)));
        }
        if !context.terminals().stdin {
            return Ok(None);
        }
        let phrase = rpassword::prompt_password("Pass phrase of the private key: ")?;
        Ok(Some(Zeroizing::new(phrase)))
    }

    /// Loads a key with `load`, which is asked again with a pass phrase if the key needs one.
    fn open(
        &self,
        context: &mut Context,
        load: impl Fn(Option<&str>) -> Result<PrivateKey, KeyError>,
    ) -> Result<PrivateKey> {
        match load(None) {
            Err(KeyError::Encrypted) => match self.get(context)? {
                Some(phrase) => Ok(load(Some(&phrase))?),
                None => Err(Failure::from(KeyError::Encrypted).with_help(format!(
                    "give the pass phrase in {PASSPHRASE}, or in a file with --passphrase-file"
                ))),
            },
            loaded => Ok(loaded?),
        }
    }

    /// Loads the key in a file, whatever its form; `-` is standard input.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or that it needs a pass phrase that was not given.
    pub fn load(&self, path: &Path, context: &mut Context) -> Result<PrivateKey> {
        if input::is_stdin(path) {
            let bytes = input::read(path, LONGEST_KEY, context)?;
            return self.read(&bytes, context);
        }
        // By its path, because the name of a file can say that its key is for another service.
        self.open(context, |phrase| match phrase {
            None => PrivateKey::from_pem_file(path),
            Some(phrase) => PrivateKey::from_pem_file_with_passphrase(path, phrase),
        })
    }

    /// Reads a key of any form.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or that it needs a pass phrase that was not given.
    pub fn read(&self, bytes: &[u8], context: &mut Context) -> Result<PrivateKey> {
        self.open(context, |phrase| match phrase {
            None => PrivateKey::from_bytes(bytes),
            Some(phrase) => PrivateKey::from_bytes_with_passphrase(bytes, phrase),
        })
    }

    /// Loads the private key that the configuration names.
    ///
    /// # Errors
    ///
    /// What is missing, or what is wrong with the key.
    pub fn configured(&self, config: &Config, context: &mut Context) -> Result<PrivateKey> {
        match (&config.private_key, &config.private_key_file) {
            (Some(_), Some(_)) => {
                Err(ConfigError::Both("CLOUDKIT_PRIVATE_KEY", "CLOUDKIT_PRIVATE_KEY_FILE").into())
            }
            (None, None) => Err(ConfigError::Missing {
                variable: "CLOUDKIT_PRIVATE_KEY_FILE",
                what: "it names the file of the private key, or CLOUDKIT_PRIVATE_KEY holds the key as PEM text",
            }
            .into()),
            (Some(pem), None) => self
                .open(context, |phrase| match phrase {
                    None => PrivateKey::from_pem(pem),
                    Some(phrase) => PrivateKey::from_pem_with_passphrase(pem, phrase),
                })
                .map_err(|failure| failure.context("CLOUDKIT_PRIVATE_KEY cannot be used")),
            (None, Some(file)) => self
                .load(file, context)
                .map_err(|failure| failure.context(format!("the key {} cannot be used", file.display()))),
        }
    }
}

/// The key ID that the configuration names.
///
/// # Errors
///
/// That it is missing, or what is wrong with it.
pub fn key_id(config: &Config) -> Result<KeyId, ConfigError> {
    let id = config.key_id.as_deref().ok_or(ConfigError::Missing {
        variable: "CLOUDKIT_KEY_ID",
        what: "it holds the ID that CloudKit Console shows for the server-to-server key",
    })?;
    KeyId::new(id).map_err(|error| ConfigError::Credentials {
        variable: "CLOUDKIT_KEY_ID",
        source: CredentialsError::from(error),
    })
}

/// Loads a public key, PEM or DER; `-` is standard input.
///
/// # Errors
///
/// What the file is instead.
pub fn public_key(path: &Path, context: &mut Context) -> Result<PublicKey> {
    let bytes = input::read(path, LONGEST_KEY, context)?;
    read_public_key(&bytes).map_err(|error| {
        Failure::from(error)
            .context(format!("{} is not the public key that is asked for", input::name(path)))
            .with_exit(Exit::USAGE)
    })
}

/// Reads a public key, PEM or DER.
pub(crate) fn read_public_key(bytes: &[u8]) -> Result<PublicKey, cloudkit_core::auth::PublicKeyError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => PublicKey::from_pem(text),
        Err(_) => PublicKey::from_spki_der(bytes),
    }
}
