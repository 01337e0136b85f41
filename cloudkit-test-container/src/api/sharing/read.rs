//! Reads the members that a share adds to the record of an operation.

use super::super::ApiError;
use super::super::request::{optional_bool, optional_text, required_text};
use crate::facts;
use crate::json::{Node, Object};
use crate::schema::SHARE;
use crate::sharing::{Identity, ParticipantType, SharePermission};

/// What an operation says about sharing.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct ShareRequest {
    /// The record is to have a short GUID.
    pub(super) create_short_guid: bool,
    /// The record to be shared, and its change tag.
    pub(super) root: Option<(String, String)>,
    pub(super) public_permission: Option<SharePermission>,
    /// All participants besides the owner.
    pub(super) participants: Option<Vec<GivenParticipant>>,
}

/// A participant as a request has it.
#[derive(Clone, Debug)]
pub(super) struct GivenParticipant {
    pub(super) id: Option<String>,
    pub(super) identity: Identity,
    pub(super) kind: Option<ParticipantType>,
    pub(super) permission: SharePermission,
    /// The participant is on the list to be taken off it.
    pub(super) removed: bool,
}

impl ShareRequest {
    /// Reads the record of an operation. The members of shares are looked at where the record is or may be one.
    pub(in crate::api) fn read(record: &Object<'_>, record_type: Option<&str>) -> Result<Self, ApiError> {
        let create_short_guid = optional_bool(record, "createShortGUID")?.unwrap_or(false);
        if record_type.is_some_and(|record_type| record_type != SHARE) {
            return Ok(Self { create_short_guid, ..Self::default() });
        }
        let root = match record.get("forRecord") {
            None => None,
            Some(node) => {
                let root = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
                let name = required_text(root, "recordName")?.to_owned();
                Some((name, required_text(root, "recordChangeTag")?.to_owned()))
            }
        };
        let participants = match record.get("participants") {
            None => None,
            Some(node) => {
                let nodes = node.as_array().ok_or_else(|| ApiError::unexpected(node))?;
                Some(nodes.iter().map(GivenParticipant::read).collect::<Result<_, _>>()?)
            }
        };
        let public_permission = permission(record, "publicPermission")?;
        Ok(Self { create_short_guid, root, public_permission, participants })
    }
}

impl GivenParticipant {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        let id = optional_text(object, "participantId")?.map(str::to_owned);
        let identity = match object.get("userIdentity") {
            None => Identity::default(),
            Some(node) => read_identity(node)?,
        };
        if id.is_none() && identity == Identity::default() {
            return Err(ApiError::missing("userIdentity"));
        }
        let kind = match object.get("type") {
            None => None,
            Some(node) => {
                let kind = node.as_str().and_then(ParticipantType::from_wire);
                Some(kind.ok_or_else(|| ApiError::unexpected(node))?)
            }
        };
        let removed = match object.get("acceptanceStatus") {
            None => false,
            Some(node) => match node.as_str() {
                // Only the participants themselves can accept, so the word is taken for what they did already.
                Some("UNKNOWN" | "INVITED" | "PENDING" | "ACCEPTED") => false,
                Some("REMOVED") => true,
                _ => return Err(ApiError::unexpected(node)),
            },
        };
        let permission = permission(object, "permission")?.unwrap_or(facts::PARTICIPANT_PERMISSION.value);
        Ok(Self { id, identity, kind, permission, removed })
    }
}

fn permission(object: &Object<'_>, member: &str) -> Result<Option<SharePermission>, ApiError> {
    let Some(node) = object.get(member) else { return Ok(None) };
    match node.as_str() {
        Some("UNKNOWN") => Ok(None),
        text => {
            let permission = text.and_then(SharePermission::from_wire);
            permission.map(Some).ok_or_else(|| ApiError::unexpected(node))
        }
    }
}

fn read_identity(node: &Node<'_>) -> Result<Identity, ApiError> {
    let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
    let text =
        |object: &Object<'_>, member: &str| optional_text(object, member).map(|text| text.map(str::to_owned));
    let mut identity = Identity { user: text(object, "userRecordName")?, ..Identity::default() };
    if let Some(node) = object.get("lookupInfo") {
        let info = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        identity.email = text(info, "emailAddress")?;
        identity.phone = text(info, "phoneNumber")?;
        if identity.user.is_none() {
            identity.user = text(info, "userRecordName")?;
        }
    }
    Ok(identity)
}
