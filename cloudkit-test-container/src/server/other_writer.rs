//! The writer who is faster than a request: what the fault `WriteBefore` plans.

use serde_json::Value;

use crate::api::{ApiError, Call, Caller, Endpoint, answer};
use crate::management::DEVELOPER;
use crate::users::key_record_name;

/// Runs the operations in the database and zone of a request, whose body says which zone that is.
pub(super) fn write_before(call: &Call<'_>, body: &[u8], operations: &str) -> Result<(), ApiError> {
    let refused = |why: String| {
        // Not one of the errors that clients try again after: the test has to see it.
        ApiError::bad_request(format!("the planned write of another writer failed: {why}"))
    };
    let request: Option<Value> = serde_json::from_slice(body).ok();
    let zone = request.as_ref().and_then(|request| {
        // Questions for changes name their zones one by one; the first of them is meant.
        request.get("zoneID").or_else(|| request.pointer("/zones/0/zoneID"))
    });
    let zone = zone.map(|zone| format!(",\"zoneID\":{zone}")).unwrap_or_default();
    let body = format!("{{\"operations\":{operations}{zone}}}");

    // Whoever may read only needs somebody else to write.
    let reads_only = matches!(call.caller.record_name(), None | Some(DEVELOPER));
    let caller = if reads_only {
        let container_id = &call.state.settings().container_id;
        let record_name = key_record_name(container_id, call.environment, "another writer");
        call.state.ensure_user_record(call.environment, &record_name)?;
        Caller::Key { record_name }
    } else {
        call.caller.clone()
    };
    let call = Call { caller: &caller, ..*call };
    let reply = answer(&call, Endpoint::RecordsModify, "POST", body.as_bytes())
        .map_err(|error| refused(error.reason.clone()))?;
    let reply: Value = serde_json::from_str(&reply).unwrap_or_default();
    let items = reply["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    match items.iter().find(|item| item.get("serverErrorCode").is_some()) {
        Some(item) => Err(refused(item.to_string())),
        None => Ok(()),
    }
}
