//! Which requests meet a fault.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::{Endpoint, Fault};

/// A fault and the requests that meet it.
///
/// Without more it is for one request, the next to any endpoint:
///
/// ```
/// use cloudkit_test_container::{Fault, FaultRule};
/// use std::time::Duration;
///
/// // The third request to `records/modify` and the two after it are throttled.
/// let rule = FaultRule::new(Fault::throttled(Duration::from_secs(2))).at("records/modify").skip(2).times(3);
/// # let _ = rule;
/// ```
///
/// A rule that [leaves it to chance](Self::probability) may stay unmet. Every other rule is a promise that the requests
/// come: a container that is dropped while one has not been met as often as it says panics, and names the line of
/// [`new`](Self::new). Say [`optional`](Self::optional) where that is not meant.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a rule does nothing until it is planned"]
pub struct FaultRule {
    pub(super) fault: Fault,
    pub(super) endpoint: Option<String>,
    pub(super) next_page: bool,
    pub(super) skip: u64,
    pub(super) times: Option<u64>,
    pub(super) probability: f64,
    pub(super) during: Option<Duration>,
    pub(super) optional: bool,
    pub(super) planned_at: PlannedAt,
}

/// Where a rule was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlannedAt {
    Code(&'static Location<'static>),
    File {
        file: String,
        number: usize,
    },
    /// A rule in one line of text, which is this.
    Text(String),
}

impl fmt::Display for PlannedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(location) => write!(f, "{location}"),
            Self::File { file, number } => write!(f, "{file}, fault {number}"),
            Self::Text(text) => write!(f, "`{text}`"),
        }
    }
}

impl FaultRule {
    /// The fault, for the next request.
    #[track_caller]
    pub const fn new(fault: Fault) -> Self {
        Self::planned(fault, PlannedAt::Code(Location::caller()))
    }

    pub(super) const fn planned(fault: Fault, planned_at: PlannedAt) -> Self {
        Self {
            fault,
            endpoint: None,
            next_page: false,
            skip: 0,
            times: Some(1),
            probability: 1.0,
            during: None,
            optional: false,
            planned_at,
        }
    }

    /// Only for requests to this endpoint: `records/modify` or any other of the web services; `files/upload` and
    /// `files/download` for the addresses of files; `webcourier` for the long poll; or an operation of the management API
    /// under the name that Apple's JavaScript has for it, such as `management/queryRecords`.
    ///
    /// A star at the end stands for the rest of the name: `records/*`, `management/*`, or `*` for everything. A rule
    /// without an endpoint is for the web services alone.
    pub fn at(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Only for requests that ask for a further page: with a continuation marker, a sync token or a change token.
    pub const fn on_next_page(mut self) -> Self {
        self.next_page = true;
        self
    }

    /// Lets so many requests pass that would meet the fault.
    pub const fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// For so many requests.
    pub const fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// For all requests.
    pub const fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// For all requests with this probability, from 0 to 1; the container's seed decides. Use [`times`](Self::times)
    /// after it to limit how many meet the fault.
    pub const fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self.times = None;
        self
    }

    /// For all requests in the next so much time of the container's clock, from the moment at which the rule is planned
    /// or the container starts.
    pub const fn during(mut self, during: Duration) -> Self {
        self.during = Some(during);
        self.times = None;
        self
    }

    /// Lets the fault stay unmet.
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// The place where it was written.
    pub(crate) fn planned_at(&self) -> String {
        self.planned_at.to_string()
    }

    /// Checks that there are endpoints at which the rule can be met.
    pub(crate) fn check_endpoint(&self, known: &[Endpoint<'_>]) -> Result<(), String> {
        let Some(pattern) = self.endpoint.as_deref() else { return Ok(()) };
        let mut meant = known.iter().filter(|endpoint| endpoint.is_meant_by(Some(pattern))).peekable();
        let why = if meant.peek().is_none() {
            "which is no endpoint; one is `records/modify`"
        } else if meant.any(|endpoint| self.fault.can_happen_at(*endpoint)) {
            return Ok(());
        } else {
            "whose requests never meet such a fault"
        };
        Err(format!("{}: the `{}` is for `{pattern}`, {why}", self.planned_at, self.fault.kind()))
    }

    /// How often it has to be met at least.
    pub(super) fn required(&self) -> u64 {
        if self.optional || self.probability < 1.0 { 0 } else { self.times.unwrap_or(1) }
    }
}

impl From<Fault> for FaultRule {
    #[track_caller]
    fn from(fault: Fault) -> Self {
        Self::new(fault)
    }
}
