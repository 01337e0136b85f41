//! What an answer is compared with: JSON in which some texts stand for many values.
//!
//! An object fits one that has at least its members; an array fits one of the same length. `"<any>"` fits every value
//! but null, `"<absent>"` a member that is not there, `"<text>"` a text that is not empty, `"<number>"` a number,
//! `"<uuid>"` a UUID, `"<empty>"` an object or an array without members, and `"<has …>"` a text that holds the rest.
//! An array that begins with `"<some>"` fits one that has each of the others somewhere, and one that begins with
//! `"<none>"` fits one that has none of them.

use serde_json::Value;

/// The first place at which the two differ, and what was found there; nothing if they fit.
pub(super) fn difference(found: &Value, pattern: &Value) -> Option<String> {
    compare(Some(found), pattern, "the body")
}

fn compare(found: Option<&Value>, pattern: &Value, at: &str) -> Option<String> {
    if pattern.as_str() == Some("<absent>") {
        return found.map(|found| shown(found, at));
    }
    let Some(found) = found else { return Some(format!("{at} is absent")) };
    let fits = match (pattern, found) {
        (Value::Object(pattern), Value::Object(members)) => {
            return pattern
                .iter()
                .find_map(|(name, pattern)| compare(members.get(name), pattern, &join(at, name)));
        }
        (Value::Array(pattern), Value::Array(items)) => {
            if let Some((first, wanted)) = pattern.split_first()
                && first.as_str() == Some("<some>")
            {
                let missing = wanted
                    .iter()
                    .position(|wanted| !items.iter().any(|item| compare(Some(item), wanted, at).is_none()))?;
                return Some(format!("{at} has nothing like element {missing} of what is expected"));
            }
            if let Some((first, unwanted)) = pattern.split_first()
                && first.as_str() == Some("<none>")
            {
                let fits =
                    |item: &Value| unwanted.iter().any(|pattern| compare(Some(item), pattern, at).is_none());
                let index = items.iter().position(fits)?;
                return Some(format!("{at}[{index}] is there"));
            }
            if pattern.len() != items.len() {
                return Some(format!("{at} has {} elements", items.len()));
            }
            return items.iter().zip(pattern).enumerate().find_map(|(index, (item, pattern))| {
                compare(Some(item), pattern, &format!("{at}[{index}]"))
            });
        }
        (Value::Number(pattern), Value::Number(number)) => {
            pattern == number || (pattern.is_f64() || number.is_f64()) && pattern.as_f64() == number.as_f64()
        }
        (Value::String(pattern), found) => match pattern.as_str() {
            "<any>" => !found.is_null(),
            "<number>" => found.is_number(),
            "<text>" => found.as_str().is_some_and(|text| !text.is_empty()),
            "<uuid>" => found.as_str().is_some_and(is_uuid),
            "<empty>" => {
                found.as_object().is_some_and(serde_json::Map::is_empty)
                    || found.as_array().is_some_and(Vec::is_empty)
            }
            exact => match exact.strip_prefix("<has ").and_then(|rest| rest.strip_suffix('>')) {
                Some(part) => found.as_str().is_some_and(|text| text.contains(part)),
                None => found.as_str() == Some(exact),
            },
        },
        (pattern, found) => pattern == found,
    };
    (!fits).then(|| shown(found, at))
}

fn join(at: &str, name: &str) -> String {
    if at == "the body" { name.to_owned() } else { format!("{at}.{name}") }
}

/// A place and its value. Tokens and addresses, which may hold tokens, are not shown.
fn shown(found: &Value, at: &str) -> String {
    let name = at.rsplit('.').next().unwrap_or(at).to_ascii_lowercase();
    if name.contains("token") || name.contains("url") {
        return format!("{at} is there");
    }
    let text = match found {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(items) => format!("an array of {}", items.len()),
        other => other.to_string().chars().take(200).collect(),
    };
    format!("{at} is {text}")
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(found: Value, pattern: Value, expected: Option<&str>) {
        assert_eq!(difference(&found, &pattern).as_deref(), expected, "{found} and {pattern}");
    }

    #[test]
    fn objects_may_have_more_and_arrays_may_not() {
        check(json!({ "a": 1, "b": 2 }), json!({ "a": 1 }), None);
        check(json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), Some("b is absent"));
        check(json!({ "r": [{ "x": "y" }] }), json!({ "r": [{ "x": "z" }] }), Some("r[0].x is \"y\""));
        check(json!({ "r": [1, 2] }), json!({ "r": [1] }), Some("r has 2 elements"));
        check(json!({ "r": 1 }), json!({ "r": [1] }), Some("r is 1"));
        check(json!({ "r": 1.0 }), json!({ "r": 1 }), None);
    }

    #[test]
    fn words_stand_for_many_values() {
        for (pattern, good, bad) in [
            ("<any>", json!(0), json!(null)),
            ("<number>", json!(0.5), json!("1")),
            ("<text>", json!("x"), json!("")),
            ("<uuid>", json!("173179e2-0000-4000-8000-000000000001"), json!("173179e2")),
            ("<empty>", json!({}), json!({ "a": 1 })),
            ("<has b c>", json!("a b c d"), json!("a b")),
        ] {
            check(json!({ "m": good }), json!({ "m": pattern }), None);
            assert!(difference(&json!({ "m": bad }), &json!({ "m": pattern })).is_some(), "{pattern}");
        }
        check(json!({}), json!({ "m": "<absent>" }), None);
        check(json!({ "m": null }), json!({ "m": "<absent>" }), Some("m is null"));
    }

    #[test]
    fn some_elements_are_enough_where_it_says_so() {
        check(json!([3, 1, 2]), json!(["<some>", 2, 3]), None);
        check(json!([3, 1]), json!(["<none>", 2]), None);
        check(json!({ "r": [3, 2] }), json!({ "r": ["<none>", 2] }), Some("r[1] is there"));
        check(
            json!([1]),
            json!(["<some>", 1, 2]),
            Some("the body has nothing like element 1 of what is expected"),
        );
    }

    #[test]
    fn tokens_and_addresses_are_not_shown() {
        check(
            json!({ "syncToken": "sesame" }),
            json!({ "syncToken": "<absent>" }),
            Some("syncToken is there"),
        );
        check(
            json!({ "a": { "redirectURL": "https://x?t=sesame" } }),
            json!({ "a": { "redirectURL": 1 } }),
            Some("a.redirectURL is there"),
        );
    }
}
