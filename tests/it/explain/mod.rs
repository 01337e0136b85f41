//! The requests of `tests/explain`, which other people's tools have signed, through everything that explains requests.

mod command;
mod container;
mod corpus;
mod keys;
mod secrets;
mod verdicts;
