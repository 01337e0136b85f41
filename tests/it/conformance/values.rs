//! Statements 46 to 49: field values.

use serde_json::{Value, json};

use super::support::{
    ENCRYPTABLE, Request, SCALARS, Server, check_contains, create, field_of, filter, int64, one, string,
    text, typed,
};

/// A value of each type that needs no upload, and of its list form.
pub(crate) fn samples() -> Vec<(String, Value)> {
    let mut samples = Vec::new();
    for scalar in SCALARS {
        let values = match scalar {
            "STRING" => json!(["", "na\u{ef}ve \u{1f600} \"quoted\"\\ \u{0} \n\t end", "plain"]),
            "INT64" => json!([0, -1, i64::MAX, i64::MIN, 9_007_199_254_740_993_i64]),
            "DOUBLE" => json!([0.1, -2.5, 1e300, 5e-324, 1.797_693_134_862_315_7e308, 0.30000000000000004]),
            "TIMESTAMP" => {
                json!([1_767_225_600_123_i64, 0, -62_135_769_600_000_i64, 253_402_300_799_999_i64])
            }
            "BYTES" => json!(["AAECAwT/", "", "/+8=", "AA=="]),
            "LOCATION" => json!([
                { "latitude": 52.520_006_6, "longitude": 13.404_954, "horizontalAccuracy": 5.5, "verticalAccuracy": 3.25,
                  "altitude": 34.5, "speed": 1.25, "course": 270.5, "timestamp": 1_767_225_600_000_i64 },
                { "latitude": -90.0, "longitude": 180.0 },
                { "latitude": 0.0, "longitude": -0.5 },
            ]),
            "REFERENCE" => json!([
                { "recordName": "target", "action": "NONE" },
                { "recordName": "a/b?c", "action": "DELETE_SELF" },
            ]),
            _ => continue,
        };
        samples.push((scalar.to_owned(), values[0].clone()));
        samples.push((format!("{scalar}_LIST"), values));
    }
    samples
}

#[tokio::test]
async fn c046_some_types_cannot_be_guessed() {
    let server = Server::start().await;
    let untagged =
        |field: &str, value: Value| create("Everything", field, one(field, json!({ "value": value })));
    let reply = server
        .user("alice")
        .modify(
            "public",
            json!([untagged("timestamp", json!(1_767_225_600_000_i64)), untagged("bytes", json!("AAEC"))]),
        )
        .await;
    reply.failed(0, "BAD_REQUEST", "Invalid value, expected type TIMESTAMP");
    reply.failed(1, "BAD_REQUEST", "Invalid value, expected type BYTES");
}

#[tokio::test]
async fn c046_half_milliseconds_are_refused() {
    let server = Server::start().await;
    for moment in [json!(1_767_225_600_000.5), json!(0.25), json!(-1.5)] {
        let operations =
            json!([create("Everything", "e-1", one("timestamp", typed("TIMESTAMP", moment.clone())))]);
        server.user("alice").modify("public", operations).await.failed(0, "BAD_REQUEST", "");
        let list = typed("TIMESTAMP_LIST", json!([0, moment]));
        let operations = json!([create("Everything", "e-1", one("timestamp_list", list))]);
        server.user("alice").modify("public", operations).await.failed(0, "BAD_REQUEST", "");
        let place = json!({ "latitude": 1.0, "longitude": 2.0, "timestamp": moment });
        let operations = json!([create("Everything", "e-1", one("location", typed("LOCATION", place)))]);
        server.user("alice").modify("public", operations).await.failed(0, "BAD_REQUEST", "");
    }
}

#[tokio::test]
async fn c046_a_double_may_be_written_as_an_integer() {
    let server = Server::start().await;
    let operations = json!([
        create("Everything", "untagged", one("double", json!({ "value": 3 }))),
        create("Everything", "tagged", one("double", typed("DOUBLE", 3))),
        create("Everything", "list", one("double_list", typed("DOUBLE_LIST", json!([3, 0.5])))),
        create("Everything", "untagged-list", one("double_list", json!({ "value": [3, 4] }))),
    ]);
    let reply = server.user("alice").modify("public", operations).await;
    for at in 0..2 {
        check_contains(&reply.record(at)["fields"]["double"], &typed("DOUBLE", 3.0));
    }
    check_contains(&reply.record(2)["fields"]["double_list"], &typed("DOUBLE_LIST", json!([3.0, 0.5])));
    check_contains(&reply.record(3)["fields"]["double_list"], &typed("DOUBLE_LIST", json!([3.0, 4.0])));
}

#[tokio::test]
async fn c046_what_can_be_guessed_is() {
    let server = Server::start().await;
    for (field_type, value) in samples() {
        if field_type.starts_with("TIMESTAMP") || field_type.starts_with("BYTES") {
            continue;
        }
        let field = field_of(&field_type);
        let operations = json!([create("Everything", &field, one(&field, json!({ "value": value })))]);
        let reply = server.user("alice").modify("public", operations).await;
        check_contains(&reply.record(0)["fields"][&field], &json!({ "value": value, "type": field_type }));
    }
    // And a guess that does not fit is a mistake.
    for (field, value) in
        [("int64", json!("1")), ("int64", json!(1.5)), ("string", json!(1)), ("string", json!([]))]
    {
        let operations = json!([create("Everything", "wrong", one(field, json!({ "value": value })))]);
        server.user("alice").modify("public", operations).await.failed(0, "BAD_REQUEST", "");
    }
}

/// There is no Boolean in CloudKit; that the two words are taken for numbers is a decision.
#[tokio::test]
async fn c046_booleans_are_numbers() {
    let server = Server::start().await;
    for (written, read) in [(true, 1), (false, 0)] {
        let operations =
            json!([create("Everything", &format!("e-{read}"), one("int64", typed("INT64", written)))]);
        let reply = server.user("alice").modify("public", operations).await;
        assert_eq!(reply.record(0)["fields"]["int64"], int64(read));
    }
}

#[tokio::test]
async fn c047_integers_are_exact() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let extremes = [
        i64::MIN,
        i64::MIN + 1,
        -9_007_199_254_740_993,
        -1,
        0,
        9_007_199_254_740_993,
        i64::MAX - 1,
        i64::MAX,
    ];
    let fields =
        |number: i64| json!({ "int64": int64(number), "int64_list": typed("INT64_LIST", extremes.to_vec()) });
    for number in extremes {
        let name = format!("n{number}");
        let saved = alice.create("public", "Everything", &name, fields(number)).await;
        assert_eq!(saved["fields"], fields(number));
        assert_eq!(alice.lookup("public", &[&name]).await.record(0)["fields"], fields(number));

        let by_value =
            json!({ "recordType": "Everything", "filterBy": [filter("int64", "EQUALS", int64(number))] });
        assert_eq!(alice.query("public", by_value).await.names(), [name]);
    }

    let ascending = json!({ "recordType": "Everything", "sortBy": [{ "fieldName": "int64" }] });
    let expected: Vec<String> = extremes.iter().map(|number| format!("n{number}")).collect();
    assert_eq!(alice.query("public", ascending).await.names(), expected);
}

/// TIMESTAMP stays a number (inferred).
#[tokio::test]
async fn c047_numbers_come_as_strings_if_asked_for() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let expected = json!({
        "int64": { "value": "-9223372036854775808", "type": "INT64" },
        "int64_list": { "value": ["9223372036854775807", "0"], "type": "INT64_LIST" },
        "timestamp": { "value": 1_767_225_600_123_i64, "type": "TIMESTAMP" },
        "string": { "value": "12", "type": "STRING" },
    });
    let fields = json!({
        "int64": int64(i64::MIN),
        "int64_list": typed("INT64_LIST", vec![i64::MAX, 0]),
        "double": typed("DOUBLE", 0.1),
        "double_list": typed("DOUBLE_LIST", json!([1.5, -2.25])),
        "timestamp": typed("TIMESTAMP", 1_767_225_600_123_i64),
        "string": string("12"),
    });
    let saving =
        json!({ "numbersAsStrings": true, "operations": [create("Everything", "e-1", fields.clone())] });
    let lookup = json!({ "numbersAsStrings": true, "records": [{ "recordName": "e-1" }] });
    let query = json!({ "numbersAsStrings": true, "query": { "recordType": "Everything" } });
    for (action, body) in [("modify", saving), ("lookup", lookup), ("query", query)] {
        let reply = alice.post(&format!("public/records/{action}"), body).await;
        let found = &reply.record(0)["fields"];
        check_contains(found, &expected);
        assert_eq!(text(&found["double"]["value"]).parse(), Ok(0.1), "{action}: {found}");
        let list = found["double_list"]["value"].as_array().unwrap();
        let numbers: Vec<f64> = list.iter().map(|number| text(number).parse().unwrap()).collect();
        assert_eq!(numbers, [1.5, -2.25], "{action}: {found}");
        assert!(reply.record(0)["created"]["timestamp"].is_i64(), "{action}: only fields change");
    }
    // Without it they are numbers, whatever they were when saved.
    check_contains(&alice.lookup("public", &["e-1"]).await.record(0)["fields"], &fields);
}

/// CloudKit JS says it for each operation.
#[tokio::test]
async fn c047_an_operation_may_ask_for_strings() {
    let server = Server::start().await;
    let mut asking = create("Everything", "e-1", one("int64", int64(7)));
    asking["numbersAsStrings"] = true.into();
    let plain = create("Everything", "e-2", one("int64", int64(7)));
    let reply = server.user("alice").modify("public", json!([asking, plain])).await;
    assert_eq!(reply.record(0)["fields"]["int64"]["value"], "7");
    assert_eq!(reply.record(1)["fields"]["int64"]["value"], 7);
}

#[tokio::test]
async fn c047_numbers_may_be_sent_as_strings_if_said_so() {
    let server = Server::start().await;
    let fields = json!({ "int64": typed("INT64", "9223372036854775807"), "double": typed("DOUBLE", "0.5") });
    let body = json!({ "numbersAsStrings": true, "operations": [create("Everything", "e-1", fields)] });
    server.user("alice").post("public/records/modify", body).await.record(0);
    let found = server.user("alice").lookup("public", &["e-1"]).await;
    check_contains(
        &found.record(0)["fields"],
        &json!({ "int64": int64(i64::MAX), "double": typed("DOUBLE", 0.5) }),
    );
}

#[tokio::test]
async fn c047_numbers_that_do_not_fit_are_refused() {
    let server = Server::start().await;
    for (field_type, number) in [
        ("INT64", "9223372036854775808"),
        ("INT64", "-9223372036854775809"),
        ("INT64", "18446744073709551616"),
        ("INT64", "1.5"),
        ("INT64", "1e40"),
        ("DOUBLE", "1e400"),
        ("DOUBLE", "NaN"),
        ("DOUBLE", "Infinity"),
        ("TIMESTAMP", "9223372036854775808"),
    ] {
        let body = format!(
            r#"{{"operations":[{{"operationType":"create","record":{{"recordType":"Everything","recordName":"e-1",
                "fields":{{"{}":{{"value":{number},"type":"{field_type}"}}}}}}}}]}}"#,
            field_of(field_type)
        );
        let target = server.user("alice").target("public/records/modify");
        server.user("alice").send(Request::post(target, body)).await.refused_somewhere();
    }
    server.user("alice").lookup("public", &["e-1"]).await.failed(0, "NOT_FOUND", "");
}

/// Assets make it in statement 97.
#[tokio::test]
async fn c048_every_type_and_its_list_make_the_round_trip() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let samples = samples();
    assert_eq!(samples.len(), 14);
    for (field_type, value) in &samples {
        let field = field_of(field_type);
        let fields = one(&field, json!({ "value": value, "type": field_type }));
        for database in ["public", "private"] {
            let saved = alice.create(database, "Everything", &field, fields.clone()).await;
            let looked_up = alice.lookup(database, &[&field]).await;
            let by_name = json!({ "recordType": "Everything", "filterBy": [{ "systemFieldName": "recordName",
                "comparator": "EQUALS", "fieldValue": typed("REFERENCE", json!({ "recordName": field })) }] });
            let queried = alice.query(database, by_name).await;
            for record in [&saved, looked_up.record(0), queried.record(0)] {
                check_contains(&record["fields"], &fields);
                assert_eq!(record["fields"].as_object().map(serde_json::Map::len), Some(1), "{record}");
                assert_eq!(record["fields"][&field]["type"], **field_type);
            }
        }
    }

    // All at once, in one record.
    let all: serde_json::Map<String, Value> = samples
        .iter()
        .map(|(field_type, value)| (field_of(field_type), json!({ "value": value, "type": field_type })))
        .collect();
    let saved = alice.create("public", "Everything", "all", all.clone().into()).await;
    check_contains(&saved["fields"], &all.into());
}

#[tokio::test]
async fn c048_every_element_alone_makes_the_round_trip() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (field_type, values) in samples() {
        let Some(scalar) = field_type.strip_suffix("_LIST") else { continue };
        let field = field_of(scalar);
        for (at, value) in values.as_array().unwrap().iter().enumerate() {
            let fields = one(&field, typed(scalar, value.clone()));
            let name = format!("{field}-{at}");
            check_contains(
                &alice.create("public", "Everything", &name, fields.clone()).await["fields"],
                &fields,
            );
            check_contains(&alice.lookup("public", &[&name]).await.record(0)["fields"], &fields);
        }
    }
}

#[tokio::test]
async fn c048_an_empty_list_is_a_list() {
    let server = Server::start().await;
    let alice = server.user("alice");
    for (field_type, _) in samples().iter().filter(|(field_type, _)| field_type.ends_with("_LIST")) {
        let field = field_of(field_type);
        let empty = one(&field, typed(field_type, json!([])));
        let saved = alice.create("public", "Everything", &field, empty.clone()).await;
        assert_eq!(saved["fields"], empty);
        assert_eq!(alice.lookup("public", &[&field]).await.record(0)["fields"], empty);
    }
}

/// That null is no element is inferred.
#[tokio::test]
async fn c048_values_outside_their_range_are_refused() {
    let server = Server::start().await;
    let cases = [
        ("LOCATION", json!({ "latitude": 90.5, "longitude": 0.0 })),
        ("LOCATION", json!({ "latitude": -90.5, "longitude": 0.0 })),
        ("LOCATION", json!({ "latitude": 0.0, "longitude": 180.5 })),
        ("LOCATION", json!({ "latitude": 0.0, "longitude": -180.5 })),
        ("LOCATION", json!({ "latitude": 0.0 })),
        ("LOCATION", json!({ "longitude": 0.0 })),
        ("LOCATION", json!({})),
        ("REFERENCE", json!({})),
        ("REFERENCE", json!({ "recordName": "a", "action": "delete_self" })),
        ("REFERENCE", json!({ "recordName": "a", "action": "CASCADE" })),
        ("REFERENCE", json!("a")),
        ("BYTES", json!("not base64!")),
        ("BYTES", json!("AAA")),
        ("BYTES", json!("_-8=")),
        ("STRING_LIST", json!(["a", null])),
        ("INT64_LIST", json!([1, "x"])),
        ("STRING_LIST", json!("a")),
        ("STRING", json!(["a"])),
        ("ASSETID", json!("an asset")),
        ("ASSETID", json!({})),
        ("ASSETID", json!({ "fileChecksum": "AYt0", "size": 3105, "receipt": "A0x" })),
    ];
    for (field_type, value) in cases {
        let fields = one(&field_of(field_type), typed(field_type, value.clone()));
        let operations = json!([create("Everything", "e-1", fields)]);
        server.user("alice").modify("public", operations).await.refused_somewhere();
    }
    server.user("alice").lookup("public", &["e-1"]).await.failed(0, "NOT_FOUND", "");
}

#[tokio::test]
async fn c048_type_names_are_spelled_exactly() {
    let server = Server::start().await;
    for spelled in ["string", "String", "LIST", "STRING_SET", "BOOLEAN", ""] {
        let operations = json!([create("Everything", "e-1", one("string", typed(spelled, "x")))]);
        server.user("alice").modify("public", operations).await.refused_somewhere();
    }
}

fn secret(name: &str, field: &str, value: Value) -> Value {
    create("Secret", name, one(field, value))
}

#[tokio::test]
async fn c049_encrypted_fields_make_the_round_trip() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let samples = samples();
    for (field, scalar) in ENCRYPTABLE {
        let field_type = cloudkit_core::value::ValueType::one(scalar).as_str();
        let (_, value) = samples.iter().find(|(sample, _)| sample == field_type).unwrap();
        let written = json!({ "value": value, "type": field_type, "isEncrypted": true });
        let saved = alice.modify("private", json!([secret(field, field, written.clone())])).await;
        check_contains(&saved.record(0)["fields"][field], &written);
        check_contains(&alice.lookup("private", &[field]).await.record(0)["fields"][field], &written);
    }
}

#[tokio::test]
async fn c049_mistakes_with_encrypted_fields() {
    let server = Server::start().await;
    let alice = server.user("alice");
    let flagged = json!({ "value": "s", "type": "STRING", "isEncrypted": true });
    let reply = alice
        .modify(
            "private",
            json!([
                secret("s-0", "string", string("s")),
                secret("s-1", "string", json!({ "value": "s", "isEncrypted": true })),
                secret("s-2", "label", flagged.clone()),
                secret("s-3", "string", json!({ "value": 1, "type": "INT64", "isEncrypted": true })),
                secret("s-4", "string", flagged.clone()),
            ]),
        )
        .await;
    reply.failed(
        0,
        "BAD_REQUEST",
        "invalid attempt to set value type STRING for field 'string' for type 'Secret', defined to be: ENCRYPTED_STRING",
    );
    reply.failed(
        1,
        "BAD_REQUEST",
        "invalid attempt to set value type ENCRYPTED_BYTES for field 'string' for type 'Secret', \
         defined to be: ENCRYPTED_STRING",
    );
    reply.failed(2, "BAD_REQUEST", "Attempt to save encrypted data in non encrypted field type");
    reply.failed(3, "BAD_REQUEST", "");
    reply.record(4);

    let reply = alice.modify("public", json!([secret("s-5", "string", flagged)])).await;
    reply.failed(0, "BAD_REQUEST", "encrypted fields are not supported in the public database");
}

#[tokio::test]
async fn c049_encrypted_fields_are_not_queried() {
    let server = Server::start().await;
    let query = json!({ "recordType": "Secret", "filterBy": [filter("string", "EQUALS", string("s"))] });
    server.user("alice").query("private", query).await.refused(
        400,
        "BAD_REQUEST",
        "Field 'string' has a value type of ENCRYPTED_STRING and cannot be queried using filter type EQUALS",
    );
}
