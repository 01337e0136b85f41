use std::fmt;
use std::str::FromStr;

/// Which of a container's two environments a call goes to. They share nothing: neither schema, nor records, nor keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Where the schema can be changed.
    Development,
    /// Where the schema is what was last deployed.
    Production,
}

impl Environment {
    /// The spelling in a request's path. CloudKit takes it in lower case only.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of an environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an environment of CloudKit: it is `development` or `production`, in lower case")]
pub struct ParseEnvironmentError(String);

impl FromStr for Environment {
    type Err = ParseEnvironmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            other => Err(ParseEnvironmentError(other.chars().take(80).collect())),
        }
    }
}
