//! How fast to send: what a container lets through, learnt from what it refuses. Pure; the time is an argument.

use std::time::Duration;

/// Where the search begins when nothing could be measured, in requests a second.
const FIRST_RATE: f64 = 20.0;
/// No refusal makes it slower than this, in requests a second.
const LOWEST_RATE: f64 = 0.1;
/// While the ceiling is unknown the rate doubles in this time.
const DOUBLING: f64 = 2.0;
/// A known ceiling is approached from this much of it below ...
const STEP_BACK: f64 = 0.2;
/// ... in this many seconds, and passed again, slowly at first, after that.
const PLATEAU_AT: f64 = 8.0;
/// A measurement counts with this many requests accepted, or after this many seconds.
const ENOUGH_ACCEPTED: f64 = 10.0;
const LONG_ENOUGH: f64 = 5.0;
/// How much the rate that was asked for counts against the rate that came through, from 0 to 1. It counts for more after
/// a search that began far below. Both were chosen with the simulated servers of `simulation.rs`.
const ASKED_WEIGHT: f64 = 2.0 / 3.0;
const ASKED_WEIGHT_DOUBLING: f64 = 0.85;

/// The rate at which requests may leave: none at first, so that a container that does not throttle is not slowed down.
///
/// Each refusal for too much load begins an episode. At its start the ceiling is estimated from the episode before, and
/// the rate follows a cubic curve: from below quickly up to the ceiling, long beside it, then slowly past it, in case
/// more is allowed by now. It is the curve of TCP CUBIC and of the adaptive mode of the AWS clients.
#[derive(Debug)]
pub(super) struct Rate {
    growth: Growth,
    /// When the container is open again after the last refusal.
    since: Duration,
    /// When the last refusal came.
    refused_at: Duration,
    accepted: f64,
}

#[derive(Clone, Copy, Debug)]
enum Growth {
    Unlimited,
    Doubling { from: f64 },
    Cubic { ceiling: f64 },
}

impl Rate {
    pub(super) fn new(now: Duration) -> Self {
        Self { growth: Growth::Unlimited, since: now, refused_at: now, accepted: 0.0 }
    }

    /// Requests a second, if there is a limit.
    pub(super) fn at(&self, now: Duration) -> Option<f64> {
        let seconds = now.saturating_sub(self.since).as_secs_f64();
        match self.growth {
            Growth::Unlimited => None,
            Growth::Doubling { from } => Some(from * (seconds / DOUBLING).min(64.0).exp2()),
            Growth::Cubic { ceiling } => {
                let x = seconds / PLATEAU_AT - 1.0;
                Some(ceiling * (1.0 + STEP_BACK * x.powi(3)))
            }
        }
    }

    pub(super) fn accepted(&mut self) {
        self.accepted += 1.0;
    }

    /// A request that left at `left`, when `rate` was in force, was refused for too much load; the container is closed
    /// until `opens`. Returns whether this begins an episode: the requests that were under way together are refused
    /// together, and only the first of them is news.
    pub(super) fn refused(
        &mut self,
        left: Duration,
        rate: Option<f64>,
        now: Duration,
        opens: Duration,
    ) -> bool {
        if left < self.refused_at {
            self.since = self.since.max(opens);
            return false;
        }
        // What came through over the whole episode, the closed time included, is what a container with a reserve
        // allows in the long run; for one without a reserve it is too little. What was asked for when it refused is
        // right for the latter and too much for the former. A weighted geometric mean closes in on either.
        let whole = now.saturating_sub(self.refused_at).as_secs_f64().max(0.001);
        let open = now.saturating_sub(self.since).as_secs_f64().max(0.001);
        let came_through = self.accepted / whole;
        let asked_for = rate.unwrap_or(self.accepted / open).max(came_through);
        let measured = self.accepted >= ENOUGH_ACCEPTED || (self.accepted >= 1.0 && whole >= LONG_ENOUGH);
        self.growth = if measured {
            let weight = match self.growth {
                Growth::Doubling { .. } => ASKED_WEIGHT_DOUBLING,
                Growth::Unlimited | Growth::Cubic { .. } => ASKED_WEIGHT,
            };
            let ceiling = asked_for.powf(weight) * came_through.powf(1.0 - weight);
            Growth::Cubic { ceiling: ceiling.max(LOWEST_RATE) }
        } else {
            let from = rate.map_or(FIRST_RATE, |rate| rate / 2.0);
            Growth::Doubling { from: from.max(LOWEST_RATE) }
        };
        self.refused_at = now;
        self.since = opens.max(now);
        self.accepted = 0.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn there_is_no_limit_before_the_first_refusal() {
        assert_eq!(Rate::new(Duration::ZERO).at(seconds(1000.0)), None);
    }

    #[test]
    fn the_rate_nears_what_came_through_and_only_slowly_passes_it() {
        let mut rate = Rate::new(Duration::ZERO);
        (0..400).for_each(|_| rate.accepted());
        assert!(rate.refused(seconds(10.0), Some(40.0), seconds(10.0), seconds(11.0)));
        let at = |time| rate.at(seconds(time)).expect("a refusal sets a limit");
        assert!((at(11.0) - 32.0).abs() < 1e-9, "{}", at(11.0));
        assert!((at(11.0 + PLATEAU_AT) - 40.0).abs() < 1e-9, "{}", at(11.0 + PLATEAU_AT));
        assert!(at(12.0 + PLATEAU_AT) < 40.1, "{}", at(12.0 + PLATEAU_AT));
        assert!(at(11.0 + 3.0 * PLATEAU_AT) > 80.0, "an old ceiling is not believed forever");
    }

    #[test]
    fn requests_refused_together_count_once() {
        let mut rate = Rate::new(Duration::ZERO);
        assert!(rate.refused(Duration::ZERO, None, seconds(0.1), seconds(1.0)));
        assert!(!rate.refused(Duration::ZERO, None, seconds(0.1), seconds(2.0)));
        assert_eq!(rate.at(seconds(2.0)), Some(FIRST_RATE), "the search begins when the container opens");
        assert!(rate.refused(seconds(2.0), Some(FIRST_RATE), seconds(2.1), seconds(3.0)));
        assert_eq!(rate.at(seconds(3.0)), Some(FIRST_RATE / 2.0));
    }

    #[test]
    fn a_container_that_lets_nothing_through_is_asked_ever_more_slowly() {
        let mut rate = Rate::new(Duration::ZERO);
        for attempt in 0..100 {
            let now = seconds(f64::from(attempt));
            rate.refused(now, rate.at(now), now, now);
        }
        assert_eq!(rate.at(seconds(99.0)), Some(LOWEST_RATE));
    }
}
