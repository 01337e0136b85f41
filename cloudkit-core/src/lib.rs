//! A typed client for Apple's CloudKit Web Services.

pub mod auth;
mod environment;
mod error_code;
pub mod record;
pub mod runtime;
pub mod transport;
pub mod value;

pub use environment::{Environment, ParseEnvironmentError};
pub use error_code::ServerErrorCode;
