//! Statements 61 to 67: what each comparator finds, and what it cannot be used with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{Caller, SCALARS, Server, create, field_of, filter, int64, one, string, typed};

/// Every comparator of section 6.1.
const COMPARATORS: [&str; 22] = [
    "EQUALS",
    "NOT_EQUALS",
    "LESS_THAN",
    "LESS_THAN_OR_EQUALS",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUALS",
    "IN",
    "NOT_IN",
    "BEGINS_WITH",
    "NOT_BEGINS_WITH",
    "NEAR",
    "CONTAINS_ALL_TOKENS",
    "CONTAINS_ANY_TOKENS",
    "LIST_CONTAINS",
    "NOT_LIST_CONTAINS",
    "LIST_CONTAINS_ANY",
    "NOT_LIST_CONTAINS_ANY",
    "LIST_CONTAINS_ALL",
    "NOT_LIST_CONTAINS_ALL",
    "LIST_MEMBER_BEGINS_WITH",
    "NOT_LIST_MEMBER_BEGINS_WITH",
    // The twenty-second is none: names are exact.
    "equals",
];

/// Three values of a type, in ascending order where there is one.
fn three(scalar: &str) -> [Value; 3] {
    let values = match scalar {
        "STRING" => json!(["Apple pie", "apple", "apple PIE crust"]),
        "INT64" => json!([-5, 7, 9_007_199_254_740_993_i64]),
        "DOUBLE" => json!([-0.5, 0.25, 1e10]),
        "TIMESTAMP" => json!([-62_135_769_600_000_i64, 0, 1_767_225_600_000_i64]),
        "BYTES" => json!(["AAEC", "AAED", "/w=="]),
        // One degree of longitude on the equator is some 111 kilometres.
        "LOCATION" => json!([
            { "latitude": 0.0, "longitude": 0.0 },
            { "latitude": 0.0, "longitude": 1.0 },
            { "latitude": 0.0, "longitude": 3.0 },
        ]),
        "REFERENCE" => json!([{ "recordName": "t-0" }, { "recordName": "t-1" }, { "recordName": "t-2" }]),
        other => panic!("no values of {other}"),
    };
    serde_json::from_value(values).unwrap()
}

const ORDERED: [&str; 4] = ["STRING", "INT64", "DOUBLE", "TIMESTAMP"];
const ENUMERABLE: [&str; 5] = ["STRING", "INT64", "DOUBLE", "TIMESTAMP", "REFERENCE"];
const INDEXABLE: [&str; 7] = ["STRING", "INT64", "DOUBLE", "TIMESTAMP", "BYTES", "LOCATION", "REFERENCE"];

/// The type of the value that a comparator takes for a field, if the two go together.
fn operand_type(comparator: &str, field_type: &str) -> Option<String> {
    let scalar = field_type.strip_suffix("_LIST").unwrap_or(field_type);
    let list = scalar != field_type;
    let one = || Some(scalar.to_owned());
    let many = || Some(format!("{scalar}_LIST"));
    match comparator {
        "EQUALS" | "NOT_EQUALS" if !list && INDEXABLE.contains(&scalar) => one(),
        "LESS_THAN" | "LESS_THAN_OR_EQUALS" | "GREATER_THAN" | "GREATER_THAN_OR_EQUALS"
            if !list && ORDERED.contains(&scalar) =>
        {
            one()
        }
        "IN" | "NOT_IN" if !list && ENUMERABLE.contains(&scalar) => many(),
        "BEGINS_WITH" | "NOT_BEGINS_WITH" | "CONTAINS_ALL_TOKENS" | "CONTAINS_ANY_TOKENS"
            if field_type == "STRING" =>
        {
            one()
        }
        "NEAR" if field_type == "LOCATION" => one(),
        "LIST_CONTAINS" | "NOT_LIST_CONTAINS" if list && INDEXABLE.contains(&scalar) => one(),
        "LIST_CONTAINS_ANY" | "NOT_LIST_CONTAINS_ANY" | "LIST_CONTAINS_ALL" | "NOT_LIST_CONTAINS_ALL"
            if list && INDEXABLE.contains(&scalar) =>
        {
            many()
        }
        "LIST_MEMBER_BEGINS_WITH" | "NOT_LIST_MEMBER_BEGINS_WITH" if field_type == "STRING_LIST" => one(),
        _ => None,
    }
}

/// What is stored: for each type, records with one of three values, one without; and the same for lists.
async fn fill(caller: &Caller<'_>) {
    let mut saves = Vec::new();
    for scalar in INDEXABLE {
        let [low, middle, high] = three(scalar);
        let list = format!("{scalar}_LIST");
        for (name, value) in [("low", &low), ("middle", &middle), ("high", &high)] {
            saves.push(save(scalar, name, Some(value.clone())));
        }
        saves.push(save(scalar, "none", None));
        for (name, value) in [
            ("low", Some(json!([low]))),
            ("both", Some(json!([low, middle]))),
            ("high", Some(json!([high, high]))),
            ("empty", Some(json!([]))),
            ("none", None),
        ] {
            saves.push(save(&list, name, value));
        }
    }
    caller.create_all("public", saves).await;
}

/// One record; `string_list/low` has its value in `string_list`. Each record also says of which type's it is.
fn save(field_type: &str, name: &str, value: Option<Value>) -> Value {
    let field = field_of(field_type);
    let name = format!("{field}/{name}");
    let mut fields = value.map_or(json!({}), |value| one(&field, typed(field_type, with_action(value))));
    // A field of another type, to tell the records of one type from those of the others.
    let mark = if field == "string" { "int64" } else { "string" };
    fields[mark] = match mark {
        "string" => string(&field),
        _ => int64(MARK),
    };
    create("Everything", &name, fields)
}

const MARK: i64 = 4711;

/// References need an action when they are written, and none in filters.
fn with_action(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(with_action).collect(),
        Value::Object(mut object) if object.contains_key("recordName") => {
            object.insert("action".to_owned(), "NONE".into());
            object.into()
        }
        other => other,
    }
}

/// The names that a filter finds among the records of the field's type, without the type.
async fn find(caller: &Caller<'_>, field_type: &str, condition: Value) -> BTreeSet<String> {
    let field = field_of(field_type);
    let mark = match field.as_str() {
        "string" => filter("int64", "EQUALS", int64(MARK)),
        _ => filter("string", "EQUALS", string(&field)),
    };
    let reply =
        caller.query("public", json!({ "recordType": "Everything", "filterBy": [mark, condition] })).await;
    let names = reply.names();
    names.iter().map(|name| name.strip_prefix(&format!("{field}/")).unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// For every legal pair of a comparator and a field type: operands, and what they find. That negative comparators match
/// absent fields, and that LIST_MEMBER_BEGINS_WITH looks at every member, are inferred.
fn expectations(comparator: &str, field_type: &str) -> Vec<(Value, &'static [&'static str])> {
    let scalar = field_type.strip_suffix("_LIST").unwrap_or(field_type);
    let [low, middle, high] = three(scalar);
    let unknown = match scalar {
        "STRING" => json!("b"),
        "INT64" => json!(8),
        "DOUBLE" => json!(0.375),
        "TIMESTAMP" => json!(1),
        "BYTES" => json!("AAEE"),
        "LOCATION" => json!({ "latitude": 10.0, "longitude": 10.0 }),
        _ => json!({ "recordName": "t-3" }),
    };
    match comparator {
        "EQUALS" => vec![(low, &["low"]), (middle, &["middle"]), (high, &["high"]), (unknown, &[])],
        "NOT_EQUALS" => {
            vec![(low, &["middle", "high", "none"]), (unknown, &["low", "middle", "high", "none"])]
        }
        "LESS_THAN" => vec![(low, &[]), (middle, &["low"]), (high, &["low", "middle"])],
        "LESS_THAN_OR_EQUALS" => {
            vec![(low, &["low"]), (middle, &["low", "middle"]), (high, &["low", "middle", "high"])]
        }
        "GREATER_THAN" => vec![(low, &["middle", "high"]), (middle, &["high"]), (high, &[])],
        "GREATER_THAN_OR_EQUALS" => {
            vec![(low, &["low", "middle", "high"]), (middle, &["middle", "high"]), (high, &["high"])]
        }
        "IN" => vec![
            (json!([low, high]), &["low", "high"]),
            (json!([middle]), &["middle"]),
            (json!([unknown, middle, middle]), &["middle"]),
            (json!([unknown]), &[]),
        ],
        "NOT_IN" => vec![
            (json!([low, high]), &["middle", "none"]),
            (json!([unknown]), &["low", "middle", "high", "none"]),
        ],
        "BEGINS_WITH" => vec![
            (json!("apple"), &["middle", "high"]),
            (json!("Apple"), &["low"]),
            (json!("apple "), &["high"]),
            (json!("pie"), &[]),
        ],
        "NOT_BEGINS_WITH" => {
            vec![(json!("apple"), &["low", "none"]), (json!("pie"), &["low", "middle", "high", "none"])]
        }
        "CONTAINS_ALL_TOKENS" => vec![
            (json!("pie APPLE"), &["low", "high"]),
            (json!("crust"), &["high"]),
            (json!("crust cake"), &[]),
            (json!("app"), &[]),
        ],
        "CONTAINS_ANY_TOKENS" => {
            vec![(json!("cake crust"), &["high"]), (json!("pie"), &["low", "high"]), (json!("cake app"), &[])]
        }
        "NEAR" => vec![(low, &["low", "middle"]), (high, &["high"]), (unknown, &[])],
        "LIST_CONTAINS" => {
            vec![(low, &["low", "both"]), (middle, &["both"]), (high, &["high"]), (unknown, &[])]
        }
        "NOT_LIST_CONTAINS" => {
            vec![(low, &["high", "empty", "none"]), (unknown, &["low", "both", "high", "empty", "none"])]
        }
        "LIST_CONTAINS_ANY" => vec![
            (json!([middle, high]), &["both", "high"]),
            (json!([unknown, low]), &["low", "both"]),
            (json!([unknown]), &[]),
        ],
        "NOT_LIST_CONTAINS_ANY" => vec![
            (json!([middle, high]), &["low", "empty", "none"]),
            (json!([unknown]), &["low", "both", "high", "empty", "none"]),
        ],
        "LIST_CONTAINS_ALL" => vec![
            (json!([low, middle]), &["both"]),
            (json!([middle, low, low]), &["both"]),
            (json!([low]), &["low", "both"]),
            (json!([low, high]), &[]),
        ],
        "NOT_LIST_CONTAINS_ALL" => vec![
            (json!([low, middle]), &["low", "high", "empty", "none"]),
            (json!([low, high]), &["low", "both", "high", "empty", "none"]),
        ],
        "LIST_MEMBER_BEGINS_WITH" => {
            vec![(json!("apple"), &["both", "high"]), (json!("Apple"), &["low", "both"]), (json!("pie"), &[])]
        }
        "NOT_LIST_MEMBER_BEGINS_WITH" => vec![
            (json!("apple"), &["low", "empty", "none"]),
            (json!("pie"), &["low", "both", "high", "empty", "none"]),
        ],
        other => panic!("nothing is expected of {other}"),
    }
}

fn field_types() -> Vec<String> {
    SCALARS.into_iter().flat_map(|scalar| [scalar.to_owned(), format!("{scalar}_LIST")]).collect()
}

fn condition(comparator: &str, field_type: &str, operand_type: &str, operand: Value) -> Value {
    let mut condition = filter(&field_of(field_type), comparator, typed(operand_type, operand));
    if comparator == "NEAR" {
        condition["distance"] = json!(150_000.0);
    }
    condition
}

#[tokio::test]
async fn c061_every_comparator_finds_what_it_should() {
    let server = Server::start().await;
    fill(&server.user("alice")).await;
    let caller = server.token();
    let (mut pairs, mut comparators) = (0, BTreeSet::new());
    for comparator in COMPARATORS {
        for field_type in field_types() {
            let Some(operand_type) = operand_type(comparator, &field_type) else { continue };
            pairs += 1;
            comparators.insert(comparator);
            let cases = expectations(comparator, &field_type);
            assert!(cases.iter().any(|(_, names)| !names.is_empty()), "{comparator} never matches");
            for (operand, expected) in cases {
                let condition = condition(comparator, &field_type, &operand_type, operand.clone());
                let found = find(&caller, &field_type, condition).await;
                assert_eq!(found, set(expected), "{field_type} {comparator} {operand}");
            }
        }
    }
    assert_eq!(comparators.len(), 21);
    assert_eq!(pairs, 2 * 7 + 4 * 4 + 2 * 5 + 2 + 1 + 2 + 6 * 7 + 2);
}

/// Every comparator with every type of field and every type of value, except where 6.1 has the three together.
///
/// Not tried is searching for words in a list of strings: the schema language indexes it, and nothing says which
/// comparator uses the index.
#[tokio::test]
async fn c061_every_other_combination_is_refused() {
    let server = Server::start().await;
    let caller = server.token();
    let mut tried = 0;
    for comparator in COMPARATORS {
        for field_type in field_types() {
            let legal = operand_type(comparator, &field_type);
            if comparator.ends_with("_TOKENS") && field_type == "STRING_LIST" {
                continue;
            }
            for operand_type in
                field_types().iter().filter(|operand_type| Some(*operand_type) != legal.as_ref())
            {
                let scalar = operand_type.strip_suffix("_LIST").unwrap_or(operand_type);
                let operand = match scalar {
                    "ASSETID" => json!({ "fileChecksum": "AYt0", "size": 1, "receipt": "A0x" }),
                    scalar => three(scalar)[1].clone(),
                };
                let operand = if operand_type.ends_with("_LIST") { json!([operand]) } else { operand };
                let condition = condition(comparator, &field_type, operand_type, operand);
                let query = json!({ "recordType": "Everything", "filterBy": [condition] });
                caller.query("public", query).await.refused(400, "BAD_REQUEST", "");
                tried += 1;
            }
        }
    }
    assert!(tried > 5000, "{tried}");
}

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

#[tokio::test]
async fn c061_filters_are_joined_by_and() {
    let server = Server::start().await;
    fill(&server.user("alice")).await;
    let range = [
        filter("int64", "GREATER_THAN", int64(-6)),
        filter("int64", "LESS_THAN_OR_EQUALS", int64(7)),
        filter("int64", "NOT_EQUALS", int64(-5)),
        filter("string", "EQUALS", string("int64")),
    ];
    let query = json!({ "recordType": "Everything", "filterBy": range });
    assert_eq!(server.token().query("public", query).await.names(), ["int64/middle"]);
    let contradiction = [filter("int64", "EQUALS", int64(7)), filter("int64", "EQUALS", int64(-5))];
    let query = json!({ "recordType": "Everything", "filterBy": contradiction });
    assert!(server.token().query("public", query).await.names().is_empty());
}

#[tokio::test]
async fn c061_a_filter_needs_its_parts() {
    let server = Server::start().await;
    for incomplete in [
        json!({ "fieldName": "cents", "comparator": "EQUALS" }),
        json!({ "fieldName": "cents", "fieldValue": int64(1) }),
        json!({ "comparator": "EQUALS", "fieldValue": int64(1) }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": {} }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": { "value": null, "type": "INT64" } }),
        json!({ "fieldName": "cents", "comparator": "EQUALS", "fieldValue": { "type": "INT64" } }),
        json!({ "fieldName": "cents", "comparator": "SIMILAR_TO", "fieldValue": int64(1) }),
        json!({}),
    ] {
        let query = json!({ "recordType": "Account", "filterBy": [incomplete] });
        server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
    }
}

/// Apple's document does not have it, CloudKit JS does.
#[tokio::test]
async fn c062_list_contains_any_works() {
    let server = Server::start().await;
    let tags = |tags: &[&str]| one("tags", typed("STRING_LIST", tags.to_vec()));
    for (name, has) in [("a-1", ["red", "green"]), ("a-2", ["blue", "green"]), ("a-3", ["black", "white"])] {
        server.key().create("public", "Account", name, tags(&has)).await;
    }
    let wanted = typed("STRING_LIST", vec!["red", "blue"]);
    let query = json!({ "recordType": "Account", "filterBy": [filter("tags", "LIST_CONTAINS_ANY", wanted)] });
    assert_eq!(server.token().query("public", query).await.sorted_names(), ["a-1", "a-2"]);
}

#[tokio::test]
async fn c063_in_needs_a_list_type() {
    let server = Server::start().await;
    let saves = (0..3).map(|at| create("Account", &format!("a-{at}"), one("cents", int64(at)))).collect();
    server.key().create_all("public", saves).await;
    let ask = async |comparator: &str, value: Value| {
        let query = json!({ "recordType": "Account", "filterBy": [filter("cents", comparator, value)] });
        server.token().query("public", query).await
    };
    for comparator in ["IN", "NOT_IN"] {
        for untagged in [json!([1]), json!([]), json!([1, 2])] {
            let reply = ask(comparator, json!({ "value": untagged })).await;
            reply.refused(400, "BAD_REQUEST", "BadRequestException: Unexpected input");
        }
        ask(comparator, typed("INT64", vec![1])).await.refused(400, "BAD_REQUEST", "");
        ask(comparator, typed("INT64", 1)).await.refused(400, "BAD_REQUEST", "");
        ask(comparator, typed("LIST", vec![1])).await.refused(400, "BAD_REQUEST", "");
    }
    assert_eq!(ask("IN", typed("INT64_LIST", vec![1])).await.names(), ["a-1"]);
    let many: Vec<i64> = (1..=200).collect();
    assert_eq!(ask("IN", typed("INT64_LIST", many.clone())).await.sorted_names(), ["a-1", "a-2"]);
    assert_eq!(ask("NOT_IN", typed("INT64_LIST", many)).await.names(), ["a-0"]);
}

#[tokio::test]
async fn c064_references_are_compared_with_references() {
    let server = Server::start().await;
    let friend =
        |name: &str| one("friend", typed("REFERENCE", json!({ "recordName": name, "action": "NONE" })));
    server.key().create("public", "Account", "a-1", friend("ines")).await;
    server.key().create("public", "Account", "a-2", friend("noor")).await;
    let ask = async |value: Value| {
        let query = json!({ "recordType": "Account", "filterBy": [filter("friend", "EQUALS", value)] });
        server.token().query("public", query).await
    };
    assert_eq!(ask(typed("REFERENCE", json!({ "recordName": "ines" }))).await.names(), ["a-1"]);
    let with_zone = json!({ "recordName": "ines", "zoneID": { "zoneName": "_defaultZone" } });
    assert_eq!(ask(typed("REFERENCE", with_zone)).await.names(), ["a-1"]);
    assert_eq!(ask(json!({ "value": { "recordName": "noor" } })).await.names(), ["a-2"]);
    assert!(ask(typed("REFERENCE", json!({ "recordName": "nobody" }))).await.names().is_empty());

    ask(string("ines")).await.refused(
        400,
        "BAD_REQUEST",
        "Field 'friend' has a value type of REFERENCE and cannot be queried using filter value type STRING",
    );
    for text in [json!({ "value": "ines" }), typed("REFERENCE", "ines")] {
        ask(text).await.refused(400, "BAD_REQUEST", "could not decode reference object");
    }
}

async fn places(server: &Server) {
    for (name, latitude, longitude) in [
        ("berlin", 52.520_0, 13.405_0),
        ("potsdam", 52.390_6, 13.064_5),
        ("hamburg", 53.551_1, 9.993_7),
        ("sydney", -33.868_8, 151.209_3),
        ("suva", -18.124_8, 178.450_1),
        ("apia", -13.850_7, -171.751_4),
    ] {
        let place = typed("LOCATION", json!({ "latitude": latitude, "longitude": longitude }));
        server.key().create("public", "Account", name, one("place", place)).await;
    }
    server.key().create("public", "Account", "nowhere", json!({})).await;
}

fn place(latitude: f64, longitude: f64) -> Value {
    typed("LOCATION", json!({ "latitude": latitude, "longitude": longitude }))
}

/// The distances are: Potsdam 27 km, Hamburg 255 km, Sydney 16,100 km from Berlin; Apia 1,150 km from Suva, over the
/// antimeridian.
#[tokio::test]
async fn c065_near_is_within_so_many_metres() {
    let server = Server::start().await;
    places(&server).await;
    let ask = async |centre: Value, distance: f64| {
        let mut near = filter("place", "NEAR", centre);
        near["distance"] = distance.into();
        server
            .token()
            .query("public", json!({ "recordType": "Account", "filterBy": [near] }))
            .await
            .sorted_names()
    };
    let (berlin, suva) = (place(52.52, 13.405), place(-18.124_8, 178.450_1));
    assert_eq!(ask(berlin.clone(), 0.0).await, ["berlin"]);
    assert_eq!(ask(berlin.clone(), 20_000.0).await, ["berlin"]);
    assert_eq!(ask(berlin.clone(), 40_000.0).await, ["berlin", "potsdam"]);
    assert_eq!(ask(berlin.clone(), 300_000.0).await, ["berlin", "hamburg", "potsdam"]);
    assert_eq!(ask(suva.clone(), 1_000_000.0).await, ["suva"]);
    assert_eq!(ask(suva, 1_300_000.0).await, ["apia", "suva"]);
    let everywhere = ["apia", "berlin", "hamburg", "potsdam", "suva", "sydney"];
    assert_eq!(ask(berlin, 30_000_000.0).await, everywhere);
}

#[tokio::test]
async fn c065_results_are_sorted_by_distance() {
    let server = Server::start().await;
    places(&server).await;
    let sorted = async |ascending: Option<bool>| {
        let mut sort = json!({ "fieldName": "place", "relativeLocation": place(52.52, 13.405) });
        if let Some(ascending) = ascending {
            sort["ascending"] = ascending.into();
        }
        let near = json!({ "fieldName": "place", "comparator": "NEAR", "fieldValue": place(52.52, 13.405),
            "distance": 25_000_000.0 });
        let query = json!({ "recordType": "Account", "filterBy": [near], "sortBy": [sort] });
        server.token().query("public", query).await.names()
    };
    let nearest_first = ["berlin", "potsdam", "hamburg", "suva", "apia", "sydney"];
    let mut expected: Vec<&str> = nearest_first.to_vec();
    expected.sort_by(|one, other| kilometres(one).total_cmp(&kilometres(other)));
    assert_eq!(sorted(None).await, expected);
    assert_eq!(sorted(Some(true)).await, expected);
    expected.reverse();
    assert_eq!(sorted(Some(false)).await, expected);
}

/// Roughly, from Berlin.
fn kilometres(name: &str) -> f64 {
    match name {
        "berlin" => 0.0,
        "potsdam" => 27.0,
        "hamburg" => 255.0,
        "apia" => 15_800.0,
        "suva" => 16_000.0,
        _ => 16_100.0,
    }
}

#[tokio::test]
async fn c065_near_needs_a_distance_and_distance_a_place() {
    let server = Server::start().await;
    for distance in [Value::Null, json!(-1), json!("far")] {
        let mut near = filter("place", "NEAR", place(0.0, 0.0));
        near["distance"] = distance;
        let query = json!({ "recordType": "Account", "filterBy": [near] });
        server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
    }
    let query = json!({ "recordType": "Account", "sortBy": [{ "fieldName": "place" }] });
    server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
}

#[tokio::test]
async fn c066_words_are_found_whatever_their_case_and_accents() {
    let server = Server::start().await;
    for (name, owner) in [
        ("a-1", "\u{c9}clair au CHOCOLAT"),
        ("a-2", "eclair, with coffee; two spoons"),
        ("a-3", "Cre\u{300}me bru\u{302}le\u{301}e\twith chocolat"),
        ("a-4", "nothing of the kind"),
    ] {
        server.key().create("public", "Account", name, one("owner", string(owner))).await;
    }
    let ask = async |comparator: &str, words: &str| {
        let query =
            json!({ "recordType": "Account", "filterBy": [filter("owner", comparator, string(words))] });
        server.token().query("public", query).await.sorted_names()
    };
    for (comparator, words, expected) in [
        ("CONTAINS_ALL_TOKENS", "eclair", vec!["a-1", "a-2"]),
        ("CONTAINS_ALL_TOKENS", "E\u{301}CLAIR", vec!["a-1", "a-2"]),
        ("CONTAINS_ALL_TOKENS", "eclair chocolat", vec!["a-1"]),
        ("CONTAINS_ALL_TOKENS", "  chocolat \t eclair ", vec!["a-1"]),
        ("CONTAINS_ALL_TOKENS", "eclair tea", vec![]),
        ("CONTAINS_ALL_TOKENS", "creme brulee", vec!["a-3"]),
        ("CONTAINS_ANY_TOKENS", "eclair chocolat", vec!["a-1", "a-2", "a-3"]),
        ("CONTAINS_ANY_TOKENS", "tea kind", vec!["a-4"]),
        ("CONTAINS_ANY_TOKENS", "tea", vec![]),
    ] {
        assert_eq!(ask(comparator, words).await, expected, "{comparator} {words:?}");
    }
}

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
