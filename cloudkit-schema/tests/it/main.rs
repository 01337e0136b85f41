//! The schema language from outside: texts in, texts and messages out.

mod files;
mod grammar;
mod support;
