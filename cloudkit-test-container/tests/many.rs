//! Many containers in one process leave nothing behind: no port, no thread, no file.
//!
//! A test binary of its own, because it counts what the process holds.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

use cloudkit_core::auth::{CanonicalMessage, PrivateKey, RequestDate};
use cloudkit_test_container::TestContainer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How many containers one after the other, and how many at once.
const CONTAINERS: usize = 2000;
const AT_ONCE: usize = 50;

/// The open files and the threads of this process.
fn held() -> (usize, usize) {
    let count = |directory: &str| std::fs::read_dir(directory).unwrap().count();
    (count("/proc/self/fd"), count("/proc/self/task"))
}

/// Looks up a record that is not there, so that a container has done everything that it does for a test.
async fn ask(container: &TestContainer) {
    let path = format!("/database/1/{}/development/public/records/lookup", container.container_id());
    let body = r#"{"records":[{"recordName":"a"}]}"#;
    let date = RequestDate::from_unix_seconds(container.clock().now_ms() / 1000).unwrap();
    let message = CanonicalMessage::new(date, body.as_bytes(), path.as_str()).to_string();
    let key = PrivateKey::from_pem(&container.private_key_pem()).unwrap();
    let signature = key.sign_bytes(message.as_bytes()).unwrap();
    let address = container.url().strip_prefix("http://").unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\
         X-Apple-CloudKit-Request-KeyID: {}\r\nX-Apple-CloudKit-Request-ISO8601Date: {date}\r\n\
         X-Apple-CloudKit-Request-SignatureV1: {signature}\r\n\r\n{body}",
        body.len(),
        container.key_id()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.contains("NOT_FOUND"), "{reply}");
}

async fn start() -> TestContainer {
    TestContainer::builder("iCloud.com.example.Many").user("alice").start().await.unwrap()
}

#[tokio::test]
async fn thousands_of_containers_leave_nothing_behind() {
    // The first one starts what the process keeps, such as the threads of the runtime.
    let first = start().await;
    ask(&first).await;
    first.stop().await;
    let before = held();
    for number in 0..CONTAINERS / AT_ONCE {
        let mut containers = Vec::new();
        for _ in 0..AT_ONCE {
            containers.push(start().await);
        }
        for container in &containers {
            ask(container).await;
        }
        let (files, threads) = held();
        assert!(files >= before.0 + AT_ONCE, "what is counted does not count containers: {files}");
        assert!(threads <= before.1 + 8, "{threads} threads for {AT_ONCE} containers");
        for (index, container) in containers.into_iter().enumerate() {
            // Half of the tests forget to stop theirs.
            if (number + index) % 2 == 0 {
                container.stop().await;
            }
        }
        // What was dropped is gone when its tasks have run once more.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
    }
    let after = held();
    assert!(after.0 <= before.0 && after.1 <= before.1 + 8, "{before:?} before, {after:?} after");
}
