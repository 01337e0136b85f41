//! The schema language from outside: texts in, texts and messages out.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that failed")]

mod diff;
mod files;
mod format;
mod generate;
mod grammar;
mod invalid;
mod properties;
mod rules;
mod support;
