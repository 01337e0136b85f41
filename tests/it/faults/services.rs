//! Faults at the addresses of files, the long poll and the management API.

use cloudkit_core::ServerErrorCode;
use cloudkit_test_container::{Fault, FaultRule, Faults};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::{Got, Stage};
use super::{builder, http, save, seconds};

const UPLOAD: &str = "files/upload";
const DOWNLOAD: &str = "files/download";
const COURIER: &str = "webcourier";
const CREATE: &str = "management/createRecord";

/// One request to each of the services, which meets the fault.
async fn meet(stage: &Stage, endpoint: &str, address: &str, fault: Fault) -> reqwest::Result<Got> {
    stage.server.plan(FaultRule::new(fault).at(endpoint));
    let got = match endpoint {
        UPLOAD => stage.upload(address).await,
        CREATE => stage.manage_record(address).await,
        _ => stage.get(address).await,
    };
    assert_eq!(stage.server.unmet_faults(), [], "{endpoint}");
    got
}

#[tokio::test]
async fn each_service_refuses_in_its_own_words() {
    let stage = Stage::new().await;
    let fault = || Fault::throttled(std::time::Duration::from_millis(2500));
    let upload = stage.upload_address("a").await;
    let download = stage.download_address("b").await;
    let courier = stage.courier().await;
    for (endpoint, address) in [(UPLOAD, &upload), (DOWNLOAD, &download)] {
        let got = meet(&stage, endpoint, address, fault()).await.unwrap();
        assert_eq!((got.status, got.header("retry-after")), (429, "3"), "{got:?}");
        assert!(got.header("content-type").starts_with("text/plain"), "{got:?}");
    }
    let got = meet(&stage, COURIER, &courier, fault()).await.unwrap();
    assert_eq!((got.status, got.header("retry-after")), (429, "3"), "{got:?}");
    assert_eq!(got.json()["serverErrorCode"], "THROTTLED");
    let got = meet(&stage, CREATE, "new", fault()).await.unwrap();
    assert_eq!((got.status, got.header("retry-after")), (429, "3"), "{got:?}");
    assert_eq!((&got.json()["message"], &got.json()["retryAfterSeconds"]), (&json!("THROTTLED"), &json!(3)));

    // Nothing has happened, so everything works the next time.
    assert!(!stage.has("new").await);
    assert_eq!(stage.upload(&upload).await.unwrap().status, 200);
    assert_eq!(stage.get(&download).await.unwrap().body.as_deref(), Some("a photo"));
    assert_eq!(stage.get(&courier).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_connection_that_drops_before_has_done_nothing_and_one_that_drops_after_has() {
    for (fault, happened) in [(Fault::DropBeforeCommit, false), (Fault::DropAfterCommit, true)] {
        let stage = Stage::new().await;
        let courier = stage.courier().await;
        assert!(meet(&stage, COURIER, &courier, fault.clone()).await.is_err());
        // The one notification is gone if the poll has taken it.
        assert_eq!(stage.get(&courier).await.unwrap().status, if happened { 204 } else { 200 });
        assert!(meet(&stage, CREATE, "new", fault.clone()).await.is_err());
        assert_eq!(stage.has("new").await, happened);
        // A file may be sent again either way.
        let upload = stage.upload_address("a").await;
        assert!(meet(&stage, UPLOAD, &upload, fault.clone()).await.is_err());
        assert_eq!(stage.upload(&upload).await.unwrap().status, 200);
        let download = stage.download_address("b").await;
        assert!(meet(&stage, DOWNLOAD, &download, fault).await.is_err());
        assert!(stage.server.requests().iter().filter(|request| request.dropped).count() == 4);
    }
}

#[tokio::test]
async fn bodies_break_off_and_come_slowly() {
    let stage = Stage::new().await;
    let (upload, courier) = (stage.upload_address("a").await, stage.courier().await);
    let download = stage.download_address("b").await;
    for (endpoint, address) in [(UPLOAD, &*upload), (DOWNLOAD, &*download), (COURIER, &*courier)] {
        let got = meet(&stage, endpoint, address, Fault::TruncatedBody { percent: 50 }).await.unwrap();
        assert_eq!(got.body, None, "{endpoint}: {got:?}");
    }
    assert_eq!(stage.get(&courier).await.unwrap().status, 204, "it was sent, and broke off on its way");
    let got = meet(&stage, CREATE, "new", Fault::TruncatedBody { percent: 50 }).await.unwrap();
    assert_eq!(got.body, None, "{got:?}");
    assert!(stage.has("new").await);
    let before = stage.server.clock().now_ms();
    let slow = Fault::SlowBody { piece: 2, pause: seconds(5) };
    let got = meet(&stage, DOWNLOAD, &download, slow).await.unwrap();
    assert_eq!(got.body.as_deref(), Some("a photo"));
    assert_eq!(stage.server.clock().now_ms() - before, 4 * 5000);
}

#[tokio::test]
async fn a_poll_that_is_refused_does_not_wait_for_a_notification() {
    let builder = builder().jit(true).long_poll(seconds(3600));
    let stage = Stage::on(builder.start().await.unwrap()).await;
    let courier = stage.courier().await;
    assert_eq!(stage.get(&courier).await.unwrap().status, 200, "the one that waits is fetched");
    for fault in [Fault::throttled(seconds(1)), Fault::ExpiredToken] {
        let refused = meet(&stage, COURIER, &courier, fault);
        let refused = tokio::time::timeout(seconds(60), refused).await.expect("it waits");
        assert!(matches!(refused.unwrap().status, 429 | 404));
    }
}

/// The known trouble with files: a connection that is good for one host is used for another.
#[tokio::test]
async fn a_connection_can_be_misdirected_for_files_and_good_for_records() {
    let stage = Stage::new().await;
    let upload = stage.upload_address("a").await;
    assert_eq!(meet(&stage, UPLOAD, &upload, Fault::Misdirected).await.unwrap().status, 421);
    assert_eq!(stage.upload(&upload).await.unwrap().status, 421, "the same connection");
    assert_eq!(stage.save("a").await.status, 200, "the same connection, for records");
    let other = stage.send(&http(), Method::POST, &upload, &[], b"a photo").await.unwrap();
    assert_eq!(other.status, 200);

    let stage = Stage::new().await;
    let address = stage.courier().await;
    assert_eq!(meet(&stage, COURIER, &address, Fault::Misdirected).await.unwrap().status, 421);
    assert_eq!(stage.get(&address).await.unwrap().status, 421);
    assert_eq!(meet(&stage, CREATE, "new", Fault::Misdirected).await.unwrap().status, 421);
    assert!(!stage.has("new").await);
}

#[tokio::test]
async fn a_proxy_answers_for_any_of_them() {
    let stage = Stage::new().await;
    let raw = || Fault::Raw { status: 502, content_type: "text/html".to_owned(), body: b"<p>no".to_vec() };
    let upload = stage.upload_address("a").await;
    let courier = stage.courier().await;
    for (endpoint, address) in [(UPLOAD, &*upload), (COURIER, &*courier), (CREATE, "new")] {
        let got = meet(&stage, endpoint, address, raw()).await.unwrap();
        assert_eq!(
            (got.status, got.header("content-type"), got.body.as_deref()),
            (502, "text/html", Some("<p>no"))
        );
    }
    assert!(!stage.has("new").await);
}

#[tokio::test]
async fn tokens_of_every_service_expire() {
    let stage = Stage::new().await;
    let upload = stage.upload_address("a").await;
    assert_eq!(meet(&stage, UPLOAD, &upload, Fault::ExpiredToken).await.unwrap().status, 410);
    assert_eq!(stage.upload(&upload).await.unwrap().status, 410, "for good");
    let download = stage.download_address("b").await;
    assert_eq!(meet(&stage, DOWNLOAD, &download, Fault::ExpiredToken).await.unwrap().status, 410);
    let courier = stage.courier().await;
    for _ in 0..2 {
        stage.server.plan(FaultRule::new(Fault::ExpiredToken).at(COURIER).optional());
        let got = stage.get(&courier).await.unwrap();
        assert_eq!((got.status, &got.json()["serverErrorCode"]), (404, &json!("NOT_FOUND")));
        stage.server.forget_faults();
    }

    let zones = "PUBLIC/zones";
    let user = stage.server.issue_user_token("alice").unwrap();
    let user = ("x-apple-cloudkit-user-token", &*user);
    stage.server.plan(FaultRule::new(Fault::ExpiredToken).at("management/getZones").times(2));
    for _ in 0..2 {
        let got = stage.manage_with(user, Method::GET, "PRIVATE/zones", Value::Null).await.unwrap();
        assert_eq!((got.status, &got.json()["message"]), (401, &json!("AUTHENTICATION_FAILED")));
    }
    let management = ("x-apple-cloudkit-management-token", stage.server.management_token());
    stage.server.plan(FaultRule::new(Fault::ExpiredToken).at("management/getZones"));
    let got = stage.manage_with(management, Method::GET, zones, Value::Null).await.unwrap();
    assert_eq!((got.status, &got.json()["message"]), (401, &json!("AUTHENTICATION_FAILED")));
    assert_eq!(stage.manage_with(management, Method::GET, zones, Value::Null).await.unwrap().status, 200);
    assert_eq!(stage.server.unmet_faults(), []);
}

#[tokio::test]
async fn another_writer_wins_against_the_management_api_too() {
    let stage = Stage::new().await;
    stage.manage_record("a").await.unwrap().json();
    let operations = save(&["a"])["operations"].to_string();
    let rule = FaultRule::new(Fault::WriteBefore { operations });
    stage.server.plan(rule.at("management/updateRecord"));
    let path = "PRIVATE/zones/books/records/a";
    let found = stage.manage(Method::GET, path, Value::Null).await.unwrap().json();
    let body = json!({ "recordType": "Author", "recordChangeTag": found["record"]["recordChangeTag"], "fields": {} });
    let got = stage.manage(Method::PUT, path, body).await.unwrap();
    assert_eq!((got.status, &got.json()["message"]), (409, &json!("CONFLICT")), "{found}");
    assert_eq!(stage.server.unmet_faults(), []);
}

/// Whoever reads the public database with the management token has no user who could write.
#[tokio::test]
async fn another_writer_has_a_key_where_the_reader_cannot_write() {
    let stage = Stage::new().await;
    stage.save("a").await.json();
    let operations = save(&["between"])["operations"].to_string();
    stage
        .server
        .plan(FaultRule::new(Fault::WriteBefore { operations }).at("management/queryRecords").on_next_page());
    stage.save("z").await.json();
    let management = ("x-apple-cloudkit-management-token", stage.server.management_token());
    let mut body =
        json!({ "query": { "recordType": "Author", "sorts": [{ "fieldName": "name" }] }, "resultsLimit": 1 });
    let mut names = Vec::new();
    loop {
        let path = "PUBLIC/zones/_defaultZone/query";
        let got = stage.manage_with(management, Method::POST, path, body.clone()).await.unwrap().json();
        let found = got["records"].as_array().unwrap_or_else(|| panic!("{got}"));
        names.extend(found.iter().map(|record| record["recordName"].as_str().unwrap().to_owned()));
        if got["continuationToken"].is_null() {
            break;
        }
        body["continuationToken"] = got["continuationToken"].clone();
    }
    assert_eq!(names, ["a", "between", "z"]);
}

#[tokio::test]
async fn latency_is_for_who_it_is_planned_for() {
    let latency = Fault::Latency(cloudkit_test_container::Latency::Fixed(seconds(7)));
    let stage = Stage::new().await;
    let upload = stage.upload_address("a").await;
    stage.server.plan(FaultRule::new(latency).at("files/*").always());
    let before = stage.server.clock().now_ms();
    stage.save("a").await;
    assert_eq!(stage.server.clock().now_ms(), before);
    stage.upload(&upload).await.unwrap();
    assert_eq!(stage.server.clock().now_ms() - before, 7000);
}

#[tokio::test]
async fn a_rule_without_an_endpoint_is_for_the_web_services_and_a_star_is_for_all() {
    let stage = Stage::new().await;
    let upload = stage.upload_address("a").await;
    let courier = stage.courier().await;
    let rule = |endpoint: Option<&str>| {
        let rule = FaultRule::new(Fault::Status { code: ServerErrorCode::TryAgainLater, retry_after: None });
        endpoint.map_or(rule.clone(), |endpoint| rule.at(endpoint))
    };
    let statuses = async || {
        [
            stage.upload(&upload).await.unwrap().status,
            stage.get(&courier).await.unwrap().status,
            stage.manage(Method::GET, "PRIVATE/zones", Value::Null).await.unwrap().status,
            stage.save("a").await.status,
        ]
    };
    stage.server.plan(rule(None));
    assert_eq!(statuses().await, [200, 200, 200, 503]);
    stage.server.plan(rule(Some("*")).times(4));
    assert_eq!(statuses().await, [503; 4]);
    for (pattern, expected) in [
        ("files/*", [503, 204, 200, 200]),
        ("management/*", [200, 204, 503, 200]),
        ("records/*", [200, 204, 200, 503]),
    ] {
        stage.server.plan(rule(Some(pattern)));
        assert_eq!(statuses().await, expected, "{pattern}");
    }
    // Nor does a rate limit count them.
    let limited = builder().faults(Faults::new().rate_limit(0, seconds(1))).start().await.unwrap();
    let got = stage.get(&format!("{}/aps?tok=unknown", limited.url())).await.unwrap();
    assert_eq!(got.status, 404);
}

#[tokio::test]
async fn a_rule_that_nobody_can_meet_does_not_start() {
    for (fault, endpoint, expected) in [
        (
            Fault::EmptyPages { pages: 1 },
            "records/query",
            "`empty-pages` is for `records/query`, whose requests never",
        ),
        (
            Fault::WriteBefore { operations: "[]".to_owned() },
            "files/*",
            "`write-before` is for `files/*`, whose",
        ),
        (Fault::Misdirected, "files/*load/", "which is no endpoint"),
        (Fault::Misdirected, "management/query", "which is no endpoint"),
    ] {
        let rule = FaultRule::new(fault).at(endpoint);
        let error = builder().faults(Faults::new().rule(rule)).start().await.unwrap_err().to_string();
        assert!(error.contains("services.rs:") && error.contains(expected), "{error}");
    }
    for endpoint in ["tokens/create", "management/importSchema", "webcourier", "changes/*", "*"] {
        let rule = FaultRule::new(Fault::EmptyPages { pages: 1 }).at("*").optional();
        let faults =
            Faults::new().rule(FaultRule::new(Fault::Misdirected).at(endpoint).optional()).rule(rule);
        builder().faults(faults).start().await.unwrap();
    }
}
