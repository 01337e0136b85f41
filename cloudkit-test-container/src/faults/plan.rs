//! A plan of several rules.

use std::time::Duration;

use cloudkit_core::ServerErrorCode;

use super::{Endpoint, Fault, FaultRule, Latency};

/// A plan of what goes wrong, for [`TestContainerBuilder::faults`](crate::TestContainerBuilder::faults).
///
/// A request meets the first rule of the plan that is for it; latencies add up and come on top.
///
/// ```
/// use cloudkit_core::ServerErrorCode;
/// use cloudkit_test_container::{Fault, FaultRule, Faults, Latency};
/// use std::time::Duration;
///
/// let faults = Faults::seeded(42)
///     .latency(Latency::LongTail { median: Duration::from_millis(60), p99: Duration::from_millis(900) })
///     .rate_limit(40, Duration::from_secs(1))
///     .drop_after_commit(0.05)
///     .status(0.01, ServerErrorCode::InternalError)
///     .rule(FaultRule::new(Fault::TruncatedBody { percent: 50 }).at("records/query").on_next_page());
/// # let _ = faults;
/// ```
///
/// The same plan as a file, which [`from_file`](Self::from_file) reads:
///
/// ```toml
/// seed = 42
/// rate_limit = { requests = 40, per_ms = 1000 }
///
/// [[fault]]
/// kind = "latency"
/// median_ms = 60
/// p99_ms = 900
///
/// [[fault]]
/// kind = "drop-after-commit"
/// probability = 0.05
///
/// [[fault]]
/// kind = "status"
/// code = "INTERNAL_ERROR"
/// probability = 0.01
///
/// [[fault]]
/// kind = "truncated-body"
/// percent = 50
/// endpoint = "records/query"
/// next_page = true
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "a plan does nothing until a container has it"]
pub struct Faults {
    pub(crate) seed: Option<u64>,
    pub(crate) index_lag: Option<Duration>,
    /// Where virtual time starts, in milliseconds since 1970.
    pub(crate) virtual_time: Option<i64>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) rules: Vec<FaultRule>,
}

/// At most so many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateLimit {
    pub(super) requests: u32,
    pub(super) per: Duration,
}

impl Faults {
    /// A plan without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// A plan without faults, whose container follows this seed unless it is given another one.
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::default() }
    }

    /// Adds a fault or a rule.
    #[track_caller]
    pub fn rule(mut self, rule: impl Into<FaultRule>) -> Self {
        self.rules.push(rule.into());
        self
    }

    /// Refuses requests beyond so many in so much time with `THROTTLED`; `retryAfter` is when the next one may come. An
    /// idle container saves up as many requests as it allows in that time, and no more.
    pub const fn rate_limit(mut self, requests: u32, per: Duration) -> Self {
        self.rate_limit = Some(RateLimit { requests, per });
        self
    }

    /// Lets queries see a write only after so much time of the container's clock.
    pub const fn index_lag(mut self, index_lag: Duration) -> Self {
        self.index_lag = Some(index_lag);
        self
    }

    /// Lets the container's clock stand at this moment until somebody moves it, in milliseconds since 1970 in UTC: see
    /// [`TestContainerBuilder::virtual_time_from`](crate::TestContainerBuilder::virtual_time_from).
    pub const fn virtual_time_from(mut self, start_ms: i64) -> Self {
        self.virtual_time = Some(start_ms);
        self
    }

    /// Delays all requests to the web services.
    #[track_caller]
    pub fn latency(self, latency: Latency) -> Self {
        self.rule(FaultRule::new(Fault::Latency(latency)).always().optional())
    }

    /// Refuses requests with this probability with `THROTTLED` and a `retryAfter`.
    #[track_caller]
    pub fn throttle(self, probability: f64, retry_after: Duration) -> Self {
        self.rule(FaultRule::new(Fault::throttled(retry_after)).probability(probability))
    }

    /// Refuses requests with this probability with a code, such as `INTERNAL_ERROR`.
    #[track_caller]
    pub fn status(self, probability: f64, code: ServerErrorCode) -> Self {
        self.rule(FaultRule::new(Fault::Status { code, retry_after: None }).probability(probability))
    }

    /// Closes connections with this probability before a request has taken effect.
    #[track_caller]
    pub fn drop_before_commit(self, probability: f64) -> Self {
        self.rule(FaultRule::new(Fault::DropBeforeCommit).probability(probability))
    }

    /// Closes connections with this probability after a request has taken effect.
    #[track_caller]
    pub fn drop_after_commit(self, probability: f64) -> Self {
        self.rule(FaultRule::new(Fault::DropAfterCommit).probability(probability))
    }

    /// Puts so many empty pages with this probability before a page of a change feed.
    #[track_caller]
    pub fn empty_pages(self, probability: f64, pages: u8) -> Self {
        self.rule(FaultRule::new(Fault::EmptyPages { pages }).probability(probability))
    }

    /// Closes connections with this probability in the middle of the reply.
    #[track_caller]
    pub fn truncate(self, probability: f64) -> Self {
        self.rule(FaultRule::new(Fault::TruncatedBody { percent: 50 }).probability(probability))
    }

    /// Checks that there are endpoints at which the rules can be met.
    pub(crate) fn check_endpoints(&self, known: &[Endpoint<'_>]) -> Result<(), String> {
        self.rules.iter().try_for_each(|rule| rule.check_endpoint(known))
    }
}
