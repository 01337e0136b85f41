//! Plans of faults in files, as TOML or JSON.

use std::path::Path;
use std::time::Duration;

use cloudkit_core::ServerErrorCode;
use serde::Deserialize;

use super::plan::RateLimit;
use super::rule::PlannedAt;
use super::{Fault, FaultRule, Faults, Latency};

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
    /// The members of the plan are `seed`, `index_lag_ms`, `rate_limit = { requests, per_ms }` and a list of `fault`. Each
    /// fault has a `kind`:
    ///
    /// | `kind` | its own members |
    /// |---|---|
    /// | `status` | `code`, such as `"TRY_AGAIN_LATER"`; `retry_after_ms` |
    /// | `throttle` | `retry_after_ms` |
    /// | `drop-before-commit`, `drop-after-commit` | |
    /// | `raw` | `status`, `content_type`, `body` as text |
    /// | `truncated-body` | `percent`, 50 if left out |
    /// | `slow-body` | `piece` in bytes, `pause_ms` |
    /// | `misdirected`, `expired-token` | |
    /// | `write-before` | `operations`: JSON as text |
    /// | `latency` | `fixed_ms`; `from_ms` and `to_ms`; `mean_ms`; or `median_ms` and `p99_ms` |
    ///
    /// and may have the conditions of [`FaultRule`]: `endpoint`, `next_page`, `skip`, `times`, `probability`, `during_ms`,
    /// `always`, `optional`. A latency is for all requests unless a condition says otherwise, every other fault for one.
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
    #[serde(default)]
    fault: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    requests: u32,
    per_ms: u64,
}

/// The members of all kinds of fault. Which of them a kind takes is checked by [`Entry::fault`], so that an error can name
/// both.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: String,

    endpoint: Option<String>,
    #[serde(default)]
    next_page: bool,
    skip: Option<u64>,
    times: Option<u64>,
    probability: Option<f64>,
    during_ms: Option<u64>,
    #[serde(default)]
    always: bool,
    #[serde(default)]
    optional: bool,

    code: Option<String>,
    retry_after_ms: Option<u64>,
    status: Option<u16>,
    content_type: Option<String>,
    body: Option<String>,
    percent: Option<u8>,
    piece: Option<usize>,
    pause_ms: Option<u64>,
    operations: Option<String>,
    fixed_ms: Option<u64>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    mean_ms: Option<u64>,
    median_ms: Option<u64>,
    p99_ms: Option<u64>,
}

impl File {
    fn into_faults(self, file: &str) -> Result<Faults, FaultFileError> {
        if self.rate_limit.as_ref().is_some_and(|limit| limit.per_ms == 0) {
            let reason = "`rate_limit.per_ms` is 0; it is the time in which so many requests are allowed";
            return Err(FaultFileError::Setting { file: file.to_owned(), reason: reason.to_owned() });
        }
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
            rate_limit: self.rate_limit.map(|limit| RateLimit {
                requests: limit.requests,
                per: Duration::from_millis(limit.per_ms),
            }),
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

impl Entry {
    fn into_rule(mut self, planned_at: PlannedAt) -> Result<FaultRule, String> {
        let fault = self.fault()?;
        self.refuse_leftovers()?;
        let mut rule = FaultRule::planned(fault, planned_at);
        rule.endpoint = self.endpoint;
        rule.next_page = self.next_page;
        rule.skip = self.skip.unwrap_or(0);
        rule.optional = self.optional;
        if let Some(probability) = self.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err(format!("`probability` is {probability}; it is from 0 to 1"));
            }
            rule = rule.probability(probability);
        }
        if let Some(during_ms) = self.during_ms {
            rule = rule.during(Duration::from_millis(during_ms));
        }
        let is_latency = matches!(rule.fault, Fault::Latency(_));
        match (self.always, self.times) {
            (true, Some(_)) => return Err("`always` and `times` contradict each other".to_owned()),
            (false, Some(0)) => return Err("`times` is 0; leave the fault out instead".to_owned()),
            (false, Some(times)) => rule.times = Some(times),
            (true, None) => rule.times = None,
            (false, None) if is_latency => {
                rule.times = None;
                rule.optional = true;
            }
            (false, None) => {}
        }
        Ok(rule)
    }

    /// The fault; takes out the members that belong to its kind.
    fn fault(&mut self) -> Result<Fault, String> {
        let kind = self.kind.clone();
        let missing = |member: &str| format!("a `{kind}` needs `{member}`");
        let ms = |value: Option<u64>| value.map(Duration::from_millis);
        Ok(match kind.as_str() {
            "status" => {
                let code = self.code.take().ok_or_else(|| missing("code"))?;
                let code = ServerErrorCode::from(code.as_str());
                if code.http_status().is_none() {
                    return Err(format!(
                        "`{}` is not a code of CloudKit, such as `TRY_AGAIN_LATER`",
                        code.as_str()
                    ));
                }
                Fault::Status { code, retry_after: ms(self.retry_after_ms.take()) }
            }
            "throttle" => {
                Fault::throttled(ms(self.retry_after_ms.take()).ok_or_else(|| missing("retry_after_ms"))?)
            }
            "drop-before-commit" => Fault::DropBeforeCommit,
            "drop-after-commit" => Fault::DropAfterCommit,
            "raw" => {
                let status = self.status.take().ok_or_else(|| missing("status"))?;
                if !(200..=599).contains(&status) {
                    return Err(format!("`status` is {status}; the status of a reply is from 200 to 599"));
                }
                Fault::Raw {
                    status,
                    content_type: self.content_type.take().unwrap_or_else(|| "text/html".to_owned()),
                    body: self.body.take().unwrap_or_default().into_bytes(),
                }
            }
            "truncated-body" => {
                let percent = self.percent.take().unwrap_or(50);
                if percent > 100 {
                    return Err(format!("`percent` is {percent}; it is from 0 to 100"));
                }
                Fault::TruncatedBody { percent }
            }
            "slow-body" => Fault::SlowBody {
                piece: self.piece.take().ok_or_else(|| missing("piece"))?,
                pause: ms(self.pause_ms.take()).ok_or_else(|| missing("pause_ms"))?,
            },
            "misdirected" => Fault::Misdirected,
            "expired-token" => Fault::ExpiredToken,
            "write-before" => {
                let operations = self.operations.take().ok_or_else(|| missing("operations"))?;
                serde_json::from_str::<Vec<serde_json::Value>>(&operations)
                    .map_err(|error| format!("`operations` is not a JSON array: {error}"))?;
                Fault::WriteBefore { operations }
            }
            "latency" => Fault::Latency(self.latency()?),
            _ => {
                return Err(format!(
                    "there is no kind `{kind}`; the kinds are status, throttle, drop-before-commit, \
                     drop-after-commit, raw, truncated-body, slow-body, misdirected, expired-token, write-before and \
                     latency"
                ));
            }
        })
    }

    fn latency(&mut self) -> Result<Latency, String> {
        let mut ms = |value: fn(&mut Self) -> &mut Option<u64>| value(self).take().map(Duration::from_millis);
        let fixed = ms(|entry| &mut entry.fixed_ms);
        let range = (ms(|entry| &mut entry.from_ms), ms(|entry| &mut entry.to_ms));
        let mean = ms(|entry| &mut entry.mean_ms);
        let tail = (ms(|entry| &mut entry.median_ms), ms(|entry| &mut entry.p99_ms));
        match (fixed, range, mean, tail) {
            (Some(fixed), (None, None), None, (None, None)) => Ok(Latency::Fixed(fixed)),
            (None, (Some(from), Some(to)), None, (None, None)) if from <= to => Ok(Latency::Uniform { from, to }),
            (None, (None, None), Some(mean), (None, None)) => Ok(Latency::Exponential { mean }),
            (None, (None, None), None, (Some(median), Some(p99))) if median <= p99 && !median.is_zero() => {
                Ok(Latency::LongTail { median, p99 })
            }
            _ => Err("a `latency` needs `fixed_ms`, or `from_ms` up to `to_ms`, or `mean_ms`, or `median_ms` above 0 up \
                      to `p99_ms`, and only one of these"
                .to_owned()),
        }
    }

    /// Members that are left belong to another kind.
    fn refuse_leftovers(&self) -> Result<(), String> {
        let given = [
            ("code", self.code.is_some()),
            ("retry_after_ms", self.retry_after_ms.is_some()),
            ("status", self.status.is_some()),
            ("content_type", self.content_type.is_some()),
            ("body", self.body.is_some()),
            ("percent", self.percent.is_some()),
            ("piece", self.piece.is_some()),
            ("pause_ms", self.pause_ms.is_some()),
            ("operations", self.operations.is_some()),
            ("fixed_ms", self.fixed_ms.is_some()),
            ("from_ms", self.from_ms.is_some()),
            ("to_ms", self.to_ms.is_some()),
            ("mean_ms", self.mean_ms.is_some()),
            ("median_ms", self.median_ms.is_some()),
            ("p99_ms", self.p99_ms.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((member, _)) => Err(format!("a `{}` has no `{member}`", self.kind)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
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
