//! Answers that are broken: each becomes an error that says where, and none a panic.

use std::time::Instant;

use cloudkit_core::dynamic::DynamicRecord;
use cloudkit_core::{Error, ServerErrorCode};
use serde_json::{Value, json};

use super::{Account, PAGE, decode_error, lookup};
use crate::scripted::Script;

/// A page that a typed query reads, and a dynamic one.
const GOOD: &str = r#"{"records":[{"recordName":"acct-7","recordType":"Account","fields":{"owner":{"value":"Ines","type":"STRING"},"cents":{"value":5,"type":"INT64"},"opened":{"value":0,"type":"TIMESTAMP"},"parent":{"value":{"recordName":"b","action":"NONE","zoneID":{"zoneName":"z"}},"type":"REFERENCE"},"tags":{"value":["é"],"type":"STRING_LIST"},"branch":{"value":{"latitude":1.5,"longitude":2},"type":"LOCATION"}},"recordChangeTag":"k3","created":{"timestamp":1,"userRecordName":"_a","deviceID":"2"},"deleted":false},{"recordName":"b","reason":"gone","serverErrorCode":"NOT_FOUND","retryAfter":1}],"continuationMarker":"m"}"#;

fn typed(body: impl Into<bytes::Bytes>) -> Result<(), Error> {
    let script = Script::new().answer(200, body);
    script.run(script.server().public().query::<Account>().page()).map(drop)
}

fn dynamic(body: impl Into<bytes::Bytes>) -> Result<(), Error> {
    let script = Script::new().answer(200, body);
    script.run(script.server().public().dynamic().query("Account").page(None)).map(drop)
}

#[test]
fn an_answer_that_breaks_off_anywhere_is_told() {
    typed(GOOD).unwrap();
    dynamic(PAGE).unwrap();
    for end in 0..GOOD.len() {
        let (at, reason) = decode_error(typed(&GOOD.as_bytes()[..end]));
        assert!(!at.is_empty() && !reason.is_empty());
        decode_error(dynamic(&GOOD.as_bytes()[..end]));
    }
}

/// Every place inside of a value, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, member)| places(member, &format!("{at}/{name}"), found));
        }
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(index, element)| places(element, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_wrong_type_at_any_member_is_read_or_told_but_no_panic() {
    let good: Value = serde_json::from_str(GOOD).unwrap();
    let mut all = Vec::new();
    places(&good, "", &mut all);
    assert!(all.len() > 40);
    let wrong = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!(18_446_744_073_709_551_615_u64),
        json!("x"),
        json!([]),
        json!({}),
        json!([[{}]]),
    ];
    let mut told = 0;
    for place in &all {
        for wrong in &wrong {
            let mut body = good.clone();
            *body.pointer_mut(place).unwrap() = wrong.clone();
            for result in [typed(body.to_string()), dynamic(body.to_string())] {
                match result {
                    Ok(()) => {}
                    Err(Error::Decode { source, .. }) => {
                        told += 1;
                        assert!(!source.at.is_empty() && !source.reason.is_empty(), "{place} {wrong}");
                    }
                    Err(error) => {
                        // A `serverErrorCode` at the top would be a refusal; there is none here.
                        panic!("{place} {wrong}: {error:?}");
                    }
                }
            }
        }
    }
    assert!(told > 200, "{told}");
}

#[test]
fn the_path_leads_to_what_does_not_fit() {
    let at = |pointer: &str, wrong: Value| {
        let mut body: Value = serde_json::from_str(GOOD).unwrap();
        *body.pointer_mut(pointer).unwrap() = wrong;
        decode_error(typed(body.to_string())).0
    };
    assert_eq!(at("/records", json!(null)), "records");
    assert_eq!(at("/records/0", json!(5)), "records[0]");
    assert_eq!(at("/records/0/fields/cents/value", json!("five")), "records[0].fields.cents.value");
    assert_eq!(at("/records/0/fields/tags/value/0", json!(5)), "records[0].fields.tags.value[0]");
    assert_eq!(
        at("/records/0/fields/parent/value/zoneID/zoneName", json!([])),
        "records[0].fields.parent.value.zoneID.zoneName"
    );
    assert_eq!(at("/records/0/created/timestamp", json!("x")), "records[0].created.timestamp");
    assert_eq!(at("/continuationMarker", json!(5)), "continuationMarker");
}

#[test]
fn something_else_than_json_is_told_as_such() {
    for (body, what) in [
        (
            &b"<html><body>Gateway</body></html>"[..],
            "the answer is HTML or XML, 33 bytes long; is there a proxy",
        ),
        (b"  <?xml?>", "HTML or XML"),
        (b"", "not a JSON object, 0 bytes long"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{\"records\":[]", "EOF"),
        (b"{\"records\":[]} x", "trailing characters"),
        (b"{}", "missing field `records`"),
        (b"{\"records\":{}}", "expected a sequence"),
        (b"{\"records\":[\xff]}", "not UTF-8 text: byte 12 of 15"),
        (b"{\"records\":[],\"x\":\"\xc3\"}", "not UTF-8"),
    ] {
        let (_, reason) = decode_error(typed(body));
        assert!(reason.contains(what), "{reason}");
    }
}

#[test]
fn large_and_deep_answers_are_told_in_a_moment() {
    let began = Instant::now();
    let megabytes = 10 << 20;
    let deep = |open: &str, count: usize| open.repeat(count);
    let bodies = [
        "x".repeat(megabytes),
        "[".repeat(megabytes),
        format!("{{\"records\":{}", deep("[", megabytes)),
        format!("{{\"new\":{}", deep("{\"a\":", megabytes / 5)),
        format!(r#"{{"records":[{{"recordName":"a","fields":{{"owner":{{"value":{}"#, deep("[", 1 << 20)),
        format!(r#"{{"records":[{{"recordName":"a","fields":{{"new":{{"value":{}"#, deep("{\"a\":", 1 << 20)),
        format!(
            r#"{{"records":[{{"recordName":"a","recordType":"Account","recordChangeTag":"k","fields":{{"new":{{"value":{}{}}}}}}}]}}"#,
            deep("[", 5000),
            deep("]", 5000)
        ),
    ];
    for body in bodies {
        assert!(typed(body.clone()).is_err());
        assert!(dynamic(body).is_err());
    }
    // Not a measurement: an answer that took minutes would be an attack that works.
    assert!(began.elapsed().as_secs() < 60);
}

#[test]
fn numbers_of_any_length_are_read_or_told() {
    for digits in [1, 19, 20, 400, 100_000] {
        for text in [
            "9".repeat(digits),
            format!("-{}", "9".repeat(digits)),
            format!("0.{}", "7".repeat(digits)),
            format!("1e{}", "9".repeat(digits)),
            format!("1e-{}", "9".repeat(digits)),
        ] {
            for value in [text.clone(), format!("\"{text}\"")] {
                for field in ["cents", "opened", "branch"] {
                    let fields = format!(r#"{{"{field}":{{"value":{value}}}}}"#);
                    let body = super::record(&fields).replace(r#""T""#, r#""Account""#);
                    decode_error(typed(body.clone()));
                    dynamic(body).ok();
                }
            }
        }
    }
}

#[test]
fn answers_are_held_against_the_names_that_were_asked_for() {
    let item = |name: &str| json!({"recordName": name, "serverErrorCode": "NOT_FOUND"});
    let ask = |names: &[&str], reply: Value| {
        let script = Script::new().answer(200, reply.to_string());
        script.run(script.server().public().lookup_many::<DynamicRecord, _>(names.iter().copied()))
    };
    for (reply, reason) in [
        (json!({"records": []}), "no answer for the record \"a\""),
        (json!({"records": [item("a")]}), "no answer for the record \"b\""),
        (json!({"records": [item("a"), item("a")]}), "no answer for the record \"b\""),
        (json!({"records": [item("a"), item("c")]}), "no answer for the record \"b\""),
        (json!({"records": [item("a"), item("b"), item("b")]}), "an answer too many for the record \"b\""),
        (json!({"records": [item("a"), item("b"), {"serverErrorCode": "NOT_FOUND"}]}), "without a name"),
    ] {
        let (at, found) = decode_error(ask(&["a", "b"], reply));
        assert!(at.starts_with("records") && found.contains(reason), "{at}: {found}");
    }
    let turned = ask(&["a", "b"], json!({"records": [item("b"), item("a")]})).unwrap();
    let names: Vec<_> =
        turned.iter().map(|item| item.as_ref().unwrap_err().record_name.clone().unwrap()).collect();
    assert_eq!(names, ["a", "b"]);
    // An item without a name stands for the one in its place.
    assert!(ask(&["a"], json!({"records": [{"serverErrorCode": "NOT_FOUND"}]})).unwrap()[0].is_err());
}

#[test]
fn a_refusal_of_any_shape_is_a_refusal() {
    for (status, body) in
        [(401, ""), (502, "<html>"), (503, "{"), (500, "[]"), (400, r#"{"serverErrorCode":5}"#)]
    {
        let script = Script::new();
        // As often as the policy tries.
        let script = (0..8).fold(script, |script, _| script.answer(status, body));
        let error = script.run(script.server().public().lookup::<Account>("a")).unwrap_err();
        assert!(matches!(error, Error::Server { .. }), "{status} {body}: {error:?}");
    }
    let hidden = r#"{"records":[],"serverErrorCode":"ACCESS_DENIED"}"#;
    assert_eq!(lookup::<Account>(hidden).unwrap_err().code(), Some(&ServerErrorCode::AccessDenied));
}
