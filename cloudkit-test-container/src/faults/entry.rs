//! A fault as files and command lines write it: a kind and members.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;
use serde::Deserialize;

use super::rule::PlannedAt;
use super::{Fault, FaultRule, Latency};

/// The members of all kinds of fault. Which of them a kind takes is checked by [`Entry::fault`], so that an error can name
/// both.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
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
    pages: Option<u8>,
    operations: Option<String>,
    fixed_ms: Option<u64>,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    mean_ms: Option<u64>,
    median_ms: Option<u64>,
    p99_ms: Option<u64>,
}

impl Entry {
    pub(super) fn into_rule(mut self, planned_at: PlannedAt) -> Result<FaultRule, String> {
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
            "expired-sync-tokens" => Fault::ExpiredSyncTokens,
            "empty-pages" => {
                let pages = self.pages.take().ok_or_else(|| missing("pages"))?;
                if !(1..=126).contains(&pages) {
                    return Err(format!("`pages` is {pages}; it is from 1 to 126"));
                }
                Fault::EmptyPages { pages }
            }
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
                     drop-after-commit, raw, truncated-body, slow-body, misdirected, expired-token, \
                     expired-sync-tokens, empty-pages, write-before and latency"
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
