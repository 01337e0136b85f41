//! What is done to a right request.

use serde_json::{Value, json};

use super::dice::Dice;
use super::endpoints::Good;
use super::wire::Outgoing;
use super::words::{again, any_json, is_raw, sent, word};

const METHODS: &[&str] =
    &["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "post", "BREW", "M-SEARCH"];

/// What one segment of a path, or one value of a query, may become.
const SEGMENTS: &[&str] = &[
    "",
    ".",
    "..",
    "%2e%2e",
    "%",
    "%2",
    "%zz",
    "%00",
    "%2F",
    "%25",
    "%ff%fe",
    "%c0%af",
    "*",
    "{name}",
    "+",
    ";a=b",
    "//",
    "public",
    "private",
    "shared",
    "PUBLIC",
    "development",
    "production",
    "_defaultZone",
    "family",
    "books",
    "d-1",
    "root",
    "locked-root",
    "records",
    "query",
    "lookup%2femail",
    "iCloud.com.example.Other",
];

const CONTENT_TYPES: &[&str] = &[
    "",
    "text/plain",
    "application/json",
    "application/json; charset=utf-16",
    "application/x-protobuf",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\"",
    "multipart/mixed; boundary=b",
    "application/x-www-form-urlencoded",
    "\u{e9}",
];

/// Headers that mean something, with values that they should not have.
const HEADERS: &[(&str, &[u8])] = &[
    ("X-Apple-CloudKit-Request-KeyID", b"k"),
    ("X-Apple-CloudKit-Request-KeyID", b"\xff\xfe"),
    ("X-Apple-CloudKit-Request-ISO8601Date", b"9999-99-99T99:99:99Z"),
    ("X-Apple-CloudKit-Request-ISO8601Date", b"-262144-01-01T00:00:00Z"),
    ("X-Apple-CloudKit-Request-SignatureV1", b"AAAA"),
    ("X-Apple-CloudKit-Request-SignatureV1", b"MAYCAQECAQE="),
    ("X-Apple-CloudKit-Management-Token", b"m"),
    ("X-Apple-CloudKit-User-Token", b""),
    ("X-Apple-CloudKit-API-Token", b"%"),
    ("X-Apple-CloudKit-Web-Auth-Token", b"\xc3\x28"),
    ("Cookie", b"myacinfo=; =;;myacinfo"),
    ("Authorization", b"Bearer "),
    ("Authorization", b"Basic \xff"),
    ("Origin", b"null"),
    ("Origin", b"https://\xff.example"),
    ("Access-Control-Request-Headers", b"x, \xe9"),
    ("Access-Control-Request-Method", b"NONE"),
    ("Content-Encoding", b"gzip"),
    ("Accept-Encoding", b"br;q=NaN"),
    ("Expect", b"the unexpected"),
    ("Range", b"bytes=0-0,-1"),
    ("If-None-Match", b"*"),
    ("Upgrade", b"h2c"),
    ("X-HTTP-Method-Override", b"DELETE"),
];

/// One to three changes to a request. Credentials are added later, so that most of these are the caller's own mistakes.
pub(super) fn mutated(dice: &mut Dice, method: &str, good: Good) -> Outgoing {
    let Good { mut target, mut headers, body } = good;
    let mut method = method.to_owned();
    let mut bytes = Vec::new();
    let changes = 1 + dice.below(3);
    let mut json = body.json();
    let mut left = Vec::new();
    for _ in 0..changes {
        match (dice.below(20), &mut json) {
            (0..=12, Some(json)) => change_json(dice, json),
            (13, _) => dice.pick(METHODS).clone_into(&mut method),
            (14 | 15, _) => target = change_target(dice, &target),
            (16, _) => {
                headers.retain(|(name, _)| name != "content-type");
                let content_type = dice.pick(CONTENT_TYPES);
                headers.push(("content-type".to_owned(), content_type.as_bytes().to_vec()));
            }
            (17, _) => {
                let (name, value) = dice.pick(HEADERS);
                headers.push((name.to_owned(), value.to_vec()));
            }
            (_, _) => left.push(()),
        }
    }
    match &json {
        Some(json) => bytes.extend_from_slice(sent(json).as_bytes()),
        None => bytes.extend_from_slice(&body.bytes()),
    }
    for () in left {
        change_bytes(dice, &mut bytes);
    }
    Outgoing { method, target, headers, body: bytes }
}

/// Changes some node of a document.
pub(super) fn change_json(dice: &mut Dice, json: &mut Value) {
    let at = dice.below(count(json));
    let mut changed = false;
    visit(json, &mut 0, &mut |index, node| {
        if index == at && !changed {
            changed = true;
            change_node(dice, node);
        }
        changed
    });
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Visits all nodes with their numbers, from the top, until one says that it is enough.
fn visit(value: &mut Value, index: &mut usize, see: &mut impl FnMut(usize, &mut Value) -> bool) -> bool {
    if see(*index, value) {
        return true;
    }
    *index += 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| visit(item, index, see)),
        Value::Object(members) => members.values_mut().any(|member| visit(member, index, see)),
        _ => false,
    }
}

fn change_node(dice: &mut Dice, node: &mut Value) {
    let kind = dice.below(10);
    match (kind, &mut *node) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(dice.below(members.len())).cloned();
            name.map(|name| members.remove(&name));
        }
        (1, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(dice.below(members.len())).cloned().unwrap_or_default();
            let value = if dice.percent(50) { members[&name].clone() } else { any_json(dice, 2) };
            members.insert(again(&name), value);
        }
        (2, Value::Object(members)) if !members.is_empty() => {
            let name = members.keys().nth(dice.below(members.len())).cloned().unwrap_or_default();
            let value = members.remove(&name).unwrap_or_default();
            members.insert(word(dice), value);
        }
        (0..=3, Value::Object(members)) => drop(members.insert(word(dice), any_json(dice, 3))),
        (0, Value::Array(items)) => drop(items.pop()),
        (1, Value::Array(items)) => items.extend(items.clone()),
        (2, Value::Array(items)) => items.push(any_json(dice, 3)),
        (3, Value::Array(items)) => items.reverse(),
        (0..=2, Value::String(text)) => *text = word(dice),
        (3, Value::String(text)) if !is_raw(text) => text.push_str(&word(dice)),
        (4, node) => *node = json!([node.take()]),
        (5, node) => *node = Value::Null,
        (_, node) => *node = any_json(dice, 3),
    }
}

fn change_target(dice: &mut Dice, target: &str) -> String {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
    let mut query = query.map(str::to_owned);
    let at = 1 + dice.below(segments.len().max(2) - 1);
    match dice.below(8) {
        0 | 1 => dice.pick(SEGMENTS).clone_into(&mut segments[at]),
        2 => segments[at].push_str(dice.pick(SEGMENTS)),
        3 => segments.insert(at, dice.pick(SEGMENTS).to_owned()),
        4 => drop(segments.remove(at)),
        5 => segments[at] = "s".repeat(dice.pick(&[255, 256, 7000])),
        6 => {
            // A character that needs no percent-encoding, with it.
            if let Some(first) = segments[at].bytes().next() {
                segments[at] = format!("%{first:02x}{}", &segments[at].get(1..).unwrap_or_default());
            }
        }
        _ => {
            let more = dice.pick(&[
                "",
                "&",
                "=",
                "?",
                "a=b&a=c",
                "ckAPIToken=",
                "ckWebAuthToken=%",
                "token=x",
                "tok=",
                "token=%ff",
                "e=1",
                "e=99999999999999999999",
                "user=%00",
                "user=mallory&user=bob",
                "limit=-1",
                "limit=99999999999",
                "q=%f0%9f",
                "getCurrentSyncToken=true",
                "force=true",
                "requestedFields=,,,",
                "keep=1&cancel=1",
                "environment=x",
            ]);
            query = Some(match (query, dice.below(3)) {
                (Some(query), 0) => format!("{query}&{more}"),
                (Some(query), 1) => query.chars().take(dice.below(query.len().max(1))).collect(),
                _ => more.to_owned(),
            });
        }
    }
    let mut path = segments.join("/");
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

pub(super) fn change_bytes(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let at = dice.below(bytes.len().max(1)).min(bytes.len());
    match dice.below(8) {
        0 => bytes.truncate(at),
        1 => bytes.clear(),
        2 => bytes.insert(at, dice.number() as u8),
        3 => bytes.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        4 => bytes.extend_from_slice(b"{}"),
        5 => *bytes = [b"\x1f\x8b\x08\x00".as_slice(), bytes].concat(),
        6 => {
            let noise = (0..dice.below(64)).map(|_| dice.number() as u8);
            bytes.splice(at..at, noise).for_each(drop);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
    }
}
