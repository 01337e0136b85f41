use std::fmt;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataType {
    /// The kind of value, or of each element of the list.
    pub primitive: Primitive,
    /// Whether CloudKit keeps the values encrypted.
    pub encrypted: bool,
    /// Whether the field holds a list.
    pub list: bool,
}

/// A kind of value.
///
/// Apple: [Integrating a Text-Based Schema into Your Workflow](https://developer.apple.com/documentation/cloudkit/integrating-a-text-based-schema-into-your-workflow)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Primitive {
    /// Text.
    String,
    /// A signed integer of 64 bits; also truth values, as 0 and 1.
    Int64,
    /// An IEEE 754 number of 64 bits.
    Double,
    /// An instant, to the millisecond.
    Timestamp,
    /// A few bytes.
    Bytes,
    /// A place on earth.
    Location,
    /// A pointer to another record. The language does not say of which type.
    Reference,
    /// A file.
    Asset,
    /// A number whose kind is settled only if `PREFERRED AS` says so. It arises when a save in development creates a
    /// field by itself, and should not be written by hand.
    Number(Option<Preferred>),
}

/// How a [`Primitive::Number`] is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preferred {
    /// `PREFERRED AS INT64`
    Int64,
    /// `PREFERRED AS DOUBLE`
    Double,
}

impl DataType {
    /// `STRING`
    pub const STRING: Self = Self::of(Primitive::String);
    /// `INT64`
    pub const INT64: Self = Self::of(Primitive::Int64);
    /// `DOUBLE`
    pub const DOUBLE: Self = Self::of(Primitive::Double);
    /// `TIMESTAMP`
    pub const TIMESTAMP: Self = Self::of(Primitive::Timestamp);
    /// `BYTES`
    pub const BYTES: Self = Self::of(Primitive::Bytes);
    /// `LOCATION`
    pub const LOCATION: Self = Self::of(Primitive::Location);
    /// `REFERENCE`
    pub const REFERENCE: Self = Self::of(Primitive::Reference);
    /// `ASSET`
    pub const ASSET: Self = Self::of(Primitive::Asset);

    /// One value of this kind, not encrypted.
    #[must_use]
    pub const fn of(primitive: Primitive) -> Self {
        Self { primitive, encrypted: false, list: false }
    }

    /// `LIST<…>` of the same.
    #[must_use]
    pub const fn list(self) -> Self {
        Self { list: true, ..self }
    }

    /// The same, `ENCRYPTED`. Of ASSET, REFERENCE and NUMBER there is no such type, and
    /// [`Schema::check`](crate::Schema::check) says so.
    #[must_use]
    pub const fn encrypted(self) -> Self {
        Self { encrypted: true, ..self }
    }
}

impl Primitive {
    /// Every kind but [`Primitive::Number`].
    pub const ALL: [Self; 8] = [
        Self::String,
        Self::Int64,
        Self::Double,
        Self::Timestamp,
        Self::Bytes,
        Self::Location,
        Self::Reference,
        Self::Asset,
    ];

    /// The word of the language, without `PREFERRED AS`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Int64 => "INT64",
            Self::Double => "DOUBLE",
            Self::Timestamp => "TIMESTAMP",
            Self::Bytes => "BYTES",
            Self::Location => "LOCATION",
            Self::Reference => "REFERENCE",
            Self::Asset => "ASSET",
            Self::Number(_) => "NUMBER",
        }
    }

    /// Whether there is an `ENCRYPTED` form: assets are encrypted anyway, references must be readable for the server.
    #[must_use]
    pub const fn can_be_encrypted(self) -> bool {
        !matches!(self, Self::Reference | Self::Asset | Self::Number(_))
    }
}

impl From<Primitive> for DataType {
    fn from(primitive: Primitive) -> Self {
        Self::of(primitive)
    }
}

impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::Number(Some(Preferred::Int64)) => f.write_str(" PREFERRED AS INT64"),
            Self::Number(Some(Preferred::Double)) => f.write_str(" PREFERRED AS DOUBLE"),
            _ => Ok(()),
        }
    }
}

/// The type as the schema language spells it.
///
/// ```
/// use cloudkit_schema::DataType;
///
/// assert_eq!(DataType::STRING.encrypted().list().to_string(), "LIST<ENCRYPTED STRING>");
/// ```
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { primitive, encrypted, list } = self;
        f.write_str(if *list { "LIST<" } else { "" })?;
        f.write_str(if *encrypted { "ENCRYPTED " } else { "" })?;
        write!(f, "{primitive}")?;
        f.write_str(if *list { ">" } else { "" })
    }
}
