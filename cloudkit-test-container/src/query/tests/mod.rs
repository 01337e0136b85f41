//! Queries against a store that was filled without requests.

mod given;
mod growth;
mod oracle;
mod setting;
