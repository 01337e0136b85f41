//! A typed client for Apple's CloudKit Web Services.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod auth;
pub mod database;
mod environment;
mod error_code;
pub mod query;
pub mod record;
pub mod runtime;
pub mod transport;
pub mod value;
mod zone;

#[cfg(feature = "derive")]
pub use cloudkit_derive::{CkEnum, CkRecord, CkRecords};
pub use environment::{Environment, ParseEnvironmentError};
pub use error_code::ServerErrorCode;
pub use query::Query;
pub use record::{ChangeTag, CkRecord, Metadata, Record, RecordName};
pub use value::{Asset, CkEnum, Json, JsonBytes, Location, Reference, ReferenceAction, Timestamp};
pub use zone::ZoneId;
