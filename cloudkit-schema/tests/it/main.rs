//! The schema language from outside: texts in, texts and messages out.

mod diff;
mod files;
mod format;
mod grammar;
mod support;
