//! The requests are sent to a test container, byte for byte as they were recorded. It accepts the right ones, and refuses
//! the others with Apple's words and the reason beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use cloudkit_core::auth::PublicKey;
use cloudkit_core::explain::{Capture, CapturedBody, CauseCode};
use cloudkit_core::{CkRecord, Environment};
use cloudkit_test_container::{LoggedRequest, SignatureVerdict, TestContainer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::corpus::{API_TOKEN, AtContainer, Case, KEY_ID, cases, root};

const CONTAINER: &str = "iCloud.com.example.Ledger";
const OTHER_KEY_ID: &str = "aa51f0c2be1d95873a0b4c7d2e8f1935670ab4cde12f3590867ba24dc91e5f30";

/// What the requests ask for and save.
#[derive(CkRecord)]
#[ck(index(record_name(queryable)))]
struct Account {
    #[ck(queryable)]
    name: Option<String>,
    memo: Option<String>,
}

/// The container that the programs ask, with their clock.
async fn ledger(case: &Case) -> TestContainer {
    let public = |name: &str| {
        let pem = std::fs::read_to_string(root().join("keys").join(format!("{name}.public.pem"))).unwrap();
        PublicKey::from_pem(&pem).unwrap()
    };
    let both = [Environment::Development, Environment::Production];
    let now = case.time().duration_since(UNIX_EPOCH).unwrap();
    TestContainer::builder(CONTAINER)
        .records::<Account>()
        .key(KEY_ID, public("one"), &both)
        .key(OTHER_KEY_ID, public("two"), &both)
        .api_token(API_TOKEN, Environment::Development)
        .virtual_time_from(i64::try_from(now.as_millis()).unwrap())
        .start()
        .await
        .unwrap()
}

struct Answer {
    /// Whether the request had one of the headers of a signature.
    had_headers: bool,
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// Sends exactly these bytes.
async fn send(server: &TestContainer, request: &[u8]) -> Answer {
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut received = Vec::new();
    loop {
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
            assert!(stream.read_buf(&mut received).await.unwrap() > 0, "no answer");
            continue;
        };
        let head = String::from_utf8(received[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        if status == 100 {
            received.drain(..end + 4);
            continue;
        }
        let headers: BTreeMap<String, String> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while received.len() < end + 4 + length {
            assert!(stream.read_buf(&mut received).await.unwrap() > 0, "half an answer");
        }
        let body = serde_json::from_slice(&received[end + 4..end + 4 + length]).unwrap_or_default();
        let head = String::from_utf8_lossy(request).to_ascii_lowercase();
        let had_headers = head.contains("\nx-apple-cloudkit-request-");
        return Answer { had_headers, status, headers, body };
    }
}

/// The request on the wire, where it was not recorded there.
fn on_the_wire(capture: &Capture) -> Vec<u8> {
    let body: &[u8] = match &capture.body {
        CapturedBody::Exact(bytes) => bytes,
        CapturedBody::Text(text) => text.as_bytes(),
        _ => b"",
    };
    let mut request =
        format!("{} {} HTTP/1.1\r\nhost: api.apple-cloudkit.com\r\n", capture.method, capture.target);
    for (name, value) in &capture.headers {
        let is_about_the_connection = ["host", "content-length", "transfer-encoding"]
            .iter()
            .any(|about| name.eq_ignore_ascii_case(about));
        if !name.starts_with(':') && !is_about_the_connection {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [request.as_bytes(), body].concat()
}

/// The codes that a line names.
fn named(line: &str) -> BTreeSet<&'static str> {
    let words: BTreeSet<&str> = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    CauseCode::all().map(CauseCode::as_str).filter(|code| words.contains(code)).collect()
}

fn requests(case: &Case) -> Vec<Vec<u8>> {
    match case.file("request.http") {
        Some(first) => [Some(first), case.file("second.http")].into_iter().flatten().collect(),
        None => case.captures().iter().flat_map(|(_, captures)| captures).map(on_the_wire).collect(),
    }
}

/// What the container is to make of a case.
fn at_container(case: &Case) -> AtContainer {
    case.expected.container.clone().unwrap_or_else(|| match &*case.expected.verdict {
        "valid" => AtContainer::Accepts,
        _ => AtContainer::Refuses(case.expected.codes.clone()),
    })
}

/// What is wrong with the answer of the container.
fn check(expected: &AtContainer, answer: &Answer, logged: Option<&LoggedRequest>) -> Result<(), String> {
    let line = answer.headers.get("x-cloudkit-explain");
    let found = format!("{} {}, {line:?}", answer.status, answer.body);
    match expected {
        AtContainer::Accepts => {
            let is_valid = logged.is_some_and(|request| request.signature == SignatureVerdict::Valid);
            if answer.status != 200 || !is_valid || line.is_some() {
                return Err(format!("is not accepted: {found}"));
            }
        }
        AtContainer::Refuses(codes) => {
            let apples = json!({
                "uuid": answer.body["uuid"],
                "serverErrorCode": "AUTHENTICATION_FAILED",
                "reason": if answer.had_headers { "Authentication failed" } else { "no auth method found" },
            });
            if answer.status != 401 || answer.body != apples {
                return Err(format!("is not refused in Apple's words: {found}"));
            }
            let codes: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
            let explanation = line.cloned().unwrap_or_default();
            if named(&explanation) != codes {
                return Err(format!("is not refused because of {codes:?}: {found}"));
            }
            if logged.and_then(|request| request.explanation.clone()) != Some(explanation) {
                return Err(format!("is explained otherwise in the log: {found}"));
            }
        }
        AtContainer::AsksToSignIn => {
            if answer.status != 421 || answer.body["serverErrorCode"] != "AUTHENTICATION_REQUIRED" {
                return Err(format!("does not have to sign in: {found}"));
            }
        }
        AtContainer::Malformed => {
            if (answer.status, &answer.body) != (400, &Value::Null) || logged.is_some() {
                return Err(format!("is taken for HTTP: {found}"));
            }
        }
    }
    Ok(())
}

/// Sends the cases that are to be accepted, or the others.
async fn replay(accepted: bool) {
    let mut wrong = Vec::new();
    let mut sent = 0;
    for case in cases() {
        let expected = at_container(&case);
        if matches!(expected, AtContainer::Accepts) != accepted {
            continue;
        }
        let server = ledger(&case).await;
        for request in requests(&case) {
            sent += 1;
            let answer = send(&server, &request).await;
            if let Err(what) = check(&expected, &answer, server.requests().last()) {
                wrong.push(format!("{case} {what}"));
            }
        }
    }
    assert!(sent > 40, "only {sent} requests were sent");
    assert!(wrong.is_empty(), "{} of {sent} requests:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn the_container_accepts_the_right_requests() {
    replay(true).await;
}

#[tokio::test]
async fn the_container_refuses_the_others_and_says_why() {
    replay(false).await;
}
