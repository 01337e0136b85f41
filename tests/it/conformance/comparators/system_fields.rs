//! Statement 67: filters and sorts on what every record has.

use serde_json::{Value, json};

use crate::conformance::support::{Server, filter, string, typed};

#[tokio::test]
async fn c067_system_fields_go_by_two_names() {
    let server = Server::start().await;
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let first = alice.create("public", "Account", "first", json!({})).await;
    server.container.clock().advance(std::time::Duration::from_secs(60));
    let second = bob.create("public", "Account", "second", json!({})).await;
    let (first_made, second_made) = (&first["created"]["timestamp"], &second["modified"]["timestamp"]);
    assert!(first_made.as_i64() < second_made.as_i64());

    let reference = |name: &str| typed("REFERENCE", json!({ "recordName": name }));
    let alice_name = reference(&alice.name().await);
    let cases = [
        (vec!["___recordID", "___recordId"], "recordName", "EQUALS", reference("first"), vec!["first"]),
        (
            vec!["___recordID", "___recordId"],
            "recordName",
            "IN",
            typed(
                "REFERENCE_LIST",
                json!([{ "recordName": "first" },
            { "recordName": "second" }]),
            ),
            vec!["first", "second"],
        ),
        (
            vec!["___createTime"],
            "createdTimestamp",
            "GREATER_THAN",
            typed("TIMESTAMP", first_made.clone()),
            vec!["second"],
        ),
        (
            vec!["___createTime"],
            "createdTimestamp",
            "EQUALS",
            typed("TIMESTAMP", first_made.clone()),
            vec!["first"],
        ),
        (
            vec!["___modTime"],
            "modifiedTimestamp",
            "LESS_THAN",
            typed("TIMESTAMP", second_made.clone()),
            vec!["first"],
        ),
        (
            vec!["___modTime"],
            "modifiedTimestamp",
            "GREATER_THAN_OR_EQUALS",
            typed("TIMESTAMP", second_made.clone()),
            vec!["second"],
        ),
        (vec!["___createdBy"], "createdUserRecordName", "EQUALS", alice_name.clone(), vec!["first"]),
        (vec!["___createdBy"], "createdUserRecordName", "NOT_EQUALS", alice_name.clone(), vec!["second"]),
        (vec!["___modifiedBy"], "modifiedUserRecordName", "EQUALS", alice_name, vec!["first"]),
    ];
    for (field_names, system_name, comparator, value, expected) in cases {
        let mut forms: Vec<Value> =
            field_names.into_iter().map(|name| filter(name, comparator, value.clone())).collect();
        forms.push(json!({ "systemFieldName": system_name, "comparator": comparator, "fieldValue": value }));
        for form in forms {
            let query = json!({ "recordType": "Account", "filterBy": [form] });
            assert_eq!(server.token().query("public", query).await.sorted_names(), expected, "{form}");
        }
    }
}

#[tokio::test]
async fn c067_results_are_sorted_by_system_fields_of_either_name() {
    let server = Server::start().await;
    for name in ["b", "c", "a"] {
        server.key().create("public", "Account", name, json!({})).await;
        server.container.clock().advance(std::time::Duration::from_secs(1));
    }
    for (field_name, system_name) in
        [("___createTime", "createdTimestamp"), ("___modTime", "modifiedTimestamp")]
    {
        for ascending in [true, false] {
            for sort in [
                json!({ "fieldName": field_name, "ascending": ascending }),
                json!({ "systemFieldName": system_name, "ascending": ascending }),
            ] {
                let query = json!({ "recordType": "Account", "sortBy": [sort] });
                let expected = if ascending { ["b", "c", "a"] } else { ["a", "c", "b"] };
                assert_eq!(server.token().query("public", query).await.names(), expected, "{sort}");
            }
        }
    }
}

/// That a string is tolerated for a record name is inferred.
#[tokio::test]
async fn c067_a_record_name_may_be_a_string() {
    let server = Server::start().await;
    server.key().create("public", "Account", "a-1", json!({})).await;
    server.key().create("public", "Account", "a-2", json!({})).await;
    for field in ["fieldName", "systemFieldName"] {
        let name = if field == "fieldName" { "___recordID" } else { "recordName" };
        let mut condition = json!({ "comparator": "EQUALS", "fieldValue": string("a-1") });
        condition[field] = name.into();
        let query = json!({ "recordType": "Account", "filterBy": [condition] });
        assert_eq!(server.token().query("public", query).await.names(), ["a-1"], "{field}");
    }
}
