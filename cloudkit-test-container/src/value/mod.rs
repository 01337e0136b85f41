//! What a field of a stored record can hold.
//!
//! These are the server's own types: nothing of the client's reading and writing of values is used here.

mod parse;
mod write;

use std::collections::BTreeMap;

use cloudkit_core::value::{ScalarType, ValueType};

pub(crate) use parse::{ParseContext, RawField, Tag, read_stored};
pub(crate) use write::{WriteOptions, holds_assets, write_asset, write_fields, write_zone_id};

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

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    String(String),
    Int64(i64),
    Double(f64),
    Timestamp(i64),
    Bytes(Vec<u8>),
    Location(Location),
    Reference(Reference),
    Asset(Asset),
}

/// A file beside its record: what tells it apart, not its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asset {
    pub(crate) file_checksum: String,
    /// In bytes.
    pub(crate) size: i64,
    pub(crate) reference_checksum: Option<String>,
    pub(crate) wrapping_key: Option<String>,
    /// What proves the upload. Requests carry it; it is neither kept nor shown.
    pub(crate) receipt: Option<String>,
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

    /// The assets, one or many.
    pub(crate) fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.scalars().iter().filter_map(|scalar| match scalar {
            Scalar::Asset(asset) => Some(asset),
            _ => None,
        })
    }

    /// The values, one or many, to be completed.
    pub(crate) fn scalars_mut(&mut self) -> &mut [Scalar] {
        match &mut self.content {
            Content::One(scalar) => std::slice::from_mut(scalar),
            Content::List(scalars) => scalars,
        }
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
            // The limit is on what is left of a record without its assets.
            Self::Asset(_) => 0,
        }
    }
}
