//! Whether a record that is there is the one that we sent, when the answer to the sending was lost.

use serde_json::{Map, Value};

use crate::database::{Database, Scope};
use crate::error::Result;
use crate::record::{FromRecord, RecordName};

/// The fields of a record as they are, for comparison.
struct RawFields(Map<String, Value>);

impl FromRecord for RawFields {
    const ONLY_TYPE: Option<&'static str> = None;

    fn desired_keys() -> Option<Vec<&'static str>> {
        None
    }

    fn decode_fields<'de, D: serde::Deserializer<'de>>(
        _record_type: &str,
        fields: D,
    ) -> Result<Self, D::Error> {
        let fields: Option<Map<String, Value>> = serde::Deserialize::deserialize(fields)?;
        Ok(Self(fields.unwrap_or_default()))
    }
}

/// The fields of the record of this name, if there is one.
pub(super) async fn fetch<S: Scope>(
    database: &Database<S>,
    name: &RecordName,
) -> Result<Option<Map<String, Value>>> {
    Ok(database.lookup_opt::<RawFields>(name).await?.map(|record| record.into_value().0))
}

/// Whether a record holds what was sent; if `whole`, also nothing else.
pub(super) fn is_ours(sent: &Value, stored: &Map<String, Value>, whole: bool) -> bool {
    let empty = Map::new();
    let sent = sent.as_object().unwrap_or(&empty);
    let same = sent
        .iter()
        .all(|(name, field)| same_value(&field["value"], stored.get(name).map(|field| &field["value"])));
    same && !(whole && stored.keys().any(|name| !sent.contains_key(name)))
}

fn same_value(sent: &Value, stored: Option<&Value>) -> bool {
    let stored = stored.unwrap_or(&Value::Null);
    match (sent, stored) {
        // CloudKit adds to what it is given: the zone of a reference, the address of an asset. The receipt of an asset
        // it keeps to itself.
        (Value::Object(sent), Value::Object(stored)) => {
            sent.iter().all(|(key, value)| key == "receipt" || same_value(value, stored.get(key)))
        }
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len()
                && sent.iter().zip(stored).all(|(sent, stored)| same_value(sent, Some(stored)))
        }
        // 1 and 1.0 are the same DOUBLE.
        (Value::Number(sent), Value::Number(stored)) => {
            sent == stored || (sent.is_f64() || stored.is_f64()) && sent.as_f64() == stored.as_f64()
        }
        _ => sent == stored,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(sent: Value, stored: Value, whole: bool, expect: bool) {
        let stored = stored.as_object().expect("the test says an object").clone();
        assert_eq!(is_ours(&sent, &stored, whole), expect);
    }

    #[test]
    fn what_cloudkit_adds_is_no_difference() {
        let sent = json!({"a": {"value": {"recordName": "x", "action": "NONE"}, "type": "REFERENCE"}});
        let stored = json!({"a": {"value": {"recordName": "x", "action": "NONE", "zoneID": {"zoneName": "_defaultZone"}}}});
        check(sent, stored, true, true);
        check(json!({"a": {"value": 1}}), json!({"a": {"value": 1.0}}), true, true);
    }

    #[test]
    fn another_value_is_somebody_elses() {
        check(json!({"a": {"value": "x"}}), json!({"a": {"value": "y"}}), false, false);
        check(
            json!({"a": {"value": 9_007_199_254_740_993_i64}}),
            json!({"a": {"value": 9_007_199_254_740_992_i64}}),
            false,
            false,
        );
        check(json!({"a": {"value": [1, 2]}}), json!({"a": {"value": [1]}}), false, false);
    }

    #[test]
    fn a_field_more_matters_to_whole_records_only() {
        let stored = json!({"a": {"value": 1}, "b": {"value": 2}});
        check(json!({"a": {"value": 1}}), stored.clone(), false, true);
        check(json!({"a": {"value": 1}}), stored, true, false);
    }

    #[test]
    fn a_cleared_field_is_absent() {
        check(json!({"a": {"value": null}}), json!({}), false, true);
        check(json!({"a": {"value": null}}), json!({"a": {"value": 1}}), false, false);
    }
}
