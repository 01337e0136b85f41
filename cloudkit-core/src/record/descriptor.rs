use crate::value::ValueType;

/// What a struct says about its record type: the name, the fields and the indexes, as plain data.
///
/// `#[derive(CkRecord)]` makes one for each struct. Test containers build their schema from it, and queries their
/// `desiredKeys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordDescriptor {
    /// The record type in CloudKit.
    pub record_type: &'static str,
    /// The fields that the struct declares, in its order.
    pub fields: &'static [FieldDescriptor],
    /// The indexes on the fields that CloudKit itself adds to each record.
    pub system_indexes: SystemIndexes,
    /// Whether the struct declares that the record type has more fields than it names.
    pub projection: bool,
}

/// One field of a record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDescriptor {
    /// The field's name in CloudKit.
    pub name: &'static str,
    /// Its type in CloudKit.
    pub value_type: ValueType,
    /// Whether CloudKit keeps it encrypted. Encrypted fields take no index.
    pub encrypted: bool,
    /// Whether the struct can do without a value.
    pub optional: bool,
    /// Its indexes.
    pub index: Index,
}

/// The indexes of one field, in the words of the schema language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Filters may compare the field for equality and membership.
    pub queryable: bool,
    /// Results may be sorted by the field, and filters may compare its order.
    pub sortable: bool,
    /// The words of the field's text can be searched.
    pub searchable: bool,
}

/// The indexes of the fields that CloudKit adds to each record. None exists unless the schema declares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemIndexes {
    /// `___recordID`. A query without a filter needs it QUERYABLE.
    pub record_name: Index,
    /// `___createTime`.
    pub created_at: Index,
    /// `___modTime`.
    pub modified_at: Index,
    /// `___createdBy`.
    pub created_by: Index,
    /// `___modifiedBy`.
    pub modified_by: Index,
}

impl RecordDescriptor {
    /// A description of a record type; what the derive macro calls.
    #[must_use]
    pub const fn new(
        record_type: &'static str,
        fields: &'static [FieldDescriptor],
        system_indexes: SystemIndexes,
        projection: bool,
    ) -> Self {
        Self { record_type, fields, system_indexes, projection }
    }

    /// The field of this name in CloudKit.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldDescriptor> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl FieldDescriptor {
    /// A description of a field; what the derive macro calls.
    #[must_use]
    pub const fn new(
        name: &'static str,
        value_type: ValueType,
        encrypted: bool,
        optional: bool,
        index: Index,
    ) -> Self {
        Self { name, value_type, encrypted, optional, index }
    }
}
