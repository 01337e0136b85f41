//! A container to ask, ways to ask it, and checks on what it says.

mod caller;
mod json;
mod reply;
mod request;
mod schema;
mod server;

pub(crate) use caller::Caller;
pub(crate) use json::{
    check_contains, check_failed, create, escape, field_of, filter, int64, one, operation, string, text,
    typed, zone_operation,
};
pub(crate) use reply::{Raw, Reply};
pub(crate) use request::Request;
pub(crate) use schema::ENCRYPTABLE;
pub(crate) use server::Server;

pub(crate) const CONTAINER: &str = "iCloud.com.example.Conformance";
pub(crate) const DEVELOPMENT_KEY_ID: &str =
    "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1";
pub(crate) const PRODUCTION_KEY_ID: &str = "9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b";

/// The wire names of the types a field can hold one value of.
pub(crate) const SCALARS: [&str; 8] =
    ["STRING", "INT64", "DOUBLE", "TIMESTAMP", "BYTES", "LOCATION", "REFERENCE", "ASSETID"];
