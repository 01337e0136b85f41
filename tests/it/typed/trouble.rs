//! When something goes wrong on the way.

use std::time::Duration;

use cloudkit_core::auth::{ApiToken, WebAuthToken};
use cloudkit_core::transport::RetryPolicy;
use cloudkit_core::{Environment, Error, ServerErrorCode};
use cloudkit_test_container::{Fault, TestContainer};

use super::{Author, start};

fn ines() -> Author {
    Author { name: "Ines".to_owned() }
}

/// A client that waits no longer than it is told to.
fn hasty(server: &TestContainer) -> cloudkit_core::Container {
    let policy = RetryPolicy { base_delay: Duration::from_millis(1), ..RetryPolicy::default() };
    server
        .client_builder()
        .server_key(server.server_key(Environment::Development))
        .retry_policy(policy)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_passing_fault_is_passed_over() {
    let server = start().await;
    server.fail_next(Fault::Status { code: ServerErrorCode::TryAgainLater, retry_after: None });
    let saved = hasty(&server).public().create(ines()).await.unwrap();
    assert_eq!(saved.value(), &ines());
    assert!(server.unmet_faults().is_empty());
    let seen: Vec<u16> = server.requests().iter().map(|request| request.status).collect();
    assert_eq!(seen, [503, 200]);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_an_error_at_once() {
    let server = start().await;
    server.fail_next(Fault::Status {
        code: ServerErrorCode::Throttled,
        retry_after: Some(Duration::from_secs(86_400)),
    });
    let error = hasty(&server).public().create(ines()).await.unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::Throttled));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(86_400)));
    assert!(error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_makes_one_record() {
    let server = start().await;
    let db = hasty(&server).public();
    server.fail_next(Fault::DropAfterCommit);
    let saved = db.create(ines()).await.unwrap();
    assert_eq!(saved.value(), &ines());
    assert!(server.unmet_faults().is_empty());
    let all = db.query::<Author>().filter(|a| a.name.eq("Ines")).fetch_all().await.unwrap();
    assert_eq!(all, [saved]);
}

#[tokio::test]
async fn an_update_and_a_delete_whose_answers_were_lost_count_once() {
    let server = start().await;
    let db = hasty(&server).public();
    let saved = db.create(ines()).await.unwrap();
    server.fail_next(Fault::DropAfterCommit);
    let updated = db.update(&saved).set(|a| a.name, "Inês").await.unwrap();
    assert_eq!(updated.name, "Inês");
    server.fail_next(Fault::DropAfterCommit);
    db.delete(&updated).await.unwrap();
    assert!(db.lookup_opt::<Author>(saved.record_name()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_request_that_was_dropped_is_sent_again() {
    let server = start().await;
    let db = hasty(&server).public();
    server.fail_next(Fault::DropBeforeCommit);
    db.create(ines()).named("ines").await.unwrap();
    assert_eq!(db.lookup::<Author>("ines").await.unwrap().value(), &ines());
}

#[tokio::test]
async fn somebody_else_s_record_is_no_success_of_ours() {
    let server = start().await;
    let db = hasty(&server).public();
    db.create(Author { name: "another".to_owned() }).named("taken").await.unwrap();
    server.fail_next(Fault::DropBeforeCommit);
    let error = db.create(ines()).named("taken").await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
}

#[tokio::test]
async fn html_instead_of_json_is_told_as_such() {
    let server = start().await;
    server.fail_next(Fault::Raw {
        status: 200,
        content_type: "text/html".to_owned(),
        body: b"<html>Sign in to the hotel's network</html>".to_vec(),
    });
    let error = hasty(&server).public().lookup::<Author>("ines").await.unwrap_err();
    let Error::Decode { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.reason.contains("HTML"), "{source}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_as_such() {
    let server = start().await;
    let client = server
        .client_builder()
        .server_key(server.server_key(Environment::Development))
        .retry_policy(RetryPolicy {
            max_attempts: 2,
            base_delay: Duration::from_millis(1),
            ..RetryPolicy::default()
        })
        .build()
        .unwrap();
    server.stop().await;
    let error = client.public().lookup::<Author>("ines").await.unwrap_err();
    assert!(matches!(error, Error::Transport { attempts: 2, .. }), "{error:?}");
    assert!(error.help().unwrap().contains("CLOUDKIT_URL"));
}

#[tokio::test]
async fn queries_follow_saves_with_a_lag_and_lookups_at_once() {
    let server = TestContainer::builder("iCloud.com.example.News")
        .records::<Author>()
        .index_lag(Duration::from_secs(3))
        .start()
        .await
        .unwrap();
    let db = server.client().public();
    let saved = db.create(ines()).await.unwrap();
    let query = || db.query::<Author>().filter(|a| a.name.eq("Ines")).fetch_all();
    assert!(query().await.unwrap().is_empty());
    assert_eq!(db.lookup::<Author>(saved.record_name()).await.unwrap(), saved);
    server.clock().advance(Duration::from_secs(3));
    assert_eq!(query().await.unwrap(), [saved]);
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let server = start().await;
    let token = server.user("alice").unwrap().web_auth_token.clone();
    let client = server
        .client_builder()
        .api_token(ApiToken::new(server.api_token()).unwrap())
        .web_auth_token(WebAuthToken::new(token.clone()).unwrap())
        .retry_policy(RetryPolicy { max_attempts: 1, ..RetryPolicy::default() })
        .build()
        .unwrap();
    let mut text = format!("{client:?} {:?} {:?}", client.private(), server.client());
    server.stop().await;
    let error = client.caller().await.unwrap_err();
    text += &format!("{error} {error:?} {:?}", error.help());
    for secret in [token.as_str(), "PRIVATE KEY", "ckWebAuthToken="] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
