//! What the derive macros write against. Not for people: it changes without notice.

pub use serde::de::{Deserializer, Error as DeError, MapAccess};
pub use serde::ser::{Error as SerError, SerializeMap, Serializer};

pub use crate::database::{Encrypted, Plain};
pub use crate::query::capability::{
    Listable, Queryable, QueryableType, Searchable, SearchableType, Sortable, SortableType,
};
pub use crate::query::{Field, FieldDef, FieldName};
pub use crate::record::decode::{FieldSlots, FromRecord, decode_slots, fill_slot, take_slot};
pub use crate::record::encode::{ToRecord, encode_field};
pub use crate::record::{CkRecord, FieldDescriptor, Index, RecordDescriptor, SystemIndexes, WholeRecord};
pub use crate::value::{
    AnyRecordType, CkEnum, Conversion, Encryptable, FieldType, ListElement, Reference, StoredValue,
    Timestamp, ValueType, deserialize_enum,
};

/// The type of the value of a field, without `Option`.
pub type Stored<T> = <T as FieldType>::Stored;

/// Asks the compiler whether the field's type can be stored, at the field's type.
pub const fn assert_field_type<T: FieldType>() {}

/// Asks the compiler whether the field's type can have the index QUERYABLE.
pub const fn assert_queryable<T: QueryableType>() {}

/// Asks the compiler whether the field's type can have the index SORTABLE.
pub const fn assert_sortable<T: SortableType>() {}

/// Asks the compiler whether the field's type can have the index SEARCHABLE.
pub const fn assert_searchable<T: SearchableType>() {}

/// Asks the compiler whether the field's type can be encrypted.
pub const fn assert_encryptable<T: Encryptable>() {}
