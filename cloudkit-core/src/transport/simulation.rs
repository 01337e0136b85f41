//! The whole client side of a call against a server that counts requests, in virtual time.

use super::*;
use crate::runtime::{Clock, ManualClock, SeededRandom};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

const SERVICE_TIME: Duration = Duration::from_millis(60);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A server that lets through `rate` requests a second and `burst` at once, and asks whoever comes too early to come
/// back in a second.
#[derive(Debug)]
struct TokenBucket {
    clock: ManualClock,
    rate: f64,
    burst: f64,
    /// A request spends up to this long on its way.
    wobble: Duration,
    random: SeededRandom,
    state: Mutex<Bucket>,
}

#[derive(Clone, Debug, Default)]
struct Bucket {
    tokens: f64,
    filled_at: Duration,
    closed_until: Duration,
    accepted: u32,
    throttled: u32,
    too_early: u32,
    under_way: u32,
    most_under_way: u32,
}

impl TokenBucket {
    fn new(clock: &ManualClock, rate: f64, burst: f64, wobble: Duration) -> Arc<Self> {
        let state = Mutex::new(Bucket { tokens: burst, ..Bucket::default() });
        Arc::new(Self { clock: clock.clone(), rate, burst, wobble, random: SeededRandom::new(11), state })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Bucket) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for TokenBucket {
    fn send(
        &self,
        _request: ::http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<::http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            self.with(|bucket| {
                bucket.too_early += u32::from(self.clock.monotonic() < bucket.closed_until);
                bucket.under_way += 1;
                bucket.most_under_way = bucket.most_under_way.max(bucket.under_way);
            });
            let part = crate::runtime::unit_interval(&self.random).expect("a seeded source does not fail");
            self.clock.sleep(self.wobble.mul_f64(part)).await;
            let accepted = self.with(|bucket| {
                let now = self.clock.monotonic();
                let refill = (now - bucket.filled_at).as_secs_f64() * self.rate;
                bucket.tokens = (bucket.tokens + refill).min(self.burst);
                bucket.filled_at = now;
                let accepted = bucket.tokens > 0.999_999;
                bucket.tokens -= f64::from(u8::from(accepted));
                accepted
            });
            if accepted {
                self.clock.sleep(SERVICE_TIME).await;
            }
            Ok(self.with(|bucket| {
                bucket.under_way -= 1;
                if accepted {
                    bucket.accepted += 1;
                    return ::http::Response::new(Bytes::from_static(b"{}"));
                }
                bucket.throttled += 1;
                bucket.closed_until = bucket.closed_until.max(self.clock.monotonic() + RETRY_AFTER);
                let body = Bytes::from_static(br#"{"serverErrorCode":"THROTTLED","retryAfter":1}"#);
                let mut response = ::http::Response::new(body);
                *response.status_mut() = ::http::StatusCode::TOO_MANY_REQUESTS;
                response
            }))
        })
    }
}

/// Polls every future that is not done whenever one of them was woken.
struct JoinAll<'a>(Vec<BoxFuture<'a, ()>>);

impl Future for JoinAll<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if self.0.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

struct Run {
    seconds: f64,
    server: Bucket,
}

/// `calls` calls by `callers` at once.
fn run(calls: u32, callers: u32, server: impl FnOnce(&ManualClock) -> Arc<TokenBucket>) -> Run {
    let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let server = server(&clock);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let sender = Sender {
        transport: server.clone(),
        clock: shared.clone(),
        random: Arc::new(SeededRandom::new(7)),
        pacer: Arc::new(Pacer::new(shared)),
        policy: RetryPolicy::default(),
        skew: Arc::default(),
    };
    let left = Mutex::new(calls);
    let take = || {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_sub(1)?;
        Some(())
    };
    let caller = || -> BoxFuture<'_, ()> {
        Box::pin(async {
            while take().is_some() {
                let call = CallInfo { operation: "records/modify", record_type: None, idempotent: true };
                let build = async |_, _| Ok::<_, std::fmt::Error>(::http::Request::new(Bytes::new()));
                let build = |attempt, time| -> BoxFuture<'_, _> { Box::pin(build(attempt, time)) };
                sender.send(call, build, |_| ()).await.expect("every call gets through in the end");
            }
        })
    };
    let callers = (0..callers).map(|_| caller()).collect();
    clock.run(JoinAll(callers)).expect("nobody waits for what never comes");
    assert_eq!(sender.pacer.status().in_flight, 0, "a permit is left over");
    let server = server.with(|bucket| bucket.clone());
    assert_eq!(server.accepted, calls);
    assert_eq!(server.too_early, 0, "requests left before their retryAfter");
    Run { seconds: clock.monotonic().as_secs_f64(), server }
}

#[track_caller]
fn check(run: &Run, at_most_seconds: f64, at_most_throttled: u32) {
    let Run { seconds, server } = run;
    assert!(*seconds <= at_most_seconds, "{seconds} s: {server:?}");
    assert!(server.throttled <= at_most_throttled, "{seconds} s: {server:?}");
}

#[test]
fn a_server_without_bursts_is_used_well_and_seldom_overrun() {
    let ideal = 500.0 / 40.0;
    // The last one throws requests together that left 25 ms apart, so that the server lets fewer through.
    for (wobble, times) in [(0, 1.5), (2, 1.5), (5, 1.5), (20, 2.5)] {
        let wobble = Duration::from_millis(wobble);
        check(&run(500, 64, |clock| TokenBucket::new(clock, 40.0, 1.0, wobble)), ideal * times, 20);
    }
}

#[test]
fn a_server_with_bursts_is_used_well_and_seldom_overrun() {
    let ideal = (500.0 - 40.0) / 40.0;
    for wobble in [0, 2, 5, 20] {
        let wobble = Duration::from_millis(wobble);
        check(&run(500, 64, |clock| TokenBucket::new(clock, 40.0, 40.0, wobble)), ideal * 1.15, 20);
    }
}

#[test]
fn a_long_run_settles() {
    check(&run(8000, 64, |clock| TokenBucket::new(clock, 40.0, 1.0, Duration::from_millis(2))), 270.0, 80);
    check(&run(8000, 64, |clock| TokenBucket::new(clock, 40.0, 40.0, Duration::from_millis(2))), 215.0, 80);
}

#[test]
fn a_slow_server_is_not_hammered() {
    check(&run(60, 16, |clock| TokenBucket::new(clock, 1.0, 1.0, Duration::ZERO)), 120.0, 45);
}

#[test]
fn a_server_that_does_not_throttle_is_not_slowed_down() {
    let run = run(500, 64, |clock| TokenBucket::new(clock, 1e6, 1e6, Duration::ZERO));
    check(&run, 0.8, 0);
    assert_eq!(run.server.most_under_way, 64);
}
