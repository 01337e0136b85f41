//! `subscriptions/list`, `subscriptions/lookup` and `subscriptions/modify`.

use std::collections::BTreeSet;

use cloudkit_core::{Environment, ServerErrorCode};

use super::database_news::latest_change;
use super::lookup::not_permitted;
use super::query::unknown_type;
use super::reply::array;
use super::request::{items, optional_bool, optional_text, required_text, text};
use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::{Node, Object, write_string};
use crate::query::{Target, read_filters};
use crate::schema::{Permission, USERS};
use crate::store::{Store, Subscription};
use crate::subscription_shape::SubscriptionShape;
use crate::value::write_zone_id;

/// The longest `subscriptionID`, in bytes.
const MAX_ID: usize = 255;

/// What a query subscription can fire on.
const EVENTS: [&str; 3] = ["create", "update", "delete"];

pub(super) fn list(call: &Call<'_>) -> Result<String, ApiError> {
    let owner = owner(call)?;
    let mut store = call.state.store();
    let database = call.database(&mut store)?;
    let subscriptions = store.subscriptions(database, Some(owner))?;
    let entries: Vec<_> = subscriptions.into_iter().map(|subscription| subscription.dictionary).collect();
    Ok(format!("{{\"subscriptions\":{}}}", array(&entries)))
}

pub(super) fn lookup(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let owner = owner(call)?;
    let mut names = Vec::new();
    for node in items(request, "subscriptions")? {
        let item = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        names.push(required_text(item, "subscriptionID")?);
    }
    let mut store = call.state.store();
    let database = call.database(&mut store)?;
    let mut entries = Vec::with_capacity(names.len());
    for name in names {
        entries.push(match store.subscription(database, owner, name)? {
            Some(subscription) => subscription.dictionary,
            None => failed(name, &not_found()),
        });
    }
    Ok(format!("{{\"subscriptions\":{}}}", array(&entries)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Delete,
}

pub(super) fn modify(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    let owner = owner(call)?;
    let mut operations = Vec::new();
    for node in items(request, "operations")? {
        let operation = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let verb = operation.get("operationType").ok_or_else(|| ApiError::missing("operationType"))?;
        let verb = match verb.as_str() {
            Some("create") => Verb::Create,
            Some("update") => Verb::Update,
            Some("delete") => Verb::Delete,
            _ => return Err(ApiError::unexpected(verb)),
        };
        let node = operation.get("subscription").ok_or_else(|| ApiError::missing("subscription"))?;
        let dictionary = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let name = match optional_text(dictionary, "subscriptionID")? {
            Some(name) => name.to_owned(),
            None if verb == Verb::Create => call.state.random_uuid(),
            None => return Err(ApiError::missing("subscriptionID")),
        };
        operations.push((verb, name, dictionary));
    }
    let mut store = call.state.store();
    let entries = store.transaction(|store| {
        let mut entries = Vec::with_capacity(operations.len());
        for (verb, name, dictionary) in &operations {
            entries.push(run(call, store, owner, *verb, name, dictionary)?);
        }
        Ok::<_, ApiError>(entries)
    })?;
    Ok(format!("{{\"subscriptions\":{}}}", array(&entries)))
}

/// Whose subscriptions the request is about.
fn owner<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    Ok(call.caller_name())
}

/// Runs one operation. What is wrong with it makes its entry; an error here is one of the whole request.
fn run(
    call: &Call<'_>,
    store: &mut Store,
    owner: &str,
    verb: Verb,
    name: &str,
    dictionary: &Object<'_>,
) -> Result<String, ApiError> {
    let database = call.database(store)?;
    let known = store.subscription(database, owner, name)?;
    match (verb, known) {
        (Verb::Create, Some(known)) => return Ok(known.dictionary),
        (Verb::Update | Verb::Delete, None) => return Ok(failed(name, &not_found())),
        (Verb::Delete, Some(known)) => {
            store.delete_subscription(known.id)?;
            let mut entry = String::from("{\"subscriptionID\":");
            write_string(&mut entry, name);
            entry.push_str(",\"deleted\":true}");
            return Ok(entry);
        }
        (Verb::Create, None) | (Verb::Update, Some(_)) => {}
    }
    let (subscription, shape) = match read(call, store, owner, name, dictionary) {
        Ok(read) => read,
        Err(error) if error.code == ServerErrorCode::InternalError => return Err(error),
        Err(error) => return Ok(failed(name, &error)),
    };
    let others = store.subscriptions(database, Some(owner))?;
    let is_equivalent = |other: &Subscription| {
        other.name != name && other.equivalence.is_some() && other.equivalence == subscription.equivalence
    };
    if others.iter().any(is_equivalent) {
        let reason = facts::EQUIVALENT_SUBSCRIPTION.value;
        return Ok(failed(name, &ApiError::new(ServerErrorCode::InternalError, reason)));
    }
    if let Some(shape) = &shape {
        if call.environment == Environment::Production
            && !store.knows_subscription_shape(call.environment, shape)?
        {
            return Ok(failed(name, &ApiError::bad_request(facts::SHAPE_NOT_DEPLOYED.value)));
        }
        store.learn_subscription_shape(call.environment, shape)?;
    }
    store.save_subscription(database, &subscription)?;
    if subscription.follows_database {
        let latest = latest_change(call, store, database, call.scope, owner)?;
        store.follow_database(database, &subscription, latest.map_or(0, |latest| latest.seq))?;
    }
    Ok(subscription.dictionary)
}

/// Reads the dictionary of a subscription, and refuses what could never fire.
fn read(
    call: &Call<'_>,
    store: &mut Store,
    owner: &str,
    name: &str,
    dictionary: &Object<'_>,
) -> Result<(Subscription, Option<SubscriptionShape>), ApiError> {
    if name.is_empty() || name.len() > MAX_ID {
        return Err(ApiError::bad_request(format!("invalid subscription ID: 1 to {MAX_ID} bytes")));
    }
    let mut out = String::from("{\"subscriptionID\":");
    write_string(&mut out, name);
    let kind = required_text(dictionary, "subscriptionType")?;
    out.push_str(",\"subscriptionType\":");
    write_string(&mut out, kind);
    let mut subscription = Subscription {
        id: 0,
        owner: owner.to_owned(),
        name: name.to_owned(),
        zone: None,
        equivalence: None,
        follows_database: kind == "database",
        dictionary: String::new(),
    };
    if kind != "database" && call.scope == Scope::Shared {
        // Which zones there are is not for the subscriber to say.
        return Err(ApiError::bad_request(facts::SHARED_SUBSCRIPTIONS.value));
    }
    let shape = match kind {
        "query" => Some(read_query_kind(call, store, dictionary, &mut subscription, &mut out)?),
        "zone" => {
            read_zone_kind(call, store, dictionary, &mut subscription, &mut out)?;
            None
        }
        "database" if call.scope != Scope::Public => None,
        _ => return Err(ApiError::bad_request("BadRequestException: unexpected input")),
    };
    if let Some(node) = dictionary.get("notificationInfo") {
        check_notification_info(node)?;
        out.push_str(",\"notificationInfo\":");
        node.write(&mut out);
    }
    out.push('}');
    subscription.dictionary = out;
    Ok((subscription, shape))
}

fn read_query_kind(
    call: &Call<'_>,
    store: &mut Store,
    dictionary: &Object<'_>,
    subscription: &mut Subscription,
    out: &mut String,
) -> Result<SubscriptionShape, ApiError> {
    let node = dictionary.get("query").ok_or_else(|| ApiError::missing("query"))?;
    let query = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
    let type_name = required_text(query, "recordType")?;
    if type_name == USERS {
        return Err(ApiError::bad_request("Can't query system types"));
    }
    let schema = call.state.schema(call.environment);
    let record_type = schema.get(type_name).ok_or_else(|| unknown_type(type_name))?;
    if !call.allowed(record_type, Permission::Read, call.caller.record_name()) {
        return Err(not_permitted("READ"));
    }
    let filters = read_filters(query, record_type)?;
    let fires_on = read_events(dictionary)?;
    let fires_once = optional_bool(dictionary, "firesOnce")?.unwrap_or(false);
    let zone_wide = optional_bool(dictionary, "zoneWide")?.unwrap_or(true);

    out.push_str(",\"query\":");
    node.write(out);
    let mut zone_name = None;
    if let Some(node) = dictionary.get("zoneID") {
        let zone_id = call.read_zone_id(node)?;
        let zone = call.find_zone(store, &zone_id)?.ok_or_else(|| zone_id.not_found())?;
        out.push_str(",\"zoneID\":");
        write_zone_id(out, &zone.name, zone.owner());
        zone_name = Some(zone.name);
    }
    let events: Vec<&str> = EVENTS.into_iter().filter(|event| fires_on.contains(*event)).collect();
    out.push_str(&format!(
        ",\"firesOn\":[\"{}\"],\"firesOnce\":{fires_once},\"zoneWide\":{zone_wide}",
        events.join("\",\"")
    ));
    subscription.equivalence = Some(format!("{type_name} {filters:?} {events:?} {zone_name:?} {zone_wide}"));
    let filters = filters.iter().map(|filter| {
        let field = match &filter.target {
            Target::Field(name) => name.clone(),
            Target::System(name) => (*name).to_owned(),
            Target::AnyText(_) => "self".to_owned(),
        };
        (field, filter.comparator.as_str().to_owned())
    });
    Ok(SubscriptionShape::new(type_name, filters, &fires_on))
}

fn read_events(dictionary: &Object<'_>) -> Result<BTreeSet<String>, ApiError> {
    let node = dictionary.get("firesOn").ok_or_else(|| ApiError::missing("firesOn"))?;
    let mut events = BTreeSet::new();
    for node in node.as_array().ok_or_else(|| ApiError::unexpected(node))? {
        let event = text(node)?;
        if !EVENTS.contains(&event) {
            return Err(ApiError::unexpected(node));
        }
        events.insert(event.to_owned());
    }
    if events.is_empty() {
        return Err(ApiError::missing("firesOn"));
    }
    Ok(events)
}

fn read_zone_kind(
    call: &Call<'_>,
    store: &mut Store,
    dictionary: &Object<'_>,
    subscription: &mut Subscription,
    out: &mut String,
) -> Result<(), ApiError> {
    if call.scope == Scope::Public {
        return Err(ApiError::bad_request("zone subscriptions are not supported in the public database"));
    }
    let zone_id = call.read_zone_id(dictionary.get("zoneID").ok_or_else(|| ApiError::missing("zoneID"))?)?;
    let zone = call.find_zone(store, &zone_id)?.ok_or_else(|| zone_id.not_found())?;
    if zone.is_default() {
        return Err(ApiError::bad_request("zone subscriptions are not supported in the default zone"));
    }
    out.push_str(",\"zoneID\":");
    write_zone_id(out, &zone.name, zone.owner());
    subscription.zone = Some(zone.id);
    Ok(())
}

/// Whether the members that the reference names have the types that it gives them. Others are kept as they are.
fn check_notification_info(node: &Node<'_>) -> Result<(), ApiError> {
    let info = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
    for member in [
        "alertBody",
        "alertLocalizationKey",
        "alertActionLocalizationKey",
        "alertLaunchImage",
        "soundName",
        "category",
    ] {
        optional_text(info, member)?;
    }
    for member in ["shouldBadge", "shouldSendContentAvailable"] {
        optional_bool(info, member)?;
    }
    for member in ["alertLocalizationArgs", "additionalFields"] {
        super::request::optional_texts(info, member)?;
    }
    Ok(())
}

fn not_found() -> ApiError {
    ApiError::new(ServerErrorCode::NotFound, "Subscription not found")
}

/// The entry of a subscription among the results of a request that failed for it.
fn failed(name: &str, error: &ApiError) -> String {
    let mut entry = String::from("{\"subscriptionID\":");
    write_string(&mut entry, &name.chars().take(MAX_ID).collect::<String>());
    entry.push(',');
    error.write_members(&mut entry);
    entry.push('}');
    entry
}
