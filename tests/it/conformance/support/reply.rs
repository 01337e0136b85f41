//! What comes back.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::text;

/// What came back, read by nobody.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What came back.
pub(crate) struct Reply {
    what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(super) fn read(what: String, status: u16, headers: HeaderMap, bytes: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| {
            panic!("{status} to {what}: not JSON ({error}): {:?}", String::from_utf8_lossy(bytes))
        });
        let reply = Self { what, status, headers, body };
        assert!(reply.body.is_object(), "not an object: {reply:?}");
        assert!(reply.header("content-type").starts_with("application/json"), "content type: {reply:?}");
        if status != 200 {
            assert!(reply.body["serverErrorCode"].is_string(), "no serverErrorCode: {reply:?}");
            assert!(reply.body["reason"].is_string(), "no reason: {reply:?}");
            assert_eq!(reply.body["uuid"], reply.header("x-apple-request-uuid"), "uuid: {reply:?}");
            assert_eq!(reply.header("x-apple-request-uuid").len(), 36, "uuid: {reply:?}");
        }
        reply
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn ok(&self) -> &Self {
        assert_eq!(self.status, 200, "{self:?}");
        assert!(self.body.get("serverErrorCode").is_none(), "{self:?}");
        self
    }

    /// The whole request failed, with a reason that has this in it.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, reason: &str) -> &Self {
        assert_eq!((self.status, text(&self.body["serverErrorCode"])), (status, code), "{self:?}");
        assert!(text(&self.body["reason"]).contains(reason), "no {reason:?} in the reason of {self:?}");
        self
    }

    /// The request, or the one item in it, is a BAD_REQUEST. For mistakes of which it is not known whether they
    /// condemn the item or the request.
    #[track_caller]
    pub(crate) fn refused_somewhere(&self) {
        if self.status == 200 {
            self.failed(0, "BAD_REQUEST", "");
        } else {
            self.refused(400, "BAD_REQUEST", "");
        }
    }

    #[track_caller]
    pub(crate) fn records(&self) -> &[Value] {
        self.ok().items()
    }

    /// The array under this name of a reply that is not an error.
    #[track_caller]
    pub(crate) fn list(&self, name: &str) -> &[Value] {
        self.ok().body[name].as_array().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// The items, of an error too.
    #[track_caller]
    pub(crate) fn items(&self) -> &[Value] {
        self.body["records"].as_array().unwrap_or_else(|| panic!("no records: {self:?}"))
    }

    /// An item that is not an error.
    #[track_caller]
    pub(crate) fn record(&self, at: usize) -> &Value {
        let record = self.records().get(at).unwrap_or_else(|| panic!("no item {at}: {self:?}"));
        assert!(record.get("serverErrorCode").is_none(), "item {at} failed: {self:?}");
        record
    }

    /// An item that is an error, with a reason that has this in it.
    #[track_caller]
    pub(crate) fn failed(&self, at: usize, code: &str, reason: &str) -> &Value {
        let item = self.items().get(at).unwrap_or_else(|| panic!("no item {at}: {self:?}"));
        assert_eq!(text(&item["serverErrorCode"]), code, "item {at} of {self:?}");
        let found = text(&item["reason"]);
        assert!(found.contains(reason), "no {reason:?} in {found:?}, the reason of item {at} of {self:?}");
        item
    }

    /// The names of the records, in the order of the reply.
    #[track_caller]
    pub(crate) fn names(&self) -> Vec<String> {
        (0..self.records().len()).map(|at| text(&self.record(at)["recordName"]).to_owned()).collect()
    }

    /// The names of the records in alphabetical order.
    #[track_caller]
    pub(crate) fn sorted_names(&self) -> Vec<String> {
        let mut names = self.names();
        names.sort();
        names
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, status, body, .. } = self;
        let body: String = body.to_string().chars().take(2000).collect();
        write!(f, "{status} {body}\n  answering {what}\n")?;
        match self.header("x-cloudkit-explain") {
            "" => Ok(()),
            explained => writeln!(f, "  explained: {explained}"),
        }
    }
}
