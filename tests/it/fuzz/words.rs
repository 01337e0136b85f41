//! What mutations put in: words that mean something to the server, and texts and numbers that nobody would send.

use serde_json::{Map, Value, json};

use super::dice::Dice;

/// Words of the protocols, and names that exist in the world.
const WORDS: &[&str] = &[
    // Of the web services.
    "query",
    "recordType",
    "filterBy",
    "sortBy",
    "fieldName",
    "systemFieldName",
    "comparator",
    "fieldValue",
    "value",
    "type",
    "distance",
    "ascending",
    "relativeLocation",
    "zoneID",
    "zoneName",
    "ownerRecordName",
    "zoneWide",
    "resultsLimit",
    "continuationMarker",
    "desiredKeys",
    "numbersAsStrings",
    "numberAsStrings",
    "records",
    "recordName",
    "operations",
    "operationType",
    "record",
    "recordChangeTag",
    "fields",
    "atomic",
    "action",
    "parent",
    "latitude",
    "longitude",
    "altitude",
    "timestamp",
    "isEncrypted",
    "created",
    "deleted",
    "zone",
    "zones",
    "syncToken",
    "metaSyncToken",
    "reverse",
    "desiredRecordTypes",
    "subscription",
    "subscriptions",
    "subscriptionID",
    "subscriptionType",
    "firesOn",
    "firesOnce",
    "notificationInfo",
    "alertBody",
    "alertLocalizationArgs",
    "additionalFields",
    "shouldBadge",
    "apnsEnvironment",
    "apnsToken",
    "clientId",
    "tokens",
    "shortGUIDs",
    "shouldFetchRootRecord",
    "rootRecordDesiredKeys",
    "lookupInfos",
    "emailAddress",
    "phoneNumber",
    "userRecordName",
    "users",
    "participants",
    "userIdentity",
    "lookupInfo",
    "permission",
    "acceptanceStatus",
    "publicPermission",
    "forRecord",
    "createShortGUID",
    "share",
    "owner",
    "receipt",
    "fileChecksum",
    "referenceChecksum",
    "wrappingKey",
    "size",
    "downloadURL",
    "assets",
    "getCurrentSyncToken",
    // Of the management API.
    "requestedFields",
    "requestedRecordTypes",
    "changeToken",
    "continuationToken",
    "filters",
    "sorts",
    "order",
    "radiusInKilometers",
    "dryRun",
    "recordNames",
    "createShortGuid",
    "stringType",
    "int64Type",
    "timestampType",
    "locationType",
    "referenceType",
    "assetType",
    "bytesType",
    "stringListType",
    "encryptedStringType",
    "emptyListType",
    "limit",
    "startingAfterKey",
    "force",
    // Of snapshots.
    "files",
    "text",
    "base64",
    "manifest.json",
    "schema/development.ckdb",
    "data/records.jsonl",
    "data/zones.jsonl",
    "assets/x",
    "../x",
    // Values.
    "create",
    "update",
    "replace",
    "delete",
    "forceUpdate",
    "forceReplace",
    "forceDelete",
    "VALIDATE",
    "DELETE_SELF",
    "NONE",
    "EQUALS",
    "NOT_EQUALS",
    "LESS_THAN",
    "IN",
    "NOT_IN",
    "NEAR",
    "BEGINS_WITH",
    "LIST_CONTAINS_ANY",
    "LIST_MEMBER_BEGINS_WITH",
    "CONTAINS_ALL_TOKENS",
    "STRING",
    "INT64",
    "DOUBLE",
    "TIMESTAMP",
    "BYTES",
    "LOCATION",
    "REFERENCE",
    "ASSETID",
    "STRING_LIST",
    "INT64_LIST",
    "REFERENCE_LIST",
    "LOCATION_LIST",
    "ASSETID_LIST",
    "UNKNOWN_LIST",
    "READ_ONLY",
    "READ_WRITE",
    "INVITED",
    "ACCEPTED",
    "REMOVED",
    "USER",
    "OWNER",
    "PUBLIC_USER",
    "cloudkit.share",
    "cloudKit.share",
    "development",
    "production",
    "DEVELOPMENT",
    "public",
    "private",
    "shared",
    "PRIVATE",
    "k3",
    "AAEC",
    "AQAAAAAA",
    "HwoEAAAA",
    "2026-01-01T00:00:00.000Z",
    "-9999-01-01T00:00:00Z",
    // Of the world.
    "Account",
    "Everything",
    "Secret",
    "Node",
    "Users",
    "Diary",
    "Locked",
    "cents",
    "rate",
    "opened",
    "place",
    "friend",
    "tags",
    "note",
    "photo",
    "string",
    "int64_list",
    "assetid",
    "assetid_list",
    "up",
    "label",
    "___recordID",
    "___modTime",
    "___createdBy",
    "___etag",
    "modifiedTimestamp",
    "_defaultZone",
    "_defaultOwner",
    "__defaultOwner__",
    "books",
    "family",
    "library",
    "root",
    "child",
    "beside",
    "grave",
    "locked-root",
    "d-1",
    "a-1",
    "a-2",
    "sub-1",
    "mallory",
    "mallory@example.com",
    "bob@example.com",
    "alice@example.com",
];

/// Texts that nobody would send.
const ODD: &[&str] = &[
    "",
    " ",
    "\0",
    "a\0b",
    "\u{7f}\u{80}\u{9f}",
    "\u{feff}",
    "\u{202e}evil",
    "e\u{301}\u{301}\u{301}\u{301}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\u{fdfa}\u{ffff}\u{10ffff}",
    "\u{df}\u{130}\u{149}\u{1f0}\u{fb03}",
    "'; DROP TABLE records; --",
    "%",
    "%s%n",
    "_",
    "__",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\r\nx-injected: 1\r\n",
    "${f}",
    "\"\\",
    "-1",
    "NaN",
    "{}",
    "0x10",
];

/// JSON, and what is not quite JSON, that takes the place of a value.
const RAW: &[&str] = &[
    "-0",
    "-0.0",
    "0e0",
    "1.0",
    "1e3",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "999999999999999999999999999999999999999999",
    "1e308",
    "1e309",
    "-1e309",
    "1e-400",
    "5e-324",
    "253402300800000",
    "8640000000000001",
    "-62135596800001",
    "90.0000001",
    "-180.1",
    "01",
    "+1",
    ".5",
    "1.",
    "NaN",
    "Infinity",
    "0x10",
    "tru",
    "nul",
    "undefined",
    "'x'",
    "{\"a\":1,}",
    "[1,]",
    "[,]",
    "{\"a\"}",
    "/* */ 1",
    "\"\\ud800\"",
    "\"\\udfff\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\t\"",
    "\"unterminated",
];

/// Marks a text that stands for JSON of its own: it begins and ends with it, and goes out without its quotes.
const RAW_MARK: char = '\u{e002}';

/// Marks the end of a name that is there a second time.
const AGAIN_MARK: char = '\u{e000}';

pub(super) fn word(dice: &mut Dice) -> String {
    match dice.below(20) {
        4 | 5 if !dice.names.is_empty() => {
            let at = dice.below(dice.names.len());
            dice.names[at].clone()
        }
        0 => dice.pick(ODD).to_owned(),
        1 => dice.pick(ODD).repeat(1 + dice.below(400)),
        2 => "n".repeat(dice.pick(&[254, 255, 256, 257, 5000])),
        3 => format!("{}{}", dice.pick(WORDS), dice.pick(ODD)),
        _ => dice.pick(WORDS).to_owned(),
    }
}

fn number(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!(dice.number() as i64),
        1 => json!(dice.number()),
        2 => json!(dice.below(300) as i64 - 3),
        _ => json!((dice.number() as i64 as f64) / 1e16),
    }
}

/// A text that goes out as it is.
fn raw(text: &str) -> Value {
    format!("{RAW_MARK}{text}{RAW_MARK}").into()
}

/// Whether a text goes out as it is.
pub(super) fn is_raw(text: &str) -> bool {
    text.starts_with(RAW_MARK)
}

/// The name under which a member is there a second time.
pub(super) fn again(name: &str) -> String {
    format!("{name}{AGAIN_MARK}")
}

/// Some JSON, or nearly.
pub(super) fn any_json(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 7 } else { 11 }) {
        0 => Value::Null,
        1 => dice.percent(50).into(),
        2 => number(dice),
        3 => raw(dice.pick(RAW)),
        4..=6 => word(dice).into(),
        7 | 8 => (0..dice.below(5)).map(|_| any_json(dice, depth - 1)).collect(),
        9 => {
            let members: Map<_, _> =
                (0..dice.below(5)).map(|_| (word(dice), any_json(dice, depth - 1))).collect();
            members.into()
        }
        _ => huge(dice),
    }
}

/// Much of the same.
fn huge(dice: &mut Dice) -> Value {
    match dice.below(6) {
        0 => "h".repeat(300_000).into(),
        1 => vec![word(dice); 201].into(),
        2 => vec![json!({}); 3000].into(),
        3 => raw(&format!("{}{}", "[".repeat(100), "]".repeat(100))),
        4 => raw(&"[".repeat(100_000)),
        _ => raw(&"{\"a\":".repeat(5000)),
    }
}

/// JSON as it is sent, with the marks made good.
pub(super) fn sent(value: &Value) -> String {
    let text = value.to_string().replace(AGAIN_MARK, "");
    let mut out = String::new();
    let mut rest = text.as_str();
    let (opens, closes) = (format!("\"{RAW_MARK}"), format!("{RAW_MARK}\""));
    while let Some((before, after)) = rest.split_once(&opens) {
        out.push_str(before);
        let Some((raw, after)) = after.split_once(&closes) else { break };
        // Within a text quotes and backslashes were escaped.
        let unescaped: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
        out.push_str(&unescaped);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[test]
fn marks_are_made_good() {
    let value = json!({ "a": [raw("1e309"), "x"], again("a"): raw("\"\\ud800\""), "b": 1 });
    assert_eq!(sent(&value), r#"{"a":[1e309,"x"],"a":"\ud800","b":1}"#);
}
