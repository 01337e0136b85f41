//! `cloudkit conformance`, against test containers as they are, and with deliberate differences.

use std::time::Duration;

use cloudkit_cli::commands::conformance::SCHEMA;
use cloudkit_core::Environment;
use cloudkit_core::auth::{ApiToken, PrivateKey, TokenQuery, WebAuthToken};
use cloudkit_test_container::{Fault, FaultRule, TestContainer, TestContainerBuilder, User};
use serde_json::{Value, json};

use crate::support::{Cloudkit, Output, temporary_directory};

const REVOKED_KEY_ID: &str = "5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";
const CONTAINER: &str = "iCloud.com.example.Conformance";

fn builder() -> TestContainerBuilder {
    // A long poll that waits is what a case is about, and one that waits in vain takes a minute otherwise.
    TestContainer::builder(CONTAINER)
        .schema(SCHEMA)
        .user(User::new("alice"))
        .user(User::new("bob"))
        .long_poll(Duration::ZERO)
}

async fn start() -> TestContainer {
    builder().start().await.expect("a test container")
}

/// The command with the container's key, and no token.
fn with_key(container: &TestContainer, arguments: &[&str]) -> Cloudkit {
    Cloudkit::new(["conformance"].iter().chain(arguments))
        .env("CLOUDKIT_CONTAINER", CONTAINER)
        .env("CLOUDKIT_KEY_ID", container.key_id())
        .env("CLOUDKIT_PRIVATE_KEY", container.private_key_pem())
        .env("CLOUDKIT_URL", container.url())
}

/// The command with the container's key, its API token and a user.
fn with_user(container: &TestContainer, arguments: &[&str]) -> Cloudkit {
    let user = container.issue_web_auth_token("alice").expect("alice signs in");
    with_key(container, arguments)
        .env("CLOUDKIT_API_TOKEN", container.api_token())
        .env("CLOUDKIT_WEB_AUTH_TOKEN", user)
}

/// The same with a second user, and an ID of the same key that was revoked.
fn with_everything(container: &TestContainer, arguments: &[&str]) -> Cloudkit {
    let key = PrivateKey::from_pem(&container.private_key_pem()).expect("the container's key");
    let public_key = key.public_key();
    container.register_key(REVOKED_KEY_ID, public_key, Environment::Development).expect("registered");
    container.revoke_key(REVOKED_KEY_ID).expect("revoked");
    let bob = container.issue_web_auth_token("bob").expect("bob signs in");
    with_user(container, arguments)
        .env("CLOUDKIT_OTHER_WEB_AUTH_TOKEN", bob)
        .env("CLOUDKIT_REVOKED_KEY_ID", REVOKED_KEY_ID)
}

/// Runs it beside the container, which serves on the threads of this runtime.
async fn run(cloudkit: Cloudkit) -> Output {
    tokio::task::spawn_blocking(move || cloudkit.run()).await.expect("the run does not panic")
}

/// The report, and the exit code.
async fn report(cloudkit: Cloudkit) -> (Value, Option<i32>) {
    let output = run(cloudkit.and(&["--format", "json"])).await;
    assert_eq!(output.stdout.lines().count(), 1, "{}", output.stderr);
    (output.json(), output.code)
}

/// The cases of a report that ended like this.
fn ended<'a>(report: &'a Value, verdict: &str) -> Vec<&'a Value> {
    report["cases"].as_array().expect("a list").iter().filter(|case| case["verdict"] == verdict).collect()
}

fn ids<'a>(cases: &[&'a Value]) -> Vec<&'a str> {
    cases.iter().map(|case| case["id"].as_str().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_container_shows_no_difference_and_keeps_nothing() {
    let container = start().await;
    let (report, code) = report(with_everything(&container, &[])).await;
    for verdict in ["difference", "unanswered", "skipped"] {
        let cases = ended(&report, verdict);
        assert!(cases.is_empty(), "{verdict}: {cases:#?}");
    }
    assert_eq!(code, Some(0));
    let cases = report["cases"].as_array().expect("a list");
    assert!(cases.len() >= 180, "{}", cases.len());
    for case in cases {
        assert!(case.get("leftOver").is_none(), "{case}");
        for observed in case["observed"].as_array().into_iter().flatten() {
            assert_eq!(observed["asContainer"], true, "{case:#}");
        }
    }
    assert_nothing_is_left(&container).await;
}

async fn assert_nothing_is_left(container: &TestContainer) {
    // Only now may records be listed, because a case asks whether they can be without the index.
    let listed =
        SCHEMA.replace("\"___modTime\"", "\"___recordID\" REFERENCE QUERYABLE,\n        \"___modTime\"");
    container.import_schema(&listed).expect("the schema with one index more");
    let query = json!({ "query": { "recordType": "CKConformance" } });
    for database in ["public", "private"] {
        let answer = ask(container, &format!("{database}/records/query"), &query).await;
        assert_eq!(answer, json!({ "records": [] }), "{database}");
    }
    let zones = ask(container, "private/zones/changes", &json!({})).await;
    let alive = zones["zones"].as_array().expect("a list").iter().filter(|zone| zone["deleted"] != true);
    assert_eq!(alive.count(), 0, "{zones}");
    for database in ["public", "private"] {
        let answer = ask(container, &format!("{database}/subscriptions/list"), &Value::Null).await;
        assert_eq!(answer, json!({ "subscriptions": [] }), "{database}");
    }
}

/// What alice is answered; a null body is a `GET`.
async fn ask(container: &TestContainer, path: &str, body: &Value) -> Value {
    let api_token = ApiToken::new(container.api_token()).expect("a token");
    let user = container.issue_web_auth_token("alice").expect("alice signs in");
    let user = WebAuthToken::new(user).expect("a token");
    let query = TokenQuery { api_token: &api_token, web_auth_token: Some(&user) }.expose();
    let url = format!("{}/database/1/{CONTAINER}/development/{path}?{}", container.url(), *query);
    let http = reqwest::Client::new();
    let request = if body.is_null() { http.get(url) } else { http.post(url).body(body.to_string()) };
    let text = request.send().await.expect("an answer").text().await.expect("a text");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_holds_no_token_and_not_the_name_of_the_container() {
    let container = start().await;
    let api_token = container.api_token();
    let user = container.issue_web_auth_token("alice").expect("alice signs in");
    // Both a user who is known and one who is not: an error may not repeat the token either.
    for user in [user, "no-such-token==".to_owned()] {
        let cloudkit = with_key(&container, &["--only", "c01", "--format", "json"])
            .env("CLOUDKIT_API_TOKEN", &api_token)
            .env("CLOUDKIT_WEB_AUTH_TOKEN", &user);
        let output = run(cloudkit).await;
        assert!(output.stdout.contains("c013"), "{}", output.stdout);
        for secret in [&*api_token, &user, CONTAINER] {
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{secret}");
        }
    }
}

/// Otherwise a case would pass whatever is answered.
#[tokio::test(flavor = "multi_thread")]
async fn no_case_is_content_with_an_empty_answer() {
    let container = start().await;
    let empty = Fault::Raw { status: 200, content_type: "application/json".to_owned(), body: b"{}".to_vec() };
    container.plan(FaultRule::new(empty).always());
    let (report, code) = report(with_everything(&container, &[])).await;
    // What is no call of the API meets no fault.
    let unmet = ["c004a", "c004b", "c005b", "c006", "c100c"];
    assert_eq!((code, &*ids(&ended(&report, "same"))), (Some(1), &unmet[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_with_open_indexes_is_found_out() {
    let container = builder().open_indexes(true).start().await.expect("a test container");
    let (report, code) = report(with_key(&container, &["--only", "c068"])).await;
    assert_eq!(code, Some(1));
    let differences = ended(&report, "difference");
    assert_eq!(ids(&differences), ["c068b", "c068c", "c068d", "c068e"]);
    let difference = &differences[0]["difference"];
    assert_eq!(difference["request"], "POST public/records/query");
    let expected = difference["expected"].as_str().expect("a text");
    assert!(expected.contains("Field 'plain' is not marked queryable"), "{expected}");
    assert_eq!(difference["observed"], "200; the status is 200");
    // The disputed one is no difference: it says what it has seen.
    let observed = ended(&report, "observed");
    let case = observed.iter().find(|case| case["id"] == "c068a").expect("the probe");
    assert_eq!(case["facts"][0]["id"], "EMPTY_FILTER_NEEDS_RECORD_NAME");
    assert_eq!(case["facts"][0]["standing"], "disputed");
    assert_eq!(case["observed"][0]["reading"], "any index of the type is enough");
    assert_eq!(case["observed"][0]["asContainer"], false);

    let output = run(with_key(&container, &["--only", "c068"])).await;
    assert_eq!(output.code, Some(1));
    for line in [
        "c068b a filter on a field that is not QUERYABLE is refused, by name",
        "  observed  200; the status is 200",
        "  observed  any index of the type is enough, unlike the test container (200)",
    ] {
        assert!(output.stdout.lines().any(|found| found == line), "no {line:?} in {}", output.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_clock_window_is_observed() {
    let container = builder().clock_window(Duration::from_secs(900)).start().await.expect("a test container");
    let (report, code) = report(with_key(&container, &["--only", "c022a"])).await;
    assert_eq!(code, Some(0));
    let observed = report["cases"][0]["observed"].as_array().expect("a list");
    let unlike: Vec<&str> = observed
        .iter()
        .filter(|observed| observed["asContainer"] == false)
        .map(|observed| observed["reading"].as_str().expect("a text"))
        .collect();
    assert_eq!(unlike, ["11 minutes old: good", "11 minutes early: good"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_throttled_is_sent_again() {
    let container = start().await;
    container.fail_next_at("records/lookup", Fault::throttled(Duration::ZERO));
    let (report, code) = report(with_key(&container, &["--only", "c054c"])).await;
    assert_eq!((code, ids(&ended(&report, "same"))), (Some(0), vec!["c054c"]));
    let lookups = container.requests();
    let lookups = lookups.iter().filter(|request| request.target.ends_with("records/lookup"));
    assert_eq!(lookups.map(|request| request.status).collect::<Vec<_>>(), [429, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_answer_may_have_saved_is_deleted() {
    let container = start().await;
    container.fail_next_at("records/modify", Fault::DropAfterCommit);
    let (report, code) = report(with_key(&container, &["--only", "c031a"])).await;
    assert_eq!((code, ids(&ended(&report, "unanswered"))), (Some(1), vec!["c031a"]));
    let reason = report["cases"][0]["reason"].as_str().expect("a text");
    assert!(reason.starts_with("POST public/records/modify: "), "{reason}");
    assert!(report["cases"][0].get("leftOver").is_none(), "{report}");
    assert_nothing_is_left(&container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_deleted_is_told() {
    let container = start().await;
    // The first request of a case saves, the second looks, and the third cleans up.
    let refused = || Fault::Raw { status: 500, content_type: "text/plain".to_owned(), body: b"no".to_vec() };
    container.plan(FaultRule::new(refused()).at("records/modify").skip(1));
    let (report, _) = report(with_key(&container, &["--only", "c048a"])).await;
    let left_over = report["cases"][0]["leftOver"][0].as_str().expect("a text");
    assert!(left_over.starts_with("public ckc-") && left_over.ends_with("c048aone: 500"), "{left_over}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_tokens_is_skipped_without_them() {
    let container = start().await;
    let (report, code) = report(with_key(
        &container,
        &["--only", "c012", "--only", "c072", "--only", "c075", "--only", "c077b"],
    ))
    .await;
    assert_eq!(code, Some(0));
    let skipped = ended(&report, "skipped");
    assert!(ids(&skipped).contains(&"c012a") && ids(&skipped).contains(&"c077b"), "{report:#}");
    for case in skipped {
        let reason = case["reason"].as_str().expect("a text");
        assert!(reason.contains("CLOUDKIT_API_TOKEN"), "{reason}");
    }
    assert_eq!(ids(&ended(&report, "same")), ["c072b", "c075a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_second_user_or_a_revoked_key_is_skipped_without() {
    let container = start().await;
    let (report, _) = report(with_user(&container, &["--only", "c023c", "--only", "c092f"])).await;
    let skipped = ended(&report, "skipped");
    let reasons: Vec<_> = skipped.iter().map(|case| case["reason"].as_str().expect("a text")).collect();
    assert!(
        reasons.len() == 2
            && reasons[0].contains("CLOUDKIT_REVOKED_KEY_ID")
            && reasons[1].contains("CLOUDKIT_OTHER_WEB_AUTH_TOKEN"),
        "{reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_record_type_it_says_what_to_import() {
    let container = TestContainer::builder(CONTAINER).start().await.expect("a test container");
    let output = run(with_key(&container, &[])).await;
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(
        output.stderr.contains("--print-schema") && output.stderr.contains("CKConformance"),
        "{}",
        output.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn production_and_other_machines_are_refused() {
    let container = start().await;
    let output = run(with_key(&container, &["--environment", "production"])).await;
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(output.stderr.contains("development environment only"), "{}", output.stderr);
    // Apple's host, which nobody asks here.
    let output = run(with_key(&container, &["--url", "https://api.apple-cloudkit.com"])).await;
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
    assert!(output.stderr.contains("--live"), "{}", output.stderr);
    assert!(container.requests().is_empty());
}

#[test]
fn the_cases_and_the_schema_are_printed_without_credentials() {
    let output = Cloudkit::new(["conformance", "--print-schema"]).run();
    assert_eq!((output.code, &*output.stdout), (Some(0), SCHEMA));
    let directory = temporary_directory();
    let file = directory.path().join("conformance.ckdb");
    std::fs::write(&file, SCHEMA).expect("the file is written");
    let output = Cloudkit::new(["schema", "check"]).and(&[file.to_str().expect("a path in UTF-8")]).run();
    assert_eq!(output.code, Some(0), "{}{}", output.stdout, output.stderr);
    let output = Cloudkit::new(["conformance", "--list", "--format", "json"]).run();
    let cases = output.json();
    let cases = cases.as_array().expect("a list");
    assert!(cases.len() >= 180, "{}", cases.len());
    let probe = cases.iter().find(|case| case["id"] == "c021").expect("the case");
    assert_eq!((&probe["probe"], &probe["rows"]), (&json!(true), &json!(["M17"])));
    assert_eq!(probe["steps"][1]["request"], "GET public/users/caller");
    assert_eq!(
        (&probe["steps"][1]["who"], &probe["steps"][1]["signing"]),
        (&json!("key"), &json!("empty_hash"))
    );
    let ids: Vec<&str> = cases.iter().filter_map(|case| case["id"].as_str()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let output = Cloudkit::new(["conformance", "--list"]).run();
    assert_eq!(output.stdout.lines().count(), cases.len());
    let output = Cloudkit::new(["conformance", "--list", "--only", "x9"]).run();
    assert_eq!((output.code, &*output.stdout), (Some(2), ""));
}
