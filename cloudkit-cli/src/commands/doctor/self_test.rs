//! Whether signing works on this machine: vectors that OpenSSL has verified, and the user's own key.

use cloudkit_core::auth::{CanonicalMessage, PrivateKey, RequestDate, Signature};
use cloudkit_core::explain::CauseCode;

use super::check::{Check, Status};

/// The sample key of RFC 6979, appendix A.2.5, which is in every book.
const KEY: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const DATE: i64 = 1_453_760_143;
const BODY: &[u8] = br#"{"query":{"recordType":"Account"},"resultsLimit":1}"#;
const PATH: &str = "/database/1/iCloud.com.example.Ledger/development/public/records/query";
const MESSAGE: &str = "2016-01-25T22:15:43Z:z2gcuU5nH6gv2SiwCar6o5Buzb/tNSk1Fa1QfKHFTqU=:\
                       /database/1/iCloud.com.example.Ledger/development/public/records/query";
const SIGNATURE: &str =
    "MEUCIDOubTqfYJdMTy56oiitfK8e6tGT119InVfFUD231WeXAiEA8WSQy57QMDIIsXJvzbkwKEQFwdFOBhUNmZP9TcGLtf8=";

/// Signs and verifies.
pub(super) fn run(key: Option<&PrivateKey>) -> Check {
    let code = CauseCode::SignerPlatformFault;
    match vectors().and_then(|()| key.map_or(Ok(()), round_trip)) {
        Ok(()) => {
            let own = if key.is_some() { ", and the private key signs" } else { "" };
            Check::cause(
                code,
                Status::Ok,
                format!("the published vectors are signed and verified as they should be{own}"),
            )
        }
        Err(what) => Check::cause(code, Status::Failed, format!("the self-test failed: {what}")),
    }
}

fn vectors() -> Result<(), &'static str> {
    let key = PrivateKey::from_scalar(KEY).map_err(|_| "the sample key cannot be read")?;
    let date = RequestDate::from_unix_seconds(DATE).map_err(|_| "the date cannot be written")?;
    let message = CanonicalMessage::new(date, BODY, PATH).to_string();
    if message != MESSAGE {
        return Err("the text to sign is another one");
    }
    let published =
        Signature::from_base64(SIGNATURE).map_err(|_| "the published signature cannot be read")?;
    if !key.public_key().verify(message.as_bytes(), &published) {
        return Err("the published signature does not verify");
    }
    if key.public_key().verify(&message.as_bytes()[1..], &published) {
        return Err("a signature verifies for another text");
    }
    round_trip(&key)
}

fn round_trip(key: &PrivateKey) -> Result<(), &'static str> {
    let signature = key.sign_bytes(MESSAGE.as_bytes()).map_err(|_| "the key does not sign")?;
    let read =
        Signature::from_base64(&signature.to_base64()).map_err(|_| "a signature cannot be read back")?;
    match key.public_key().verify(MESSAGE.as_bytes(), &read) {
        true => Ok(()),
        false => Err("the key's own signature does not verify"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes_here() {
        let key = PrivateKey::generate().expect("random numbers");
        assert_eq!(run(Some(&key)).status, Status::Ok);
    }
}
