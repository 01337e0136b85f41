//! What tells assets apart, and the addresses at which their bytes can be brought and fetched.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Where files are uploaded to, with the token of an upload behind it.
pub(crate) const UPLOAD_PATH: &str = "/assets/upload";

/// Where files are fetched from; a name for the file and a proof that it may be fetched follow.
pub(crate) const DOWNLOAD_PREFIX: &str = "/assets/download/";

/// What stands in a download address where whoever fetches the file puts a name of their choice.
pub(crate) const FILE_NAME: &str = "${f}";

/// The server's own digest of a file: equal for equal bytes, and nothing that a client can compute by a known rule.
pub(crate) fn file_checksum(data: &[u8]) -> String {
    digest(1, &[b"file", data])
}

/// A digest of the file and of the zone in which it was uploaded.
pub(crate) fn reference_checksum(zone: i64, file_checksum: &str) -> String {
    digest(4, &[b"reference", &zone.to_be_bytes(), file_checksum.as_bytes()])
}

/// One byte for the kind and twenty of the digest, as CloudKit's checksums have them.
fn digest(kind: u8, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&hash.finalize()[..20]);
    BASE64.encode(bytes)
}

/// Makes addresses that open a file for a while to whoever has them.
#[derive(Clone)]
pub(crate) struct DownloadLinks {
    /// The address of the server.
    pub(crate) server: String,
    pub(crate) key: [u8; 32],
    /// In milliseconds since 1970.
    pub(crate) expires_at: i64,
}

impl DownloadLinks {
    /// The address of a file, with [`FILE_NAME`] where a name belongs.
    pub(crate) fn address(&self, file_checksum: &str) -> String {
        let Self { server, key, expires_at } = self;
        let file = URL_SAFE_NO_PAD.encode(file_checksum);
        let proof = URL_SAFE_NO_PAD.encode(proof(key, file_checksum, *expires_at).finalize().into_bytes());
        format!("{server}{DOWNLOAD_PREFIX}{file}/{FILE_NAME}?e={expires_at}&token={proof}")
    }
}

impl fmt::Debug for DownloadLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, key: _, expires_at } = self;
        f.debug_struct("DownloadLinks")
            .field("server", server)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

/// Why an address opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadAddress {
    /// It is not one that the server made.
    Unknown,
    /// The place of the file name was not filled in.
    NoFileName,
    /// Its time is over.
    Expired,
}

/// The checksum of the file that an address opens. The target begins after [`DOWNLOAD_PREFIX`].
pub(crate) fn file_at(target: &str, key: &[u8; 32], now: i64) -> Result<String, BadAddress> {
    let (path, query) = target.split_once('?').ok_or(BadAddress::Unknown)?;
    let (file, name) = path.split_once('/').ok_or(BadAddress::Unknown)?;
    let value = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(given, _)| *given == name)
    };
    let (_, expires_at) = value("e").ok_or(BadAddress::Unknown)?;
    let (_, given) = value("token").ok_or(BadAddress::Unknown)?;
    let checksum = URL_SAFE_NO_PAD.decode(file).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let checksum = checksum.ok_or(BadAddress::Unknown)?;
    let expires_at: i64 = expires_at.parse().map_err(|_| BadAddress::Unknown)?;
    let given = URL_SAFE_NO_PAD.decode(given).map_err(|_| BadAddress::Unknown)?;
    proof(key, &checksum, expires_at).verify_slice(&given).map_err(|_| BadAddress::Unknown)?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    if name.is_empty() || name == FILE_NAME {
        return Err(BadAddress::NoFileName);
    }
    if expires_at <= now {
        return Err(BadAddress::Expired);
    }
    Ok(checksum)
}

fn proof(key: &[u8; 32], file_checksum: &str, expires_at: i64) -> Hmac<Sha256> {
    let mut proof = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    proof.update(&expires_at.to_be_bytes());
    proof.update(file_checksum.as_bytes());
    proof
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn target(expires_at: i64) -> String {
        let links = DownloadLinks { server: "http://s".to_owned(), key: KEY, expires_at };
        let address = links.address("AY+/==").replace(FILE_NAME, "photo.jpg");
        address.strip_prefix("http://s/assets/download/").expect("the prefix").to_owned()
    }

    #[test]
    fn an_address_opens_its_file_until_it_expires() {
        assert_eq!(file_at(&target(2000), &KEY, 1999), Ok("AY+/==".to_owned()));
        assert_eq!(file_at(&target(2000), &KEY, 2000), Err(BadAddress::Expired));
        assert_eq!(file_at(&target(2000), &[8; 32], 0), Err(BadAddress::Unknown));
        let longer = target(2000).replace("e=2000", "e=2001");
        assert_eq!(file_at(&longer, &KEY, 0), Err(BadAddress::Unknown));
    }

    #[test]
    fn an_address_needs_a_file_name() {
        for unnamed in ["${f}", "$%7Bf%7D", "%24%7Bf%7D", ""] {
            let target = target(2000).replace("photo.jpg", unnamed);
            assert_eq!(file_at(&target, &KEY, 0), Err(BadAddress::NoFileName), "{unnamed}");
        }
    }

    #[test]
    fn checksums_depend_on_the_bytes_alone() {
        assert_eq!(file_checksum(b"a"), file_checksum(b"a"));
        assert_ne!(file_checksum(b"a"), file_checksum(b"b"));
        assert_eq!(BASE64.decode(file_checksum(b"a")).map(|bytes| bytes.len()), Ok(21));
        assert_ne!(reference_checksum(1, "c"), reference_checksum(2, "c"));
    }

    #[test]
    fn the_key_is_not_shown() {
        let links = DownloadLinks { server: String::new(), key: KEY, expires_at: 0 };
        assert!(!format!("{links:?}").contains("7, 7"));
    }
}
