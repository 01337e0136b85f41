//! What no answer may be, whatever the request was.

use std::sync::{Mutex, Once, PoisonError};

use cloudkit_test_container::Snapshot;
use serde_json::Value;

use super::wire::{Incoming, Outgoing};
use super::world::{Who, World};

/// The threads that the server runs on have this name, so that its panics can be told from those of tests.
pub(super) const THREAD: &str = "fuzzed";

static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes panics of the server, wherever they are caught.
pub(super) fn watch_panics() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() == Some(THREAD) {
                PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
            }
            before(panic);
        }));
    });
}

/// The panics of the server since it was last asked.
pub(super) fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Looks at what a request has led to. `before` is what the container held until then.
pub(super) fn judge(
    world: &World,
    before: &mut Snapshot,
    who: Who,
    request: &Outgoing,
    answer: Result<Incoming, String>,
) -> Result<Incoming, String> {
    if let Some(panic) = panics().pop() {
        return Err(format!("the server panicked: {panic}"));
    }
    let answer = answer?;
    if answer.status >= 500 {
        return Err("an error of the server's own".to_owned());
    }
    let is_the_owners = who == Who::Owner && request.target.starts_with("/admin/");
    if !is_the_owners {
        keeps_secrets(world, &answer)?;
    }
    if answer.header("x-injected").is_some() {
        return Err("a header that the client has written".to_owned());
    }
    has_its_form(request, &answer)?;
    let after = world.server.container.snapshot().map_err(|error| error.to_string())?;
    if changes_nothing(request, &answer)
        && after != *before
        && let Some(difference) = difference(before, &after)
    {
        return Err(format!("it has changed something: {difference}"));
    }
    *before = after;
    Ok(answer)
}

fn keeps_secrets(world: &World, answer: &Incoming) -> Result<(), String> {
    let body = String::from_utf8_lossy(&answer.body);
    let leak = world.secrets.iter().find(|(_, text)| body.contains(text) || answer.head.contains(text));
    leak.map_or(Ok(()), |(what, _)| Err(format!("a leak: {what}")))
}

/// Every part of the server refuses in its own way, and always in that.
fn has_its_form(request: &Outgoing, answer: &Incoming) -> Result<(), String> {
    let path = request.target.split('?').next().unwrap_or_default();
    let is_admins =
        path == "/console" || ["/admin/", "/console/"].iter().any(|start| path.starts_with(start));
    if answer.header("x-apple-request-uuid").is_none() && !is_admins {
        // What is no HTTP does not get to the container.
        let is_plain = [400, 405, 408, 413, 414, 431].contains(&answer.status) && answer.body.is_empty();
        return if is_plain { Ok(()) } else { Err("no request UUID".to_owned()) };
    }
    let is_json = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if request.method == "HEAD" || !is_json || answer.body.is_empty() {
        return Ok(());
    }
    let body = answer.json();
    if !body.is_object() && answer.status != 204 {
        return Err("no JSON object".to_owned());
    }
    let starts = |start: &str| request.target.starts_with(start);
    let members: &[&str] = match answer.status {
        200..=399 => &[],
        _ if is_admins => &["error"],
        _ if starts("/v1/") || starts("/teams/") || starts("/users/") => {
            &["message", "reason", "requestUuid"]
        }
        _ => &["serverErrorCode", "reason", "uuid"],
    };
    let missing = members.iter().find(|member| !body[**member].is_string());
    missing.map_or(Ok(()), |member| Err(format!("an error without {member}")))
}

/// Whether the request was refused, as a whole or in each of its parts, or only looks.
fn changes_nothing(request: &Outgoing, answer: &Incoming) -> bool {
    if answer.status >= 400 || ["GET", "HEAD", "OPTIONS"].contains(&request.method.as_str()) {
        return true;
    }
    let body = answer.json();
    let items = ["records", "zones", "subscriptions", "results"].map(|name| body[name].as_array());
    let mut items = items.into_iter().flatten().flatten().peekable();
    items.peek().is_some() && items.all(|item| item["serverErrorCode"].is_string())
}

/// The first line that is not in both. Change tags that were given out and not used are no difference.
fn difference(before: &Snapshot, after: &Snapshot) -> Option<String> {
    let (before, after) = (before.files(), after.files());
    for (name, content) in after.iter().filter(|(name, _)| *name != "manifest.json") {
        let old = before.get(name).map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
        let new = String::from_utf8_lossy(content);
        if let Some(line) = new.lines().find(|line| !old.lines().any(|other| other == *line)) {
            return Some(format!("{name} has {line}"));
        }
        if let Some(line) = old.lines().find(|line| !new.lines().any(|other| other == *line)) {
            return Some(format!("{name} has no longer {line}"));
        }
    }
    before.keys().find(|name| !after.contains_key(*name)).map(|lost| format!("{lost} is gone"))
}

#[test]
fn items_that_all_failed_have_changed_nothing() {
    let request =
        Outgoing { method: "POST".to_owned(), target: "/".to_owned(), headers: Vec::new(), body: Vec::new() };
    let answer =
        |status, body: Value| Incoming { status, head: String::new(), body: body.to_string().into() };
    let failed = serde_json::json!({ "serverErrorCode": "CONFLICT" });
    for (answer, expected) in [
        (answer(200, serde_json::json!({ "records": [failed] })), true),
        (answer(200, serde_json::json!({ "records": [failed, {}] })), false),
        (answer(200, serde_json::json!({ "records": [] })), false),
        (answer(404, serde_json::json!({})), true),
    ] {
        assert_eq!(changes_nothing(&request, &answer), expected, "{answer:?}");
    }
}
