//! What shows in the key files of the programs, before any request is signed.

use cloudkit_core::auth::PrivateKey;

use super::corpus::root;

fn key(name: &str) -> String {
    std::fs::read_to_string(root().join("keys").join(name)).unwrap()
}

#[test]
fn keys_that_cloudkit_cannot_use_are_told_apart() {
    for (file, code) in [
        ("secp256k1.pem", "key_wrong_curve"),
        ("secp384r1.pem", "key_wrong_curve"),
        ("rsa.pem", "key_wrong_algorithm"),
        ("one.public.pem", "not_a_private_key"),
    ] {
        assert_eq!(PrivateKey::from_pem(&key(file)).unwrap_err().code(), code, "{file}");
    }
}

/// One of the five programs that fail on some input: it puts every key under the label of PKCS#8. A key made with
/// `openssl pkcs8` passes; one made by Apple's recipe, which is SEC1, does not.
#[test]
fn a_key_under_the_label_of_another_form_is_named_and_read() {
    let relabelled = |name| key(name).replace(" EC PRIVATE KEY", " PRIVATE KEY");
    let passes = PrivateKey::from_pem(&relabelled("one.pkcs8.pem")).unwrap();
    assert!(passes.repairs().is_empty());

    let fails = PrivateKey::from_pem(&relabelled("one.pem")).unwrap();
    let repairs: Vec<&str> = fails.repairs().iter().map(|repair| repair.code()).collect();
    assert_eq!(repairs, ["pem_label_mismatch"]);
    assert_eq!(fails.public_key(), passes.public_key());
}
