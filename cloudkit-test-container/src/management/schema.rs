//! Schemas as text: export, validate, import, and the return to production's.

use cloudkit_core::Environment;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::json;

use super::error::Refusal;
use super::{Answer, Cx, form};

/// `exportSchema`: the text, as a file to save. Apple's client takes a text without a disposition for an error.
pub(super) fn export(cx: Cx<'_>) -> Result<Answer, Refusal> {
    cx.require_management_token()?;
    let mut answer = Answer::empty(200);
    answer.headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"schema.ckdb\"")),
    ];
    answer.body = cx.state.export_schema(cx.route.environment).into();
    Ok(answer)
}

/// `validateSchema`: a schema that is not valid is no HTTP error.
pub(super) fn validate(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let text = file(cx)?;
    Ok(match cx.state.validate_schema(&text) {
        Ok(()) => Answer::json(200, &json!({ "isValid": true })),
        Err(error) => Answer::json(200, &json!({ "isValid": false, "errorMessage": error.to_string() })),
    })
}

/// `importSchema`. The import is complete when the answer, "accepted", is sent.
pub(super) fn import(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let text = file(cx)?;
    cx.state.import_schema(&text)?;
    Ok(Answer::empty(202))
}

/// `resetToProduction`: development gets production's schema and loses its data.
pub(super) fn reset(cx: Cx<'_>) -> Result<Answer, Refusal> {
    cx.require_management_token()?;
    require_development(cx)?;
    cx.state.reset_development()?;
    Ok(Answer::empty(202))
}

/// `resetConfigToProduction`: the settings of a container that are no schema. Both environments share all that are
/// served, so there is nothing to change.
pub(super) fn reset_configuration(cx: Cx<'_>) -> Result<Answer, Refusal> {
    cx.require_management_token()?;
    Ok(Answer::empty(202))
}

/// The schema that a request brings, which only development takes.
fn file(cx: Cx<'_>) -> Result<String, Refusal> {
    cx.require_management_token()?;
    require_development(cx)?;
    let Some(body) = &cx.request.body else { return Err(cx.state.too_large().into()) };
    form::file(&cx.request.headers, body)
}

fn require_development(cx: Cx<'_>) -> Result<(), Refusal> {
    match cx.route.environment {
        Environment::Development => Ok(()),
        Environment::Production => {
            Err(Refusal::bad_request("endpoint not applicable in the environment 'production'"))
        }
    }
}
