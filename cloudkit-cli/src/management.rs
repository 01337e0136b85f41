//! A client of CloudKit's management API, as far as schemas go: Apple's, or that of a test container.
//!
//! It is opened by a management token, which is made in CloudKit Console under Settings, Tokens, and belongs to a team.

use std::time::Duration;

use bytes::Bytes;
use cloudkit_core::transport::{HttpOptions, HttpTransport, Transport as _, check_destination};
use cloudkit_core::{Config, Environment};
use http::{Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::failure::Result;
use crate::{Exit, Failure};

/// Apple's host for it, which is not that of the web services.
pub const APPLE_URL: &str = "https://api.icloud.apple.com";

const TOKEN: &str = "x-apple-cloudkit-management-token";

/// Everything in a segment of a path is encoded but what may stand there unharmed.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The schemas of one container.
#[derive(Debug)]
pub struct Management {
    transport: HttpTransport,
    /// The address up to and with the container.
    container: String,
    token: Token,
}

struct Token(Zeroizing<String>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

/// What the service says of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// Whether an import would be taken.
    pub is_valid: bool,
    /// Why not.
    #[serde(default)]
    pub error_message: Option<String>,
}

/// A refusal. `code` is the HTTP status, `message` the error code, and `reason` is for people.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    message: String,
    reason: String,
    detailed_message: Option<String>,
    request_uuid: Option<String>,
}

impl Management {
    /// The client that the configuration describes.
    ///
    /// # Errors
    ///
    /// If the container, the team or the token is missing, or requests may not be sent to the address.
    pub fn from_config(config: &Config) -> Result<Self> {
        let missing = |variable: &str, what: &str| {
            Failure::usage(format!("the environment variable {variable} is not set: {what}"))
        };
        let token = config.management_token.clone().ok_or_else(|| {
            missing("CLOUDKIT_MANAGEMENT_TOKEN", "it holds the token that opens schemas").with_help(
                "Make one in CloudKit Console, Settings, Tokens & Keys, Management Tokens. \
                 A test container prints its own when it starts.",
            )
        })?;
        let team = config.team_id.as_deref().ok_or_else(|| {
            missing("CLOUDKIT_TEAM_ID", "it holds the ID of the team that the container belongs to")
        })?;
        let encode = |segment| utf8_percent_encode(segment, SEGMENT).to_string();
        let base = config.url.as_deref().unwrap_or(APPLE_URL).trim_end_matches('/');
        let container = encode(config.container()?);
        let container = format!("{base}/v1/database/teams/{}/containers/{container}", encode(team));
        let address = container.parse().map_err(|error| {
            Failure::from(error).context(format!("{base} is not an address")).with_exit(Exit::USAGE)
        })?;
        check_destination(&address).map_err(|error| Failure::from(error).with_exit(Exit::USAGE))?;
        let transport = HttpTransport::new(HttpOptions::default());
        Ok(Self { transport, container, token: Token(token) })
    }

    /// The schema of an environment, as text.
    ///
    /// # Errors
    ///
    /// If the service refuses or cannot be reached.
    pub async fn export(&self, environment: Environment) -> Result<String> {
        let doing = format!("cannot export the schema of {environment}");
        let path = format!("environments/{}/schema/export", in_path(environment));
        let body = self.send(&doing, Method::GET, &path, None).await?;
        String::from_utf8(body.to_vec()).map_err(|_| Failure::new("the schema is not UTF-8").context(doing))
    }

    /// Whether an import of this text into development would be taken.
    ///
    /// # Errors
    ///
    /// If the service refuses or cannot be reached. A schema that is not valid is none.
    pub async fn validate(&self, text: &str) -> Result<Validity> {
        let doing = "cannot validate the schema";
        let path = format!("environments/{}/schema/validate", in_path(Environment::Development));
        let body = self.send(doing, Method::POST, &path, Some(text)).await?;
        serde_json::from_slice(&body).map_err(|error| Failure::from(error).context(doing))
    }

    /// Makes this text the whole schema of development.
    ///
    /// # Errors
    ///
    /// If the service refuses or cannot be reached.
    pub async fn import(&self, text: &str) -> Result<()> {
        let path = format!("environments/{}/schema", in_path(Environment::Development));
        self.send("cannot import the schema", Method::PUT, &path, Some(text)).await.map(drop)
    }

    /// Makes the schema of development equal to that of production, and deletes all data of development.
    ///
    /// # Errors
    ///
    /// If the service refuses or cannot be reached.
    pub async fn reset(&self) -> Result<()> {
        let path = format!("environments/{}/reset", in_path(Environment::Development));
        self.send("cannot reset development", Method::POST, &path, None).await.map(drop)
    }

    async fn send(&self, doing: &str, method: Method, path: &str, file: Option<&str>) -> Result<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.container))
            .header(TOKEN, self.token.0.as_str());
        let mut body = Bytes::new();
        if let Some(text) = file {
            let boundary = boundary(text);
            request =
                request.header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"));
            body = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"schema.ckdb\"\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--{boundary}--\r\n"
            )
            .into();
        }
        let request = request.body(body).map_err(|_| {
            Failure::usage("the management token cannot be sent: it has characters that no token has")
                .context(doing)
        })?;
        let response = tokio::time::timeout(Duration::from_secs(60), self.transport.send(request))
            .await
            .map_err(|_| Failure::new("no answer within a minute").context(doing))?;
        let response = response.map_err(|error| Failure::from(error).context(doing))?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let status = response.status();
        let failure = match serde_json::from_slice::<Refusal>(response.body()) {
            Ok(refusal) => {
                let Refusal { message, reason, detailed_message, request_uuid } = refusal;
                let uuid = request_uuid.map(|uuid| format!(" (request {uuid})")).unwrap_or_default();
                // The details begin with the reason, where there are any.
                Failure::new(format!("{status} {message}: {}{uuid}", detailed_message.unwrap_or(reason)))
            }
            Err(_) => Failure::new(format!("{status}, without an explanation")),
        };
        Err(match status.as_u16() {
            401 | 403 => failure.with_help(
                "The management token is wrong, a year old, or of another team. Make a new one in CloudKit Console.",
            ),
            404 => failure.with_help(
                "Check CLOUDKIT_TEAM_ID and CLOUDKIT_CONTAINER, and that the container belongs to the team.",
            ),
            _ => failure,
        }
        .context(doing))
    }
}

/// The environment as it stands in a path.
fn in_path(environment: Environment) -> String {
    environment.as_str().to_ascii_uppercase()
}

/// A boundary that the text does not contain.
fn boundary(text: &str) -> String {
    let mut boundary = "cloudkit-schema".to_owned();
    while text.contains(&boundary) {
        boundary.push('-');
    }
    boundary
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_holds_its_boundary() {
        for text in ["", "DEFINE SCHEMA", "-- cloudkit-schema-- and cloudkit-schema-"] {
            assert!(!text.contains(&boundary(text)), "{text}");
        }
    }

    #[test]
    fn the_token_is_not_shown() {
        let config = Config::from_vars(|name| {
            Some(match name {
                "CLOUDKIT_CONTAINER" => "iCloud.com.example.News".to_owned(),
                "CLOUDKIT_TEAM_ID" => "TEAM123456".to_owned(),
                "CLOUDKIT_MANAGEMENT_TOKEN" => "secret-token".to_owned(),
                _ => return None,
            })
        });
        let management = Management::from_config(&config).expect("complete");
        let shown = format!("{management:?}");
        assert!(shown.contains("TEAM123456") && !shown.contains("secret-token"), "{shown}");
    }
}
