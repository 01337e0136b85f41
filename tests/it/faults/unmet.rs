//! A planned fault that nobody met fails the test that planned it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cloudkit_test_container::{Fault, FaultRule, Faults, TestContainer};

use super::{builder, http, ines, lookup, send, start};

/// What a container says when it is dropped, if it does not go quietly.
fn last_words(server: TestContainer) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(server))).err()?;
    Some(panic.downcast_ref::<String>().unwrap().clone())
}

#[tokio::test]
async fn an_unmet_fault_fails_the_test_and_names_its_line() {
    let server = start().await;
    server.fail_next_at("records/modify", Fault::DropAfterCommit);
    let line = line!() - 1;
    let words = last_words(server).unwrap();
    let place = format!("unmet.rs:{line}:12: `drop-after-commit` at `records/modify`, met 0 of 1 times");
    assert!(words.contains(&place), "{words}");
}

#[tokio::test]
async fn a_rule_of_a_plan_that_was_met_too_seldom_is_named_too() {
    let rule = FaultRule::new(Fault::throttled(std::time::Duration::from_secs(1))).times(3);
    let line = line!() - 1;
    let server = builder().faults(Faults::new().rule(rule)).start().await.unwrap();
    assert_eq!(send(&http(), &server, "records/lookup", &lookup("a")).await.unwrap().status(), 429);
    let place = format!("unmet.rs:{line}:16: `status`, met 1 of 3 times");
    let words = last_words(server).unwrap();
    assert!(words.contains(&place), "{words}");
}

#[tokio::test]
async fn what_was_met_or_may_stay_unmet_is_no_failure() {
    let server = start().await;
    server.plan(FaultRule::new(Fault::Misdirected).at("users/current").optional());
    server.plan(FaultRule::new(Fault::Misdirected).at("users/current").probability(0.5));
    server.fail_next(Fault::DropAfterCommit);
    server.client().public().create(ines()).await.unwrap();
    assert_eq!(last_words(server), None);

    let server = start().await;
    server.fail_next(Fault::DropAfterCommit);
    server.forget_faults();
    assert_eq!(last_words(server), None);
}

#[tokio::test]
async fn stopping_a_container_checks_it_as_well() {
    let server = start().await;
    server.fail_next(Fault::Misdirected);
    let stopped = tokio::spawn(server.stop()).await;
    assert!(stopped.unwrap_err().is_panic());
}
