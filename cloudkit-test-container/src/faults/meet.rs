//! Which fault a request meets.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

use super::plan::RateLimit;
use super::{Endpoint, Fault, FaultRule, Faults, Service};
use crate::random::Random;

/// What is known of a request when it arrives, as far as rules ask for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) endpoint: Endpoint<'a>,
    /// Whether it asks for a further page.
    pub(crate) next_page: bool,
    /// Whether it carries a token that can expire.
    pub(crate) has_token: bool,
    pub(crate) has_sync_token: bool,
    /// Whether it asks for a page of a run of empty ones, or for the full one behind it.
    pub(crate) within_empty_pages: bool,
    /// By the container's clock, in milliseconds since 1970.
    pub(crate) now_ms: i64,
}

/// What becomes of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Met {
    pub(crate) delay: Duration,
    pub(crate) fault: Option<Fault>,
}

/// The plan of a container that runs: the rules that are not used up, in the order in which they were planned.
#[derive(Debug)]
pub(crate) struct Running {
    seed: u64,
    rules: Vec<Active>,
    next_id: u64,
    bucket: Option<Bucket>,
    /// The latest rules that are used up, for people to look at.
    used_up: VecDeque<Active>,
}

/// So many rules that are used up are remembered.
const USED_UP: usize = 100;

/// A rule of the plan, and what has become of it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) rule: FaultRule,
    /// How many requests have met it.
    pub(crate) met: u64,
    /// How many more have to.
    pub(crate) required: u64,
    /// Whether no request can meet it any more.
    pub(crate) over: bool,
}

#[derive(Debug)]
struct Active {
    /// The number of the rule, which no other rule of the container has: chance depends on it.
    id: u64,
    rule: FaultRule,
    ends_ms: Option<i64>,
    /// How many requests the rule was for, met or not.
    candidates: u64,
    met: u64,
}

impl Running {
    pub(crate) fn new(faults: Faults, seed: u64, now_ms: i64) -> Self {
        let mut running =
            Self { seed, rules: Vec::new(), next_id: 0, bucket: None, used_up: VecDeque::new() };
        running.plan_all(faults, now_ms);
        running
    }

    /// Adds the rules of a plan, and takes its limit of requests in place of another.
    pub(crate) fn plan_all(&mut self, faults: Faults, now_ms: i64) {
        if let Some(limit) = faults.rate_limit {
            self.bucket = Some(Bucket::full(limit, now_ms));
        }
        for rule in faults.rules {
            self.plan(rule, now_ms);
        }
    }

    pub(crate) fn plan(&mut self, rule: FaultRule, now_ms: i64) {
        let during = rule.during.map(|during| i64::try_from(during.as_millis()).unwrap_or(i64::MAX));
        let ends_ms = during.map(|during| now_ms.saturating_add(during));
        self.rules.push(Active { id: self.next_id, rule, ends_ms, candidates: 0, met: 0 });
        self.next_id += 1;
    }

    /// Whether no request can meet anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.rules.is_empty() && self.bucket.is_none()
    }

    /// Decides about a request.
    pub(crate) fn meet(&mut self, arrival: &Arrival<'_>) -> Met {
        let mut met = Met::default();
        for active in &mut self.rules {
            let is_latency = matches!(active.rule.fault, Fault::Latency(_));
            // A request has one fate, and what it has met is not met again by the rules after it.
            if (met.fault.is_some() && !is_latency) || !active.is_for(arrival) {
                continue;
            }
            active.candidates += 1;
            let mut random = Random::of(&[self.seed, active.id, active.candidates]);
            let passes = active.candidates <= active.rule.skip;
            if passes || (active.rule.probability < 1.0 && random.unit_interval() >= active.rule.probability)
            {
                continue;
            }
            active.met += 1;
            match &active.rule.fault {
                Fault::Latency(latency) => met.delay += latency.sample(&mut random),
                fault => met.fault = Some(fault.clone()),
            }
        }
        for active in self.rules.extract_if(.., |active| active.is_used_up()) {
            if self.used_up.len() == USED_UP {
                self.used_up.pop_front();
            }
            self.used_up.push_back(active);
        }
        if met.fault.is_none()
            && arrival.endpoint.service == Service::Web
            && let Some(bucket) = &mut self.bucket
        {
            met.fault = bucket.take(arrival.now_ms).map(Fault::throttled);
        }
        met
    }

    /// The faults that have to be met and were not.
    pub(crate) fn unmet(&self) -> Vec<Fault> {
        self.still_required().map(|active| active.rule.fault.clone()).collect()
    }

    /// A line for each rule that has to be met and was not; `None` if there is none.
    pub(crate) fn complaint(&self) -> Option<String> {
        let mut text = String::new();
        for Active { rule, met, .. } in self.still_required() {
            let endpoint = rule.endpoint.as_deref().map(|name| format!(" at `{name}`")).unwrap_or_default();
            let _ = write!(
                text,
                "\n  {}: `{}`{endpoint}, met {met} of {} times",
                rule.planned_at,
                rule.fault.kind(),
                rule.required()
            );
        }
        (!text.is_empty()).then(|| {
            format!("planned faults were met by no request; plan them as `optional` if that is fine:{text}")
        })
    }

    pub(crate) fn forget(&mut self) {
        self.rules.clear();
        self.used_up.clear();
    }

    /// What everything that is left to chance follows.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// The plan, in the order in which it was made, with the latest rules that are used up.
    pub(crate) fn planned(&self, now_ms: i64) -> Vec<Planned> {
        let mut all: Vec<&Active> = self.used_up.iter().chain(&self.rules).collect();
        all.sort_by_key(|active| active.id);
        let show = |active: &Active| Planned {
            rule: active.rule.clone(),
            met: active.met,
            required: active.rule.required().saturating_sub(active.met),
            over: active.is_used_up() || active.ends_ms.is_some_and(|ends_ms| now_ms >= ends_ms),
        };
        all.into_iter().map(show).collect()
    }

    fn still_required(&self) -> impl Iterator<Item = &Active> {
        self.rules.iter().filter(|active| active.met < active.rule.required())
    }
}

impl Active {
    fn is_for(&self, arrival: &Arrival<'_>) -> bool {
        let FaultRule { fault, endpoint, next_page, .. } = &self.rule;
        let can_happen = match fault {
            Fault::ExpiredToken => arrival.has_token,
            Fault::ExpiredSyncTokens => arrival.has_sync_token,
            Fault::EmptyPages { .. } => !arrival.within_empty_pages,
            _ => true,
        };
        arrival.endpoint.is_meant_by(endpoint.as_deref())
            && (!next_page || arrival.next_page)
            && can_happen
            && fault.can_happen_at(arrival.endpoint)
            && self.ends_ms.is_none_or(|ends_ms| arrival.now_ms < ends_ms)
            && !self.is_used_up()
    }

    fn is_used_up(&self) -> bool {
        self.rule.times.is_some_and(|times| self.met >= times)
    }
}

/// A bucket of requests that fills up again as time goes by.
#[derive(Debug)]
struct Bucket {
    /// The time in which one request comes in, in nanoseconds.
    interval: i128,
    /// The time in which the bucket becomes full, less one interval.
    tolerance: i128,
    /// When the bucket will be full, in nanoseconds since 1970.
    full_at: i128,
}

impl Bucket {
    fn full(limit: RateLimit, now_ms: i64) -> Self {
        let requests = i128::from(limit.requests);
        // A limit of no requests has no end; a day stands for it.
        let interval = nanoseconds(limit.per).checked_div(requests).unwrap_or(nanoseconds(DAY));
        let tolerance = interval * (requests - 1);
        Self { interval, tolerance, full_at: i128::from(now_ms) * NANOSECONDS_PER_MS }
    }

    /// Takes a request out, or says how long it is until there will be one.
    fn take(&mut self, now_ms: i64) -> Option<Duration> {
        let now = i128::from(now_ms) * NANOSECONDS_PER_MS;
        let wait = self.full_at.max(now) - self.tolerance - now;
        if wait <= 0 {
            self.full_at = self.full_at.max(now) + self.interval;
            return None;
        }
        // Whole milliseconds, rounded up: who obeys finds the request there.
        let wait_ms = (wait + NANOSECONDS_PER_MS - 1) / NANOSECONDS_PER_MS;
        Some(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(u64::MAX)))
    }
}

const DAY: Duration = Duration::from_secs(86_400);
const NANOSECONDS_PER_MS: i128 = 1_000_000;

fn nanoseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn arrival(endpoint: &str) -> Arrival<'_> {
        Arrival {
            endpoint: Endpoint { service: Service::Web, name: endpoint },
            next_page: false,
            has_token: false,
            has_sync_token: false,
            within_empty_pages: false,
            now_ms: 0,
        }
    }

    fn running(faults: Faults) -> Running {
        Running::new(faults, 7, 0)
    }

    /// Which of so many requests to one endpoint meet a fault.
    fn hits(running: &mut Running, requests: usize) -> Vec<usize> {
        (0..requests).filter(|_| running.meet(&arrival("records/query")).fault.is_some()).collect()
    }

    #[test]
    fn a_rule_skips_and_counts() {
        let rule = FaultRule::new(Fault::Misdirected).at("records/query").skip(2).times(3);
        let mut running = running(Faults::new().rule(rule));
        assert_eq!(running.meet(&arrival("records/modify")), Met::default());
        assert_eq!(hits(&mut running, 10), [2, 3, 4]);
        assert_eq!(running.complaint(), None);
    }

    #[test]
    fn chance_follows_the_seed_and_nothing_else() {
        let faults = Faults::new().drop_after_commit(0.3).drop_before_commit(0.3);
        let first = hits(&mut running(faults.clone()), 1000);
        assert_eq!(first, hits(&mut running(faults.clone()), 1000));
        assert_ne!(first, hits(&mut Running::new(faults, 8, 0), 1000));
        // 0.3 + 0.7 * 0.3 of a thousand, with four standard deviations of room.
        assert!((450..570).contains(&first.len()), "{}", first.len());
    }

    #[test]
    fn a_request_meets_one_fault_and_all_latencies() {
        let latency = |ms| Fault::Latency(super::super::Latency::Fixed(MS * ms));
        let mut running = running(
            Faults::new()
                .rule(latency(1))
                .rule(Fault::Misdirected)
                .rule(Fault::DropAfterCommit)
                .rule(latency(2)),
        );
        let met = running.meet(&arrival("records/query"));
        assert_eq!(met, Met { delay: MS * 3, fault: Some(Fault::Misdirected) });
        assert_eq!(running.unmet(), [Fault::DropAfterCommit]);
        let met = running.meet(&arrival("records/query"));
        assert_eq!(met, Met { delay: Duration::ZERO, fault: Some(Fault::DropAfterCommit) });
    }

    #[test]
    fn a_rule_ends_with_its_time() {
        let mut running = running(Faults::new().rule(FaultRule::new(Fault::Misdirected).during(MS * 30)));
        let at = |now_ms| Arrival { now_ms, ..arrival("records/query") };
        assert!(running.meet(&at(0)).fault.is_some() && running.meet(&at(29)).fault.is_some());
        assert!(running.meet(&at(30)).fault.is_none());
    }

    #[test]
    fn conditions_on_the_request_are_kept() {
        let rule = FaultRule::new(Fault::ExpiredToken).on_next_page();
        let mut running = running(Faults::new().rule(rule));
        let plain = arrival("records/query");
        for (next_page, has_token) in [(false, true), (true, false)] {
            let arrival = Arrival { next_page, has_token, ..plain };
            assert_eq!(running.meet(&arrival).fault, None);
        }
        let arrival = Arrival { next_page: true, has_token: true, ..plain };
        assert_eq!(running.meet(&arrival).fault, Some(Fault::ExpiredToken));
    }

    #[test]
    fn what_stays_unmet_is_told_with_its_line() {
        let running = running(
            Faults::new()
                .rule(FaultRule::new(Fault::Misdirected).at("records/modify").times(2))
                .rule(FaultRule::new(Fault::DropAfterCommit).optional())
                .truncate(0.5),
        );
        let line = line!() - 4;
        let complaint = running.complaint().expect("one rule is unmet");
        let expected = format!("meet.rs:{line}:");
        assert!(complaint.contains(&expected), "{complaint}");
        assert!(complaint.ends_with("`misdirected` at `records/modify`, met 0 of 2 times"), "{complaint}");
        assert_eq!(running.unmet(), [Fault::Misdirected]);
    }

    #[test]
    fn a_rate_limit_says_exactly_when_the_next_request_may_come() {
        let mut running = running(Faults::new().rate_limit(2, MS * 1000));
        let at = |now_ms| Arrival { now_ms, ..arrival("records/query") };
        assert_eq!(running.meet(&at(0)).fault, None);
        assert_eq!(running.meet(&at(0)).fault, None);
        assert_eq!(running.meet(&at(0)).fault, Some(Fault::throttled(MS * 500)));
        assert_eq!(running.meet(&at(499)).fault, Some(Fault::throttled(MS)));
        assert_eq!(running.meet(&at(500)).fault, None);
        assert_eq!(running.meet(&at(500)).fault, Some(Fault::throttled(MS * 500)));
        // Hours of rest save up two requests, not more.
        assert_eq!(hits_at(&mut running, 9_000_000, 5), 3);
    }

    #[test]
    fn a_limit_of_nothing_lets_nothing_pass() {
        let mut running = running(Faults::new().rate_limit(0, MS * 1000));
        assert_eq!(hits_at(&mut running, 0, 3), 3);
        assert_eq!(hits_at(&mut running, 3_600_000, 3), 3);
    }

    fn hits_at(running: &mut Running, now_ms: i64, requests: usize) -> usize {
        let at = Arrival { now_ms, ..arrival("records/query") };
        (0..requests).filter(|_| running.meet(&at).fault.is_some()).count()
    }
}
