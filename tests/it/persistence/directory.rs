//! A container takes up what an earlier one kept in the directory.

use cloudkit_core::auth::{ApiToken, PrivateKey, WebAuthToken};
use cloudkit_core::{Environment, Error, ServerErrorCode};
use cloudkit_test_container::{StartError, User};

use super::{Author, author, builder};

/// The text of an error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn records_keys_tokens_and_users_survive() {
    let directory = tempfile::tempdir().unwrap();
    let own_key = PrivateKey::generate().unwrap();
    let revoked_key = PrivateKey::generate().unwrap();
    let first = builder()
        .data(directory.path().join("made/on/demand"))
        .user(User::new("alice").email("alice@example.org"))
        .start()
        .await
        .unwrap();
    let kept_token = first.issue_web_auth_token("alice").unwrap();
    let ended_token = first.issue_web_auth_token("alice").unwrap();
    first.expire_web_auth_token(&ended_token).unwrap();
    let saved = first.client().public().create(author("Ines")).await.unwrap();
    let private = first.client_as("alice").unwrap().private().create(author("mine")).await.unwrap();
    let key_id = first.register_public_key(Environment::Production, &own_key.public_key()).unwrap();
    let revoked_id = first.register_public_key(Environment::Development, &revoked_key.public_key()).unwrap();
    first.revoke_key(revoked_id.as_str()).unwrap();
    let (client_key, token, alice) = (
        first.server_key(first.environment()),
        first.api_token(),
        first.user("alice").unwrap().record_name.clone(),
    );
    let other_environment = first.api_token_for(Environment::Production);
    first.stop().await;

    let second = builder().data(directory.path().join("made/on/demand")).user("bob").start().await.unwrap();
    assert_eq!(second.key_id(), client_key.key_id().as_str());
    assert_eq!(
        (second.api_token(), second.api_token_for(Environment::Production)),
        (token, other_environment)
    );
    assert_eq!(second.user("alice").unwrap().record_name, alice);
    assert_eq!(second.users()[0].name, "bob");
    // The key of before signs for the container of now.
    let client = second.client_builder().server_key(client_key).build().unwrap();
    let found = client.public().lookup::<Author>(saved.record_name()).await.unwrap();
    assert_eq!(found, saved);
    let query = client.public().query::<Author>().filter(|a| a.name.eq("Ines")).fetch_all();
    assert_eq!(query.await.unwrap(), [saved]);
    let alice = |token: String| {
        let builder = second.client_builder().api_token(ApiToken::new(second.api_token()).unwrap());
        builder.web_auth_token(WebAuthToken::new(token).unwrap()).build().unwrap()
    };
    let error = alice(ended_token).caller().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationRequired));
    let alice = alice(kept_token);
    assert_eq!(alice.private().lookup::<Author>(private.record_name()).await.unwrap(), private);

    let production = second
        .client_builder()
        .environment(Environment::Production)
        .server_key(cloudkit_core::auth::ServerKey::new(key_id, own_key))
        .build()
        .unwrap();
    production.caller().await.unwrap();
    let revoked = second
        .client_builder()
        .server_key(cloudkit_core::auth::ServerKey::new(revoked_id, revoked_key))
        .build()
        .unwrap();
    let error: Error = revoked.caller().await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationFailed));
}

#[tokio::test]
async fn one_container_at_a_time_has_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let first = builder().data(directory.path()).start().await.unwrap();
    let error = builder().data(directory.path()).start().await.unwrap_err();
    assert!(matches!(error, StartError::Data(_)), "{error:?}");
    let text = chain(&error);
    assert!(text.contains("in use by another container"), "{text}");
    assert!(text.contains(&directory.path().display().to_string()), "{text}");
    first.stop().await;
    builder().data(directory.path()).start().await.unwrap();
}

#[tokio::test]
async fn a_file_is_no_directory() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = chain(&builder().data(file.path()).start().await.unwrap_err());
    assert!(text.contains(&file.path().display().to_string()), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_keys() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let container = builder().data(directory.path()).start().await.unwrap();
    container.client().public().create(author("Ines")).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has {mode:o}", entry.path());
    }
}
