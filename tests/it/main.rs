//! The end-to-end tests, one binary.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod client;
mod conformance;
mod faults;
mod keys;
mod management;
mod readme;
mod scripted;
mod signing;
mod typed;
mod wire;
