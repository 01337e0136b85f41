//! Field values, records and zones in the words of the management API, and in those of the web services.
//!
//! The two differ in the names of types, in timestamps (ISO 8601 here, milliseconds there) and in the spelling of a few
//! members.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use crate::clock::civil_date;
use crate::store::DEFAULT_ZONE;

/// A type of the web services, and how the management API spells it plain and encrypted, without `Type` or `ListType`.
const TYPES: [(&str, &str, Option<&str>); 8] = [
    ("STRING", "string", Some("encryptedString")),
    ("INT64", "int64", Some("encryptedNumberInt64")),
    ("DOUBLE", "double", Some("encryptedNumberDouble")),
    ("TIMESTAMP", "timestamp", Some("encryptedTimestamp")),
    ("BYTES", "bytes", Some("encryptedBytes")),
    ("LOCATION", "location", Some("encryptedLocation")),
    ("REFERENCE", "reference", None),
    ("ASSETID", "asset", None),
];

/// What a type name of the management API says.
struct TypeName {
    services: &'static str,
    list: bool,
    encrypted: bool,
}

fn read_type(name: &str) -> Option<TypeName> {
    let stem = name.strip_suffix("Type")?;
    let (stem, list) = stem.strip_suffix("List").map_or((stem, false), |stem| (stem, true));
    TYPES.iter().find_map(|(services, plain, encrypted)| {
        let is_encrypted = *encrypted == Some(stem);
        (*plain == stem || is_encrypted).then_some(TypeName { services, list, encrypted: is_encrypted })
    })
}

fn write_type(services: &str, encrypted: bool) -> Option<String> {
    if services == "UNKNOWN_LIST" {
        return Some("emptyListType".to_owned());
    }
    let (scalar, list) = services.strip_suffix("_LIST").map_or((services, ""), |scalar| (scalar, "List"));
    let (_, plain, sealed) = TYPES.iter().find(|(known, ..)| *known == scalar)?;
    let stem = if encrypted { (*sealed)? } else { plain };
    Some(format!("{stem}{list}Type"))
}

/// The fields of a save, as the web services take them.
pub(super) fn fields_to_services(fields: &Map<String, Value>) -> Result<Value, Refusal> {
    let mut out = Map::new();
    for (name, value) in fields {
        out.insert(name.clone(), value_to_services(name, value)?);
    }
    Ok(Value::Object(out))
}

/// A value with its type, as the web services take it. One without `value`, or with `null`, clears the field.
pub(super) fn value_to_services(field: &str, value: &Value) -> Result<Value, Refusal> {
    let wrong = |what: String| Refusal::bad_request(format!("field '{}': {what}", shown(field)));
    let Some(object) = value.as_object() else {
        return Err(wrong("the value must be an object with `type` and `value`".to_owned()));
    };
    let Some(type_name) = object.get("type").and_then(Value::as_str) else {
        return Err(wrong("the value has no `type`".to_owned()));
    };
    let content = object.get("value").unwrap_or(&Value::Null);
    if type_name == "emptyListType" {
        let empty = content.is_null() || content.as_array().is_some_and(Vec::is_empty);
        return if empty {
            Ok(json!({ "type": "UNKNOWN_LIST", "value": content }))
        } else {
            Err(wrong("emptyListType has the value [] only".to_owned()))
        };
    }
    let TypeName { services, list, encrypted } =
        read_type(type_name).ok_or_else(|| wrong(format!("unknown type '{}'", shown(type_name))))?;
    let scalar = |value: &Value| scalar_to_services(services, value).map_err(|what| wrong(what.to_owned()));
    let content = match content {
        Value::Null => Value::Null,
        Value::Array(items) if list => Value::Array(items.iter().map(scalar).collect::<Result<_, _>>()?),
        _ if list => return Err(wrong(format!("{type_name} needs an array"))),
        value => scalar(value)?,
    };
    let mut out = Map::new();
    out.insert("type".to_owned(), format!("{services}{}", if list { "_LIST" } else { "" }).into());
    out.insert("value".to_owned(), content);
    if encrypted {
        out.insert("isEncrypted".to_owned(), true.into());
    }
    Ok(Value::Object(out))
}

fn scalar_to_services(services: &str, value: &Value) -> Result<Value, &'static str> {
    match services {
        "TIMESTAMP" => timestamp_to_services(value),
        "BYTES" => {
            let bytes = value.as_str().and_then(|text| BASE64.decode(text).ok());
            bytes.map(|_| value.clone()).ok_or("bytes must be base64 of the standard alphabet with padding")
        }
        "LOCATION" => {
            let mut location = value.as_object().ok_or("a location must be an object")?.clone();
            if let Some(timestamp) = location.get_mut("timestamp").filter(|timestamp| !timestamp.is_null()) {
                *timestamp = timestamp_to_services(timestamp)?;
            }
            Ok(Value::Object(location))
        }
        "REFERENCE" => reference_to_services(value),
        "ASSETID" => {
            let mut asset = value.as_object().ok_or("an asset must be an object")?.clone();
            asset.remove("downloadUrl");
            Ok(Value::Object(asset))
        }
        _ => Ok(value.clone()),
    }
}

fn timestamp_to_services(value: &Value) -> Result<Value, &'static str> {
    let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    time.map(|time| time.as_millisecond().into())
        .ok_or("a timestamp must be a text of ISO 8601, such as 1970-01-01T00:00:00.000Z")
}

fn reference_to_services(value: &Value) -> Result<Value, &'static str> {
    let reference = value.as_object().ok_or("a reference must be an object")?;
    let name = reference.get("recordName").filter(|name| name.is_string());
    let mut out = json!({ "recordName": name.ok_or("a reference needs a `recordName`")? });
    let action = match reference.get("action") {
        None | Some(Value::Null) => "NONE".to_owned(),
        // Any case is read.
        Some(action) => action.as_str().ok_or("`action` must be a string")?.to_ascii_uppercase(),
    };
    out["action"] = action.into();
    if let Some(zone) = reference.get("zone").filter(|zone| !zone.is_null()) {
        let zone_name = zone.get("zoneName").filter(|name| name.is_string());
        out["zoneID"] = json!({ "zoneName": zone_name.ok_or("a zone needs a `zoneName`")? });
        if let Some(owner) = zone.get("ownerRecordName").filter(|owner| owner.is_string()) {
            out["zoneID"]["ownerRecordName"] = owner.clone();
        }
    }
    Ok(out)
}

/// A record of the web services, as the management API shows it.
pub(super) fn record_from_services(record: &Value) -> Value {
    let mut out = Map::new();
    for member in ["recordName", "recordType", "recordChangeTag", "publicPermission"] {
        if let Some(value) = record.get(member).filter(|value| !value.is_null()) {
            out.insert(member.to_owned(), value.clone());
        }
    }
    for member in ["created", "modified"] {
        let stamp = record.get(member).unwrap_or(&Value::Null);
        let mut shown = json!({
            "timestamp": iso_8601(stamp.get("timestamp").and_then(Value::as_i64).unwrap_or_default()),
            "userRecordName": stamp.get("userRecordName").and_then(Value::as_str).unwrap_or_default(),
        });
        if let Some(device) = stamp.get("deviceID").filter(|device| device.is_string()) {
            shown["deviceId"] = device.clone();
        }
        out.insert(member.to_owned(), shown);
    }
    let fields = record.get("fields").and_then(Value::as_object).into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| Some((name.clone(), value_from_services(value)?)));
    out.insert("fields".to_owned(), Value::Object(fields.collect()));
    if let Some(zone) = record.get("zoneID").filter(|zone| zone.is_object()) {
        out.insert("zone".to_owned(), zone_id_from_services(zone));
    }
    for member in ["parent", "share"] {
        if let Some(reference) = record.get(member).filter(|reference| reference.is_object()) {
            out.insert(member.to_owned(), reference_from_services(reference));
        }
    }
    if let Some(short_guid) = record.get("shortGUID").filter(|short_guid| short_guid.is_string()) {
        out.insert("shortGuid".to_owned(), short_guid.clone());
    }
    for member in ["participants", "owner", "currentUserParticipant"] {
        if let Some(value) = record.get(member).filter(|value| !value.is_null()) {
            out.insert(member.to_owned(), value.clone());
        }
    }
    Value::Object(out)
}

/// A field of the web services; `None` if it has no value.
fn value_from_services(field: &Value) -> Option<Value> {
    let content = field.get("value").filter(|content| !content.is_null())?;
    let services = field.get("type")?.as_str()?;
    let encrypted = field.get("isEncrypted").and_then(Value::as_bool).unwrap_or(false);
    let scalar = services.strip_suffix("_LIST").unwrap_or(services);
    let content = match content {
        Value::Array(items) => items.iter().map(|item| scalar_from_services(scalar, item)).collect(),
        value => scalar_from_services(scalar, value),
    };
    Some(json!({ "type": write_type(services, encrypted)?, "value": content }))
}

fn scalar_from_services(services: &str, value: &Value) -> Value {
    match services {
        "TIMESTAMP" => value.as_i64().map_or(Value::Null, |ms| iso_8601(ms).into()),
        "LOCATION" => {
            let mut location = value.clone();
            if let Some(ms) = location.get("timestamp").and_then(Value::as_i64) {
                location["timestamp"] = iso_8601(ms).into();
            }
            location
        }
        "REFERENCE" => reference_from_services(value),
        "ASSETID" => {
            let mut asset = value.clone();
            if let Some(object) = asset.as_object_mut()
                && let Some(url) = object.remove("downloadURL")
            {
                object.insert("downloadUrl".to_owned(), url);
            }
            asset
        }
        _ => value.clone(),
    }
}

fn reference_from_services(reference: &Value) -> Value {
    let mut out = Map::new();
    for member in ["recordName", "action"] {
        if let Some(value) = reference.get(member).filter(|value| value.is_string()) {
            out.insert(member.to_owned(), value.clone());
        }
    }
    if let Some(zone) = reference.get("zoneID").filter(|zone| zone.is_object()) {
        out.insert("zone".to_owned(), zone_id_from_services(zone));
    }
    Value::Object(out)
}

/// A zone ID. `canonicalName`, which is required, tells apart zones of one name and several owners.
pub(super) fn zone_id_from_services(zone: &Value) -> Value {
    let name = zone.get("zoneName").and_then(Value::as_str).unwrap_or(DEFAULT_ZONE);
    let owner = zone.get("ownerRecordName").and_then(Value::as_str);
    let zone_type = if name == DEFAULT_ZONE { "DEFAULT_ZONE" } else { "REGULAR_CUSTOM_ZONE" };
    let canonical = owner.map_or_else(|| name.to_owned(), |owner| format!("{owner}:{name}"));
    let mut out = json!({ "zoneName": name, "canonicalName": canonical, "zoneType": zone_type });
    if let Some(owner) = owner {
        out["ownerRecordName"] = owner.into();
    }
    out
}

/// A moment as the management API spells it, with milliseconds always.
fn iso_8601(ms: i64) -> String {
    let (days, ms_of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = civil_date(days);
    let year = if (0..=9999).contains(&year) { format!("{year:04}") } else { format!("{year:+07}") };
    format!(
        "{year}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        ms_of_day / 3_600_000,
        ms_of_day / 60_000 % 60,
        ms_of_day / 1000 % 60,
        ms_of_day % 1000
    )
}

fn shown(text: &str) -> String {
    text.chars().take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_name_is_told_there_and_back() {
        let names = [
            "stringType",
            "int64Type",
            "doubleType",
            "timestampType",
            "bytesType",
            "locationType",
            "referenceType",
            "assetType",
            "stringListType",
            "int64ListType",
            "doubleListType",
            "timestampListType",
            "bytesListType",
            "locationListType",
            "referenceListType",
            "assetListType",
            "encryptedStringType",
            "encryptedBytesType",
            "encryptedTimestampType",
            "encryptedLocationType",
            "encryptedNumberInt64Type",
            "encryptedNumberDoubleType",
            "encryptedStringListType",
            "encryptedBytesListType",
            "encryptedTimestampListType",
            "encryptedLocationListType",
            "encryptedNumberInt64ListType",
            "encryptedNumberDoubleListType",
        ];
        for name in names {
            let TypeName { services, list, encrypted } = read_type(name).expect(name);
            let services = format!("{services}{}", if list { "_LIST" } else { "" });
            assert_eq!(write_type(&services, encrypted).as_deref(), Some(name));
        }
        for name in ["string", "StringType", "encryptedReferenceType", "encryptedInt64Type", "listType", ""] {
            assert!(read_type(name).is_none(), "{name}");
        }
    }

    #[test]
    fn moments_are_iso_8601_with_milliseconds() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(ms), text);
        }
        // The same as what somebody else's library says.
        for ms in (-2_000_000_000_000..4_000_000_000_000).step_by(61_234_567_891) {
            let other = jiff::Timestamp::from_millisecond(ms).expect("in range");
            assert_eq!(iso_8601(ms), format!("{other:.3}"));
            assert_eq!(timestamp_to_services(&iso_8601(ms).into()), Ok(ms.into()));
        }
    }

    #[test]
    fn integers_keep_all_their_digits() {
        let text = r#"{"type":"int64Type","value":9223372036854775807}"#;
        let value = value_to_services("n", &serde_json::from_str(text).expect("JSON")).expect("a value");
        assert_eq!(value.to_string(), r#"{"type":"INT64","value":9223372036854775807}"#);
    }

    #[test]
    fn a_value_object_without_value_clears_the_field() {
        let value = value_to_services("s", &json!({ "type": "stringType" })).expect("a value");
        assert_eq!(value, json!({ "type": "STRING", "value": null }));
    }
}
