//! The file of a multipart form.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::HeaderMap;

use super::error::Refusal;

/// Reads the one part of a form, which is named `file`, as text.
pub(super) fn file(headers: &HeaderMap, body: &Bytes) -> Result<String, Refusal> {
    let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type
        .and_then(|content_type| multer::parse_boundary(content_type).ok())
        .ok_or_else(|| Refusal::bad_request("the body must be multipart/form-data, with a boundary"))?;
    let stream = stream::iter([Ok::<_, Infallible>(body.clone())]);
    let mut form = multer::Multipart::new(stream, boundary);
    let read = async {
        let mut bytes = None;
        while let Some(field) = form.next_field().await.map_err(broken)? {
            if field.name() != Some("file") {
                let name: String = field.name().unwrap_or_default().chars().take(40).collect();
                let reason = format!("the form has a part '{name}'; it should have `file` only");
                return Err(Refusal::bad_request(reason));
            }
            if bytes.is_some() {
                return Err(Refusal::bad_request("the form has two parts named `file`"));
            }
            bytes = Some(field.bytes().await.map_err(broken)?);
        }
        bytes.ok_or_else(|| Refusal::bad_request("the form has no part named `file`"))
    };
    // The whole body is here, so there is nothing to wait for.
    let bytes = read.now_or_never().unwrap_or_else(|| Err(broken(multer::Error::IncompleteStream)))?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::bad_request(format!("the file is not UTF-8 from byte {at} on"))
    })
}

fn broken(error: multer::Error) -> Refusal {
    Refusal::bad_request(format!("the form is broken: {error}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

    fn read(body: &str) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        headers.insert("content-type", HeaderValue::from_str(&content_type).expect("ASCII"));
        file(&headers, &Bytes::from(body.to_owned()))
    }

    fn part(name: &str, rest: &str, content: &str) -> String {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{content}\r\n")
    }

    #[test]
    fn the_content_type_of_the_part_is_in_quotes_and_no_line_ends_after_the_closing_boundary() {
        for content_type in ["\"\"", "\"text/plain\"", "text/plain"] {
            let rest = format!("; filename=\"schema.ckdb\"\r\nContent-Type: {content_type}");
            let body = format!("{}--{BOUNDARY}--", part("file", &rest, "DEFINE SCHEMA\n"));
            assert_eq!(read(&body).ok().as_deref(), Some("DEFINE SCHEMA\n"), "{content_type}");
        }
    }

    #[test]
    fn file_names_may_be_anything_and_files_may_be_empty() {
        for file_name in ["unknown", "a\"b.ckdb", "schéma.ckdb", ""] {
            let body = format!("{}--{BOUNDARY}--", part("file", &format!("; filename=\"{file_name}\""), ""));
            assert_eq!(read(&body).ok().as_deref(), Some(""), "{file_name}");
        }
    }

    #[test]
    fn forms_that_are_not_one_file_are_refused_with_the_reason() {
        let end = format!("--{BOUNDARY}--\r\n");
        let file = part("file", "; filename=\"f\"", "x");
        for (body, reason) in [
            (format!("{}{end}", part("schema", "", "x")), "part 'schema'"),
            (format!("{file}{file}{end}"), "two parts"),
            (end.clone(), "no part named `file`"),
            (file.clone(), "broken"),
            (String::new(), "broken"),
        ] {
            let refusal = read(&body).expect_err(&body);
            assert!(refusal.status == 400 && refusal.reason.contains(reason), "{refusal:?} for {body}");
        }
        assert!(super::file(&HeaderMap::new(), &Bytes::new()).is_err());
    }
}
