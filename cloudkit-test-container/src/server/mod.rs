//! The HTTP side: connections, routing, and what all requests share.

mod cors;
mod files;
mod handle;
mod http;
mod log;
mod sign_in;
mod state;

pub(crate) use handle::{Reply, Request, handle};
pub(crate) use http::serve;
pub(crate) use log::Log;
pub use log::LoggedRequest;
pub(crate) use state::{Settings, State};
