//! What people change through the console: faults and the clock.

use cloudkit_test_container::Fault;
use reqwest::Method;
use serde_json::json;

use super::Page;
use crate::conformance::support::Server;

const THROTTLE: &str = "[[fault]]\nkind = \"throttle\"\nretry_after_ms = 2000\nendpoint = \"users/caller\"\n";

#[tokio::test]
async fn a_fault_is_planned_met_and_forgotten() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    assert_eq!(page.get("faults").await, json!({ "faults": [] }));
    let planned = page.post("faults", THROTTLE).await;
    assert_eq!(
        planned["faults"][0],
        json!({ "text": "kind = \"status\"\ncode = \"THROTTLED\"\nretry_after_ms = 2000\nendpoint = \"users/caller\"\n",
            "plannedAt": "the plan, fault 1", "met": 0, "required": 1, "over": false })
    );
    server.key().lookup("public", &["x"]).await.ok();
    assert_eq!(page.get("faults").await, planned, "it is for another endpoint");
    server.key().get("public/users/caller").await.refused(429, "THROTTLED", "");
    let met = page.get("faults").await;
    assert_eq!(
        (&met["faults"][0]["met"], &met["faults"][0]["required"], &met["faults"][0]["over"]),
        (&json!(1), &json!(0), &json!(true))
    );
    server.key().get("public/users/caller").await.ok();

    page.post("faults", r#"{"fault":[{"kind":"misdirected"}]}"#).await;
    assert_eq!(server.container.unmet_faults(), [Fault::Misdirected]);
    assert_eq!(page.post("faults/forget", "").await, json!({ "faults": [] }));
    assert!(server.container.unmet_faults().is_empty());
}

#[tokio::test]
async fn a_plan_that_makes_no_sense_is_told_so_and_plans_nothing() {
    let server = Server::start().await;
    let page = Page::load(&server).await;
    for (plan, expected) in [
        ("[[fault]]\nkind = \"fire\"", "fault 1: there is no kind `fire`"),
        ("[[fault]]\nkind = ", "the plan` is not a plan of faults: "),
        ("{\"fault\":3}", "the plan` is not a plan of faults: "),
        (
            "[[fault]]\nkind = \"misdirected\"\nendpoint = \"records/eat\"",
            "`records/eat`, which is no endpoint",
        ),
        ("seed = 3", "`seed`, `index_lag_ms` and `virtual_time` are decided when the container starts"),
        (
            "[[fault]]\nkind = \"misdirected\"\n[[fault]]\nkind = \"throttle\"",
            "fault 2: a `throttle` needs `retry_after_ms`",
        ),
    ] {
        let (status, error) = page.refused(Method::POST, "faults", plan).await;
        assert_eq!((status, error.contains(expected)), (400, true), "{plan}: {error}");
    }
    assert_eq!(page.get("faults").await, json!({ "faults": [] }));
}

#[tokio::test]
async fn a_limit_of_requests_comes_with_a_plan() {
    let server = Server::start_with(|builder| builder.virtual_time()).await;
    let page = Page::load(&server).await;
    page.post("faults", "rate_limit = { requests = 1, per_ms = 1000 }").await;
    server.key().get("public/users/caller").await.ok();
    server.key().get("public/users/caller").await.refused(429, "THROTTLED", "");
    page.post("clock", r#"{"advanceMs":1000}"#).await;
    server.key().get("public/users/caller").await.ok();
}

#[tokio::test]
async fn the_clock_moves_forward_and_stays_within_the_calendar() {
    let server = Server::start_with(|builder| builder.virtual_time()).await;
    let page = Page::load(&server).await;
    let clock = page.get("container").await["clock"].clone();
    assert_eq!(clock, json!({ "now": server.container.clock().now_ms(), "virtual": true }));
    let start = clock["now"].as_i64().unwrap();
    let moved = page.post("clock", r#"{"advanceMs":90000}"#).await;
    assert_eq!(moved["now"], start + 90_000);
    assert_eq!(server.container.clock().now_ms(), start + 90_000);
    for body in ["", "{}", r#"{"advanceMs":-1}"#, r#"{"advanceMs":1.5}"#, r#"{"advanceMs":1,"backMs":1}"#] {
        let (status, error) = page.refused(Method::POST, "clock", body).await;
        assert_eq!((status, error.contains("advanceMs")), (400, true), "{body}: {error}");
    }
    for far in ["18446744073709551615", "9223372036854775807", "252000000000000"] {
        let (status, error) = page.refused(Method::POST, "clock", &format!("{{\"advanceMs\":{far}}}")).await;
        assert_eq!((status, error.as_str()), (400, "the clock would leave the year 9999"), "{far}");
    }
    assert_eq!(server.container.clock().now_ms(), start + 90_000);
    assert_eq!(server.container.requests().len(), 0);
}
