//! A typed client for Apple's CloudKit Web Services.
//!
//! ```no_run
//! use cloudkit_core::{CkRecord, Container, Record, Timestamp};
//!
//! #[derive(CkRecord, Clone, Debug)]
//! struct Article {
//!     title: String,
//!     #[ck(queryable, sortable)]
//!     published_at: Timestamp, // `publishedAt` in CloudKit
//!     #[ck(queryable)]
//!     tags: Vec<String>,
//!     views: i64,
//! }
//!
//! # async fn run(article: Article, last_week: Timestamp) -> cloudkit_core::Result<()> {
//! let db = Container::from_env()?.public();
//!
//! let saved: Record<Article> = db.create(article).named("hello-world").await?;
//!
//! let mut recent = db
//!     .query::<Article>()
//!     .filter(|a| a.tags.contains("rust"))
//!     .filter(|a| a.published_at.gt(last_week))
//!     .sort(|a| a.published_at.descending())
//!     .stream();
//! while let Some(article) = recent.try_next().await? {
//!     println!("{} {}", article.record_name(), article.title);
//! }
//!
//! db.update(&saved).set(|a| a.views, saved.views + 1).await?; // a patch, guarded by the change tag
//! # Ok(())
//! # }
//! ```
//!
//! # Where to find what
//!
//! - [`Container`] and its [builder](container::ContainerBuilder): which container, which environment, who asks. The
//!   [environment variables](Config) that say the same.
//! - [`Database`]: create, update, replace, delete, [lookup](Database::lookup), [query](Database::query).
//! - [`CkRecord`](macro@CkRecord): the derive macro and its options. [`value`]: what a field can hold.
//! - [`query::Field`]: the comparators and sorts. [`Patch`] and [`Operation`]: changes as values.
//! - [`Error`]: why a call failed, and [what to do next](Error::help).
//! - [`auth`]: keys, tokens and signatures, without anything that sends.
//! - [`explain`](mod@explain): why a signed request of any program is refused, with proof.
//! - [`transport`]: how requests travel, when they are repeated, and how many there are at once.
//! - [`dynamic`]: records whose type is not known when compiling.
//!
//! # Which calls are repeated
//!
//! A call is repeated when CloudKit asks for it (`THROTTLED`, `TRY_AGAIN_LATER`, `ZONE_BUSY`), when the request did not
//! leave, and when its answer was lost; never before the moment that CloudKit names, and with a new signature each time.
//! That is safe, because new records get their names before they are sent, and a change that meets its own earlier
//! success is recognised by what the record holds. [`RetryPolicy`](transport::RetryPolicy) says how often.
//!
//! # Errors of single records
//!
//! CloudKit answers a batch with success although records in it were refused. So [`Outcomes`](write::Outcomes) has a
//! result for each operation, and the compiler warns when it is not looked at.

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
pub mod explain;
mod help;
pub mod query;
pub mod record;
pub mod runtime;
pub mod schema;
pub mod transport;
pub mod user;
pub mod value;
mod wire;
pub mod write;
mod zone;

pub use auth::{ApiToken, ServerKey, ServerKeys, WebAuthToken};
#[cfg(feature = "derive")]
pub use cloudkit_derive::{CkEnum, CkRecord, CkRecords, schema};
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
