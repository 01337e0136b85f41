//! What the benchmarks share: a record of twelve fields, answers full of it, and the other ways to read and write it.

pub(crate) mod article;
pub(crate) mod baseline;
pub(crate) mod sample;
pub(crate) mod table;
