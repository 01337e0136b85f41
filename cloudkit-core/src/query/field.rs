use std::marker::PhantomData;

use super::capability::{
    Equatable, InList, List, Ordered, Place, Queryable, Searchable, SortOrder, Sortable, Text, Words,
};
use super::{Comparator, Filter, Operand, Sort};
use crate::value::{FieldType, Location, StoredValue, ValueType};

/// One field of one record type, as a type; made by the derive macro, which names it after the field so that the
/// compiler's messages do.
pub trait FieldDef {
    /// The record struct.
    type Record;

    /// The field's type in Rust.
    type Type: FieldType;

    /// The field's name on the wire.
    const NAME: FieldName;

    /// Whether CloudKit keeps the field encrypted.
    const ENCRYPTED: bool;
}

/// How a request names a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldName {
    /// A field of the record type.
    Field(&'static str),
    /// A field that CloudKit adds to each record, by its mapped name: `systemFieldName` on the wire.
    System(&'static str),
}

impl FieldName {
    /// The name, without the question what kind of field it is.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field(name) | Self::System(name) => name,
        }
    }
}

/// The handle of a field: what `a.title` is inside `filter(|a| …)`, `sort(|a| …)` and `set(|a| …, value)`.
///
/// It has the comparators that CloudKit has for the field's type and indexes, and no other.
#[derive(Debug)]
pub struct Field<F>(PhantomData<fn() -> F>);

impl<F> Clone for Field<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Field<F> {}

impl<F> Field<F> {
    /// The handle; what the derive macro calls.
    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F> Default for Field<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// The type of the value of a field, without `Option`.
type Stored<F> = <<F as FieldDef>::Type as FieldType>::Stored;

/// The comparators and sorts. Each asks for an index and for a type, and the compiler says which of them is missing.
impl<F: FieldDef> Field<F> {
    /// `EQUALS`: the field has this value. Text is compared with its case.
    pub fn eq<V>(self, value: V) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: Equatable<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::Equals, value)
    }

    /// `NOT_EQUALS`: the field has another value.
    pub fn ne<V>(self, value: V) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: Equatable<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::NotEquals, value)
    }

    /// `LESS_THAN`.
    pub fn lt<V>(self, value: V) -> Filter<F::Record>
    where
        F: Sortable,
        Stored<F>: Ordered<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::LessThan, value)
    }

    /// `LESS_THAN_OR_EQUALS`.
    pub fn le<V>(self, value: V) -> Filter<F::Record>
    where
        F: Sortable,
        Stored<F>: Ordered<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::LessThanOrEquals, value)
    }

    /// `GREATER_THAN`.
    pub fn gt<V>(self, value: V) -> Filter<F::Record>
    where
        F: Sortable,
        Stored<F>: Ordered<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::GreaterThan, value)
    }

    /// `GREATER_THAN_OR_EQUALS`.
    pub fn ge<V>(self, value: V) -> Filter<F::Record>
    where
        F: Sortable,
        Stored<F>: Ordered<F>,
        V: Operand<Stored<F>>,
    {
        self.compare(Comparator::GreaterThanOrEquals, value)
    }

    /// `IN`: the field has one of these values.
    pub fn is_in<V>(self, values: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: InList<F>,
        V: Operand<Stored<F>>,
    {
        self.compare_list(Comparator::In, values)
    }

    /// `NOT_IN`: the field has none of these values.
    pub fn not_in<V>(self, values: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: InList<F>,
        V: Operand<Stored<F>>,
    {
        self.compare_list(Comparator::NotIn, values)
    }

    /// `BEGINS_WITH`: the text begins so, in the same case.
    pub fn begins_with(self, prefix: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: Text<F>,
    {
        self.text(Comparator::BeginsWith, prefix.as_ref())
    }

    /// `NOT_BEGINS_WITH`: the text begins otherwise.
    pub fn not_begins_with(self, prefix: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: Text<F>,
    {
        self.text(Comparator::NotBeginsWith, prefix.as_ref())
    }

    /// `CONTAINS_ALL_TOKENS`: all of these words, separated by white space, occur in the text, in any case and with or
    /// without accents.
    pub fn contains_all_tokens(self, words: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Searchable,
        Stored<F>: Words<F>,
    {
        self.text(Comparator::ContainsAllTokens, words.as_ref())
    }

    /// `CONTAINS_ANY_TOKENS`: one of these words, separated by white space, occurs in the text, in any case and with
    /// or without accents.
    pub fn contains_any_tokens(self, words: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Searchable,
        Stored<F>: Words<F>,
    {
        self.text(Comparator::ContainsAnyTokens, words.as_ref())
    }

    /// `NEAR`: the place lies within this many metres of `centre`.
    pub fn near(self, centre: Location, metres: f64) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: Place<F>,
    {
        Filter::near(F::NAME, centre, metres)
    }

    /// `LIST_CONTAINS`: the list holds this value.
    pub fn contains<V>(self, element: V) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.element(Comparator::ListContains, element)
    }

    /// `NOT_LIST_CONTAINS`: the list does not hold this value.
    pub fn not_contains<V>(self, element: V) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.element(Comparator::NotListContains, element)
    }

    /// `LIST_CONTAINS_ANY`: the list holds one of these values.
    pub fn contains_any<V>(self, elements: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.elements(Comparator::ListContainsAny, elements)
    }

    /// `NOT_LIST_CONTAINS_ANY`: the list holds none of these values.
    pub fn not_contains_any<V>(self, elements: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.elements(Comparator::NotListContainsAny, elements)
    }

    /// `LIST_CONTAINS_ALL`: the list holds all of these values.
    pub fn contains_all<V>(self, elements: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.elements(Comparator::ListContainsAll, elements)
    }

    /// `NOT_LIST_CONTAINS_ALL`: the list lacks one of these values.
    pub fn not_contains_all<V>(self, elements: impl IntoIterator<Item = V>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        V: Operand<<Stored<F> as List<F>>::Element>,
    {
        self.elements(Comparator::NotListContainsAll, elements)
    }

    /// `LIST_MEMBER_BEGINS_WITH`: a text in the list begins so.
    pub fn any_begins_with(self, prefix: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        <Stored<F> as List<F>>::Element: Text<F>,
    {
        self.text(Comparator::ListMemberBeginsWith, prefix.as_ref())
    }

    /// `NOT_LIST_MEMBER_BEGINS_WITH`: no text in the list begins so.
    pub fn none_begins_with(self, prefix: impl AsRef<str>) -> Filter<F::Record>
    where
        F: Queryable,
        Stored<F>: List<F>,
        <Stored<F> as List<F>>::Element: Text<F>,
    {
        self.text(Comparator::NotListMemberBeginsWith, prefix.as_ref())
    }

    /// Smallest, earliest or first in the alphabet first.
    pub fn ascending(self) -> Sort<F::Record>
    where
        F: Sortable,
        Stored<F>: SortOrder<F>,
    {
        Sort::by(F::NAME, true)
    }

    /// Largest, latest or last in the alphabet first.
    pub fn descending(self) -> Sort<F::Record>
    where
        F: Sortable,
        Stored<F>: SortOrder<F>,
    {
        Sort::by(F::NAME, false)
    }

    /// Nearest to `place` first.
    pub fn nearest_to(self, place: Location) -> Sort<F::Record>
    where
        F: Sortable,
        Stored<F>: Place<F>,
    {
        Sort::by_distance(F::NAME, place, true)
    }

    /// Farthest from `place` first.
    pub fn farthest_from(self, place: Location) -> Sort<F::Record>
    where
        F: Sortable,
        Stored<F>: Place<F>,
    {
        Sort::by_distance(F::NAME, place, false)
    }

    fn compare<V: Operand<Stored<F>>>(self, comparator: Comparator, value: V) -> Filter<F::Record> {
        Filter::one::<Stored<F>, V>(F::NAME, comparator, Stored::<F>::VALUE_TYPE, &value)
    }

    fn compare_list<V: Operand<Stored<F>>>(
        self,
        comparator: Comparator,
        values: impl IntoIterator<Item = V>,
    ) -> Filter<F::Record> {
        Filter::many::<Stored<F>, V>(F::NAME, comparator, Stored::<F>::VALUE_TYPE, values)
    }

    fn element<E, V>(self, comparator: Comparator, element: V) -> Filter<F::Record>
    where
        E: StoredValue,
        Stored<F>: List<F, Element = E>,
        V: Operand<E>,
    {
        Filter::one::<E, V>(F::NAME, comparator, E::VALUE_TYPE, &element)
    }

    fn elements<E, V>(
        self,
        comparator: Comparator,
        elements: impl IntoIterator<Item = V>,
    ) -> Filter<F::Record>
    where
        E: StoredValue,
        Stored<F>: List<F, Element = E>,
        V: Operand<E>,
    {
        Filter::many::<E, V>(F::NAME, comparator, E::VALUE_TYPE, elements)
    }

    fn text(self, comparator: Comparator, text: &str) -> Filter<F::Record> {
        Filter::one::<String, &str>(
            F::NAME,
            comparator,
            ValueType::one(crate::value::ScalarType::String),
            &text,
        )
    }
}
