//! API tokens: what stands for a container, and not for a user, in a program that people sign in to.

use cloudkit_core::Environment;
use serde::{Deserialize, Serialize};

/// An API token, with the settings that CloudKit Console has for it.
///
/// ```
/// use cloudkit_core::Environment;
/// use cloudkit_test_container::{ApiTokenDef, TestContainer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let token = ApiTokenDef::new("a1".repeat(32), Environment::Development)
///     .allow_origin("https://app.example.com")
///     .redirect_to("https://app.example.com/signed-in");
/// let container = TestContainer::builder("iCloud.com.example.News").api_token_with(token).start().await?;
///
/// assert_eq!(container.api_token(), "a1".repeat(32));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiTokenDef {
    pub(crate) token: String,
    pub(crate) environment: Environment,
    pub(crate) settings: ApiTokenSettings,
}

/// What is set for an API token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ApiTokenSettings {
    /// The origins of the pages that may use it; any, if there is none.
    pub(crate) origins: Vec<String>,
    /// Where a browser goes with its web auth token; without it the token is posted to the window that asked.
    pub(crate) callback: Option<String>,
}

impl ApiTokenDef {
    /// A token that pages of every origin may use, and that posts web auth tokens to the window that asked to sign in.
    #[must_use]
    pub fn new(token: impl Into<String>, environment: Environment) -> Self {
        Self { token: token.into(), environment, settings: ApiTokenSettings::default() }
    }

    /// Lets pages of this origin use the token, such as `https://app.example.com`, and pages of no other that is not
    /// named like this. Programs outside of a browser send no origin and are not held to it.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.settings.origins.push(origin.into());
        self
    }

    /// Sends a browser that signed in to this address, with the web auth token in the parameter `ckWebAuthToken`.
    #[must_use]
    pub fn redirect_to(mut self, url: impl Into<String>) -> Self {
        self.settings.callback = Some(url.into());
        self
    }
}

impl ApiTokenSettings {
    pub(crate) fn allow(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed == origin)
    }
}

impl std::fmt::Debug for ApiTokenDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token: _, environment, settings } = self;
        f.debug_struct("ApiTokenDef")
            .field("token", &"..")
            .field("environment", environment)
            .field("settings", settings)
            .finish()
    }
}
