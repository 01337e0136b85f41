//! A rule as text, in the form in which files have it.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Fault, FaultRule, Latency};

/// The members of a rule, a line of TOML for each. Read back they give the same rule.
pub(crate) fn rule_as_text(rule: &FaultRule) -> String {
    let mut text = Members(String::new());
    text.text("kind", rule.fault.kind());
    fault(&mut text, &rule.fault);
    if let Some(endpoint) = &rule.endpoint {
        text.text("endpoint", endpoint);
    }
    if rule.next_page {
        text.plain("next_page", true);
    }
    if rule.skip > 0 {
        text.plain("skip", rule.skip);
    }
    if rule.probability < 1.0 {
        text.plain("probability", format!("{:?}", rule.probability));
    }
    if let Some(during) = rule.during {
        text.ms("during_ms", during);
    }
    let is_latency = matches!(rule.fault, Fault::Latency(_));
    // With a chance or a time a rule is for all requests by itself.
    let is_for_all = rule.probability < 1.0 || rule.during.is_some();
    match rule.times {
        // What a latency is by itself.
        None if is_latency && rule.optional => return text.0,
        None if !is_latency && is_for_all => {}
        None => text.plain("always", true),
        Some(1) if !is_latency && !is_for_all => {}
        Some(times) => text.plain("times", times),
    }
    if rule.optional {
        text.plain("optional", true);
    }
    text.0
}

fn fault(text: &mut Members, fault: &Fault) {
    match fault {
        Fault::Status { code, retry_after } => {
            text.text("code", code.as_str());
            if let Some(retry_after) = retry_after {
                text.ms("retry_after_ms", *retry_after);
            }
        }
        Fault::Raw { status, content_type, body } => {
            text.plain("status", status);
            text.text("content_type", content_type);
            text.text("body", &String::from_utf8_lossy(body));
        }
        Fault::TruncatedBody { percent } => text.plain("percent", percent),
        Fault::SlowBody { piece, pause } => {
            text.plain("piece", piece);
            text.ms("pause_ms", *pause);
        }
        Fault::WriteBefore { operations } => text.text("operations", operations),
        Fault::Latency(latency) => match latency {
            Latency::Fixed(fixed) => text.ms("fixed_ms", *fixed),
            Latency::Uniform { from, to } => {
                text.ms("from_ms", *from);
                text.ms("to_ms", *to);
            }
            Latency::Exponential { mean } => text.ms("mean_ms", *mean),
            Latency::LongTail { median, p99 } => {
                text.ms("median_ms", *median);
                text.ms("p99_ms", *p99);
            }
        },
        Fault::EmptyPages { pages } => text.plain("pages", pages),
        Fault::DropBeforeCommit
        | Fault::DropAfterCommit
        | Fault::Misdirected
        | Fault::ExpiredToken
        | Fault::ExpiredSyncTokens => {}
    }
}

struct Members(String);

impl Members {
    fn plain(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{name} = {value}");
    }

    fn ms(&mut self, name: &str, duration: Duration) {
        self.plain(name, duration.as_millis());
    }

    fn text(&mut self, name: &str, value: &str) {
        // What JSON escapes TOML escapes alike, and one character more.
        self.plain(name, serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloudkit_core::ServerErrorCode;

    use super::super::rule::PlannedAt;
    use super::super::{Faults, Latency};
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_rule_reads_back_from_its_text() {
        let latency = |latency| FaultRule::new(Fault::Latency(latency)).always().optional();
        let rules = [
            FaultRule::new(Fault::throttled(MS * 1500)).at("records/modify").skip(2).times(3),
            FaultRule::new(Fault::Status { code: ServerErrorCode::Throttled, retry_after: None }).optional(),
            FaultRule::new(Fault::DropAfterCommit).probability(0.05),
            FaultRule::new(Fault::DropBeforeCommit).probability(0.05).times(1),
            FaultRule::new(Fault::Misdirected).during(MS * 30_000).optional(),
            FaultRule::new(Fault::ExpiredToken).always(),
            FaultRule::new(Fault::ExpiredSyncTokens),
            FaultRule::new(Fault::EmptyPages { pages: 3 }).at("changes/*"),
            FaultRule::new(Fault::TruncatedBody { percent: 7 }).on_next_page(),
            FaultRule::new(Fault::SlowBody { piece: 3, pause: MS * 4 }),
            FaultRule::new(Fault::WriteBefore { operations: "[{\"a\":\"'\\n\u{7f}\"}]".to_owned() }),
            FaultRule::new(Fault::Raw {
                status: 502,
                content_type: "text/html".to_owned(),
                body: "<b>\"no\"\n'''</b>".into(),
            }),
            latency(Latency::Fixed(MS * 5)),
            latency(Latency::Uniform { from: MS, to: MS * 2 }).at("records/query"),
            latency(Latency::Exponential { mean: MS }),
            latency(Latency::LongTail { median: MS, p99: MS * 9 }),
            FaultRule::new(Fault::Latency(Latency::Fixed(MS))),
            FaultRule::new(Fault::Latency(Latency::Fixed(MS))).always(),
        ];
        for mut rule in rules {
            let text = format!("[[fault]]\n{}", rule_as_text(&rule));
            let read = Faults::read("f", &text, false).unwrap_or_else(|error| panic!("{text}: {error}"));
            rule.planned_at = PlannedAt::File { file: "f".to_owned(), number: 1 };
            assert_eq!(read.rules, [rule], "{text}");
        }
    }
}
