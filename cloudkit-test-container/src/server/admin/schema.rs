//! The schemas of both environments as text, how they differ, and another one for either.

use cloudkit_core::Environment;
use cloudkit_schema::{Change, Schema};
use serde::Serialize;
use serde_json::json;

use super::{Answer, Asked, Refusal, State, json as reply};
use crate::server::SchemaFailure;

/// A change from production's schema to development's.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    class: &'static str,
    change: String,
    record_type: Option<String>,
    field: Option<String>,
    reason: String,
}

impl From<&Change> for Shown {
    fn from(change: &Change) -> Self {
        Self {
            class: change.class.as_str(),
            change: change.to_string(),
            record_type: change.kind.record_type().map(str::to_owned),
            field: change.kind.field().map(str::to_owned),
            reason: change.reason(),
        }
    }
}

/// `GET /admin/schema`.
pub(super) fn both(state: &State, _: &Asked<'_>) -> Answer {
    let [development, production] = [Environment::Development, Environment::Production]
        .map(|environment| state.export_schema(environment));
    let changes: Vec<Shown> = match (Schema::parse(&production), Schema::parse(&development)) {
        (Ok(from), Ok(to)) => from.diff(&to).changes.iter().map(Shown::from).collect(),
        // What the container exports is a schema.
        _ => Vec::new(),
    };
    Ok(reply(200, &json!({ "development": development, "production": production, "changes": changes })))
}

/// `POST /admin/schema` with a text of the schema language, which becomes the whole schema of development.
pub(super) fn import(state: &State, asked: &Asked<'_>) -> Answer {
    let text = std::str::from_utf8(asked.body()?).map_err(|_| Refusal::bad("the schema is not UTF-8"))?;
    state.import_schema(text)?;
    both(state, asked)
}

/// `POST /admin/schema/deploy`: adds development's schema to production's.
pub(super) fn deploy(state: &State, asked: &Asked<'_>) -> Answer {
    state.deploy_schema()?;
    both(state, asked)
}

impl From<SchemaFailure> for Refusal {
    fn from(failure: SchemaFailure) -> Self {
        match failure {
            SchemaFailure::Refused(error) => Self::bad(error.to_string()),
            SchemaFailure::Store(error) => error.into(),
        }
    }
}
