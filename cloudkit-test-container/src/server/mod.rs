//! The HTTP side: connections, routing, and what all requests share.

mod admin;
mod cors;
mod courier;
mod files;
mod handle;
mod http;
mod log;
mod other_writer;
mod schemas;
mod secure;
mod sign_in;
mod state;
mod trouble;

pub(crate) use courier::{Courier, LONG_POLL};
pub(crate) use handle::{Delivery, Reply, Request, arrive, handle};
pub(crate) use http::serve;
pub(crate) use log::Log;
pub use log::LoggedRequest;
pub(crate) use schemas::{SchemaFailure, Schemas, SnapshotFailure};
pub(crate) use state::{ENVIRONMENTS, Settings, State};
