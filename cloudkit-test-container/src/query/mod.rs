//! What a query asks, and how it is answered.
//!
//! Indexes only propose candidates; whether a record matches is decided in one place, [`compare`], by looking at the
//! record itself. So the answer does not depend on which index was used.

mod comparator;
mod compare;
mod geo;
mod marker;
#[cfg(test)]
mod oracle;
mod plan;
mod read;
mod run;
mod text;

pub(crate) use comparator::Comparator;
pub(crate) use compare::matches;
use marker::MarkerKey;
pub(crate) use read::{Filter, Query, Sort, SortKind, Target, read_filters, read_query};
pub(crate) use run::{ZoneScope, run};
pub(crate) use text::fold;
