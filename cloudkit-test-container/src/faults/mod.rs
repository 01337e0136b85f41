//! Trouble on demand: what goes wrong, for which requests, and when.
//!
//! [`Fault`] is what happens, [`FaultRule`] says to which requests, and [`Faults`] is a plan of several rules, written in
//! code or read from a file. [`meet`] decides for each request as it arrives. All chance follows the container's seed.

mod endpoint;
mod entry;
mod fault;
mod file;
mod latency;
mod line;
mod meet;
mod plan;
mod rule;
mod text;

pub use fault::Fault;
pub use file::FaultFileError;
pub use latency::Latency;
pub use line::FaultTextError;
pub use plan::Faults;
pub use rule::FaultRule;

pub(crate) use endpoint::{Endpoint, Service};
pub(crate) use meet::{Arrival, Met, Planned, Running};
pub(crate) use text::rule_as_text;
