//! Where records are kept: SQLite, in memory or in a file.
//!
//! The tables know nothing of HTTP or JSON requests; whoever calls decides what is allowed.

mod assets;
mod browse;
mod cache;
mod changes;
mod credentials;
mod environment;
mod index;
mod intact;
mod keys;
mod place;
mod push;
mod records;
mod shared;
mod sharing;
mod snapshot;
mod sqlite;
mod subscriptions;
mod walk;

pub(crate) use assets::{AssetPlace, Receipt};
pub(crate) use browse::Selection;
pub(crate) use cache::KnownRecord;
pub(crate) use changes::{Change, ZoneChange};
pub(crate) use credentials::KeptKey;
pub(crate) use index::{INDEX_FORM, Slot, system_key, words};
pub(crate) use intact::in_range;
pub(crate) use keys::{ABSENT, MAX_KEY, double_key, full_key, index_key, read_double_key, shorten, text_key};
pub(crate) use place::{Cell, Place, read_place_key};
pub(crate) use records::{Record, ReferenceEdge, Stamp, tag_text};
pub(crate) use shared::SharedStore;
pub(crate) use sharing::GrantedShare;
pub(crate) use snapshot::{Content, LoadError};
pub(crate) use sqlite::{DatabaseId, Store, Zone};
pub(crate) use subscriptions::Subscription;
pub(crate) use walk::{Index, KeyRange};

/// The zone that every database has.
pub(crate) const DEFAULT_ZONE: &str = "_defaultZone";

/// What the store could not do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("the database refuses")]
    Sqlite(#[from] rusqlite::Error),
    #[error("what was written could not be kept")]
    NotKept,
    #[error("record {0} in the database cannot be read")]
    Damaged(i64),
    #[error("the schema in the database cannot be read")]
    DamagedSchema,
    #[error("a user in the database cannot be read")]
    DamagedUser,
    #[error("a key or token in the database cannot be read")]
    DamagedKey,
    #[error("cannot use the directory `{0}`")]
    Directory(String, #[source] std::io::Error),
    #[error("`{0}` is in use by another container; stop that one first, or name another directory")]
    InUse(String),
}
