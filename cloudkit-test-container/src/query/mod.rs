//! What a query asks, and how it is answered.
//!
//! Indexes only propose candidates; whether a record matches is decided in one place, [`compare`], by looking at the
//! record itself. So the answer does not depend on which index was used.

mod comparator;
mod compare;
mod geo;
mod marker;
mod nearest;
mod plan;
mod read;
mod run;
#[cfg(test)]
mod tests;
mod text;
mod walk;

pub(crate) use comparator::Comparator;
pub(crate) use compare::matches;
use marker::MarkerKey;
pub(crate) use read::{Filter, Query, Sort, SortKind, Target, read_filters, read_query};
pub(crate) use run::{FIRST_EFFORT, Search};
pub(crate) use text::fold;
