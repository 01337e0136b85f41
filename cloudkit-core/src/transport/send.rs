//! One call: sign, send, read the refusal, wait, sign again.

use super::pacing::{Closed, Outcome, Pacer};
use super::refusal::{Refusal, request_uuid, server_date};
use super::retry::{Failure, RetryPolicy, Tally};
use super::{Transport, TransportError, TransportErrorKind};
use crate::runtime::{Clock, Random, unit_interval};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};
use tracing::Instrument;

/// A clock that is wrong by more than this many seconds is taken for the cause of a 401.
const SUSPECT_SKEW: i64 = 60;

/// What sends the calls of one container. Clones share the pace and the knowledge of the server's time.
#[derive(Clone, Debug)]
pub struct Sender {
    /// What carries the bytes.
    pub transport: Arc<dyn Transport>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the jitter of retries.
    pub random: Arc<dyn Random>,
    /// The budget that all calls share.
    pub pacer: Arc<Pacer>,
    /// When a failed attempt is followed by another.
    pub policy: RetryPolicy,
    /// How far the server's clock is from this one.
    pub skew: Arc<ClockSkew>,
}

/// What a call is, for its retries and its log.
#[derive(Clone, Copy, Debug)]
pub struct CallInfo<'a> {
    /// The operation, as `records/query`.
    pub operation: &'static str,
    /// The record type, when it is about one.
    pub record_type: Option<&'a str>,
    /// Whether the call has the same effect when it is processed twice, so that it may be sent again after its answer
    /// was lost.
    pub idempotent: bool,
}

/// An answer that is not a refusal, and what it took.
#[non_exhaustive]
pub struct Answer {
    /// The answer. Items in it may still have failed.
    pub response: Response<Bytes>,
    /// The attempts made.
    pub attempts: u32,
    /// How many attempts before this one may have been processed without an answer that says so. If it is not zero,
    /// an `EXISTS` or `CONFLICT` in the answer may be about this call's own earlier success.
    pub unanswered_attempts: u32,
    /// The time from the first attempt to the answer, waits included.
    pub elapsed: Duration,
    /// The server's time minus this machine's, in seconds, when the answer says it.
    pub server_date_skew: Option<i64>,
}

/// Why a call failed, and what was tried.
#[derive(Debug, thiserror::Error)]
#[error("no success after {attempts} attempts in {elapsed:?}")]
#[non_exhaustive]
pub struct SendError<E: std::error::Error + 'static> {
    /// The last failure.
    #[source]
    pub failure: SendFailure<E>,
    /// The attempts made.
    pub attempts: u32,
    /// How many attempts may have been processed without an answer that says so; see
    /// [`Answer::unanswered_attempts`]. The last attempt counts here too.
    pub unanswered_attempts: u32,
    /// The time from the first attempt to the last failure, waits included.
    pub elapsed: Duration,
    /// The server's time minus this machine's, in seconds, by the last answer that said it.
    pub server_date_skew: Option<i64>,
}

/// The last failure of a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendFailure<E: std::error::Error + 'static> {
    /// The request could not be built or signed. Nothing was sent.
    #[error("cannot build the request")]
    Build(#[source] E),
    /// No answer came.
    #[error("no answer")]
    Transport(#[source] TransportError),
    /// The answer is no.
    #[error("CloudKit refused with status {}", .0.status)]
    Refused(Box<Refusal>),
    /// Before the first attempt of this call the server has closed the container for longer than the call may take.
    /// Nothing was sent.
    #[error("the container is closed")]
    Closed(#[source] Closed),
}

/// How far the server's clock is from this machine's, once a refusal made it worth knowing.
#[derive(Debug, Default)]
pub struct ClockSkew {
    seconds: AtomicI64,
}

impl ClockSkew {
    /// The server's time minus this machine's, in seconds; zero as long as no request was refused for it.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.seconds.load(Ordering::Relaxed)
    }

    /// Remembers a difference.
    pub fn remember(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::Relaxed);
    }

    /// The time to sign with when this machine's clock shows `now`.
    #[must_use]
    pub fn correct(&self, now: SystemTime) -> SystemTime {
        let seconds = self.seconds();
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let corrected = if seconds < 0 { now.checked_sub(distance) } else { now.checked_add(distance) };
        corrected.unwrap_or(now)
    }
}

impl Sender {
    /// Makes one call, with as many attempts as the policy allows.
    ///
    /// `build` makes and signs the request of an attempt. It is given the attempt's number, from 1, and the time to sign
    /// with, because every attempt is signed anew. `seen` is given the headers of every answer, refusals included: a
    /// new web auth token may be in them, and the next attempt may need it.
    ///
    /// Dropping the future is safe at any time. A request that is under way then may still be processed.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the last failure.
    pub async fn send<E, B, F>(
        &self,
        call: CallInfo<'_>,
        mut build: B,
        mut seen: impl FnMut(&HeaderMap) + Send,
    ) -> Result<Answer, SendError<E>>
    where
        E: std::error::Error + 'static,
        B: FnMut(u32, SystemTime) -> F + Send,
        F: Future<Output = Result<Request<Bytes>, E>> + Send,
    {
        let mut progress = Progress::default();
        let mut earlier = None;
        loop {
            let permit = match self.pacer.acquire(self.remaining(&progress)).await {
                Ok(permit) => permit,
                Err(closed) => {
                    let failure = earlier.unwrap_or(SendFailure::Closed(closed));
                    return Err(self.give_up(progress, failure));
                }
            };
            progress.began.get_or_insert_with(|| self.clock.monotonic());
            let applied_skew = self.skew.seconds();
            let time = self.skew.correct(self.clock.now());
            let request = match build(progress.tally.attempts + 1, time).await {
                Ok(request) => request,
                Err(error) => return Err(self.give_up(progress, SendFailure::Build(error))),
            };
            if !permit.is_open() {
                continue;
            }

            progress.tally.attempts += 1;
            let result = self.attempt(call, progress.tally.attempts, request).await;
            if let Ok(answer) = &result {
                let headers = answer.as_ref().map_or_else(|refusal| &refusal.headers, Response::headers);
                seen(headers);
                let now = self.clock.now();
                let skew = server_date(headers).map(|date| seconds_between(now, date));
                progress.skew = skew.or(progress.skew);
            }
            let (failure, last) = match result {
                Ok(Ok(response)) => {
                    permit.finish(Outcome::Accepted);
                    return Ok(Answer {
                        response,
                        attempts: progress.tally.attempts,
                        unanswered_attempts: progress.unanswered,
                        elapsed: self.elapsed(&progress),
                        server_date_skew: progress.skew,
                    });
                }
                Ok(Err(refusal)) => (refused(&refusal, call.idempotent), SendFailure::Refused(refusal)),
                Err(error) => {
                    let Some(failure) = unanswered(&error, call.idempotent) else {
                        drop(permit);
                        progress.unanswered += u32::from(error.may_have_been_processed());
                        return Err(self.give_up(progress, SendFailure::Transport(error)));
                    };
                    (failure, SendFailure::Transport(error))
                }
            };
            permit.finish(outcome(&failure));
            progress.unanswered += u32::from(failure.may_have_been_processed());
            progress.tally.internal_errors += u32::from(failure.is_internal_error());
            progress.tally.elapsed = self.elapsed(&progress);

            if let (SendFailure::Refused(refusal), Some(skew)) = (&last, progress.skew)
                && refusal.is_authentication_failed()
                && !progress.resigned
                && progress.tally.attempts < self.policy.max_attempts
                && (skew - applied_skew).abs() > SUSPECT_SKEW
            {
                tracing::warn!(
                    skew_seconds = skew,
                    "this machine's clock is wrong; signing with the server's time"
                );
                self.skew.remember(skew);
                progress.resigned = true;
                earlier = Some(last);
                continue;
            }

            let Some(wait) = self.next_wait(&failure, &progress) else {
                return Err(self.give_up(progress, last));
            };
            tracing::debug!(
                operation = call.operation,
                attempt = progress.tally.attempts,
                wait_ms = wait.as_millis() as u64,
                "trying again"
            );
            self.clock.sleep(wait).await;
            earlier = Some(last);
        }
    }

    async fn attempt(
        &self,
        call: CallInfo<'_>,
        attempt: u32,
        request: Request<Bytes>,
    ) -> Result<Result<Response<Bytes>, Box<Refusal>>, TransportError> {
        let span = tracing::info_span!(
            "cloudkit.request",
            operation = call.operation,
            record_type = call.record_type,
            attempt,
            status = tracing::field::Empty,
            code = tracing::field::Empty,
            server_uuid = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
        );
        let began = self.clock.monotonic();
        let result = self.transport.send(request).instrument(span.clone()).await;
        span.record("duration_ms", self.clock.monotonic().saturating_sub(began).as_millis() as u64);
        let answer = Refusal::check(result?, self.clock.now());
        match &answer {
            Ok(response) => {
                span.record("status", response.status().as_u16());
                span.record("server_uuid", request_uuid(response.headers()));
            }
            Err(refusal) => {
                span.record("status", refusal.status);
                span.record("code", refusal.code.as_ref().map(|code| code.as_str()));
                span.record("server_uuid", refusal.uuid.as_deref());
            }
        }
        Ok(answer)
    }

    fn next_wait(&self, failure: &Failure, progress: &Progress) -> Option<Duration> {
        // Without randomness there is the whole back-off: late is better than never.
        let jitter = unit_interval(&*self.random).unwrap_or(1.0);
        let wait = self.policy.next(failure, progress.tally, jitter)?;
        if failure.is_throttled() {
            return Some(wait);
        }
        Some(wait.max(self.pacer.take_retry(self.remaining(progress))?))
    }

    fn elapsed(&self, progress: &Progress) -> Duration {
        progress.began.map_or(Duration::ZERO, |began| self.clock.monotonic().saturating_sub(began))
    }

    fn remaining(&self, progress: &Progress) -> Duration {
        self.policy.max_elapsed.saturating_sub(self.elapsed(progress))
    }

    fn give_up<E: std::error::Error>(&self, progress: Progress, failure: SendFailure<E>) -> SendError<E> {
        SendError {
            failure,
            attempts: progress.tally.attempts,
            unanswered_attempts: progress.unanswered,
            elapsed: self.elapsed(&progress),
            server_date_skew: progress.skew,
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { response, attempts, unanswered_attempts, elapsed, server_date_skew } = self;
        f.debug_struct("Answer")
            .field("status", &response.status())
            .field("body_bytes", &response.body().len())
            .field("attempts", attempts)
            .field("unanswered_attempts", unanswered_attempts)
            .field("elapsed", elapsed)
            .field("server_date_skew", server_date_skew)
            .finish()
    }
}

#[derive(Default)]
struct Progress {
    /// When the first attempt had its permit. Standing in the queue before that does not count against the budget: in
    /// a bulk write the last call may stand there for long.
    began: Option<Duration>,
    tally: Tally,
    unanswered: u32,
    skew: Option<i64>,
    resigned: bool,
}

fn refused(refusal: &Refusal, may_repeat: bool) -> Failure {
    Failure::Refused {
        code: refusal.code.clone(),
        status: refusal.status,
        may_repeat,
        retry_after_body: refusal.retry_after_body,
        retry_after_header: refusal.retry_after_header,
    }
}

/// The failure behind a transport's error, or `None` when another attempt cannot help.
fn unanswered(error: &TransportError, may_repeat: bool) -> Option<Failure> {
    match error.kind() {
        TransportErrorKind::NotSent => Some(Failure::NotSent),
        TransportErrorKind::NoAnswer | TransportErrorKind::Timeout => {
            Some(Failure::Unanswered { may_repeat })
        }
        TransportErrorKind::BodyTooLarge { .. }
        | TransportErrorKind::Misdirected
        | TransportErrorKind::Unusable => None,
    }
}

fn outcome(failure: &Failure) -> Outcome {
    match failure {
        _ if failure.is_throttled() => Outcome::Throttled { retry_after: failure.retry_after() },
        // Whatever the code: a pause that is asked for with these statuses is meant for all.
        Failure::Refused { status: 429 | 503, .. } if failure.retry_after().is_some() => {
            Outcome::Throttled { retry_after: failure.retry_after() }
        }
        Failure::Refused { code: None, status: 502 | 504, .. } => Outcome::Lost,
        Failure::Refused { .. } => Outcome::Accepted,
        Failure::NotSent | Failure::Unanswered { .. } => Outcome::Lost,
    }
}

/// `later` minus `earlier` in whole seconds, in either direction.
fn seconds_between(earlier: SystemTime, later: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2);
    match later.duration_since(earlier) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServerErrorCode;
    use crate::runtime::{BoxFuture, ManualClock, SeededRandom};
    use std::collections::VecDeque;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    const SECOND: Duration = Duration::from_secs(1);
    /// 2026-03-01T09:15:00Z
    const START: Duration = Duration::from_secs(1_772_356_500);

    /// Answers from a script, and notes when each request came and with what time it was signed.
    #[derive(Debug)]
    struct Script {
        clock: ManualClock,
        answers: Mutex<VecDeque<Result<Response<Bytes>, TransportErrorKind>>>,
        came: Mutex<Vec<(Duration, SystemTime)>>,
    }

    fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    impl Transport for Script {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            let signed =
                *request.extensions().get::<SystemTime>().expect("the test's requests hold their time");
            lock(&self.came).push((self.clock.monotonic(), signed));
            let answer = lock(&self.answers).pop_front().expect("the script is long enough");
            Box::pin(async move { answer.map_err(TransportError::new) })
        }
    }

    struct Setup {
        script: Arc<Script>,
        clock: ManualClock,
        sender: Sender,
        idempotent: bool,
    }

    fn setup(answers: impl IntoIterator<Item = Result<Response<Bytes>, TransportErrorKind>>) -> Setup {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + START);
        let script = Arc::new(Script {
            clock: clock.clone(),
            answers: Mutex::new(answers.into_iter().collect()),
            came: Mutex::default(),
        });
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let sender = Sender {
            transport: script.clone(),
            clock: shared.clone(),
            random: Arc::new(SeededRandom::new(1)),
            pacer: Arc::new(Pacer::new(shared)),
            policy: RetryPolicy::default(),
            skew: Arc::default(),
        };
        Setup { script, clock, sender, idempotent: true }
    }

    impl Setup {
        fn send(&self) -> Result<Answer, SendError<std::fmt::Error>> {
            let call = CallInfo {
                operation: "records/modify",
                record_type: Some("Article"),
                idempotent: self.idempotent,
            };
            let build = async |_, time: SystemTime| {
                Request::post("http://127.0.0.1/x?ckAPIToken=planted-token")
                    .header("x-apple-cloudkit-request-signaturev1", "planted-signature")
                    .extension(time)
                    .body(Bytes::from_static(b"planted-body"))
                    .map_err(|_| std::fmt::Error)
            };
            let build = |attempt, time| -> BoxFuture<'_, _> { Box::pin(build(attempt, time)) };
            self.clock.run(self.sender.send(call, build, |_| ())).expect("the call ends")
        }

        /// When the requests came, in seconds.
        fn came(&self) -> Vec<f64> {
            assert!(lock(&self.script.answers).is_empty(), "the script was not played to its end");
            assert_eq!(self.sender.pacer.status().in_flight, 0, "a permit is left over");
            lock(&self.script.came).iter().map(|(time, _)| time.as_secs_f64()).collect()
        }
    }

    fn answer(status: u16, body: &'static str) -> Result<Response<Bytes>, TransportErrorKind> {
        let response = Response::builder().status(status).body(Bytes::from_static(body.as_bytes()));
        Ok(response.expect("the test's answer is well formed"))
    }

    fn with_header(
        answer: Result<Response<Bytes>, TransportErrorKind>,
        name: &'static str,
        value: &'static str,
    ) -> Result<Response<Bytes>, TransportErrorKind> {
        let mut response = answer?;
        response.headers_mut().insert(name, http::HeaderValue::from_static(value));
        Ok(response)
    }

    fn good() -> Result<Response<Bytes>, TransportErrorKind> {
        answer(200, r#"{"records":[]}"#)
    }

    fn unauthorised(date: &'static str) -> Result<Response<Bytes>, TransportErrorKind> {
        with_header(answer(401, r#"{"serverErrorCode":"AUTHENTICATION_FAILED"}"#), "date", date)
    }

    #[test]
    fn a_throttled_call_comes_back_when_it_was_told_and_is_signed_anew() {
        let throttled = answer(429, r#"{"serverErrorCode":"THROTTLED","retryAfter":12}"#);
        let setup = setup([throttled, good()]);
        let answer = setup.send().expect("the second attempt succeeds");
        assert_eq!((answer.attempts, answer.unanswered_attempts), (2, 0));
        assert_eq!(answer.elapsed, SECOND * 12);
        assert_eq!(setup.came(), [0.0, 12.0]);
        let signed: Vec<_> = lock(&setup.script.came).iter().map(|(_, signed)| *signed).collect();
        assert_eq!(signed[1], signed[0] + SECOND * 12);
    }

    #[test]
    fn a_wish_beyond_the_budget_is_an_error_at_once() {
        let setup = setup([with_header(answer(503, "closed"), "retry-after", "3600")]);
        let error = setup.send().expect_err("an hour is too long");
        let SendFailure::Refused(refusal) = error.failure else { panic!("{:?}", error.failure) };
        assert_eq!((refusal.status, refusal.retry_after), (503, Some(SECOND * 3600)));
        assert_eq!(setup.came(), [0.0]);

        let error = setup.send().expect_err("the container is still closed");
        assert!(matches!(error.failure, SendFailure::Closed(_)), "{:?}", error.failure);
        assert_eq!((error.attempts, setup.clock.monotonic()), (0, Duration::ZERO));
    }

    #[test]
    fn a_lost_answer_is_remembered() {
        let setup =
            setup([Err(TransportErrorKind::NoAnswer), answer(409, r#"{"serverErrorCode":"EXISTS"}"#)]);
        let error = setup.send().expect_err("EXISTS is not tried again");
        assert_eq!((error.attempts, error.unanswered_attempts), (2, 1));
        let SendFailure::Refused(refusal) = error.failure else { panic!("{:?}", error.failure) };
        assert_eq!(refusal.code, Some(ServerErrorCode::Exists));
    }

    #[test]
    fn a_call_that_must_not_run_twice_is_sent_again_only_if_it_was_not_sent() {
        for kind in [TransportErrorKind::NoAnswer, TransportErrorKind::Timeout] {
            let setup = Setup { idempotent: false, ..setup([Err(kind)]) };
            let error = setup.send().expect_err("it may have been processed");
            assert_eq!((error.attempts, error.unanswered_attempts), (1, 1));
        }
        let setup = Setup { idempotent: false, ..setup([Err(TransportErrorKind::NotSent), good()]) };
        assert_eq!(setup.send().expect("the second attempt succeeds").unanswered_attempts, 0);
    }

    #[test]
    fn what_cannot_get_better_is_not_tried_again() {
        for kind in [
            TransportErrorKind::Misdirected,
            TransportErrorKind::Unusable,
            TransportErrorKind::BodyTooLarge { limit: 1 },
        ] {
            let setup = setup([Err(kind)]);
            assert!(setup.send().is_err());
            assert_eq!(setup.came().len(), 1);
        }
    }

    #[test]
    fn internal_errors_are_tried_twice_more() {
        let internal = || answer(500, r#"{"serverErrorCode":"INTERNAL_ERROR"}"#);
        let setup = setup([internal(), internal(), internal()]);
        assert_eq!(setup.send().expect_err("it never works").attempts, 3);
        setup.came();
    }

    #[test]
    fn a_code_at_the_top_of_a_200_is_an_error() {
        let setup = setup([answer(200, r#"{"serverErrorCode":"ACCESS_DENIED","uuid":"0b7e"}"#)]);
        let error = setup.send().expect_err("the body says no");
        assert!(
            matches!(error.failure, SendFailure::Refused(refusal) if refusal.uuid.as_deref() == Some("0b7e"))
        );
    }

    #[test]
    fn a_wrong_clock_is_corrected_once_and_remembered() {
        let setup = setup([unauthorised("Sun, 01 Mar 2026 09:35:00 GMT"), good(), good()]);
        let answer = setup.send().expect("the server's time helps");
        assert_eq!((answer.attempts, answer.elapsed), (2, Duration::ZERO));
        setup.send().expect("the correction stays");
        let start = SystemTime::UNIX_EPOCH + START;
        let signed: Vec<_> = lock(&setup.script.came).iter().map(|(_, signed)| *signed).collect();
        assert_eq!(signed, [start, start + SECOND * 1200, start + SECOND * 1200]);
        assert_eq!(setup.sender.skew.seconds(), 1200);
    }

    #[test]
    fn a_401_that_the_clock_does_not_explain_is_final_and_tells_the_skew() {
        let early = setup([unauthorised("Sun, 01 Mar 2026 09:14:20 GMT")]);
        let error = early.send().expect_err("the key is wrong");
        assert_eq!((error.attempts, error.server_date_skew), (1, Some(-40)));

        let twice = setup([
            unauthorised("Sun, 01 Mar 2026 09:00:00 GMT"),
            unauthorised("Sun, 01 Mar 2026 09:00:00 GMT"),
        ]);
        let error = twice.send().expect_err("the key is wrong too");
        assert_eq!((error.attempts, error.server_date_skew), (2, Some(-900)));
    }

    #[test]
    fn a_call_can_be_spawned() {
        fn spawnable<T: Send>(_: T) {}
        let setup = setup([]);
        let call = CallInfo { operation: "users/caller", record_type: None, idempotent: true };
        let build = |_, _| std::future::ready(Err(std::fmt::Error));
        spawnable(setup.sender.send(call, build, |_| ()));
    }

    #[test]
    fn the_log_says_what_happened_and_nothing_secret() {
        #[derive(Clone, Default)]
        struct Log(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Log {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                lock(&self.0).extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let throttled = answer(429, r#"{"serverErrorCode":"THROTTLED","retryAfter":12,"uuid":"6f0d-uuid"}"#);
        let setup = setup([throttled, with_header(good(), "x-apple-request-uuid", "0b7e-uuid")]);
        let answer = tracing::subscriber::with_default(subscriber, || setup.send())
            .expect("the second attempt succeeds");

        let log = String::from_utf8_lossy(&lock(&log.0)).into_owned();
        for part in [
            "cloudkit.request",
            r#"operation="records/modify""#,
            r#"record_type="Article""#,
            "attempt=1",
            "status=429",
            r#"code="THROTTLED""#,
            r#"server_uuid="6f0d-uuid""#,
            "attempt=2",
            "status=200",
            r#"server_uuid="0b7e-uuid""#,
            "duration_ms=",
        ] {
            assert!(log.contains(part), "{part} is missing in:\n{log}");
        }
        assert!(!format!("{log}{answer:?}{:?}", setup.sender).contains("planted"), "{log}");
    }
}
