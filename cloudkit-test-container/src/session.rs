//! A container for a program that runs against CloudKit or against a test container, whichever it is told.

use cloudkit_core::Container;
use cloudkit_core::record::RecordTypes;

use crate::{StartError, TestContainer};

/// A client, and the test container behind it if it has one of its own.
///
/// The examples start with it: where `CLOUDKIT_CONTAINER` is set they run against that container, and otherwise against
/// one that lives as long as the session.
#[derive(Debug)]
pub struct Session {
    container: Container,
    server: Option<TestContainer>,
}

/// Why a session did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The environment variables do not describe a container.
    #[error("the environment variables do not describe a container")]
    Environment(#[source] cloudkit_core::Error),
    /// The test container did not start.
    #[error("the test container did not start")]
    Start(#[from] StartError),
}

impl Session {
    /// The container that the environment variables name, or else a test container that knows these record types.
    ///
    /// # Errors
    ///
    /// [`SessionError`] when neither can be had.
    pub async fn start<T: RecordTypes>() -> Result<Self, SessionError> {
        if cloudkit_core::Config::from_env().container.is_some() {
            let container = Container::from_env().map_err(SessionError::Environment)?;
            return Ok(Self { container, server: None });
        }
        let server = TestContainer::start_with::<T>().await?;
        Ok(Self { container: server.client(), server: Some(server) })
    }

    /// The client.
    #[must_use]
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// The test container, unless the program runs against one that the environment names.
    #[must_use]
    pub fn server(&self) -> Option<&TestContainer> {
        self.server.as_ref()
    }
}
