//! Running a case: its requests one after another, what came back beside what was expected, and cleaning up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::case::{Body, Case, Place, Step, Who, post};
use super::pattern;
use super::report::{CaseReport, Difference, Observed, Verdict};
use super::service::{Answer, Service};

/// How often a query is repeated on the live service, whose indexes lag behind.
const MOST_QUERIES: u32 = 8;

/// Runs cases against a service.
pub(super) struct Runner<'a> {
    pub(super) service: &'a Service,
    /// A text that this run alone has.
    pub(super) run: String,
    /// Whether indexes may lag behind.
    pub(super) is_live: bool,
}

/// What a case has saved and not deleted.
#[derive(Debug, Default)]
struct Saved {
    records: BTreeSet<(Who, &'static str, Option<String>, String)>,
    zones: BTreeSet<(Who, String)>,
    subscriptions: BTreeSet<(Who, &'static str, String)>,
}

/// Values that stand for others in the texts of a case.
struct Names {
    prefix: String,
    kept: BTreeMap<&'static str, Value>,
}

impl Names {
    /// The value with the names and the kept values in their places.
    fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                if let Some(rest) = text.strip_prefix('~') {
                    return format!("{}{rest}", self.prefix).into();
                }
                let Some(name) = text.strip_prefix('$') else { return value.clone() };
                let (name, length) = match name.split_once(':') {
                    Some((name, length)) => (name, length.parse().ok()),
                    None => (name, None),
                };
                match (self.kept.get(name), length) {
                    (Some(Value::String(kept)), Some(length)) => {
                        kept.chars().take(length).collect::<String>().into()
                    }
                    (kept, _) => kept.unwrap_or(value).clone(),
                }
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect()
            }
            other => other.clone(),
        }
    }
}

impl Runner<'_> {
    /// Runs a case, deletes what it has saved, and reports.
    pub(super) async fn run(&self, case: &Case) -> CaseReport {
        if let Some(reason) = self.why_not(case) {
            return CaseReport::new(case, Verdict::Skipped).because(reason);
        }
        let mut saved = Saved::default();
        let mut report = self.steps(case, &mut saved).await;
        report.left_over = self.clean_up(saved).await;
        report
    }

    /// Why a case cannot be run.
    fn why_not(&self, case: &Case) -> Option<&'static str> {
        let lacks = |who| case.needs(who).then(|| self.service.lacks(who)).flatten();
        let lacks_key = case.needs_revoked_key() && self.service.revoked_key_id.is_none();
        [Who::ApiToken, Who::User, Who::UserAtFirst, Who::OtherUser]
            .into_iter()
            .find_map(lacks)
            .or(lacks_key.then_some("there is no ID of a revoked key (CLOUDKIT_REVOKED_KEY_ID)"))
            .or(case.not_live.filter(|_| self.is_live))
    }

    async fn steps(&self, case: &Case, saved: &mut Saved) -> CaseReport {
        let mut names = Names { prefix: format!("ckc-{}-{}", self.run, case.id), kept: BTreeMap::new() };
        let mut report = CaseReport::new(case, Verdict::Same);
        for step in &case.steps {
            let answer = match self.ask(step, &names).await {
                Ok(answer) => answer,
                Err(error) => {
                    // It may have been done, although the answer did not come.
                    if let Body::Json(sent) = &step.body {
                        saved.note_lost(step, &names.fill(sent));
                    }
                    report.verdict = Verdict::Unanswered;
                    return report.because(&format!("{}: {error}", request(step)));
                }
            };
            saved.note(step, &answer);
            match judge(step, &answer, &names) {
                Judgement::Fits(None) => {}
                Judgement::Fits(Some((reading, as_container))) => {
                    report.verdict = Verdict::Observed;
                    report.observed.push(Observed {
                        request: request(step),
                        reading: reading.to_owned(),
                        as_container,
                        answer: self.service.redact(&summary(&answer)),
                    });
                }
                Judgement::NotPrepared => {
                    report.verdict = Verdict::Unanswered;
                    let answer = self.service.redact(&summary(&answer));
                    return report
                        .because(&format!("{} is needed first, and was answered {answer}", request(step)));
                }
                Judgement::Differs(why) => {
                    report.verdict = Verdict::Difference;
                    report.difference = Some(Difference {
                        request: request(step),
                        expected: expectation(step),
                        observed: self.service.redact(&format!("{}; {why}", summary(&answer))),
                    });
                    return report;
                }
            }
            for (name, pointer) in &step.kept {
                names.kept.insert(name, answer.body.pointer(pointer).cloned().unwrap_or_default());
            }
        }
        report
    }

    /// Asks. A query whose index may lag behind is repeated for a while.
    async fn ask(&self, step: &Step, names: &Names) -> Result<Answer, String> {
        let body = match &step.body {
            Body::None => Vec::new(),
            Body::Raw(text) => text.as_bytes().to_vec(),
            Body::Bytes(length) => vec![b'b'; *length],
            Body::Json(body) => names.fill(body).to_string().into_bytes(),
        };
        let address = match step.place {
            Place::Kept(name) | Place::Unfilled(name) => {
                let kept = names.kept.get(name).and_then(Value::as_str);
                let name = if step.place == Place::Kept(name) { "file" } else { "%24%7Bf%7D" };
                // Downloads leave the name of the file to who fetches it.
                Some(kept.ok_or("the answer before it has no address")?.replace("${f}", name))
            }
            _ => None,
        };
        let may_lag = self.is_live && step.path.ends_with("records/query");
        for attempt in 1.. {
            let answer = self.service.send(step, body.clone(), address.as_deref()).await?;
            let is_late = may_lag
                && answer.status == 200
                && matches!(judge(step, &answer, names), Judgement::Differs(_))
                && attempt < MOST_QUERIES;
            if !is_late {
                return Ok(answer);
            }
            self.service.clock.sleep(Duration::from_secs(1)).await;
        }
        Err("it was asked too often".to_owned())
    }

    /// Deletes what was saved, and says what could not be deleted.
    async fn clean_up(&self, saved: Saved) -> Vec<String> {
        let mut left_over = Vec::new();
        for (who, database, id) in saved.subscriptions {
            let body = json!({ "operations": [
                { "operationType": "delete", "subscription": { "subscriptionID": id } }
            ] });
            self.delete(who, database, "subscriptions/modify", body, &id, &mut left_over).await;
        }
        // What is in a zone goes with it.
        for (who, zone) in &saved.zones {
            let body = json!({ "operations": [
                { "operationType": "delete", "zone": { "zoneID": { "zoneName": zone } } }
            ] });
            self.delete(*who, "private", "zones/modify", body, zone, &mut left_over).await;
        }
        let mut places: BTreeMap<(Who, &'static str), Vec<String>> = BTreeMap::new();
        for (who, database, zone, name) in saved.records {
            if zone.is_none() {
                places.entry((who, database)).or_default().push(name);
            }
        }
        for ((who, database), names) in places {
            for batch in names.chunks(200) {
                let operations: Vec<Value> = batch
                    .iter()
                    .map(|name| json!({ "operationType": "forceDelete", "record": { "recordName": name } }))
                    .collect();
                let body = json!({ "operations": operations });
                let what = batch.join(", ");
                self.delete(who, database, "records/modify", body, &what, &mut left_over).await;
            }
        }
        left_over
    }

    async fn delete(
        &self,
        who: Who,
        database: &'static str,
        action: &'static str,
        body: Value,
        what: &str,
        left_over: &mut Vec<String>,
    ) {
        let path = match (database, action) {
            ("public", "records/modify") => "public/records/modify",
            ("public", "subscriptions/modify") => "public/subscriptions/modify",
            (_, "records/modify") => "private/records/modify",
            ("shared", "subscriptions/modify") => "shared/subscriptions/modify",
            (_, "subscriptions/modify") => "private/subscriptions/modify",
            _ => "private/zones/modify",
        };
        let step = post(who, path, body.clone());
        match self.service.send(&step, body.to_string().into_bytes(), None).await {
            // One that is gone already is as good.
            Ok(answer)
                if answer.status == 200
                    && items(&answer).all(|item| code(item).is_none_or(|code| code == "NOT_FOUND")) => {}
            Ok(answer) => {
                left_over.push(format!("{database} {what}: {}", self.service.redact(&summary(&answer))))
            }
            Err(error) => left_over.push(format!("{database} {what}: {error}")),
        }
    }
}

impl Saved {
    /// Notes what may have been saved by a request whose answer was lost.
    fn note_lost(&mut self, step: &Step, sent: &Value) {
        let parts = |operation: &Value| {
            ["record", "zone", "subscription"].iter().find_map(|part| operation.get(part).cloned())
        };
        let items: Vec<Value> =
            sent["operations"].as_array().into_iter().flatten().filter_map(parts).collect();
        let body = json!({ "records": items });
        self.note(step, &Answer { status: 200, headers: http::HeaderMap::new(), body });
    }

    /// Notes what an answer says was saved or deleted.
    fn note(&mut self, step: &Step, answer: &Answer) {
        let Body::Json(sent) = &step.body else { return };
        let Some((database, action)) = step.path.split_once('/') else { return };
        for item in items(answer).filter(|item| code(item).is_none()) {
            let is_gone = item["deleted"] == true;
            match action {
                "records/modify" => {
                    let Some(name) = item["recordName"].as_str() else { continue };
                    let zone = item["zoneID"]["zoneName"].as_str().or(sent["zoneID"]["zoneName"].as_str());
                    let zone = zone.filter(|zone| *zone != "_defaultZone").map(str::to_owned);
                    let record = (step.who, database, zone, name.to_owned());
                    if is_gone {
                        self.records.remove(&record)
                    } else {
                        self.records.insert(record)
                    };
                }
                "zones/modify" => {
                    let Some(name) = item["zoneID"]["zoneName"].as_str() else { continue };
                    let zone = (step.who, name.to_owned());
                    if is_gone {
                        self.zones.remove(&zone)
                    } else {
                        self.zones.insert(zone)
                    };
                }
                "subscriptions/modify" => {
                    let Some(id) = item["subscriptionID"].as_str() else { continue };
                    let subscription = (step.who, database, id.to_owned());
                    if is_gone {
                        self.subscriptions.remove(&subscription)
                    } else {
                        self.subscriptions.insert(subscription)
                    };
                }
                _ => {}
            }
        }
    }
}

enum Judgement<'a> {
    /// As expected; where there are readings, with the one that was observed and whether it is the container's.
    Fits(Option<(&'a str, bool)>),
    NotPrepared,
    Differs(String),
}

fn judge<'a>(step: &'a Step, answer: &Answer, names: &Names) -> Judgement<'a> {
    if let Some(name) = step.header
        && !answer.headers.contains_key(name)
    {
        return Judgement::Differs(format!("without the header {name}"));
    }
    if step.readings.is_empty() {
        let is_good = answer.status == 200 && items(answer).all(|item| code(item).is_none());
        return if is_good { Judgement::Fits(None) } else { Judgement::NotPrepared };
    }
    let mut first = None;
    for (at, reading) in step.readings.iter().enumerate() {
        let why = if reading.status == answer.status {
            pattern::difference(&answer.body, &names.fill(&reading.body))
        } else {
            Some(format!("the status is {}", answer.status))
        };
        match why {
            None => return Judgement::Fits(reading.meaning.map(|meaning| (meaning, at == 0))),
            Some(why) => first = first.or(Some(why)),
        }
    }
    Judgement::Differs(first.unwrap_or_default())
}

/// The items of an answer, whatever they are.
fn items(answer: &Answer) -> impl Iterator<Item = &Value> {
    ["records", "zones", "subscriptions", "tokens"]
        .into_iter()
        .filter_map(|name| answer.body[name].as_array())
        .flatten()
}

fn code(item: &Value) -> Option<&str> {
    item["serverErrorCode"].as_str()
}

/// A request without its container, its tokens and its body.
pub(super) fn request(step: &Step) -> String {
    if let Place::Kept(_) | Place::Unfilled(_) = step.place {
        return format!("{} to {}", step.method, step.path);
    }
    let query = step.query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{} {}{query}", step.method, step.path)
}

/// What is expected of an answer, in words that a pattern uses.
pub(super) fn expectation(step: &Step) -> String {
    let mut texts: Vec<String> = step
        .readings
        .iter()
        .map(|reading| {
            let body: String = reading.body.to_string().chars().take(600).collect();
            format!("{} {body}", reading.status)
        })
        .collect();
    texts.extend(step.header.map(|name| format!("the header {name}")));
    texts.join(", or ")
}

/// An answer in a few words: its status, and the code and reason of the first error in it.
fn summary(answer: &Answer) -> String {
    let error = std::iter::once(&answer.body).chain(items(answer)).find(|item| code(item).is_some());
    let mut text = answer.status.to_string();
    if let Some(error) = error {
        let reason = error["reason"].as_str().unwrap_or_default();
        text += &format!(" {} {reason}", code(error).unwrap_or_default());
    }
    text.trim_end().chars().take(300).collect()
}
