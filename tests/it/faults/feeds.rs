//! Faults of change feeds: empty pages, and sync tokens that have expired.

use cloudkit_test_container::{Fault, FaultRule, Faults};
use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;
use super::{builder, save};

/// Follows a feed to its end: how much was in each page.
async fn follow(stage: &Stage, path: &str) -> Vec<usize> {
    let mut token = Value::Null;
    let mut sizes = Vec::new();
    loop {
        let zone = json!({ "zoneName": "books" });
        let (body, items) = match path {
            "changes/zone" => {
                (json!({ "zones": [{ "zoneID": zone, "syncToken": token }], "resultsLimit": 2 }), "records")
            }
            "records/changes" => {
                (json!({ "zoneID": zone, "syncToken": token, "resultsLimit": 2 }), "records")
            }
            "changes/database" => (json!({ "syncToken": token, "resultsLimit": 2 }), "zones"),
            "zones/changes" => (json!({ "metaSyncToken": token, "resultsLimit": 2 }), "zones"),
            _ => (json!({ "changeToken": token, "resultsLimit": 2 }), "recordResults"),
        };
        let reply = if path == "management" {
            stage.manage(Method::POST, "PRIVATE/zones/books/changes", body).await.unwrap().json()
        } else {
            stage.alice(&format!("private/{path}"), body).await.json()
        };
        let page = if path == "changes/zone" { &reply["zones"][0] } else { &reply };
        sizes.push(page[items].as_array().unwrap_or_else(|| panic!("{reply}")).len());
        let next = ["syncToken", "metaSyncToken", "changeToken"].into_iter().find_map(|name| page.get(name));
        if page["moreComing"] != true {
            return sizes;
        }
        assert_ne!(next.unwrap(), &token, "a reader could not tell it from a loop");
        token = next.unwrap().clone();
        assert!(sizes.len() < 50, "no end: {sizes:?}");
    }
}

/// A stage with five records and three zones in Alice's database.
async fn filled(stage: Stage) -> Stage {
    let mut body = save(&["a", "b", "c", "d", "e"]);
    body["zoneID"] = json!({ "zoneName": "books" });
    stage.alice("private/records/modify", body).await.json();
    for zone in ["other", "third"] {
        let zone = json!({ "operationType": "create", "zone": { "zoneID": { "zoneName": zone } } });
        stage.alice("private/zones/modify", json!({ "operations": [zone] })).await.json();
    }
    stage
}

#[tokio::test]
async fn every_feed_can_have_empty_pages_and_ends_all_the_same() {
    let stage = filled(Stage::new().await).await;
    for (path, endpoint, plain) in [
        ("changes/zone", "changes/zone", vec![2, 2, 1]),
        ("records/changes", "records/changes", vec![2, 2, 1]),
        ("changes/database", "changes/database", vec![2, 1]),
        ("zones/changes", "zones/changes", vec![2, 1]),
        ("management", "management/queryRecordChanges", vec![2, 2, 1]),
    ] {
        assert_eq!(follow(&stage, path).await, plain, "{path}");
        // Before each page, and a run is not broken by another one.
        stage.server.plan(FaultRule::new(Fault::EmptyPages { pages: 3 }).at(endpoint).always());
        let expected: Vec<usize> = plain.iter().flat_map(|size| [0, 0, 0, *size]).collect();
        assert_eq!(follow(&stage, path).await, expected, "{path}");
        stage.server.forget_faults();
        // Before the second page only.
        stage.server.plan(FaultRule::new(Fault::EmptyPages { pages: 7 }).at(endpoint).on_next_page());
        let found = follow(&stage, path).await;
        let mut expected = vec![plain[0]];
        expected.extend([0; 7]);
        expected.extend(&plain[1..]);
        assert_eq!(found, expected, "{path}");
        assert_eq!(stage.server.unmet_faults(), []);
    }
    // Nobody else meets them.
    stage.server.plan(FaultRule::new(Fault::EmptyPages { pages: 1 }).optional());
    stage.save("a").await.json();
    let faults = stage.server.requests().into_iter().filter_map(|request| request.fault);
    assert_eq!(faults.collect::<Vec<_>>(), ["empty-pages"; 13 + 5], "one for each run");
}

#[tokio::test]
async fn empty_pages_come_by_chance_under_one_seed() {
    let sizes = async |seed| {
        let builder = builder().jit(true).seed(seed).faults(Faults::new().empty_pages(0.5, 2));
        let stage = filled(Stage::on(builder.start().await.unwrap()).await).await;
        let mut sizes = Vec::new();
        for _ in 0..20 {
            sizes.extend(follow(&stage, "changes/zone").await);
        }
        sizes
    };
    let first = sizes(3).await;
    assert_eq!(first, sizes(3).await);
    assert_ne!(first, sizes(4).await);
    assert_eq!(first.iter().sum::<usize>(), 100, "every record once in each of the twenty");
    assert!(first.contains(&0));
}

#[tokio::test]
async fn expired_sync_tokens_send_their_readers_back_to_the_start() {
    let stage = filled(Stage::new().await).await;
    let ask = async |token: &Value| {
        let zone = json!({ "zoneID": { "zoneName": "books" }, "syncToken": token });
        stage.alice("private/changes/zone", json!({ "zones": [zone] })).await.json()["zones"][0].clone()
    };
    stage.server.plan(FaultRule::new(Fault::ExpiredSyncTokens));
    // Whoever starts has none that could expire.
    let token = ask(&Value::Null).await["syncToken"].clone();
    for _ in 0..2 {
        let refused = ask(&token).await;
        assert_eq!(refused["serverErrorCode"], "BAD_REQUEST", "{refused}");
        assert_eq!(refused["reason"], "Unknown sync continuation type");
    }
    assert_eq!(stage.server.unmet_faults(), []);
    let again = ask(&Value::Null).await;
    assert_eq!(again["records"].as_array().map(Vec::len), Some(5));
    assert!(ask(&again["syncToken"]).await.get("serverErrorCode").is_none());
}
