//! The JSON of requests and answers: samples read and written, every type at its limits, and answers that are broken.

mod broken;
mod round_trip;

use cloudkit_core::dynamic::{DynamicRecord, Value};
use cloudkit_core::query::Comparator;
use cloudkit_core::record::WholeRecord;
use cloudkit_core::{
    CkEnum, CkRecord, CkRecords, Error, Json, JsonBytes, Location, Operation, Record, Reference,
    ReferenceAction, ServerErrorCode, Timestamp, ZoneId,
};
use serde_json::{Value as JsonValue, json};

use crate::scripted::Script;

const PAGE: &str = include_str!("../wire/records-query/page.json");

#[derive(CkRecord, Clone, Debug, PartialEq)]
#[ck(index(record_name(queryable), modified_at(queryable, sortable)))]
struct Account {
    #[ck(queryable)]
    owner: String,
    #[ck(queryable, sortable)]
    cents: i64,
    #[ck(sortable)]
    opened: Timestamp,
    #[ck(queryable)]
    parent: Option<Reference>,
    #[ck(queryable, default)]
    tags: Vec<String>,
    #[ck(queryable, sortable)]
    branch: Option<Location>,
    #[ck(encrypted)]
    pin: Option<String>,
}

/// One field, called `x`.
macro_rules! one_field {
    ($($name:ident($type:ty)),* $(,)?) => {$(
        #[derive(CkRecord, Clone, Debug, PartialEq)]
        #[ck(record_type = "T")]
        struct $name {
            x: $type,
        }
    )*};
}

one_field! {
    Text(String), Whole(i64), Small(i8), Byte(u8), Wide(u32), Truth(bool), Double(f64), Single(f32), Moment(Timestamp),
    Bytes(Vec<u8>), Place(Location), Pointer(Reference), Perhaps(Option<String>), Texts(Vec<String>), Wholes(Vec<i64>),
    Truths(Vec<bool>), Inner(Json<Vec<u8>>), InnerBytes(JsonBytes<Vec<u8>>), Doubles(Vec<f64>), Mood(Kind),
}

#[derive(CkEnum, Clone, Copy, Debug, PartialEq)]
enum Kind {
    Plain,
    #[ck(rename = "FANCY")]
    Fancy,
}

#[derive(CkRecords, Debug, PartialEq)]
enum Either {
    T(Text),
    Account(Account),
}

/// A record of type `T` whose fields are this JSON.
fn record(fields: &str) -> String {
    format!(
        r#"{{"records":[{{"recordName":"a","recordType":"T","recordChangeTag":"k","fields":{fields}}}]}}"#
    )
}

/// What the one field of a record reads as.
fn read<R: CkRecord>(field: &str) -> Result<R, Error> {
    lookup::<R>(&record(&format!(r#"{{"x":{field}}}"#)))
}

fn lookup<R: CkRecord>(reply: &str) -> Result<R, Error> {
    let script = Script::new().answer(200, reply.to_owned());
    script.run(script.server().public().lookup::<R>("a")).map(Record::into_value)
}

/// What is sent for a record.
fn sent<R: WholeRecord + Send + Sync + 'static>(value: R) -> JsonValue {
    let refusal = r#"{"records":[{"recordName":"a","serverErrorCode":"NOT_FOUND"}]}"#;
    let script = Script::new().answer(200, refusal);
    let operation = Operation::create_named("a", value);
    let outcomes = script.run(script.server().public().modify([operation]).into_future()).unwrap();
    assert!(outcomes.into_vec()[0].is_err());
    script.requests()[0].body["operations"][0]["record"]["fields"].clone()
}

#[track_caller]
fn decode_error<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, String) {
    match result {
        Err(Error::Decode { source, .. }) => (source.at.clone(), source.reason.clone()),
        other => panic!("expected an answer that cannot be read, found {other:?}"),
    }
}

#[track_caller]
fn reads<R: CkRecord + PartialEq + std::fmt::Debug>(field: &str, expect: R) {
    match read::<R>(field) {
        Ok(found) => assert_eq!(found, expect, "{field}"),
        Err(error) => panic!("{field}: {error:?}"),
    }
}

#[track_caller]
fn refuses<R: CkRecord + std::fmt::Debug>(field: &str, reason: &str) {
    let (at, found) = decode_error(read::<R>(field));
    assert!(at.starts_with("records[0].fields"), "{field}: {at}");
    assert!(found.contains(reason), "{field}: {found}");
}

#[test]
fn a_page_holds_every_type_and_its_list() {
    let script = Script::new().answer(200, PAGE);
    let page = script.run(script.user().private().dynamic().query("Account").page(None)).unwrap();
    assert_eq!(page.next.as_ref().map(|marker| marker.as_str()), Some("QW9wYXF1ZU1hcmtlcg=="));

    let account = page.records[0].as_ref().unwrap();
    let millis = Timestamp::from_millis;
    let paris = Location::new(48.8566, 2.3522)
        .unwrap()
        .with_horizontal_accuracy(10.0)
        .with_altitude(35.5)
        .with_timestamp(millis(1_767_225_600_000));
    let books = ZoneId::owned_by("books", "_0f3c9d1e2b4a58697a8b9cadbecfd0e1");
    let expect: [(&str, Value); 16] = [
        ("owner", "Ines".into()),
        ("cents", i64::MIN.into()),
        ("rate", 0.1.into()),
        ("opened", millis(-62_135_769_600_000).into()),
        ("seal", vec![0_u8, 255, 1].into()),
        ("branch", paris.into()),
        ("parent", Reference::new("acct-1").delete_self().in_zone(books).into()),
        ("tags", vec!["a".to_owned(), "é😀".to_owned(), String::new()].into()),
        ("months", vec![i64::MAX, 0].into()),
        ("rates", vec![1.0, 2.5e-8].into()),
        ("dates", vec![millis(0), millis(-1)].into()),
        ("keys", vec![vec![], vec![1_u8]].into()),
        ("branches", vec![Location::new(-90.0, 180.0).unwrap()].into()),
        ("friends", vec![Reference::new("a"), Reference::new("b").validate()].into()),
        ("nothing", Value::Other { value_type: "UNKNOWN_LIST".into(), value: json!([]) }),
        ("secret", "s".into()),
    ];
    for (name, value) in expect {
        assert_eq!(account.get(name), Some(&value), "{name}");
    }
    assert!(account.fields["secret"].encrypted && !account.fields["owner"].encrypted);
    assert_eq!(account.get("cleared"), None);
    let Some(Value::Asset(scan)) = account.get("scan") else { panic!("`scan` is an asset") };
    assert_eq!((scan.file_checksum(), scan.size(), scan.is_upload()), ("ATa1", 5120, false));
    assert!(matches!(account.get("scans"), Some(Value::AssetList(scans)) if scans.len() == 1));

    let metadata = account.metadata();
    assert_eq!((metadata.record_name.as_str(), metadata.change_tag.as_str()), ("acct-7", "k3"));
    assert_eq!(metadata.created.as_ref().map(|stamp| stamp.timestamp), Some(millis(1_767_225_600_123)));
    assert_eq!(metadata.modified.as_ref().and_then(|stamp| stamp.device_id.as_deref()), Some("2"));
    assert_eq!(metadata.parent.as_ref().map(|name| name.as_str()), Some("root"));
    assert_eq!(metadata.share.as_ref().map(|name| name.as_str()), Some("share-1"));
    assert_eq!(metadata.short_guid.as_deref(), Some("0aBcD"));

    let missing = page.records[1].as_ref().unwrap_err();
    assert!(missing.is_not_found());
    let throttled = page.records[2].as_ref().unwrap_err();
    assert_eq!(throttled.retry_after, Some(std::time::Duration::from_millis(2500)));
    assert_eq!(throttled.uuid.as_deref(), Some("0b7e"));
}

#[test]
fn a_query_is_written_as_the_sample() {
    let script = Script::new().answer(200, r#"{"records":[]}"#);
    let place = Location::new(48.5, 2.5).unwrap();
    let parent = Reference::new("acct-1").delete_self();
    let query = script
        .user()
        .private()
        .query::<Account>()
        .filter(|a| a.owner.is_in(["Ines", "Noor"]))
        .filter(|a| a.cents.gt(1000))
        .filter(|a| a.parent.eq(&parent))
        .filter(|a| a.tags.contains("a"))
        .filter(|a| a.branch.near(place, 1500.0))
        .filter(|a| a.modified_at().lt(Timestamp::from_millis(-1)))
        .sort(|a| a.opened.descending())
        .sort(|a| a.branch.nearest_to(place))
        .results_limit(2);
    assert!(script.run(query.page()).unwrap().records.is_empty());
    let asked = &script.requests()[0];
    assert_eq!(asked.path, "/database/1/iCloud.com.example.Ledger/development/private/records/query");
    let sample: JsonValue = serde_json::from_str(include_str!("../wire/records-query/request.json")).unwrap();
    assert_eq!(asked.body, sample);
}

#[test]
fn a_lookup_is_written_as_the_sample() {
    let script = Script::new().answer(200, PAGE);
    let db = script.user().private().in_zone(ZoneId::new("books"));
    script.run(db.lookup_many::<Account, _>(["acct-7", "nope"])).unwrap_err();
    let sample: JsonValue =
        serde_json::from_str(include_str!("../wire/records-lookup/request.json")).unwrap();
    assert_eq!(script.requests()[0].body, sample);
}

#[test]
fn a_modification_is_written_and_read_as_the_samples() {
    let script = Script::new().answer(200, include_str!("../wire/records-modify/reply.json"));
    let db = script.user().private().in_zone(ZoneId::new("books"));
    let noor = Account {
        owner: "Noor".to_owned(),
        cents: 0,
        opened: Timestamp::from_millis(1_767_225_600_000),
        parent: Some(Reference::new("acct-1").validate()),
        tags: Vec::new(),
        branch: None,
        pin: Some("1234".to_owned()),
    };
    let ines: Record<Account> = {
        let page = r#"{"records":[{"recordName":"acct-7","recordType":"Account","recordChangeTag":"k3","fields":{
            "owner":{"value":"Ines"},"cents":{"value":1},"opened":{"value":0}}}]}"#;
        let script = Script::new().answer(200, page);
        script.run(script.user().private().lookup("acct-7")).unwrap()
    };
    let operations = [
        Operation::create_named("acct-8", noor.clone()),
        Operation::update(&ines, |patch| patch.set(|a| a.cents, 900).clear(|a| a.pin)),
        Operation::force_delete("acct-1"),
    ];
    let saved = script.run(db.modify(operations).into_future()).unwrap().all_saved().unwrap();
    let sample: JsonValue =
        serde_json::from_str(include_str!("../wire/records-modify/request.json")).unwrap();
    assert_eq!(script.requests()[0].body, sample);
    let names: Vec<&str> = saved.iter().map(|saved| saved.record_name().as_str()).collect();
    assert_eq!(names, ["acct-8", "acct-7", "acct-1"]);
}

#[test]
fn dynamic_filters_are_written_as_typed_ones() {
    let script = Script::new().answer(200, r#"{"records":[]}"#);
    let query = script
        .server()
        .public()
        .dynamic()
        .query("Account")
        .filter("parent", Comparator::In, vec![Reference::new("a").validate()])
        .filter_system("createdTimestamp", Comparator::GreaterThan, Timestamp::from_millis(5));
    assert!(script.run(query.page(None)).unwrap().records.is_empty());
    assert_eq!(
        script.requests()[0].body["query"]["filterBy"],
        json!([
            {"fieldName": "parent", "comparator": "IN",
             "fieldValue": {"value": [{"recordName": "a"}], "type": "REFERENCE_LIST"}},
            {"systemFieldName": "createdTimestamp", "comparator": "GREATER_THAN",
             "fieldValue": {"value": 5, "type": "TIMESTAMP"}},
        ])
    );
}

#[test]
fn a_distance_that_is_none_is_not_sent() {
    let script = Script::new();
    let place = Location::new(0.0, 0.0).unwrap();
    for metres in [f64::NAN, f64::INFINITY, -1.0] {
        let typed = script.server().public().query::<Account>().filter(|a| a.branch.near(place, metres));
        let dynamic = script.server().public().dynamic().query("Account").near("branch", place, metres);
        assert!(matches!(script.run(typed.page()), Err(Error::Request { .. })), "{metres}");
        assert!(matches!(script.run(dynamic.page(None)), Err(Error::Request { .. })), "{metres}");
    }
    assert!(script.requests().is_empty());
}

#[test]
fn whole_numbers_have_64_bits() {
    for number in [i64::MIN, i64::MAX, 0, -1, 9_007_199_254_740_993] {
        reads(&format!(r#"{{"value":{number},"type":"INT64"}}"#), Whole { x: number });
        reads(&format!(r#"{{"value":"{number}","type":"INT64"}}"#), Whole { x: number });
        reads(
            &format!(r#"{{"value":{number},"type":"TIMESTAMP"}}"#),
            Moment { x: Timestamp::from_millis(number) },
        );
    }
    reads(r#"{"value":5.0}"#, Whole { x: 5 });
    for value in
        ["9223372036854775808", "-9223372036854775809", "0.5", "1e30", "\"x\"", "\"\"", "true", "[1]", "{}"]
    {
        refuses::<Whole>(&format!(r#"{{"value":{value}}}"#), "");
        refuses::<Moment>(&format!(r#"{{"value":{value}}}"#), "");
    }
}

#[test]
fn small_types_take_what_fits() {
    reads(r#"{"value":-128}"#, Small { x: -128 });
    refuses::<Small>(r#"{"value":128}"#, "128 does not fit into `i8`, which holds -128 to 127");
    reads(r#"{"value":255}"#, Byte { x: 255 });
    refuses::<Byte>(r#"{"value":-1}"#, "does not fit");
    reads(r#"{"value":4294967295}"#, Wide { x: u32::MAX });
    refuses::<Wide>(r#"{"value":4294967296}"#, "does not fit");
    reads(r#"{"value":1}"#, Truth { x: true });
    refuses::<Truth>(r#"{"value":2}"#, "not a truth value");
    reads(r#"{"value":[0,1],"type":"INT64_LIST"}"#, Truths { x: vec![false, true] });
    reads(r#"{"value":0.5}"#, Single { x: 0.5 });
    refuses::<Single>(r#"{"value":0.1}"#, "cannot be an `f32` without loss");
}

/// serde_json reads each of these one bit off unless its feature `float_roundtrip` is on.
#[test]
fn doubles_are_read_to_the_last_bit() {
    for text in [
        "51.24817837550540",
        "-2.1388702393148804",
        "93.33131199662848",
        "1.0021747902119903e-5",
        "0.30000000000000004",
        "2.2250738585072014e-308",
        "5e-324",
        "1.7976931348623157e308",
        "9007199254740993",
        "31.245270191439438",
        "89255.0e-22",
        "122.416294033786585",
    ] {
        let expect: f64 = text.parse().unwrap();
        for field in [format!(r#"{{"value":{text}}}"#), format!(r#"{{"value":"{text}"}}"#)] {
            let found = read::<Double>(&field).unwrap().x;
            assert_eq!(found.to_bits(), expect.to_bits(), "{field}");
        }
    }
    for value in ["1e400", "\"inf\"", "\"NaN\"", "\"1e400\""] {
        let (_, reason) = decode_error(read::<Double>(&format!(r#"{{"value":{value}}}"#)));
        assert!(!reason.is_empty());
    }
}

#[test]
fn the_numbers_of_serde_json_without_float_roundtrip_would_be_seen() {
    let mut random = 1_u64;
    for _ in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = f64::from_bits(random ^ (random >> 29));
        if !number.is_finite() {
            continue;
        }
        let text = number.to_string();
        let read: f64 = serde_json::from_str(&serde_json::to_string(&number).unwrap()).unwrap();
        assert_eq!(read.to_bits(), number.to_bits(), "{text}");
    }
}

#[test]
fn null_is_absent_wherever_the_type_stands() {
    for field in [
        r#"{"value":null}"#,
        r#"{"value":null,"type":"STRING"}"#,
        r#"{"type":"STRING","value":null}"#,
        r#"{"value":null,"type":"INT64"}"#,
        r#"{"type":"INT64","value":null}"#,
        "{}",
        r#"{"type":"STRING"}"#,
    ] {
        reads(field, Perhaps { x: None });
        refuses::<Text>(field, "the record has no value for `x`; say `Option<…>` or `#[ck(default)]`");
    }
    for fields in ["null", "{}"] {
        assert_eq!(lookup::<Perhaps>(&record(fields)).unwrap(), Perhaps { x: None });
    }
    let without =
        r#"{"records":[{"recordName":"a","recordType":"T","recordChangeTag":"k","deleted":false}]}"#;
    assert_eq!(lookup::<Perhaps>(without).unwrap(), Perhaps { x: None });
}

#[test]
fn what_is_not_known_is_ignored() {
    reads(r#"{"value":"s","type":"STRING","isEncrypted":true,"new":{"a":[1]}}"#, Text { x: "s".to_owned() });
    reads(r#"{"value":"s","type":"SOMETHING_NEW"}"#, Text { x: "s".to_owned() });
    reads(r#"{"value":"s","type":null}"#, Text { x: "s".to_owned() });
    reads(r#"{"val\u0075e":"s","t\u0079pe":"STRING"}"#, Text { x: "s".to_owned() });
    let more = record(r#"{"y":{"value":{"deep":[1]},"type":"NEW"},"x":{"value":"s"},"z":null}"#);
    assert_eq!(lookup::<Text>(&more).unwrap(), Text { x: "s".to_owned() });
    reads(
        r#"{"value":{"recordName":"b","action":"TOMORROW","zoneID":null}}"#,
        Pointer {
            x: {
                let found = read::<Pointer>(r#"{"value":{"recordName":"b","action":"TOMORROW"}}"#).unwrap().x;
                assert_eq!(found.action(), ReferenceAction::Other);
                found
            },
        },
    );
}

#[test]
fn an_action_that_is_not_known_is_not_sent() {
    let pointer = read::<Pointer>(r#"{"value":{"recordName":"b","action":"TOMORROW"}}"#).unwrap();
    let script = Script::new();
    let error = script.run(script.server().public().create(pointer).into_future()).unwrap_err();
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
}

#[test]
fn lists_are_tagged_in_three_ways() {
    let two = || Texts { x: vec!["a".to_owned(), "b".to_owned()] };
    reads(r#"{"value":["a","b"],"type":"STRING_LIST"}"#, two());
    reads(r#"{"value":["a","b"],"type":"LIST"}"#, two());
    reads(r#"{"value":["a","b"]}"#, two());
    reads(r#"{"value":[],"type":"UNKNOWN_LIST"}"#, Texts { x: Vec::new() });
    refuses::<Texts>(r#"{"value":["a",null],"type":"STRING_LIST"}"#, "null");
    refuses::<Texts>(r#"{"value":"a","type":"STRING_LIST"}"#, "a list of STRING");
    refuses::<Wholes>(r#"{"value":[1,1.5],"type":"INT64_LIST"}"#, "1.5");
}

#[test]
fn another_type_is_told_wherever_it_stands() {
    refuses::<Text>(
        r#"{"type":"INT64","value":5}"#,
        "the field is INT64 in CloudKit, and STRING in the struct",
    );
    refuses::<Text>(
        r#"{"value":"5","type":"INT64"}"#,
        "the field is INT64 in CloudKit, and STRING in the struct",
    );
    refuses::<Double>(
        r#"{"value":5,"type":"INT64"}"#,
        "the field is INT64 in CloudKit, and DOUBLE in the struct",
    );
    // CloudKit writes the type behind the value, which cannot be read then.
    refuses::<Text>(r#"{"value":5,"type":"INT64"}"#, "expected a string");
    refuses::<Text>(r#"{"value":5,"type":"INT64"}"#, "the field is INT64 in CloudKit");
    refuses::<Wholes>(r#"{"value":["a"],"type":"STRING_LIST"}"#, "the field is STRING_LIST in CloudKit");
    let error = read::<Text>(r#"{"value":5,"type":"INT64"}"#).unwrap_err();
    assert!(error.help().is_some_and(|help| help.contains("change the field's type")));
}

#[test]
fn a_field_that_comes_twice_is_told() {
    let (at, reason) = decode_error(lookup::<Text>(&record(r#"{"x":{"value":"a"},"x":{"value":"b"}}"#)));
    assert_eq!(
        (at.as_str(), reason.contains("duplicate field `x`")),
        ("records[0].fields", true),
        "{at} {reason}"
    );
}

#[test]
fn bytes_are_base64() {
    reads(r#"{"value":"AP8B","type":"BYTES"}"#, Bytes { x: vec![0, 255, 1] });
    reads(r#"{"value":""}"#, Bytes { x: Vec::new() });
    for text in ["AP8", "AP8B\\n", "-_==", "é", "AP8B="] {
        refuses::<Bytes>(&format!(r#"{{"value":"{text}"}}"#), "not standard base64");
    }
}

#[test]
fn json_inside_of_fields_is_read_and_told_apart() {
    reads(r#"{"value":"[1,2]","type":"STRING"}"#, Inner { x: Json(vec![1, 2]) });
    reads(r#"{"value":"WzEsMl0=","type":"BYTES"}"#, InnerBytes { x: JsonBytes(vec![1, 2]) });
    refuses::<Inner>(r#"{"value":"[1"}"#, "the JSON inside the field");
    refuses::<InnerBytes>(r#"{"value":"WzE="}"#, "the JSON inside the field");
    assert_eq!(sent(Inner { x: Json(vec![1]) }), json!({"x": {"value": "[1]", "type": "STRING"}}));
    assert_eq!(sent(InnerBytes { x: JsonBytes(vec![1]) }), json!({"x": {"value": "WzFd", "type": "BYTES"}}));
}

#[test]
fn enums_are_text() {
    reads(r#"{"value":"FANCY","type":"STRING"}"#, Mood { x: Kind::Fancy });
    refuses::<Mood>(r#"{"value":"fancy"}"#, r#"no variant is named "fancy""#);
    assert_eq!(sent(Mood { x: Kind::Plain }), json!({"x": {"value": "plain", "type": "STRING"}}));
}

#[test]
fn places_are_on_earth() {
    reads(
        r#"{"value":{"latitude":90,"longitude":"-180","course":null}}"#,
        Place { x: Location::new(90.0, -180.0).unwrap() },
    );
    refuses::<Place>(r#"{"value":{"latitude":90.1,"longitude":0}}"#, "90.1 is not a latitude");
    refuses::<Place>(r#"{"value":{"latitude":0,"longitude":-180.5}}"#, "is not a longitude");
    refuses::<Place>(r#"{"value":{"latitude":0}}"#, "longitude");
    refuses::<Place>(r#"{"value":{"latitude":0,"longitude":0,"timestamp":0.5}}"#, "0.5");
    let whole = Location::new(-1.5, 2.0).unwrap().with_speed(3.0).with_timestamp(Timestamp::from_millis(-1));
    assert_eq!(
        sent(Place { x: whole }),
        json!({"x": {"type": "LOCATION", "value":
        {"latitude": -1.5, "longitude": 2.0, "speed": 3.0, "timestamp": -1}}})
    );
}

#[test]
fn numbers_that_are_not_finite_are_not_sent() {
    let script = Script::new();
    let db = script.server().public();
    let place = Location::new(0.0, 0.0).unwrap().with_altitude(f64::NAN);
    let refused = [
        script.run(db.create(Double { x: f64::NAN }).into_future()).err(),
        script.run(db.create(Doubles { x: vec![0.0, f64::NEG_INFINITY] }).into_future()).err(),
        script.run(db.create(Single { x: f32::INFINITY }).into_future()).err(),
        script.run(db.create(Place { x: place }).into_future()).err(),
        script.run(db.dynamic().create(DynamicRecord::new("T").with("x", f64::NAN))).err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(Error::Request { .. })), "{error:?}");
    }
}

#[test]
fn the_type_always_goes_along_and_small_types_are_int64() {
    assert_eq!(sent(Truth { x: true }), json!({"x": {"value": 1, "type": "INT64"}}));
    assert_eq!(sent(Byte { x: 255 }), json!({"x": {"value": 255, "type": "INT64"}}));
    assert_eq!(sent(Double { x: 2.0 }), json!({"x": {"value": 2.0, "type": "DOUBLE"}}));
    assert_eq!(sent(Perhaps { x: None }), json!({}));
    assert_eq!(sent(Bytes { x: vec![255] }), json!({"x": {"value": "/w==", "type": "BYTES"}}));
    assert_eq!(
        sent(Pointer { x: Reference::new("b").in_zone(ZoneId::new("z")) }),
        json!({"x": {"value": {"recordName": "b", "zoneID": {"zoneName": "z"}, "action": "NONE"}, "type": "REFERENCE"}})
    );
}

#[test]
fn the_record_type_may_come_behind_the_fields() {
    let reply = |fields: &str| {
        format!(
            r#"{{"records":[{{"recordName":"a","fields":{fields},"recordChangeTag":"k","recordType":"T"}}]}}"#
        )
    };
    let either = |reply: String| {
        let script = Script::new().answer(200, reply);
        script.run(script.server().public().lookup::<Either>("a")).map(Record::into_value)
    };
    assert_eq!(either(reply(r#"{"x":{"value":"s"}}"#)).unwrap(), Either::T(Text { x: "s".to_owned() }));
    let (at, reason) = decode_error(either(reply(r#"{"x":{"value":5}}"#)));
    assert!(at.starts_with("records[0]") && reason.starts_with("fields.x.value: "), "{at} {reason}");
    let other = reply("{}").replace(r#""T""#, r#""U""#);
    let (_, reason) = decode_error(either(other));
    assert!(reason.contains("`U`"), "{reason}");

    let script = Script::new().answer(200, reply(r#"{"x":{"type":"BYTES","value":"AQ=="}}"#));
    let record = script.run(script.server().public().dynamic().lookup("a")).unwrap();
    assert_eq!((record.record_type.as_str(), record.get("x")), ("T", Some(&Value::Bytes(vec![1]))));
}

#[test]
fn a_dynamic_value_without_a_type_is_inferred() {
    let guess = |value: &str| {
        let script =
            Script::new().answer(200, record(&format!(r#"{{"x":{{"value":{value},"type":"LIST"}}}}"#)));
        script.run(script.server().public().dynamic().lookup("a")).unwrap().get("x").cloned()
    };
    assert_eq!(guess(r#""s""#), Some("s".into()));
    assert_eq!(guess("9223372036854775807"), Some(i64::MAX.into()));
    assert_eq!(guess("1.5"), Some(1.5.into()));
    assert_eq!(guess("[1,2]"), Some(vec![1_i64, 2].into()));
    assert_eq!(guess(r#"{"recordName":"b"}"#), Some(Reference::new("b").into()));
    assert!(matches!(guess("[]"), Some(Value::Other { .. })));
    assert!(matches!(guess("true"), Some(Value::Other { .. })));
}

#[test]
fn a_dynamic_value_of_a_new_type_is_kept_and_not_sent() {
    let script = Script::new().answer(200, record(r#"{"x":{"value":{"a":1},"type":"COLOUR"}}"#));
    let found = script.run(script.server().public().dynamic().lookup("a")).unwrap();
    let expect = Value::Other { value_type: "COLOUR".into(), value: json!({"a": 1}) };
    assert_eq!(found.get("x"), Some(&expect));
    let script = Script::new();
    let error = script.run(script.server().public().dynamic().create(found.into_value())).unwrap_err();
    assert!(matches!(error, Error::Request { .. }), "{error:?}");
}

#[test]
fn records_of_another_type_and_traces_are_told() {
    let (at, reason) = decode_error(lookup::<Text>(&record("{}").replace(r#""T""#, r#""U""#)));
    assert_eq!(at, "records[0].recordType");
    assert!(reason.contains("the record is of the type `U`, and the struct is of the type `T`"), "{reason}");
    let trace = r#"{"records":[{"recordName":"a","recordType":null,"recordChangeTag":"k","deleted":true}]}"#;
    assert!(lookup::<Text>(trace).unwrap_err().is_not_found());
    let without = r#"{"records":[{"recordName":"a","recordType":"T","fields":{"x":{"value":"s"}}}]}"#;
    assert!(decode_error(lookup::<Text>(without)).1.contains("recordChangeTag"));
    let bare = r#"{"records":[{"recordName":"a"}]}"#;
    assert!(decode_error(lookup::<Text>(bare)).1.contains("recordChangeTag"));
}

#[test]
fn an_item_is_an_error_when_it_has_a_code_of_any_kind() {
    let error = |item: &str| lookup::<Text>(&format!(r#"{{"records":[{item}]}}"#)).unwrap_err();
    let code = error(r#"{"recordName":"a","serverErrorCode":"TOMORROW"}"#).code().cloned();
    assert_eq!(code, Some(ServerErrorCode::Other("TOMORROW".into())));
    let code =
        error(r#"{"recordName":"a","serverErrorCode":null,"extensionErrorCode":"MINE"}"#).code().cloned();
    assert_eq!(code, Some(ServerErrorCode::Other("MINE".into())));
    assert!(matches!(error(r#"{"recordName":"a","serverErrorCode":null}"#), Error::Decode { .. }));
}
