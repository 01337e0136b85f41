//! What a field of a stored record can hold.
//!
//! These are the server's own types: nothing of the client's reading and writing of values is used here.

mod parse;
mod write;

use std::collections::BTreeMap;

use cloudkit_core::value::{ScalarType, ValueType};

pub(crate) use parse::{ParseContext, RawField, Tag, read_stored};
pub(crate) use write::{WriteOptions, write_fields, write_zone_id};

/// The fields of a record, by name.
pub(crate) type Fields = BTreeMap<String, Field>;

/// One field with a value. A field without one is absent from [`Fields`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) scalar: ScalarType,
    pub(crate) encrypted: bool,
    pub(crate) content: Content,
}

/// One value or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    One(Scalar),
    List(Vec<Scalar>),
}

/// One value. No asset is among them: its upload is not served yet, so none can be valid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    String(String),
    Int64(i64),
    Double(f64),
    Timestamp(i64),
    Bytes(Vec<u8>),
    Location(Location),
    Reference(Reference),
}

/// A place on earth. Only latitude and longitude, in degrees, are required.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Location {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    /// The optional members, in the order of [`Location::OPTIONAL`].
    pub(crate) optional: [Option<f64>; 5],
    pub(crate) timestamp: Option<i64>,
}

impl Location {
    pub(crate) const OPTIONAL: [&'static str; 5] =
        ["horizontalAccuracy", "verticalAccuracy", "altitude", "speed", "course"];
}

/// A pointer to another record of the same database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reference {
    pub(crate) record_name: String,
    /// The zone that the request named, or that it implied.
    pub(crate) zone_name: Option<String>,
    /// Whose zone it is; `None` in the public database and for the caller's own.
    pub(crate) owner: Option<String>,
    pub(crate) action: Action,
}

/// What a reference does when its target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    None,
    DeleteSelf,
    Validate,
}

impl Action {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::DeleteSelf => "DELETE_SELF",
            Self::Validate => "VALIDATE",
        }
    }

    pub(crate) fn from_wire(text: &str) -> Option<Self> {
        [Self::None, Self::DeleteSelf, Self::Validate].into_iter().find(|action| action.as_str() == text)
    }
}

impl Field {
    pub(crate) fn value_type(&self) -> ValueType {
        ValueType { scalar: self.scalar, list: matches!(self.content, Content::List(_)) }
    }

    /// The values, one or many.
    pub(crate) fn scalars(&self) -> &[Scalar] {
        match &self.content {
            Content::One(scalar) => std::slice::from_ref(scalar),
            Content::List(scalars) => scalars,
        }
    }

    /// What the field counts towards the size of its record, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.scalars().iter().map(Scalar::size).sum()
    }
}

impl Scalar {
    fn size(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Int64(_) | Self::Double(_) | Self::Timestamp(_) => 8,
            Self::Location(_) => 16,
            Self::Reference(reference) => reference.record_name.len(),
        }
    }
}
