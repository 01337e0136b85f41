//! Statement 24: whatever is wrong with a signature, the answer is the same, and the diagnosis beside it names exactly
//! that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::Environment;
use cloudkit_core::auth::{BodyHash, PrivateKey, RequestDate, Signature};

use super::support::{DEVELOPMENT_KEY_ID, PRODUCTION_KEY_ID, Request, Server};

const BODY: &str = r#"{"records":[{"recordName":"x"}]}"#;

/// A request that is put together by hand, so that each of its parts can be wrong.
struct Parts<'a> {
    server: &'a Server,
    date: String,
    hash: String,
    path: String,
}

impl<'a> Parts<'a> {
    fn new(server: &'a Server) -> Self {
        Self {
            server,
            date: date(server.now()),
            hash: BodyHash::of(BODY.as_bytes()).to_string(),
            path: server.key().target("public/records/lookup"),
        }
    }

    fn message(&self) -> String {
        format!("{}:{}:{}", self.date, self.hash, self.path)
    }

    fn hex(&self) -> String {
        BodyHash::of(BODY.as_bytes()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Signed over this text, and right in all else.
    fn over(&self, message: impl AsRef<[u8]>) -> Request {
        self.with(DEVELOPMENT_KEY_ID, &self.date, signature(&self.server.key, message).to_base64())
    }

    fn with(&self, key_id: &str, date: &str, signature: impl AsRef<[u8]>) -> Request {
        Request::post(self.path.as_str(), BODY).with_signature(key_id, date, signature)
    }
}

fn date(unix_seconds: i64) -> String {
    RequestDate::from_unix_seconds(unix_seconds).unwrap().to_string()
}

fn signature(key: &PrivateKey, message: impl AsRef<[u8]>) -> Signature {
    key.sign_bytes(message.as_ref()).unwrap()
}

/// Refused as always, and explained by exactly these rows and codes, in the header and in the log.
#[track_caller]
fn check(server: &Server, reply: &super::support::Reply, codes: &[&str]) {
    reply.refused(401, "AUTHENTICATION_FAILED", "Authentication failed");
    assert_eq!(reply.body.as_object().map(|body| body.len()), Some(3), "{reply:?}");
    let explanation = reply.header("x-cloudkit-explain");
    assert!(explanation.starts_with(&format!("{}: ", codes.join(" + "))), "{codes:?}: {explanation}");
    assert_eq!(server.container.requests().last().unwrap().explanation.as_deref(), Some(explanation));
}

#[tokio::test]
async fn c024_a_wrong_text_is_named() {
    let server = Server::start().await;
    let parts = Parts::new(&server);
    let Parts { date, hash, path, .. } = &parts;
    let hex = parts.hex();
    for (message, codes) in [
        (format!("{date}:{hex}:{path}"), &["M5 body_hash_hex"][..]),
        (format!("{date}:{}:{path}", BASE64.encode(&hex)), &["M5 body_hash_base64_of_hex"]),
        (format!("{date}:{BODY}:{path}"), &["M3 body_not_hashed"]),
        (format!("{date}:{BODY}"), &["M3 body_not_hashed", "M4 message_without_path"]),
        (BODY.to_owned(), &["M3 body_not_hashed", "M4 message_is_body_only"]),
        (format!("{date}:{hash}"), &["M4 message_without_path"]),
        (format!("{date}:{hash}:https://api.apple-cloudkit.com{path}"), &["M1 full_url_signed"]),
        (format!("POST:{date}:{hash}:{path}"), &["M2 method_in_message"]),
        (format!("POST:{path}:{date}:{hex}"), &["M2 method_in_message", "M5 body_hash_hex"]),
        (format!("{path}:{date}:{hash}"), &["M2 message_parts_reordered"]),
        (format!("{date}\n{hash}\n{path}"), &["M2 message_separator_wrong"]),
        (format!("{date}:{hash}:{path}\n"), &["M2 message_separator_wrong"]),
        (format!("{date}:{hash}:{}", path.replace("/development", "")), &["M7 path_without_environment"]),
        (format!("{date}:{hash}:{}", path.replace("/database/1", "")), &["M7 path_without_prefix"]),
        (format!("{date}:{hash}:{path}/"), &["M7 path_trailing_slash"]),
        (
            format!("{date}:{}:{path}", BodyHash::of(format!("{BODY}\n").as_bytes())),
            &["M14 body_changed_after_hash"],
        ),
        (format!("{date}:{}:{path}", BodyHash::of(b"")), &["M16 body_signed_as_empty"]),
        (format!("{}:{hash}:{path}", self::date(server.now() + 2)), &["M12 date_header_differs"]),
    ] {
        check(&server, &server.send(parts.over(&message)).await, codes);
    }
    server.send(parts.over(parts.message())).await.ok();
}

#[tokio::test]
async fn c024_a_wrong_form_of_the_signature_is_named() {
    let server = Server::start().await;
    let parts = Parts::new(&server);
    // One whose base64 has padding; a third of them has none.
    let right = (0..100)
        .map(|offset| {
            let date = date(server.now() + offset);
            let message = format!("{date}:{}:{}", parts.hash, parts.path);
            (date, signature(&server.key, message))
        })
        .find(|(_, signature)| signature.to_base64().ends_with('='));
    let (date, right) = right.unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let send = |text: String| server.send(parts.with(DEVELOPMENT_KEY_ID, &date, text));
    for (text, codes) in [
        (BASE64.encode(right.to_raw()), &["S1 signature_raw_rs"][..]),
        (hex(&right.to_der()), &["S2 signature_hex"]),
        (hex(&right.to_raw()), &["S1 signature_raw_rs", "S2 signature_hex"]),
        (right.to_base64().trim_end_matches('=').to_owned(), &["S2 signature_base64_broken"]),
        ("[object Object]".to_owned(), &["S2 signature_not_bytes"]),
        ("placeholder".to_owned(), &["S5 signature_placeholder"]),
        (BASE64.encode([7; 12]), &["S5 signature_placeholder"]),
    ] {
        check(&server, &send(text).await, codes);
    }
    // Hashed once more before it was signed.
    let digest = *BodyHash::of(parts.message().as_bytes()).as_bytes();
    check(&server, &server.send(parts.over(digest)).await, &["S3 digest_applied_twice"]);
}

#[tokio::test]
async fn c024_a_wrong_date_is_named() {
    let server = Server::start().await;
    let parts = Parts::new(&server);
    let send = |date: String| {
        let message = format!("{date}:{}:{}", parts.hash, parts.path);
        server.send(parts.with(DEVELOPMENT_KEY_ID, &date, signature(&server.key, message).to_base64()))
    };
    let stem = parts.date.trim_end_matches('Z').to_owned();
    for (text, code) in [
        (format!("{stem}.123Z"), "M10 date_has_fraction"),
        (format!("{stem}+00:00"), "M11 date_has_offset"),
        (stem.clone(), "M11 date_without_zone"),
        (format!("{stem}z"), "M11 date_wrong_format"),
        (stem[..10].to_owned(), "M13 date_truncated"),
        (date(server.now() - 1000), "T1 clock_skew"),
        (date(server.now() + 7200), "T1 clock_skew"),
    ] {
        check(&server, &send(text).await, &[code]);
    }
}

#[tokio::test]
async fn c024_a_wrong_key_is_named() {
    let server = Server::start().await;
    let parts = Parts::new(&server);
    let right = || signature(&server.key, parts.message()).to_base64();
    let other = PrivateKey::generate().unwrap();
    let other_id = "5".repeat(64);
    server.container.register_key(&other_id, other.public_key(), Environment::Development).unwrap();
    let stranger = PrivateKey::generate().unwrap();

    let token = server.container.api_token().to_owned();
    for (key_id, code) in [
        (PRODUCTION_KEY_ID, "K1 key_other_environment"),
        (&"e".repeat(64), "K2 key_other_container"),
        (&other_id, "K4 key_id_mismatch"),
        (&token, "K6 api_token_as_key_id"),
        (&DEVELOPMENT_KEY_ID[..40], "K7 key_id_malformed"),
        ("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7", "K5 public_key_as_key_id"),
        ("57246542-96fe-1a63-e053-0824d011072a", "K8 wrong_apple_credential"),
    ] {
        check(&server, &server.send(parts.with(key_id, &parts.date, right())).await, &[code]);
    }
    let by_stranger = signature(&stranger, parts.message()).to_base64();
    let reply = server.send(parts.with(DEVELOPMENT_KEY_ID, &parts.date, by_stranger)).await;
    assert!(reply.header("x-cloudkit-explain").starts_with("unproven: "), "{reply:?}");

    server.container.revoke_key(&other_id).unwrap();
    let signed = signature(&other, parts.message()).to_base64();
    check(&server, &server.send(parts.with(&other_id, &parts.date, signed)).await, &["K3 key_revoked"]);
}

#[tokio::test]
async fn c024_a_wrong_place_is_named_with_all_else_that_is_wrong() {
    let server = Server::start().await;
    let parts = Parts::new(&server);
    let to = |path: String| {
        let message = format!("{}:{}:{path}", parts.date, parts.hash);
        let request = Request::post(path.as_str(), BODY);
        server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &parts.date, &message))
    };
    let path = &parts.path;
    check(&server, &to(path.replace("public", "private")).await, &["R1 database_not_public"]);
    check(&server, &to(path.replace("records/lookup", "users/discover")).await, &["R2 user_endpoint"]);
    check(&server, &to(path.replace("iCloud.", "icloud.")).await, &["R3 container_id_malformed"]);
    check(&server, &to(path.replace("development", "Development")).await, &["R4 environment_malformed"]);

    let private = path.replace("public", "private");
    let message = format!("{}:{}:{private}", parts.date, parts.hex());
    let request = Request::post(private.as_str(), BODY);
    let reply = server.send(request.signed_as(DEVELOPMENT_KEY_ID, &server.key, &parts.date, &message)).await;
    check(&server, &reply, &["M5 body_hash_hex", "R1 database_not_public"]);

    let bare = Request::post(path.as_str(), BODY);
    let reply = server.send(bare.clone()).await;
    assert!(reply.header("x-cloudkit-explain").starts_with("R11 no_credentials_reached: "), "{reply:?}");
    let reply = server.send(bare.clone().header("authorization", "Bearer eyJhbGciOi.eyJpc3Mi.c2ln")).await;
    assert!(reply.header("x-cloudkit-explain").starts_with("K8 bearer_token_sent: "), "{reply:?}");
    let reply = server.send(bare.header("x-apple-cloudkit-request-signedmessage", "x")).await;
    assert!(reply.header("x-cloudkit-explain").starts_with("R5 header_name_wrong: "), "{reply:?}");
}
