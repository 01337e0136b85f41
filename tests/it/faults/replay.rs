//! One seed, one history.

use cloudkit_core::ServerErrorCode;
use cloudkit_test_container::{Fault, FaultRule, Faults, Latency};
use serde_json::json;

use super::stage::Stage;
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

/// What a fixed list of requests to all services gets back, with the address of the server left out.
async fn transcript_of_all_services(seed: u64) -> Vec<String> {
    let meets = |fault: Fault, endpoint: &str, probability| {
        FaultRule::new(fault).at(endpoint).probability(probability)
    };
    let status = |code| Fault::Status { code, retry_after: Some(seconds(2)) };
    let latency = |mean| Fault::Latency(Latency::Exponential { mean: seconds(mean) });
    let rules = [
        meets(latency(1), "files/*", 0.5),
        meets(status(ServerErrorCode::TryAgainLater), "files/download", 0.2),
        meets(Fault::TruncatedBody { percent: 40 }, "files/*", 0.2),
        meets(Fault::DropAfterCommit, "webcourier", 0.3),
        meets(latency(9), "webcourier", 0.5),
        meets(status(ServerErrorCode::ZoneBusy), "management/*", 0.3),
        meets(Fault::DropBeforeCommit, "management/createRecord", 0.3),
        meets(Fault::EmptyPages { pages: 2 }, "changes/zone", 0.4),
    ];
    let builder = builder().jit(true).open_indexes(true).long_poll(std::time::Duration::ZERO).seed(seed);
    let stage = Stage::on(builder.start().await.unwrap()).await;
    let courier = stage.courier().await;
    let download = stage.download_address("a").await;
    // The preparations shall not meet anything.
    for rule in rules {
        stage.server.plan(rule);
    }
    let mut transcript = Vec::new();
    let mut note = |what: String| transcript.push(what.replace(stage.server.url(), ""));
    for number in 0..25 {
        let upload = stage.upload_address(&format!("record-{number}")).await;
        note(format!("{:?}", stage.upload(&upload).await.ok()));
        note(format!("{:?}", stage.get(&download).await.ok()));
        note(format!("{:?}", stage.manage_record(&format!("managed-{number}")).await.ok()));
        note(format!("{:?}", stage.get(&courier).await.ok()));
        let zone = json!({ "zoneID": { "zoneName": "books" } });
        note(format!("{:?}", stage.alice("private/changes/zone", json!({ "zones": [zone] })).await));
    }
    transcript
}

#[tokio::test]
async fn a_seed_repeats_a_run_of_all_services_byte_for_byte() {
    let first = transcript_of_all_services(42).await;
    assert_eq!(first, transcript_of_all_services(42).await);
    assert_ne!(first, transcript_of_all_services(43).await);
    for trouble in
        ["None", "status: 503", "body: None", "ZONE_BUSY", "\\\"moreComing\\\":true", "status: 204"]
    {
        assert!(first.iter().any(|line| line.contains(trouble)), "{trouble} is missing in {first:#?}");
    }
}
