//! Statements 57 to 60, 69 and 70: pages, markers and zones of queries.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::support::{Caller, Reply, Server, create, filter, int64, one, operation, string, text};

fn accounts(numbers: impl IntoIterator<Item = i64>) -> Vec<Value> {
    numbers.into_iter().map(|at| create("Account", &format!("a-{at}"), one("cents", int64(at)))).collect()
}

fn marker(reply: &Reply) -> Option<&str> {
    reply.ok().body.get("continuationMarker").map(|marker| marker.as_str().unwrap())
}

async fn page(caller: &Caller<'_>, body: &Value, marker: Option<&str>) -> Reply {
    let mut body = body.clone();
    if let Some(marker) = marker {
        body["continuationMarker"] = marker.into();
    }
    caller.post("public/records/query", body).await
}

/// Pages until no marker comes. `between` happens after each page.
async fn all_pages(
    caller: &Caller<'_>,
    body: &Value,
    mut between: impl AsyncFnMut(usize),
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut reply = page(caller, body, None).await;
    loop {
        pages.push(reply.names());
        assert!(pages.len() < 500, "no end of pages");
        let Some(next) = marker(&reply).map(str::to_owned) else { return pages };
        between(pages.len()).await;
        reply = page(caller, body, Some(&next)).await;
    }
}

#[tokio::test]
async fn c057_records_are_always_there_and_the_last_page_has_no_marker() {
    let server = Server::start().await;
    let key = server.key();
    let nothing = page(&key, &json!({ "query": { "recordType": "Account" } }), None).await;
    assert_eq!(nothing.body["records"], json!([]));
    assert_eq!(marker(&nothing), None);

    key.create_all("public", accounts(0..5)).await;
    let sorted = json!({ "recordType": "Account", "sortBy": [{ "fieldName": "cents" }] });
    for (limit, sizes) in [(2, vec![2, 2, 1]), (4, vec![4, 1]), (6, vec![5]), (200, vec![5])] {
        let pages = all_pages(&key, &json!({ "query": sorted, "resultsLimit": limit }), async |_| ()).await;
        // A page that happens to end with the last record may promise another one, which is empty then.
        let found: Vec<usize> = pages.iter().map(Vec::len).filter(|size| *size > 0).collect();
        assert_eq!(found, sizes, "{limit}");
        assert_eq!(pages.concat(), ["a-0", "a-1", "a-2", "a-3", "a-4"]);
    }
}

#[tokio::test]
async fn c058_two_hundred_records_are_the_default_and_the_most() {
    let server = Server::start().await;
    let key = server.key();
    key.create_all("public", accounts(0..205)).await;
    let query = json!({ "recordType": "Account" });
    for limit in [Value::Null, json!(200), json!(201), json!(400), json!(1_000_000)] {
        let mut body = json!({ "query": query });
        if !limit.is_null() {
            body["resultsLimit"] = limit.clone();
        }
        let first = page(&key, &body, None).await;
        assert_eq!(first.names().len(), 200, "{limit}");
        let second = page(&key, &body, marker(&first)).await;
        assert_eq!(second.names().len(), 5, "{limit}");
        assert_eq!(marker(&second), None);
    }
    let body = json!({ "query": query, "resultsLimit": 1 });
    assert_eq!(page(&key, &body, None).await.names().len(), 1);
    for limit in [0, -1] {
        let body = json!({ "query": query, "resultsLimit": limit });
        page(&key, &body, None).await.refused(400, "BAD_REQUEST", "");
    }
}

/// Between any two pages records before, at and after the place reached come and go; those that stay are each seen
/// once, whatever the order asked for.
#[tokio::test]
async fn c059_pages_are_stable_while_records_come_and_go() {
    let server = Server::start().await;
    let key = server.key();
    for (run, sort_by) in [
        json!([]),
        json!([{ "fieldName": "cents" }]),
        json!([{ "fieldName": "cents", "ascending": false }]),
        // All alike, so that only the tie decides.
        json!([{ "fieldName": "owner" }]),
        json!([{ "fieldName": "owner", "ascending": false }, { "fieldName": "cents" }]),
        json!([{ "systemFieldName": "modifiedTimestamp" }]),
    ]
    .into_iter()
    .enumerate()
    {
        let record = |name: String, cents: i64| {
            let fields = json!({ "cents": int64(cents), "owner": string("same"), "note": string("n"),
                "tags": { "value": [format!("run-{run}")], "type": "STRING_LIST" } });
            create("Account", &name, fields)
        };
        let stay = |at: i64| format!("stay-{run}-{at}");
        let go = |at: i64| format!("go-{run}-{at}");
        let saves = (0..40).flat_map(|at| [record(stay(at), at * 10), record(go(at), at * 10 + 5)]).collect();
        key.create_all("public", saves).await;

        let query = json!({ "recordType": "Account", "sortBy": sort_by,
            "filterBy": [filter("tags", "LIST_CONTAINS", string(&format!("run-{run}")))] });
        let body = json!({ "query": query, "resultsLimit": 7 });
        let mut gone = HashSet::new();
        let pages = all_pages(&key, &body, async |pages| {
            let pages = i64::try_from(pages).unwrap();
            let mut changes = vec![
                record(format!("new-{run}-{pages}-low"), -pages),
                record(format!("new-{run}-{pages}-here"), pages * 35 + 1),
                record(format!("new-{run}-{pages}-high"), 1000 + pages),
            ];
            // Some before the place reached, which were seen, and some after it, which were not yet.
            for at in [pages * 2 - 1, pages * 2, 40 - pages] {
                if gone.insert(at) {
                    changes.push(operation("forceDelete", json!({ "recordName": go(at) })));
                }
            }
            key.create_all("public", changes).await;
        })
        .await;

        let mut seen: HashMap<String, u32> = HashMap::new();
        for name in pages.into_iter().flatten() {
            *seen.entry(name).or_default() += 1;
        }
        for at in 0..40 {
            assert_eq!(seen.get(&stay(at)), Some(&1), "run {run}: {}", stay(at));
        }
        let repeated: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
        assert!(repeated.is_empty(), "run {run}: {repeated:?}");
    }
}

#[tokio::test]
async fn c060_a_marker_belongs_to_its_query() {
    let server = Server::start().await;
    server.container.create_zone("alice", "books").unwrap();
    let alice = server.user("alice");
    for zone in ["_defaultZone", "books"] {
        let body = json!({ "operations": accounts(0..5), "zoneID": { "zoneName": zone } });
        alice.post("private/records/modify", body).await.record(4);
    }
    let asked = |query: Value, zone: &str| json!({ "query": query, "zoneID": { "zoneName": zone }, "resultsLimit": 2 });
    let query = json!({ "recordType": "Account", "sortBy": [{ "fieldName": "cents" }],
        "filterBy": [filter("cents", "GREATER_THAN", int64(-1))] });
    let first = alice.post("private/records/query", asked(query.clone(), "_defaultZone")).await;
    let marker = marker(&first).unwrap().to_owned();

    let mut descending = query.clone();
    descending["sortBy"][0]["ascending"] = false.into();
    let mut other_value = query.clone();
    other_value["filterBy"][0]["fieldValue"]["value"] = 0.into();
    let mut other_comparator = query.clone();
    other_comparator["filterBy"][0]["comparator"] = "LESS_THAN".into();
    let mut unsorted = query.clone();
    unsorted["sortBy"] = json!([]);
    for (other, zone) in [
        (descending, "_defaultZone"),
        (other_value, "_defaultZone"),
        (other_comparator, "_defaultZone"),
        (unsorted, "_defaultZone"),
        (json!({ "recordType": "Node" }), "_defaultZone"),
        (query.clone(), "books"),
    ] {
        let mut body = asked(other.clone(), zone);
        body["continuationMarker"] = marker.as_str().into();
        let reply = alice.post("private/records/query", body).await;
        assert_eq!(
            (reply.status, text(&reply.body["serverErrorCode"])),
            (400, "BAD_REQUEST"),
            "{other} in {zone}"
        );
    }

    // Nor is it good for the same zone of somebody else, or in another database.
    let mut elsewhere = asked(query.clone(), "_defaultZone");
    elsewhere["continuationMarker"] = marker.as_str().into();
    server.user("bob").post("private/records/query", elsewhere.clone()).await.refused(400, "BAD_REQUEST", "");
    alice.post("public/records/query", elsewhere).await.refused(400, "BAD_REQUEST", "");

    let mut again = asked(query, "_defaultZone");
    again["continuationMarker"] = marker.into();
    let second = alice.post("private/records/query", again.clone()).await;
    assert_eq!(second.names(), ["a-2", "a-3"]);
    // Nothing is used up.
    assert_eq!(alice.post("private/records/query", again).await.names(), ["a-2", "a-3"]);
}

#[tokio::test]
async fn c060_garbage_is_no_marker() {
    let server = Server::start().await;
    let key = server.key();
    key.create_all("public", accounts(0..5)).await;
    let body = json!({ "query": { "recordType": "Account" }, "resultsLimit": 2 });
    let good = marker(&page(&key, &body, None).await).unwrap().to_owned();
    let mut garbage = vec![
        String::new(),
        "nonsense".to_owned(),
        "QW9wYXF1ZU1hcmtlcg==".to_owned(),
        "\u{1f600}".to_owned(),
        good[..good.len() / 2].to_owned(),
        format!("{good}{good}"),
    ];
    garbage.push(good.chars().rev().collect());
    // One character changed, at several places.
    for at in (0..good.len()).step_by(good.len().div_ceil(16)) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        garbage.push(String::from_utf8(bytes).unwrap());
    }
    for marker in garbage {
        let reply = page(&key, &body, Some(&marker)).await;
        reply.refused(400, "BAD_REQUEST", "");
    }
    assert_eq!(page(&key, &body, Some(&good)).await.names().len(), 2);
}

#[tokio::test]
async fn c058_desired_keys_of_a_query_choose_fields() {
    let server = Server::start().await;
    let fields = json!({ "owner": string("Ines"), "cents": int64(1) });
    server.key().create("public", "Account", "a-1", fields.clone()).await;
    for (desired_keys, expected) in [
        (json!(["owner"]), one("owner", string("Ines"))),
        (json!([]), json!({})),
        (json!(["note"]), json!({})),
        (Value::Null, fields),
    ] {
        let body = json!({ "query": { "recordType": "Account" }, "desiredKeys": desired_keys });
        let reply = server.key().post("public/records/query", body).await;
        assert_eq!(reply.record(0)["fields"], expected);
        assert!(reply.record(0)["recordChangeTag"].is_string());
    }
}

#[tokio::test]
async fn c069_zone_wide_looks_into_every_zone() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let names = ["in-books", "in-default", "in-music"];
    for (zone, name) in [("books", names[0]), ("_defaultZone", names[1]), ("music", names[2])] {
        if zone != "_defaultZone" {
            server.container.create_zone("alice", zone).unwrap();
        }
        let body =
            json!({ "operations": [create("Account", name, json!({}))], "zoneID": { "zoneName": zone } });
        alice.post("private/records/modify", body).await.record(0);
    }
    server.user("bob").create("private", "Account", "bobs", json!({})).await;

    let ask = async |more: Value| {
        let mut body = json!({ "query": { "recordType": "Account" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        alice.post("private/records/query", body).await
    };
    let wide = ask(json!({ "zoneWide": true })).await;
    assert_eq!(wide.sorted_names(), names);
    let owner = alice.name().await;
    for record in wide.records() {
        let (zone, zone_type) = match text(&record["recordName"]) {
            "in-books" => ("books", "REGULAR_CUSTOM_ZONE"),
            "in-music" => ("music", "REGULAR_CUSTOM_ZONE"),
            _ => ("_defaultZone", "DEFAULT_ZONE"),
        };
        let expected = json!({ "zoneName": zone, "ownerRecordName": owner, "zoneType": zone_type });
        assert_eq!(record["zoneID"], expected);
    }
    // Named zones win, and the default zone is the default.
    assert_eq!(
        ask(json!({ "zoneWide": true, "zoneID": { "zoneName": "books" } })).await.names(),
        ["in-books"]
    );
    assert_eq!(ask(json!({ "zoneWide": false })).await.names(), ["in-default"]);
    assert_eq!(ask(json!({})).await.names(), ["in-default"]);
    assert_eq!(ask(json!({ "zoneWide": true, "zoneID": null })).await.sorted_names(), names);
}

#[tokio::test]
async fn c069_zone_wide_pages_across_zones() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for zone in ["one", "two", "three"] {
        server.container.create_zone("alice", zone).unwrap();
        let operations: Vec<Value> =
            (0..5).map(|at| create("Account", &format!("same-{at}"), one("cents", int64(at)))).collect();
        let body = json!({ "operations": operations, "zoneID": { "zoneName": zone } });
        alice.post("private/records/modify", body).await.record(4);
    }
    let mut body = json!({ "query": { "recordType": "Account", "sortBy": [{ "fieldName": "cents" }] },
        "zoneWide": true, "resultsLimit": 4 });
    let mut seen = Vec::new();
    loop {
        let reply = alice.post("private/records/query", body.clone()).await;
        for record in reply.records() {
            seen.push((
                text(&record["zoneID"]["zoneName"]).to_owned(),
                text(&record["recordName"]).to_owned(),
            ));
        }
        let Some(next) = marker(&reply) else { break };
        body["continuationMarker"] = next.into();
        assert!(seen.len() < 100, "no end of pages");
    }
    let in_order: Vec<&str> = seen.iter().map(|(_, name)| name.as_str()).collect();
    assert!(in_order.is_sorted(), "{in_order:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 15);
}

#[tokio::test]
async fn c070_a_query_needs_a_record_type_that_can_be_queried() {
    let server = Server::start().await;
    let missing = "BadRequestException: missing required field 'recordType'";
    for query in [json!({}), json!({ "recordType": null }), json!({ "filterBy": [] })] {
        server.key().query("public", query).await.refused(400, "BAD_REQUEST", missing);
    }
    for caller in [server.key(), server.user("alice")] {
        caller.query("public", json!({ "recordType": "Users" })).await.refused(400, "BAD_REQUEST", "");
    }
    let reply = server.key().post("public/records/query", json!({})).await;
    reply.refused(400, "BAD_REQUEST", "missing required field 'query'");
}

/// Inferred from saves and lookups, where it was seen.
#[tokio::test]
async fn c070_an_unknown_record_type_is_not_found() {
    let server = Server::start().await;
    let reply = server.key().query("public", json!({ "recordType": "Nowhere" })).await;
    reply.refused(404, "NOT_FOUND", "could not find record_type with name 'Nowhere'");
}
