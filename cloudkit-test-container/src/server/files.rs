//! The addresses at which files are uploaded and fetched. They are no part of the API: they need no credentials, and
//! refuse in plain HTTP.

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::{HeaderMap, HeaderValue, header};

use super::{Reply, Request, State, in_place};
use crate::api::issue_receipt;
use crate::assets::{BadAddress, DOWNLOAD_PREFIX, UPLOAD_PATH, file_at, file_checksum, reference_checksum};
use crate::facts;
use crate::faults::Fault;
use crate::store::StoreError;
use crate::value::{Asset, write_asset};

/// What rules of faults call uploads.
pub(super) const UPLOAD: &str = "files/upload";

/// What rules of faults call downloads.
pub(super) const DOWNLOAD: &str = "files/download";

/// The name by which rules know a transfer; `None` if the request is none.
pub(super) fn name_of(request: &Request) -> Option<&'static str> {
    match request.method.as_str() {
        "POST" => is_upload(&request.target).then_some(UPLOAD),
        "GET" => request.target.starts_with(DOWNLOAD_PREFIX).then_some(DOWNLOAD),
        _ => None,
    }
}

/// Whether a target is the address of an upload.
pub(super) fn is_upload(target: &str) -> bool {
    target.split_once('?').is_some_and(|(path, _)| path == UPLOAD_PATH)
}

/// Whether a target is one of the addresses.
pub(super) fn serves(target: &str) -> bool {
    is_upload(target) || target.starts_with(DOWNLOAD_PREFIX)
}

/// Answers a request to one of the addresses.
pub(super) fn respond(state: &State, request: &Request, fault: Option<&Fault>) -> Reply {
    let (answer, method) = if is_upload(&request.target) {
        (upload as fn(&State, &Request, bool) -> Result<Reply, Refusal>, "POST")
    } else {
        (download as _, "GET")
    };
    if request.method != method {
        let mut reply = plain(405, "method not allowed");
        reply.headers.insert(header::ALLOW, HeaderValue::from_static(method));
        return reply;
    }
    match in_place(fault) {
        Ok(Some(planned)) => return planned,
        Ok(None) => {}
        Err(error) => {
            let mut reply = plain(error.http_status(), &error.reason);
            if let Some(seconds) = error.retry_after_seconds() {
                reply.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            return reply;
        }
    }
    let expired = fault == Some(&Fault::ExpiredToken);
    answer(state, request, expired).unwrap_or_else(|refusal| plain(refusal.status, &refusal.reason))
}

/// Why a file cannot be uploaded or fetched.
struct Refusal {
    status: u16,
    reason: String,
}

impl Refusal {
    fn new(status: u16, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(500, "the store of the test container failed")
    }
}

/// Takes a file. An address that has `expired` is of no use ever after.
fn upload(state: &State, request: &Request, expired: bool) -> Result<Reply, Refusal> {
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let token = query.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
    let now = state.clock().now_ms();
    if expired {
        state.store().expire_upload_url(token, now)?;
    }
    let Some((database, place, expires_at)) = state.store().upload_url(token)? else {
        return Err(Refusal::new(404, "no such upload; ask assets/upload for an address"));
    };
    if expires_at <= now {
        return Err(Refusal::new(facts::EXPIRED_UPLOAD_URL.value, "the time for this upload is over"));
    }
    let limit = state.settings().asset_limit;
    let too_large = || Refusal::new(413, format!("the file exceeds the limit of {limit} bytes"));
    let body = request.body.clone().ok_or_else(too_large)?;
    let file = match boundary(&request.headers) {
        Some(boundary) => file_in_form(body, &boundary)
            .map_err(|error| Refusal::new(400, format!("the form cannot be read: {error}")))?,
        None => body,
    };
    if file.len() > limit {
        return Err(too_large());
    }
    let checksum = file_checksum(&file);
    let asset = Asset {
        size: i64::try_from(file.len()).unwrap_or(i64::MAX),
        reference_checksum: Some(reference_checksum(place.zone, &checksum)),
        wrapping_key: Some(state.wrapping_key()),
        file_checksum: checksum,
        receipt: None,
    };
    let receipt = state.store().transaction(|store| {
        store.forget_old_uploads(now)?;
        store.add_blob(&asset.file_checksum, &file)?;
        issue_receipt(state, store, database, Some(place), asset)
    })?;
    let mut body = String::from("{\"singleFile\":");
    write_asset(&mut body, &receipt.asset, None);
    body.push('}');
    Ok(Reply::new(200, HeaderMap::new(), body))
}

/// Gives a file. An address that has `expired` is refused this once: a record that is read again while the clock stands
/// gives the same address.
fn download(state: &State, request: &Request, expired: bool) -> Result<Reply, Refusal> {
    let rest = request.target.strip_prefix(DOWNLOAD_PREFIX).unwrap_or_default();
    let now = if expired { i64::MAX } else { state.clock().now_ms() };
    let checksum = file_at(rest, state.download_key(), now).map_err(|bad| match bad {
        BadAddress::Unknown => Refusal::new(403, "not an address of this server"),
        BadAddress::NoFileName => {
            Refusal::new(facts::UNFILLED_FILE_NAME.value, "put a file name in the place of ${f}")
        }
        BadAddress::Expired => Refusal::new(410, "the time of this address is over; read the record again"),
    })?;
    let Some(data) = state.store().blob(&checksum)? else {
        return Err(Refusal::new(404, "no record holds this file any more"));
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(Reply::new(200, headers, data))
}

/// The boundary between the parts of a form; `None` if the body is the file itself.
fn boundary(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(content_type).ok()
}

/// The first file of a form, or else its first part.
fn file_in_form(body: Bytes, boundary: &str) -> Result<Bytes, multer::Error> {
    let parts = async {
        let body = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
        let mut form = multer::Multipart::new(body, boundary);
        let mut first = None;
        while let Some(part) = form.next_field().await? {
            let is_file = part.file_name().is_some() || part.name() == Some("files");
            let data = part.bytes().await?;
            if is_file {
                return Ok(data);
            }
            first.get_or_insert(data);
        }
        first.ok_or(multer::Error::IncompleteStream)
    };
    // The whole body is here, so there is nothing to wait for.
    parts.now_or_never().unwrap_or(Err(multer::Error::IncompleteStream))
}

fn plain(status: u16, reason: &str) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Reply::new(status, headers, format!("{reason}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
        --b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\x01\r\n--\x02\r\n--b--\r\n";

    #[test]
    fn the_file_of_a_form_is_found_behind_other_parts() {
        let file = file_in_form(Bytes::from_static(FORM.as_bytes()), "b").expect("a form");
        assert_eq!(file.as_ref(), b"\x01\r\n--\x02");
    }

    #[test]
    fn half_a_form_is_refused() {
        for length in [0, 3, 50, FORM.len() - 20] {
            assert!(file_in_form(Bytes::from_static(&FORM.as_bytes()[..length]), "b").is_err(), "{length}");
        }
        assert!(file_in_form(Bytes::from_static(b"--b--\r\n"), "b").is_err());
    }
}
