//! What a container says when it accepts requests.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cloudkit_test_container::TestContainer;
use serde::Serialize;

/// Everything that it takes to use the container. It is there to be handed on, secrets included: they open nothing else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ready {
    url: String,
    container: String,
    key_id: String,
    /// Not there when the key was made elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_file: Option<PathBuf>,
    /// What programs have to trust, where the container serves HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
    api_token: String,
    management_token: String,
    team_id: String,
    users: Vec<User>,
    console: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    name: String,
    record_name: String,
    web_auth_token: String,
}

impl Ready {
    pub(super) fn of(
        container: &TestContainer,
        key_id: String,
        private_key_file: Option<PathBuf>,
        ca_file: Option<PathBuf>,
    ) -> Self {
        let users = container.users().iter().map(|user| User {
            name: user.name.clone(),
            record_name: user.record_name.clone(),
            web_auth_token: user.web_auth_token.clone(),
        });
        Self {
            url: container.url().to_owned(),
            container: container.container_id().to_owned(),
            key_id,
            private_key_file,
            ca_file,
            api_token: container.api_token(),
            management_token: container.management_token().to_owned(),
            team_id: container.team_id().to_owned(),
            users: users.collect(),
            console: format!("{}/console", container.url()),
        }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("CLOUDKIT_URL", self.url.clone()),
            ("CLOUDKIT_CONTAINER", self.container.clone()),
            ("CLOUDKIT_ENVIRONMENT", "development".to_owned()),
            ("CLOUDKIT_KEY_ID", self.key_id.clone()),
        ];
        if let Some(file) = &self.private_key_file {
            variables.push(("CLOUDKIT_PRIVATE_KEY_FILE", file.display().to_string()));
        }
        variables.push(("CLOUDKIT_API_TOKEN", self.api_token.clone()));
        variables.push(("CLOUDKIT_MANAGEMENT_TOKEN", self.management_token.clone()));
        variables.push(("CLOUDKIT_TEAM_ID", self.team_id.clone()));
        variables
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The container {} accepts requests at {}\n", self.container, self.url)?;
        for (name, value) in self.variables() {
            writeln!(f, "export {name}={}", quoted(&value))?;
        }
        if let Some(file) = &self.ca_file {
            let file = quoted(&file.display().to_string());
            writeln!(f, "\n# Node.js trusts the container beside the others that it trusts")?;
            writeln!(f, "export NODE_EXTRA_CA_CERTS={file}")?;
            writeln!(
                f,
                "# and these programs the container alone: curl, OpenSSL, Python, Go, Ruby and cloudkit; Requests"
            )?;
            writeln!(f, "# export SSL_CERT_FILE={file}")?;
            writeln!(f, "# export REQUESTS_CA_BUNDLE={file}")?;
        }
        for user in &self.users {
            writeln!(f, "\n# {}, whose user record is {}", user.name, user.record_name)?;
            writeln!(f, "export CLOUDKIT_WEB_AUTH_TOKEN={}", quoted(&user.web_auth_token))?;
        }
        writeln!(f, "\nWhat it is asked and what it holds: {}", self.console)?;
        writeln!(f, "It stops with Ctrl-C.")
    }
}

/// The value as a shell reads it.
fn quoted(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:+=@%,".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("'");
    for c in value.chars() {
        if c == '\'' {
            quoted.push_str("'\\''");
        } else {
            let _ = quoted.write_char(c);
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(quoted("http://127.0.0.1:1/a+b=="), "http://127.0.0.1:1/a+b==");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
