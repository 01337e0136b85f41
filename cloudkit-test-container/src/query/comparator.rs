//! The comparators, and which of them fits which field.

use cloudkit_core::value::{ScalarType, ValueType};

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Comparator {
    Equals,
    NotEquals,
    LessThan,
    LessThanOrEquals,
    GreaterThan,
    GreaterThanOrEquals,
    In,
    NotIn,
    BeginsWith,
    NotBeginsWith,
    Near,
    ContainsAllTokens,
    ContainsAnyTokens,
    ListContains,
    NotListContains,
    ListContainsAny,
    NotListContainsAny,
    ListContainsAll,
    NotListContainsAll,
    ListMemberBeginsWith,
    NotListMemberBeginsWith,
}

/// What the field of a filter must be indexed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexNeed {
    Queryable,
    /// An index that knows the order of values: either of two will do.
    Ordered,
    Searchable,
}

impl Comparator {
    const ALL: [(Self, &'static str); 21] = [
        (Self::Equals, "EQUALS"),
        (Self::NotEquals, "NOT_EQUALS"),
        (Self::LessThan, "LESS_THAN"),
        (Self::LessThanOrEquals, "LESS_THAN_OR_EQUALS"),
        (Self::GreaterThan, "GREATER_THAN"),
        (Self::GreaterThanOrEquals, "GREATER_THAN_OR_EQUALS"),
        (Self::In, "IN"),
        (Self::NotIn, "NOT_IN"),
        (Self::BeginsWith, "BEGINS_WITH"),
        (Self::NotBeginsWith, "NOT_BEGINS_WITH"),
        (Self::Near, "NEAR"),
        (Self::ContainsAllTokens, "CONTAINS_ALL_TOKENS"),
        (Self::ContainsAnyTokens, "CONTAINS_ANY_TOKENS"),
        (Self::ListContains, "LIST_CONTAINS"),
        (Self::NotListContains, "NOT_LIST_CONTAINS"),
        (Self::ListContainsAny, "LIST_CONTAINS_ANY"),
        (Self::NotListContainsAny, "NOT_LIST_CONTAINS_ANY"),
        (Self::ListContainsAll, "LIST_CONTAINS_ALL"),
        (Self::NotListContainsAll, "NOT_LIST_CONTAINS_ALL"),
        (Self::ListMemberBeginsWith, "LIST_MEMBER_BEGINS_WITH"),
        (Self::NotListMemberBeginsWith, "NOT_LIST_MEMBER_BEGINS_WITH"),
    ];

    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(comparator, _)| *comparator)
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(comparator, _)| *comparator == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn is_token_search(self) -> bool {
        matches!(self, Self::ContainsAllTokens | Self::ContainsAnyTokens)
    }

    /// The comparator that is true where this one is false.
    pub(crate) fn negated(self) -> Option<Self> {
        Some(match self {
            Self::NotEquals => Self::Equals,
            Self::NotIn => Self::In,
            Self::NotBeginsWith => Self::BeginsWith,
            Self::NotListContains => Self::ListContains,
            Self::NotListContainsAny => Self::ListContainsAny,
            Self::NotListContainsAll => Self::ListContainsAll,
            Self::NotListMemberBeginsWith => Self::ListMemberBeginsWith,
            _ => return None,
        })
    }

    /// The type that the value of a filter on such a field must have; `None` if the two do not go together.
    pub(crate) fn operand(self, field: ValueType) -> Option<ValueType> {
        use ScalarType::{Asset, Bytes, Double, Int64, Location, String, Timestamp};
        let scalar = field.scalar;
        let one = Some(ValueType::one(scalar));
        let many = Some(ValueType::list_of(scalar));
        match (self.negated().unwrap_or(self), field.list) {
            (Self::Equals, false) if scalar != Asset => one,
            (
                Self::LessThan | Self::LessThanOrEquals | Self::GreaterThan | Self::GreaterThanOrEquals,
                false,
            ) if matches!(scalar, String | Int64 | Double | Timestamp) => one,
            (Self::In, false) if !matches!(scalar, Asset | Bytes | Location) => many,
            (Self::BeginsWith, false) if scalar == String => one,
            (Self::Near, false) if scalar == Location => one,
            (Self::ContainsAllTokens | Self::ContainsAnyTokens, _) if scalar == String => {
                Some(ValueType::one(String))
            }
            (Self::ListContains, true) if !matches!(scalar, Asset) => one,
            (Self::ListContainsAny | Self::ListContainsAll, true) if !matches!(scalar, Asset) => many,
            (Self::ListMemberBeginsWith, true) if scalar == String => one,
            _ => None,
        }
    }

    pub(crate) fn index_need(self) -> IndexNeed {
        match self {
            Self::LessThan | Self::LessThanOrEquals | Self::GreaterThan | Self::GreaterThanOrEquals => {
                IndexNeed::Ordered
            }
            Self::ContainsAllTokens | Self::ContainsAnyTokens => IndexNeed::Searchable,
            _ => IndexNeed::Queryable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparator_reads_back_from_its_spelling() {
        for (comparator, name) in Comparator::ALL {
            assert_eq!(Comparator::from_wire(name), Some(comparator));
            assert_eq!(comparator.as_str(), name);
        }
    }

    #[test]
    fn lists_are_not_compared_as_one_value() {
        let list = ValueType::list_of(ScalarType::Int64);
        assert_eq!(Comparator::Equals.operand(list), None);
        assert_eq!(Comparator::ListContains.operand(list), Some(ValueType::one(ScalarType::Int64)));
        assert_eq!(Comparator::In.operand(ValueType::one(ScalarType::Int64)), Some(list));
    }
}
