//! The command from outside: arguments in, output and exit code out.

mod conformance;
mod doctor;
mod explain;
mod help;
mod key;
mod sign;
mod support;
