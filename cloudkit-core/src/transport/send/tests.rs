//! Calls against a transport that answers from a list.

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
        let signed = *request.extensions().get::<SystemTime>().expect("the test's requests hold their time");
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
    let setup = setup([Err(TransportErrorKind::NoAnswer), answer(409, r#"{"serverErrorCode":"EXISTS"}"#)]);
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

    let twice =
        setup([unauthorised("Sun, 01 Mar 2026 09:00:00 GMT"), unauthorised("Sun, 01 Mar 2026 09:00:00 GMT")]);
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
    let answer =
        tracing::subscriber::with_default(subscriber, || setup.send()).expect("the second attempt succeeds");

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
