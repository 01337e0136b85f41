//! `cloudkit key`.

use std::path::Path;
use std::process::Command;

use crate::support::{Cloudkit, Output, repository, temporary_directory};

const FINGERPRINT: &str = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4";

fn show(fixture: &str) -> Cloudkit {
    let file = repository("tests/fixtures/keys").join(fixture);
    Cloudkit::new(["key".as_ref(), "show".as_ref(), file.as_os_str()])
}

/// The public half of a key file, as OpenSSL sees it.
fn openssl_public_key(file: &Path) -> String {
    let output = Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(file).output();
    let output = output.expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("PEM is ASCII")
}

#[test]
fn a_new_key_is_one_that_openssl_reads() {
    let directory = temporary_directory();
    let file = directory.path().join("new.pem");
    let output = Cloudkit::new(["key".as_ref(), "new".as_ref(), "--out".as_ref(), file.as_os_str()]).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.stdout, openssl_public_key(&file));

    let text = Command::new("openssl").args(["pkey", "-noout", "-text", "-in"]).arg(&file).output();
    let text = String::from_utf8(text.expect("openssl is installed").stdout).expect("text");
    assert!(text.contains("prime256v1"), "{text}");

    let pem = std::fs::read_to_string(&file).expect("the file was written");
    assert!(pem.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
    // Nothing but the file holds the key.
    let secret = pem.lines().nth(1).expect("base64");
    assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret));
}

#[cfg(unix)]
#[test]
fn a_new_key_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = temporary_directory();
    let file = directory.path().join("new.pem");
    let output = Cloudkit::new(["key".as_ref(), "new".as_ref(), "--out".as_ref(), file.as_os_str()]).run();
    assert_eq!(output.code, Some(0));
    let mode = file.metadata().expect("the file was written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_exists_is_not_overwritten() {
    let directory = temporary_directory();
    let file = directory.path().join("old.pem");
    std::fs::write(&file, "precious").expect("a file");
    let output = Cloudkit::new(["key".as_ref(), "new".as_ref(), "--out".as_ref(), file.as_os_str()]).run();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(output.stderr.contains("exists and is not overwritten"), "{}", output.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "precious");
}

#[test]
fn a_new_key_in_json_names_its_file_and_its_public_half() {
    let directory = temporary_directory();
    let file = directory.path().join("new.pem");
    let file = file.to_str().expect("UTF-8");
    let json = Cloudkit::new(["key", "new", "--format", "json", "--out", file]).run().json();
    assert_eq!(json["privateKeyFile"], file);
    assert_eq!(json["publicKey"], openssl_public_key(Path::new(file)));
    let shown = Cloudkit::new(["key", "show", "--format", "json", file]).run().json();
    assert_eq!(json["fingerprint"], shown["fingerprint"]);
}

#[test]
fn each_form_of_a_key_shows_the_same_public_half() {
    let expected = std::fs::read_to_string(repository("tests/fixtures/keys/public.pem")).expect("a fixture");
    for (fixture, form) in [
        ("good/sec1.pem", "SEC1 (`EC PRIVATE KEY`)"),
        ("good/sec1.der", "SEC1 (`EC PRIVATE KEY`)"),
        ("good/pkcs8.der", "PKCS#8 (`PRIVATE KEY`)"),
        ("good/encrypted_scrypt.pem", "PKCS#8 with a pass phrase (`ENCRYPTED PRIVATE KEY`)"),
    ] {
        let output = show(fixture).env("CLOUDKIT_PRIVATE_KEY_PASSPHRASE", "correct-horse").run();
        assert_eq!((output.code, &output.stdout), (Some(0), &expected), "{fixture}");
        assert!(output.stderr.contains(form), "{fixture}: {}", output.stderr);
        assert!(output.stderr.contains(FINGERPRINT), "{fixture}: {}", output.stderr);
    }
}

#[test]
fn what_was_repaired_is_told() {
    let output = show("good/escaped_newlines.pem").run();
    assert!(output.stderr.contains("the two characters `\\n`"), "{}", output.stderr);
    let file = repository("tests/fixtures/keys/good/sec1_under_pkcs8_label.pem");
    let output =
        Cloudkit::new(["key", "show", "--format", "json"].map(Into::into).iter().chain([&file])).run();
    assert_eq!(output.json()["repairs"][0]["code"], "pem_label_mismatch");
}

#[test]
fn a_pass_phrase_comes_from_a_file_or_a_variable() {
    let directory = temporary_directory();
    let phrase = directory.path().join("phrase");
    std::fs::write(&phrase, "correct-horse\n").expect("a file");
    let key = repository("tests/fixtures/keys/good/encrypted_aes256.pem");
    let with = |phrase: &Path| {
        let arguments = ["key".as_ref(), "show".as_ref(), key.as_os_str(), "--passphrase-file".as_ref()];
        Cloudkit::new(arguments.into_iter().chain([phrase.as_os_str()])).run()
    };
    assert_eq!(with(&phrase).code, Some(0));
    std::fs::write(&phrase, "battery-staple").expect("a file");
    let wrong = with(&phrase);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stderr.contains("does not open it"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("battery"), "{}", wrong.stderr);
}

#[test]
fn a_key_with_a_pass_phrase_asks_for_it() {
    let output = show("good/encrypted_aes256.pem").run();
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("CLOUDKIT_PRIVATE_KEY_PASSPHRASE"), "{}", output.stderr);
}

#[test]
fn everything_else_is_named() {
    let check = |fixture: &str, code: &str, words: &str| {
        let text = show(fixture).run();
        assert_eq!((text.code, &*text.stdout), (Some(1), ""), "{fixture}");
        assert!(text.stderr.contains(words), "{fixture}: {}", text.stderr);
        let file = repository("tests/fixtures/keys").join(fixture);
        let json: Output =
            Cloudkit::new(["key", "show", "--format", "json"].map(Into::into).iter().chain([&file])).run();
        assert_eq!(json.code, Some(1), "{fixture}");
        assert_eq!((&json.json()["usable"], &json.json()["code"]), (&false.into(), &code.into()));
    };
    check("wrong/AuthKey_2X9R4HXF34.p8", "wrong_apple_credential", "App Store Connect");
    check("wrong/rsa_pkcs8.pem", "key_wrong_algorithm", "RSA private key");
    check("wrong/secp256k1.pem", "key_wrong_curve", "secp256k1");
    check("wrong/certificate.pem", "not_a_private_key", "a certificate");
    check("wrong/public.pem", "not_a_private_key", FINGERPRINT);
    check("wrong/empty.pem", "key_empty", "empty");
    check("wrong/scalar_hex.txt", "bare_scalar_key", "--scalar");
}

#[test]
fn a_bare_number_is_a_key_if_the_user_says_so() {
    let scalar = std::fs::read(repository("tests/fixtures/keys/wrong/scalar_hex.txt")).expect("a fixture");
    let output = Cloudkit::new(["key", "show", "--scalar", "-"]).stdin(scalar).run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains(FINGERPRINT));
}

#[test]
fn a_file_that_is_not_there_is_wrong_usage() {
    let output = show("good/missing.pem").run();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(output.stderr.contains("missing.pem"), "{}", output.stderr);
}

#[test]
fn a_device_without_an_end_is_not_read_to_it() {
    let output = Cloudkit::new(["key", "show", "-"]).stdin(vec![b'x'; (1 << 20) + 1]).run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("longer than 1048576 bytes"), "{}", output.stderr);
}
