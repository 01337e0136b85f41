//! The calls that `cloudkit doctor` makes: lookups of one record name that nobody has, and questions who the caller is.
//! None changes anything.
//!
//! A lookup needs neither a record type nor an index, so that nothing but the credentials decides about it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cloudkit_core::auth::{
    BodyHash, CanonicalMessage, KeyId, PrivateKey, RequestDate, Signature, SignedHeaders,
};
use cloudkit_core::runtime::{Clock, OsRandom, Random as _};
use cloudkit_core::transport::{Refusal, Transport, server_date};
use cloudkit_core::{Environment, ServerErrorCode};
use serde::{Deserialize, Serialize};

use super::check::chain;
use crate::failure::Result;

/// The most calls of one examination.
const MOST_CALLS: usize = 10;

/// A pause that is asked for is kept if it is not longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is asked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Probe {
    /// Signed, development.
    Development,
    /// Signed, production.
    Production,
    /// Signed with the time of the server.
    ServerTime,
    /// The same in the other environment.
    ServerTimeElsewhere,
    /// Signed, without the proxy that is configured.
    Direct,
    /// Control: no credentials.
    WithoutHeaders,
    /// Control: a key ID that nobody has.
    UnknownKeyId,
    /// Control: a signature with one bit flipped.
    BrokenSignature,
    /// Signed with a query, which both the path and the signed text have.
    WithQuery,
    /// A request without a body, with the hash of nothing in the signed text.
    EmptyBodyHashed,
    /// A request without a body, with nothing in its place in the signed text.
    EmptyBodyLeftOut,
}

impl Probe {
    pub(super) fn of(environment: Environment) -> Self {
        match environment {
            Environment::Development => Self::Development,
            Environment::Production => Self::Production,
        }
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "signed, development",
            Self::Production => "signed, production",
            Self::ServerTime => "signed with the server's time",
            Self::ServerTimeElsewhere => "signed with the server's time, the other environment",
            Self::Direct => "signed, without the proxy",
            Self::WithoutHeaders => "control: without credentials",
            Self::UnknownKeyId => "control: with an unknown key ID",
            Self::BrokenSignature => "control: with a broken signature",
            Self::WithQuery => "signed, with a query",
            Self::EmptyBodyHashed => "signed, without a body: the hash of nothing",
            Self::EmptyBodyLeftOut => "signed, without a body: nothing in place of the hash",
        })
    }
}

/// What came of a call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    #[serde(skip)]
    pub(super) kind: Kind,
    /// The HTTP status; none without an answer.
    pub(super) status: Option<u16>,
    /// `serverErrorCode`.
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
    /// The number of the request, which Apple asks for.
    pub(super) uuid: Option<String>,
    /// Why there is no answer.
    pub(super) error: Option<String>,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The caller is known, and may look.
    Accepted,
    /// The credentials are refused.
    Refused,
    /// The caller is known, and may not look.
    Denied,
    /// A user has to sign in.
    SignIn,
    /// The connection belongs to another host.
    Misdirected,
    /// Too many requests.
    Throttled,
    /// Something else.
    Other,
    /// Nothing came back.
    NoAnswer,
}

impl Outcome {
    pub(super) fn in_words(&self) -> String {
        match (self.status, &self.error) {
            (Some(status), _) => {
                let words = [Some(status.to_string()), self.code.clone(), self.reason.clone()];
                words.into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
            (None, Some(error)) => format!("no answer: {error}"),
            (None, None) => "no answer".to_owned(),
        }
    }
}

/// What the calls have shown.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) environment: Environment,
    pub(super) outcomes: BTreeMap<Probe, Outcome>,
    /// Which calls were made, in their order.
    pub(super) order: Vec<Probe>,
    /// How far the server's clock is ahead of this machine's, in seconds.
    pub(super) skew: Option<i64>,
    /// Why no more calls were made.
    pub(super) stopped: Option<String>,
}

impl Findings {
    pub(super) fn new(environment: Environment) -> Self {
        Self { environment, outcomes: BTreeMap::new(), order: Vec::new(), skew: None, stopped: None }
    }

    pub(super) fn kind(&self, probe: Probe) -> Option<Kind> {
        self.outcomes.get(&probe).map(|outcome| outcome.kind)
    }
}

/// Who asks, and where.
pub(super) struct Prober<'a> {
    pub(super) container: &'a str,
    pub(super) url: &'a str,
    pub(super) credentials: Option<(&'a KeyId, &'a PrivateKey)>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) findings: Findings,
    server_time: Option<SystemTime>,
    body: Bytes,
}

impl<'a> Prober<'a> {
    pub(super) fn new(
        container: &'a str,
        url: &'a str,
        credentials: Option<(&'a KeyId, &'a PrivateKey)>,
        clock: Arc<dyn Clock>,
        environment: Environment,
    ) -> Result<Self> {
        let mut random = [0; 16];
        OsRandom.fill(&mut random)?;
        let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let body = format!(r#"{{"records":[{{"recordName":"cloudkit-doctor-{name}"}}]}}"#);
        let findings = Findings::new(environment);
        Ok(Self { container, url, credentials, clock, findings, server_time: None, body: body.into() })
    }

    /// The method and the path of a call in an environment.
    pub(super) fn target(&self, probe: Probe, environment: Environment) -> (http::Method, String) {
        let public = format!("/database/1/{}/{environment}/public", self.container);
        match probe {
            // Who the caller is can be asked without a body, and says nothing else.
            Probe::EmptyBodyHashed | Probe::EmptyBodyLeftOut => {
                (http::Method::GET, format!("{public}/users/caller"))
            }
            Probe::WithQuery => (http::Method::POST, format!("{public}/records/lookup?doctor=1")),
            _ => (http::Method::POST, format!("{public}/records/lookup")),
        }
    }

    /// Asks. What comes of it is in the findings, unless no more calls may be made.
    pub(super) async fn ask(
        &mut self,
        probe: Probe,
        environment: Environment,
        transport: &dyn Transport,
    ) -> Result<()> {
        // A second time after a pause that was asked for, and not a third.
        for is_last in [false, true] {
            if self.findings.stopped.is_some() {
                return Ok(());
            }
            if self.findings.order.len() >= MOST_CALLS {
                self.findings.stopped = Some(format!("{MOST_CALLS} calls are enough for one examination"));
                return Ok(());
            }
            let request = self.request(probe, environment)?;
            let began = self.clock.now();
            let answer = transport.send(request).await;
            let ended = self.clock.now();
            self.findings.order.push(probe);
            let (outcome, pause) = match answer {
                Ok(response) => {
                    if let Some(date) = server_date(response.headers()) {
                        self.server_time = Some(date);
                        self.findings.skew.get_or_insert_with(|| skew(began, ended, date));
                    }
                    read(probe, response, ended)
                }
                Err(error) => {
                    let outcome = Outcome {
                        kind: Kind::NoAnswer,
                        status: None,
                        code: None,
                        reason: None,
                        uuid: None,
                        error: Some(chain(&error)),
                    };
                    (outcome, None)
                }
            };
            let is_throttled = outcome.kind == Kind::Throttled;
            self.findings.outcomes.insert(probe, outcome);
            let Some(pause) = pause.or(is_throttled.then_some(Duration::ZERO)) else { return Ok(()) };
            if is_throttled || is_last || pause > LONGEST_PAUSE {
                let seconds = pause.as_secs_f64().ceil();
                let wish = if pause.is_zero() { String::new() } else { format!(" of {seconds} s") };
                self.findings.stopped = Some(format!("the service asks for a pause{wish}"));
                return Ok(());
            }
            self.clock.sleep(pause).await;
        }
        Ok(())
    }

    fn request(&self, probe: Probe, environment: Environment) -> Result<http::Request<Bytes>> {
        let (method, path) = self.target(probe, environment);
        let body = if method == http::Method::GET { Bytes::new() } else { self.body.clone() };
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.clone())?;
        let Some((key_id, key)) = self.credentials.filter(|_| probe != Probe::WithoutHeaders) else {
            return Ok(request);
        };
        let time = match (probe, self.server_time) {
            (Probe::ServerTime | Probe::ServerTimeElsewhere, Some(time)) => time,
            _ => self.clock.now(),
        };
        let date = RequestDate::from(time);
        let message = match probe {
            Probe::EmptyBodyLeftOut => format!("{date}::{path}"),
            _ => CanonicalMessage::new(date, &body, path).to_string(),
        };
        let mut signature = key.sign_bytes(message.as_bytes())?;
        let mut key_id = key_id.clone();
        match probe {
            Probe::BrokenSignature => {
                let mut raw = signature.to_raw();
                raw[31] ^= 1;
                signature = Signature::from_raw(&raw)?;
            }
            Probe::UnknownKeyId => {
                let mut random = [0; 32];
                OsRandom.fill(&mut random)?;
                let hash = BodyHash::of(&random);
                key_id =
                    KeyId::new(hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>())?;
            }
            _ => {}
        }
        SignedHeaders { key_id, date, signature }.insert_into(request.headers_mut());
        Ok(request)
    }
}

/// How far the server's clock is ahead. Its date has whole seconds, and was written at some moment between the two.
fn skew(began: SystemTime, ended: SystemTime, date: SystemTime) -> i64 {
    let seconds = |earlier: SystemTime, later: SystemTime| {
        later.duration_since(earlier).map_or(0, |ahead| i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX))
    };
    match () {
        () if date > ended => seconds(ended, date),
        () if date < began => -seconds(date, began),
        () => 0,
    }
}

#[derive(Deserialize)]
struct Lookup {
    records: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    server_error_code: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Caller {
    #[serde(rename = "userRecordName")]
    _user_record_name: String,
}

/// What an answer means, and the pause that it asks for.
fn read(probe: Probe, response: http::Response<Bytes>, now: SystemTime) -> (Outcome, Option<Duration>) {
    let status = response.status().as_u16();
    match Refusal::check(response, now) {
        Ok(response) if matches!(probe, Probe::EmptyBodyHashed | Probe::EmptyBodyLeftOut) => {
            let is_caller = serde_json::from_slice::<Caller>(response.body()).is_ok();
            let kind = if is_caller { Kind::Accepted } else { Kind::Other };
            let outcome =
                Outcome { kind, status: Some(status), code: None, reason: None, uuid: None, error: None };
            (outcome, None)
        }
        Ok(response) => {
            let lookup: Option<Lookup> = serde_json::from_slice(response.body()).ok();
            let item = lookup.and_then(|lookup| lookup.records.into_iter().next());
            let kind = match item.as_ref().map(|item| item.server_error_code.as_deref()) {
                Some(Some("ACCESS_DENIED")) => Kind::Denied,
                Some(_) => Kind::Accepted,
                // Something else answered, such as the sign-in page of a network.
                None => Kind::Other,
            };
            let (code, reason) = item.map_or((None, None), |item| (item.server_error_code, item.reason));
            (Outcome { kind, status: Some(status), code, reason, uuid: None, error: None }, None)
        }
        Err(refusal) => {
            let kind = match (&refusal.code, status) {
                (Some(ServerErrorCode::Throttled), _) | (_, 429) => Kind::Throttled,
                (Some(ServerErrorCode::AuthenticationFailed), _) | (None, 401) => Kind::Refused,
                (Some(ServerErrorCode::AccessDenied), _) | (None, 403) => Kind::Denied,
                (Some(ServerErrorCode::AuthenticationRequired), _) => Kind::SignIn,
                (None, 421) => Kind::Misdirected,
                _ => Kind::Other,
            };
            let outcome = Outcome {
                kind,
                status: Some(status),
                code: refusal.code.as_ref().map(|code| code.as_str().to_owned()),
                reason: refusal.reason.as_deref().map(str::to_owned),
                uuid: refusal.uuid.as_deref().map(str::to_owned),
                error: None,
            };
            (outcome, refusal.retry_after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skew_is_what_the_time_on_the_way_does_not_explain() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(skew(at(100), at(103), at(102)), 0);
        assert_eq!(skew(at(100), at(103), at(703)), 600);
        assert_eq!(skew(at(100), at(103), at(40)), -60);
    }
}
