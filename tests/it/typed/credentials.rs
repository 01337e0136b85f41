//! Who asks, and what that opens.

use std::sync::{Arc, Mutex};

use cloudkit_core::auth::{ApiToken, PrivateKey, ServerKeys, WebAuthToken, WebAuthTokenStore};
use cloudkit_core::{Config, Container, Environment, ServerErrorCode};

use super::{Author, Note, start};

fn ines() -> Author {
    Author { name: "Ines".to_owned() }
}

#[tokio::test]
async fn an_api_token_alone_reads_what_the_world_may_read() {
    let server = start().await;
    server.client().public().create(ines()).named("ines").await.unwrap();
    let app = server.client_with_api_token();
    assert_eq!(app.public().lookup::<Author>("ines").await.unwrap().value(), &ines());
    let error = app.caller().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationRequired));
    assert!(error.server_error().unwrap().redirect_url.is_some());
    assert!(
        !format!("{error:?}").contains("http"),
        "the address of the sign-in page is not shown: {error:?}"
    );
}

#[tokio::test]
async fn private_databases_are_apart() {
    let server = start().await;
    let note = Note { title: "mine".to_owned(), secret: Some("hush".to_owned()) };
    let alice = server.client_as("alice").unwrap();
    let saved = alice.private().create(note.clone()).named("n").await.unwrap();
    assert_eq!(saved.value(), &note);
    assert_eq!(
        alice.private().query::<Note>().filter(|n| n.title.eq("mine")).fetch_all().await.unwrap().len(),
        1
    );

    let bob = server.client_as("bob").unwrap();
    assert!(bob.private().lookup_opt::<Note>("n").await.unwrap().is_none());
    assert!(bob.private().query::<Note>().fetch_all().await.unwrap().is_empty());
}

#[tokio::test]
async fn users_and_keys_have_names() {
    let server = start().await;
    let alice = server.client_as("alice").unwrap().caller().await.unwrap();
    assert_eq!(alice.user_record_name.as_str(), server.user("alice").unwrap().record_name);
    let key = server.client().caller().await.unwrap();
    let saved = server.client().public().create(ines()).await.unwrap();
    assert_eq!(saved.metadata().created.as_ref().unwrap().user_record_name, Some(key.user_record_name));
}

#[tokio::test]
async fn each_answer_brings_the_next_token_and_it_can_be_kept() {
    let server = start().await;
    let first = WebAuthToken::new(server.user("alice").unwrap().web_auth_token.clone()).unwrap();
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let store = WebAuthTokenStore::new(first.clone()).on_rotation({
        let kept = Arc::clone(&kept);
        move |token| kept.lock().unwrap().push(token.expose().to_owned())
    });
    let alice = server
        .client_builder()
        .api_token(ApiToken::new(server.api_token()).unwrap())
        .web_auth_token(store.clone())
        .build()
        .unwrap();
    alice.caller().await.unwrap();
    // A refusal brings one as well.
    alice.private().lookup::<Note>("nope").await.unwrap_err();
    let kept = kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 2);
    assert_ne!(kept[0], first.expose());
    assert_eq!(store.current().unwrap().expose(), kept[1]);
}

#[tokio::test]
async fn a_refused_key_is_explained_by_the_server_and_helped_by_the_client() {
    let server = start().await;
    let wrong_environment =
        server.client_builder().server_key(server.server_key(Environment::Production)).build().unwrap();
    let error = wrong_environment.public().lookup::<Author>("ines").await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationFailed));
    assert!(error.help().unwrap().contains("registered in the other environment"), "{:?}", error.help());
    let explanation = server.requests().last().unwrap().explanation.clone().unwrap();
    assert!(explanation.starts_with("K1 key_other_environment"), "{explanation}");
}

#[tokio::test]
async fn while_keys_are_rotated_the_next_one_serves() {
    let server = start().await;
    let old = PrivateKey::generate().unwrap();
    let old_id = server.register_public_key(Environment::Development, &old.public_key()).unwrap();
    server.revoke_key(old_id.as_str()).unwrap();
    let keys = ServerKeys::default()
        .development(cloudkit_core::ServerKey::new(old_id, old))
        .development(server.server_key(Environment::Development));
    let container = server.client_builder().server_key(keys).build().unwrap();
    container.public().create(ines()).await.unwrap();
    assert_eq!(server.requests().len(), 2);
    // From now on the one that was taken goes first.
    container.public().create(ines()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_the_server_s() {
    let server = start().await;
    server.clock().advance(std::time::Duration::from_secs(3 * 3600));
    server.client().public().create(ines()).await.unwrap();
    let seen: Vec<u16> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(seen, [401, 200]);
}

#[tokio::test]
async fn environment_variables_lead_to_the_same_container() {
    let server = start().await;
    let key_file = std::env::temp_dir().join(format!("cloudkit-test-{}.pem", server.key_id()));
    std::fs::write(&key_file, server.private_key_pem()).unwrap();
    let config = Config::from_vars(|name| {
        Some(match name {
            "CLOUDKIT_CONTAINER" => server.container_id().to_owned(),
            "CLOUDKIT_KEY_ID" => server.key_id().to_owned(),
            "CLOUDKIT_PRIVATE_KEY_FILE" => key_file.to_str()?.to_owned(),
            "CLOUDKIT_URL" => server.url().to_owned(),
            _ => return None,
        })
    });
    let container = Container::from_config(&config);
    std::fs::remove_file(&key_file).unwrap();
    container.unwrap().public().create(ines()).await.unwrap();

    let mut wrong = config;
    wrong.environment = Some("Development".to_owned());
    let error = Container::from_config(&wrong).unwrap_err();
    let mut chain = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        chain += &format!(": {error}");
        source = error.source();
    }
    assert!(chain.contains("CLOUDKIT_ENVIRONMENT") && chain.contains("in lower case"), "{chain}");
}

#[test]
fn a_container_is_not_built_from_what_cannot_work() {
    let key = || {
        cloudkit_core::ServerKey::new(
            cloudkit_core::auth::KeyId::new("0".repeat(64)).unwrap(),
            PrivateKey::generate().unwrap(),
        )
    };
    let build = |id: &str, url: &str| Container::builder(id).url(url).server_key(key()).build().map(|_| ());
    assert!(build("iCloud.com.example", "http://127.0.0.1:1").is_ok());
    assert!(build("com.example", "http://127.0.0.1:1").is_err());
    assert!(build("iCloud.com.example", "http://example.test").is_err());
    let other = ServerKeys::default().production(key());
    assert!(Container::builder("iCloud.com.example").server_key(other).build().is_err());
}
