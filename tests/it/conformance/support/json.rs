//! Parts of bodies, and checks on parts of replies.

use serde_json::{Map, Value, json};

/// A string, or nothing.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether everything that `expected` says is so in `found`, which may say more.
#[track_caller]
pub(crate) fn check_contains(found: &Value, expected: &Value) {
    fn contains(found: &Value, expected: &Value) -> bool {
        match (found, expected) {
            (Value::Object(found), Value::Object(expected)) => expected
                .iter()
                .all(|(key, expected)| found.get(key).is_some_and(|found| contains(found, expected))),
            (Value::Array(found), Value::Array(expected)) => {
                found.len() == expected.len()
                    && found.iter().zip(expected).all(|(found, expected)| contains(found, expected))
            }
            (Value::Number(found), Value::Number(expected)) => {
                found == expected
                    || (found.is_f64() || expected.is_f64()) && found.as_f64() == expected.as_f64()
            }
            _ => found == expected,
        }
    }
    assert!(contains(found, expected), "{found} does not hold {expected}");
}

pub(crate) fn operation(operation_type: &str, record: Value) -> Value {
    json!({ "operationType": operation_type, "record": record })
}

pub(crate) fn create(record_type: &str, name: &str, fields: Value) -> Value {
    operation("create", json!({ "recordType": record_type, "recordName": name, "fields": fields }))
}

/// An operation of `zones/modify`.
pub(crate) fn zone_operation(operation_type: &str, zone: &str) -> Value {
    json!({ "operationType": operation_type, "zone": { "zoneID": { "zoneName": zone } } })
}

/// Checks that an item is an error, with a reason that has this in it.
#[track_caller]
pub(crate) fn check_failed(item: &Value, code: &str, reason: &str) {
    assert_eq!(text(&item["serverErrorCode"]), code, "{item}");
    assert!(text(&item["reason"]).contains(reason), "no {reason:?} in the reason of {item}");
}

/// A field value with its type.
pub(crate) fn typed(type_name: &str, value: impl Into<Value>) -> Value {
    json!({ "value": value.into(), "type": type_name })
}

pub(crate) fn string(value: &str) -> Value {
    typed("STRING", value)
}

pub(crate) fn int64(value: i64) -> Value {
    typed("INT64", value)
}

pub(crate) fn filter(field: &str, comparator: &str, value: Value) -> Value {
    json!({ "fieldName": field, "comparator": comparator, "fieldValue": value })
}

/// The one field of `Everything` that has this type.
pub(crate) fn field_of(type_name: &str) -> String {
    type_name.to_ascii_lowercase()
}

/// Percent-encodes everything that is not unreserved.
pub(crate) fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// An object with one member.
pub(crate) fn one(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}
