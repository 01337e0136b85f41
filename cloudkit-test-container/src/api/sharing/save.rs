//! Saves and deletes of shares, and what they do to the records that are shared.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloudkit_core::ServerErrorCode;

use super::super::lookup::not_permitted;
use super::super::modify::Operation;
use super::super::notify::{Event, RecordChange, announce};
use super::super::save::Saver;
use super::super::{ApiError, Call, Scope};
use super::read::GivenParticipant;
use crate::facts;
use crate::schema::SHARE;
use crate::sharing::{
    AcceptanceStatus, Identity, Participant, ParticipantType, SharePermission, ShareTerms, Sharing,
};
use crate::store::{Record, Stamp, Store, Zone};

/// The name of the share of a whole zone.
const ZONE_SHARE: &str = "cloudkit.zoneshare";

impl Saver<'_> {
    /// What sharing adds to a record that is about to be made.
    pub(in crate::api) fn sharing_of_new(
        &self,
        store: &mut Store,
        operation: &Operation<'_, '_>,
        record_type: &str,
    ) -> Result<Option<Sharing>, ApiError> {
        if record_type == SHARE {
            return self.new_share(store, operation).map(Some);
        }
        if !operation.sharing.create_short_guid {
            return Ok(None);
        }
        self.check_zone_can_be_shared()?;
        let short_guid = Some(fresh_short_guid(self.call, store)?);
        Ok(Some(Sharing { short_guid, ..Sharing::default() }))
    }

    /// What sharing adds to a record after a change of it.
    pub(in crate::api) fn sharing_of_changed(
        &self,
        store: &mut Store,
        operation: &Operation<'_, '_>,
        stored: &Record,
    ) -> Result<Option<Sharing>, ApiError> {
        let mut sharing = stored.sharing.clone().unwrap_or_default();
        if let Some(terms) = &mut sharing.terms {
            if let Some(permission) = operation.sharing.public_permission {
                terms.public_permission = permission;
            }
            if let Some(given) = &operation.sharing.participants {
                terms.participants = self.participants(&terms.participants, given)?;
            }
        } else if operation.sharing.create_short_guid && sharing.short_guid.is_none() {
            self.check_zone_can_be_shared()?;
            let share = match &sharing.share {
                Some(share) => store.record(self.zone.id, share)?,
                None => None,
            };
            let of_share = share.and_then(|share| share.sharing).and_then(|sharing| sharing.short_guid);
            sharing.short_guid = Some(match of_share {
                Some(guid) => guid,
                None => fresh_short_guid(self.call, store)?,
            });
        }
        Ok(sharing.or_nothing())
    }

    /// Keeps what follows from the sharing of a record that was just saved.
    pub(in crate::api) fn keep_sharing(&mut self, store: &mut Store, saved: &Record) -> Result<(), ApiError> {
        self.check_hierarchies(store, saved)?;
        let Some(sharing) = &saved.sharing else { return Ok(()) };
        if let Some(guid) = &sharing.short_guid
            && !store.has_short_guid(guid)?
        {
            store.add_short_guid(guid, saved.rid)?;
        }
        let Some(terms) = &sharing.terms else { return Ok(()) };
        store.set_members(saved, terms.members())?;
        let root = match &terms.root {
            Some(root) => store.record(self.zone.id, root)?,
            None => None,
        };
        if let Some(root) = root
            && root.sharing.as_ref().is_none_or(|sharing| sharing.share.as_ref() != Some(&saved.name))
        {
            let mut sharing = root.sharing.clone().unwrap_or_default();
            sharing.share = Some(saved.name.clone());
            let root = save_sharing(self.call, store, &root, sharing)?;
            self.check_hierarchies(store, &root)?;
            self.note(Event::Updated, root);
        }
        Ok(())
    }

    /// Refuses a save after which more records are shared together than may be.
    fn check_hierarchies(&self, store: &Store, saved: &Record) -> Result<(), ApiError> {
        if self.zone.is_default() || (saved.parent.is_none() && saved.sharing.is_none()) {
            return Ok(());
        }
        let limit = self.call.state.settings().limits.shared_records;
        for root in store.shared_roots_above(self.zone.id, &saved.name)? {
            if store.count_below(self.zone.id, &root, limit.saturating_add(1))? > limit {
                return Err(ApiError::bad_request(format!(
                    "too many records: {limit} can be shared with the record '{root}', itself included"
                )));
            }
        }
        Ok(())
    }

    /// Takes back what a share, which is about to be deleted, has done to the record that it shares.
    pub(in crate::api) fn unshare(&mut self, store: &mut Store, share: &Record) -> Result<(), ApiError> {
        let terms = share.sharing.as_ref().and_then(|sharing| sharing.terms.as_ref());
        let Some(root) = terms.and_then(|terms| terms.root.as_ref()) else { return Ok(()) };
        if let Some(root) = store.record(share.zone, root)?
            && let Some(sharing) = &root.sharing
            && sharing.share.as_ref() == Some(&share.name)
        {
            let root = save_sharing(self.call, store, &root, Sharing { share: None, ..sharing.clone() })?;
            self.note(Event::Updated, root);
        }
        Ok(())
    }

    fn check_zone_can_be_shared(&self) -> Result<(), ApiError> {
        match self.call.scope {
            Scope::Shared => Err(not_permitted("CREATE")),
            Scope::Private if !self.zone.is_default() => Ok(()),
            Scope::Private | Scope::Public => Err(ApiError::new(
                facts::SHARE_OUTSIDE_OF_CUSTOM_ZONES.value,
                "sharing needs a custom zone of the private database",
            )),
        }
    }

    fn new_share(&self, store: &mut Store, operation: &Operation<'_, '_>) -> Result<Sharing, ApiError> {
        self.check_zone_can_be_shared()?;
        let request = &operation.sharing;
        let root = match &request.root {
            None if operation.record_name == ZONE_SHARE => None,
            None => return Err(nothing_to_share()),
            Some((name, tag)) => {
                let root = store.record(self.zone.id, name)?.ok_or_else(nothing_to_share)?;
                if root.record_type == SHARE {
                    return Err(nothing_to_share());
                }
                if root.change_tag() != *tag {
                    let reason = "client oplock error updating record";
                    return Err(ApiError::new(ServerErrorCode::Conflict, reason));
                }
                if root.sharing.as_ref().is_some_and(|sharing| sharing.share.is_some()) {
                    return Err(ApiError::new(facts::SHARED_TWICE.value, "the record is shared already"));
                }
                Some(root)
            }
        };
        let owner = Participant {
            id: self.call.state.random_uuid(),
            identity: Identity { user: self.zone.owner().map(str::to_owned), ..Identity::default() },
            kind: ParticipantType::Owner,
            permission: SharePermission::ReadWrite,
            status: AcceptanceStatus::Accepted,
        };
        let given = request.participants.as_deref().unwrap_or_default();
        let terms = ShareTerms {
            root: root.as_ref().map(|root| root.name.clone()),
            public_permission: request.public_permission.unwrap_or(SharePermission::None),
            participants: self.participants(&[owner], given)?,
        };
        let of_root = root.and_then(|root| root.sharing).and_then(|sharing| sharing.short_guid);
        let short_guid = match of_root.filter(|_| facts::ROOT_AND_SHARE_HAVE_ONE_SHORT_GUID.value) {
            Some(guid) => guid,
            None => fresh_short_guid(self.call, store)?,
        };
        Ok(Sharing { short_guid: Some(short_guid), share: None, terms: Some(terms) })
    }

    /// The participants after a save: the owner, and those that the save names. Whoever it leaves out is removed.
    fn participants(
        &self,
        known: &[Participant],
        given: &[GivenParticipant],
    ) -> Result<Vec<Participant>, ApiError> {
        let is_owner = |participant: &&Participant| participant.kind == ParticipantType::Owner;
        let mut participants: Vec<Participant> = known.iter().filter(is_owner).cloned().collect();
        for given in given.iter().filter(|given| !given.removed) {
            let by_id = |known: &&Participant| given.id.as_ref() == Some(&known.id);
            let by_name = |known: &&Participant| known.identity.same(&given.identity);
            let known = known.iter().find(by_id).or_else(|| known.iter().find(by_name));
            let participant = match known {
                Some(known) => Participant {
                    permission: given.permission,
                    kind: match (known.kind, given.kind) {
                        (ParticipantType::User | ParticipantType::Administrator, Some(kind)) => {
                            invited_as(kind)
                        }
                        (kind, _) => kind,
                    },
                    ..known.clone()
                },
                None => Participant {
                    id: self.call.state.random_uuid(),
                    identity: self.find_user(&given.identity)?,
                    kind: given.kind.map_or(ParticipantType::User, invited_as),
                    permission: given.permission,
                    status: AcceptanceStatus::Invited,
                },
            };
            let is_owner = participant.kind == ParticipantType::Owner
                || given.kind == Some(ParticipantType::Owner)
                || participant.identity.user.as_deref() == self.zone.owner();
            if is_owner {
                continue;
            }
            if participants.iter().any(|other| other.identity.same(&participant.identity)) {
                return Err(ApiError::bad_request("a participant is named twice"));
            }
            participants.push(participant);
        }
        let limit = facts::MAX_PARTICIPANTS.value;
        if participants.len() > limit {
            return Err(ApiError::bad_request(format!(
                "too many participants: {} exceed the limit of {limit}",
                participants.len()
            )));
        }
        Ok(participants)
    }

    /// Completes how an invited person is named by the user whom that is, if one is known.
    fn find_user(&self, given: &Identity) -> Result<Identity, ApiError> {
        let user = self.call.state.users().iter().find(|user| given.is(user));
        match (user, &given.user) {
            (Some(user), _) => Ok(Identity { user: Some(user.record_name.clone()), ..given.clone() }),
            (None, None) if *given != Identity::default() => Ok(given.clone()),
            (None, Some(name)) => {
                let name: String = name.chars().take(64).collect();
                Err(ApiError::bad_request(format!("there is no user '{name}'")))
            }
            (None, None) => Err(ApiError::bad_request("there is no participant of this ID")),
        }
    }
}

/// What the owner can make of somebody.
fn invited_as(kind: ParticipantType) -> ParticipantType {
    match kind {
        ParticipantType::PublicUser => ParticipantType::User,
        kind => kind,
    }
}

/// What is answered to a share of nothing, and to the spelling of the record type that Apple's reference has.
pub(in crate::api) fn nothing_to_share() -> ApiError {
    ApiError::bad_request("Cannot share - no such record exists to share")
}

/// A short GUID that nothing has.
fn fresh_short_guid(call: &Call<'_>, store: &Store) -> Result<String, ApiError> {
    loop {
        let guid = format!("0{}", URL_SAFE_NO_PAD.encode(call.state.random().bytes::<16>()));
        if !store.has_short_guid(&guid)? {
            return Ok(guid);
        }
    }
}

/// Saves a record with other sharing and nothing else changed.
pub(super) fn save_sharing(
    call: &Call<'_>,
    store: &mut Store,
    record: &Record,
    sharing: Sharing,
) -> Result<Record, ApiError> {
    let saved = Record {
        tag: store.fresh_tag(),
        modified: Stamp { at: call.now.max(record.modified.at), by: call.caller_name().to_owned() },
        sharing: sharing.or_nothing(),
        ..record.clone()
    };
    store.update_record(&saved)?;
    if let Some(record_type) = call.state.schema(call.environment).get(&record.record_type) {
        store.index_change(Some(record), Some(&saved), record_type, call.now)?;
    }
    if let Some(terms) = saved.sharing.as_ref().and_then(|sharing| sharing.terms.as_ref()) {
        store.set_members(&saved, terms.members())?;
    }
    Ok(saved)
}

/// Takes the caller off the list of a share, and returns the share as it is then.
pub(in crate::api) fn leave(call: &Call<'_>, store: &mut Store, share: &Record) -> Result<Record, ApiError> {
    let mut sharing = share.sharing.clone().unwrap_or_default();
    if let Some(terms) = &mut sharing.terms {
        terms
            .participants
            .retain(|participant| participant.identity.user.as_deref() != call.caller.record_name());
    }
    save_sharing(call, store, share, sharing)
}

/// Takes the caller off the lists of all shares of a zone. Whether a notification waits for somebody now.
pub(in crate::api) fn leave_zone(call: &Call<'_>, store: &mut Store, zone: &Zone) -> Result<bool, ApiError> {
    let left = store.tell_participants(zone, |store| {
        let mut left = Vec::new();
        for granted in store.grants(zone.id, call.caller_name())? {
            if let Some(share) = store.record(zone.id, &granted.name)? {
                left.push(RecordChange { event: Event::Updated, record: leave(call, store, &share)? });
            }
        }
        Ok::<_, ApiError>(left)
    })?;
    announce(call, store, zone, &call.state.schema(call.environment), &left)
}
