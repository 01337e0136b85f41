//! What to do next: a text for the errors that have a way out.

use std::borrow::Cow;

use crate::Environment;
use crate::error::{Error, ServerError};
use crate::{ServerErrorCode, transport::TransportErrorKind};

pub(crate) fn for_error(error: &Error) -> Option<Cow<'static, str>> {
    match error {
        Error::Server { source, .. } => for_server_error(source),
        Error::Transport { source, .. } => Some(Cow::Borrowed(match source.kind() {
            TransportErrorKind::NotSent => {
                "the request did not leave this machine: check the network, the proxy and CLOUDKIT_URL"
            }
            _ => "the request may have been carried out: look the records up before sending other changes",
        })),
        Error::Decode { source, .. } if source.reason.contains("in CloudKit") => Some(Cow::Borrowed(
            "change the field's type in the struct, or read the record with `dynamic()` to see what it holds",
        )),
        _ => None,
    }
}

pub(crate) fn for_server_error(error: &ServerError) -> Option<Cow<'static, str>> {
    let reason = error.reason.as_deref().unwrap_or_default();
    Some(match &error.code {
        ServerErrorCode::AuthenticationFailed => authentication_failed(error),
        ServerErrorCode::AuthenticationRequired => Cow::Borrowed(
            "a user has to sign in: open `redirect_url` in a browser, and use the web auth token that it ends with",
        ),
        ServerErrorCode::AccessDenied if reason.ends_with("operation not permitted") => Cow::Owned(format!(
            "the schema does not allow it: add `GRANT {} TO \"_icloud\"` to the record type and deploy the schema",
            reason.split(' ').next().unwrap_or("WRITE")
        )),
        ServerErrorCode::Throttled => Cow::Borrowed(
            "too many requests for now; the library waits as long as CloudKit says and then tries again",
        ),
        ServerErrorCode::Conflict | ServerErrorCode::Exists => Cow::Borrowed(
            "look the record up, apply the change to what it holds now, and save it with its new change tag",
        ),
        ServerErrorCode::ZoneNotFound => Cow::Borrowed("create the zone first"),
        ServerErrorCode::NotFound if reason.contains("record_type") => Cow::Borrowed(
            "web services never create record types: import the schema, and deploy it to production if you use that",
        ),
        ServerErrorCode::BadRequest => return missing_index(reason),
        _ => return None,
    })
}

/// Who asked what, as far as it bears on a refusal of the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) container: String,
    pub(crate) environment: Environment,
    pub(crate) operation: &'static str,
    pub(crate) credentials: AskedWith,
}

/// What the call was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AskedWith {
    /// A server-to-server key.
    Key {
        /// How many keys were tried.
        tried: usize,
        /// Whether one of them is configured for the other environment too, under the same ID.
        in_both_environments: bool,
    },
    /// An API token, and perhaps a user's web auth token.
    Token {
        /// Whether there was a web auth token.
        user: bool,
    },
}

fn authentication_failed(error: &ServerError) -> Cow<'static, str> {
    let skew = match error.clock_skew_seconds {
        Some(seconds) if seconds.abs() > 60 => format!(
            "the clock of this machine differs from CloudKit's by {seconds} s; the date was corrected and the request \
             signed again, so this alone is not the cause\n"
        ),
        _ => String::new(),
    };
    let Some(asked) = error.asked.as_deref() else {
        return Cow::Owned(format!("{skew}{}", refused_key("this container", "the environment", &[])));
    };
    let Asked { container, environment, operation, credentials } = asked;
    Cow::Owned(match credentials {
        AskedWith::Key { tried, in_both_environments } => {
            let mut first = Vec::new();
            if *in_both_environments {
                first.push(
                    "one key ID is configured for both environments: each gives a key an ID of its own"
                        .to_owned(),
                );
            }
            if operation.starts_with("users/") && *operation != "users/caller" {
                first.push(format!("{operation} may need a user who is signed in, and no key"));
            }
            let all = if *tried > 1 { format!("all {tried} keys were refused\n") } else { String::new() };
            format!("{skew}{all}{}", refused_key(container, environment.as_str(), &first))
        }
        AskedWith::Token { user } => {
            let web = if *user {
                "\n- the web auth token was made through another API token, or for the other environment"
            } else {
                ""
            };
            format!(
                "the API token was refused for {container} in {environment}; the usual causes are, most likely first:\n\
                 - the API token belongs to the other environment or to another container: compare it with CloudKit \
                 Console, Tokens & Keys{web}\n\
                 - the API token was deleted, or allows other origins only\n\
                 `cloudkit doctor` tries these one by one"
            )
        }
    })
}

/// The usual causes, after those that this configuration suggests.
fn refused_key(container: &str, environment: &str, first: &[String]) -> String {
    let suggested: String = first.iter().map(|cause| format!("- {cause}\n")).collect();
    format!(
        "CloudKit never says which part it refused. The message is signed in the right form, so the usual causes are, \
         most likely first:\n\
         {suggested}\
         - the key is not registered in {environment} but registered in the other environment: keys belong to one of \
         development and production\n\
         - the key ID and the private key are not a pair: compare the public key with the one in CloudKit Console\n\
         - the container ID {container} is not the one that the key is registered in, or is misspelt\n\
         - the key was revoked, or registered a moment ago\n\
         `cloudkit doctor` tries these one by one; `cloudkit explain` finds the mistake in a request of any other program"
    )
}

/// CloudKit's words for a missing index, turned round into the line to write.
fn missing_index(reason: &str) -> Option<Cow<'static, str>> {
    let words = [("queryable", "QUERYABLE"), ("sortable", "SORTABLE"), ("searchable", "SEARCHABLE")];
    let (word, index) =
        words.into_iter().find(|(word, _)| reason.ends_with(&format!("is not marked {word}")))?;
    let field = reason.strip_prefix("Field '")?.split('\'').next()?;
    let line = match field {
        "recordName" => "\"___recordID\" REFERENCE".to_owned(),
        field => format!("{field} …"),
    };
    Some(Cow::Owned(format!(
        "the schema has no such index: add {index} to the line `{line} {index}` of the record type, import it and \
         deploy it; with `#[ck({word})]` on the field the compiler checks it"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(credentials: AskedWith, operation: &'static str, skew: Option<i64>) -> String {
        let mut error = ServerError::new(ServerErrorCode::AuthenticationFailed);
        error.clock_skew_seconds = skew;
        error.asked = Some(Box::new(Asked {
            container: "iCloud.com.example.News".to_owned(),
            environment: Environment::Production,
            operation,
            credentials,
        }));
        error.help().map(Cow::into_owned).unwrap_or_default()
    }

    #[test]
    fn a_401_is_helped_by_what_the_configuration_suggests() {
        let key = |tried, in_both_environments| AskedWith::Key { tried, in_both_environments };
        let plain = refused(key(1, false), "records/query", None);
        assert!(plain.contains("\n- the key is not registered in production but"), "{plain}");
        assert!(plain.contains("iCloud.com.example.News") && plain.contains("`cloudkit doctor`"), "{plain}");
        assert!(plain.contains("`cloudkit explain`") && !plain.contains("clock"), "{plain}");

        let doubtful = refused(key(2, true), "users/discover", Some(-4000));
        for part in [
            "differs from CloudKit's by -4000 s; the date was corrected",
            "all 2 keys were refused",
            "- one key ID is configured for both environments",
            "- users/discover may need a user",
        ] {
            assert!(doubtful.contains(part), "no {part:?} in {doubtful}");
        }
        assert!(!refused(key(1, false), "records/query", Some(20)).contains("clock"), "20 s are no matter");

        let token = refused(AskedWith::Token { user: true }, "records/query", None);
        assert!(
            token.contains("API token was refused") && token.contains("web auth token was made"),
            "{token}"
        );
        assert!(!refused(AskedWith::Token { user: false }, "records/query", None).contains("web auth token"));
    }
}
