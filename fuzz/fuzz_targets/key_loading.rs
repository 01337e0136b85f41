//! Whatever is given as a key, a key ID or a token: an answer, and no panic. A key that is read can be written, read
//! again and used.

#![no_main]

use cloudkit_core::auth::{ApiToken, KeyId, PrivateKey, PublicKey, Signature, WebAuthToken};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let by_any_form = PrivateKey::from_bytes(bytes);
    let by_der = PrivateKey::from_der(bytes);
    for key in [&by_any_form, &by_der].into_iter().flatten() {
        let again = PrivateKey::from_pem(&key.to_pkcs8_pem()).expect("our own PEM");
        assert_eq!(again.public_key(), key.public_key());
        let signature = key.sign_bytes(bytes).expect("a signature");
        assert!(key.public_key().verify(bytes, &signature));
    }
    for error in [&by_any_form, &by_der].into_iter().filter_map(|key| key.as_ref().err()) {
        assert!(!error.to_string().is_empty() && !error.code().is_empty());
    }
    // Not with a pass phrase: a file may ask for millions of rounds, and then a fuzzer does nothing else.

    let _ = PublicKey::from_spki_der(bytes);
    if let Ok(signature) = Signature::from_der(bytes) {
        assert_eq!(signature.to_der(), bytes);
    }
    let _ = Signature::from_raw(bytes);

    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = PrivateKey::from_scalar(text);
        let _ = PublicKey::from_pem(text);
        let _ = Signature::from_base64(text);
        let _ = KeyId::new(text);
        let _ = ApiToken::new(text);
        let _ = WebAuthToken::new(text);
    }
});
