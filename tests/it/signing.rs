//! Every step of signing, against vectors that other implementations made, and against the `openssl` command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cloudkit_core::auth::{
    BodyHash, CanonicalMessage, KeyId, PrivateKey, PublicKey, RequestDate, ServerKey, Signature,
    SignedHeaders, Signer,
};

/// One directory of vectors.
struct Case {
    name: String,
    context: Context,
    body: Vec<u8>,
    body_hash: String,
    message: String,
    signature: String,
    headers: String,
    private_key: PrivateKey,
    public_key: PublicKey,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    key: String,
    key_id: String,
    date: String,
    subpath: String,
    deterministic: bool,
}

#[test]
fn the_date_is_written_as_it_was_read() {
    for Case { name, context, .. } in cases() {
        assert_eq!(date(&context).to_string(), context.date, "{name}");
    }
}

#[test]
fn the_body_is_hashed_byte_for_byte() {
    for Case { name, body, body_hash, .. } in cases() {
        assert_eq!(BodyHash::of(&body).to_string(), body_hash, "{name}");
    }
}

#[test]
fn the_message_is_the_text_that_was_signed() {
    for Case { name, context, body, message, .. } in cases() {
        let actual = CanonicalMessage::new(date(&context), &body, context.subpath.as_str());
        assert_eq!(actual.to_string(), message, "{name}");
    }
}

#[test]
fn the_signature_is_the_one_of_rfc_6979() {
    for Case { name, context, message, signature, private_key, .. } in cases() {
        if context.deterministic && signs_deterministically() {
            assert_eq!(private_key.sign_bytes(message.as_bytes()).unwrap().to_base64(), signature, "{name}");
        }
    }
}

#[test]
fn the_signature_of_the_vector_verifies_and_is_written_as_it_was_read() {
    for Case { name, message, signature, public_key, .. } in cases() {
        let read = Signature::from_base64(&signature).unwrap();
        assert!(public_key.verify(message.as_bytes(), &read), "{name}");
        assert_eq!(read.to_string(), signature, "{name}");
        assert_eq!(Signature::from_raw(&read.to_raw()), Ok(read), "{name}");
    }
}

#[tokio::test]
async fn the_headers_are_those_of_the_vector() {
    for Case { name, context, body, signature, headers, private_key, public_key, .. } in cases() {
        let message = CanonicalMessage::new(date(&context), &body, context.subpath.as_str());
        let server_key = ServerKey::new(KeyId::new(context.key_id.as_str()).unwrap(), private_key);
        let mut signed = server_key.sign(&message).await.unwrap();
        assert!(public_key.verify(message.to_string().as_bytes(), &signed.signature), "{name}");
        if !(context.deterministic && signs_deterministically()) {
            signed.signature = Signature::from_base64(&signature).unwrap();
        }
        assert_eq!(lines(&signed), headers, "{name}");
    }
}

#[test]
fn the_public_key_is_the_same_by_every_road() {
    for Case { name, context, private_key, public_key, .. } in cases() {
        assert_eq!(private_key.public_key(), public_key, "{name}");
        assert_eq!(PublicKey::from_spki_der(&public_key.to_spki_der()), Ok(public_key), "{name}");
        let pem = std::fs::read_to_string(vectors().join("keys").join(format!("{}.public.pem", context.key)))
            .unwrap();
        assert_eq!(public_key.to_spki_pem(), pem, "{name}");
    }
}

#[test]
fn openssl_verifies_every_vector() {
    for Case { name, message, signature, public_key, .. } in cases() {
        let signature = Signature::from_base64(&signature).unwrap();
        assert!(openssl_verifies(&public_key, message.as_bytes(), &signature), "{name}");
    }
}

#[tokio::test]
async fn openssl_verifies_what_we_sign() {
    for Case { name, context, body, private_key, public_key, .. } in cases() {
        let message = CanonicalMessage::new(date(&context), &body, context.subpath.as_str());
        let signature = private_key.sign(&message).await.unwrap();
        assert!(openssl_verifies(&public_key, message.to_string().as_bytes(), &signature), "{name}");
    }
}

#[test]
fn openssl_refuses_another_message() {
    let Case { message, signature, public_key, .. } = case("v1_query");
    let signature = Signature::from_base64(&signature).unwrap();
    assert!(!openssl_verifies(&public_key, format!("{message} ").as_bytes(), &signature));
}

#[test]
fn openssl_reads_the_keys_that_we_make() {
    let key = PrivateKey::generate().unwrap();
    let message = b"a message";
    for pem in [key.to_pkcs8_pem(), key.to_sec1_pem()] {
        let file = TemporaryFile::new(pem.as_bytes());
        let der = openssl(&["dgst", "-sha256", "-sign", file.path()], message).expect("openssl signs");
        assert!(key.public_key().verify(message, &Signature::from_der(&der).unwrap()));
    }
}

#[test]
fn any_changed_bit_of_the_body_is_refused() {
    let Case { context, body, signature, public_key, .. } = case("v1_query");
    let signature = Signature::from_base64(&signature).unwrap();
    for changed in with_one_bit_changed(&body) {
        let message = CanonicalMessage::new(date(&context), &changed, context.subpath.as_str());
        assert!(!public_key.verify(message.to_string().as_bytes(), &signature));
    }
}

#[test]
fn any_changed_bit_of_date_hash_or_path_is_refused() {
    let Case { message, signature, public_key, .. } = case("v1_query");
    let signature = Signature::from_base64(&signature).unwrap();
    for changed in with_one_bit_changed(message.as_bytes()) {
        assert!(!public_key.verify(&changed, &signature));
    }
}

#[test]
fn any_changed_bit_of_the_signature_is_refused() {
    let Case { message, signature, public_key, .. } = case("v1_query");
    let signature = Signature::from_base64(&signature).unwrap();
    for changed in with_one_bit_changed(&signature.to_der()) {
        let verified =
            Signature::from_der(&changed).is_ok_and(|read| public_key.verify(message.as_bytes(), &read));
        assert!(!verified);
    }
    for changed in with_one_bit_changed(&signature.to_raw()) {
        let verified =
            Signature::from_raw(&changed).is_ok_and(|read| public_key.verify(message.as_bytes(), &read));
        assert!(!verified);
    }
}

/// The mistakes that people make most often, each signed as they would sign it: none may pass for right.
#[test]
fn a_signature_over_another_text_is_refused() {
    let Case { context, body, body_hash, message, private_key, public_key, .. } = case("v1_query");
    let (date, path) = (&context.date, &context.subpath);
    let body = String::from_utf8(body).unwrap();
    for wrong in [
        format!("POST:{path}:{date}:{body_hash}"),
        format!("{date}:{body_hash}:https://api.apple-cloudkit.com{path}"),
        format!("{date}:{body}:{path}"),
        format!("2016-01-25T22:15:43.000Z:{body_hash}:{path}"),
        format!("{date}:{}:{path}", BodyHash::of(format!("{body}\n").as_bytes())),
        format!("{date}:{body_hash}:{path}/"),
        format!("{message}\n"),
    ] {
        let signature = private_key.sign_bytes(wrong.as_bytes()).unwrap();
        assert!(public_key.verify(wrong.as_bytes(), &signature));
        assert!(!public_key.verify(message.as_bytes(), &signature), "{wrong}");
    }
}

/// Whether this build signs as RFC 6979 says. With the feature `aws-lc-rs` of the client, which another member of the
/// workspace may have asked for, it draws its nonces at random. A unit test of the client pins which is which.
fn signs_deterministically() -> bool {
    let key = PrivateKey::generate().unwrap();
    key.sign_bytes(b"").unwrap() == key.sign_bytes(b"").unwrap()
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/signing")
}

fn cases() -> Vec<Case> {
    let mut names: Vec<_> = std::fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("context.json").exists())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 27, "only {} vectors", names.len());
    names.iter().map(|name| case(name)).collect()
}

fn case(name: &str) -> Case {
    let read = |file: &str| {
        let path = vectors().join(name).join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let text = |file: &str| String::from_utf8(read(file)).unwrap();
    let context: Context = serde_json::from_slice(&read("context.json")).unwrap();
    let keys = vectors().join("keys");
    let public_pem = std::fs::read_to_string(keys.join(format!("{}.public.pem", context.key))).unwrap();
    Case {
        name: name.to_owned(),
        body: read("body.bin"),
        body_hash: text("body_hash.txt"),
        message: text("message.txt"),
        signature: text("signature.txt"),
        headers: text("headers.txt"),
        private_key: PrivateKey::from_pem_file(keys.join(format!("{}.pem", context.key))).unwrap(),
        public_key: PublicKey::from_pem(&public_pem).unwrap(),
        context,
    }
}

fn date(context: &Context) -> RequestDate {
    context.date.parse().unwrap()
}

fn lines(signed: &SignedHeaders) -> String {
    signed.pairs().iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

fn with_one_bit_changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

fn openssl_verifies(public_key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let public = TemporaryFile::new(public_key.to_spki_pem().as_bytes());
    let der = TemporaryFile::new(&signature.to_der());
    openssl(&["dgst", "-sha256", "-verify", public.path(), "-signature", der.path()], message).is_some()
}

/// What the command prints, if it succeeds.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect(
            "the tests verify signatures with the command `openssl`; install it (`apt-get install openssl`)",
        );
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then_some(output.stdout)
}

/// Removed when dropped.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(content: &[u8]) -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cloudkit-signing-{}-{number}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // What cannot be removed lies in the temporary directory.
        let _ = std::fs::remove_file(&self.0);
    }
}
