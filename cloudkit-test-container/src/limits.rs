//! How much fits into a container.

use crate::facts;

/// How much fits into a container. Tests that want to see a limit reached set it lower than Apple's.
///
/// ```
/// use cloudkit_test_container::{Limits, TestContainer};
///
/// let builder = TestContainer::builder("iCloud.com.example.News").limits(Limits::new().zones(3));
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "limits do nothing until a builder has them"]
pub struct Limits {
    pub(crate) zones: usize,
    pub(crate) delete_self_sources: usize,
    pub(crate) shared_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// Apple's limits, as far as they are known.
    pub const fn new() -> Self {
        Self {
            zones: facts::MAX_ZONES.value,
            delete_self_sources: 750,
            shared_records: facts::MAX_SHARED_RECORDS.value,
        }
    }

    /// How many custom zones a private database may have: 1,000, says Apple's TN3164.
    pub const fn zones(mut self, zones: usize) -> Self {
        self.zones = zones;
        self
    }

    /// How many records may have references with the action `DELETE_SELF` to one record: 750, says CloudKit Web Services
    /// Reference, Types and Dictionaries.
    pub const fn delete_self_sources(mut self, sources: usize) -> Self {
        self.delete_self_sources = sources;
        self
    }

    /// How many records may be shared together, the root included: 5,000, as people report from the live service.
    pub const fn shared_records(mut self, records: usize) -> Self {
        self.shared_records = records;
        self
    }
}
