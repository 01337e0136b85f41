//! What a case is: requests, and what is expected of the answers. Data alone; nothing is sent here.
//!
//! In the texts of a request and of an expectation, `~` at the beginning stands for a name that this run alone has,
//! and `$x` for what was kept under the name `x` from an earlier answer; `$x:8` is the first eight characters of it.

use http::Method;
use serde::Serialize;
use serde_json::Value;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    /// Somebody without credentials.
    Nobody,
    /// The holder of the server-to-server key.
    Key,
    /// Somebody with nothing but the API token.
    ApiToken,
    /// A user who signed in.
    User,
    /// The same user with the token that the run began with.
    UserAtFirst,
    /// Another user.
    OtherUser,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signing {
    /// The way it should be, over the path and the query if there is one.
    Usual,
    /// Over the path without the query.
    PathAlone,
    /// Nothing in the place of the hash of the body.
    EmptyHash,
    /// The hash of the body as hexadecimal digits.
    HexHash,
    /// The hash of another body.
    OtherBody,
    /// The method before the text.
    WithMethod,
    /// The whole address instead of the path.
    WholeAddress,
    /// So many seconds after now, or before.
    Shifted(i64),
    /// A date with milliseconds.
    Milliseconds,
    /// A date with `+00:00` instead of `Z`.
    Offset,
    /// The two numbers side by side instead of DER.
    Raw,
    /// The larger of the two numbers that are valid for s.
    HighS,
    /// The smaller of the two.
    LowS,
    /// One bit is wrong.
    Broken,
    /// A key ID that nobody has.
    UnknownKeyId,
    /// The key ID in capitals.
    UpperCaseKeyId,
    /// The ID of the same key under which it was registered once, and revoked.
    RevokedKeyId,
}

/// The environment in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Development, as it should be.
    Development,
    /// Production, which is looked at once and never written to.
    Production,
    /// Whatever this is.
    Spelt(&'static str),
    /// Development, under `/device` instead of `/database`.
    Device,
    /// No path of the API, but the address that was kept under this name.
    Kept(&'static str),
    /// The same, with its place for the name of a file unfilled.
    Unfilled(&'static str),
}

/// What is sent as the body.
#[derive(Clone, Debug)]
pub(super) enum Body {
    None,
    Json(Value),
    Raw(&'static str),
    /// So many bytes.
    Bytes(usize),
}

/// An answer that may come.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// What it would mean, where sources disagree or nobody knows.
    pub(super) meaning: Option<&'static str>,
    pub(super) status: u16,
    /// What the body holds, as a [`pattern`](super::pattern).
    pub(super) body: Value,
}

/// One request, and what may come back.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) who: Who,
    pub(super) method: Method,
    pub(super) place: Place,
    /// What follows the environment in the path; for an address that was kept, what is behind it.
    pub(super) path: &'static str,
    pub(super) query: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Body,
    pub(super) signing: Signing,
    /// Empty for a preparation, which has to succeed.
    pub(super) readings: Vec<Reading>,
    /// A header that the answer must have.
    pub(super) header: Option<&'static str>,
    /// Names, and where in the answer their values are, as JSON pointers.
    pub(super) kept: Vec<(&'static str, &'static str)>,
}

/// `POST` with a JSON body.
pub(super) fn post(who: Who, path: &'static str, body: Value) -> Step {
    step(who, Method::POST, path, Body::Json(body))
}

/// `POST` with these bytes.
pub(super) fn post_raw(who: Who, path: &'static str, body: &'static str) -> Step {
    step(who, Method::POST, path, Body::Raw(body))
}

/// `POST` with a file of so many bytes.
pub(super) fn post_bytes(who: Who, path: &'static str, length: usize) -> Step {
    step(who, Method::POST, path, Body::Bytes(length))
}

/// `GET`.
pub(super) fn get(who: Who, path: &'static str) -> Step {
    step(who, Method::GET, path, Body::None)
}

/// `OPTIONS`, as a browser asks before a request.
pub(super) fn options(path: &'static str) -> Step {
    step(Who::Nobody, Method::OPTIONS, path, Body::None)
}

fn step(who: Who, method: Method, path: &'static str, body: Body) -> Step {
    let content_type = (!matches!(body, Body::None)).then_some("application/json");
    Step {
        who,
        method,
        place: Place::Development,
        path,
        query: None,
        content_type,
        body,
        signing: Signing::Usual,
        readings: Vec::new(),
        header: None,
        kept: Vec::new(),
    }
}

impl Step {
    pub(super) fn signed(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(super) fn query(mut self, query: &'static str) -> Self {
        self.query = Some(query);
        self
    }

    pub(super) fn content_type(mut self, content_type: Option<&'static str>) -> Self {
        self.content_type = content_type;
        self
    }

    /// An answer that is as it should be. Several mean that any of them is.
    pub(super) fn expect(mut self, status: u16, body: Value) -> Self {
        self.readings.push(Reading { meaning: None, status, body });
        self
    }

    /// An answer by which one of several readings is recognised. The first is the one that the test container follows.
    pub(super) fn reading(mut self, meaning: &'static str, status: u16, body: Value) -> Self {
        self.readings.push(Reading { meaning: Some(meaning), status, body });
        self
    }

    pub(super) fn header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }

    pub(super) fn keep(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.kept.push((name, pointer));
        self
    }
}

/// A numbered case.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The number of the statement, and a letter where a statement has several cases.
    pub(super) id: &'static str,
    pub(super) statement: &'static str,
    /// The rows of the table of facts that it settles.
    pub(super) facts: Vec<&'static str>,
    /// The rows of the catalogue of authentication failures that it settles.
    pub(super) rows: Vec<&'static str>,
    /// Why it is not run on the live service, if it is not.
    pub(super) not_live: Option<&'static str>,
    pub(super) steps: Vec<Step>,
}

pub(super) fn case(id: &'static str, statement: &'static str, steps: Vec<Step>) -> Case {
    Case { id, statement, facts: Vec::new(), rows: Vec::new(), not_live: None, steps }
}

impl Case {
    /// Names rows of the table of facts that the answer settles.
    pub(super) fn settles(mut self, facts: &[&'static str]) -> Self {
        self.facts.extend(facts);
        self
    }

    /// Names rows of the catalogue of authentication failures that the answer settles.
    pub(super) fn row(mut self, row: &'static str) -> Self {
        self.rows.push(row);
        self
    }

    /// Keeps it from the live service.
    pub(super) fn not_live(mut self, reason: &'static str) -> Self {
        self.not_live = Some(reason);
        self
    }

    /// Whether it finds out which of several readings is right, instead of checking one.
    pub(super) fn is_probe(&self) -> bool {
        self.steps.iter().flat_map(|step| &step.readings).any(|reading| reading.meaning.is_some())
    }

    /// Whether somebody like this asks.
    pub(super) fn needs(&self, who: Who) -> bool {
        self.steps.iter().any(|step| step.who == who)
    }

    /// Whether it asks with a key ID that was revoked.
    pub(super) fn needs_revoked_key(&self) -> bool {
        self.steps.iter().any(|step| step.signing == Signing::RevokedKeyId)
    }
}
