//! The HTTP side: connections, routing, and what all requests share.

mod admin;
mod arrival;
mod cors;
mod courier;
mod files;
mod handle;
mod http;
mod log;
mod other_writer;
mod planned;
mod schemas;
mod secure;
mod sign_in;
mod state;
mod trouble;

pub(crate) use arrival::{arrive, endpoints};
pub(crate) use courier::{Courier, LONG_POLL};
pub(crate) use handle::{Delivery, Reply, Request, handle};
pub(crate) use http::serve;
pub(crate) use log::Log;
pub use log::LoggedRequest;
pub(crate) use planned::{empty_pages, happen_before, in_place};
pub(crate) use schemas::{SchemaFailure, Schemas, SnapshotFailure};
pub(crate) use state::{ENVIRONMENTS, Settings, State};
