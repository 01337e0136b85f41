//! The signature of a request with a body of 200 bytes: ours against what signs inside, and against others.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cloudkit_core::auth::{CanonicalMessage, KeyId, PrivateKey, RequestDate, ServerKey};
use criterion::Criterion;
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use support::table;

mod support {
    pub(crate) mod table;
}

const PATH: &str = "/database/1/iCloud.com.example.News/production/public/records/modify";

/// A key in this process signs without waiting for anything.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a key in this process does not wait"),
    }
}

fn main() {
    let private = PrivateKey::generate().expect("the machine has randomness");
    let pem = private.to_pkcs8_pem();
    let bare = p256::ecdsa::SigningKey::from_pkcs8_pem(&pem).expect("the key was written by us");
    let der = p256::SecretKey::from_pkcs8_pem(&pem).expect("the key was written by us");
    let der = p256::pkcs8::EncodePrivateKey::to_pkcs8_der(&der).expect("a key of the curve has a DER form");
    let key_id = KeyId::new("0123456789abcdef".repeat(4)).expect("64 hexadecimal digits");
    let key = ServerKey::new(key_id, private);

    let body = [b'x'; 200];
    let date: RequestDate = "2026-03-01T09:15:00Z".parse().expect("this is a date");
    let text = CanonicalMessage::new(date, &body, PATH).to_string();
    let text = text.as_bytes();

    let mut ours = || {
        let message = CanonicalMessage::new(date, black_box(&body), PATH);
        drop(black_box(now(key.sign(&message))));
    };
    let mut p256 = || {
        let signature: p256::ecdsa::Signature = bare.sign(black_box(text));
        black_box(signature);
    };

    let aws_random = aws_lc_rs::rand::SystemRandom::new();
    let aws_form = &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
    let aws = aws_lc_rs::signature::EcdsaKeyPair::from_pkcs8(aws_form, der.as_bytes()).expect("a PKCS#8 key");
    let mut aws_lc = || {
        black_box(aws.sign(&aws_random, black_box(text)).is_ok());
    };

    let ring_random = ring::rand::SystemRandom::new();
    let ring_form = &ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
    let ring = ring::signature::EcdsaKeyPair::from_pkcs8(ring_form, der.as_bytes(), &ring_random)
        .expect("a PKCS#8 key with its public half");
    let mut ring = || {
        black_box(ring.sign(&ring_random, black_box(text)).is_ok());
    };

    let name = if cfg!(feature = "aws-lc-rs") { "cloudkit-core, with aws-lc-rs" } else { "cloudkit-core" };
    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    let mut group = criterion.benchmark_group("sign a request of 200 bytes");
    group.bench_function("p256", |b| b.iter(&mut p256));
    group.bench_function("aws-lc-rs", |b| b.iter(&mut aws_lc));
    group.bench_function("ring", |b| b.iter(&mut ring));
    group.bench_function(name, |b| b.iter(&mut ours));
    group.finish();

    let title = "sign a request of 200 bytes (ours hashes the body and writes the message too)";
    let inside: table::Contestant<'_> =
        if cfg!(feature = "aws-lc-rs") { ("aws-lc-rs", &mut aws_lc) } else { ("p256", &mut p256) };
    table::compare(title, &mut [inside, (name, &mut ours)]);
    let mut contestants: Vec<table::Contestant<'_>> =
        vec![("p256", &mut p256), (name, &mut ours), ("aws-lc-rs", &mut aws_lc), ("ring", &mut ring)];
    #[cfg(feature = "openssl")]
    let pkey = openssl::pkey::PKey::private_key_from_pkcs8(der.as_bytes()).expect("a PKCS#8 key");
    #[cfg(feature = "openssl")]
    let mut openssl = || {
        let digest = openssl::hash::MessageDigest::sha256();
        let mut signer = openssl::sign::Signer::new(digest, &pkey).expect("OpenSSL signs with P-256");
        drop(black_box(signer.sign_oneshot_to_vec(black_box(text))));
    };
    #[cfg(feature = "openssl")]
    contestants.push(("openssl", &mut openssl));
    table::compare("and others", &mut contestants);
}
