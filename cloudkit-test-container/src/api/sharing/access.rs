//! What the caller may do with the records of a zone.

use super::super::{ApiError, Call, Scope};
use crate::schema::SHARE;
use crate::sharing::SharePermission;
use crate::store::{GrantedShare, Record, Store, StoreError, Zone};

/// The record type of shares as Apple's reference spells it.
const DOCUMENTED_SHARE: &str = "cloudKit.share";

/// What the caller may do with the records of a zone, as far as it depends on sharing.
#[derive(Clone, Debug)]
pub(in crate::api) enum Access {
    /// The zone is the caller's own, or public.
    Full,
    /// The caller takes part in these shares.
    Granted(Vec<GrantedShare>),
}

impl Access {
    pub(in crate::api) fn permission(
        &self,
        store: &Store,
        record: &Record,
    ) -> Result<SharePermission, StoreError> {
        match self {
            Self::Full => Ok(SharePermission::ReadWrite),
            Self::Granted(grants) => store.permission_by(grants, record),
        }
    }

    /// Whether the record is there for the caller at all.
    pub(in crate::api) fn sees(&self, store: &Store, record: &Record) -> Result<bool, StoreError> {
        Ok(self.permission(store, record)? > SharePermission::None)
    }

    pub(in crate::api) fn may_change(&self, store: &Store, record: &Record) -> Result<bool, StoreError> {
        Ok(self.permission(store, record)? == SharePermission::ReadWrite)
    }

    /// Whether the caller may make a record with this parent. Participants add to what is shared, and to nothing else.
    pub(in crate::api) fn may_add(
        &self,
        store: &Store,
        zone: &Zone,
        parent: Option<&str>,
    ) -> Result<bool, StoreError> {
        let Self::Granted(grants) = self else { return Ok(true) };
        let whole_zone = |granted: &GrantedShare| {
            granted.root.is_none() && granted.permission == SharePermission::ReadWrite
        };
        if grants.iter().any(whole_zone) {
            return Ok(true);
        }
        let Some(parent) = parent else { return Ok(false) };
        match store.record(zone.id, parent)? {
            Some(parent) => self.may_change(store, &parent),
            None => Ok(false),
        }
    }

    /// Whether there is anything in the zone that the caller may change.
    pub(in crate::api) fn may_change_something(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Granted(grants) => {
                grants.iter().any(|granted| granted.permission == SharePermission::ReadWrite)
            }
        }
    }

    /// Whether the caller may change the share of this name.
    pub(in crate::api) fn administers(&self, share: &str) -> bool {
        match self {
            Self::Full => true,
            Self::Granted(grants) => {
                grants.iter().any(|granted| granted.administers && granted.name == share)
            }
        }
    }
}

impl Call<'_> {
    /// The record type that a request means, which may be spelled as the reference spells that of shares.
    pub(in crate::api) fn record_type_meant<'n>(&self, name: &'n str) -> &'n str {
        if name == DOCUMENTED_SHARE && self.state.settings().documented_share_type { SHARE } else { name }
    }

    pub(in crate::api) fn access(&self, store: &Store, zone: &Zone) -> Result<Access, ApiError> {
        if self.scope != Scope::Shared {
            return Ok(Access::Full);
        }
        Ok(Access::Granted(store.grants(zone.id, self.caller_name())?))
    }
}
