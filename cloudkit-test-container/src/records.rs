//! Containers for the record types of a program, from its derived structs.
//!
//! The builder takes their descriptions through [`TestContainerBuilder::descriptors`]; wrappers that take the structs
//! themselves belong here.

use cloudkit_core::record::RecordDescriptor;

use crate::{StartError, TestContainer, TestContainerBuilder};

/// The container ID of containers that were not given one.
pub(crate) const DEFAULT_CONTAINER_ID: &str = "iCloud.com.example.Test";

impl TestContainer {
    /// Starts a container that knows these record types: in development, on a free port, with a fresh key.
    ///
    /// # Errors
    ///
    /// [`StartError`], as for [`TestContainerBuilder::start`].
    pub async fn start_with_descriptors(descriptors: &[&RecordDescriptor]) -> Result<Self, StartError> {
        TestContainerBuilder::new(DEFAULT_CONTAINER_ID.to_owned()).descriptors(descriptors).start().await
    }
}
