//! `cloudkit key show`: what a file holds, and the public half if it is a key for CloudKit.

use std::path::PathBuf;

use clap::Args;
use cloudkit_core::auth::{KeyError, NotAKey, PrivateKey, PublicKey};
use serde::Serialize;

use super::how_to_register;
use crate::credentials::{Passphrase, read_public_key};
use crate::failure::Result;
use crate::{Context, Exit, Failure, Format, input};

/// What can be written after `cloudkit key show`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 the file holds a key that CloudKit takes, 1 it does not, 2 wrong usage.

Examples:
  cloudkit key show eckey.pem > public.pem
  pbpaste | cloudkit key show -
  cloudkit key show --format json eckey.pem")]
pub struct Arguments {
    /// The file, in any form; `-` is standard input.
    pub file: PathBuf,
    /// Where the pass phrase is, if there is one.
    #[command(flatten)]
    pub passphrase: Passphrase,
    /// Take a bare number (64 hexadecimal digits or 32 bytes in base64) for a private key.
    #[arg(long)]
    pub scalar: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    usable: bool,
    form: Option<&'a str>,
    public_key: String,
    fingerprint: String,
    repairs: Vec<Repaired>,
}

#[derive(Serialize)]
struct Repaired {
    code: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct Refused<'a> {
    usable: bool,
    code: &'a str,
    detail: String,
    /// Of a public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// Says what the file holds.
///
/// # Errors
///
/// If it cannot be read, or needs a pass phrase that was not given.
pub fn run(arguments: &Arguments, context: &mut Context) -> Result {
    let path = &*arguments.file;
    // Read once: standard input cannot be read again.
    let bytes = if input::is_stdin(path) || arguments.scalar {
        Some(input::read(path, 1 << 20, context)?)
    } else {
        None
    };
    let loaded = match &bytes {
        Some(bytes) if arguments.scalar => {
            PrivateKey::from_scalar(&String::from_utf8_lossy(bytes)).map_err(Failure::from)
        }
        Some(bytes) => arguments.passphrase.read(bytes, context),
        None => arguments.passphrase.load(path, context),
    };
    match loaded {
        Ok(key) => show(&key, context),
        Err(failure) => {
            let Some(error) = failure.downcast_ref::<KeyError>() else { return Err(failure) };
            if matches!(error, KeyError::File { .. }) {
                return Err(failure);
            }
            let public = match error {
                KeyError::NotAPrivateKey { found: NotAKey::PublicKey } => {
                    let bytes = match bytes {
                        Some(bytes) => bytes,
                        None => input::read(path, 1 << 20, context)?,
                    };
                    read_public_key(&bytes).ok()
                }
                _ => None,
            };
            refuse(failure, public, context)
        }
    }
}

fn show(key: &PrivateKey, context: &mut Context) -> Result {
    let public_key = key.public_key();
    let form = key.form().map(|form| form.to_string());
    match context.format {
        Format::Json => {
            let repairs = key.repairs().iter();
            let repairs = repairs.map(|repair| Repaired { code: repair.code(), detail: repair.to_string() });
            context.print_json(&Shown {
                usable: true,
                form: form.as_deref(),
                public_key: public_key.to_spki_pem(),
                fingerprint: public_key.fingerprint(),
                repairs: repairs.collect(),
            })?;
        }
        Format::Text => {
            let form = form.as_deref().unwrap_or("a bare number");
            context.say(format_args!("A private key on P-256, as CloudKit wants it. Form: {form}."));
            for repair in key.repairs() {
                context.say(format_args!("Put right while reading: {repair}."));
            }
            if !key.repairs().is_empty() {
                context.say("Other programs may refuse this file. `openssl pkcs8 -topk8 -nocrypt` or a fresh copy makes a clean one.");
            }
            context.print(public_key.to_spki_pem())?;
            context.flush()?;
            context.say(how_to_register(&public_key));
        }
    }
    Ok(Exit::OK)
}

fn refuse(failure: Failure, public: Option<PublicKey>, context: &mut Context) -> Result {
    let fingerprint = public.map(|key| key.fingerprint());
    if context.format == Format::Json
        && let Some(error) = failure.downcast_ref::<KeyError>()
    {
        let refused = Refused { usable: false, code: error.code(), detail: error.to_string(), fingerprint };
        context.print_json(&refused)?;
        return Ok(Exit::FAILED);
    }
    let help = match (failure.downcast_ref::<KeyError>(), &fingerprint) {
        (Some(KeyError::BareScalar { .. }), _) => {
            Some("If it is a private key, say so with --scalar.".to_owned())
        }
        (_, Some(fingerprint)) => Some(format!("The fingerprint of this public key is {fingerprint}.")),
        _ => None,
    };
    let failure = failure.with_exit(Exit::FAILED);
    Err(match help {
        Some(help) => failure.with_help(help),
        None => failure,
    })
}
