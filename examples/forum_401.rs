//! A 401 of CloudKit's, explained: the request of a question in Apple's developer forum, and the right one.
//!
//! ```sh
//! cargo run --example forum_401
//! ```
//!
//! The [question](https://developer.apple.com/forums/thread/777574) is about a Swift program whose every request is
//! answered with `AUTHENTICATION_FAILED`, and nothing more. Here its request is put together by hand and sent by plain
//! HTTP: the key in SEC1 form, the signed text `METHOD:path:date:hash`, the hash in hex. The test container answers
//! with Apple's own words, and says why in a header beside them.
//!
//! With `CLOUDKIT_CONTAINER` and the other variables of the README set, it asks that container instead. Apple's service
//! sends no such header, so there the same explanation is made here.

use std::time::SystemTime;

use cloudkit_core::Config;
use cloudkit_core::auth::{
    BodyHash, CanonicalMessage, HEADER_DATE, HEADER_KEY_ID, HEADER_SIGNATURE, PrivateKey, RequestDate,
};
use cloudkit_core::explain::{Capture, Evidence, Limits, explain};
use cloudkit_test_container::TestContainer;

/// What a program is given to sign and send requests with.
struct Setup {
    url: String,
    container_id: String,
    environment: String,
    key_id: String,
    key: PrivateKey,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::from_env();
    // It stops when it is dropped, so it lives as long as the program.
    let server = match config.container {
        Some(_) => None,
        None => Some(TestContainer::builder("iCloud.com.example.Forum").start().await?),
    };
    let setup = match &server {
        Some(server) => embedded(server)?,
        None => from_environment(&config)?,
    };

    // A lookup needs no record type and no index; a name that does not exist is an answer like any other.
    let path = format!("/database/1/{}/{}/public/records/lookup", setup.container_id, setup.environment);
    let body = r#"{"records":[{"recordName":"forum-401"}]}"#;
    let date = now();

    // 1. The program of the forum. It puts the method first and the hash last, and writes the hash in hex.
    let hash: String =
        BodyHash::of(body.as_bytes()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let message = format!("POST:{path}:{date}:{hash}");
    println!("the program signs\n  {message}");
    let signature = setup.key.sign_bytes(message.as_bytes())?.to_base64();
    let (status, explained, answer) = send(&setup, &path, body, date, &signature).await?;
    println!("CloudKit answers {status}\n  {answer}");
    if status != 401 {
        return Err(format!("401 was expected, and {status} came").into());
    }
    // A captured request and the public key are enough to find out what was signed.
    let explained = explained.unwrap_or_else(|| {
        let capture = Capture::new("POST", path.as_str())
            .header(HEADER_KEY_ID, setup.key_id.as_str())
            .header(HEADER_DATE, date.to_string())
            .header(HEADER_SIGNATURE, signature.as_str())
            .body(body);
        let evidence = Evidence::new().public_key("the key", setup.key.public_key());
        explain(&capture, &evidence, &Limits::default()).one_line()
    });
    println!("because\n  {explained}");

    // 2. The right request: date, hash and path, and the hash in base64.
    let message = CanonicalMessage::new(date, body.as_bytes(), path.as_str()).to_string();
    println!("CloudKit wants\n  {message}");
    let signature = setup.key.sign_bytes(message.as_bytes())?.to_base64();
    let (status, explained, answer) = send(&setup, &path, body, date, &signature).await?;
    println!("and answers {status}\n  {answer}");
    if status != 200 {
        return Err(format!("200 was expected, and {status} came: {explained:?}").into());
    }
    Ok(())
}

/// A test container, and a key that is registered there. Apple's recipe makes keys in SEC1 form.
fn embedded(server: &TestContainer) -> Result<Setup, Box<dyn std::error::Error>> {
    let sec1_pem = PrivateKey::generate()?.to_sec1_pem();
    let key = PrivateKey::from_pem(&sec1_pem)?;
    let key_id = server.register_public_key(server.environment(), &key.public_key())?;
    Ok(Setup {
        url: server.url().to_owned(),
        container_id: server.container_id().to_owned(),
        environment: server.environment().to_string(),
        key_id: key_id.to_string(),
        key,
    })
}

/// What the environment variables name.
fn from_environment(config: &Config) -> Result<Setup, Box<dyn std::error::Error>> {
    // It says which variable is missing, and keeps the key to itself.
    let key_id = config.server_key()?.key_id().to_string();
    let key = match (&config.private_key, &config.private_key_file) {
        (Some(pem), _) => PrivateKey::from_pem(pem)?,
        (None, Some(file)) => PrivateKey::from_pem_file(file)?,
        (None, None) => return Err("there is no key".into()),
    };
    Ok(Setup {
        url: config.url().trim_end_matches('/').to_owned(),
        container_id: config.container()?.to_owned(),
        environment: config.environment()?.to_string(),
        key_id,
        key,
    })
}

/// Sends the request; status, explanation if there is one, and body of the answer.
async fn send(
    setup: &Setup,
    path: &str,
    body: &'static str,
    date: RequestDate,
    signature: &str,
) -> Result<(u16, Option<String>, String), reqwest::Error> {
    let response = reqwest::Client::new()
        .post(format!("{}{path}", setup.url))
        .header("Content-Type", "application/json")
        .header(HEADER_KEY_ID, &setup.key_id)
        .header(HEADER_DATE, date.to_string())
        .header(HEADER_SIGNATURE, signature)
        .body(body)
        .send()
        .await?;
    let explained = response.headers().get("x-cloudkit-explain");
    let explained = explained.and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok((response.status().as_u16(), explained, response.text().await?))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a request is dated by the clock, and here it is put together by hand"
)]
fn now() -> RequestDate {
    RequestDate::from(SystemTime::now())
}
