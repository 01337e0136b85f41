use proptest::prelude::*;

use super::*;

fn sample() -> PrivateKey {
    PrivateKey::from_scalar("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
        .expect("RFC 6979")
}

#[test]
fn a_generated_key_is_made_of_the_bytes_it_is_given() {
    let number = *b"thirty-two bytes of no entropy..";
    let key = PrivateKey::generate_from(|bytes| {
        *bytes = number;
        Ok::<_, KeyError>(())
    });
    let key = key.expect("in range");
    let same = PrivateKey::from_number(&number, Vec::new()).expect("in range");
    assert_eq!(key.public_key(), same.public_key());
}

#[test]
fn bytes_that_make_no_key_are_not_asked_for_without_end() {
    let mut asked = 0;
    let key = PrivateKey::generate_from(|bytes| {
        asked += 1;
        bytes.fill(0);
        Ok::<_, KeyError>(())
    });
    assert!(matches!(key, Err(KeyError::OutOfRange)));
    assert_eq!(asked, 8);
}

#[test]
fn without_random_numbers_there_is_no_key() {
    let key = PrivateKey::generate_from(|_| Err("the source is dry"));
    assert!(matches!(key, Err(KeyError::Random { .. })));
}

#[test]
fn two_generated_keys_differ() {
    let keys =
        [PrivateKey::generate(), PrivateKey::generate()].map(|key| key.expect("random numbers").public_key());
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn a_key_without_a_curve_is_told_by_its_length() {
    let bare = |length: u8| [&[0x30, length + 5, 2, 1, 1, 4, length][..], &vec![7; length.into()]].concat();
    let read = |length| PrivateKey::from_der(&bare(length)).map(|key| key.repairs().to_vec());
    assert_eq!(read(32).ok(), Some(vec![Repair::CurveMissing]));
    for length in [0, 28, 31, 33, 48] {
        assert!(matches!(read(length), Err(KeyError::WrongCurve { .. })), "{length}");
    }
}

#[test]
fn a_file_cannot_ask_for_years_of_work_or_for_all_memory() {
    use pkcs8::der::Encode as _;
    use pkcs8::der::asn1::OctetStringRef;
    use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, ScryptParams};

    let rounds = Pbkdf2Params::hmac_sha256(50_000_000, b"saltsalt").expect("parameters");
    let mut memory = ScryptParams::from_params_and_salt(Default::default(), b"saltsalt").expect("parameters");
    memory.cost_parameter = 1 << 40;
    for (kdf, found) in [(Kdf::from(rounds), "50000000 rounds"), (Kdf::from(memory), "bytes of memory")] {
        let parameters = Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv: [0; 16] } };
        let file = pkcs8::EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetStringRef::new(&[0; 64]).expect("short"),
        };
        let der = file.to_der().expect("DER");
        match PrivateKey::from_bytes_with_passphrase(&der, "x") {
            Err(KeyError::UnsupportedEncryption { scheme }) => assert!(scheme.contains(found), "{scheme}"),
            other => panic!("{found}: {other:?}"),
        }
    }
}

#[test]
fn an_unsupported_encryption_is_named() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/keys/wrong/");
    for (name, found) in [("encrypted_des3.pem", "triple DES"), ("encrypted_pbes1.pem", "before PBES2")] {
        match PrivateKey::from_pem_file_with_passphrase(format!("{fixtures}{name}"), "correct-horse") {
            Err(KeyError::UnsupportedEncryption { scheme }) => assert!(scheme.contains(found), "{scheme}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn signatures_depend_on_key_and_message_only_unless_aws_lc_makes_them() {
    let key = sample();
    let [first, second] =
        [key.sign_bytes(b"sample"), key.sign_bytes(b"sample")].map(|signed| signed.expect("a signature"));
    assert_eq!(first == second, cfg!(not(feature = "aws-lc-rs")));
    assert!(key.public_key().verify(b"sample", &first) && key.public_key().verify(b"sample", &second));
}

// RFC 6979, A.2.5, with SHA-256 and the message "sample".
#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn the_signature_is_that_of_rfc_6979() {
    let signature = sample().sign_bytes(b"sample").expect("a signature");
    let hex = text::hexadecimal(concat!(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ));
    assert_eq!(Some(&signature.to_raw()[..]), hex.as_ref().map(|bytes| bytes.as_slice()));
}

/// What happens to a PEM file on its way through mails, variables and consoles.
#[derive(Clone, Debug)]
enum Mangling {
    Delete(prop::sample::Index),
    Double(prop::sample::Index),
    Insert(prop::sample::Index, char),
    Cut(prop::sample::Index),
    Replace(&'static str, &'static str),
    Around(&'static str),
}

fn mangling() -> impl Strategy<Value = Mangling> {
    let replacements = [
        ("\n", "\\n"),
        ("\n", "\r\n"),
        ("\n", " "),
        ("\n", ""),
        ("-----", "--"),
        ("EC ", ""),
        ("BEGIN", "END"),
        ("=", ""),
    ];
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Mangling::Delete),
        any::<prop::sample::Index>().prop_map(Mangling::Double),
        (any::<prop::sample::Index>(), any::<char>()).prop_map(|(at, c)| Mangling::Insert(at, c)),
        any::<prop::sample::Index>().prop_map(Mangling::Cut),
        prop::sample::select(replacements.to_vec()).prop_map(|(from, to)| Mangling::Replace(from, to)),
        prop::sample::select(vec!["\"", "'", " ", "\u{feff}", "-----BEGIN EC PRIVATE KEY-----"])
            .prop_map(Mangling::Around),
    ]
}

impl Mangling {
    fn apply(&self, text: &mut Vec<char>) {
        let whole: String = text.iter().collect();
        match self {
            _ if text.is_empty() => {}
            Self::Delete(at) => drop(text.remove(at.index(text.len()))),
            Self::Double(at) => {
                let at = at.index(text.len());
                text.insert(at, text[at]);
            }
            Self::Insert(at, character) => text.insert(at.index(text.len()), *character),
            Self::Cut(at) => text.truncate(at.index(text.len())),
            Self::Replace(from, to) => *text = whole.replace(from, to).chars().collect(),
            Self::Around(edge) => *text = format!("{edge}{whole}{edge}").chars().collect(),
        }
    }
}

proptest! {
    #[test]
    fn a_mangled_file_gives_the_same_key_or_an_error(
        manglings in prop::collection::vec(mangling(), 1..6),
        sec1: bool,
    ) {
        let key = sample();
        let pem = if sec1 { key.to_sec1_pem() } else { key.to_pkcs8_pem() };
        let mut text: Vec<char> = pem.chars().collect();
        for mangling in &manglings {
            mangling.apply(&mut text);
        }
        let text: String = text.into_iter().collect();
        if let Ok(read) = PrivateKey::from_pem(&text) {
            prop_assert_eq!(read.public_key(), key.public_key());
        }
        // The same by the other doors; only a panic would be a fault.
        let _ = PrivateKey::from_bytes_with_passphrase(text.as_bytes(), "x");
        let _ = PublicKey::from_pem(&text);
        let _ = crate::auth::KeyId::new(text);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = PrivateKey::from_bytes_with_passphrase(&bytes, "x");
        let _ = PrivateKey::from_der(&bytes);
        let _ = PrivateKey::from_pem(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_key_survives_every_form(number in prop::array::uniform32(any::<u8>())) {
        let Ok(key) = PrivateKey::from_number(&number, Vec::new()) else { return Ok(()) };
        for pem in [key.to_pkcs8_pem(), key.to_sec1_pem()] {
            let read = PrivateKey::from_pem(&pem).expect("our own PEM");
            prop_assert_eq!(read.public_key(), key.public_key());
            prop_assert_eq!(read.repairs(), &[]);
        }
        let public = key.public_key();
        prop_assert_eq!(PublicKey::from_pem(&public.to_spki_pem()), Ok(public));
        let signature = key.sign_bytes(&number).expect("a signature");
        prop_assert!(public.verify(&number, &signature));
    }
}
