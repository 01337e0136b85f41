//! The whole client against answers that are written down beforehand: what it makes of refusals, of answers that were
//! lost, and of pages.

use std::time::Duration;

use cloudkit_core::auth::ServerKeys;
use cloudkit_core::dynamic::DynamicRecord;
use cloudkit_core::{CkRecord, Environment, Error, Operation, Record, ServerErrorCode, ZoneId};
use serde_json::{Value, json};

use crate::scripted::{Script, key};

#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable)))]
struct Account {
    owner: String,
    cents: i64,
}

fn ines() -> Account {
    Account { owner: "Ines".to_owned(), cents: 5 }
}

fn saved(name: &str, cents: i64) -> Value {
    json!({"recordName": name, "recordType": "Account", "recordChangeTag": "k1", "fields": {
        "owner": {"value": "Ines", "type": "STRING"}, "cents": {"value": cents, "type": "INT64"}}})
}

fn item(name: &str, code: &str) -> Value {
    json!({"recordName": name, "serverErrorCode": code, "reason": "because"})
}

fn records(items: impl IntoIterator<Item = Value>) -> String {
    json!({"records": items.into_iter().collect::<Vec<_>>()}).to_string()
}

const UNAUTHORISED: &str =
    r#"{"uuid":"0b7e","serverErrorCode":"AUTHENTICATION_FAILED","reason":"Authentication failed"}"#;

#[test]
fn a_401_carries_the_likely_causes_and_no_secret() {
    let script = Script::new().answer(401, UNAUTHORISED);
    let error = script.run(script.server().public().lookup::<Account>("a")).unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationFailed));
    assert_eq!(error.server_error().and_then(|error| error.uuid.as_deref()), Some("0b7e"));
    let help = error.help().unwrap();
    for cause in ["other environment", "not a pair", "container ID", "revoked"] {
        assert!(help.contains(cause), "{help}");
    }
    let shown = format!("{error} {error:?} {help}");
    assert!(!shown.contains("PRIVATE") && !shown.contains(&"1".repeat(64)), "{shown}");
}

#[test]
fn a_user_who_has_to_sign_in_is_told_where_and_the_log_is_not() {
    let body = r#"{"serverErrorCode":"AUTHENTICATION_REQUIRED","redirectURL":"https://x.test/?t=sesame"}"#;
    let script = Script::new().answer(421, body);
    let error = script.run(script.user().private().lookup::<Account>("a")).unwrap_err();
    let refusal = error.server_error().unwrap();
    assert_eq!(refusal.redirect_url.as_deref(), Some("https://x.test/?t=sesame"));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("sesame") && !shown.contains("c2VzYW1l"), "{shown}");
}

#[test]
fn while_keys_are_rotated_the_key_that_was_taken_is_kept() {
    let script = Script::new()
        .answer(401, UNAUTHORISED)
        .answer(200, records([saved("a", 5)]))
        .answer(200, records([saved("a", 5)]));
    let keys = ServerKeys::default()
        .with(Environment::Development, key('a'))
        .with(Environment::Development, key('b'))
        .with(Environment::Production, key('c'));
    let db = script.with_keys(keys).public();
    script.run(db.lookup::<Account>("a")).unwrap();
    script.run(db.lookup::<Account>("a")).unwrap();
    let used: Vec<char> =
        script.requests().iter().filter_map(|asked| asked.key_id.as_ref()?.chars().next()).collect();
    assert_eq!(used, ['a', 'b', 'b']);
}

#[test]
fn when_every_key_is_refused_the_last_refusal_is_told() {
    let script = Script::new().answer(401, UNAUTHORISED).answer(401, UNAUTHORISED);
    let keys = ServerKeys::default()
        .with(Environment::Development, key('a'))
        .with(Environment::Development, key('b'));
    let error = script.run(script.with_keys(keys).public().lookup::<Account>("a")).unwrap_err();
    assert_eq!(error.code(), Some(&ServerErrorCode::AuthenticationFailed));
    assert_eq!(script.requests().len(), 2);
}

fn page(items: Vec<Value>, marker: Option<&str>) -> String {
    json!({"records": items, "continuationMarker": marker}).to_string()
}

#[test]
fn a_stream_goes_on_behind_a_record_that_failed_and_an_empty_page() {
    let script = Script::new()
        .answer(200, page(vec![saved("a", 1), item("b", "INTERNAL_ERROR")], Some("m1")))
        .answer(200, page(vec![], Some("m2")))
        .answer(200, page(vec![saved("c", 3)], None));
    let mut stream = script.server().public().query::<Account>().results_limit(2).stream();
    let mut seen = Vec::new();
    script.run(async {
        loop {
            match stream.try_next().await {
                Ok(Some(record)) => seen.push(record.record_name().to_string()),
                Ok(None) => break,
                Err(error) => seen.push(error.code().unwrap().to_string()),
            }
        }
    });
    assert_eq!(seen, ["a", "INTERNAL_ERROR", "c"]);
    let bodies: Vec<Value> = script.requests().into_iter().map(|asked| asked.body).collect();
    let markers: Vec<&Value> = bodies.iter().map(|body| &body["continuationMarker"]).collect();
    assert_eq!(markers, [&Value::Null, &json!("m1"), &json!("m2")]);
    // But for the marker each page is asked for alike.
    let mut second = bodies[1].clone();
    second.as_object_mut().unwrap().remove("continuationMarker");
    assert_eq!(second, bodies[0]);
}

#[test]
fn a_marker_that_comes_again_ends_the_stream_with_an_error() {
    let script = Script::new()
        .answer(200, page(vec![saved("a", 1)], Some("m")))
        .answer(200, page(vec![saved("b", 2)], Some("m")));
    let error = script.run(script.server().public().query::<Account>().fetch_all()).unwrap_err();
    let Error::Decode { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.at, "continuationMarker");
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn an_error_of_a_page_ends_the_stream() {
    let script = Script::new()
        .answer(200, page(vec![saved("a", 1)], Some("m")))
        .answer(400, r#"{"serverErrorCode":"BAD_REQUEST"}"#);
    let mut stream = script.server().public().query::<Account>().stream();
    script.run(async {
        assert!(stream.try_next().await.unwrap().is_some());
        assert!(stream.try_next().await.is_err());
        assert!(stream.try_next().await.unwrap().is_none());
    });
}

fn three() -> [Operation<Account>; 3] {
    ["a", "b", "c"].map(|name| Operation::create_named(name, ines()))
}

fn names_sent(script: &Script) -> Vec<Vec<String>> {
    let name = |operation: &Value| operation["record"]["recordName"].as_str().unwrap().to_owned();
    let names = |asked: &crate::scripted::Asked| match asked.body["operations"].as_array() {
        Some(operations) => operations.iter().map(name).collect(),
        None => Vec::new(),
    };
    script.requests().iter().map(names).collect()
}

#[test]
fn only_the_items_that_were_throttled_are_sent_again_and_not_before_their_time() {
    let mut throttled = item("b", "THROTTLED");
    throttled["retryAfter"] = json!(7);
    let script = Script::new()
        .answer(200, records([saved("a", 5), throttled, item("c", "CONFLICT")]))
        .answer(200, records([saved("b", 5)]));
    let outcomes = script.run(script.server().public().modify(three()).into_future()).unwrap().into_vec();
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    assert!(outcomes[2].as_ref().unwrap_err().is_conflict());
    assert_eq!(names_sent(&script), [vec!["a", "b", "c"], vec!["b"]]);
    assert!(cloudkit_core::runtime::Clock::monotonic(&script.clock) >= Duration::from_secs(7));
}

#[test]
fn outcomes_are_not_lost_when_sending_the_rest_again_fails() {
    let first = || Script::new().answer(200, records([saved("a", 5), item("b", "THROTTLED"), saved("c", 5)]));
    let script = first().answer(403, r#"{"serverErrorCode":"ACCESS_DENIED","reason":"no"}"#);
    let outcomes = script.run(script.server().public().modify(three()).into_future()).unwrap().into_vec();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let refused = outcomes[1].as_ref().unwrap_err();
    assert_eq!(
        (&refused.code, refused.record_name.as_ref().unwrap().as_str()),
        (&ServerErrorCode::AccessDenied, "b")
    );

    let script = first().answer(200, "<html>");
    let outcomes = script.run(script.server().public().modify(three()).into_future()).unwrap().into_vec();
    let reason = outcomes[1].as_ref().unwrap_err().reason.clone().unwrap();
    assert!(reason.starts_with("because; then cannot read the answer to records/modify"), "{reason}");
}

#[test]
fn a_create_that_meets_its_own_record_counts_as_saved() {
    let script = Script::new()
        .lose()
        .answer(200, records([item("a", "CONFLICT")]))
        .answer(200, records([saved("a", 5)]))
        .answer(200, records([saved("a", 5)]));
    let record: Record<Account> =
        script.run(script.server().public().create(ines()).named("a").into_future()).unwrap();
    assert_eq!((record.value(), record.change_tag().as_str()), (&ines(), "k1"));
    assert_eq!(script.requests().len(), 4);
}

#[test]
fn a_create_that_meets_another_record_is_a_conflict() {
    let script = Script::new()
        .lose()
        .answer(200, records([item("a", "CONFLICT")]))
        .answer(200, records([saved("a", 6)]));
    let error = script.run(script.server().public().create(ines()).named("a").into_future()).unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
}

#[test]
fn a_conflict_without_a_lost_answer_is_not_looked_into() {
    let script = Script::new().answer(200, records([item("a", "CONFLICT")]));
    let error = script.run(script.server().public().create(ines()).named("a").into_future()).unwrap_err();
    assert!(error.is_conflict());
    assert_eq!(script.requests().len(), 1);
}

#[test]
fn a_name_that_is_chosen_here_stays_the_same_when_sent_again() {
    let script = Script::new().lose().lose();
    let policy = cloudkit_core::transport::RetryPolicy { max_attempts: 2, ..Default::default() };
    let container = cloudkit_core::Container::builder("iCloud.com.example.Ledger")
        .transport(script.clone())
        .clock(script.clock.clone())
        .server_key(key('a'))
        .retry_policy(policy)
        .build()
        .unwrap();
    let error = script.run(container.public().create(ines()).into_future()).unwrap_err();
    assert!(matches!(error, Error::Transport { attempts: 2, .. }), "{error:?}");
    let names = names_sent(&script);
    assert_eq!(names[0], names[1]);
}

#[test]
fn an_atomic_batch_that_failed_is_told_item_by_item() {
    let body = json!({"serverErrorCode": "ATOMIC_ERROR", "reason": "not all", "records": [
        item("a", "ATOMIC_ERROR"), item("b", "CONFLICT"), item("c", "ATOMIC_ERROR")]});
    let script = Script::new().answer(400, body.to_string());
    let db = script.user().private().in_zone(ZoneId::new("books"));
    let outcomes = script.run(db.modify(three()).into_future()).unwrap().into_vec();
    let codes: Vec<&str> =
        outcomes.iter().map(|outcome| outcome.as_ref().unwrap_err().code.as_str()).collect();
    assert_eq!(codes, ["ATOMIC_ERROR", "CONFLICT", "ATOMIC_ERROR"]);
    assert_eq!(script.requests()[0].body["atomic"], json!(true));
}

#[test]
fn an_atomic_refusal_without_its_items_is_a_refusal() {
    for body in [
        json!({"serverErrorCode": "ATOMIC_ERROR"}),
        json!({"serverErrorCode": "ATOMIC_ERROR", "records": [item("a", "CONFLICT")]}),
    ] {
        let script = Script::new().answer(400, body.to_string());
        let db = script.user().private().in_zone(ZoneId::new("books"));
        let error = script.run(db.modify(three()).into_future()).unwrap_err();
        assert_eq!(error.code(), Some(&ServerErrorCode::AtomicError));
    }
}

#[test]
fn a_deletion_may_be_answered_with_the_name_alone() {
    for reply in [r#"{"recordName":"a","deleted":true}"#, r#"{"recordName":"a"}"#] {
        let script = Script::new().answer(200, format!(r#"{{"records":[{reply}]}}"#));
        script.run(script.server().public().force_delete::<Account>("a").into_future()).unwrap();
    }
    // What was to be saved is not saved by that.
    let script = Script::new().answer(200, r#"{"records":[{"recordName":"a"}]}"#);
    let error = script.run(script.server().public().create(ines()).named("a").into_future()).unwrap_err();
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
}

#[test]
fn a_missing_or_doubled_outcome_is_an_error() {
    for reply in
        [records([saved("a", 5), saved("b", 5)]), records([saved("a", 5), saved("b", 5), saved("b", 5)])]
    {
        let script = Script::new().answer(200, reply);
        let error = script.run(script.server().public().modify(three()).into_future()).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    }
    let script = Script::new().answer(200, records([saved("c", 3), saved("a", 1), saved("b", 2)]));
    let outcomes = script.run(script.server().public().modify(three()).into_future()).unwrap();
    let names: Vec<String> =
        outcomes.iter().map(|outcome| outcome.as_ref().unwrap().record_name().to_string()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_gateway_s_error_is_passed_over() {
    let script = Script::new().answer(502, "<html>").answer(200, records([saved("a", 5)]));
    let found = script.run(script.server().public().dynamic().lookup("a")).unwrap();
    assert_eq!(found.into_value(), DynamicRecord::new("Account").with("owner", "Ines").with("cents", 5));
}
