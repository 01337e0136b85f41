//! Which subscriptions a change fires, and the notifications that come of it.

use std::fmt::Write as _;

use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::{self, Kind, Node, Object, write_string};
use crate::query::{matches, read_filters};
use crate::schema::Schema;
use crate::store::{DEFAULT_ZONE, Record, Store, Subscription, Zone};

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Created,
    Updated,
    Deleted,
}

impl Event {
    /// The word in `firesOn`.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "create",
            Self::Updated => "update",
            Self::Deleted => "delete",
        }
    }

    /// The number in notifications.
    const fn number(self) -> u8 {
        match self {
            Self::Created => 1,
            Self::Updated => 2,
            Self::Deleted => 3,
        }
    }
}

/// A record as it is after it was saved, or as it was before it was deleted.
#[derive(Clone, Debug)]
pub(super) struct RecordChange {
    pub(super) event: Event,
    pub(super) record: Record,
}

/// Fires the subscriptions that the changes of one request concern. Whether a notification waits for somebody now.
pub(super) fn announce(
    call: &Call<'_>,
    store: &mut Store,
    zone: &Zone,
    schema: &Schema,
    changes: &[RecordChange],
) -> Result<bool, ApiError> {
    if changes.is_empty() {
        return Ok(false);
    }
    let mut queued = false;
    let mut subscriptions = store.subscriptions(zone.database, None)?;
    if subscriptions.is_empty() {
        return Ok(false);
    }
    // All notifications of one change have its number.
    for change in changes {
        let nid = call.state.random_uuid();
        let mut spent = Vec::new();
        for subscription in subscriptions.iter().filter(|subscription| subscription.zone.is_none()) {
            let Some(body) = fire(call, zone, schema, subscription, change, &nid)? else { continue };
            queued |=
                store.queue_notification(call.environment, &subscription.owner, &body.text, call.now)?;
            if body.last {
                store.delete_subscription(subscription.id)?;
                spent.push(subscription.id);
            }
        }
        subscriptions.retain(|subscription| !spent.contains(&subscription.id));
    }
    // Zone subscriptions tell that something has changed, not what, so one notification stands for all of a request.
    let nid = call.state.random_uuid();
    for subscription in subscriptions.iter().filter(|subscription| subscription.zone == Some(zone.id)) {
        let mut dictionary = String::from("\"fet\":{\"sid\":");
        write_string(&mut dictionary, &subscription.name);
        write_zone(&mut dictionary, zone, &subscription.owner);
        dictionary.push('}');
        let node = read_dictionary(&subscription.dictionary)?;
        let info = node.as_object().and_then(|object| object.get("notificationInfo"));
        let info = info.and_then(Node::as_object);
        let text = notification(call, subscription, info, None, &nid, &dictionary);
        queued |= store.queue_notification(call.environment, &subscription.owner, &text, call.now)?;
    }
    Ok(queued)
}

/// A notification to send.
struct Fired {
    text: String,
    /// Whether the subscription fires once.
    last: bool,
}

/// The notification that a query subscription sends for a change, if it fires.
fn fire(
    call: &Call<'_>,
    zone: &Zone,
    schema: &Schema,
    subscription: &Subscription,
    change: &RecordChange,
    nid: &str,
) -> Result<Option<Fired>, ApiError> {
    let record = &change.record;
    let node = read_dictionary(&subscription.dictionary)?;
    let Some(dictionary) = node.as_object() else { return Ok(None) };
    let flag = |member: &str| dictionary.get(member).and_then(Node::as_bool).unwrap_or(false);
    let events = dictionary.get("firesOn").and_then(Node::as_array).unwrap_or_default();
    if !events.iter().any(|event| event.as_str() == Some(change.event.as_str())) {
        return Ok(None);
    }
    let zone_id = dictionary.get("zoneID").and_then(Node::as_object);
    let in_zone = match zone_id.and_then(|zone_id| zone_id.get("zoneName")).and_then(Node::as_str) {
        Some(name) => name == zone.name,
        None => flag("zoneWide") || zone.name == DEFAULT_ZONE,
    };
    let Some(query) = dictionary.get("query").and_then(Node::as_object) else { return Ok(None) };
    let of_type = query.get("recordType").and_then(Node::as_str) == Some(record.record_type.as_str());
    if !in_zone || !of_type {
        return Ok(None);
    }
    let Some(record_type) = schema.get(&record.record_type) else { return Ok(None) };
    // The schema may have lost the index of a filter since; such a subscription is silent.
    let Ok(filters) = read_filters(query, record_type) else { return Ok(None) };
    let fields = record.read_fields()?;
    if !filters.iter().all(|filter| matches(filter, record, &fields)) {
        return Ok(None);
    }
    let subscriber = call.state.known_caller(&subscription.owner);
    let scope = if zone.owner().is_none() { Scope::Public } else { Scope::Private };
    if !(Call { caller: &subscriber, scope, ..*call }).may_read(record_type, record) {
        return Ok(None);
    }

    let info = dictionary.get("notificationInfo").and_then(Node::as_object);
    let stored = json::parse(&record.fields).map_err(|_| crate::store::StoreError::Damaged(record.rid))?;
    let mut of_query = String::from("\"qry\":{\"sid\":");
    write_string(&mut of_query, &subscription.name);
    of_query.push_str(",\"rid\":");
    write_string(&mut of_query, &record.name);
    write_zone(&mut of_query, zone, &subscription.owner);
    let _ = write!(of_query, ",\"fo\":{}", change.event.number());
    let wanted = info.and_then(|info| info.get("additionalFields")).and_then(Node::as_array);
    if let Some(wanted) = wanted {
        of_query.push_str(",\"af\":{");
        let mut first = true;
        for name in wanted.iter().filter_map(Node::as_str) {
            let Some(value) = stored_value(&stored, name) else { continue };
            if !std::mem::take(&mut first) {
                of_query.push(',');
            }
            write_string(&mut of_query, name);
            of_query.push(':');
            value.write(&mut of_query);
        }
        of_query.push('}');
    }
    of_query.push('}');
    let text = notification(call, subscription, info, Some((schema, record, &stored)), nid, &of_query);
    Ok(Some(Fired { text, last: flag("firesOnce") }))
}

/// A record together with what its schema knows and with its fields as they are stored.
type Subject<'a> = (&'a Schema, &'a Record, &'a Node<'a>);

/// Puts a notification together, in the form of APNs. `what` is the member that says what has changed.
pub(super) fn notification(
    call: &Call<'_>,
    subscription: &Subscription,
    info: Option<&Object<'_>>,
    subject: Option<Subject<'_>>,
    nid: &str,
    what: &str,
) -> String {
    let mut out = String::from("{\"aps\":{");
    if let Some(info) = info {
        write_aps(&mut out, info, subject);
    }
    out.push_str("},\"ck\":{\"ce\":2,\"cid\":");
    write_string(&mut out, &call.state.settings().container_id);
    out.push_str(",\"nid\":");
    write_string(&mut out, nid);
    out.push_str(",\"ckuserid\":");
    write_string(&mut out, &subscription.owner);
    out.push(',');
    out.push_str(what);
    out.push_str("}}");
    out
}

fn write_aps(out: &mut String, info: &Object<'_>, subject: Option<Subject<'_>>) {
    let mut alert = Vec::new();
    for (member, key) in [
        ("alertBody", "body"),
        ("alertLocalizationKey", "loc-key"),
        ("alertActionLocalizationKey", "action-loc-key"),
        ("alertLaunchImage", "launch-image"),
    ] {
        if let Some(text) = info.get(member).and_then(Node::as_str) {
            alert.push(pair(key, text));
        }
    }
    if let Some(arguments) = info.get("alertLocalizationArgs").and_then(Node::as_array) {
        let mut texts = Vec::new();
        for argument in arguments.iter().filter_map(Node::as_str) {
            let mut text = String::new();
            write_string(&mut text, &localization_argument(argument, subject));
            texts.push(text);
        }
        alert.push(format!("\"loc-args\":[{}]", texts.join(",")));
    }
    let mut members = Vec::new();
    if !alert.is_empty() {
        members.push(format!("\"alert\":{{{}}}", alert.join(",")));
    }
    for (member, key) in [("soundName", "sound"), ("category", "category")] {
        if let Some(text) = info.get(member).and_then(Node::as_str) {
            members.push(pair(key, text));
        }
    }
    for (member, key) in [("shouldBadge", "badge"), ("shouldSendContentAvailable", "content-available")] {
        if info.get(member).and_then(Node::as_bool) == Some(true) {
            members.push(format!("\"{key}\":1"));
        }
    }
    out.push_str(&members.join(","));
}

fn pair(key: &str, text: &str) -> String {
    let mut out = format!("\"{key}\":");
    write_string(&mut out, text);
    out
}

/// The name of a field stands for its value; other text stands for itself.
fn localization_argument(argument: &str, subject: Option<Subject<'_>>) -> String {
    let Some((schema, record, stored)) = subject else { return argument.to_owned() };
    if let Some(value) = stored_value(stored, argument) {
        return match &value.kind {
            Kind::String(text) => text.clone().into_owned(),
            _ => {
                let mut text = String::new();
                value.write(&mut text);
                text
            }
        };
    }
    let is_field =
        schema.get(&record.record_type).is_some_and(|record_type| record_type.fields.contains_key(argument));
    if is_field { String::new() } else { argument.to_owned() }
}

/// What a field of a stored record holds.
fn stored_value<'n, 'a>(stored: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    stored.as_object()?.get(name)?.as_object()?.get("value")
}

/// Writes the members that name a zone and its database.
fn write_zone(out: &mut String, zone: &Zone, subscriber: &str) {
    out.push_str(",\"zid\":");
    write_string(out, &zone.name);
    out.push_str(",\"zoid\":");
    write_string(out, zone.owner().unwrap_or(subscriber));
    let scope = if zone.owner().is_none() { Scope::Public } else { Scope::Private };
    let _ = write!(out, ",\"dbs\":{}", database_number(scope));
}

/// The number that notifications have for a database.
pub(super) const fn database_number(scope: Scope) -> u8 {
    match scope {
        Scope::Public => facts::PUBLIC_DATABASE_NUMBER.value,
        Scope::Private => facts::PRIVATE_DATABASE_NUMBER.value,
        Scope::Shared => facts::SHARED_DATABASE_NUMBER.value,
    }
}

pub(super) fn read_dictionary(text: &str) -> Result<Node<'_>, ApiError> {
    json::parse(text).map_err(|_| {
        ApiError::new(cloudkit_core::ServerErrorCode::InternalError, "a stored subscription cannot be read")
    })
}

impl crate::server::State {
    /// Whoever has this user record, with the rights that go with it.
    fn known_caller(&self, record_name: &str) -> Caller {
        match self.users().iter().find(|user| user.record_name == record_name) {
            Some(user) => Caller::User { record_name: record_name.to_owned(), roles: user.roles.clone() },
            None => Caller::Key { record_name: record_name.to_owned() },
        }
    }
}
