//! `records/resolve` and `records/accept`: what is behind the address of a share, and taking part in it.

use std::fmt::Write as _;

use cloudkit_core::ServerErrorCode;

use super::super::database_news::announce_databases;
use super::super::notify::{Event, RecordChange, announce};
use super::super::reply::{Show, array};
use super::super::request::{items, optional_bool, optional_texts, required_text};
use super::super::users::own_user;
use super::super::{ApiError, Call, Scope};
use super::save::save_sharing;
use crate::facts;
use crate::json::{Object, write_string};
use crate::sharing::{
    AcceptanceStatus, Identity, Participant, ParticipantType, SharePermission, ShareTerms, Sharing,
};
use crate::store::{Record, Store, Zone};
use crate::users::KnownUser;
use crate::value::write_zone_id;

pub(in crate::api) fn resolve(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    answer(call, request, false)
}

pub(in crate::api) fn accept(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    answer(call, request, true)
}

/// A short GUID dictionary.
struct Asked<'n> {
    guid: &'n str,
    fetch_root: bool,
    root_keys: Option<Vec<String>>,
}

impl Asked<'_> {
    fn write(&self, out: &mut String) {
        out.push_str("\"shortGUID\":{\"value\":");
        write_string(out, self.guid);
        let _ = write!(out, ",\"shouldFetchRootRecord\":{}", self.fetch_root);
        if let Some(keys) = &self.root_keys {
            out.push_str(",\"rootRecordDesiredKeys\":[");
            for (index, key) in keys.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
            }
            out.push(']');
        }
        out.push('}');
    }
}

fn answer(call: &Call<'_>, request: &Object<'_>, accepts: bool) -> Result<String, ApiError> {
    call.refuse_scope(Scope::Private)?;
    call.refuse_scope(Scope::Shared)?;
    let user = own_user(call)
        .ok_or_else(|| ApiError::new(ServerErrorCode::AuthenticationFailed, "Authentication failed"))?;
    let mut wanted = Vec::new();
    for node in items(request, "shortGUIDs")? {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let guid = required_text(object, "value")?;
        let root_keys = optional_texts(object, "rootRecordDesiredKeys")?;
        let fetch_root = optional_bool(object, "shouldFetchRootRecord")?.unwrap_or(root_keys.is_some());
        wanted.push(Asked { guid, fetch_root, root_keys });
    }
    let mut store = call.state.store();
    let mut rings = false;
    let entries = store.transaction(|store| {
        let mut entries = Vec::with_capacity(wanted.len());
        for asked in &wanted {
            let outcome = store.savepoint(|store| one(call, store, user, asked, accepts, &mut rings));
            entries.push(match outcome {
                Err(error) if error.code != ServerErrorCode::InternalError => {
                    let mut entry = String::from("{");
                    asked.write(&mut entry);
                    entry.push(',');
                    error.write_members(&mut entry);
                    entry.push('}');
                    entry
                }
                outcome => outcome?,
            });
        }
        rings |= announce_databases(call, store)?;
        Ok::<_, ApiError>(entries)
    })?;
    if rings {
        call.state.courier().ring();
    }
    Ok(format!("{{\"results\":{}}}", array(&entries)))
}

/// What somebody is in a share, and may do.
#[derive(Clone, Copy)]
struct Standing {
    kind: &'static str,
    status: &'static str,
    permission: SharePermission,
}

fn one(
    call: &Call<'_>,
    store: &mut Store,
    user: &KnownUser,
    asked: &Asked<'_>,
    accepts: bool,
    rings: &mut bool,
) -> Result<String, ApiError> {
    let unknown = || ApiError::new(facts::UNKNOWN_SHORT_GUID.value, "Short GUID not found");
    let found = store.record_by_short_guid(call.environment, asked.guid)?;
    let (record, zone) = found.ok_or_else(unknown)?;
    let owns = zone.owner() == Some(user.record_name.as_str());
    let sharing = record.sharing.clone().unwrap_or_default();
    let share = match (&sharing.terms, &sharing.share) {
        (Some(_), _) => Some(record.clone()),
        (None, Some(share)) => store.record(zone.id, share)?,
        (None, None) => None,
    };
    let Some(mut share) = share else {
        // The record has an address and nobody has been given a share of it.
        if !owns {
            return Err(unknown());
        }
        return write(call, store, asked, &zone, None, Some(&record.name), &owner_standing(), &[]);
    };
    let Some(terms) = share.sharing.as_ref().and_then(|sharing| sharing.terms.clone()) else {
        return Err(unknown());
    };
    if owns {
        let standing = owner_standing();
        return write(call, store, asked, &zone, Some(&share), terms.root.as_deref(), &standing, &[]);
    }
    let participant = terms.participant(user).filter(|known| terms.granted_to(known) > SharePermission::None);
    if participant.is_none() && terms.public_permission == SharePermission::None {
        let open: Vec<_> =
            terms.participants.iter().filter(|invited| invited.identity.user.is_none()).collect();
        if accepts || open.is_empty() {
            return Err(ApiError::new(
                facts::NOT_INVITED.value,
                "the share is private, and the user was not invited",
            ));
        }
        // Perhaps the user is one of these, under another address. No record is shown until that is settled.
        let standing = Standing { kind: "UNKNOWN", status: "UNKNOWN", permission: SharePermission::None };
        return write(call, store, asked, &zone, None, None, &standing, &open);
    }
    let standing = match participant {
        Some(known) => Standing {
            kind: known.kind.as_str(),
            status: if accepts { AcceptanceStatus::Accepted.as_str() } else { known.status.as_str() },
            permission: terms.granted_to(known),
        },
        None => Standing {
            kind: ParticipantType::PublicUser.as_str(),
            status: if accepts { AcceptanceStatus::Accepted } else { AcceptanceStatus::Invited }.as_str(),
            permission: terms.public_permission,
        },
    };
    let is_new = participant.is_none_or(|known| known.status != AcceptanceStatus::Accepted);
    if accepts && is_new {
        share =
            store.tell_participants(&zone, |store| take_part(call, store, user, &share, terms.clone()))?;
        let accepted = RecordChange { event: Event::Updated, record: share.clone() };
        *rings |= announce(call, store, &zone, &call.state.schema(call.environment), &[accepted])?;
    }
    write(call, store, asked, &zone, Some(&share), terms.root.as_deref(), &standing, &[])
}

fn owner_standing() -> Standing {
    Standing {
        kind: ParticipantType::Owner.as_str(),
        status: AcceptanceStatus::Accepted.as_str(),
        permission: SharePermission::ReadWrite,
    }
}

/// Writes a user into the list of those who have accepted the share.
fn take_part(
    call: &Call<'_>,
    store: &mut Store,
    user: &KnownUser,
    share: &Record,
    mut terms: ShareTerms,
) -> Result<Record, ApiError> {
    match terms.participants.iter_mut().find(|participant| participant.identity.is(user)) {
        Some(participant) => {
            participant.status = AcceptanceStatus::Accepted;
            participant.identity.user = Some(user.record_name.clone());
        }
        None => terms.participants.push(Participant {
            id: call.state.random_uuid(),
            identity: Identity { user: Some(user.record_name.clone()), ..Identity::default() },
            kind: ParticipantType::PublicUser,
            permission: terms.public_permission,
            status: AcceptanceStatus::Accepted,
        }),
    }
    let sharing = share.sharing.clone().unwrap_or_default();
    save_sharing(call, store, share, Sharing { terms: Some(terms), ..sharing })
}

#[expect(clippy::too_many_arguments, reason = "they are the members of one dictionary")]
fn write(
    call: &Call<'_>,
    store: &Store,
    asked: &Asked<'_>,
    zone: &Zone,
    share: Option<&Record>,
    root: Option<&str>,
    standing: &Standing,
    open: &[&Participant],
) -> Result<String, ApiError> {
    let mut out = String::from("{");
    asked.write(&mut out);
    out.push_str(",\"containerIdentifier\":");
    write_string(&mut out, &call.state.settings().container_id);
    let owns = zone.owner() == call.caller.record_name();
    let scope = if owns { "PRIVATE" } else { "SHARED" };
    let _ =
        write!(out, ",\"environment\":\"{}\",\"databaseScope\":\"{scope}\",\"zoneID\":", call.environment);
    write_zone_id(&mut out, &zone.name, zone.owner());
    if let Some(root) = root {
        out.push_str(",\"rootRecordName\":");
        write_string(&mut out, root);
        let record = if asked.fetch_root { store.record(zone.id, root)? } else { None };
        if let Some(record) = record {
            out.push_str(",\"rootRecord\":");
            let show = Show { desired_keys: asked.root_keys.clone(), numbers_as_strings: false };
            call.write_record(&mut out, &record, zone, &show)?;
        }
    }
    if let Some(share) = share {
        out.push_str(",\"share\":");
        call.write_record(&mut out, share, zone, &Show::default())?;
    }
    out.push_str(",\"ownerIdentity\":");
    let owner = Identity { user: zone.owner().map(str::to_owned), ..Identity::default() };
    call.write_identity(&mut out, &owner);
    let _ = write!(
        out,
        ",\"participantType\":\"{}\",\"participantStatus\":\"{}\",\"participantPermission\":\"{}\"",
        standing.kind,
        standing.status,
        standing.permission.as_str()
    );
    if !open.is_empty() {
        out.push_str(",\"potentialMatchList\":[");
        for (index, participant) in open.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str("{\"participantId\":");
            write_string(&mut out, &participant.id);
            out.push_str(",\"contactInformation\":{");
            let Identity { email, phone, .. } = &participant.identity;
            let mut comma = "";
            for (member, value) in [("emailAddress", email), ("phoneNumber", phone)] {
                if let Some(value) = value {
                    let _ = write!(out, "{comma}\"{member}\":");
                    write_string(&mut out, value);
                    comma = ",";
                }
            }
            out.push_str("}}");
        }
        out.push(']');
    }
    out.push('}');
    Ok(out)
}
