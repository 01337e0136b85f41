use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::error::DecodeError;

/// Reads a whole answer.
///
/// The text is checked to be UTF-8 once, with SIMD, so that the parser need not check each string again. Where in the
/// JSON something did not fit is found in a second pass, because keeping track of the place costs time that answers
/// without a fault need not pay.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let text = simdutf8::compat::from_utf8(body).map_err(|error| DecodeError {
        at: ".".to_owned(),
        reason: format!("the answer is not UTF-8 text: byte {} of {}", error.valid_up_to(), body.len()),
    })?;
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(error) => Err(locate::<T>(text, &error)),
    }
}

fn locate<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> DecodeError {
    if !text.trim_start().starts_with('{') {
        let what = if text.trim_start().starts_with('<') { "HTML or XML" } else { "not a JSON object" };
        return DecodeError {
            at: ".".to_owned(),
            reason: format!("the answer is {what}, {} bytes long; is there a proxy in between?", text.len()),
        };
    }
    match serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text)) {
        Err(error) => {
            let mut reason = error.inner().to_string();
            if let Some(tag) = field_type(text, error.path()).filter(|_| !reason.contains("in CloudKit")) {
                reason = format!("{reason}; the field is {tag} in CloudKit");
            }
            DecodeError { at: error.path().to_string(), reason }
        }
        // The value was read, so the fault is behind it.
        Ok(_) => DecodeError { at: ".".to_owned(), reason: error.to_string() },
    }
}

/// The type of the field that the path leads into. CloudKit writes it behind the value, so whoever reads the value does
/// not know it yet.
fn field_type(text: &str, path: &Path) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let mut here = &json;
    for segment in path {
        here = match segment {
            Segment::Seq { index } => here.get(index)?,
            Segment::Map { key } if key == "value" && here.get("type").is_some() => {
                return here["type"].as_str().map(str::to_owned);
            }
            Segment::Map { key } => here.get(key)?,
            Segment::Enum { .. } | Segment::Unknown => return None,
        };
    }
    None
}
