//! What a rule can be for.

/// A part of the container that refuses in a way of its own. At Apple each has a host of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// CloudKit Web Services.
    Web,
    /// The addresses at which files are uploaded and fetched.
    Files,
    /// The long poll for notifications.
    Courier,
    /// The management API.
    Management,
}

/// An endpoint by the name that rules have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint<'a> {
    pub(crate) service: Service,
    pub(crate) name: &'a str,
}

impl Endpoint<'_> {
    /// Whether a rule is for it that says this, or nothing, about endpoints.
    ///
    /// A rule that says nothing is for the web services: a transfer or a poll in the background must not take away what
    /// was planned for them.
    pub(super) fn is_meant_by(&self, pattern: Option<&str>) -> bool {
        match pattern.map(|pattern| pattern.strip_suffix('*').ok_or(pattern)) {
            None => self.service == Service::Web,
            Some(Ok(start)) => self.name.starts_with(start),
            Some(Err(name)) => self.name == name,
        }
    }

    /// Whether it tells changes since a sync token.
    pub(super) fn is_feed(&self) -> bool {
        matches!(
            self.name,
            "records/changes"
                | "zones/changes"
                | "changes/database"
                | "changes/zone"
                | "management/queryRecordChanges"
        )
    }
}
