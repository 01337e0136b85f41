//! What the derive macros write against. Not for people: it changes without notice.

use std::fmt::Display;

pub use serde::de::{Deserializer, Error as DeError, MapAccess};
pub use serde::ser::{Error as SerError, SerializeMap, Serializer};

pub use crate::database::{Encrypted, Plain};
use crate::error::{DecodeError, ServerError};
pub use crate::query::capability::{
    Listable, Queryable, QueryableType, Readable, Searchable, SearchableType, Sortable, SortableType,
};
pub use crate::query::{Field, FieldDef, FieldName};
use crate::record::Record;
pub use crate::record::decode::{FieldSlots, FromRecord, decode_slots, fill_slot, take_slot};
pub use crate::record::encode::{ToRecord, encode_field};
pub use crate::record::variant::{
    VariantDef, decode_variant, is_same_text, union_of_keys, unknown_record_type, variant_keys,
    variant_record, variant_type,
};
pub use crate::record::{CkRecord, FieldDescriptor, Index, RecordDescriptor, SystemIndexes, WholeRecord};
pub use crate::value::{
    AnyRecordType, CkEnum, Conversion, Encryptable, FieldType, ListElement, Reference, ScalarType,
    StoredValue, Timestamp, ValueType, deserialize_enum,
};
use crate::wire::RecordItem;
use crate::wire::records::{ModifyRequest, RecordsReply};
use crate::write::Operation;

/// The type of a field that holds an enum.
pub const TEXT: ValueType = <String as StoredValue>::VALUE_TYPE;

/// The place that the value of a field is read into.
pub type Slot<F> = Option<<F as FieldDef>::Type>;

// What follows asks for a `FieldDef` and for nothing of its type. So a type that cannot be stored is one error, where the
// `FieldDef` says the type, and not one more for each function that is called with it.

/// The description of a field. One with a default can be absent whatever its type.
#[must_use]
pub const fn describe_field<F: FieldDef>(default: bool, index: Index) -> FieldDescriptor {
    FieldDescriptor::new(
        F::NAME.as_str(),
        <Stored<F::Type> as StoredValue>::VALUE_TYPE,
        F::ENCRYPTED,
        default || <F::Type as FieldType>::OPTIONAL,
        index,
    )
}

/// Whether the field is stored as one of these kinds of value, or as a list of it.
#[must_use]
pub const fn holds<F: FieldDef>(scalars: &[ScalarType], list: bool) -> bool {
    let found = <Stored<F::Type> as StoredValue>::VALUE_TYPE;
    let mut index = 0;
    while index < scalars.len() {
        if scalars[index] as u8 == found.scalar as u8 {
            return found.list == list;
        }
        index += 1;
    }
    false
}

/// Writes a field, or nothing if it has no value.
pub fn write_field<F: FieldDef, M: SerializeMap>(fields: &mut M, value: &F::Type) -> Result<(), M::Error> {
    encode_field(fields, F::NAME.as_str(), value, F::ENCRYPTED)
}

/// Reads the value of a field into its slot.
pub fn fill_field<'de, F: FieldDef, A: MapAccess<'de>>(
    slot: &mut Slot<F>,
    fields: &mut A,
) -> Result<(), A::Error> {
    fill_slot(slot, F::NAME.as_str(), fields)
}

/// The value of a field, or an error if there is none and the struct cannot do without.
pub fn take_field<F: FieldDef, E: DeError>(slot: Slot<F>) -> Result<F::Type, E> {
    take_slot(slot, F::NAME.as_str())
}

/// Why a conversion could not make what is stored.
pub fn not_written<F: FieldDef, C: Display, E: SerError>(cause: C) -> E {
    E::custom(format_args!("`{}`: {cause}", F::NAME.as_str()))
}

/// Why a conversion could not read what is stored.
pub fn not_read<F: FieldDef, C: Display, E: DeError>(cause: C) -> E {
    E::custom(format_args!("`{}`: {cause}", F::NAME.as_str()))
}

/// The names of a record's fields in CloudKit.
#[must_use]
pub fn field_names<R: CkRecord>() -> Vec<&'static str> {
    R::DESCRIPTOR.fields.iter().map(|field| field.name).collect()
}

/// The type of the value of a field, without `Option`.
pub type Stored<T> = <T as FieldType>::Stored;

/// Asks the compiler whether the field's type can be stored, at the field's type.
pub const fn assert_field_type<T: FieldType>() {}

/// Asks the compiler whether the field's type can have the index QUERYABLE.
pub const fn assert_queryable<T: FieldType<Stored: QueryableType>>() {}

/// Asks the compiler whether the field's type can have the index SORTABLE.
pub const fn assert_sortable<T: FieldType<Stored: SortableType>>() {}

/// Asks the compiler whether the field's type can have the index SEARCHABLE.
pub const fn assert_searchable<T: FieldType<Stored: SearchableType>>() {}

/// Asks the compiler whether the field's type can be encrypted.
pub const fn assert_encryptable<T: Encryptable>() {}

/// The records of an answer, for benchmarks and fuzzers: read as a query reads them.
///
/// # Errors
///
/// When the answer cannot be read.
pub fn decode_records<T: FromRecord>(
    body: &[u8],
) -> Result<Vec<Result<Record<T>, ServerError>>, DecodeError> {
    let reply: RecordsReply<T> = crate::wire::read(body)?;
    let read = |item| match item {
        RecordItem::Record(record) => Ok(Ok(record)),
        RecordItem::Failed(error) => Ok(Err(error)),
        RecordItem::Deleted(name) | RecordItem::Named(name) => Err(DecodeError::without_tag(&name)),
    };
    reply.records.into_iter().map(read).collect()
}

/// Writes operations as the body of a request, for benchmarks: as a call writes them.
///
/// # Errors
///
/// When CloudKit has no form for a value.
pub fn encode_operations<T: ToRecord>(
    operations: &[Operation<T>],
    buffer: &mut Vec<u8>,
) -> Result<(), String> {
    let request = ModifyRequest { operations, zone: None, atomic: None, desired_keys: None };
    crate::wire::write(&request, buffer).map_err(|error| error.to_string())
}
