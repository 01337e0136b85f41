//! `cloudkit doctor`, against test containers that are set up wrongly in one way each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cloudkit_cli::commands::doctor::{Arguments, Check, Report, Routes, Status, Verdict, examine};
use cloudkit_cli::{Cli, Command, Context};
use cloudkit_core::auth::{HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PrivateKey};
use cloudkit_core::runtime::BoxFuture;
use cloudkit_core::transport::{HttpTransport, Transport, TransportError};
use cloudkit_core::{Environment, ServerErrorCode};
use cloudkit_test_container::{Fault, FaultRule, TestContainer};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Cloudkit, Output, assert_no_private_key, repository, temporary_directory};

const CONTAINER: &str = "iCloud.com.example.News";

async fn start() -> TestContainer {
    TestContainer::builder(CONTAINER).start().await.expect("a test container")
}

/// The doctor with the container's own key for development.
fn doctor(container: &TestContainer, arguments: &[&str]) -> Cloudkit {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    Cloudkit::new(["doctor".to_owned()].into_iter().chain(arguments))
        .env("CLOUDKIT_CONTAINER", CONTAINER)
        .env("CLOUDKIT_KEY_ID", container.key_id())
        .env("CLOUDKIT_PRIVATE_KEY", container.private_key_pem())
        .env("CLOUDKIT_URL", container.url())
}

/// Runs it beside the container, which serves on the threads of this runtime.
async fn run(cloudkit: Cloudkit) -> Output {
    tokio::task::spawn_blocking(move || cloudkit.run()).await.expect("the run does not panic")
}

async fn json(cloudkit: Cloudkit, code: i32) -> Value {
    let output = run(cloudkit.and(&["--format", "json"])).await;
    assert_eq!(output.code, Some(code), "{} {}", output.stdout, output.stderr);
    assert_eq!(output.stdout.lines().count(), 1);
    output.json()
}

/// The codes of the checks with this status.
fn codes<'a>(report: &'a Value, status: &str) -> Vec<&'a str> {
    let checks = report["checks"].as_array().expect("a list");
    let checks = checks.iter().filter(|check| check["status"] == status);
    checks.map(|check| check["code"].as_str().expect("a code")).collect()
}

#[track_caller]
fn check_report(report: &Value, verdict: &str, failed: &[&str]) {
    assert_eq!(
        (report["verdict"].as_str(), &*codes(report, "failed")),
        (Some(verdict), failed),
        "{report:#}"
    );
}

/// A key for both environments, under one ID.
async fn register_in_both(container: &TestContainer) -> Cloudkit {
    let key = PrivateKey::generate().expect("random numbers");
    let id = "5e".repeat(32);
    for environment in [Environment::Development, Environment::Production] {
        container.register_key(&id, key.public_key(), environment).expect("the key is registered");
    }
    doctor(container, &[]).env("CLOUDKIT_KEY_ID", &id).env("CLOUDKIT_PRIVATE_KEY", &*key.to_pkcs8_pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_set_up_is_ok() {
    let container = start().await;
    let report = json(register_in_both(&container).await, 0).await;
    check_report(&report, "ok", &[]);
    assert!(codes(&report, "warning").is_empty() && codes(&report, "unknown").is_empty(), "{report:#}");
    // Lookups and questions who the caller is, and nothing else.
    let requests = container.requests();
    let asked: Vec<&str> =
        requests.iter().filter_map(|request| request.target.split("/public/").nth(1)).collect();
    let [lookup, caller] = ["records/lookup", "users/caller"];
    assert_eq!(asked, [lookup, lookup, "records/lookup?doctor=1", caller, caller]);
    assert!(requests.iter().all(|request| request.status == 200), "{requests:#?}");
    for check in report["checks"].as_array().expect("a list") {
        let members: Vec<&str> = check.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(members.iter().all(|member| ["code", "detail", "fix", "row", "status"].contains(member)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k1_a_key_of_the_other_environment() {
    let container = start().await;
    let report = json(doctor(&container, &["--environment", "production"]), 1).await;
    check_report(&report, "failed", &["key_other_environment"]);

    // In the environment that it is for, it is right, and the other one is only a warning.
    let report = json(doctor(&container, &[]), 0).await;
    check_report(&report, "ok", &[]);
    assert_eq!(codes(&report, "warning"), ["key_other_environment"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn k3_a_revoked_key() {
    let container = start().await;
    container.revoke_key(container.key_id()).expect("the container knows it");
    let report = json(doctor(&container, &[]), 1).await;
    check_report(&report, "failed", &["key_not_registered", "key_other_container", "key_revoked"]);
    assert_eq!(codes(&report, "unknown"), ["key_id_mismatch", "account_or_service"]);
    // The controls are kept, for those who want to know whether the answers differ.
    let calls = report["calls"].as_array().expect("a list");
    let reasons: Vec<(&str, &str)> = calls
        .iter()
        .map(|call| (call["probe"].as_str().unwrap_or_default(), call["reason"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("development", "Authentication failed"),
            ("production", "Authentication failed"),
            ("without_headers", "no auth method found"),
            ("unknown_key_id", "Authentication failed"),
            ("broken_signature", "Authentication failed"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_a_clock_that_is_an_hour_off() {
    let container = start().await;
    container.clock().advance(Duration::from_secs(3600));
    let cloudkit = register_in_both(&container).await;
    let report = json(cloudkit, 1).await;
    check_report(&report, "failed", &["clock_skew"]);
    let skew = report["skewSeconds"].as_i64().expect("a number");
    assert!((3590..3610).contains(&skew), "{skew}");
    let clock =
        report["checks"].as_array().expect("a list").iter().find(|check| check["code"] == "clock_skew");
    let detail = clock.and_then(|check| check["detail"].as_str()).expect("a text");
    assert!(detail.contains(&format!("{skew} s slow")), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t1_is_told_beside_k1() {
    let container = start().await;
    container.clock().advance(Duration::from_secs(3600));
    let report = json(doctor(&container, &["--environment", "production"]), 1).await;
    check_report(&report, "failed", &["key_other_environment", "clock_skew"]);
}

/// Passes requests on, without the headers of signatures, as some proxies do.
async fn proxy_that_drops_headers(to: &str) -> String {
    let to = to.strip_prefix("http://").expect("plain HTTP").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let to = to.clone();
            tokio::spawn(async move {
                let mut request = Vec::new();
                // The bodies here are short and come with the headers or just after.
                let head = loop {
                    if client.read_buf(&mut request).await.expect("a request") == 0 {
                        return;
                    }
                    if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                        break end;
                    }
                };
                let (head, body) = request.split_at(head + 4);
                let head = String::from_utf8(head.to_vec()).expect("ASCII");
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = body.to_vec();
                while body.len() < length.unwrap_or(0) {
                    client.read_buf(&mut body).await.expect("a body");
                }
                let kept: Vec<&str> = head
                    .split("\r\n")
                    .filter(|line| !line.to_lowercase().starts_with("x-apple-cloudkit-request"))
                    .collect();
                let head = kept.join("\r\n").replacen("\r\n", "\r\nConnection: close\r\n", 1);
                let mut server = TcpStream::connect(to).await.expect("the container");
                server.write_all(&[head.as_bytes(), &body].concat()).await.expect("sent");
                let mut answer = Vec::new();
                server.read_to_end(&mut answer).await.expect("an answer");
                client.write_all(&answer).await.expect("passed on");
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_a_proxy_that_drops_headers() {
    let container = start().await;
    let proxy = proxy_that_drops_headers(container.url()).await;
    let report = json(doctor(&container, &["--url", &proxy]), 1).await;
    check_report(&report, "failed", &["header_lost_in_transit"]);
}

/// A way to the service on which the headers of signatures get lost.
#[derive(Debug)]
struct WithoutHeaders(HttpTransport);

impl Transport for WithoutHeaders {
    fn send(
        &self,
        mut request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        for name in [HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE] {
            request.headers_mut().remove(name);
        }
        self.0.send(request)
    }
}

/// Examines in this process, by these ways.
async fn examined(container: &TestContainer, routes: &Routes) -> Report {
    let variables = [
        ("CLOUDKIT_CONTAINER", CONTAINER.to_owned()),
        ("CLOUDKIT_KEY_ID", container.key_id().to_owned()),
        ("CLOUDKIT_PRIVATE_KEY", container.private_key_pem()),
        ("CLOUDKIT_URL", container.url().to_owned()),
    ];
    let variable =
        move |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let mut context = Context::new(
        variable,
        Box::new(std::io::empty()),
        Box::new(std::io::sink()),
        Box::new(std::io::sink()),
    );
    examine(&arguments(), routes, &mut context).await.expect("an examination")
}

fn arguments() -> Arguments {
    match <Cli as clap::Parser>::parse_from(["cloudkit", "doctor"]).command {
        Command::Doctor(arguments) => arguments,
        other => panic!("{other:?}"),
    }
}

fn failed(report: &Report) -> Vec<&str> {
    let checks: Vec<&Check> = report.checks.iter().filter(|check| check.status == Status::Failed).collect();
    checks.iter().map(|check| check.code).collect()
}

#[tokio::test]
async fn r6_is_proved_by_the_way_past_the_proxy() {
    let container = start().await;
    let routes = Routes {
        usual: Arc::new(WithoutHeaders(HttpTransport::default())),
        direct: Some(Arc::new(HttpTransport::default())),
    };
    let report = examined(&container, &routes).await;
    assert_eq!((report.verdict, &*failed(&report)), (Verdict::Failed, &["header_lost_in_transit"][..]));
    let check = report.checks.iter().find(|check| check.code == "header_lost_in_transit").expect("a check");
    assert!(check.detail.contains("without the proxy"), "{}", check.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn r10_a_missing_grant_is_told_from_a_refused_key() {
    let container = start().await;
    let denied = Fault::Status { code: ServerErrorCode::AccessDenied, retry_after: None };
    container.plan(FaultRule::new(denied).always());
    let report = json(doctor(&container, &[]), 1).await;
    check_report(&report, "failed", &["role_missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r9_a_request_for_sign_in() {
    let container = start().await;
    let sign_in = Fault::Status { code: ServerErrorCode::AuthenticationRequired, retry_after: None };
    container.plan(FaultRule::new(sign_in).at("records/lookup").times(2));
    let report = json(doctor(&container, &[]), 1).await;
    check_report(&report, "failed", &["user_sign_in_required"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn r8_a_misdirected_request() {
    let container = start().await;
    container.plan(FaultRule::new(Fault::Misdirected).always());
    let report = json(doctor(&container, &[]), 1).await;
    check_report(&report, "failed", &["connection_coalesced"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_at_the_first_429() {
    let container = start().await;
    container.plan(FaultRule::new(Fault::throttled(Duration::from_secs(7))).always());
    let report = json(doctor(&container, &[]), 3).await;
    check_report(&report, "inconclusive", &[]);
    assert_eq!(container.requests().len(), 1);
    assert!(report.to_string().contains("a pause of 7 s"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_network_is_no_answer_of_cloudkit() {
    let container = start().await;
    let page = Fault::Raw { status: 200, content_type: "text/html".into(), body: b"<html>Sign in".to_vec() };
    container.plan(FaultRule::new(page).always());
    let report = json(doctor(&container, &[]), 1).await;
    check_report(&report, "failed", &["unexpected_answer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_offline() {
    let container = start().await;
    let report = json(doctor(&container, &["--offline"]), 3).await;
    check_report(&report, "inconclusive", &[]);
    assert_eq!(codes(&report, "unknown"), ["offline"]);
    assert!(container.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_that_is_registered_is_compared() {
    let container = start().await;
    let directory = temporary_directory();
    let file = directory.path().join("registered.pem");
    let other = PrivateKey::generate().expect("random numbers").public_key();
    std::fs::write(&file, other.to_spki_pem()).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let report = json(doctor(&container, &["--offline", "--public-key", file]), 1).await;
    check_report(&report, "failed", &["key_id_mismatch"]);
    let own = PrivateKey::from_pem(&container.private_key_pem()).expect("a key").public_key();
    std::fs::write(file, own.to_spki_pem()).expect("a file");
    let report = json(doctor(&container, &["--offline", "--public-key", file]), 3).await;
    assert!(codes(&report, "ok").contains(&"key_id_mismatch"), "{report:#}");
}

/// `doctor --offline` with one thing wrong.
fn offline(variable: &str, value: &str) -> Value {
    let key = repository("tests/vectors/signing/keys/rfc6979.pem");
    let right = [
        ("CLOUDKIT_CONTAINER", CONTAINER),
        ("CLOUDKIT_KEY_ID", "0aa3c896785c6f3e9ca8a050978d636ddf3218b344e5c11b39ea02d2e23a32c5"),
        ("CLOUDKIT_PRIVATE_KEY_FILE", key.to_str().expect("UTF-8")),
    ];
    let mut cloudkit = Cloudkit::new(["doctor", "--offline", "--format", "json"]);
    for (name, value) in right {
        cloudkit = cloudkit.env(name, value);
    }
    cloudkit.env(variable, value).run().json()
}

#[test]
fn the_configuration_is_looked_at_part_by_part() {
    let check = |variable: &str, value: &str, code: &str| {
        check_report(&offline(variable, value), "failed", &[code]);
    };
    let fixture = |name: &str| repository("tests/fixtures/keys").join(name).display().to_string();
    check("CLOUDKIT_CONTAINER", "", "variable_missing");
    check("CLOUDKIT_CONTAINER", "icloud.com.example.News", "container_id_malformed");
    check("CLOUDKIT_CONTAINER", "com.example.News", "container_id_malformed");
    check("CLOUDKIT_ENVIRONMENT", "Production", "environment_malformed");
    check("CLOUDKIT_KEY_ID", "", "variable_missing");
    check("CLOUDKIT_KEY_ID", "0aa3c896", "key_id_malformed");
    check("CLOUDKIT_KEY_ID", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJ/=", "public_key_as_key_id");
    check("CLOUDKIT_KEY_ID", "57246542-96fe-1a63-e053-0824d011072a", "wrong_apple_credential");
    check(
        "CLOUDKIT_API_TOKEN",
        "0aa3c896785c6f3e9ca8a050978d636ddf3218b344e5c11b39ea02d2e23a32c5",
        "api_token_as_key_id",
    );
    check("CLOUDKIT_PRIVATE_KEY_FILE", &fixture("wrong/AuthKey_2X9R4HXF34.p8"), "wrong_apple_credential");
    check("CLOUDKIT_PRIVATE_KEY_FILE", &fixture("wrong/secp384r1.pem"), "key_wrong_curve");
    check("CLOUDKIT_PRIVATE_KEY_FILE", &fixture("wrong/certificate.pem"), "not_a_private_key");
    check("CLOUDKIT_PRIVATE_KEY_FILE", &fixture("wrong/encrypted.pem"), "key_encrypted");
    check("CLOUDKIT_PRIVATE_KEY_FILE", "/nowhere/key.pem", "key_file_unreadable");
    check("CLOUDKIT_URL", "https://cvws.icloud.com", "wrong_host");
    check("CLOUDKIT_URL", "http://example.com", "wrong_host");
    let repaired = offline("CLOUDKIT_PRIVATE_KEY_FILE", &fixture("good/sec1_under_pkcs8_label.pem"));
    assert_eq!(codes(&repaired, "warning"), ["pem_label_mismatch"]);
}

#[test]
fn two_faults_of_the_configuration_are_both_told() {
    let output = Cloudkit::new(["doctor", "--offline", "--format", "json", "--container", "com.example"])
        .env("CLOUDKIT_ENVIRONMENT", "dev")
        .run();
    let report = output.json();
    let expected =
        ["container_id_malformed", "environment_malformed", "variable_missing", "variable_missing"];
    check_report(&report, "failed", &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_is_for_people() {
    let container = start().await;
    let output = run(doctor(&container, &["--environment", "production"])).await;
    assert_eq!((output.code, &*output.stderr), (Some(1), ""));
    for words in [
        "\u{2717} key_other_environment (K1): the same key is accepted in development and refused in production",
        "  Fix: register the public key in production too",
        "nothing was changed",
        "signed, development: 200 NOT_FOUND",
        "-----BEGIN PUBLIC KEY-----",
    ] {
        assert!(output.stdout.contains(words), "{words} is not in {}", output.stdout);
    }
    // The container's own key is not one of the fixtures.
    let key = container.private_key_pem();
    let secret = key.lines().nth(2).expect("base64");
    assert!(!output.stdout.contains(secret));
    assert_no_private_key(&output.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let container = start().await;
    let report = json(doctor(&container, &["--url", &format!("http://{address}")]), 1).await;
    check_report(&report, "failed", &["no_answer"]);
}
