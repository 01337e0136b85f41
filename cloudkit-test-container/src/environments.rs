//! The schemas of a running container, and what Apple's Console and schema tools do to them.

use cloudkit_core::Environment;

use crate::server::SchemaFailure;
use crate::{ContainerError, TestContainer};

impl TestContainer {
    /// The schema of an environment as text of the schema language, in the form in which CloudKit exports it.
    #[must_use]
    pub fn export_schema(&self, environment: Environment) -> String {
        self.state().export_schema(environment)
    }

    /// Makes a text the whole schema of development.
    ///
    /// What the text leaves out is removed, and so are the values of fields and the records of types that are gone or
    /// of another type now. Nothing changes if the import is refused.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Schema`] if the text is not a schema, or if it lacks or changes a record type, field or role
    /// that production has.
    ///
    /// Apple: [Integrating a Text-Based Schema into Your Workflow](https://developer.apple.com/documentation/cloudkit/integrating-a-text-based-schema-into-your-workflow)
    pub fn import_schema(&self, text: &str) -> Result<(), ContainerError> {
        self.state().import_schema(text).map_err(failed)
    }

    /// Adds the schema of development to that of production, as "Deploy Schema Changes" does in the CloudKit Console.
    ///
    /// Record types, fields, indexes, grants, roles and the shapes of subscriptions are added, and nothing is removed.
    /// Records are not copied.
    ///
    /// # Errors
    ///
    /// [`ContainerError`] if the store fails.
    pub fn deploy_schema(&self) -> Result<(), ContainerError> {
        self.state().deploy_schema().map_err(failed)
    }

    /// Makes the schema of development equal to that of production, and deletes all data of development.
    ///
    /// Users, keys and tokens stay, but the sync tokens of development expire.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Store`] if the store fails.
    pub fn reset_development(&self) -> Result<(), ContainerError> {
        self.state().reset_development().map_err(|error| failed(error.into()))
    }

    /// The token that opens the management API.
    #[must_use]
    pub fn management_token(&self) -> &str {
        &self.state().access().management_token
    }

    /// The ID of the team that the container belongs to.
    #[must_use]
    pub fn team_id(&self) -> &str {
        &self.state().access().team_id
    }

    /// Makes a user token, with which a user asks for records through the management API.
    ///
    /// # Errors
    ///
    /// [`ContainerError::UnknownUser`].
    pub fn issue_user_token(&self, user: &str) -> Result<String, ContainerError> {
        let user = self.user(user).ok_or_else(|| ContainerError::UnknownUser(user.to_owned()))?;
        let token = self.state().random().hex64();
        self.state().access().add_user_token(token.clone(), user.record_name.clone());
        Ok(token)
    }
}

fn failed(failure: SchemaFailure) -> ContainerError {
    match failure {
        SchemaFailure::Refused(error) => ContainerError::Schema(error),
        SchemaFailure::Store(error) => ContainerError::Store(error.to_string()),
    }
}
