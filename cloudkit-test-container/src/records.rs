//! Containers for the record types of a program, from its derived structs.

use cloudkit_core::record::{RecordDescriptor, RecordTypes};

use crate::{StartError, TestContainer, TestContainerBuilder};

/// The container ID of containers that were not given one.
pub(crate) const DEFAULT_CONTAINER_ID: &str = "iCloud.com.example.Test";

impl TestContainer {
    /// Starts a container that knows these record types: a struct with `#[derive(CkRecord)]`, or a tuple of several.
    ///
    /// It is a development environment, on a free port, with a fresh key.
    ///
    /// # Errors
    ///
    /// [`StartError`], as for [`TestContainerBuilder::start`].
    pub async fn start_with<T: RecordTypes>() -> Result<Self, StartError> {
        TestContainerBuilder::new(DEFAULT_CONTAINER_ID.to_owned()).records::<T>().start().await
    }
}

impl TestContainerBuilder {
    /// Adds these record types to the schema, with CloudKit's default grants: a struct with `#[derive(CkRecord)]`, or
    /// a tuple of several.
    pub fn records<T: RecordTypes>(self) -> Self {
        let descriptors = T::descriptors();
        self.descriptors(&descriptors.iter().collect::<Vec<&RecordDescriptor>>())
    }
}
