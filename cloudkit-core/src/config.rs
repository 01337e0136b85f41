//! Configuration: from the program, or from environment variables.
//!
//! This is the one place that reads the environment.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use zeroize::Zeroizing;

use crate::auth::{ApiToken, CredentialsError, KeyId, PrivateKey, ServerKey, WebAuthToken};
use crate::{Environment, ParseEnvironmentError};

/// Apple's service.
pub const APPLE_URL: &str = "https://api.apple-cloudkit.com";

/// What the environment variables `CLOUDKIT_…` say.
///
/// | variable | meaning |
/// |---|---|
/// | `CLOUDKIT_CONTAINER` | the container's ID, such as `iCloud.com.example.News` |
/// | `CLOUDKIT_ENVIRONMENT` | `development`, which it is if the variable is not set, or `production` |
/// | `CLOUDKIT_KEY_ID` | the ID of the server-to-server key |
/// | `CLOUDKIT_PRIVATE_KEY` | the key itself, as PEM text |
/// | `CLOUDKIT_PRIVATE_KEY_FILE` | or the file that holds it |
/// | `CLOUDKIT_API_TOKEN` | an API token |
/// | `CLOUDKIT_WEB_AUTH_TOKEN` | the token of a user who signed in |
/// | `CLOUDKIT_MANAGEMENT_TOKEN`, `CLOUDKIT_TEAM_ID` | for the management of schemas |
/// | `CLOUDKIT_URL` | where the service is: Apple's, or a test container |
///
/// A variable that is empty counts as not set.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// `CLOUDKIT_CONTAINER`.
    pub container: Option<String>,
    /// `CLOUDKIT_ENVIRONMENT`.
    pub environment: Option<String>,
    /// `CLOUDKIT_KEY_ID`.
    pub key_id: Option<String>,
    /// `CLOUDKIT_PRIVATE_KEY`.
    pub private_key: Option<Zeroizing<String>>,
    /// `CLOUDKIT_PRIVATE_KEY_FILE`.
    pub private_key_file: Option<PathBuf>,
    /// `CLOUDKIT_API_TOKEN`.
    pub api_token: Option<Zeroizing<String>>,
    /// `CLOUDKIT_WEB_AUTH_TOKEN`.
    pub web_auth_token: Option<Zeroizing<String>>,
    /// `CLOUDKIT_MANAGEMENT_TOKEN`.
    pub management_token: Option<Zeroizing<String>>,
    /// `CLOUDKIT_TEAM_ID`.
    pub team_id: Option<String>,
    /// `CLOUDKIT_URL`.
    pub url: Option<String>,
}

/// Where `cloudkit schema emit` wants the schemas of this program's record types: `CLOUDKIT_EMIT_SCHEMA`.
pub(crate) fn emit_schema_directory() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    std::env::var("CLOUDKIT_EMIT_SCHEMA").ok().filter(|directory| !directory.is_empty()).map(PathBuf::from)
}

/// Why a container cannot be configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A variable that is needed is not set.
    #[error("the environment variable {variable} is not set: {what}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What to put into it.
        what: &'static str,
    },
    /// Two variables are set that say the same thing.
    #[error("the environment variables {0} and {1} are both set, and one of them is enough: unset the other")]
    Both(&'static str, &'static str),
    /// A variable holds something that cannot be used.
    #[error("the environment variable {variable} cannot be used")]
    Credentials {
        /// Its name.
        variable: &'static str,
        /// Why.
        source: CredentialsError,
    },
    /// The environment is not one.
    #[error("the environment variable CLOUDKIT_ENVIRONMENT cannot be used")]
    Environment(#[from] ParseEnvironmentError),
    /// The container's ID is not one.
    #[error("{id:?} is not the ID of a container: {why}")]
    Container {
        /// What was given.
        id: String,
        /// Why it is not one, and what to give.
        why: &'static str,
    },
    /// The service's address is not one that requests are sent to.
    #[error("the address of the service cannot be used: {0}")]
    Url(String),
    /// No key is declared for the environment.
    #[error(
        "no key for the environment {0}: keys belong to one environment, so register one there and add it to `ServerKeys`"
    )]
    NoKey(Environment),
    /// The library was built without the feature `http`, and was given no transport or clock.
    #[error("without the feature `http`, the builder needs a transport and a clock: {0} is missing")]
    NoTransport(&'static str),
}

impl Config {
    /// What the environment variables say.
    #[must_use]
    pub fn from_env() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// What these variables say.
    #[must_use]
    pub fn from_vars(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name| variable(name).filter(|value| !value.trim().is_empty());
        let secret = |name| read(name).map(Zeroizing::new);
        Self {
            container: read("CLOUDKIT_CONTAINER"),
            environment: read("CLOUDKIT_ENVIRONMENT"),
            key_id: read("CLOUDKIT_KEY_ID"),
            private_key: secret("CLOUDKIT_PRIVATE_KEY"),
            private_key_file: read("CLOUDKIT_PRIVATE_KEY_FILE").map(PathBuf::from),
            api_token: secret("CLOUDKIT_API_TOKEN"),
            web_auth_token: secret("CLOUDKIT_WEB_AUTH_TOKEN"),
            management_token: secret("CLOUDKIT_MANAGEMENT_TOKEN"),
            team_id: read("CLOUDKIT_TEAM_ID"),
            url: read("CLOUDKIT_URL"),
        }
    }

    /// The container's ID.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`].
    pub fn container(&self) -> Result<&str, ConfigError> {
        self.container.as_deref().ok_or(ConfigError::Missing {
            variable: "CLOUDKIT_CONTAINER",
            what: "it holds the ID of the container, such as iCloud.com.example.News",
        })
    }

    /// The environment, development if none was named.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Environment`].
    pub fn environment(&self) -> Result<Environment, ConfigError> {
        match &self.environment {
            Some(name) => Ok(Environment::from_str(name)?),
            None => Ok(Environment::Development),
        }
    }

    /// The server-to-server key.
    ///
    /// # Errors
    ///
    /// When a variable is missing or cannot be used. The message never holds the key.
    pub fn server_key(&self) -> Result<ServerKey, ConfigError> {
        let key_id = self.key_id.as_deref().ok_or(ConfigError::Missing {
            variable: "CLOUDKIT_KEY_ID",
            what: "it holds the ID that CloudKit Console shows for the server-to-server key",
        })?;
        let key_id = KeyId::new(key_id).map_err(|error| refuse("CLOUDKIT_KEY_ID", error))?;
        let key = match (&self.private_key, &self.private_key_file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError::Both("CLOUDKIT_PRIVATE_KEY", "CLOUDKIT_PRIVATE_KEY_FILE"));
            }
            (Some(pem), None) => {
                PrivateKey::from_pem(pem).map_err(|error| refuse("CLOUDKIT_PRIVATE_KEY", error))?
            }
            (None, Some(file)) => {
                PrivateKey::from_pem_file(file).map_err(|error| refuse("CLOUDKIT_PRIVATE_KEY_FILE", error))?
            }
            (None, None) => {
                return Err(ConfigError::Missing {
                    variable: "CLOUDKIT_PRIVATE_KEY_FILE",
                    what: "it names the file of the private key, or CLOUDKIT_PRIVATE_KEY holds the key as PEM text",
                });
            }
        };
        Ok(ServerKey::new(key_id, key))
    }

    /// The API token.
    ///
    /// # Errors
    ///
    /// When the variable is missing or cannot be used. The message never holds the token.
    pub fn api_token(&self) -> Result<ApiToken, ConfigError> {
        let token = self.api_token.as_ref().ok_or(ConfigError::Missing {
            variable: "CLOUDKIT_API_TOKEN",
            what: "it holds an API token from CloudKit Console",
        })?;
        ApiToken::new(token.as_str()).map_err(|error| refuse("CLOUDKIT_API_TOKEN", error))
    }

    /// The token of the user who signed in.
    ///
    /// # Errors
    ///
    /// When the variable is missing or cannot be used. The message never holds the token.
    pub fn web_auth_token(&self) -> Result<WebAuthToken, ConfigError> {
        let token = self.web_auth_token.as_ref().ok_or(ConfigError::Missing {
            variable: "CLOUDKIT_WEB_AUTH_TOKEN",
            what: "it holds the token that signing in ends with",
        })?;
        WebAuthToken::new(token.as_str()).map_err(|error| refuse("CLOUDKIT_WEB_AUTH_TOKEN", error))
    }

    /// Where the service is.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(APPLE_URL)
    }
}

fn refuse(variable: &'static str, source: impl Into<CredentialsError>) -> ConfigError {
    ConfigError::Credentials { variable, source: source.into() }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            container,
            environment,
            key_id,
            private_key,
            private_key_file,
            api_token,
            web_auth_token,
            management_token,
            team_id,
            url,
        } = self;
        let hidden = |secret: &Option<Zeroizing<String>>| secret.as_ref().map(|_| "..");
        f.debug_struct("Config")
            .field("container", container)
            .field("environment", environment)
            // What was put here by mistake may be a secret.
            .field("key_id", &key_id.as_ref().map(|_| ".."))
            .field("private_key", &hidden(private_key))
            .field("private_key_file", private_key_file)
            .field("api_token", &hidden(api_token))
            .field("web_auth_token", &hidden(web_auth_token))
            .field("management_token", &hidden(management_token))
            .field("team_id", team_id)
            .field("url", &url.as_ref().map(|_| ".."))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Config {
        Config::from_vars(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = config(&[]).container().expect_err("nothing is set");
        assert!(
            error.to_string().starts_with("the environment variable CLOUDKIT_CONTAINER is not set"),
            "{error}"
        );
        let error = config(&[("CLOUDKIT_CONTAINER", "  ")]).container().expect_err("blank is not set");
        assert!(error.to_string().contains("CLOUDKIT_CONTAINER"), "{error}");
        let error = config(&[]).server_key().expect_err("nothing is set");
        assert!(error.to_string().contains("CLOUDKIT_KEY_ID"), "{error}");
    }

    #[test]
    fn two_keys_are_one_too_many() {
        let key_id = "0123456789abcdef".repeat(4);
        let error = config(&[
            ("CLOUDKIT_KEY_ID", key_id.as_str()),
            ("CLOUDKIT_PRIVATE_KEY", "a"),
            ("CLOUDKIT_PRIVATE_KEY_FILE", "b"),
        ])
        .server_key()
        .expect_err("both are set");
        assert!(
            matches!(error, ConfigError::Both("CLOUDKIT_PRIVATE_KEY", "CLOUDKIT_PRIVATE_KEY_FILE")),
            "{error}"
        );
    }

    #[test]
    fn the_environment_is_development_unless_it_is_said() {
        assert_eq!(config(&[]).environment().ok(), Some(Environment::Development));
        assert_eq!(
            config(&[("CLOUDKIT_ENVIRONMENT", "production")]).environment().ok(),
            Some(Environment::Production)
        );
        assert!(config(&[("CLOUDKIT_ENVIRONMENT", "Production")]).environment().is_err());
    }

    #[test]
    fn no_secret_is_shown() {
        let secret = "c2VjcmV0LXNlY3JldA";
        let config = config(&[
            ("CLOUDKIT_KEY_ID", secret),
            ("CLOUDKIT_PRIVATE_KEY", secret),
            ("CLOUDKIT_API_TOKEN", secret),
            ("CLOUDKIT_WEB_AUTH_TOKEN", secret),
            ("CLOUDKIT_MANAGEMENT_TOKEN", secret),
            ("CLOUDKIT_URL", "https://user:c2VjcmV0LXNlY3JldA@example.test"),
        ]);
        let mut text = format!("{config:?}");
        for error in [config.server_key().map(|_| ()).err(), config.api_token().map(|_| ()).err()]
            .into_iter()
            .flatten()
        {
            text += &format!("{error} {error:?}");
        }
        assert!(!text.contains(secret), "{text}");
    }
}
