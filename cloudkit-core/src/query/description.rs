//! What a query asks, as plain data: so that a test can look at it, and a program be held against a schema.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Comparator, Query};
use crate::record::CkRecord;

/// What a [`Query`] asks, without the values it compares with.
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
/// fn popular(than: i64) -> Query<Article, cloudkit_core::query::Filtered> {
///     Query::<Article>::new().filter(|a| a.views.gt(than)).sort(|a| a.views.descending())
/// }
///
/// let description = popular(1_000).description();
/// assert_eq!(description.to_string(), "Article where views GREATER_THAN sorted by views descending");
/// assert_eq!(description.filters[0].field, "views");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct QueryDescription {
    /// The record type.
    pub record_type: String,
    /// The conditions, all of which a record has to meet.
    #[serde(default)]
    pub filters: Vec<FilterDescription>,
    /// The order of the results, the most significant field first.
    #[serde(default)]
    pub sorts: Vec<SortDescription>,
}

/// One condition of a query.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FilterDescription {
    /// The field, as the schema names it: `views`, or `___modTime` for one that CloudKit adds to each record.
    pub field: String,
    /// How it is compared.
    pub comparator: Comparator,
}

/// One level of the order of a query's results.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SortDescription {
    /// The field, as the schema names it.
    pub field: String,
    /// Whether the smallest comes first.
    pub ascending: bool,
}

impl<R: CkRecord, F> Query<R, F> {
    /// What the query asks, as plain data.
    #[must_use]
    pub fn description(&self) -> QueryDescription {
        QueryDescription {
            record_type: R::RECORD_TYPE.to_owned(),
            filters: self
                .filters
                .iter()
                .map(|filter| FilterDescription {
                    field: filter.field().name_in_schema().to_owned(),
                    comparator: filter.comparator(),
                })
                .collect(),
            sorts: self
                .sorts
                .iter()
                .map(|sort| SortDescription {
                    field: sort.field.name_in_schema().to_owned(),
                    ascending: sort.ascending,
                })
                .collect(),
        }
    }
}

impl fmt::Display for QueryDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.record_type)?;
        for (index, FilterDescription { field, comparator }) in self.filters.iter().enumerate() {
            write!(f, " {} {field} {}", if index == 0 { "where" } else { "and" }, comparator.as_str())?;
        }
        for (index, SortDescription { field, ascending }) in self.sorts.iter().enumerate() {
            let order = if *ascending { "ascending" } else { "descending" };
            write!(f, "{} {field} {order}", if index == 0 { " sorted by" } else { "," })?;
        }
        Ok(())
    }
}

impl Serialize for Comparator {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Comparator {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_wire(&text)
            .ok_or_else(|| serde::de::Error::custom(format_args!("`{text}` is not a comparator of CloudKit")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparator_reads_back_from_its_spelling() {
        for comparator in Comparator::ALL {
            assert_eq!(Comparator::from_wire(comparator.as_str()), Some(comparator));
        }
        assert_eq!(Comparator::from_wire("LIKE"), None);
    }

    #[test]
    fn a_description_reads_back_from_json() {
        let description = QueryDescription {
            record_type: "Article".to_owned(),
            filters: vec![FilterDescription {
                field: "tags".to_owned(),
                comparator: Comparator::ListContains,
            }],
            sorts: vec![SortDescription { field: "___modTime".to_owned(), ascending: false }],
        };
        let json = serde_json::to_string(&description).expect("it can be written");
        assert_eq!(
            json,
            r#"{"recordType":"Article","filters":[{"field":"tags","comparator":"LIST_CONTAINS"}],"sorts":[{"field":"___modTime","ascending":false}]}"#
        );
        assert_eq!(serde_json::from_str::<QueryDescription>(&json).expect("it reads"), description);
    }
}
