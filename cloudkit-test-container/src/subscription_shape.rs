//! What production must have been told of a subscription before it takes one like it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What two query subscriptions have in common when only the values in their filters and their notifications differ.
///
/// Shapes are deployed from development to production like record types. Production refuses a subscription whose shape it
/// does not know with "attempting to create a subscription in a production container".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriptionShape {
    record_type: String,
    filters: BTreeSet<(String, String)>,
    fires_on: BTreeSet<String>,
}

impl SubscriptionShape {
    pub(crate) fn new(
        record_type: &str,
        filters: impl IntoIterator<Item = (String, String)>,
        fires_on: &BTreeSet<String>,
    ) -> Self {
        Self {
            record_type: record_type.to_owned(),
            filters: filters.into_iter().collect(),
            fires_on: fires_on.clone(),
        }
    }

    /// The record type of the query.
    #[must_use]
    pub fn record_type(&self) -> &str {
        &self.record_type
    }

    /// The field and the comparator of each filter, such as `("cents", "LESS_THAN")`.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.filters.iter().map(|(field, comparator)| (field.as_str(), comparator.as_str()))
    }

    /// What it fires on: some of `create`, `update` and `delete`.
    pub fn fires_on(&self) -> impl Iterator<Item = &str> {
        self.fires_on.iter().map(String::as_str)
    }

    pub(crate) fn to_stored(&self) -> String {
        serde_json::to_string(self).expect("a shape holds texts only")
    }

    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

impl fmt::Display for SubscriptionShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.record_type)?;
        for (index, (field, comparator)) in self.filters.iter().enumerate() {
            write!(f, " {} {field} {comparator}", if index == 0 { "where" } else { "and" })?;
        }
        let fires_on: Vec<&str> = self.fires_on().collect();
        write!(f, ", fires on {}", fires_on.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_read_back_and_read_well() {
        let on = BTreeSet::from(["update".to_owned(), "create".to_owned()]);
        let filter = |field: &str, comparator: &str| (field.to_owned(), comparator.to_owned());
        let shape =
            SubscriptionShape::new("Account", [filter("owner", "EQUALS"), filter("cents", "LESS_THAN")], &on);
        assert_eq!(
            shape.to_string(),
            "Account where cents LESS_THAN and owner EQUALS, fires on create, update"
        );
        assert_eq!(SubscriptionShape::from_stored(&shape.to_stored()), Some(shape));
    }
}
