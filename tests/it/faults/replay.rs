//! One seed, one history.

use cloudkit_test_container::{Faults, Latency};

use super::{builder, lookup, save, seconds, send};

/// Everything that a fixed list of requests gets back, byte for byte.
async fn transcript(seed: u64) -> Vec<String> {
    let faults = Faults::new()
        .latency(Latency::Exponential { mean: seconds(1) })
        .throttle(0.15, seconds(3))
        .drop_before_commit(0.15)
        .drop_after_commit(0.15)
        .truncate(0.15);
    let server = builder().seed(seed).faults(faults).start().await.unwrap();
    // A connection for each request: none is left that a fault has closed.
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut transcript = Vec::new();
    for number in 0..60 {
        let name = format!("record-{}", number % 7);
        let request = if number % 3 == 0 { lookup(&name) } else { save(&[&name]) };
        let endpoint = if number % 3 == 0 { "records/lookup" } else { "records/modify" };
        transcript.push(match send(&http, &server, endpoint, &request).await {
            Err(error) => format!("no answer: {}", error.is_request()),
            Ok(response) => {
                let mut head: Vec<String> = response
                    .headers()
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
                    .collect();
                head.sort();
                let status = response.status();
                format!("{status} {head:?} {:?}", response.bytes().await.ok())
            }
        });
    }
    transcript
}

#[tokio::test]
async fn a_seed_repeats_a_run_byte_for_byte() {
    let first = transcript(42).await;
    assert_eq!(first, transcript(42).await);
    assert_ne!(first, transcript(43).await);
    for trouble in ["no answer", "429", " None", "200 OK"] {
        assert!(first.iter().any(|line| line.contains(trouble)), "{trouble} is missing in {first:#?}");
    }
}
