//! The records of one zone as readable lines, out of one container and into another.

use cloudkit_core::Environment;
use serde::Serialize;

use crate::api::Scope;
use crate::container::{ContainerError, TestContainer};
use crate::server::{PlaceName, export_lines, import_lines};
use crate::store::DEFAULT_ZONE;

/// A zone whose records are exported or imported.
///
/// It is the default zone, in the environment of the container, unless it is said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordsOf {
    environment: Option<Environment>,
    user: Option<String>,
    zone: Option<String>,
    record_type: Option<String>,
}

impl RecordsOf {
    /// The public database.
    #[must_use]
    pub const fn public() -> Self {
        Self { environment: None, user: None, zone: None, record_type: None }
    }

    /// The private database of a user, who is named as the builder was told, or by record name.
    #[must_use]
    pub fn private(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::public() }
    }

    /// A custom zone.
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Another environment than the container's.
    #[must_use]
    pub const fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Records of this type only. It limits an export; an import saves what its lines hold.
    #[must_use]
    pub fn record_type(mut self, record_type: impl Into<String>) -> Self {
        self.record_type = Some(record_type.into());
        self
    }

    fn place(&self, container: &TestContainer) -> PlaceName {
        PlaceName {
            environment: self.environment.unwrap_or_else(|| container.environment()),
            scope: if self.user.is_some() { Scope::Private } else { Scope::Public },
            user: self.user.clone(),
            zone: self.zone.clone().unwrap_or_else(|| DEFAULT_ZONE.to_owned()),
            owner: None,
        }
    }
}

/// What became of the lines of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "some lines may have been refused"]
#[non_exhaustive]
pub struct Imported {
    /// So many records were saved.
    pub saved: usize,
    /// The lines that were refused.
    pub failed: Vec<RefusedLine>,
}

/// A line whose record was not saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RefusedLine {
    /// Which line; the first is 1.
    pub line: usize,
    /// The name of the record.
    pub record_name: String,
    /// Why, in the words of the web services.
    pub error: String,
}

impl TestContainer {
    /// The records of a zone as lines of JSON, in the order of their creation.
    ///
    /// A line has name, type, fields, parent, creator and times of a record. Numbers are strings of digits, so that no
    /// reader rounds them. Files and shares are not among it: [`snapshot`](Self::snapshot) has everything.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Records`] if there is no such zone, or the store fails.
    ///
    /// ```
    /// # use cloudkit_test_container::{RecordsOf, TestContainer};
    /// # async fn run(one: TestContainer, other: TestContainer) -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = one.export_records(&RecordsOf::public().record_type("Article"))?;
    /// let imported = other.import_records(&RecordsOf::public(), &lines)?;
    /// assert!(imported.failed.is_empty(), "{imported:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn export_records(&self, of: &RecordsOf) -> Result<String, ContainerError> {
        export_lines(self.state(), &of.place(self), of.record_type.as_deref(), None)
            .map_err(|refusal| ContainerError::Records(refusal.error))
    }

    /// Saves the record of each line in a zone, by the rules of the web services: schema, grants and limits count. Each is
    /// saved in the name of the user or key that has created it, in place of the record of its name. Change tags and times
    /// are new ones.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Records`] if there is no such zone, a line is no record, or the store fails. A record that is
    /// refused is no error: it is in [`Imported::failed`].
    pub fn import_records(&self, into: &RecordsOf, lines: &str) -> Result<Imported, ContainerError> {
        import_lines(self.state(), &into.place(self), lines)
            .map_err(|refusal| ContainerError::Records(refusal.error))
    }
}
