//! What shows without a search: the form of the headers, the date, the signature, the path, and the answer.

mod credentials;
mod date;
mod reply;
mod routing;
mod signature;
mod time;

pub(super) use credentials::{Credentials, credentials};
pub(super) use date::{DateShape, seconds_of_http_date};
pub(super) use reply::of_reply;
pub(super) use routing::{Route, routing};
pub(super) use signature::read_signature;
pub(super) use time::of_time;

use super::{Cause, CauseCode, Excluded};

/// What the checks of a request found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) causes: Vec<Cause>,
    pub(super) notes: Vec<Cause>,
    pub(super) excluded: Vec<Excluded>,
}

impl Findings {
    pub(super) fn sure(&mut self, code: CauseCode, detail: impl Into<String>) {
        self.causes.push(Cause::new(code, super::Strength::Sure, detail));
    }

    pub(super) fn strong(&mut self, code: CauseCode, detail: impl Into<String>) {
        self.causes.push(Cause::new(code, super::Strength::Strong, detail));
    }

    pub(super) fn hint(&mut self, code: CauseCode, detail: impl Into<String>) {
        self.causes.push(Cause::new(code, super::Strength::Hint, detail));
    }

    pub(super) fn note(&mut self, code: CauseCode, detail: impl Into<String>) {
        self.notes.push(Cause::new(code, super::Strength::Hint, detail));
    }

    pub(super) fn exclude(&mut self, code: CauseCode, because: impl Into<String>) {
        self.excluded.push(Excluded { code, because: because.into() });
    }
}
