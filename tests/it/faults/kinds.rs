//! Each kind of fault.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;
use cloudkit_core::transport::RetryPolicy;
use cloudkit_test_container::{Fault, FaultRule, Faults, Latency, TestContainer};
use serde_json::{Value, json};

use super::{Author, builder, http, ines, lookup, save, seconds, send, start};

#[tokio::test]
async fn a_truncated_body_announces_more_than_it_sends_and_the_request_took_effect() {
    let server = start().await;
    server.fail_next(Fault::TruncatedBody { percent: 50 });
    let mut response = send(&http(), &server, "records/modify", &save(&["a"])).await.unwrap();
    assert_eq!(response.status(), 200);
    let announced = response.content_length().unwrap();
    let mut received = 0;
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => received += chunk.len() as u64,
            other => break other,
        }
    };
    assert!(end.is_err(), "the body ended well");
    assert_eq!(received, announced / 2);
    let found = send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap();
    assert_eq!(json(found).await["records"][0]["fields"]["name"]["value"], "a");
}

#[tokio::test]
async fn not_even_a_full_percentage_completes_a_truncated_body() {
    let server = start().await;
    server.fail_next(Fault::TruncatedBody { percent: 100 });
    let response = send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap();
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn a_slow_body_comes_whole_and_takes_its_time() {
    let server = start().await;
    let before = server.clock().now_ms();
    server.fail_next(Fault::SlowBody { piece: 10, pause: seconds(1) });
    let response = send(&http(), &server, "records/modify", &save(&["a"])).await.unwrap();
    let body = response.bytes().await.unwrap();
    let value: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["records"][0]["recordName"], "a");
    let pieces = i64::try_from(body.len().div_ceil(10)).unwrap();
    assert_eq!(server.clock().now_ms() - before, pieces * 1000);
}

#[tokio::test]
async fn a_misdirected_connection_stays_so_and_another_one_is_not() {
    let server = start().await;
    server.fail_next(Fault::Misdirected);
    let shared = http();
    for _ in 0..2 {
        let response = send(&shared, &server, "records/modify", &save(&["a"])).await.unwrap();
        assert_eq!(response.status(), 421);
        assert_eq!(response.bytes().await.unwrap(), "");
    }
    let found = send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap();
    assert_eq!(found.status(), 200);
    assert_eq!(json(found).await["records"][0]["serverErrorCode"], "NOT_FOUND");
    let faults: Vec<_> = server.requests().into_iter().map(|request| request.fault).collect();
    assert_eq!(faults, [Some("misdirected"), Some("misdirected"), None]);
}

#[tokio::test]
async fn an_expired_token_sends_its_user_to_sign_in() {
    let server = start().await;
    let client = server.client_as("alice").unwrap();
    client.caller().await.unwrap();
    // A request without such a token passes it by.
    server.fail_next(Fault::ExpiredToken);
    server.client().public().create(ines()).await.unwrap();
    let error = client.caller().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationRequired), "{error:?}");
    assert!(server.unmet_faults().is_empty());
}

#[tokio::test]
async fn latency_moves_virtual_time_by_what_was_planned() {
    let faults = Faults::new().latency(Latency::Fixed(Duration::from_millis(250)));
    let server = builder().faults(faults).start().await.unwrap();
    let before = server.clock().now_ms();
    for name in ["a", "b", "c"] {
        send(&http(), &server, "records/modify", &save(&[name])).await.unwrap();
    }
    assert_eq!(server.clock().now_ms() - before, 750);
}

#[tokio::test]
async fn another_writer_wins_the_race_for_a_record() {
    let server = start().await;
    let db = server.client().public();
    let saved = db.create(ines()).named("ines").await.unwrap();
    let theirs = save(&["ines"])["operations"].to_string();
    server.plan(FaultRule::new(Fault::WriteBefore { operations: theirs }).at("records/modify"));
    let error = db.update(&saved).set(|a| a.name, "Inês").await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    let found = db.lookup::<Author>("ines").await.unwrap();
    assert_eq!(found.name, "ines");
}

#[tokio::test]
async fn a_row_inserted_between_two_pages_is_found_by_a_scan_that_has_not_passed_it() {
    for (inserted, expected) in [("az", vec!["a", "b", "c", "d"]), ("cz", vec!["a", "b", "c", "cz", "d"])] {
        let server = start().await;
        send(&http(), &server, "records/modify", &save(&["a", "b", "c", "d"])).await.unwrap();
        let operations = save(&[inserted])["operations"].to_string();
        server.plan(FaultRule::new(Fault::WriteBefore { operations }).at("records/query").on_next_page());
        let db = server.client().public();
        let query = db.query::<Author>().sort(|a| a.name.ascending()).results_limit(2);
        let found = query.fetch_all().await.unwrap();
        let names: Vec<&str> = found.iter().map(|author| author.name.as_str()).collect();
        assert_eq!(names, expected);
        assert!(server.unmet_faults().is_empty());
    }
}

#[tokio::test]
async fn a_write_that_another_writer_cannot_make_is_told() {
    let server = start().await;
    let operations = json!([{"operationType": "create", "record": {"recordType": "Nobody"}}]).to_string();
    server.fail_next(Fault::WriteBefore { operations });
    let reply = send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap();
    assert_eq!(reply.status(), 400);
    let reason = json(reply).await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("another writer") && reason.contains("Nobody"), "{reason}");
}

async fn json(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// The moments of all requests and their statuses, in milliseconds since the first.
fn history(server: &TestContainer) -> Vec<(i64, u16)> {
    let requests = server.requests();
    requests.iter().map(|request| (request.at_ms - requests[0].at_ms, request.status)).collect()
}

#[tokio::test]
async fn half_a_minute_of_throttling_is_waited_out_in_no_time() {
    let faults = Faults::new().rule(FaultRule::new(Fault::throttled(seconds(8))).during(seconds(30)));
    let server = builder().faults(faults).start().await.unwrap();
    let client = server
        .client_builder()
        .server_key(server.server_key(server.environment()))
        .retry_policy(RetryPolicy { max_attempts: 10, ..RetryPolicy::default() })
        .build()
        .unwrap();
    client.public().create(ines()).await.unwrap();
    let history = history(&server);
    let (last, refused) = history.split_last().unwrap();
    assert_eq!(last.1, 200);
    assert!(
        last.0 >= 30_000 && refused.iter().all(|(at, status)| (*at, *status) < (30_000, 430)),
        "{history:?}"
    );
    for pair in history.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 8000, "earlier than `retryAfter`: {history:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_kept_to_by_a_client_that_obeys() {
    let server = builder().faults(Faults::new().rate_limit(5, seconds(1))).start().await.unwrap();
    let db = server.client().public();
    for number in 0..20 {
        db.create(ines()).named(format!("ines-{number}")).await.unwrap();
    }
    let accepted: Vec<i64> =
        history(&server).into_iter().filter(|(_, status)| *status == 200).map(|(at, _)| at).collect();
    assert_eq!(accepted.len(), 20);
    // Five were saved up, and each further one needs a fifth of a second.
    for (number, at) in accepted.iter().enumerate().skip(5) {
        assert!(*at >= i64::try_from(number - 4).unwrap() * 200, "{accepted:?}");
    }
}

#[tokio::test]
async fn a_plan_comes_from_a_file() {
    let file = std::env::temp_dir().join(format!("cloudkit-faults-{}.toml", std::process::id()));
    let text =
        "seed = 9\n[[fault]]\nkind = \"status\"\ncode = \"TRY_AGAIN_LATER\"\nendpoint = \"records/lookup\"\n";
    std::fs::write(&file, text).unwrap();
    let faults = Faults::from_file(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let server = TestContainer::builder("iCloud.com.example.Faults").faults(faults).start().await.unwrap();
    assert_eq!(server.seed(), 9);
    let statuses = async || send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap().status();
    assert_eq!((statuses().await, statuses().await), (503.try_into().unwrap(), 200.try_into().unwrap()));
}

#[tokio::test]
async fn a_plan_for_no_endpoint_does_not_start() {
    let faults = Faults::new().rule(FaultRule::new(Fault::Misdirected).at("record/modify"));
    let error = TestContainer::builder("iCloud.com.example.Faults").faults(faults).start().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("kinds.rs:") && text.contains("`record/modify`"), "{text}");
}
