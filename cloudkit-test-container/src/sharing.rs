//! Shares: who may see and change records of a private zone beside its owner.

use serde::{Deserialize, Serialize};

use crate::users::KnownUser;

/// What sharing adds to a record: to the root of shared records, or to the share itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sharing {
    /// What stands for the record in an address that is handed on.
    pub(crate) short_guid: Option<String>,
    /// The name of the share whose root the record is.
    pub(crate) share: Option<String>,
    /// What a share says; `None` for every other record.
    pub(crate) terms: Option<ShareTerms>,
}

impl Sharing {
    /// Nothing, if nothing is left of it.
    pub(crate) fn or_nothing(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// What a share says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShareTerms {
    /// The record that is shared with all records below it; `None` for the whole zone.
    pub(crate) root: Option<String>,
    /// What anybody may do who knows the address.
    pub(crate) public_permission: SharePermission,
    /// The owner first.
    pub(crate) participants: Vec<Participant>,
}

impl ShareTerms {
    /// What a user may do who has accepted the share.
    pub(crate) fn permission_of(&self, user: &str) -> SharePermission {
        let of_user = |participant: &&Participant| participant.identity.user.as_deref() == Some(user);
        match self.participants.iter().find(of_user) {
            Some(participant) if participant.status == AcceptanceStatus::Accepted => {
                self.granted_to(participant)
            }
            _ => SharePermission::None,
        }
    }

    /// What a participant may do, or might once the share is accepted.
    pub(crate) fn granted_to(&self, participant: &Participant) -> SharePermission {
        match participant.kind {
            // Whoever came by the address alone has what the address gives today.
            ParticipantType::PublicUser => self.public_permission,
            _ => participant.permission,
        }
    }

    /// The users who have accepted the share, without its owner.
    pub(crate) fn members(&self) -> impl Iterator<Item = &str> {
        let accepted = |participant: &&Participant| {
            participant.kind != ParticipantType::Owner && participant.status == AcceptanceStatus::Accepted
        };
        self.participants.iter().filter(accepted).filter_map(|member| member.identity.user.as_deref())
    }

    /// The participant that a user is.
    pub(crate) fn participant(&self, user: &KnownUser) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.identity.is(user))
    }
}

/// Somebody who takes part in a share, or is invited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) id: String,
    pub(crate) identity: Identity,
    pub(crate) kind: ParticipantType,
    pub(crate) permission: SharePermission,
    pub(crate) status: AcceptanceStatus,
}

/// How the owner of a share has named somebody, and which user that is, as soon as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) user: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
}

impl Identity {
    pub(crate) fn is(&self, user: &KnownUser) -> bool {
        if let Some(name) = &self.user {
            return *name == user.record_name;
        }
        let same_email = match (&self.email, &user.email) {
            (Some(mine), Some(theirs)) => mine.eq_ignore_ascii_case(theirs),
            _ => false,
        };
        same_email || self.phone.is_some() && self.phone == user.phone
    }

    /// Whether both name one person, as far as they tell.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let equal = |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && mine == theirs;
        equal(&self.user, &other.user) || equal(&self.email, &other.email) || equal(&self.phone, &other.phone)
    }
}

/// What may be done with shared records. A later one allows all that an earlier one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum SharePermission {
    None,
    ReadOnly,
    ReadWrite,
}

impl SharePermission {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ReadOnly => "READ_ONLY",
            Self::ReadWrite => "READ_WRITE",
        }
    }

    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        [Self::None, Self::ReadOnly, Self::ReadWrite].into_iter().find(|known| known.as_str() == text)
    }
}

/// What somebody is in a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ParticipantType {
    Owner,
    Administrator,
    User,
    PublicUser,
}

impl ParticipantType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Administrator => "ADMINISTRATOR",
            Self::User => "USER",
            Self::PublicUser => "PUBLIC_USER",
        }
    }

    /// Reads the words of Apple's document and those of Apple's JavaScript.
    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        Some(match text {
            "OWNER" => Self::Owner,
            "ADMINISTRATOR" => Self::Administrator,
            "USER" | "PRIVATE_USER" | "UNKNOWN" => Self::User,
            "PUBLIC_USER" => Self::PublicUser,
            _ => return None,
        })
    }
}

/// Whether a participant has accepted the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AcceptanceStatus {
    Invited,
    Accepted,
}

impl AcceptanceStatus {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "INVITED",
            Self::Accepted => "ACCEPTED",
        }
    }
}
