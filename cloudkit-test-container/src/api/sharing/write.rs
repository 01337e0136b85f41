//! Writes what sharing adds to a record in a reply.

use std::fmt::Write as _;

use super::super::Call;
use super::super::users::{identity as known_identity, write_lookup_info};
use crate::json::write_string;
use crate::sharing::{Identity, Participant, ParticipantType, ShareTerms, Sharing};
use crate::store::Zone;
use crate::value::write_zone_id;

impl Call<'_> {
    /// Writes the members of a record, each with a comma before it.
    pub(in crate::api) fn write_sharing(&self, out: &mut String, sharing: &Sharing, zone: &Zone) {
        if let Some(guid) = &sharing.short_guid {
            out.push_str(",\"shortGUID\":");
            write_string(out, guid);
        }
        if let Some(share) = &sharing.share {
            write_pointer(out, "share", share, zone);
        }
        let Some(terms) = &sharing.terms else { return };
        if let Some(root) = &terms.root {
            // At a share the member is the other way round: it points to the record that is shared.
            write_pointer(out, "share", root, zone);
        }
        let _ =
            write!(out, ",\"publicPermission\":\"{}\",\"participants\":[", terms.public_permission.as_str());
        for (index, participant) in terms.participants.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            self.write_participant(out, terms, participant);
        }
        out.push(']');
        let mut one = |member: &str, participant: Option<&Participant>| {
            if let Some(participant) = participant {
                let _ = write!(out, ",\"{member}\":");
                self.write_participant(out, terms, participant);
            }
        };
        one("owner", terms.participants.iter().find(|known| known.kind == ParticipantType::Owner));
        let caller = self.caller.record_name();
        one(
            "currentUserParticipant",
            terms.participants.iter().find(|known| known.identity.user.as_deref() == caller),
        );
    }

    fn write_participant(&self, out: &mut String, terms: &ShareTerms, participant: &Participant) {
        out.push_str("{\"participantId\":");
        write_string(out, &participant.id);
        out.push_str(",\"userIdentity\":");
        self.write_identity(out, &participant.identity);
        let _ = write!(
            out,
            ",\"permission\":\"{}\",\"type\":\"{}\",\"acceptanceStatus\":\"{}\"}}",
            terms.granted_to(participant).as_str(),
            participant.kind.as_str(),
            participant.status.as_str()
        );
    }

    pub(super) fn write_identity(&self, out: &mut String, identity: &Identity) {
        let info = match (&identity.email, &identity.phone) {
            (Some(email), _) => Some(("emailAddress", email.as_str())),
            (None, Some(phone)) => Some(("phoneNumber", phone.as_str())),
            (None, None) => None,
        };
        // Somebody may have become known by an address that nobody had when the invitation was written.
        let known = self.state.users().iter().find(|user| identity.is(user));
        out.push('{');
        match (known, &identity.user) {
            (Some(user), _) if user.discoverable => out.push_str(&known_identity(user, info)),
            (_, name) => {
                let mut comma = "";
                if let Some(name) = name {
                    out.push_str("\"userRecordName\":");
                    write_string(out, name);
                    comma = ",";
                }
                if let Some((key, value)) = info {
                    out.push_str(comma);
                    write_lookup_info(out, key, value);
                }
            }
        }
        out.push('}');
    }
}

fn write_pointer(out: &mut String, member: &str, record_name: &str, zone: &Zone) {
    let _ = write!(out, ",\"{member}\":{{\"recordName\":");
    write_string(out, record_name);
    out.push_str(",\"zoneID\":");
    write_zone_id(out, &zone.name, zone.owner());
    out.push('}');
}
