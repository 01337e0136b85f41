//! What the schema of production does not have.

use serde_json::{Value, json};

use super::{Expected::Item, Expected::Whole, Refusal, SCHEMA_LANGUAGE, operation, query, reference};
use crate::conformance::support::{create, filter, int64, one, string, typed};

fn filtered(record_type: &str, condition: Value) -> Value {
    json!({ "recordType": record_type, "filterBy": [condition] })
}

fn sorted(record_type: &str, sort: Value) -> Value {
    json!({ "recordType": record_type, "sortBy": [sort],
        "filterBy": [filter("cents", "GREATER_THAN", int64(0))] })
}

fn subscription(
    what: &'static str,
    source: &'static str,
    query: Value,
    expected: super::Expected,
) -> Refusal {
    let subscription = json!({ "subscriptionID": "s", "subscriptionType": "query", "firesOn": ["create"],
        "query": query });
    let body = json!({ "operations": [{ "operationType": "create", "subscription": subscription }] });
    Refusal { body, ..operation(what, source, Value::Null, expected).at("public/subscriptions/modify") }
}

pub(super) fn refusals() -> Vec<Refusal> {
    let draft = |kind: &str| json!({ "operationType": kind, "record": { "recordType": "Draft", "recordName": "d-1", "fields": {} } });
    let unknown_type = "could not find record_type with name 'Draft'";
    let note = |comparator: &str| filtered("Account", filter("note", comparator, string("n")));
    vec![
        query(
            "a filter on a field whose index is not deployed",
            "evermeer/EVCloudKitDao#2",
            note("EQUALS"),
            "Field 'note' is not marked queryable",
        ),
        query(
            "a negative filter whose index is not deployed",
            "evermeer/EVCloudKitDao#79",
            note("NOT_EQUALS"),
            "Field 'note' is not marked queryable",
        ),
        query(
            "a prefix of a field whose index is not deployed",
            SCHEMA_LANGUAGE,
            note("BEGINS_WITH"),
            "Field 'note' is not marked queryable",
        ),
        query(
            "a range of a field whose index is not deployed",
            SCHEMA_LANGUAGE,
            note("LESS_THAN"),
            "Field 'note' is not marked queryable",
        ),
        query(
            "a list of values for a field whose index is not deployed",
            SCHEMA_LANGUAGE,
            filtered("Account", filter("note", "IN", typed("STRING_LIST", json!(["n"])))),
            "Field 'note' is not marked queryable",
        ),
        query(
            "a sort by a field whose index is not deployed",
            "caiyue1993/IceCream#169",
            sorted("Account", json!({ "fieldName": "note" })),
            "Field 'note' is not marked sortable",
        ),
        query(
            "a search for words whose index is not deployed",
            "inferred from the texts for other indexes",
            note("CONTAINS_ALL_TOKENS"),
            "Field 'note' is not marked searchable",
        ),
        query(
            "a filter on a field that is not deployed",
            "reported; the text is the native framework's",
            filtered("Account", filter("draft", "EQUALS", string("d"))),
            "Unknown field 'draft'",
        ),
        query(
            "a sort by a field that is not deployed",
            "reported; the text is the native framework's",
            sorted("Account", json!({ "fieldName": "draft" })),
            "Unknown field 'draft'",
        ),
        Refusal {
            expected: Whole(404, "NOT_FOUND", unknown_type),
            ..query(
                "a query of a type that is not deployed",
                "TableProApp/TablePro#2226; for queries inferred",
                json!({ "recordType": "Draft" }),
                "",
            )
        },
        operation(
            "a create of a type that is not deployed",
            "superuser404notfound/Sodalite#45",
            draft("create"),
            Item("NOT_FOUND", unknown_type),
        ),
        operation(
            "a forceUpdate of a type that is not deployed",
            "dongdongbh/Mindwtr#338",
            draft("forceUpdate"),
            Item("NOT_FOUND", unknown_type),
        ),
        operation(
            "a forceReplace of a type that is not deployed",
            "dongdongbh/Mindwtr#338",
            draft("forceReplace"),
            Item("NOT_FOUND", unknown_type),
        ),
        operation(
            "a field that is not deployed",
            "TableProApp/TablePro#2226",
            json!({ "operationType": "forceUpdate", "record": { "recordType": "Account", "recordName": "there",
                "fields": { "draft": string("d") } } }),
            Item("BAD_REQUEST", "Field 'draft' not found in Account"),
        ),
        subscription(
            "a subscription to a type that is not deployed",
            "salimhafid/improv, two recorded runs",
            json!({ "recordType": "Draft" }),
            Item("NOT_FOUND", unknown_type),
        ),
        subscription(
            "a subscription whose shape is not known in production",
            "salimhafid/improv, two recorded runs",
            filtered("Account", filter("cents", "LESS_THAN", int64(0))),
            Item("BAD_REQUEST", "attempting to create a subscription in a production container"),
        ),
        subscription(
            "a subscription to all records whose shape is not known",
            "salimhafid/improv, two recorded runs",
            json!({ "recordType": "Account" }),
            Item("BAD_REQUEST", "attempting to create a subscription in a production container"),
        ),
        subscription(
            "a subscription with a filter without index",
            "inferred from queries",
            filtered("Account", filter("note", "EQUALS", string("n"))),
            Item("BAD_REQUEST", "Field 'note' is not marked queryable"),
        ),
        query(
            "no filter, where record names are not indexed",
            "DevMountain/Timeline#11",
            json!({ "recordType": "Sparse" }),
            "Field 'recordName' is not marked queryable",
        ),
        query(
            "a type without any index",
            "malhal/CloudKit-PHP#4",
            json!({ "recordType": "Bare" }),
            "Queried type is not marked indexable",
        ),
        query(
            "a filter on a system field without index",
            SCHEMA_LANGUAGE,
            filtered(
                "Sparse",
                json!({ "systemFieldName": "modifiedTimestamp", "comparator": "GREATER_THAN",
                "fieldValue": typed("TIMESTAMP", 0) }),
            ),
            "is not marked queryable",
        ),
        query(
            "a sort by a system field without index",
            "paulw11/Seam3#83",
            json!({ "recordType": "Sparse", "filterBy": [filter("name", "EQUALS", string("n"))],
                "sortBy": [{ "fieldName": "___createTime" }] }),
            "Field '___createTime' is not marked sortable",
        ),
        query(
            "a filter on a list without index",
            SCHEMA_LANGUAGE,
            filtered(
                "Node",
                filter("others", "LIST_CONTAINS", typed("REFERENCE", json!({ "recordName": "n" }))),
            ),
            "Field 'others' is not marked queryable",
        ),
        query(
            "a sort by a list",
            SCHEMA_LANGUAGE,
            sorted("Account", json!({ "fieldName": "tags" })),
            "Field 'tags' is not marked sortable",
        ),
        query(
            "a sort by a reference",
            SCHEMA_LANGUAGE,
            sorted("Account", json!({ "fieldName": "friend" })),
            "Field 'friend' is not marked sortable",
        ),
        query(
            "users are not queried",
            "the native framework, CKQuery",
            json!({ "recordType": "Users" }),
            "system types",
        ),
        operation(
            "a field in another case",
            "inferred: names are exact",
            create("Account", "a-1", one("Cents", int64(1))),
            Item("BAD_REQUEST", "Cents"),
        ),
        operation(
            "a record type in another case",
            "inferred: names are exact",
            create("account", "a-1", json!({})),
            Item("NOT_FOUND", "'account'"),
        ),
        operation(
            "fields of the system are not written",
            reference!("Types and Dictionaries"),
            create("Account", "a-1", one("___createTime", typed("TIMESTAMP", 1))),
            Item("BAD_REQUEST", "___createTime"),
        ),
    ]
}
