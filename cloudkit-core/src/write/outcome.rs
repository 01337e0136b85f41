use std::fmt;

use crate::error::ServerError;
use crate::record::{Record, RecordName};

/// What became of one operation.
///
/// CloudKit answers a request with success although an operation in it failed, so this has to be looked at.
pub type Outcome<T> = Result<Saved<T>, ServerError>;

/// An operation that took effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved<T> {
    /// The record as it is now.
    Record(Record<T>),
    /// The record of this name is gone.
    Deleted(RecordName),
}

impl<T> Saved<T> {
    /// The record's name.
    #[must_use]
    pub fn record_name(&self) -> &RecordName {
        match self {
            Self::Record(record) => record.record_name(),
            Self::Deleted(name) => name,
        }
    }

    /// The record as it is now, or `None` if it was deleted.
    #[must_use]
    pub fn into_record(self) -> Option<Record<T>> {
        match self {
            Self::Record(record) => Some(record),
            Self::Deleted(_) => None,
        }
    }
}

/// What became of each operation of a request, in the order of the operations.
#[must_use = "each operation may have failed by itself: look at the outcomes, or call `all_saved`"]
pub struct Outcomes<T>(Vec<Outcome<T>>);

/// Some operations of a request failed.
pub struct NotAllSaved<T> {
    /// What was saved all the same.
    pub saved: Vec<Saved<T>>,
    /// What failed.
    pub failed: Vec<ServerError>,
}

impl<T> Outcomes<T> {
    pub(crate) fn new(outcomes: Vec<Outcome<T>>) -> Self {
        Self(outcomes)
    }

    /// How many operations there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there was no operation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The outcomes, in the order of the operations.
    pub fn iter(&self) -> std::slice::Iter<'_, Outcome<T>> {
        self.0.iter()
    }

    /// Everything that was saved, if nothing failed.
    ///
    /// # Errors
    ///
    /// [`NotAllSaved`] if an operation failed, with what was saved and what was not.
    pub fn all_saved(self) -> Result<Vec<Saved<T>>, NotAllSaved<T>> {
        let mut saved = Vec::with_capacity(self.0.len());
        let mut failed = Vec::new();
        for outcome in self.0 {
            match outcome {
                Ok(outcome) => saved.push(outcome),
                Err(error) => failed.push(error),
            }
        }
        if failed.is_empty() { Ok(saved) } else { Err(NotAllSaved { saved, failed }) }
    }

    /// The outcomes as a list.
    #[must_use]
    pub fn into_vec(self) -> Vec<Outcome<T>> {
        self.0
    }
}

impl<T> IntoIterator for Outcomes<T> {
    type Item = Outcome<T>;
    type IntoIter = std::vec::IntoIter<Outcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Outcomes<T> {
    type Item = &'a Outcome<T>;
    type IntoIter = std::slice::Iter<'a, Outcome<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for Outcomes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl<T> fmt::Debug for NotAllSaved<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { saved, failed } = self;
        f.debug_struct("NotAllSaved").field("saved", &saved.len()).field("failed", failed).finish()
    }
}

impl<T> fmt::Display for NotAllSaved<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} operations failed", self.failed.len(), self.failed.len() + self.saved.len())?;
        match self.failed.first() {
            Some(first) => write!(f, "; the first: {first}"),
            None => Ok(()),
        }
    }
}

impl<T> std::error::Error for NotAllSaved<T> {}
