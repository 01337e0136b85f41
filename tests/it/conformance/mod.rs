//! The test container, held against the numbered conformance statements of the protocol.
//!
//! The number of a test is the number of its statement. Nothing of the client library is used here but the signature:
//! requests, headers and bodies are written out, and replies are read as plain JSON, so that client and container
//! cannot agree on a mistake.

pub(crate) mod assets;
mod changes;
mod comparators;
mod concurrency;
mod diagnosis;
mod feed_model;
mod indexes;
mod javascript;
mod limits;
mod lookup;
mod modify;
mod production;
mod push;
mod query;
mod refusals;
mod server_key;
mod sharing;
mod sign_in;
mod subscriptions;
pub(crate) mod support;
mod tokens;
mod transport;
mod users;
mod values;
mod zones;
