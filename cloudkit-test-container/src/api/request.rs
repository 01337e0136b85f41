//! Members that several requests have in common.

use super::{ApiError, Call, Scope};
use crate::facts;
use crate::json::{Node, Object};
use crate::store::{DEFAULT_ZONE, DatabaseId, Store, Zone};
use crate::value::write_zone_id;

/// At most so many operations, or records to look up, in one request.
pub(super) const MAX_ITEMS: usize = 200;

/// At most so many records or zones in one page; larger wishes are cut down to it.
pub(super) const MAX_PAGE: usize = 200;

/// Spellings of "the caller" that old clients use for the owner of a zone.
const DEFAULT_OWNERS: [&str; 2] = ["_defaultOwner", "__defaultOwner__"];

pub(super) fn text<'n>(node: &'n Node<'_>) -> Result<&'n str, ApiError> {
    node.as_str().ok_or_else(|| ApiError::unexpected(node))
}

pub(super) fn required_text<'n>(object: &'n Object<'_>, member: &str) -> Result<&'n str, ApiError> {
    text(object.get(member).ok_or_else(|| ApiError::missing(member))?)
}

pub(super) fn optional_text<'n>(object: &'n Object<'_>, member: &str) -> Result<Option<&'n str>, ApiError> {
    object.get(member).map(text).transpose()
}

pub(super) fn optional_bool(object: &Object<'_>, member: &str) -> Result<Option<bool>, ApiError> {
    let Some(node) = object.get(member) else { return Ok(None) };
    node.as_bool().map(Some).ok_or_else(|| ApiError::unexpected(node))
}

/// A required array of at most [`MAX_ITEMS`].
pub(super) fn items<'n, 'a>(object: &'n Object<'a>, member: &str) -> Result<&'n [Node<'a>], ApiError> {
    let node = object.get(member).ok_or_else(|| ApiError::missing(member))?;
    let items = node.as_array().ok_or_else(|| ApiError::unexpected(node))?;
    if items.len() > MAX_ITEMS {
        return Err(ApiError::bad_request(format!(
            "BadRequestException: too many items in '{member}': {} exceeds the limit of {MAX_ITEMS}",
            items.len()
        )));
    }
    Ok(items)
}

/// The fields that a reply should carry; `None` for all of them.
pub(super) fn desired_keys(object: &Object<'_>) -> Result<Option<Vec<String>>, ApiError> {
    optional_texts(object, "desiredKeys")
}

pub(super) fn optional_texts(object: &Object<'_>, member: &str) -> Result<Option<Vec<String>>, ApiError> {
    let Some(node) = object.get(member) else { return Ok(None) };
    let texts = node.as_array().ok_or_else(|| ApiError::unexpected(node))?;
    let texts = texts.iter().map(|node| text(node).map(str::to_owned));
    texts.collect::<Result<_, _>>().map(Some)
}

/// How many records or zones a page may hold.
pub(super) fn results_limit(object: &Object<'_>) -> Result<Option<usize>, ApiError> {
    let Some(node) = object.get("resultsLimit") else { return Ok(None) };
    let limit: i64 =
        node.as_number().and_then(|text| text.parse().ok()).ok_or_else(|| ApiError::unexpected(node))?;
    match usize::try_from(limit) {
        Ok(limit) if limit > 0 => Ok(Some(limit.min(MAX_PAGE))),
        _ => Err(ApiError::bad_request("BadRequestException: resultsLimit must be greater than 0")),
    }
}

/// A zone that a request names, before anybody looked whether it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ZoneId {
    pub(super) name: String,
    pub(super) owner: Option<String>,
}

impl ZoneId {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        Ok(Self {
            name: required_text(object, "zoneName")?.to_owned(),
            owner: optional_text(object, "ownerRecordName")?.map(str::to_owned),
        })
    }

    pub(super) fn not_found(&self) -> ApiError {
        ApiError::new(
            cloudkit_core::ServerErrorCode::ZoneNotFound,
            format!("Zone '{}' does not exist", self.shown()),
        )
    }

    /// The name, cut down to what a name can be.
    pub(super) fn shown(&self) -> String {
        self.name.chars().take(255).collect()
    }

    /// The entry of the zone among the results of a request that failed for it.
    pub(super) fn failed(&self, error: &ApiError) -> String {
        let mut entry = String::from("{\"zoneID\":");
        write_zone_id(&mut entry, &self.name, self.owner.as_deref());
        entry.push(',');
        error.write_members(&mut entry);
        entry.push('}');
        entry
    }
}

impl Call<'_> {
    /// What is answered to a write with nothing but an API token.
    pub(super) fn sign_in(&self) -> ApiError {
        self.state.sign_in(facts::TOKEN_ONLY_WRITE.value, self.environment, self.api_token)
    }

    /// The caller's record name where a user or key is sure to be there, else an empty text.
    pub(super) fn caller_name(&self) -> &str {
        self.caller.record_name().unwrap_or_default()
    }

    /// Who owns the zones of the database.
    pub(super) fn zone_owner(&self) -> Option<&str> {
        match self.scope {
            Scope::Public => None,
            Scope::Private | Scope::Shared => self.caller.record_name(),
        }
    }

    pub(super) fn database(&self, store: &mut Store) -> Result<DatabaseId, ApiError> {
        let owner = self.zone_owner().unwrap_or_default();
        Ok(store.database(self.environment, self.scope.as_str(), owner)?)
    }

    /// The zone that the request names, or the default zone.
    pub(super) fn requested_zone(&self, request: &Object<'_>) -> Result<ZoneId, ApiError> {
        let zone = match request.get("zoneID") {
            None => ZoneId { name: DEFAULT_ZONE.to_owned(), owner: None },
            Some(node) => ZoneId::read(node)?,
        };
        self.check_owner(&zone)?;
        Ok(zone)
    }

    /// Reads a zone ID, which in the shared database has to name the owner.
    pub(super) fn read_zone_id(&self, node: &Node<'_>) -> Result<ZoneId, ApiError> {
        let zone = ZoneId::read(node)?;
        self.check_owner(&zone)?;
        Ok(zone)
    }

    fn check_owner(&self, zone: &ZoneId) -> Result<(), ApiError> {
        if self.scope == Scope::Shared && zone.owner.is_none() {
            return Err(ApiError::bad_request(
                "BadRequestException: zoneID needs to have ownerRecordName field for calls to sharedb",
            ));
        }
        Ok(())
    }

    /// Refuses a request to a database that does not have the endpoint.
    pub(super) fn refuse_scope(&self, scope: Scope) -> Result<(), ApiError> {
        if self.scope != scope {
            return Ok(());
        }
        Err(ApiError::bad_request(format!(
            "BadRequestException: endpoint not applicable in the database type '{}'",
            scope.in_reasons()
        )))
    }

    /// Finds the zone. In the shared database there are those in which the caller takes part in a share.
    pub(super) fn find_zone(&self, store: &mut Store, zone: &ZoneId) -> Result<Option<Zone>, ApiError> {
        if self.scope == Scope::Shared {
            let owner = zone.owner.as_deref().unwrap_or_default();
            let found = store.zone_of_owner(self.environment, owner, &zone.name)?;
            return Ok(match found {
                Some(found) if !store.grants(found.id, self.caller_name())?.is_empty() => Some(found),
                _ => None,
            });
        }
        if !self.owns(zone.owner.as_deref()) {
            return Ok(None);
        }
        let database = self.database(store)?;
        Ok(store.zone(database, &zone.name)?)
    }

    /// Whether the owner of a zone ID is the one whose zones the database holds.
    pub(super) fn owns(&self, owner: Option<&str>) -> bool {
        match owner {
            None => true,
            Some(owner) if DEFAULT_OWNERS.contains(&owner) => true,
            // Public zones belong to nobody in particular; replies name no owner that could be sent back.
            Some(owner) => self.scope == Scope::Public || self.caller.record_name() == Some(owner),
        }
    }
}
