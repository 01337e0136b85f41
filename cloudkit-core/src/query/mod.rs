//! What may be asked: filters, sorts, and the query that joins them.

pub mod capability;
mod description;
mod field;
mod filter;
mod operand;
mod page;
mod sort;

use std::fmt;
use std::marker::PhantomData;

pub use capability::Listable;
pub use description::{FilterDescription, QueryDescription, SortDescription};
pub use field::{Field, FieldDef, FieldName};
pub use filter::{Comparator, Filter};
pub(crate) use filter::{RawFilter, RawName};
pub use operand::Operand;
pub use page::{ContinuationMarker, Page};
pub(crate) use sort::RawSort;
pub use sort::Sort;

use crate::record::CkRecord;

/// What is asked of CloudKit about the records of one type: conditions and an order. It knows no database.
///
/// The second parameter is whether there is a filter: CloudKit answers a query without one only if the record name is
/// QUERYABLE, and so does the compiler.
///
/// ```
/// use cloudkit_core::{CkRecord, Query};
///
/// #[derive(CkRecord)]
/// struct Article {
///     #[ck(queryable, sortable)]
///     views: i64,
/// }
///
/// let popular = Query::<Article>::new().filter(|a| a.views.gt(1_000)).sort(|a| a.views.descending());
/// assert_eq!(format!("{popular:?}"), "Article where views GREATER_THAN 1000 sorted by views descending");
/// ```
///
/// Apple: [Query Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[must_use = "a query does nothing until a database runs it"]
pub struct Query<R, F = Unfiltered> {
    pub(crate) filters: Vec<RawFilter>,
    pub(crate) sorts: Vec<RawSort>,
    marker: PhantomData<fn() -> (R, F)>,
}

/// A [`Query`] without a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfiltered {}

/// A [`Query`] with a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filtered {}

/// Whether CloudKit answers a query in this state on records of the type `R`.
///
/// With a filter it does. Without one, the record name has to be QUERYABLE.
pub trait Answerable<R> {}

impl<R> Answerable<R> for Filtered {}

impl<R: Listable> Answerable<R> for Unfiltered {}

impl<R: CkRecord> Query<R> {
    /// Every record of the type.
    pub fn new() -> Self {
        Self { filters: Vec::new(), sorts: Vec::new(), marker: PhantomData }
    }
}

impl<R: CkRecord> Default for Query<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: CkRecord, F> Query<R, F> {
    /// Only records that this condition is true of, beside those given before.
    pub fn filter(mut self, condition: impl FnOnce(R::Fields) -> Filter<R>) -> Query<R, Filtered> {
        self.filters.push(condition(R::FIELDS).raw);
        Query { filters: self.filters, sorts: self.sorts, marker: PhantomData }
    }

    /// The same, if there is something to compare with.
    pub fn filter_some<V>(self, value: Option<V>, condition: impl FnOnce(R::Fields, V) -> Filter<R>) -> Self {
        let mut query = self;
        if let Some(value) = value {
            query.filters.push(condition(R::FIELDS, value).raw);
        }
        query
    }

    /// In this order; where an earlier order finds records equal, this one decides.
    pub fn sort(mut self, order: impl FnOnce(R::Fields) -> Sort<R>) -> Self {
        self.sorts.push(order(R::FIELDS).raw);
        self
    }
}

impl<R, F> Clone for Query<R, F> {
    fn clone(&self) -> Self {
        Self { filters: self.filters.clone(), sorts: self.sorts.clone(), marker: PhantomData }
    }
}

impl<R: CkRecord, F> fmt::Debug for Query<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::RECORD_TYPE)?;
        for (index, filter) in self.filters.iter().enumerate() {
            write!(f, " {} {filter:?}", if index == 0 { "where" } else { "and" })?;
        }
        for (index, sort) in self.sorts.iter().enumerate() {
            write!(f, "{} {sort:?}", if index == 0 { " sorted by" } else { "," })?;
        }
        Ok(())
    }
}
