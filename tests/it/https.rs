//! The container over HTTPS, as programs meet it that speak to Apple's host and to no other.

use cloudkit_core::{CkRecord, Record};
use cloudkit_test_container::{Fault, StartError, TestContainer, TestContainerBuilder};
use reqwest::{Certificate, Client, ClientBuilder, StatusCode, Version};
use serde_json::json;

const APPLE: &str = "api.apple-cloudkit.com";

#[derive(CkRecord, Clone, Debug, PartialEq)]
struct Note {
    text: String,
}

fn builder() -> TestContainerBuilder {
    TestContainer::builder("iCloud.com.example.Https").records::<Note>()
}

/// A program that trusts the container, and is led to it under these names by the machine's hosts file.
fn program(container: &TestContainer) -> ClientBuilder {
    let ca = Certificate::from_pem(container.ca_pem().unwrap().as_bytes()).unwrap();
    let address = format!("127.0.0.1:{}", port(container)).parse().unwrap();
    ["example.com", "cloudkit.test", APPLE]
        .into_iter()
        .fold(Client::builder(), |builder, host| builder.resolve(host, address))
        .tls_certs_only([ca])
        .no_proxy()
}

fn port(container: &TestContainer) -> &str {
    container.url().rsplit_once(':').unwrap().1
}

/// Where the API is, for a program that knows the container by this name.
fn target(container: &TestContainer, host: &str, path: &str) -> String {
    let token = container.api_token();
    let id = container.container_id();
    format!("https://{host}:{}/database/1/{id}/development/public/{path}?ckAPIToken={token}", port(container))
}

async fn look_up(client: &Client, container: &TestContainer, host: &str) -> reqwest::Result<StatusCode> {
    let body = json!({ "records": [{ "recordName": "n-1" }] }).to_string();
    Ok(client.post(target(container, host, "records/lookup")).body(body).send().await?.status())
}

#[tokio::test]
async fn apples_host_is_served_to_whoever_trusts_the_container() {
    let container = builder().tls_name("Cloudkit.test").start().await.unwrap();
    assert!(container.url().starts_with("https://127.0.0.1:"), "{}", container.url());
    let client = program(&container).build().unwrap();
    for host in [APPLE, "localhost", "127.0.0.1", "cloudkit.test"] {
        assert_eq!(look_up(&client, &container, host).await.unwrap(), 200, "{host}");
    }
    assert!(look_up(&client, &container, "example.com").await.unwrap_err().is_connect());

    let stranger = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    assert!(look_up(&stranger, &container, "localhost").await.unwrap_err().is_connect());
    container.stop().await;
}

#[tokio::test]
async fn the_client_decides_which_http_is_spoken() {
    let container = builder().tls().start().await.unwrap();
    for (client, version) in [
        (program(&container), Version::HTTP_2),
        (program(&container).http1_only(), Version::HTTP_11),
        (program(&container).http2_prior_knowledge(), Version::HTTP_2),
    ] {
        let client = client.build().unwrap();
        let reply = client.get(target(&container, APPLE, "zones/list")).send().await.unwrap();
        assert_eq!((reply.status(), reply.version()), (StatusCode::OK, version));
        assert!(reply.text().await.unwrap().contains("_defaultZone"));
    }
}

#[tokio::test]
async fn plain_http_is_told_what_is_spoken_here() {
    let container = builder().tls().start().await.unwrap();
    let url = container.url().replace("https://", "http://");
    let reply = program(&container).build().unwrap().get(url).send().await.unwrap();
    assert_eq!(reply.status(), 400);
    assert!(reply.text().await.unwrap().contains("https://"));
}

#[tokio::test]
async fn the_containers_own_client_trusts_it() {
    let container = builder().tls().virtual_time().start().await.unwrap();
    let db = container.client().public();
    let note: Record<Note> = db.create(Note { text: "over TLS".into() }).named("n-1").await.unwrap();
    assert_eq!(db.lookup::<Note>("n-1").await.unwrap().text, note.text);
    assert!(container.requests().iter().all(|request| request.status == 200));
}

#[tokio::test]
async fn addresses_in_replies_are_reached_over_https_too() {
    let container = builder().tls().start().await.unwrap();
    let client = program(&container).build().unwrap();
    let reply = client.get(target(&container, APPLE, "users/caller")).send().await.unwrap();
    assert_eq!(reply.status(), 421);
    let body: serde_json::Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    let page = client.get(body["redirectURL"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((page.url().scheme(), page.status()), ("https", StatusCode::OK));
}

#[tokio::test]
async fn the_console_is_served_under_the_names_of_this_machine() {
    let container = builder().tls().start().await.unwrap();
    let client = program(&container).build().unwrap();
    for (host, status) in [("localhost", 200), ("127.0.0.1", 200), (APPLE, 403)] {
        let url = format!("https://{host}:{}/console", port(&container));
        let reply = client.get(url).send().await.unwrap();
        assert_eq!((reply.status().as_u16(), reply.version()), (status, Version::HTTP_2), "{host}");
    }
}

/// A connection that is said to belong to another host keeps saying so to all requests that share it, and HTTP/2 shares
/// connections more than any client expects.
#[tokio::test]
async fn a_misdirected_connection_is_shared() {
    let container = builder().tls().start().await.unwrap();
    container.fail_next(Fault::Misdirected);
    let client = program(&container).build().unwrap();
    assert_eq!(look_up(&client, &container, APPLE).await.unwrap(), 421);
    let (one, other) = tokio::join!(look_up(&client, &container, APPLE), look_up(&client, &container, APPLE));
    assert_eq!(
        (one.unwrap(), other.unwrap()),
        (StatusCode::MISDIRECTED_REQUEST, StatusCode::MISDIRECTED_REQUEST)
    );
    let another = program(&container).build().unwrap();
    assert_eq!(look_up(&another, &container, APPLE).await.unwrap(), 200);
}

#[tokio::test]
async fn trouble_reaches_both_versions() {
    let container = builder().tls().start().await.unwrap();
    for client in [program(&container), program(&container).http1_only()] {
        let client = client.build().unwrap();
        container.fail_next(Fault::DropAfterCommit);
        assert!(look_up(&client, &container, APPLE).await.is_err());
        container.fail_next(Fault::TruncatedBody { percent: 50 });
        let reply = client.get(target(&container, APPLE, "zones/list")).send().await.unwrap();
        assert!(reply.bytes().await.is_err());
        assert_eq!(look_up(&client, &container, APPLE).await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_lost_answer_is_settled_over_http2() {
    let container = builder().tls().virtual_time().start().await.unwrap();
    container.fail_next_at("records/modify", Fault::DropAfterCommit);
    let db = container.client().public();
    let note = db.create(Note { text: "once".into() }).named("n-1").await.unwrap();
    assert_eq!(db.lookup::<Note>("n-1").await.unwrap().change_tag(), note.change_tag());
}

#[tokio::test]
async fn kept_certificates_stay_until_a_name_is_added() {
    let directory = tempfile::tempdir().unwrap();
    let start = async |names: &[&str]| {
        let described = names
            .iter()
            .fold(builder().data(directory.path()).tls(), |builder, name| builder.tls_name(*name));
        let container = described.start().await.unwrap();
        let pem = container.ca_pem().unwrap();
        assert_eq!(std::fs::read_to_string(container.ca_file().unwrap()).unwrap(), pem);
        let client = program(&container).build().unwrap();
        assert_eq!(look_up(&client, &container, APPLE).await.unwrap(), 200);
        container.stop().await;
        pem
    };
    let first = start(&[]).await;
    assert_eq!(start(&[]).await, first);
    let second = start(&["cloudkit.test"]).await;
    assert_ne!(second, first);
    assert_eq!(start(&["cloudkit.test"]).await, second);
    assert_eq!(start(&[]).await, second, "a name more does no harm");

    let kept = directory.path().join("tls");
    std::fs::write(kept.join("private-key.pem"), "lost").unwrap();
    let third = start(&[]).await;
    assert_ne!(third, second);
    // The key of another certificate.
    let other = tempfile::tempdir().unwrap();
    builder().data(other.path()).tls().start().await.unwrap().stop().await;
    std::fs::copy(other.path().join("tls/private-key.pem"), kept.join("private-key.pem")).unwrap();
    assert_ne!(start(&[]).await, third);

    let mut names: Vec<_> = std::fs::read_dir(&kept)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["ca.pem", "certificate.pem", "private-key.pem"], "the authority's key is not kept");
    #[cfg(unix)]
    for name in names {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&kept.join(&name).metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_name_has_no_certificate() {
    for name in ["", "no name", "https://example.com", "example.com:443", "*.example.com"] {
        let refused = builder().tls_name(name).start().await.unwrap_err();
        assert!(matches!(&refused, StartError::TlsName(given) if given == name), "{name}: {refused:?}");
    }
    let plain = builder().start().await.unwrap();
    assert_eq!((plain.ca_pem(), plain.ca_file()), (None, None));
}
