//! Statement 61: strings and numbers have an exact order, and sorting follows it.

use serde_json::json;

use crate::conformance::support::{Server, create, filter, int64, one, string, typed};

/// Strings in ascending order, alike for longer than any index would keep.
fn long_strings() -> Vec<String> {
    let stem = "same ".repeat(400);
    let mut strings: Vec<String> =
        ["", "a", "b", "b\0", "b\0a", "ba"].iter().map(|end| format!("{stem}{end}")).collect();
    strings.push(format!("{}t", stem.trim_end_matches("e ")));
    strings
}

/// By code point, which is not the order of UTF-16.
const BY_CODE_POINT: [&str; 12] =
    ["", "\0", "\0\0", "\u{1}", " ", "A", "a", "a\0", "a\u{1}", "\u{e9}", "\u{fffd}", "\u{1f600}"];

/// That strings are compared by code point is inferred.
#[tokio::test]
async fn c061_strings_have_an_exact_order() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for strings in [long_strings(), BY_CODE_POINT.map(str::to_owned).to_vec()] {
        let name = |at: usize| format!("s-{at:02}");
        let names: Vec<String> = (0..strings.len()).map(name).collect();
        // Saved in another order than the one looked for.
        let saves = strings
            .iter()
            .enumerate()
            .rev()
            .map(|(at, value)| create("Account", &name(at), one("owner", string(value))));
        alice.create_all("private", saves.collect()).await;

        let sorted = async |ascending: bool| {
            let query = json!({ "recordType": "Account", "sortBy": [{ "fieldName": "owner", "ascending": ascending }] });
            alice.query("private", query).await.names()
        };
        assert_eq!(sorted(true).await, names);
        assert_eq!(sorted(false).await, names.iter().rev().cloned().collect::<Vec<_>>());

        // One record a page.
        let mut paged = Vec::new();
        let mut body = json!({ "query": { "recordType": "Account", "sortBy": [{ "fieldName": "owner" }] }, "resultsLimit": 1 });
        while paged.len() <= names.len() {
            let reply = alice.post("private/records/query", body.clone()).await;
            paged.extend(reply.names());
            let Some(marker) = reply.body.get("continuationMarker") else { break };
            body["continuationMarker"] = marker.clone();
        }
        assert_eq!(paged, names);

        for (at, value) in strings.iter().enumerate() {
            let ask = async |comparator: &str| {
                let query = json!({ "recordType": "Account", "filterBy": [filter("owner", comparator, string(value))] });
                alice.query("private", query).await.sorted_names()
            };
            assert_eq!(ask("EQUALS").await, names[at..=at], "{value:?}");
            assert_eq!(ask("LESS_THAN").await, names[..at], "{value:?}");
            assert_eq!(ask("LESS_THAN_OR_EQUALS").await, names[..=at], "{value:?}");
            assert_eq!(ask("GREATER_THAN").await, names[at + 1..], "{value:?}");
            assert_eq!(ask("GREATER_THAN_OR_EQUALS").await, names[at..], "{value:?}");
            let prefixed: Vec<String> = (0..strings.len())
                .filter(|other| strings[*other].starts_with(value.as_str()))
                .map(name)
                .collect();
            assert_eq!(ask("BEGINS_WITH").await, prefixed, "{value:?}");
            let others: Vec<String> = names.iter().filter(|name| !prefixed.contains(name)).cloned().collect();
            assert_eq!(ask("NOT_BEGINS_WITH").await, others, "{value:?}");
            assert_eq!(ask("NOT_EQUALS").await.len(), names.len() - 1, "{value:?}");
        }
        let gone = names
            .iter()
            .map(|name| json!({ "operationType": "forceDelete", "record": { "recordName": name } }));
        alice.create_all("private", gone.collect()).await;
    }
}

#[tokio::test]
async fn c061_numbers_have_an_exact_order() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let doubles = [
        -1.797_693_134_862_315_7e308,
        -1e10,
        -1.5,
        -5e-324,
        0.0,
        5e-324,
        0.1,
        0.100_000_000_000_000_02,
        1.0,
        1e300,
    ];
    let integers = [
        i64::MIN,
        -9_007_199_254_740_993,
        -9_007_199_254_740_992,
        -1,
        0,
        1,
        255,
        256,
        i64::MAX - 1,
        i64::MAX,
    ];
    let name = |at: usize| format!("n-{at}");
    let names: Vec<String> = (0..10).map(name).collect();
    let saves = (0..10).rev().map(|at| {
        let fields = json!({ "rate": typed("DOUBLE", doubles[at]), "cents": int64(integers[at]),
            "opened": typed("TIMESTAMP", integers[at]) });
        create("Account", &name(at), fields)
    });
    alice.create_all("public", saves.collect()).await;
    for (at, (double, integer)) in doubles.into_iter().zip(integers).enumerate() {
        for (field, value) in [
            ("rate", typed("DOUBLE", double)),
            ("cents", int64(integer)),
            ("opened", typed("TIMESTAMP", integer)),
        ] {
            for (comparator, expected) in [
                ("EQUALS", &names[at..=at]),
                ("LESS_THAN", &names[..at]),
                ("GREATER_THAN_OR_EQUALS", &names[at..]),
            ] {
                let query = json!({ "recordType": "Account", "filterBy": [filter(field, comparator, value.clone())],
                    "sortBy": [{ "fieldName": field }] });
                assert_eq!(
                    alice.query("public", query).await.names(),
                    expected,
                    "{field} {comparator} {value}"
                );
            }
        }
    }
}

/// Where absent values go, and that ties keep the order of creation, is inferred.
#[tokio::test]
async fn c067_sorting_is_by_every_entry_in_turn() {
    let server = Server::start().await;
    let key = server.key();
    for (name, owner, cents) in [
        ("1", Some("b"), Some(2)),
        ("2", Some("a"), Some(2)),
        ("3", Some("a"), None),
        ("4", None, Some(1)),
        ("5", Some("B"), Some(2)),
        ("6", Some("a"), Some(-3)),
    ] {
        let mut fields = json!({});
        if let Some(owner) = owner {
            fields["owner"] = string(owner);
        }
        if let Some(cents) = cents {
            fields["cents"] = int64(cents);
        }
        key.create("public", "Account", name, fields).await;
    }
    for (sort_by, expected) in [
        (json!([{ "fieldName": "cents" }]), "3 6 4 1 2 5"),
        (json!([{ "fieldName": "cents" }, { "fieldName": "owner", "ascending": false }]), "3 6 4 1 2 5"),
        (json!([{ "fieldName": "cents", "ascending": false }, { "fieldName": "owner" }]), "5 2 1 4 6 3"),
        (json!([{ "fieldName": "owner" }, { "fieldName": "cents" }]), "4 5 3 6 2 1"),
        (json!([{ "fieldName": "owner", "ascending": false }, { "fieldName": "cents" }]), "1 3 6 2 5 4"),
        (json!([]), "1 2 3 4 5 6"),
    ] {
        let query = json!({ "recordType": "Account", "sortBy": sort_by });
        assert_eq!(key.query("public", query).await.names().join(" "), expected, "{sort_by}");
    }
}
