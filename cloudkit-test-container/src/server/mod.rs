//! The HTTP side: connections, routing, and what all requests share.

mod admin;
mod arrival;
mod console;
mod cors;
mod courier;
mod exchange;
mod files;
mod gate;
mod handle;
mod http;
mod log;
mod other_writer;
mod part;
mod planned;
mod schemas;
mod secure;
mod sign_in;
mod state;
mod trouble;

pub(crate) use arrival::{arrive, endpoints_of_rules};
pub(crate) use console::ConsoleKey;
pub(crate) use courier::{Courier, LONG_POLL};
pub(crate) use handle::{Delivery, Reply, Request, handle};
pub(crate) use http::{PATIENCE, serve};
pub(crate) use log::Log;
pub use log::LoggedRequest;
pub use part::endpoints;
pub(crate) use planned::{empty_pages, happen_before, in_place};
pub(crate) use schemas::{SchemaFailure, Schemas, SnapshotFailure};
pub(crate) use state::{ENVIRONMENTS, Settings, State};
