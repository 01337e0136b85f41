//! The end-to-end tests, one binary.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod client;
mod conformance;
mod console;
mod explain;
mod explain_vectors;
mod faults;
mod fuzz;
mod generated;
mod https;
mod keys;
mod management;
mod persistence;
mod readme;
mod scripted;
mod signing;
mod typed;
mod wire;
