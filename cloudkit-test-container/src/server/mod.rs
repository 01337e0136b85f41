//! The HTTP side: connections, routing, and what all requests share.

mod cors;
mod handle;
mod http;
mod log;
mod schemas;
mod other_writer;
mod sign_in;
mod state;
mod trouble;

pub(crate) use handle::{Delivery, Reply, Request, arrive, handle};
pub(crate) use http::serve;
pub(crate) use log::Log;
pub use log::LoggedRequest;
pub(crate) use schemas::{SchemaFailure, Schemas};
pub(crate) use state::{Settings, State};
