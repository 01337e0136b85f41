use super::{DataType, Field, Grant, Operation, RecordType, Role};

/// The record type of users, which every container has.
pub const USERS: &str = "Users";

/// The record type of shares, which a container has once one was saved in development or its schema declared it.
pub const SHARE: &str = "cloudkit.share";

/// The beginning of the names of record types and fields that CloudKit manages.
pub const MANAGED_PREFIX: &str = "cloudkit.";

/// The fields of `cloudkit.share` that it has beside the system fields.
pub const SHARE_FIELDS: [(&str, DataType); 3] = [
    ("cloudkit.thumbnailImageData", DataType::BYTES),
    ("cloudkit.title", DataType::STRING),
    ("cloudkit.type", DataType::STRING),
];

/// One of the fields that every record type has without declaring them. A schema names one only to give it an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemField {
    /// `___createTime`
    CreateTime,
    /// `___createdBy`
    CreatedBy,
    /// `___etag`
    Etag,
    /// `___modTime`
    ModTime,
    /// `___modifiedBy`
    ModifiedBy,
    /// `___recordID`. A query without a filter needs it QUERYABLE.
    RecordId,
}

impl SystemField {
    /// Every system field, in the order in which exports print them.
    pub const ALL: [Self; 6] =
        [Self::CreateTime, Self::CreatedBy, Self::Etag, Self::ModTime, Self::ModifiedBy, Self::RecordId];

    /// The system field of this name in a schema.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }

    /// The name in a schema, where it always stands in quotes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateTime => "___createTime",
            Self::CreatedBy => "___createdBy",
            Self::Etag => "___etag",
            Self::ModTime => "___modTime",
            Self::ModifiedBy => "___modifiedBy",
            Self::RecordId => "___recordID",
        }
    }

    /// The name in requests and in the CloudKit Console. `___etag` has none.
    #[must_use]
    pub const fn mapped_name(self) -> Option<&'static str> {
        match self {
            Self::CreateTime => Some("createdTimestamp"),
            Self::CreatedBy => Some("createdUserRecordName"),
            Self::Etag => None,
            Self::ModTime => Some("modifiedTimestamp"),
            Self::ModifiedBy => Some("modifiedUserRecordName"),
            Self::RecordId => Some("recordName"),
        }
    }

    /// The type, which a schema cannot change.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::CreateTime | Self::ModTime => DataType::TIMESTAMP,
            Self::CreatedBy | Self::ModifiedBy | Self::RecordId => DataType::REFERENCE,
            Self::Etag => DataType::STRING,
        }
    }

    /// The field without index.
    #[must_use]
    pub fn field(self) -> Field {
        Field::new(self.as_str(), self.data_type())
    }
}

impl RecordType {
    /// The record type `Users` as a fresh container has it.
    #[must_use]
    pub fn users() -> Self {
        Self::new(USERS)
            .with_field(Field::new("roles", DataType::INT64.list()))
            .with_grant(Grant::new([Operation::Write], Role::Creator))
            .with_grant(Grant::new([Operation::Read], Role::World))
    }

    /// Whether CloudKit manages the record type, as its name says.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        self.name.starts_with(MANAGED_PREFIX)
    }
}
