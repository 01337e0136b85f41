//! What a field can hold: CloudKit's types in Rust, one file a type.

mod asset;
mod conversion;
mod enumeration;
mod field_type;
mod json;
pub(crate) mod list;
mod location;
mod reference;
mod scalar;
mod timestamp;
mod value_type;

pub use asset::Asset;
pub use conversion::Conversion;
pub use enumeration::{CkEnum, deserialize_enum};
pub use field_type::{Encryptable, FieldType, ListElement, StoredValue};
pub use json::{Json, JsonBytes};
pub use location::{Location, LocationError};
pub use reference::{AnyRecordType, Reference, ReferenceAction};
pub use timestamp::{Timestamp, TimestampError};
pub use value_type::{ScalarType, ValueType};
