//! The requests of `tests/explain`, which other people's tools have signed, through everything that explains requests.

mod container;
mod corpus;
mod secrets;
mod verdicts;
