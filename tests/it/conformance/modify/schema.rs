//! Statement 45: records fit the schema.

use serde_json::json;

use super::now;
use crate::conformance::support::{Server, check_contains, create, field_of, int64, one, operation, string};

#[tokio::test]
async fn c045_an_unknown_record_type_is_not_found() {
    let server = Server::start().await;
    for caller in [server.key(), server.key().production()] {
        for kind in ["create", "forceUpdate", "forceReplace"] {
            let record =
                json!({ "recordType": "Nowhere", "recordName": "a-1", "fields": { "x": string("y") } });
            let reply = caller.modify("public", json!([operation(kind, record)])).await;
            reply.failed(0, "NOT_FOUND", "could not find record_type with name 'Nowhere'");
        }
    }
}

#[tokio::test]
async fn c045_unknown_fields_and_wrong_types_are_refused() {
    let server = Server::start().await;
    for caller in [server.key(), server.key().production()] {
        let operations = json!([
            create("Account", "a-0", one("colour", string("red"))),
            create("Account", "a-1", one("cents", string("12"))),
            create("Account", "a-2", one("Owner", string("Ines"))),
            create("Account", "a-3", one("owner", string("Ines"))),
        ]);
        let reply = caller.modify("public", operations).await;
        reply.failed(0, "BAD_REQUEST", "colour");
        reply.failed(
            1,
            "BAD_REQUEST",
            "invalid attempt to set value type STRING for field 'cents' for type 'Account', defined to be: INT64",
        );
        reply.failed(2, "BAD_REQUEST", "Owner");
        reply.record(3);
    }
}

/// Every field of `Everything`, with the value of every other type.
#[tokio::test]
async fn c045_no_type_is_taken_for_another() {
    let server = Server::start().await;
    let values = crate::conformance::values::samples();
    let mut operations = Vec::new();
    let mut expected = Vec::new();
    for (field_type, _) in &values {
        for (value_type, value) in &values {
            if field_type != value_type {
                let field = field_of(field_type);
                let name = format!("{field}-{value_type}");
                let wrong = json!({ "value": value, "type": value_type });
                operations.push(create("Everything", &name, one(&field, wrong)));
                expected.push((field_type, value_type));
            }
        }
    }
    let alice = server.user("alice");
    for (operations, expected) in operations.chunks(200).zip(expected.chunks(200)) {
        let reply = alice.modify("public", operations.into()).await;
        for (at, (field_type, value_type)) in expected.iter().enumerate() {
            let text = format!(
                "invalid attempt to set value type {value_type} for field '{}' for type 'Everything', \
                 defined to be: {field_type}",
                field_of(field_type)
            );
            reply.failed(at, "BAD_REQUEST", &text);
        }
    }
    assert_eq!(expected.len(), 14 * 13);
}

/// No live evidence says that web services ever create types. The option is for convenience.
#[tokio::test]
async fn c045_types_come_into_being_only_if_allowed_and_only_in_development() {
    let operations = json!([create("Novel", "n-1", json!({ "title": string("Emma"), "pages": int64(474) }))]);

    let server = Server::start().await;
    server.key().modify("public", operations.clone()).await.failed(0, "NOT_FOUND", "'Novel'");

    let server = Server::start_with(|builder| builder.jit(true)).await;
    let production = server.key().production();
    // What the native framework is told, whose saves the option stands for.
    let refusal = "Cannot create new type Novel in production schema";
    production.modify("public", operations.clone()).await.failed(0, "BAD_REQUEST", refusal);
    let colour = json!([create("Account", "a-1", one("colour", string("red")))]);
    production.modify("public", colour.clone()).await.failed(0, "BAD_REQUEST", "colour");

    let saved = server.key().modify("public", operations).await;
    check_contains(saved.record(0), &json!({ "recordType": "Novel", "fields": { "title": string("Emma") } }));
    let saved = server.key().modify("public", colour).await;
    assert_eq!(saved.record(0)["fields"], one("colour", string("red")));
    assert_eq!(now(&server.key(), "n-1").await["fields"]["pages"]["value"], 474);
    // The type of the field is settled now.
    let other = json!([create("Novel", "n-2", one("title", int64(1)))]);
    server.key().modify("public", other).await.failed(0, "BAD_REQUEST", "title");
}
