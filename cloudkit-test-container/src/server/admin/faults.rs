//! The planned faults: what became of them, more of them from a text in the form of a file, and none.

use serde::Serialize;
use serde_json::json;

use super::{Answer, Asked, Refusal, State, json as reply};
use crate::faults::{Faults, Planned, rule_as_text};
use crate::server::endpoints_of_rules;

/// What messages call a text that came over HTTP.
const NAME: &str = "the plan";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    /// In the form of a file.
    text: String,
    /// The place where it was written.
    planned_at: String,
    met: u64,
    /// How often it has still to be met.
    required: u64,
    over: bool,
}

impl From<Planned> for Shown {
    fn from(planned: Planned) -> Self {
        let Planned { rule, met, required, over } = planned;
        Self { text: rule_as_text(&rule), planned_at: rule.planned_at(), met, required, over }
    }
}

/// `GET /admin/faults`.
pub(super) fn list(state: &State, _: &Asked<'_>) -> Answer {
    let planned = state.faults().planned(state.clock().now_ms());
    let faults: Vec<Shown> = planned.into_iter().map(Shown::from).collect();
    Ok(reply(200, &json!({ "faults": faults })))
}

/// `POST /admin/faults` with a plan, as TOML or JSON, whose rules are added.
pub(super) fn plan(state: &State, asked: &Asked<'_>) -> Answer {
    let text = std::str::from_utf8(asked.body()?).map_err(|_| Refusal::bad("the plan is not UTF-8"))?;
    let is_json = text.trim_start().starts_with('{');
    let faults = Faults::read(NAME, text, is_json).map_err(|error| {
        // What is wrong stands in the cause.
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Refusal::bad(format!("{error}{cause}"))
    })?;
    if faults.seed.is_some() || faults.index_lag.is_some() || faults.virtual_time.is_some() {
        return Err(Refusal::bad(
            "`seed`, `index_lag_ms` and `virtual_time` are decided when the container starts; leave them out",
        ));
    }
    faults.check_endpoints(&endpoints_of_rules()).map_err(Refusal::bad)?;
    state.faults().plan_all(faults, state.clock().now_ms());
    list(state, asked)
}

/// `POST /admin/faults/forget`: takes back all rules, met or not; a limit of requests stays.
pub(super) fn forget(state: &State, asked: &Asked<'_>) -> Answer {
    state.faults().forget();
    list(state, asked)
}
