use std::fmt;

use super::{DataType, Primitive};

/// An index that a field can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// Filters can ask for equal values and for members.
    Queryable,
    /// Filters can ask for words of a text.
    Searchable,
    /// Results can be sorted, and filters can ask for ranges.
    Sortable,
}

/// The indexes of one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Indexes {
    /// `QUERYABLE`
    pub queryable: bool,
    /// `SORTABLE`
    pub sortable: bool,
    /// `SEARCHABLE`
    pub searchable: bool,
}

impl Index {
    /// Every index, in the order in which exports print them.
    pub const ALL: [Self; 3] = [Self::Queryable, Self::Searchable, Self::Sortable];

    /// The word of the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queryable => "QUERYABLE",
            Self::Searchable => "SEARCHABLE",
            Self::Sortable => "SORTABLE",
        }
    }

    /// Whether CloudKit has the index for fields of this type.
    ///
    /// Apple's documents do not list them. The answer is yes for what was seen in exports, and no for the rest. `SORTABLE`
    /// was seen on one field that is a REFERENCE, `___recordID`, and is left to a warning on others. `NUMBER` is taken
    /// for the integer that it may be.
    #[must_use]
    pub const fn fits(self, data_type: DataType) -> bool {
        let DataType { primitive, encrypted, list } = data_type;
        if encrypted || matches!(primitive, Primitive::Asset) {
            return false;
        }
        match self {
            Self::Queryable => true,
            Self::Sortable => !list,
            Self::Searchable => matches!(primitive, Primitive::String),
        }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Indexes {
    /// No index.
    pub const NONE: Self = Self { queryable: false, sortable: false, searchable: false };

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, index: Index) -> bool {
        match index {
            Index::Queryable => self.queryable,
            Index::Searchable => self.searchable,
            Index::Sortable => self.sortable,
        }
    }

    /// The same and this one.
    #[must_use]
    pub const fn with(mut self, index: Index) -> Self {
        match index {
            Index::Queryable => self.queryable = true,
            Index::Searchable => self.searchable = true,
            Index::Sortable => self.sortable = true,
        }
        self
    }

    /// Those that are there, in the order in which exports print them.
    pub fn iter(self) -> impl Iterator<Item = Index> {
        Index::ALL.into_iter().filter(move |index| self.has(*index))
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.queryable && !self.sortable && !self.searchable
    }
}

impl FromIterator<Index> for Indexes {
    fn from_iter<I: IntoIterator<Item = Index>>(indexes: I) -> Self {
        indexes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The words of the language with a space between them, such as `QUERYABLE SORTABLE`.
impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, index) in self.iter().enumerate() {
            f.write_str(if number == 0 { "" } else { " " })?;
            f.write_str(index.as_str())?;
        }
        Ok(())
    }
}
