//! One call: sign, send, read the refusal, wait, sign again.

use super::pacing::{Closed, Outcome, Pacer};
use super::refusal::{Refusal, request_uuid, server_date};
use super::retry::{Failure, RetryPolicy, Tally};
use super::skew::{ClockSkew, seconds_between};
use super::{Transport, TransportError, TransportErrorKind};
use crate::runtime::{Clock, Random, unit_interval};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
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

#[cfg(test)]
mod tests;
