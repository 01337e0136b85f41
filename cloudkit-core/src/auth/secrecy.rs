//! Searches everything that can be printed for the secrets it was made of.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

const NUMBER: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const TOKEN: &str = "5ec2e7a5b1d04c3f8e6a92d7bb5f1c0e4a7d3968c2f5b10e9d8a7c6b5f4e3d2c";
const USER_TOKEN: &str = "31__54__AaBbCcSeCrEt+tOkEn/OfAuser==";
const PASS_PHRASE: &str = "battery-staple";

/// Every spelling of the secrets that could leak, in pieces short enough to find a part of one.
fn needles() -> Vec<String> {
    let number: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&NUMBER[2 * at..2 * at + 2], 16).expect("hex")).collect();
    let key = PrivateKey::from_scalar(NUMBER).expect("a key");
    let mut whole = vec![
        NUMBER.to_owned(),
        NUMBER.to_uppercase(),
        STANDARD.encode(&number),
        URL_SAFE_NO_PAD.encode(&number),
        format!("{number:?}"),
        TOKEN.to_owned(),
        USER_TOKEN.to_owned(),
        PASS_PHRASE.to_owned(),
    ];
    for pem in [key.to_sec1_pem(), key.to_pkcs8_pem()] {
        // The rows that hold the number; the last hold the public key, which is none.
        whole.extend(pem.lines().skip(1).take(2).map(|row| row[..row.len().min(60)].to_owned()));
        whole.push(pem.as_bytes().iter().take(80).fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string");
            hex
        }));
    }
    // Past the first characters, which all keys have in common.
    whole.iter().map(|text| text.chars().skip(text.len() / 3).take(10).collect()).collect()
}

#[track_caller]
fn check(printed: &str) {
    for needle in needles() {
        assert!(!printed.contains(&needle), "{needle:?} is in {printed}");
    }
    assert!(!printed.is_empty());
}

#[track_caller]
fn check_debug(value: &impl Debug) {
    check(&format!("{value:?} {value:#?}"));
}

#[track_caller]
fn check_error(error: &dyn Error) {
    let mut printed = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        write!(printed, " {error} {error:?}").expect("a string");
        source = error.source();
    }
    check(&printed);
}

#[test]
fn the_search_finds_a_secret() {
    let key = PrivateKey::from_scalar(NUMBER).expect("a key");
    for printed in [key.to_sec1_pem().to_string(), NUMBER.to_owned(), USER_TOKEN.to_owned()] {
        assert!(needles().iter().any(|needle| printed.contains(needle)), "{printed}");
    }
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let key = PrivateKey::from_scalar(NUMBER).expect("a key");
    let key_id = KeyId::new("ab".repeat(32)).expect("a key ID");
    let message = CanonicalMessage::new(RequestDate::MIN, b"{}", "/database/1/x");
    let signature = key.sign_bytes(message.to_string().as_bytes()).expect("a signature");
    let headers = SignedHeaders { key_id: key_id.clone(), date: message.date, signature };
    let server_key = ServerKey::new(key_id, key.clone());

    check_debug(&key);
    check_debug(&server_key);
    check_debug(&ServerKeys::from(server_key.clone()));
    check_debug(&(Arc::new(key) as Arc<dyn Signer>));

    let start_of_signature = &signature.to_base64()[..20];
    let mut map = http::HeaderMap::new();
    headers.insert_into(&mut map);
    let printed = format!("{signature:?} {headers:?} {map:?}");
    assert!(!printed.contains(start_of_signature), "{printed}");

    let api_token = ApiToken::new(TOKEN).expect("a token");
    let web_auth_token = WebAuthToken::new(USER_TOKEN).expect("a token");
    let query = TokenQuery { api_token: &api_token, web_auth_token: Some(&web_auth_token) };
    check_debug(&api_token);
    check_debug(&web_auth_token);
    check_debug(&query);
    check(&query.to_string());
    check_debug(&WebAuthTokenStore::new(web_auth_token.clone()).on_rotation(|_| {}));
}

#[test]
fn no_error_holds_what_it_complains_about() {
    let key = PrivateKey::from_scalar(NUMBER).expect("a key");
    let (sec1, pkcs8) = (key.to_sec1_pem(), key.to_pkcs8_pem());
    let row = sec1.lines().nth(1).expect("a row");
    let mut texts = vec![
        NUMBER.to_owned(),
        NUMBER.to_uppercase(),
        format!("{NUMBER}00"),
        format!("{NUMBER} \n"),
        STANDARD.encode(NUMBER),
        sec1.replace('\n', "*"),
        sec1.replace(row, &row[1..]),
        sec1.replace("-----BEGIN EC PRIVATE KEY-----", &format!("-----BEGIN {row}")),
        format!("-----BEGIN {row}-----\n{row}\n-----END {row}-----"),
        format!("{{\"key\":\"{row}\"}}"),
        format!("-----BEGIN PRIVATE KEY----- {TOKEN} {USER_TOKEN} -----END"),
        row.to_owned(),
        TOKEN.to_uppercase(),
        format!("\"{TOKEN}\""),
        format!(" {USER_TOKEN}"),
        USER_TOKEN.replace('+', "%2B"),
        format!("./{PASS_PHRASE}.pem"),
    ];
    texts.extend((1..sec1.len()).step_by(7).map(|length| sec1[..length].to_owned()));
    texts.extend((1..pkcs8.len()).step_by(7).map(|length| pkcs8[..length].to_owned()));
    for text in &texts {
        let errors: [Option<CredentialsError>; 7] = [
            PrivateKey::from_pem(text).err().map(Into::into),
            PrivateKey::from_bytes_with_passphrase(text.as_bytes(), PASS_PHRASE).err().map(Into::into),
            PrivateKey::from_scalar(text).err().map(Into::into),
            PublicKey::from_pem(text).err().map(Into::into),
            KeyId::new(text.as_str()).err().map(Into::into),
            ApiToken::new(text.as_str()).err().map(Into::into),
            WebAuthToken::new(text.as_str()).err().map(Into::into),
        ];
        for error in errors.iter().flatten() {
            check_error(error);
        }
        if let Err(error) = Signature::from_base64(text) {
            check_error(&error);
        }
        if let Err(error) = Signature::from_raw(text.as_bytes()) {
            check_error(&error);
        }
    }
}

#[test]
fn a_wrong_pass_phrase_is_not_printed() {
    let encrypted = include_str!("../../../tests/fixtures/keys/good/encrypted_aes256.pem");
    check_error(
        &PrivateKey::from_pem_with_passphrase(encrypted, PASS_PHRASE).expect_err("another pass phrase"),
    );
}
