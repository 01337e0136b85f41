//! The search for the text that was signed: a whole one that finds nothing, and one text of it against one plain
//! verification.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PrivateKey};
use cloudkit_core::explain::{Capture, Evidence, Explanation, Limits, Verdict, explain};
use criterion::Criterion;

const PATH: &str = "/database/1/iCloud.com.example.News/production/public/records/query";
const BODY: &str =
    r#"{"query":{"recordType":"Article","sortBy":[{"fieldName":"publishedAt"}]},"resultsLimit":20}"#;

fn main() {
    let key = PrivateKey::generate().expect("the machine has randomness");
    let other = PrivateKey::generate().expect("the machine has randomness");
    let date = "2026-03-01T09:15:00Z";
    // By another key, so that no text fits.
    let signature = other.sign_bytes(b"something").expect("a key in this process signs");
    let capture = Capture::new("POST", PATH)
        .header(HEADER_KEY_ID, "0123456789abcdef".repeat(4))
        .header(HEADER_DATE, date)
        .header(HEADER_SIGNATURE, signature.to_base64())
        .body(BODY);
    let public = key.public_key();
    let evidence = Evidence::new().public_key("key", public);
    let search = |limits: &Limits| -> Explanation { explain(black_box(&capture), &evidence, limits) };

    // The table of the base point is made once.
    let began = Instant::now();
    let found = search(&Limits::default());
    println!("the first whole search: {:?}, {} texts", began.elapsed(), found.candidates_tried);
    assert_eq!(found.verdict, Verdict::Unproven, "the signature is by another key");

    let mut criterion = Criterion::default()
        .configure_from_args()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(3));
    let mut group = criterion.benchmark_group("explain");
    group.bench_function("a whole search, up to three mistakes", |b| b.iter(|| search(&Limits::default())));
    group.bench_function("a quick search, up to two mistakes", |b| b.iter(|| search(&Limits::QUICK)));
    group.bench_function("one plain verification", |b| {
        b.iter(|| public.verify(black_box(b"a text of the length of a message"), &signature));
    });
    group.finish();

    let time = |run: &mut dyn FnMut()| {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let began = Instant::now();
            run();
            best = best.min(began.elapsed());
        }
        best
    };
    let whole = time(&mut || {
        black_box(search(&Limits::default()));
    });
    let plain = time(&mut || {
        for _ in 0..1000 {
            black_box(public.verify(black_box(b"a text of the length of a message"), &signature));
        }
    }) / 1000;
    let tried = u32::try_from(found.candidates_tried).unwrap_or(u32::MAX);
    let one = whole / tried.max(1);
    println!("\na whole search that finds nothing");
    println!("  {tried} texts in {whole:.1?}, {:.0} a second", f64::from(tried) / whole.as_secs_f64());
    println!(
        "  one text {one:.2?}, one plain verification {plain:.2?}: {:.1} times",
        plain.as_secs_f64() / one.as_secs_f64()
    );
}
