//! The command from outside: arguments in, output and exit code out.

mod conformance;
#[cfg(unix)]
mod container;
mod doctor;
mod explain;
mod help;
mod key;
mod schema;
mod sign;
mod support;
#[cfg(unix)]
mod trouble;
