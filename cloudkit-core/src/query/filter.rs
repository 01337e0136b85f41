use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use cloudkit_schema::SystemField;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;

use super::{FieldName, Operand};
use crate::value::{Location, ScalarType, ValueType};

/// How a filter compares, in CloudKit's words.
///
/// Apple: [Filter Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html).
/// `LIST_CONTAINS_ANY` and its negation are missing there and known from Apple's JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is CloudKit's word for itself; the methods of `Field` explain them")]
pub enum Comparator {
    Equals,
    NotEquals,
    LessThan,
    LessThanOrEquals,
    GreaterThan,
    GreaterThanOrEquals,
    Near,
    ContainsAllTokens,
    ContainsAnyTokens,
    In,
    NotIn,
    BeginsWith,
    NotBeginsWith,
    ListContains,
    NotListContains,
    ListContainsAny,
    NotListContainsAny,
    ListContainsAll,
    NotListContainsAll,
    ListMemberBeginsWith,
    NotListMemberBeginsWith,
}

impl Comparator {
    /// Every comparator, in the order of Apple's table.
    pub const ALL: [Self; 21] = [
        Self::Equals,
        Self::NotEquals,
        Self::LessThan,
        Self::LessThanOrEquals,
        Self::GreaterThan,
        Self::GreaterThanOrEquals,
        Self::Near,
        Self::ContainsAllTokens,
        Self::ContainsAnyTokens,
        Self::In,
        Self::NotIn,
        Self::BeginsWith,
        Self::NotBeginsWith,
        Self::ListContains,
        Self::NotListContains,
        Self::ListContainsAny,
        Self::NotListContainsAny,
        Self::ListContainsAll,
        Self::NotListContainsAll,
        Self::ListMemberBeginsWith,
        Self::NotListMemberBeginsWith,
    ];

    /// Reads the spelling on the wire.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparator| comparator.as_str() == text)
    }

    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "EQUALS",
            Self::NotEquals => "NOT_EQUALS",
            Self::LessThan => "LESS_THAN",
            Self::LessThanOrEquals => "LESS_THAN_OR_EQUALS",
            Self::GreaterThan => "GREATER_THAN",
            Self::GreaterThanOrEquals => "GREATER_THAN_OR_EQUALS",
            Self::Near => "NEAR",
            Self::ContainsAllTokens => "CONTAINS_ALL_TOKENS",
            Self::ContainsAnyTokens => "CONTAINS_ANY_TOKENS",
            Self::In => "IN",
            Self::NotIn => "NOT_IN",
            Self::BeginsWith => "BEGINS_WITH",
            Self::NotBeginsWith => "NOT_BEGINS_WITH",
            Self::ListContains => "LIST_CONTAINS",
            Self::NotListContains => "NOT_LIST_CONTAINS",
            Self::ListContainsAny => "LIST_CONTAINS_ANY",
            Self::NotListContainsAny => "NOT_LIST_CONTAINS_ANY",
            Self::ListContainsAll => "LIST_CONTAINS_ALL",
            Self::NotListContainsAll => "NOT_LIST_CONTAINS_ALL",
            Self::ListMemberBeginsWith => "LIST_MEMBER_BEGINS_WITH",
            Self::NotListMemberBeginsWith => "NOT_LIST_MEMBER_BEGINS_WITH",
        }
    }
}

/// One condition of a query on records of the type `R`; the methods of [`Field`](super::Field) make them.
///
/// The conditions of a query are joined by AND. CloudKit has no OR.
#[must_use = "a filter does nothing until it is given to a query"]
pub struct Filter<R> {
    pub(super) raw: RawFilter,
    record: PhantomData<fn() -> R>,
}

/// A condition without its record type, ready to be sent.
#[derive(Clone)]
pub(crate) struct RawFilter {
    field: RawName,
    comparator: Comparator,
    value_type: ValueType,
    /// The value as JSON. That CloudKit has no form for it comes out when the query is sent: the closures that build
    /// filters should not have to handle errors.
    value: Result<Box<RawValue>, String>,
    /// For NEAR, in metres.
    distance: Option<f64>,
}

impl<R> Filter<R> {
    pub(super) fn one<T, V: Operand<T>>(
        field: FieldName,
        comparator: Comparator,
        value_type: ValueType,
        value: &V,
    ) -> Self {
        Self::new(field, comparator, value_type, to_json(&One::<T, V>(value, PhantomData)))
    }

    pub(super) fn many<T, V: Operand<T>>(
        field: FieldName,
        comparator: Comparator,
        element_type: ValueType,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<V> = values.into_iter().collect();
        let value = to_json(&Many::<T, V>(&values, PhantomData));
        // CloudKit refuses a list without the tag of a list.
        Self::new(field, comparator, ValueType::list_of(element_type.scalar), value)
    }

    pub(super) fn near(field: FieldName, centre: Location, metres: f64) -> Self {
        Self { raw: RawFilter::near(RawName::from(field), centre, metres), record: PhantomData }
    }

    fn new(
        field: FieldName,
        comparator: Comparator,
        value_type: ValueType,
        value: Result<Box<RawValue>, String>,
    ) -> Self {
        Self {
            raw: RawFilter { field: RawName::from(field), comparator, value_type, value, distance: None },
            record: PhantomData,
        }
    }

    /// The name of the field that is compared.
    #[must_use]
    pub fn field_name(&self) -> &str {
        &self.raw.field.name
    }

    /// How it is compared.
    #[must_use]
    pub fn comparator(&self) -> Comparator {
        self.raw.comparator
    }
}

impl<R> Clone for Filter<R> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), record: PhantomData }
    }
}

impl<R> fmt::Debug for Filter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl fmt::Debug for RawFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, comparator, value_type: _, value, distance } = self;
        write!(f, "{} {} ", field.name, comparator.as_str())?;
        match value {
            Ok(value) => f.write_str(value.get())?,
            Err(reason) => write!(f, "({reason})")?,
        }
        match distance {
            Some(metres) => write!(f, " within {metres} m"),
            None => Ok(()),
        }
    }
}

impl Serialize for RawFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match &self.value {
            Ok(value) => value,
            Err(reason) => {
                return Err(serde::ser::Error::custom(format_args!(
                    "the filter on `{}`: {reason}",
                    self.field.name
                )));
            }
        };
        let mut filter = serializer.serialize_struct("Filter", 4)?;
        self.field.serialize_into::<S>(&mut filter)?;
        filter.serialize_field("comparator", self.comparator.as_str())?;
        filter.serialize_field("fieldValue", &TypedJson { value, value_type: self.value_type })?;
        if let Some(distance) = self.distance {
            filter.serialize_field("distance", &distance)?;
        }
        filter.end()
    }
}

/// How a filter or sort names a field.
#[derive(Clone)]
pub(crate) struct RawName {
    pub(super) name: Cow<'static, str>,
    /// Whether the field is one that CloudKit adds to each record.
    pub(super) system: bool,
}

impl RawName {
    pub(crate) fn field(name: impl Into<String>) -> Self {
        Self { name: Cow::Owned(name.into()), system: false }
    }

    pub(crate) fn system(name: impl Into<String>) -> Self {
        Self { name: Cow::Owned(name.into()), system: true }
    }

    /// The name in the schema language, which has names of its own for the fields that CloudKit adds.
    pub(super) fn name_in_schema(&self) -> &str {
        let declared = || {
            SystemField::ALL
                .into_iter()
                .find(|field| field.mapped_name() == Some(&*self.name))
                .map(SystemField::as_str)
        };
        if self.system { declared().unwrap_or(&self.name) } else { &self.name }
    }

    /// System fields go by their mapped name: both spellings are in use, and this is the one place to change it.
    pub(super) fn serialize_into<S: Serializer>(
        &self,
        dictionary: &mut S::SerializeStruct,
    ) -> Result<(), S::Error> {
        let key = if self.system { "systemFieldName" } else { "fieldName" };
        dictionary.serialize_field(key, &self.name)
    }
}

impl From<FieldName> for RawName {
    fn from(name: FieldName) -> Self {
        Self { name: Cow::Borrowed(name.as_str()), system: matches!(name, FieldName::System(_)) }
    }
}

impl RawFilter {
    pub(super) const fn field(&self) -> &RawName {
        &self.field
    }

    pub(super) const fn comparator(&self) -> Comparator {
        self.comparator
    }

    /// A condition on the distance from a place.
    pub(crate) fn near(field: RawName, centre: Location, metres: f64) -> Self {
        let value = if metres.is_finite() && metres >= 0.0 {
            to_json(&centre)
        } else {
            Err(format!("{metres} is not a distance in metres"))
        };
        let value_type = ValueType::one(ScalarType::Location);
        Self { field, comparator: Comparator::Near, value_type, value, distance: Some(metres) }
    }

    /// A condition on a field that is not known when compiling.
    pub(crate) fn dynamic(
        field: RawName,
        comparator: Comparator,
        value_type: ValueType,
        value: &impl Serialize,
        distance: Option<f64>,
    ) -> Self {
        Self { field, comparator, value_type, value: to_json(value), distance }
    }
}

struct TypedJson<'a> {
    value: &'a RawValue,
    value_type: ValueType,
}

impl Serialize for TypedJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut field = serializer.serialize_struct("Field", 2)?;
        field.serialize_field("value", self.value)?;
        field.serialize_field("type", self.value_type.as_str())?;
        field.end()
    }
}

struct One<'a, T, V>(&'a V, PhantomData<T>);

impl<T, V: Operand<T>> Serialize for One<'_, T, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_operand(serializer)
    }
}

struct Many<'a, T, V>(&'a [V], PhantomData<T>);

impl<T, V: Operand<T>> Serialize for Many<'_, T, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|value| One::<T, V>(value, PhantomData)))
    }
}

fn to_json(value: &impl Serialize) -> Result<Box<RawValue>, String> {
    serde_json::value::to_raw_value(value).map_err(|error| error.to_string())
}
