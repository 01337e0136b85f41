//! The outside world as replaceable parts: time and randomness.
//!
//! Nothing between a typed call and the transport reads a clock or draws a random number by itself. Both come from
//! here, so that a test can hold time still ([`ManualClock`]) and repeat a run exactly ([`SeededRandom`]).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

/// A future in a box, for traits that are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The date and time. It may jump when somebody sets the machine's clock.
    fn now(&self) -> SystemTime;

    /// The time since a moment that stays the same as long as the clock lives. It never goes back.
    fn monotonic(&self) -> Duration;

    /// Completes once [`monotonic`](Self::monotonic) has grown by `duration`, and not before.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's own clock. It sleeps on tokio's timer, so it needs a tokio runtime with time enabled.
#[cfg(feature = "http")]
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: tokio::time::Instant,
}

#[cfg(feature = "http")]
impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

#[cfg(feature = "http")]
impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "http")]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that the others ask")]
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock for tests: its time stands still until somebody moves it.
///
/// Clones show the same time. [`run`](Self::run) drives a future to its end and skips all waiting, so that an hour of
/// retries takes no time and every run is the same.
///
/// ```
/// use cloudkit_core::runtime::{Clock, ManualClock};
/// use std::time::{Duration, SystemTime};
///
/// let clock = ManualClock::new(SystemTime::UNIX_EPOCH);
/// let waited = clock.run(async {
///     clock.sleep(Duration::from_secs(3600)).await;
///     clock.monotonic()
/// });
/// assert_eq!(waited, Some(Duration::from_secs(3600)));
/// ```
#[derive(Clone)]
pub struct ManualClock {
    start: SystemTime,
    state: Arc<Mutex<ManualState>>,
}

#[derive(Default)]
struct ManualState {
    elapsed: Duration,
    next_sleeper: u64,
    sleepers: Vec<Sleeper>,
}

struct Sleeper {
    id: u64,
    deadline: Duration,
    waker: Waker,
}

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: SystemTime) -> Self {
        Self { start, state: Arc::default() }
    }

    /// Moves the time forward and wakes everybody whose sleep is over.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.elapsed = state.elapsed.saturating_add(duration);
        let now = state.elapsed;
        let due: Vec<Sleeper> = state.sleepers.extract_if(.., |sleeper| sleeper.deadline <= now).collect();
        drop(state);
        for sleeper in due {
            sleeper.waker.wake();
        }
    }

    /// Moves the time forward to the end of the shortest sleep, and returns how far that was: `None` when nobody
    /// sleeps.
    #[expect(
        clippy::must_use_candidate,
        reason = "moving the time is the purpose; how far is for the curious"
    )]
    pub fn advance_to_next(&self) -> Option<Duration> {
        let step = {
            let state = self.lock();
            let deadline = state.sleepers.iter().map(|sleeper| sleeper.deadline).min()?;
            deadline.saturating_sub(state.elapsed)
        };
        self.advance(step);
        Some(step)
    }

    /// How many sleep at the moment.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// Drives `future` to its end without a runtime, moving the time whenever it waits for nothing else.
    ///
    /// Returns `None` when the future waits for something that is not this clock and that nobody will bring, a
    /// deadlock. A future that waits for a socket or another thread would look the same, so do not give it one.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        let woken = Arc::new(WokenFlag::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            woken.0.store(false, Ordering::SeqCst);
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Some(output);
            }
            if !woken.0.load(Ordering::SeqCst) {
                self.advance_to_next()?;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, state: _ } = self;
        f.debug_struct("ManualClock")
            .field("start", start)
            .field("elapsed", &self.monotonic())
            .field("sleepers", &self.sleepers())
            .finish()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.start.checked_add(self.monotonic()).unwrap_or(self.start)
    }

    fn monotonic(&self) -> Duration {
        self.lock().elapsed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.lock();
        let deadline = state.elapsed.saturating_add(duration);
        let id = state.next_sleeper;
        state.next_sleeper += 1;
        drop(state);
        Box::pin(ManualSleep { clock: self, id, deadline })
    }
}

struct ManualSleep<'a> {
    clock: &'a ManualClock,
    id: u64,
    deadline: Duration,
}

impl Future for ManualSleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.lock();
        if state.elapsed >= self.deadline {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        match state.sleepers.iter_mut().find(|sleeper| sleeper.id == self.id) {
            Some(sleeper) => sleeper.waker = waker,
            None => state.sleepers.push(Sleeper { id: self.id, deadline: self.deadline, waker }),
        }
        Poll::Pending
    }
}

impl Drop for ManualSleep<'_> {
    fn drop(&mut self) {
        self.clock.lock().sleepers.retain(|sleeper| sleeper.id != self.id);
    }
}

#[derive(Default)]
struct WokenFlag(AtomicBool);

impl Wake for WokenFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Where random bytes come from: record names and the jitter of retries.
pub trait Random: Send + Sync + fmt::Debug {
    /// Fills `bytes` with random bytes.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the source gives none. The bytes are then not to be used: a record name made of them could
    /// be somebody else's.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// There is no randomness to be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw random bytes")]
pub struct RandomError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl RandomError {
    /// The error of a source of one's own.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(RandomError::new)
    }
}

/// Repeatable numbers for tests: the same seed gives the same bytes.
///
/// They can be foretold (it is SplitMix64), so they are good for tests and for nothing else.
#[derive(Debug)]
pub struct SeededRandom {
    state: AtomicU64,
}

impl SeededRandom {
    /// A source that starts from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A number in `[0, 1)`, with all the 53 bits that a double can hold there.
pub(crate) fn unit_interval(random: &dyn Random) -> Result<f64, RandomError> {
    let mut bytes = [0; 8];
    random.fill(&mut bytes)?;
    Ok((u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn clock() -> ManualClock {
        ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
    }

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let clock = clock();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(SECOND);
        assert_eq!(clock.now(), before + SECOND);
        assert_eq!(clock.monotonic(), SECOND);
    }

    #[test]
    fn run_skips_the_waiting_and_keeps_its_order() {
        let clock = clock();
        let order = Mutex::new(Vec::new());
        let sleeper = |seconds: u32| {
            let (clock, order) = (&clock, &order);
            async move {
                clock.sleep(SECOND * seconds).await;
                order.lock().expect("no test panics while it holds the lock").push(seconds);
            }
        };
        clock
            .run(async { tokio::join!(sleeper(3), sleeper(1), sleeper(2)) })
            .expect("all of them only sleep");
        assert_eq!(*order.lock().expect("no test panics while it holds the lock"), [1, 2, 3]);
        assert_eq!(clock.monotonic(), SECOND * 3);
    }

    #[test]
    fn a_deadlock_is_told_and_not_waited_for() {
        assert_eq!(clock().run(std::future::pending::<()>()), None);
    }

    #[test]
    fn a_dropped_sleep_is_forgotten() {
        let clock = clock();
        clock.run(async {
            tokio::select! {
                biased;
                () = clock.sleep(SECOND * 60) => panic!("the longer sleep cannot end first"),
                () = clock.sleep(SECOND) => {}
            }
        });
        assert_eq!(clock.sleepers(), 0);
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let draw = |seed| {
            let mut bytes = [0; 20];
            SeededRandom::new(seed).fill(&mut bytes).expect("a seeded source does not fail");
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn the_unit_interval_stays_below_one() {
        #[derive(Debug)]
        struct Ones;
        impl Random for Ones {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
                bytes.fill(0xff);
                Ok(())
            }
        }
        let largest = unit_interval(&Ones).expect("this source does not fail");
        assert!(largest < 1.0, "{largest}");
    }
}
