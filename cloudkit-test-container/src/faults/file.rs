//! Plans of faults in files, as TOML or JSON.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::Faults;
use super::entry::Entry;
use super::plan::RateLimit;
use super::rule::PlannedAt;
use crate::clock::Clock;

/// Why a file is not a plan of faults.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaultFileError {
    /// The file cannot be read.
    #[error("cannot read the plan of faults `{file}`")]
    Read {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not TOML or JSON, or holds a member that there is not.
    #[error("`{file}` is not a plan of faults")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong, and where.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A fault does not make sense.
    #[error("`{file}`, fault {number}: {reason}")]
    Fault {
        /// The file.
        file: String,
        /// Which fault of the file, counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting of the whole plan does not make sense.
    #[error("`{file}`: {reason}")]
    Setting {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Faults {
    /// Reads a plan from a file: JSON if its name ends in `.json`, and otherwise TOML. Both have the same members.
    ///
    /// The members of the plan are `seed`, `index_lag_ms`, `rate_limit = { requests, per_ms }`, `virtual_time`, which is the
    /// moment at which the clock stands, such as `"2026-01-01T00:00:00Z"` or `"now"`, and a list of `fault`. Each fault has
    /// a `kind`:
    ///
    /// | `kind` | its own members |
    /// |---|---|
    /// | `status` | `code`, such as `"TRY_AGAIN_LATER"`; `retry_after_ms` |
    /// | `throttle` | `retry_after_ms` |
    /// | `drop-before-commit`, `drop-after-commit` | |
    /// | `raw` | `status`, `content_type`, `body` as text |
    /// | `truncated-body` | `percent`, 50 if left out |
    /// | `slow-body` | `piece` in bytes, `pause_ms` |
    /// | `misdirected`, `expired-token`, `expired-sync-tokens` | |
    /// | `empty-pages` | `pages` |
    /// | `write-before` | `operations`: JSON as text |
    /// | `latency` | `fixed_ms`; `from_ms` and `to_ms`; `mean_ms`; or `median_ms` and `p99_ms` |
    ///
    /// and may have the conditions of [`FaultRule`](crate::FaultRule): `endpoint`, `next_page`, `skip`, `times`, `probability`, `during_ms`,
    /// `always`, `optional`. A latency is for all requests to the web services unless a condition says otherwise, every other
    /// fault for one. A rule for a command line is the same in one line: see
    /// [`FaultRule`](crate::FaultRule#impl-FromStr-for-FaultRule).
    ///
    /// # Errors
    ///
    /// [`FaultFileError`] names the file, the place in it and the reason.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, FaultFileError> {
        let file = file.as_ref();
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|source| FaultFileError::Read { file: name.clone(), source })?;
        let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        Self::read(&name, &text, is_json)
    }

    /// Reads the text of a file.
    pub(crate) fn read(name: &str, text: &str, is_json: bool) -> Result<Self, FaultFileError> {
        let read: Result<File, Box<dyn std::error::Error + Send + Sync>> = if is_json {
            serde_json::from_str(text).map_err(Into::into)
        } else {
            toml::from_str(text).map_err(Into::into)
        };
        let read = read.map_err(|source| FaultFileError::Syntax { file: name.to_owned(), source })?;
        read.into_faults(name)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    index_lag_ms: Option<u64>,
    rate_limit: Option<Limit>,
    virtual_time: Option<String>,
    #[serde(default)]
    fault: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    requests: u32,
    per_ms: u64,
}

impl File {
    fn into_faults(self, file: &str) -> Result<Faults, FaultFileError> {
        if self.rate_limit.as_ref().is_some_and(|limit| limit.per_ms == 0) {
            let reason = "`rate_limit.per_ms` is 0; it is the time in which so many requests are allowed";
            return Err(FaultFileError::Setting { file: file.to_owned(), reason: reason.to_owned() });
        }
        let virtual_time = self.virtual_time.as_deref().map(moment).transpose();
        let virtual_time =
            virtual_time.map_err(|reason| FaultFileError::Setting { file: file.to_owned(), reason })?;
        let rules = self.fault.into_iter().enumerate().map(|(index, entry)| {
            let number = index + 1;
            let planned_at = PlannedAt::File { file: file.to_owned(), number };
            entry.into_rule(planned_at).map_err(|reason| FaultFileError::Fault {
                file: file.to_owned(),
                number,
                reason,
            })
        });
        Ok(Faults {
            seed: self.seed,
            index_lag: self.index_lag_ms.map(Duration::from_millis),
            virtual_time,
            rate_limit: self.rate_limit.map(|limit| RateLimit {
                requests: limit.requests,
                per: Duration::from_millis(limit.per_ms),
            }),
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

/// A moment in milliseconds since 1970.
fn moment(text: &str) -> Result<i64, String> {
    if text == "now" {
        return Ok(Clock::of_the_machine().now_ms());
    }
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment.map(jiff::Timestamp::as_millisecond).map_err(|_| {
        format!("`virtual_time` is `{text}`; it is a moment such as `2026-01-01T00:00:00Z`, or `now`")
    })
}

#[cfg(test)]
mod tests {
    use cloudkit_core::ServerErrorCode;

    use super::super::{Fault, FaultRule, Latency};
    use super::*;

    fn read(text: &str) -> Result<Faults, FaultFileError> {
        Faults::read("f.toml", text, false)
    }

    /// The rules without the places where they were written.
    fn bare(mut faults: Faults) -> Faults {
        for rule in &mut faults.rules {
            rule.planned_at = PlannedAt::File { file: String::new(), number: 0 };
        }
        faults
    }

    #[test]
    fn a_file_says_what_code_can_say() {
        let ms = Duration::from_millis;
        let text = r#"
            seed = 42
            index_lag_ms = 3000
            virtual_time = "2026-01-01T00:00:00Z"
            rate_limit = { requests = 40, per_ms = 1000 }

            [[fault]]
            kind = "latency"
            median_ms = 60
            p99_ms = 900

            [[fault]]
            kind = "drop-after-commit"
            probability = 0.05
            endpoint = "records/modify"

            [[fault]]
            kind = "throttle"
            retry_after_ms = 30000
            during_ms = 30000

            [[fault]]
            kind = "status"
            code = "TRY_AGAIN_LATER"
            skip = 2
            times = 3

            [[fault]]
            kind = "truncated-body"
            next_page = true
            optional = true

            [[fault]]
            kind = "write-before"
            operations = '[]'
            always = true
        "#;
        let expected = Faults::seeded(42)
            .index_lag(ms(3000))
            .virtual_time_from(1_767_225_600_000)
            .rate_limit(40, ms(1000))
            .latency(Latency::LongTail { median: ms(60), p99: ms(900) })
            .rule(FaultRule::new(Fault::DropAfterCommit).at("records/modify").probability(0.05))
            .rule(FaultRule::new(Fault::throttled(ms(30_000))).during(ms(30_000)))
            .rule(
                FaultRule::new(Fault::Status { code: ServerErrorCode::TryAgainLater, retry_after: None })
                    .skip(2)
                    .times(3),
            )
            .rule(FaultRule::new(Fault::TruncatedBody { percent: 50 }).on_next_page().optional())
            .rule(FaultRule::new(Fault::WriteBefore { operations: "[]".to_owned() }).always());
        assert_eq!(bare(read(text).expect("a good file")), bare(expected));
    }

    #[test]
    fn json_says_what_toml_says() {
        let json = r#"{
            "seed": 42, "virtual_time": "2026-01-01T00:00:00Z", "rate_limit": { "requests": 40, "per_ms": 1000 },
            "fault": [
                { "kind": "latency", "median_ms": 60, "p99_ms": 900, "endpoint": "files/*" },
                { "kind": "empty-pages", "pages": 3, "probability": 0.5, "next_page": true }
            ]
        }"#;
        let toml = r#"
            seed = 42
            virtual_time = "2026-01-01T00:00:00Z"
            rate_limit = { requests = 40, per_ms = 1000 }
            fault = [
                { kind = "latency", median_ms = 60, p99_ms = 900, endpoint = "files/*" },
                { kind = "empty-pages", pages = 3, probability = 0.5, next_page = true },
            ]
        "#;
        let from_json = Faults::read("f.json", json, true).expect("a good file");
        assert_eq!(bare(from_json), bare(read(toml).expect("a good file")));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_told_so() {
        let fault = |text: &str| format!("[[fault]]\n{text}");
        for (text, expected) in [
            (fault("kind = \"fire\""), "fault 1: there is no kind `fire`"),
            (fault("kind = \"throttle\""), "fault 1: a `throttle` needs `retry_after_ms`"),
            (fault("kind = \"misdirected\"\npercent = 3"), "fault 1: a `misdirected` has no `percent`"),
            (fault("kind = \"misdirected\"\nprobability = 1.5"), "fault 1: `probability` is 1.5"),
            (fault("kind = \"misdirected\"\nalways = true\ntimes = 3"), "contradict"),
            (fault("kind = \"misdirected\"\ntimes = 0"), "fault 1: `times` is 0"),
            (fault("kind = \"status\"\ncode = \"OH_NO\""), "`OH_NO` is not a code of CloudKit"),
            (fault("kind = \"raw\"\nstatus = 99"), "`status` is 99"),
            (fault("kind = \"truncated-body\"\npercent = 101"), "`percent` is 101"),
            (fault("kind = \"write-before\"\noperations = \"{}\""), "`operations` is not a JSON array"),
            (fault("kind = \"latency\"\nfixed_ms = 3\nmean_ms = 4"), "only one of these"),
            (fault("kind = \"latency\"\nfrom_ms = 4\nto_ms = 3"), "only one of these"),
            ("rate_limit = { requests = 1, per_ms = 0 }".to_owned(), "`rate_limit.per_ms` is 0"),
            ("virtual_time = \"noon\"".to_owned(), "`virtual_time` is `noon`"),
            (fault("kind = \"empty-pages\"\npages = 127"), "`pages` is 127; it is from 1 to 126"),
        ] {
            let error = read(&text).expect_err(&text).to_string();
            assert!(error.contains(expected), "{text} gives {error}");
        }
        let Err(FaultFileError::Syntax { source, .. }) = read("seed = 1\nfautl = 2") else {
            panic!("an unknown member is accepted")
        };
        assert!(source.to_string().contains("fautl") && source.to_string().contains("line 2"), "{source}");
    }
}
