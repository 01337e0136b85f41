//! The handle that every operation starts from.

mod lookup;
pub(crate) mod query;
mod scope;
mod write;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use query::{QueryCall, RecordStream};
pub use scope::{AllowedIn, Encrypted, HasZones, Plain, Private, Public, Scope, Shared};
pub use write::{CreateCall, DeleteCall, ModifyCall, ReplaceCall, UpdateCall};
pub(crate) use write::{one, save};

use crate::client::Client;
use crate::error::{Error, RequestError, Result};
use crate::query::{Query, Unfiltered};
use crate::record::CkRecord;
use crate::zone::ZoneId;

/// One database of a container, and the zone in it that calls go to; what
/// [`Container::public`](crate::Container::public) gives.
///
/// Clones are cheap and share connections, pacing and credentials with their container.
pub struct Database<S> {
    pub(crate) client: Arc<Client>,
    pub(crate) zone: Option<ZoneId>,
    scope: PhantomData<S>,
}

impl<S> Clone for Database<S> {
    fn clone(&self) -> Self {
        Self { client: Arc::clone(&self.client), zone: self.zone.clone(), scope: PhantomData }
    }
}

impl<S: Scope> fmt::Debug for Database<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, zone, scope: _ } = self;
        f.debug_struct("Database")
            .field("name", &S::PATH)
            .field("zone", zone)
            .field("client", client)
            .finish()
    }
}

impl<S: Scope> Database<S> {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        Self { client, zone: None, scope: PhantomData }
    }

    /// The same database, for calls to this zone. Without it calls go to the default zone.
    #[must_use]
    pub fn in_zone(&self, zone: ZoneId) -> Self
    where
        S: HasZones,
    {
        Self { client: Arc::clone(&self.client), zone: Some(zone), scope: PhantomData }
    }

    /// The zone that calls go to, or `None` for the default zone.
    #[must_use]
    pub fn zone(&self) -> Option<&ZoneId> {
        self.zone.as_ref()
    }

    /// Asks for records of the type `R`.
    ///
    /// ```no_run
    /// # use cloudkit_core::{CkRecord, Container};
    /// #[derive(CkRecord)]
    /// struct City {
    ///     #[ck(queryable)]
    ///     country: String,
    ///     #[ck(sortable)]
    ///     population: i64,
    /// }
    ///
    /// # async fn run() -> cloudkit_core::Result<()> {
    /// # let db = Container::from_env()?.public();
    /// let mut large = db
    ///     .query::<City>()
    ///     .filter(|c| c.country.eq("AD"))
    ///     .sort(|c| c.population.descending())
    ///     .stream();
    /// while let Some(city) = large.try_next().await? {
    ///     println!("{}", city.population);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query<R: CkRecord>(&self) -> QueryCall<R, S, Unfiltered> {
        QueryCall::new(self.clone(), Query::new())
    }

    /// Runs a query that was put together elsewhere.
    pub fn run<R: CkRecord, F>(&self, query: Query<R, F>) -> QueryCall<R, S, F> {
        QueryCall::new(self.clone(), query)
    }

    /// Zones of the shared database belong to others, so every call says to whom.
    pub(crate) fn check_zone(&self, operation: &'static str) -> Result<()> {
        let owned = self.zone.as_ref().is_some_and(|zone| zone.owner().is_some());
        if S::PATH == Shared::PATH && !owned {
            return Err(Error::Request { operation, source: RequestError::NoZoneOwner });
        }
        Ok(())
    }

    /// Whether batches can be atomic: in all zones but the default ones.
    pub(crate) fn is_custom_zone(&self) -> bool {
        self.zone.as_ref().is_some_and(|zone| !zone.is_default())
    }
}
