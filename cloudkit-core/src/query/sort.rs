use std::fmt;
use std::marker::PhantomData;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::FieldName;
use super::filter::RawName;
use crate::record::encode::FieldDictionary;
use crate::value::Location;

/// One level of the order of a query's results; the methods of [`Field`](super::Field) make them.
///
/// Apple: [Sort Descriptor Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[must_use = "a sort does nothing until it is given to a query"]
pub struct Sort<R> {
    pub(super) raw: RawSort,
    record: PhantomData<fn() -> R>,
}

/// A level of an order without its record type, ready to be sent.
#[derive(Clone)]
pub(crate) struct RawSort {
    pub(crate) field: RawName,
    pub(crate) ascending: bool,
    pub(crate) relative_to: Option<Location>,
}

impl<R> Sort<R> {
    pub(super) fn by(field: FieldName, ascending: bool) -> Self {
        Self { raw: RawSort { field: field.into(), ascending, relative_to: None }, record: PhantomData }
    }

    pub(super) fn by_distance(field: FieldName, place: Location, ascending: bool) -> Self {
        Self {
            raw: RawSort { field: field.into(), ascending, relative_to: Some(place) },
            record: PhantomData,
        }
    }

    /// The name of the field that is sorted by.
    #[must_use]
    pub fn field_name(&self) -> &str {
        &self.raw.field.name
    }

    /// Whether the smallest comes first.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        self.raw.ascending
    }
}

impl<R> Clone for Sort<R> {
    fn clone(&self) -> Self {
        Self { raw: self.raw.clone(), record: PhantomData }
    }
}

impl<R> fmt::Debug for Sort<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl fmt::Debug for RawSort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, ascending, relative_to } = self;
        write!(f, "{} {}", field.name, if *ascending { "ascending" } else { "descending" })?;
        match relative_to {
            Some(place) => write!(f, " by distance from {}, {}", place.latitude(), place.longitude()),
            None => Ok(()),
        }
    }
}

impl Serialize for RawSort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sort = serializer.serialize_struct("Sort", 3)?;
        self.field.serialize_into::<S>(&mut sort)?;
        sort.serialize_field("ascending", &self.ascending)?;
        if let Some(place) = &self.relative_to {
            sort.serialize_field("relativeLocation", &FieldDictionary { value: place, encrypted: false })?;
        }
        sort.end()
    }
}
