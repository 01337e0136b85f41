//! Statements 78 and 86: a feed in pages, full and empty ones.

use std::collections::BTreeSet;

use cloudkit_test_container::{Fault, FaultRule};
use serde_json::{Value, json};

use super::{Page, books, database, save, with_books};
use crate::conformance::support::Server;

#[tokio::test]
async fn c078_pages_of_three_over_ten_changes() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    let names: Vec<String> = (0..10).map(|at| format!("a-{at}")).collect();
    let operations: Vec<Value> = names.iter().map(|name| save(name, 1)).collect();
    alice.modify_in("books", operations.into()).await.record(9);

    let mut pages = vec![books(&alice, None, json!({ "resultsLimit": 3 })).await];
    while pages.last().unwrap().more {
        let token = pages.last().unwrap().token.clone();
        pages.push(books(&alice, Some(&token), json!({ "resultsLimit": 3 })).await);
    }
    let sizes: Vec<_> = pages.iter().map(|page| page.records.len()).collect();
    assert_eq!(sizes, [3, 3, 3, 1]);
    let all: Vec<&str> = pages.iter().flat_map(Page::names).collect();
    assert_eq!(all, names);
    let tokens: BTreeSet<_> = pages.iter().map(|page| &page.token).collect();
    assert_eq!(tokens.len(), 4);
    // Tokens are not used up, and do not care how long a page is.
    for at in 1..4 {
        let token = pages[at - 1].token.clone();
        let again = books(&alice, Some(&token), json!({ "resultsLimit": 3 })).await;
        assert_eq!((&again.records, &again.token), (&pages[at].records, &pages[at].token));
        let rest = books(&alice, Some(&token), json!({})).await;
        assert_eq!(rest.names(), names[at * 3..]);
    }
    // Exactly full, and nothing behind it.
    let full = books(&alice, None, json!({ "resultsLimit": 10 })).await;
    assert_eq!((full.records.len(), full.more, &full.token), (10, false, &pages[3].token));
}

#[tokio::test]
async fn c078_a_page_holds_at_most_200() {
    let server = Server::start().await;
    let alice = with_books(&server).await;
    for batch in 0..2 {
        let operations: Vec<Value> = (0..150).map(|at| save(&format!("a-{batch}-{at}"), 1)).collect();
        alice.modify_in("books", operations.into()).await.record(149);
    }
    for limit in [json!({}), json!({ "resultsLimit": 200 }), json!({ "resultsLimit": 1000 })] {
        let page = books(&alice, None, limit).await;
        assert_eq!((page.records.len(), page.more), (200, true));
    }
    for limit in [json!(0), json!(-1), json!("3"), json!(1.5)] {
        for body in [
            json!({ "zones": [{ "zoneID": { "zoneName": "books" }, "resultsLimit": limit }] }),
            json!({ "zones": [{ "zoneID": { "zoneName": "books" } }], "resultsLimit": limit }),
        ] {
            alice.post("private/changes/zone", body).await.refused(400, "BAD_REQUEST", "");
        }
    }
}

#[tokio::test]
async fn c086_empty_pages_can_come_between_full_ones() {
    let server = Server::start().await;
    let planned = |endpoint: &str| FaultRule::new(Fault::EmptyPages { pages: 2 }).at(endpoint);
    server.container.plan(planned("changes/zone").times(3));
    server.container.plan(planned("changes/database"));
    let alice = with_books(&server).await;
    let operations: Vec<Value> = (0..5).map(|at| save(&format!("a-{at}"), 1)).collect();
    alice.modify_in("books", operations.into()).await.record(4);

    let mut pages = vec![books(&alice, None, json!({ "resultsLimit": 2 })).await];
    while pages.last().unwrap().more {
        let token = pages.last().unwrap().token.clone();
        pages.push(books(&alice, Some(&token), json!({ "resultsLimit": 2 })).await);
        assert_ne!(pages.last().unwrap().token, token, "a reader could not tell it from a loop");
    }
    let sizes: Vec<_> = pages.iter().map(|page| page.records.len()).collect();
    assert_eq!(sizes, [0, 0, 2, 0, 0, 2, 0, 0, 1]);
    let end = pages.last().unwrap().token.clone();
    let idle = books(&alice, Some(&end), json!({})).await;
    assert_eq!((idle.names(), idle.more, &idle.token), (vec![], false, &end));
    // An empty page can be asked for again too.
    let again = books(&alice, Some(&pages[0].token), json!({})).await;
    assert_eq!((again.records.len(), again.more, &again.token), (0, true, &pages[1].token));

    let mut seen = Vec::new();
    let mut body = json!({});
    let mut calls = 0;
    loop {
        let (zones, token, more) = database(&alice, body).await;
        seen.extend(zones);
        calls += 1;
        if !more {
            break;
        }
        body = json!({ "syncToken": token });
    }
    assert_eq!((seen, calls), (vec!["books".to_owned()], 3));
}
