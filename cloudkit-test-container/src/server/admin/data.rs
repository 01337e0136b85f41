//! The data: databases with their zones, records, and the files of records.

use cloudkit_core::Environment;
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answer, Asked, Refusal, Reply, State, shown};
use crate::api::Scope;
use crate::server::ENVIRONMENTS;
use crate::sharing::{SharePermission, Sharing};
use crate::store::{DEFAULT_ZONE, Record, Selection, Stamp, Store, Zone};
use crate::value::{WriteOptions, write_fields};

/// So many records at most are in one answer.
const MOST_RECORDS: u64 = 200;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownDatabase {
    environment: &'static str,
    database: String,
    user: Option<User>,
    zones: Vec<ShownZone>,
}

/// A user record, with the name of the user whose it is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    record_name: String,
    name: Option<String>,
}

impl User {
    pub(super) fn of(state: &State, record_name: &str) -> Self {
        let user = state.users().iter().find(|user| user.record_name == record_name);
        Self { record_name: record_name.to_owned(), name: user.map(|user| user.name.clone()) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownZone {
    zone_name: String,
    owner: Option<User>,
    record_types: Vec<Count>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    record_type: String,
    records: i64,
}

/// `GET /admin/databases`: those that somebody has used, in both environments.
pub(super) fn databases(state: &State, _: &Asked<'_>) -> Answer {
    let store = state.store();
    let mut databases = Vec::new();
    for environment in ENVIRONMENTS {
        for known in store.known_databases(environment)? {
            let is_shared = known.scope == Scope::Shared.as_str();
            let zones = if is_shared {
                store.zones_shared_with(environment, &known.owner)?
            } else {
                store.zones(known.id)?
            };
            if is_shared && zones.is_empty() {
                continue;
            }
            let show = |zone: &Zone| {
                let counts = if is_shared { Vec::new() } else { store.count_types(zone.id)? };
                let count = |(record_type, records)| Count { record_type, records };
                Ok::<_, Refusal>(ShownZone {
                    zone_name: zone.name.clone(),
                    owner: zone.owner().map(|owner| User::of(state, owner)),
                    record_types: counts.into_iter().map(count).collect(),
                })
            };
            databases.push(ShownDatabase {
                environment: environment.as_str(),
                user: (!known.owner.is_empty()).then(|| User::of(state, &known.owner)),
                zones: zones.iter().map(show).collect::<Result<_, _>>()?,
                database: known.scope,
            });
        }
    }
    Ok(super::json(200, &json!({ "databases": databases })))
}

/// A zone that is asked for.
pub(super) struct Place {
    pub(super) environment: Environment,
    pub(super) scope: Scope,
    /// Whose database it is; empty for the public one.
    pub(super) user: String,
    pub(super) zone: Zone,
}

impl Place {
    /// The participant through whose eyes the zone is seen.
    fn reader(&self) -> Option<&str> {
        (self.scope == Scope::Shared).then_some(self.user.as_str())
    }
}

/// The zone that the parameters name: `environment`, `database`, `user` where it is not the public one, `zone` unless it
/// is the default one, and `owner` in the shared database.
pub(super) fn place(state: &State, store: &Store, asked: &Asked<'_>) -> Result<Place, Refusal> {
    let environment = asked.required("environment")?;
    let environment: Environment = environment.parse().map_err(|_| {
        Refusal::bad(format!("`{}` is not an environment: development or production", shown(&environment)))
    })?;
    let database = asked.required("database")?;
    let scope = Scope::from_path(&database).ok_or_else(|| {
        Refusal::bad(format!("`{}` is not a database: public, private or shared", shown(&database)))
    })?;
    let zone_name = asked.text("zone").unwrap_or_else(|| DEFAULT_ZONE.to_owned());
    let user = match scope {
        Scope::Public => String::new(),
        _ => user_named(state, &asked.required("user")?)?,
    };
    let zone = if scope == Scope::Shared {
        let owner = user_named(state, &asked.required("owner")?)?;
        let zones = store.zones_shared_with(environment, &user)?;
        zones.into_iter().find(|zone| zone.owner() == Some(&owner) && zone.name == zone_name)
    } else {
        match store.known_database(environment, scope.as_str(), &user)? {
            Some(database) => store.zone(database, &zone_name)?,
            None => None,
        }
    };
    let zone = zone.ok_or_else(|| {
        Refusal::not_found(format!("there is no zone `{}` in that database", shown(&zone_name)))
    })?;
    Ok(Place { environment, scope, user, zone })
}

/// The record name of a user, by it or by the user's name. A key has databases too, and its record name is taken as it
/// is.
fn user_named(state: &State, given: &str) -> Result<String, Refusal> {
    let by_name = state.users().iter().find(|user| user.name == given || user.record_name == given);
    if let Some(user) = by_name {
        return Ok(user.record_name.clone());
    }
    if given.starts_with('_') {
        return Ok(given.to_owned());
    }
    Err(Refusal::not_found(format!("there is no user `{}`", shown(given))))
}

/// `GET /admin/records`: the latest first, with `type`, `text`, `limit`, and `before` for the next page.
pub(super) fn records(state: &State, asked: &Asked<'_>) -> Answer {
    let store = state.store();
    let place = place(state, &store, asked)?;
    let limit = asked.number("limit")?.unwrap_or(50).clamp(1, MOST_RECORDS);
    let before = asked.number("before")?.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
    let (record_type, text) = (asked.text("type"), asked.text("text"));
    let selection = Selection {
        record_type: record_type.as_deref(),
        text: text.as_deref(),
        before,
        limit: usize::try_from(limit).unwrap_or(1),
        reader: place.reader(),
    };
    let (records, more) = store.select(&place.zone, &selection)?;
    let next = records.last().filter(|_| more).map(|record| record.rid);
    let records = records.iter().map(|record| show(state, record, &place.zone));
    let records: Vec<Value> = records.collect::<Result<_, _>>()?;
    Ok(super::json(200, &json!({ "records": records, "next": next })))
}

/// `GET /admin/record`, with `name`.
pub(super) fn record(state: &State, asked: &Asked<'_>) -> Answer {
    let store = state.store();
    let place = place(state, &store, asked)?;
    let name = asked.required("name")?;
    let record = store.record(place.zone.id, &name)?;
    let record = match (record, place.reader()) {
        (Some(record), Some(reader)) => {
            let grants = store.grants(place.zone.id, reader)?;
            let is_seen = store.permission_by(&grants, &record)? != SharePermission::None;
            is_seen.then_some(record)
        }
        (record, _) => record,
    };
    let record = record
        .ok_or_else(|| Refusal::not_found(format!("there is no record `{}` in that zone", shown(&name))))?;
    Ok(super::json(200, &show(state, &record, &place.zone)?))
}

/// `GET /admin/file`, with `checksum`: the bytes of an asset.
pub(super) fn file(state: &State, asked: &Asked<'_>) -> Answer {
    let checksum = asked.required("checksum")?;
    let Some(bytes) = state.store().blob(&checksum)? else {
        return Err(Refusal::not_found("no record holds this file"));
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(Reply::new(200, headers, bytes))
}

/// A record with everything that is known of it.
fn show(state: &State, record: &Record, zone: &Zone) -> Result<Value, Refusal> {
    let mut fields = String::new();
    // A page that reads numbers as doubles would show other ones than there are.
    let options = WriteOptions { numbers_as_strings: true, ..WriteOptions::default() };
    write_fields(&mut fields, &record.read_fields()?, options);
    let mut fields: Value = serde_json::from_str(&fields).unwrap_or_default();
    without_keys(&mut fields);
    let stamp = |stamp: &Stamp| json!({ "at": stamp.at, "by": User::of(state, &stamp.by) });
    Ok(json!({
        "recordName": record.name,
        "recordType": record.record_type,
        "zoneName": zone.name,
        "owner": zone.owner().map(|owner| User::of(state, owner)),
        "fields": fields,
        "recordChangeTag": record.change_tag(),
        "created": stamp(&record.created),
        "modified": stamp(&record.modified),
        "parent": record.parent,
        "sharing": record.sharing.as_ref().map(|sharing| show_sharing(state, sharing)),
    }))
}

/// Takes out the keys that files are encrypted with.
fn without_keys(fields: &mut Value) {
    let fields = fields.as_object_mut().into_iter().flat_map(Map::values_mut);
    for field in fields.filter(|field| field["type"].as_str().is_some_and(|kind| kind.contains("ASSET"))) {
        let values = match &mut field["value"] {
            Value::Array(values) => values.iter_mut().collect(),
            value => vec![value],
        };
        for asset in values.into_iter().filter_map(Value::as_object_mut) {
            asset.remove("wrappingKey");
        }
    }
}

fn show_sharing(state: &State, sharing: &Sharing) -> Value {
    let Sharing { short_guid, share, terms, .. } = sharing;
    let terms = terms.as_ref().map(|terms| {
        let participants = terms.participants.iter().map(|participant| {
            json!({
                "user": participant.identity.user.as_deref().map(|name| User::of(state, name)),
                "email": participant.identity.email,
                "phone": participant.identity.phone,
                "type": participant.kind.as_str(),
                "permission": terms.granted_to(participant).as_str(),
                "acceptanceStatus": participant.status.as_str(),
            })
        });
        json!({
            "root": terms.root,
            "publicPermission": terms.public_permission.as_str(),
            "participants": participants.collect::<Vec<_>>(),
        })
    });
    json!({ "shortGUID": short_guid, "share": share, "terms": terms })
}
