//! Value → JSON → value: for every kind of value, through the whole client.

use std::collections::BTreeMap;

use cloudkit_core::dynamic::{DynamicRecord, FieldValue, Value};
use cloudkit_core::{Location, Reference, Timestamp, ZoneId};
use proptest::prelude::*;
use serde_json::json;

use crate::scripted::Script;

fn double() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("CloudKit stores finite numbers", |number| number.is_finite())
}

fn location() -> impl Strategy<Value = Location> {
    let rest = (prop::option::of(double()), prop::option::of(double()), prop::option::of(any::<i64>()));
    (-90.0..=90.0, -180.0..=180.0, rest).prop_map(|(latitude, longitude, (accuracy, course, time))| {
        let mut place = Location::new(latitude, longitude).unwrap();
        if let Some(metres) = accuracy {
            place = place.with_vertical_accuracy(metres);
        }
        if let Some(degrees) = course {
            place = place.with_course(degrees);
        }
        match time {
            Some(time) => place.with_timestamp(Timestamp::from_millis(time)),
            None => place,
        }
    })
}

fn reference() -> impl Strategy<Value = Reference> {
    let zone = prop::option::of((".{1,8}", prop::option::of(".{1,8}")));
    ("[ -~]{1,20}", zone, 0..3).prop_map(|(name, zone, action)| {
        let reference = match zone {
            Some((name, Some(owner))) => Reference::new(name.as_str()).in_zone(ZoneId::owned_by(name, owner)),
            Some((zone, None)) => Reference::new(name).in_zone(ZoneId::new(zone)),
            None => Reference::new(name),
        };
        match action {
            0 => reference,
            1 => reference.delete_self(),
            _ => reference.validate(),
        }
    })
}

fn list<T: std::fmt::Debug>(element: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(element, 0..4)
}

fn value() -> impl Strategy<Value = Value> {
    let time = || any::<i64>().prop_map(Timestamp::from_millis);
    let bytes = || list(any::<u8>());
    prop_oneof![
        ".{0,20}".prop_map(Value::String),
        any::<i64>().prop_map(Value::Int64),
        double().prop_map(Value::Double),
        time().prop_map(Value::Timestamp),
        bytes().prop_map(Value::Bytes),
        location().prop_map(Value::Location),
        reference().prop_map(Value::Reference),
        list(".{0,20}").prop_map(Value::StringList),
        list(any::<i64>()).prop_map(Value::Int64List),
        list(double()).prop_map(Value::DoubleList),
        list(time()).prop_map(Value::TimestampList),
        list(bytes()).prop_map(Value::BytesList),
        list(location()).prop_map(Value::LocationList),
        list(reference()).prop_map(Value::ReferenceList),
    ]
}

fn record() -> impl Strategy<Value = DynamicRecord> {
    let field = (value(), any::<bool>()).prop_map(|(value, encrypted)| FieldValue { value, encrypted });
    let fields = prop::collection::btree_map(".{1,8}", field, 0..6);
    ("[A-Za-z]{1,8}", fields).prop_map(|(record_type, fields): (String, BTreeMap<String, FieldValue>)| {
        let mut record = DynamicRecord::new(record_type);
        record.fields = fields;
        record
    })
}

proptest! {
    #[test]
    fn a_dynamic_record_comes_back_as_it_was_sent(record in record()) {
        let refusal = r#"{"records":[{"recordName":"a","serverErrorCode":"NOT_FOUND"}]}"#;
        let script = Script::new().answer(200, refusal);
        script.run(script.user().private().dynamic().create_named("a", record.clone())).unwrap_err();
        let mut sent = script.requests()[0].body["operations"][0]["record"].clone();
        sent["recordChangeTag"] = json!("k");

        let script = Script::new().answer(200, json!({"records": [sent]}).to_string());
        let back = script.run(script.user().private().dynamic().lookup("a")).unwrap();
        prop_assert_eq!(back.into_value(), record);
    }
}
