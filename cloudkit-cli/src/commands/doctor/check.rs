//! What `cloudkit doctor` looked at, and what it found.

use cloudkit_core::explain::CauseCode;
use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The cause that would be found here, by its stable name; or a name of the doctor's own, where the catalogue of
    /// causes has none.
    pub code: &'static str,
    /// The row of the cause in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<&'static str>,
    /// How it stands.
    pub status: Status,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub fix: Option<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing is wrong here.
    Ok,
    /// This is wrong, or one of a few that cannot be told apart from outside.
    Failed,
    /// It works, but is not as it should be.
    Warning,
    /// This could not be settled.
    Unknown,
}

impl Check {
    /// A check for a cause of the catalogue, which knows its fix.
    pub(super) fn cause(code: CauseCode, status: Status, detail: impl Into<String>) -> Self {
        let needs_fix = matches!(status, Status::Failed | Status::Warning);
        let fix = needs_fix.then(|| code.fix().to_owned());
        Self { code: code.as_str(), row: Some(code.row()), status, detail: detail.into(), fix }
    }

    /// A check of the doctor's own.
    pub(super) fn own(code: &'static str, status: Status, detail: impl Into<String>) -> Self {
        Self { code, row: None, status, detail: detail.into(), fix: None }
    }

    /// A check by the code that an error has.
    pub(super) fn error(code: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = CauseCode::from_name(code);
        Self {
            code,
            row: cause.map(CauseCode::row),
            status: Status::Failed,
            detail: chain(error),
            fix: cause.map(|cause| cause.fix().to_owned()),
        }
    }

    pub(super) fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// An error with its causes.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text += &format!(": {error}");
        next = error.source();
    }
    text
}
