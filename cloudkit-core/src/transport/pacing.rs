//! When the next request may leave: one shared budget for all calls of a container.
//!
//! Four limits hold together: the server's own "not before", a rate learnt from what was refused, a window of requests
//! under way at once, and a budget for retries.

use super::rate::Rate;
use crate::runtime::Clock;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

const FIRST_WINDOW: f64 = 8.0;
const SMALLEST_WINDOW: f64 = 4.0;
const WINDOW_DECREASE: f64 = 0.7;

/// So many retries of failures other than throttling may follow each other closely ...
const RETRY_TOKENS: f64 = 100.0;
/// ... and so many a second after that.
const RETRY_TOKENS_PER_SECOND: f64 = 10.0;

/// Decides when requests leave, for all calls of a container together.
///
/// CloudKit counts the requests of a container, not of a call. So a refusal that asks for a pause stops all calls, and
/// each of them learns from the refusals of the others. Calls leave in the order in which they asked.
pub struct Pacer {
    clock: Arc<dyn Clock>,
    max_in_flight: f64,
    /// Held by the call that is next to leave; the others wait for it in order.
    turnstile: tokio::sync::Mutex<()>,
    /// Rung whenever a request is over.
    over: Notify,
    state: Mutex<State>,
}

struct State {
    /// Nothing leaves before this.
    opens: Duration,
    rate: Rate,
    /// With the rate that holds, nothing leaves before this.
    next_slot: Duration,
    window: f64,
    doubling: bool,
    window_cut_at: Duration,
    in_flight: usize,
    throttled: u64,
    retry_tokens: f64,
    retry_tokens_at: Duration,
}

/// What became of a request, for the pace of the following ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The server took it up, whatever it answered.
    Accepted,
    /// The server refused it for too much load.
    Throttled {
        /// No request may leave for this long, counted from now.
        retry_after: Option<Duration>,
    },
    /// No answer came.
    Lost,
}

/// The container is closed by the server for longer than the caller wants to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CloudKit has asked this container to send nothing for another {remaining:?}")]
pub struct Closed {
    /// How much longer, at least.
    pub remaining: Duration,
}

/// A look at a [`Pacer`], for metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PacerStatus {
    /// The requests under way.
    pub in_flight: usize,
    /// How many may be under way at once.
    pub window: usize,
    /// Requests a second, when they are limited.
    pub rate: Option<f64>,
    /// How much longer nothing may leave.
    pub closed_for: Duration,
    /// How many requests the server has refused for too much load.
    pub throttled: u64,
}

impl Pacer {
    /// A pacer that allows at most 64 requests under way at once.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = clock.monotonic();
        let state = State {
            opens: now,
            rate: Rate::new(now),
            next_slot: now,
            window: FIRST_WINDOW,
            doubling: true,
            window_cut_at: now,
            in_flight: 0,
            throttled: 0,
            retry_tokens: RETRY_TOKENS,
            retry_tokens_at: now,
        };
        Self {
            clock,
            max_in_flight: 64.0,
            turnstile: tokio::sync::Mutex::new(()),
            over: Notify::new(),
            state: Mutex::new(state),
        }
    }

    /// Allows this many requests under way at once, at least 1.
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests.max(1) as f64;
        self
    }

    /// Waits until a request may leave. Dropping the future gives up the place in the queue.
    ///
    /// # Errors
    ///
    /// [`Closed`] at once when the server has closed the container for longer than `patience`. Waiting in the queue or
    /// for the rate is not limited by it.
    pub async fn acquire(&self, patience: Duration) -> Result<Permit<'_>, Closed> {
        self.check_open_within(patience)?;
        let _turn = self.turnstile.lock().await;
        loop {
            self.check_open_within(patience)?;
            // The lock is not held while waiting, and everything is looked at again afterwards: the gate may have
            // closed meanwhile.
            let wait = {
                let mut state = self.lock();
                let now = self.clock.monotonic();
                let earliest = state.opens.max(state.next_slot);
                if earliest > now {
                    Some(earliest - now)
                } else if state.in_flight as f64 >= state.window.min(self.max_in_flight).floor() {
                    None
                } else {
                    let rate = state.rate.at(now);
                    if let Some(rate) = rate {
                        state.next_slot = now + Duration::from_secs_f64(1.0 / rate);
                    }
                    state.in_flight += 1;
                    // A window that is hardly used shows nothing about a larger one.
                    let widens = state.in_flight as f64 * 2.0 >= state.window;
                    return Ok(Permit { pacer: self, left: now, rate, widens });
                }
            };
            match wait {
                Some(wait) => self.clock.sleep(wait).await,
                None => self.over.notified().await,
            }
        }
    }

    /// Takes a token for a retry that the rate does not hold back (throttled requests need none), and returns how long
    /// it must wait at least; `None`, and no token is taken, when that is longer than `patience`.
    ///
    /// So an outage that fails every request is not answered with many times the load.
    #[must_use]
    pub fn take_retry(&self, patience: Duration) -> Option<Duration> {
        let mut state = self.lock();
        let now = self.clock.monotonic();
        let refilled = now.saturating_sub(state.retry_tokens_at).as_secs_f64() * RETRY_TOKENS_PER_SECOND;
        state.retry_tokens = (state.retry_tokens + refilled).min(RETRY_TOKENS);
        state.retry_tokens_at = now;
        let missing = (1.0 - state.retry_tokens).max(0.0);
        let wait = Duration::from_secs_f64(missing / RETRY_TOKENS_PER_SECOND);
        if wait > patience {
            return None;
        }
        state.retry_tokens -= 1.0;
        Some(wait)
    }

    /// How things stand.
    #[must_use]
    pub fn status(&self) -> PacerStatus {
        let state = self.lock();
        let now = self.clock.monotonic();
        PacerStatus {
            in_flight: state.in_flight,
            window: state.window.min(self.max_in_flight) as usize,
            rate: state.rate.at(now),
            closed_for: state.opens.saturating_sub(now),
            throttled: state.throttled,
        }
    }

    fn check_open_within(&self, patience: Duration) -> Result<(), Closed> {
        let remaining = self.lock().opens.saturating_sub(self.clock.monotonic());
        if remaining > patience { Err(Closed { remaining }) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clock: _, max_in_flight: _, turnstile: _, over: _, state: _ } = self;
        f.debug_tuple("Pacer").field(&self.status()).finish()
    }
}

/// Leave for one request. Dropping it ends the request without a lesson for the pace.
#[derive(Debug)]
#[must_use = "a request is under way as long as its permit lives"]
pub struct Permit<'a> {
    pacer: &'a Pacer,
    left: Duration,
    rate: Option<f64>,
    widens: bool,
}

impl Permit<'_> {
    /// Whether the request may still leave. Signing takes time, in which another request may have been told to pause;
    /// then drop the permit and ask for another.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pacer.lock().opens <= self.pacer.clock.monotonic()
    }

    /// Ends the request and learns from it.
    pub fn finish(self, outcome: Outcome) {
        let now = self.pacer.clock.monotonic();
        let mut state = self.pacer.lock();
        match outcome {
            Outcome::Accepted => {
                state.rate.accepted();
                if self.widens && state.window < self.pacer.max_in_flight {
                    state.window += if state.doubling { 1.0 } else { 1.0 / state.window };
                }
            }
            Outcome::Throttled { retry_after } => {
                state.throttled += 1;
                let opens = now.saturating_add(retry_after.unwrap_or_default());
                state.opens = state.opens.max(opens);
                if state.rate.refused(self.left, self.rate, now, opens) {
                    state.cut_window(self.left, now);
                }
            }
            Outcome::Lost => state.cut_window(self.left, now),
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.pacer.lock().in_flight -= 1;
        self.pacer.over.notify_one();
    }
}

impl State {
    /// Fewer at once, but only once for all that were under way together.
    fn cut_window(&mut self, left: Duration, now: Duration) {
        if left < self.window_cut_at {
            return;
        }
        self.window_cut_at = now;
        self.doubling = false;
        self.window = (self.window * WINDOW_DECREASE).max(SMALLEST_WINDOW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::ManualClock;
    use std::future::Future;
    use std::task::{Context, Waker};
    use std::time::SystemTime;

    const SECOND: Duration = Duration::from_secs(1);
    const PATIENT: Duration = Duration::from_secs(3600);

    fn pacer() -> (ManualClock, Pacer) {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
        (clock.clone(), Pacer::new(Arc::new(clock)))
    }

    fn leave(clock: &ManualClock, pacer: &Pacer) -> Duration {
        clock.run(async {
            let permit = pacer.acquire(PATIENT).await.expect("the container opens in time");
            permit.finish(Outcome::Accepted);
        });
        clock.monotonic()
    }

    fn throttle(clock: &ManualClock, pacer: &Pacer, retry_after: Duration) {
        clock.run(async {
            let permit = pacer.acquire(PATIENT).await.expect("the container opens in time");
            permit.finish(Outcome::Throttled { retry_after: Some(retry_after) });
        });
    }

    #[test]
    fn one_calls_refusal_stops_all_calls() {
        let (clock, pacer) = pacer();
        throttle(&clock, &pacer, SECOND * 12);
        assert_eq!(pacer.status().closed_for, SECOND * 12);
        assert_eq!(leave(&clock, &pacer), SECOND * 12);
    }

    #[test]
    fn a_shorter_wish_does_not_open_what_a_longer_one_closed() {
        let (clock, pacer) = pacer();
        let (first, second) = clock
            .run(async { (pacer.acquire(PATIENT).await, pacer.acquire(PATIENT).await) })
            .expect("two requests fit into the first window");
        first.expect("the container is open").finish(Outcome::Throttled { retry_after: Some(SECOND * 12) });
        let second = second.expect("the container was open");
        assert!(!second.is_open(), "a request that is being signed must not leave any more");
        second.finish(Outcome::Throttled { retry_after: Some(SECOND) });
        assert_eq!(leave(&clock, &pacer), SECOND * 12);
    }

    #[test]
    fn who_cannot_wait_so_long_is_told_at_once() {
        let (clock, pacer) = pacer();
        throttle(&clock, &pacer, SECOND * 12);
        let refused =
            clock.run(pacer.acquire(SECOND * 11)).expect("it does not wait").expect_err("it is closed");
        assert_eq!(refused, Closed { remaining: SECOND * 12 });
        assert_eq!(clock.monotonic(), Duration::ZERO);
    }

    #[test]
    fn the_window_holds_and_a_dropped_wait_leaks_nothing() {
        let (clock, pacer) = pacer();
        let mut permits = Vec::new();
        for _ in 0..8 {
            let permit = clock.run(pacer.acquire(PATIENT)).expect("there is room");
            permits.push(permit.expect("the container is open"));
        }
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..20 {
            let mut head = Box::pin(pacer.acquire(PATIENT));
            let mut behind = Box::pin(pacer.acquire(PATIENT));
            assert!(head.as_mut().poll(&mut context).is_pending());
            assert!(behind.as_mut().poll(&mut context).is_pending());
            permits.pop();
            // The freed place was promised to the head, which goes away; the one behind it gets it.
            drop(head);
            let permit = clock.run(behind).expect("a place is free").expect("the container is open");
            permits.push(permit);
            assert_eq!(pacer.status().in_flight, 8);
        }
        drop(permits);
        assert_eq!(pacer.status().in_flight, 0);
    }

    #[test]
    fn requests_leave_evenly_once_there_is_a_rate() {
        let (clock, pacer) = pacer();
        throttle(&clock, &pacer, SECOND);
        let times: Vec<Duration> = (0..20).map(|_| leave(&clock, &pacer)).collect();
        assert_eq!(times[0], SECOND);
        for pair in times.windows(2) {
            let gap = (pair[1] - pair[0]).as_secs_f64();
            assert!((0.03..=0.051).contains(&gap), "{gap} at about 20 requests a second and more");
        }
    }

    #[test]
    fn retries_of_an_outage_are_rationed() {
        let (clock, pacer) = pacer();
        for _ in 0..100 {
            assert_eq!(pacer.take_retry(PATIENT), Some(Duration::ZERO));
        }
        let waits: Vec<_> =
            (0..3).filter_map(|_| pacer.take_retry(PATIENT)).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [100, 200, 300]);
        assert_eq!(pacer.take_retry(Duration::from_millis(399)), None);
        clock.advance(SECOND);
        assert_eq!(pacer.take_retry(Duration::ZERO), Some(Duration::ZERO));
    }
}
