//! A strict CloudKit container on loopback, for tests of programs that use CloudKit Web Services.
//!
//! It needs no account, no key and no network, refuses what Apple's service refuses, and says why: in the header
//! `x-cloudkit-explain` beside Apple's own error body, and in [`TestContainer::requests`].
//!
//! ```
//! use cloudkit_core::value::{ScalarType, ValueType};
//! use cloudkit_test_container::{FieldDef, RecordType, Schema, TestContainer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let article = RecordType::new("Article")
//!     .field(FieldDef::new("title", ValueType::one(ScalarType::String)).queryable().sortable())
//!     .record_name_queryable()
//!     .default_grants();
//! let container = TestContainer::builder("iCloud.com.example.News")
//!     .schema(Schema::new().record_type(article))
//!     .user("alice")
//!     .start()
//!     .await?;
//!
//! assert!(container.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(container.users()[0].name, "alice");
//! # Ok(())
//! # }
//! ```

mod api;
mod api_tokens;
mod assets;
mod auth;
mod builder;
mod client;
mod clock;
mod container;
mod credentials;
mod environments;
pub mod facts;
mod faults;
mod json;
mod limits;
mod management;
mod query;
mod random;
mod records;
mod schema;
mod server;
mod session;
mod sharing;
mod snapshot;
mod store;
mod subscription_shape;
mod tls;
mod users;
mod value;

pub use api_tokens::ApiTokenDef;
pub use auth::SignatureVerdict;
pub use builder::TestContainerBuilder;
pub use clock::Clock;
pub use container::{ContainerError, StartError, TestContainer, TestUser, UnmetFaults};
pub use faults::{Fault, FaultFileError, FaultRule, FaultTextError, Faults, Latency};
pub use limits::Limits;
pub use schema::{FieldDef, Permission, RecordType, Role, Schema, SchemaError, SchemaSource};
pub use server::{LoggedRequest, endpoints};
pub use session::{Session, SessionError};
pub use snapshot::{Snapshot, SnapshotError};
pub use subscription_shape::SubscriptionShape;
pub use users::User;

// The programs of the README are compiled and run as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
