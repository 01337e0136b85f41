//! Every form of a key that people have, and every other thing that they take for one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cloudkit_core::auth::{KeyError, PrivateKey};

/// The pass phrase of all encrypted fixtures.
const PASS_PHRASE: &str = "correct-horse";

/// Of the sample key, as the protocol document and the CloudKit Console would show it.
const FINGERPRINT: &str = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4";

#[test]
fn every_form_of_the_key_is_read_and_what_was_repaired_is_told() {
    let mut told = String::new();
    for path in fixtures("good") {
        let name = name_of(&path);
        let key = PrivateKey::from_pem_file_with_passphrase(&path, PASS_PHRASE)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(key.public_key().fingerprint(), FINGERPRINT, "{name}");
        writeln!(told, "{name}").unwrap();
        for repair in key.repairs() {
            writeln!(told, "  {}: {repair}", repair.code()).unwrap();
        }
    }
    check_snapshot("repairs.txt", &told);
}

#[test]
fn every_wrong_thing_is_named() {
    let mut told = String::new();
    for path in fixtures("wrong") {
        let name = name_of(&path);
        match PrivateKey::from_pem_file(&path) {
            Ok(_) => panic!("{name} was read as a key"),
            Err(error) => writeln!(told, "{name}\n  {}: {error}", error.code()).unwrap(),
        }
    }
    check_snapshot("messages.txt", &told);
}

#[test]
fn no_two_messages_of_the_catalogue_are_the_same() {
    let mut messages: Vec<String> = [
        "AuthKey_2X9R4HXF34.p8",
        "public.pem",
        "certificate.pem",
        "certificate_request.pem",
        "encrypted.pem",
        "encrypted_old_form.pem",
        "rsa_pkcs8.pem",
        "ed25519.pem",
        "secp384r1.pem",
        "secp256k1.pem",
        "empty.pem",
        "jwt.txt",
        "key_id.txt",
        "issuer_id.txt",
        "app_store_key_id.txt",
        "json.txt",
        "cut_short.pem",
        "openssh_ed25519",
    ]
    .iter()
    .map(|name| PrivateKey::from_pem_file(directory("wrong").join(name)).unwrap_err().to_string())
    .collect();
    let all = messages.len();
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), all);
}

#[test]
fn no_message_ends_in_a_full_stop_or_starts_with_a_capital() {
    for path in fixtures("wrong") {
        let message = PrivateKey::from_pem_file(&path).unwrap_err().to_string();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!message.starts_with(|c: char| c.is_ascii_uppercase()), "{message}");
    }
}

#[test]
fn a_pass_phrase_is_needed_and_must_be_right() {
    let pem = std::fs::read_to_string(directory("good").join("encrypted_aes256.pem")).unwrap();
    assert!(matches!(PrivateKey::from_pem(&pem), Err(KeyError::Encrypted)));
    for wrong in ["", "correct-horse ", "Correct-Horse"] {
        let refused = PrivateKey::from_pem_with_passphrase(&pem, wrong);
        assert!(matches!(refused, Err(KeyError::WrongPassPhrase)), "{wrong:?}: {refused:?}");
    }
    assert!(PrivateKey::from_pem_with_passphrase(&pem, PASS_PHRASE).is_ok());
}

#[test]
fn the_bare_number_is_accepted_on_request_only() {
    for name in ["scalar_hex.txt", "scalar_base64.txt"] {
        let text = std::fs::read_to_string(directory("wrong").join(name)).unwrap();
        assert_eq!(PrivateKey::from_pem(&text).unwrap_err().code(), "bare_scalar_key");
        assert_eq!(PrivateKey::from_scalar(&text).unwrap().public_key().fingerprint(), FINGERPRINT);
    }
    assert!(matches!(PrivateKey::from_scalar("00"), Err(KeyError::NotAScalar { .. })));
    assert!(matches!(PrivateKey::from_scalar(&"0".repeat(64)), Err(KeyError::OutOfRange)));
    assert!(matches!(PrivateKey::from_scalar(&"f".repeat(64)), Err(KeyError::OutOfRange)));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = PrivateKey::from_pem_file("no/such/eckey.pem").unwrap_err();
    assert_eq!(error.to_string(), "cannot read the key file no/such/eckey.pem");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn every_cut_and_every_changed_byte_is_refused_or_gives_the_same_key() {
    for name in ["sec1.der", "pkcs8.der", "sec1.pem", "pkcs8.pem"] {
        let whole = std::fs::read(directory("good").join(name)).unwrap();
        for length in 0..whole.len() {
            if let Ok(key) = PrivateKey::from_bytes(&whole[..length]) {
                assert_eq!(key.public_key().fingerprint(), FINGERPRINT, "{name} cut to {length}");
            }
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            if let Ok(key) = PrivateKey::from_bytes(&changed) {
                assert_eq!(key.public_key().fingerprint(), FINGERPRINT, "{name} changed at {at}");
            }
        }
    }
}

fn directory(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys").join(kind)
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        std::fs::read_dir(directory(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 40, "only {} fixtures in {kind}", paths.len());
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Compares with a file beside the fixtures. `UPDATE_EXPECT=1` writes it anew.
#[track_caller]
fn check_snapshot(file: &str, actual: &str) {
    let path = directory(file);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    for (actual, expected) in actual.lines().zip(expected.lines()) {
        assert_eq!(actual, expected, "in {file}; UPDATE_EXPECT=1 accepts the new text");
    }
    assert_eq!(actual.len(), expected.len(), "in {file}; UPDATE_EXPECT=1 accepts the new text");
}
