//! Subscriptions of the type `database`: they fire when the feed of their database has moved.

use std::fmt::Write as _;

use super::notify::{database_number, notification, read_dictionary};
use super::{ApiError, Call, Scope};
use crate::json::{Node, write_string};
use crate::store::{DatabaseId, Store, ZoneChange};

/// Fires the database subscriptions whose feeds have moved since they last fired, each once. Whether a notification waits
/// for somebody now.
///
/// What moves the feeds is whatever readers of `changes/database` see: changes in custom zones, zones that come and go,
/// and, in shared databases, what is shared with their readers and no longer is.
pub(super) fn announce_databases(call: &Call<'_>, store: &mut Store) -> Result<bool, ApiError> {
    let mut queued = false;
    for followed in store.followed_databases(call.environment)? {
        let owner = &followed.subscription.owner;
        let scope = if followed.is_shared { Scope::Shared } else { Scope::Private };
        let Some(latest) = latest_change(call, store, followed.database, scope, owner)? else { continue };
        if latest.seq <= followed.seen {
            continue;
        }
        store.set_seen(followed.subscription.id, latest.seq)?;
        let mut what = String::from("\"met\":{\"sid\":");
        write_string(&mut what, &followed.subscription.name);
        what.push_str(",\"zid\":");
        write_string(&mut what, &latest.name);
        what.push_str(",\"zoid\":");
        write_string(&mut what, latest.owner.as_deref().unwrap_or(owner));
        let _ = write!(what, ",\"dbs\":{}}}", database_number(scope));
        let node = read_dictionary(&followed.subscription.dictionary)?;
        let info = node.as_object().and_then(|object| object.get("notificationInfo"));
        let info = info.and_then(Node::as_object);
        // Each tells of a database of its own, so each has a number of its own.
        let nid = call.state.random_uuid();
        let text = notification(call, &followed.subscription, info, None, &nid, &what);
        queued |= store.queue_notification(call.environment, owner, &text, call.now)?;
    }
    Ok(queued)
}

/// The latest change that the feed of a database shows.
pub(super) fn latest_change(
    call: &Call<'_>,
    store: &Store,
    database: DatabaseId,
    scope: Scope,
    owner: &str,
) -> Result<Option<ZoneChange>, ApiError> {
    let mut changes = match scope {
        Scope::Shared => store.shared_zone_changes(database, call.environment, owner)?,
        Scope::Private | Scope::Public => store.zone_changes(database)?,
    };
    Ok(changes.pop())
}
