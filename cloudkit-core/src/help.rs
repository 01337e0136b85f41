//! What to do next: a text for the errors that have a way out.

use std::borrow::Cow;

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

fn authentication_failed(error: &ServerError) -> Cow<'static, str> {
    let skew = match error.clock_skew_seconds {
        Some(seconds) if seconds.abs() > 60 => format!(
            "the clock of this machine differs from CloudKit's by {seconds} s; the date was corrected and the request \
             signed again, so this alone is not the cause\n"
        ),
        _ => String::new(),
    };
    Cow::Owned(format!(
        "{skew}CloudKit never says which part it refused. The message is signed in the right form, so the usual causes \
         are, most likely first:\n\
         - the key is registered in the other environment: keys belong to one of development and production\n\
         - the key ID and the private key are not a pair: compare the public key with the one in CloudKit Console\n\
         - the container ID is not the one that the key is registered in, or is misspelt\n\
         - the key was revoked, or registered a moment ago"
    ))
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
