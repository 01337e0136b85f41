//! Rules as one line of text, for command lines.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::FaultRule;
use super::entry::Entry;
use super::rule::PlannedAt;

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a fault: {reason}")]
#[non_exhaustive]
pub struct FaultTextError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Members whose value is the rest of the text, since it may have commas.
const LONG_MEMBERS: [&str; 2] = ["body", "operations"];

/// Members whose value is text, whatever it looks like.
const TEXT_MEMBERS: [&str; 3] = ["code", "content_type", "endpoint"];

impl FromStr for FaultRule {
    type Err = FaultTextError;

    /// Reads a kind and its members, with commas between them: `drop-after-commit,endpoint=records/modify,times=2`.
    ///
    /// Kinds and members are those of [files](crate::Faults::from_file). A member that is true or false needs no value.
    /// The values of `body` and `operations` go on to the end of the text.
    fn from_str(text: &str) -> Result<Self, FaultTextError> {
        let fail = |reason: String| FaultTextError { text: text.to_owned(), reason };
        let members = members(text).map_err(fail)?;
        let entry: Entry =
            serde_json::from_value(Value::Object(members)).map_err(|error| fail(error.to_string()))?;
        entry.into_rule(PlannedAt::Text(text.to_owned())).map_err(fail)
    }
}

fn members(text: &str) -> Result<Map<String, Value>, String> {
    let (kind, mut rest) = text.split_once(',').unwrap_or((text, ""));
    let mut members = Map::new();
    members.insert("kind".to_owned(), kind.trim().into());
    while !rest.is_empty() {
        let name = rest.split(['=', ',']).next().unwrap_or_default();
        let after = rest.get(name.len()..).unwrap_or_default();
        let name = name.trim();
        let value = match after.strip_prefix('=') {
            None => {
                rest = after.strip_prefix(',').unwrap_or_default();
                Value::Bool(true)
            }
            Some(value) if LONG_MEMBERS.contains(&name) => {
                rest = "";
                value.into()
            }
            Some(after) => {
                let (value, next) = after.split_once(',').unwrap_or((after, ""));
                rest = next;
                let value = value.trim();
                if TEXT_MEMBERS.contains(&name) { value.into() } else { number_or_text(value) }
            }
        };
        if members.insert(name.to_owned(), value).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    Ok(members)
}

fn number_or_text(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| value.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloudkit_core::ServerErrorCode;

    use super::super::{Fault, Latency};
    use super::*;

    #[test]
    fn a_line_says_what_code_can_say() {
        let ms = Duration::from_millis;
        let status = |code| Fault::Status { code, retry_after: Some(ms(1500)) };
        for (text, expected) in [
            ("misdirected", FaultRule::new(Fault::Misdirected)),
            (
                "drop-after-commit, endpoint=records/modify, probability=0.05, times=2",
                FaultRule::new(Fault::DropAfterCommit).at("records/modify").probability(0.05).times(2),
            ),
            (
                "status,code=TRY_AGAIN_LATER,retry_after_ms=1500,skip=2,always,optional=true",
                FaultRule::new(status(ServerErrorCode::TryAgainLater)).skip(2).always().optional(),
            ),
            (
                "write-before,endpoint=records/query,next_page,operations=[{\"a\":1},{\"b\":2}]",
                FaultRule::new(Fault::WriteBefore { operations: "[{\"a\":1},{\"b\":2}]".to_owned() })
                    .at("records/query")
                    .on_next_page(),
            ),
            (
                "raw,status=502,content_type=text/html,body=<p>a, b=c</p>",
                FaultRule::new(Fault::Raw {
                    status: 502,
                    content_type: "text/html".to_owned(),
                    body: b"<p>a, b=c</p>".to_vec(),
                }),
            ),
            (
                "latency,median_ms=60,p99_ms=900",
                FaultRule::new(Fault::Latency(Latency::LongTail { median: ms(60), p99: ms(900) }))
                    .always()
                    .optional(),
            ),
            (
                "empty-pages,pages=3,during_ms=70",
                FaultRule::new(Fault::EmptyPages { pages: 3 }).during(ms(70)),
            ),
        ] {
            let read: FaultRule = text.parse().expect(text);
            assert_eq!(read.planned_at, PlannedAt::Text(text.to_owned()));
            assert_eq!(FaultRule { planned_at: expected.planned_at.clone(), ..read }, expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_makes_no_sense_is_told_so() {
        for (text, expected) in [
            ("", "there is no kind ``"),
            ("fire", "there is no kind `fire`"),
            ("throttle", "a `throttle` needs `retry_after_ms`"),
            ("misdirected,times=2,times=3", "`times` is given twice"),
            ("misdirected,tmies=2", "unknown field `tmies`"),
            ("misdirected,times=two", "expected u64"),
            ("misdirected,=2", "unknown field ``"),
            ("empty-pages,pages=0", "`pages` is 0; it is from 1 to 126"),
            ("write-before,operations=[", "`operations` is not a JSON array"),
        ] {
            let error = text.parse::<FaultRule>().expect_err(text).to_string();
            assert!(
                error.starts_with(&format!("`{text}` is not a fault")) && error.contains(expected),
                "{error}"
            );
        }
    }
}
