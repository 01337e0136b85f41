//! A typed client for Apple's CloudKit Web Services.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod auth;
mod client;
pub mod config;
pub mod container;
pub mod database;
pub mod dynamic;
mod environment;
pub mod error;
mod error_code;
mod help;
pub mod query;
pub mod record;
pub mod runtime;
pub mod transport;
pub mod user;
pub mod value;
mod wire;
pub mod write;
mod zone;

pub use auth::{ApiToken, ServerKey, ServerKeys, WebAuthToken};
#[cfg(feature = "derive")]
pub use cloudkit_derive::{CkEnum, CkRecord, CkRecords};
pub use config::Config;
pub use container::Container;
pub use database::Database;
pub use environment::{Environment, ParseEnvironmentError};
pub use error::{Error, Result, ServerError};
pub use error_code::ServerErrorCode;
pub use query::Query;
pub use record::{ChangeTag, CkRecord, Metadata, Record, RecordName};
pub use value::{Asset, CkEnum, Json, JsonBytes, Location, Reference, ReferenceAction, Timestamp};
pub use write::{Operation, Patch};
pub use zone::ZoneId;
