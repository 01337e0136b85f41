//! Statements 57 to 70: queries, their comparators and their indexes.

use serde_json::{Value, json};

use super::{
    QUERY, TYPE, bad_request, create, error, filter, find, make_zone, modify, modify_zone, names, number,
    text, typed,
};
use crate::commands::conformance::case::{Case, Step, Who, case, post};

/// Three records, and one that has nothing but its number; then these steps, when queries find all four.
fn after_filling(steps: Vec<Step>) -> Vec<Step> {
    let all = find(vec![]).expect(200, names(&["~a", "~b", "~c", "~d"]));
    [vec![filled(), all], steps].concat()
}

fn filled() -> Step {
    let record = |name: &str, at: i64, fields: Value| {
        let mut operation = create(name, json!({ "run": text("~"), "number": number(at) }));
        if let (Some(all), Some(more)) = (operation["record"]["fields"].as_object_mut(), fields.as_object()) {
            all.extend(more.clone());
        }
        operation
    };
    modify(json!([
        record(
            "~a",
            1,
            json!({ "text": text("Apple pie"), "rate": typed("DOUBLE", 0.5),
            "tags": typed("STRING_LIST", json!(["red", "green"])),
            "place": typed("LOCATION", json!({ "latitude": 0.0, "longitude": 0.0 })),
            "target": typed("REFERENCE", json!({ "recordName": "~x", "action": "NONE" })) })
        ),
        record(
            "~b",
            2,
            json!({ "text": text("apple crust"), "rate": typed("DOUBLE", 1.5),
            "tags": typed("STRING_LIST", json!(["green"])),
            "place": typed("LOCATION", json!({ "latitude": 0.0, "longitude": 1.0 })),
            "target": typed("REFERENCE", json!({ "recordName": "~y", "action": "NONE" })) })
        ),
        record(
            "~c",
            3,
            json!({ "text": text("Pear"), "rate": typed("DOUBLE", 2.5),
            "tags": typed("STRING_LIST", json!(["blue", "grey"])),
            "place": typed("LOCATION", json!({ "latitude": 0.0, "longitude": 3.0 })) })
        ),
        record("~d", 4, json!({})),
    ]))
}

fn finds(id: &'static str, statement: &'static str, condition: Value, found: &[&str]) -> Case {
    case(id, statement, after_filling(vec![find(vec![condition]).expect(200, names(found))]))
}

fn refuses(id: &'static str, statement: &'static str, query: Value, reason: &str) -> Case {
    case(
        id,
        statement,
        vec![post(Who::Key, QUERY, json!({ "query": query })).expect(400, bad_request(reason))],
    )
}

/// Pages of two records, in the order of their numbers.
fn page(more: Value) -> Step {
    let mut body = json!({ "resultsLimit": 2, "query": { "recordType": TYPE,
        "filterBy": [filter("run", "EQUALS", text("~"))], "sortBy": [{ "fieldName": "number" }] } });
    if let (Some(all), Some(more)) = (body.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    post(Who::Key, QUERY, body)
}

pub(super) fn cases() -> Vec<Case> {
    [pages(), comparators(), open_questions(), indexes()].concat()
}

fn pages() -> Vec<Case> {
    let marker = || json!({ "records": [{ "recordName": "~a" }, { "recordName": "~b" }], "continuationMarker": "<text>" });
    vec![
        case(
            "c057a",
            "a query that finds nothing answers an empty list and no marker",
            vec![find(vec![]).expect(200, json!({ "records": "<empty>", "continuationMarker": "<absent>" }))],
        ),
        case(
            "c057b",
            "a page has a marker, by which the next one is asked for",
            after_filling(vec![
                page(json!({})).expect(200, marker()).keep("marker", "/continuationMarker"),
                page(json!({ "continuationMarker": "$marker" })).expect(200, names(&["~c", "~d"])),
            ]),
        ),
        case(
            "c058",
            "a limit above 200 is no mistake",
            after_filling(vec![ page(json!({ "resultsLimit": 400 })).expect(200, names(&["~a", "~b", "~c", "~d"]))]),
        ).settles(&["LIMITS_ARE_CUT"]),
        case(
            "c058b",
            "desiredKeys choose the fields",
            after_filling(vec![
                page(json!({ "desiredKeys": ["rate"], "resultsLimit": 1 })).expect(
                    200,
                    json!({ "records": [{ "fields": { "rate": { "value": 0.5 }, "text": "<absent>" } }] }),
                ),
            ]),
        ),
        case(
            "c060a",
            "garbage is no marker",
            vec![page(json!({ "continuationMarker": "nonsense" })).expect(400, bad_request(""))],
        ),
        case(
            "c060b",
            "a marker belongs to its query",
            after_filling(vec![
                page(json!({})).expect(200, marker()).keep("marker", "/continuationMarker"),
                page(json!({ "continuationMarker": "$marker",
                    "query": { "recordType": TYPE, "filterBy": [filter("number", "GREATER_THAN", number(0))] } }))
                .expect(400, bad_request("")),
            ]),
        ).settles(&["MARKER_OF_ITS_QUERY"]),
    ]
}

fn comparators() -> Vec<Case> {
    vec![
        finds("c061a", "EQUALS", filter("number", "EQUALS", number(2)), &["~b"]),
        finds("c061b", "LESS_THAN", filter("number", "LESS_THAN", number(2)), &["~a"]),
        finds(
            "c061c",
            "LESS_THAN_OR_EQUALS",
            filter("number", "LESS_THAN_OR_EQUALS", number(2)),
            &["~a", "~b"],
        ),
        finds("c061d", "GREATER_THAN", filter("rate", "GREATER_THAN", typed("DOUBLE", 1.5)), &["~c"]),
        finds(
            "c061e",
            "GREATER_THAN_OR_EQUALS",
            filter("rate", "GREATER_THAN_OR_EQUALS", typed("DOUBLE", 1.5)),
            &["~b", "~c"],
        ),
        finds("c061f", "BEGINS_WITH looks at case", filter("text", "BEGINS_WITH", text("Apple")), &["~a"])
            .settles(&["TEXTS_COMPARE_BY_CASE"]),
        finds("c061g", "LIST_CONTAINS", filter("tags", "LIST_CONTAINS", text("green")), &["~a", "~b"]),
        finds(
            "c061h",
            "LIST_CONTAINS_ALL",
            filter("tags", "LIST_CONTAINS_ALL", typed("STRING_LIST", json!(["green", "red"]))),
            &["~a"],
        ),
        finds(
            "c062",
            "LIST_CONTAINS_ANY, which the reference does not name",
            filter("tags", "LIST_CONTAINS_ANY", typed("STRING_LIST", json!(["red", "blue"]))),
            &["~a", "~c"],
        )
        .settles(&["LIST_CONTAINS_ANY"]),
        finds(
            "c063a",
            "IN with the type of its list",
            filter("number", "IN", typed("INT64_LIST", json!([1, 3]))),
            &["~a", "~c"],
        ),
        case(
            "c063b",
            "IN without the type of its list is refused",
            vec![
                find(vec![filter("number", "IN", json!({ "value": [1, 3] }))])
                    .expect(400, bad_request("Unexpected input")),
            ],
        )
        .settles(&["UNTAGGED_LIST_OPERAND"]),
        finds(
            "c064a",
            "EQUALS of a reference",
            filter("target", "EQUALS", typed("REFERENCE", json!({ "recordName": "~x" }))),
            &["~a"],
        ),
        case(
            "c064b",
            "a reference is not compared with a text",
            vec![find(vec![filter("target", "EQUALS", text("~x"))]).expect(400, bad_request(""))],
        )
        .settles(&["REFERENCES_ARE_NO_TEXTS"]),
        case(
            "c065",
            "NEAR finds what is within a distance in metres",
            after_filling(vec![
                {
                    let mut near = filter(
                        "place",
                        "NEAR",
                        typed("LOCATION", json!({ "latitude": 0.0, "longitude": 0.0 })),
                    );
                    near["distance"] = json!(150_000.0);
                    find(vec![near])
                }
                .expect(200, names(&["~a", "~b"])),
            ]),
        ),
        finds(
            "c066",
            "CONTAINS_ALL_TOKENS does not look at case",
            filter("text", "CONTAINS_ALL_TOKENS", text("APPLE")),
            &["~a", "~b"],
        )
        .settles(&["WORDS_WITHOUT_CASE"]),
        refuses(
            "c061i",
            "numbers have no beginning",
            json!({ "recordType": TYPE, "filterBy": [filter("number", "BEGINS_WITH", number(1))] }),
            "",
        ),
        refuses(
            "c061j",
            "the names of comparators are in capitals",
            json!({ "recordType": TYPE, "filterBy": [filter("number", "equals", number(1))] }),
            "",
        ),
    ]
}

fn open_questions() -> Vec<Case> {
    let sorted = |ascending: bool| {
        post(
            Who::Key,
            QUERY,
            json!({ "query": { "recordType": TYPE, "filterBy": [filter("run", "EQUALS", text("~"))],
                "sortBy": [{ "fieldName": "rate", "ascending": ascending }] } }),
        )
    };
    vec![
        case(
            "c061k",
            "whether NOT_EQUALS matches records without the field",
            after_filling(vec![
                find(vec![filter("text", "NOT_EQUALS", text("Pear"))])
                    .reading("it does", 200, names(&["~a", "~b", "~d"]))
                    .reading("it does not", 200, names(&["~a", "~b"])),
            ]),
        )
        .settles(&["NEGATIVE_MATCHES_ABSENT"]),
        case(
            "c061l",
            "whether LIST_MEMBER_BEGINS_WITH looks at every member",
            after_filling(vec![
                find(vec![filter("tags", "LIST_MEMBER_BEGINS_WITH", text("gre"))])
                    .reading("at every member", 200, names(&["~a", "~b", "~c"]))
                    .reading("at the first member", 200, names(&["~b"])),
            ]),
        )
        .settles(&["MEMBER_PREFIX_OF_ANY"]),
        case(
            "c061m",
            "where records without the field are in an order",
            after_filling(vec![
                sorted(true)
                    .reading("ascending: first", 200, names(&["~d", "~a", "~b", "~c"]))
                    .reading("ascending: last", 200, names(&["~a", "~b", "~c", "~d"]))
                    .reading("ascending: left out", 200, names(&["~a", "~b", "~c"])),
                sorted(false)
                    .reading("descending: last", 200, names(&["~c", "~b", "~a", "~d"]))
                    .reading("descending: first", 200, names(&["~d", "~c", "~b", "~a"]))
                    .reading("descending: left out", 200, names(&["~c", "~b", "~a"])),
            ]),
        )
        .settles(&["ABSENT_SORTS_FIRST"]),
        case(
            "c061n",
            "whether a reference in a filter that names no zone finds one in a custom zone",
            vec![
                make_zone("~zone"),
                modify_zone("~zone", json!([create("~one", json!({ "run": text("~"),
                    "target": typed("REFERENCE", json!({ "recordName": "~x", "action": "NONE",
                        "zoneID": { "zoneName": "~zone" } })) }))])),
                post(
                    Who::User,
                    "private/records/query",
                    json!({ "zoneID": { "zoneName": "~zone" }, "query": { "recordType": TYPE,
                        "filterBy": [filter("target", "EQUALS", typed("REFERENCE", json!({ "recordName": "~x" })))] } }),
                )
                .reading("it does", 200, names(&["~one"]))
                .reading("it does not", 200, names(&[]))
                .reading("it is refused", 400, json!({})),
            ],
        )
        .settles(&["FILTER_REFERENCE_WITHOUT_ZONE"]),
        case(
            "c065b",
            "whether NEAR finds what is at its very edge",
            after_filling(vec![
                {
                    let here = typed("LOCATION", json!({ "latitude": 0.0, "longitude": 1.0 }));
                    let mut near = filter("place", "NEAR", here);
                    near["distance"] = json!(0);
                    find(vec![near])
                }
                .reading("it does", 200, names(&["~b"]))
                .reading("it does not", 200, names(&[]))
                .reading("a distance of 0 is refused", 400, json!({})),
            ]),
        )
        .settles(&["NEAR_HAS_ITS_EDGE"]),
        case(
            "c067b",
            "the order of a query without sorts",
            after_filling(vec![
                post(
                    Who::Key,
                    QUERY,
                    json!({ "query": { "recordType": TYPE, "filterBy": [filter("run", "EQUALS", text("~"))] } }),
                )
                .reading("is that in which records were made", 200, names(&["~a", "~b", "~c", "~d"]))
                .reading("is another", 200, json!({ "records": ["<some>", { "recordName": "~a" }, { "recordName": "~d" }] })),
            ]),
        )
        .settles(&["ORDER_WITHOUT_SORTS"]),
        case(
            "c067",
            "a system field is sorted by under either of its names",
            [json!({ "fieldName": "___modTime" }), json!({ "systemFieldName": "modifiedTimestamp" })]
                .into_iter()
                .map(|by| {
                    let query = json!({ "recordType": TYPE, "filterBy": [filter("run", "EQUALS", text("~"))],
                        "sortBy": [by] });
                    post(Who::Key, QUERY, json!({ "query": query })).expect(200, json!({ "records": "<empty>" }))
                })
                .collect(),
        ),
        case(
            "c069",
            "zoneWide looks into every zone",
            vec![
                make_zone("~zone"),
                modify_zone("~zone", json!([create("~one", json!({ "run": text("~") }))])),
                post(
                    Who::User,
                    "private/records/modify",
                    json!({ "operations": [create("~two", json!({ "run": text("~") }))] }),
                ),
                post(
                    Who::User,
                    "private/records/query",
                    json!({ "zoneWide": true, "query": { "recordType": TYPE,
                        "filterBy": [filter("run", "EQUALS", text("~"))] } }),
                )
                .expect(200, json!({ "records": ["<some>", { "recordName": "~one" }, { "recordName": "~two" }] })),
            ],
        ).settles(&["ZONE_WIDE_QUERIES"]),
        case(
            "c068a",
            "which index a query without filters needs",
            vec![
                post(Who::Key, QUERY, json!({ "query": { "recordType": TYPE }, "resultsLimit": 1 }))
                    .reading("that of ___recordID", 400, bad_request("'recordName' is not marked queryable"))
                    .reading("another answer that refuses it", 400, json!({}))
                    .reading("any index of the type is enough", 200, json!({})),
            ],
        )
        .settles(&["EMPTY_FILTER_NEEDS_RECORD_NAME"]),
    ]
}

fn indexes() -> Vec<Case> {
    let by_run = || filter("run", "EQUALS", text("~"));
    vec![
        refuses(
            "c068b",
            "a filter on a field that is not QUERYABLE is refused, by name",
            json!({ "recordType": TYPE, "filterBy": [filter("plain", "EQUALS", text("x"))] }),
            "Field 'plain' is not marked queryable",
        ),
        refuses(
            "c068c",
            "a sort by a field that is not SORTABLE is refused, by name",
            json!({ "recordType": TYPE, "filterBy": [by_run()], "sortBy": [{ "fieldName": "run" }] }),
            "Field 'run' is not marked sortable",
        ),
        refuses(
            "c068d",
            "a search in a field that is not SEARCHABLE is refused, by name",
            json!({ "recordType": TYPE, "filterBy": [filter("run", "CONTAINS_ALL_TOKENS", text("x"))] }),
            "Field 'run' is not marked searchable",
        ).settles(&["NOT_SEARCHABLE"]),
        case(
            "c068e",
            "the name of a system field in the error of a sort",
            vec![
                post(
                    Who::Key,
                    QUERY,
                    json!({ "query": { "recordType": TYPE, "filterBy": [by_run()],
                        "sortBy": [{ "fieldName": "___createTime" }] } }),
                )
                .reading("with underscores", 400, bad_request("'___createTime' is not marked sortable"))
                .reading("without", 400, bad_request("'createTime' is not marked sortable"))
                .reading("another text", 400, bad_request("")),
            ],
        )
        .settles(&["FILTER_ERROR_NAMES"]),
        case(
            "c068f",
            "whether QUERYABLE is enough to compare order",
            vec![
                post(
                    Who::Key,
                    QUERY,
                    json!({ "query": { "recordType": TYPE, "filterBy": [filter("run", "GREATER_THAN", text("~"))] } }),
                )
                .reading("it is", 200, json!({ "records": "<any>" }))
                .reading("it is not", 400, bad_request("")),
            ],
        )
        .settles(&["RANGE_ACCEPTS_EITHER_INDEX"]),
        refuses(
            "c068g",
            "a filter on a field that nobody has is refused, by name",
            json!({ "recordType": TYPE, "filterBy": [filter("colour", "EQUALS", text("red"))] }),
            "Unknown field 'colour'",
        ).settles(&["UNKNOWN_FIELD_IN_FILTER"]),
        refuses("c070a", "a query needs a record type", json!({}), "missing required field 'recordType'").settles(&["QUERIES_NAME_A_TYPE"]),
        refuses("c070b", "Users cannot be queried", json!({ "recordType": "Users" }), "").settles(&["USERS_ARE_NOT_QUERIED"]),
        case(
            "c070c",
            "a query of a type that nobody has",
            vec![
                post(Who::Key, QUERY, json!({ "query": { "recordType": "CKConformanceNone" } }))
                    .expect(404, error("NOT_FOUND", "CKConformanceNone")),
            ],
        ).settles(&["UNKNOWN_TYPE_IN_QUERY"]),
    ]
}
