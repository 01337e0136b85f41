//! Teams, containers and the user of a session.

use serde_json::{Value, json};

use super::error::Refusal;
use super::route::parameter;
use super::{Answer, Cx};

/// `getTeams`: the one team.
pub(super) fn teams(cx: Cx<'_>) -> Result<Answer, Refusal> {
    cx.require_management_token()?;
    let team_id = &cx.state.access().team_id;
    let team = json!({ "teamId": team_id, "teamName": "Test Team", "teamType": "COMPANY" });
    Ok(Answer::json(200, &json!({ "teams": [team], "recentTeamId": team_id })))
}

/// `getContainers`: the one container, unless the search or the page leave it out.
pub(super) fn containers(cx: Cx<'_>) -> Result<Answer, Refusal> {
    cx.require_management_token()?;
    let value = |name: &str| parameter(&cx.request.target, name).filter(|value| !value.is_empty());
    if let Some(limit) = value("limit")
        && limit.parse::<u32>().is_err()
    {
        return Err(Refusal::bad_request("limit must be a whole number; 0 is no limit"));
    }
    let container_id = cx.state.settings().container_id.as_str();
    let name = container_id.rsplit('.').next().unwrap_or(container_id);
    let wanted = value("q").unwrap_or_default().to_lowercase();
    let found = [container_id, name].iter().any(|text| text.to_lowercase().contains(&wanted));
    // Keys are IDs: behind and before the only container there is nothing.
    let passed = ["startingAfterKey", "endingBeforeKey"].iter().any(|key| value(key).is_some());
    let mut containers = Vec::new();
    if found && !passed {
        containers.push(json!({
            "id": container_id, "teamId": cx.state.access().team_id, "name": name, "isHidden": false,
        }));
    }
    Ok(Answer::json(200, &json!({ "containers": containers })))
}

/// `getSessionUser`.
pub(super) fn session_user(cx: Cx<'_>) -> Result<Answer, Refusal> {
    let reply = cx.get_from_services("users/caller")?;
    let name = reply.get("userRecordName").cloned().unwrap_or(Value::Null);
    Ok(Answer::json(200, &json!({ "user": { "userRecordName": name } })))
}
