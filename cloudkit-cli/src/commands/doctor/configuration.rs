//! What can be told from the configuration alone: the form of IDs, the key, the address.

use cloudkit_core::auth::{CredentialsError, KeyError, KeyId, PrivateKey, PublicKey};
use cloudkit_core::config::ConfigError;
use cloudkit_core::container::{check_id, check_url};
use cloudkit_core::explain::CauseCode;
use cloudkit_core::transport::is_loopback;
use cloudkit_core::{Config, Environment};

use super::check::{Check, Status};
use crate::Context;
use crate::credentials::{Passphrase, key_id};

/// Apple's host for server-to-server keys.
const APPLE_HOST: &str = "api.apple-cloudkit.com";

/// What of the configuration can be used.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) container: Option<String>,
    pub(super) environment: Option<Environment>,
    pub(super) key_id: Option<KeyId>,
    pub(super) key: Option<PrivateKey>,
    pub(super) url: Option<String>,
    /// Whether the user has shown the public key that is registered, and it is the key's.
    pub(super) is_registered_key: bool,
}

/// Looks at each part, whatever is wrong with the others.
pub(super) fn examine(
    config: &Config,
    passphrase: &Passphrase,
    registered: &[(String, PublicKey)],
    context: &mut Context,
    checks: &mut Vec<Check>,
) -> Setup {
    let container = container(config, checks);
    let environment = environment(config, checks);
    let key_id = examine_key_id(config, checks);
    let key = examine_key(config, passphrase, context, checks);
    let url = url(config, checks);
    let mut is_registered_key = false;
    if let Some(key) = &key {
        for (name, public_key) in registered {
            let fits = *public_key == key.public_key();
            is_registered_key |= fits;
            checks.push(if fits {
                let detail = format!("the private key belongs to the public key in {name}");
                Check::cause(CauseCode::KeyIdMismatch, Status::Ok, detail)
            } else {
                let detail = format!(
                    "the private key does not belong to the public key in {name}: the fingerprints are {} and {}",
                    key.public_key().fingerprint(),
                    public_key.fingerprint()
                );
                Check::cause(CauseCode::KeyIdMismatch, Status::Failed, detail)
            });
        }
    }
    Setup { container, environment, key_id, key, url, is_registered_key }
}

fn missing(error: &ConfigError) -> Check {
    Check {
        fix: Some("set the variable, or give the option of the same name".to_owned()),
        ..Check::error("variable_missing", error)
    }
}

fn container(config: &Config, checks: &mut Vec<Check>) -> Option<String> {
    match config.container() {
        Err(error) => {
            checks.push(missing(&error));
            None
        }
        Ok(id) => match check_id(id) {
            Ok(()) => {
                checks.push(Check::cause(
                    CauseCode::ContainerIdMalformed,
                    Status::Ok,
                    format!("the container is {id}"),
                ));
                Some(id.to_owned())
            }
            Err(error) => {
                checks.push(Check::error(CauseCode::ContainerIdMalformed.as_str(), &error));
                None
            }
        },
    }
}

fn environment(config: &Config, checks: &mut Vec<Check>) -> Option<Environment> {
    match config.environment() {
        Ok(environment) => {
            let by_default = if config.environment.is_none() { ", as nothing else is said" } else { "" };
            let detail = format!("the environment is {environment}{by_default}");
            checks.push(Check::cause(CauseCode::EnvironmentMalformed, Status::Ok, detail));
            Some(environment)
        }
        Err(error) => {
            checks.push(Check::error(CauseCode::EnvironmentMalformed.as_str(), &error));
            None
        }
    }
}

fn examine_key_id(config: &Config, checks: &mut Vec<Check>) -> Option<KeyId> {
    let id = match key_id(config) {
        Ok(id) => id,
        Err(error) => {
            checks.push(match &error {
                ConfigError::Credentials { source: CredentialsError::KeyId(source), .. } => {
                    Check::error(source.code(), &error)
                }
                _ => missing(&error),
            });
            return None;
        }
    };
    if let Ok(token) = config.api_token()
        && let Err(error) = id.differs_from(&token)
    {
        checks.push(Check::error(error.code(), &error));
        return Some(id);
    }
    let detail = format!("the key ID {id} has 64 lower-case hexadecimal digits");
    checks.push(Check::cause(CauseCode::KeyIdMalformed, Status::Ok, detail));
    Some(id)
}

fn examine_key(
    config: &Config,
    passphrase: &Passphrase,
    context: &mut Context,
    checks: &mut Vec<Check>,
) -> Option<PrivateKey> {
    let key = match passphrase.configured(config, context) {
        Ok(key) => key,
        Err(failure) => {
            let code = match failure.downcast_ref::<KeyError>() {
                Some(error) => error.code(),
                None => "variable_missing",
            };
            let fix = failure.help().map(str::to_owned);
            let check = Check::own(code, Status::Failed, failure.causes().join(": "));
            let cause = CauseCode::from_name(code);
            checks.push(Check {
                row: cause.map(CauseCode::row),
                fix: fix.or_else(|| cause.map(|cause| cause.fix().to_owned())),
                ..check
            });
            return None;
        }
    };
    let form = key.form().map_or_else(|| "a bare number".to_owned(), |form| form.to_string());
    let detail = format!("the private key is on P-256, in the form {form}");
    checks.push(Check::cause(CauseCode::NotAPrivateKey, Status::Ok, detail));
    for repair in key.repairs() {
        let cause = CauseCode::from_name(repair.code());
        let detail = format!("the key was put right while it was read: {repair}");
        checks.push(Check {
            row: cause.map(CauseCode::row),
            ..Check::own(repair.code(), Status::Warning, detail)
                .with_fix("other programs may refuse it: `cloudkit key show` tells more, `openssl pkcs8 -topk8 -nocrypt` writes it anew")
        });
    }
    Some(key)
}

fn url(config: &Config, checks: &mut Vec<Check>) -> Option<String> {
    let code = CauseCode::WrongHost;
    let url = match check_url(config.url()) {
        Ok(url) => url,
        Err(error) => {
            checks.push(Check::error(code.as_str(), &error));
            return None;
        }
    };
    let authority = url.split("://").nth(1).unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let of_apple = ["apple-cloudkit.com", "icloud.com", "icloud-content.com", "apple.com"];
    let is_of_apple = of_apple.iter().any(|domain| host.ends_with(domain));
    checks.push(if host == APPLE_HOST {
        Check::cause(code, Status::Ok, format!("requests go to {url}"))
    } else if is_loopback(host) {
        Check::cause(code, Status::Ok, format!("requests go to {url}, on this machine"))
    } else if is_of_apple {
        Check::cause(
            code,
            Status::Failed,
            format!("{host} is Apple's, but not the host for server-to-server keys"),
        )
        .with_fix(format!("unset CLOUDKIT_URL, or set it to https://{APPLE_HOST}"))
    } else {
        Check::cause(code, Status::Warning, format!("requests go to {url}, which is not Apple's"))
            .with_fix(format!("unset CLOUDKIT_URL if https://{APPLE_HOST} is meant"))
    });
    Some(url)
}
