use std::fmt;

use crate::error::ServerError;
use crate::record::Record;

/// Where the next page of a query begins: an opaque text, good for the same query only.
#[doc(alias = "continuationMarker")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContinuationMarker(Box<str>);

impl ContinuationMarker {
    /// A marker that was kept elsewhere.
    #[must_use]
    pub fn new(marker: impl Into<Box<str>>) -> Self {
        Self(marker.into())
    }

    /// The marker as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ContinuationMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// One answer to a query: up to 200 records, and where the next page begins.
#[derive(Debug)]
#[must_use = "a page may hold records that could not be read, and may not be the last"]
#[non_exhaustive]
pub struct Page<R> {
    /// The records, in the order that was asked for. CloudKit can fail to give single ones.
    pub records: Vec<Result<Record<R>, ServerError>>,
    /// Where the next page begins, or `None` if this is the last. A page may be short or empty and not be the last.
    pub next: Option<ContinuationMarker>,
}

impl<R> Page<R> {
    pub(crate) fn new(
        records: Vec<Result<Record<R>, ServerError>>,
        next: Option<ContinuationMarker>,
    ) -> Self {
        Self { records, next }
    }
}
