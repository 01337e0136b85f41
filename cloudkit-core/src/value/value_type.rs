use std::fmt;

/// One of the eight kinds of value that CloudKit stores, without the question whether a field holds a list of them.
///
/// There is no Boolean among them: CloudKit programs store 0 and 1 in an `INT64`.
///
/// Apple: [Types and Dictionaries, Record Field Dictionary](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/Types.html)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// Text: any Unicode.
    String,
    /// A signed integer of 64 bits.
    Int64,
    /// A finite IEEE 754 number of 64 bits.
    Double,
    /// Whole milliseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Bytes, base64 on the wire.
    Bytes,
    /// A place on earth.
    Location,
    /// A pointer to another record.
    Reference,
    /// A file.
    Asset,
}

impl ScalarType {
    /// Every kind, in the order of Apple's table.
    pub const ALL: [ScalarType; 8] = [
        ScalarType::String,
        ScalarType::Int64,
        ScalarType::Double,
        ScalarType::Timestamp,
        ScalarType::Bytes,
        ScalarType::Location,
        ScalarType::Reference,
        ScalarType::Asset,
    ];
}

/// The type of a field: what is spelled in the `type` member of a field on the wire, such as `STRING` or `INT64_LIST`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueType {
    /// What the field holds, or what each element of its list is.
    pub scalar: ScalarType,
    /// Whether the field holds a list.
    pub list: bool,
}

impl ValueType {
    /// The type of a field that holds one value.
    #[must_use]
    pub const fn one(scalar: ScalarType) -> Self {
        Self { scalar, list: false }
    }

    /// The type of a field that holds a list.
    #[must_use]
    pub const fn list_of(scalar: ScalarType) -> Self {
        Self { scalar, list: true }
    }

    /// The spelling on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match (self.scalar, self.list) {
            (ScalarType::String, false) => "STRING",
            (ScalarType::Int64, false) => "INT64",
            (ScalarType::Double, false) => "DOUBLE",
            (ScalarType::Timestamp, false) => "TIMESTAMP",
            (ScalarType::Bytes, false) => "BYTES",
            (ScalarType::Location, false) => "LOCATION",
            (ScalarType::Reference, false) => "REFERENCE",
            (ScalarType::Asset, false) => "ASSETID",
            (ScalarType::String, true) => "STRING_LIST",
            (ScalarType::Int64, true) => "INT64_LIST",
            (ScalarType::Double, true) => "DOUBLE_LIST",
            (ScalarType::Timestamp, true) => "TIMESTAMP_LIST",
            (ScalarType::Bytes, true) => "BYTES_LIST",
            (ScalarType::Location, true) => "LOCATION_LIST",
            (ScalarType::Reference, true) => "REFERENCE_LIST",
            (ScalarType::Asset, true) => "ASSETID_LIST",
        }
    }

    /// Reads the spelling on the wire. `ASSET`, which Apple's documents use beside `ASSETID`, is understood as well.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        let (name, list) = match text.strip_suffix("_LIST") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let scalar = match name {
            "STRING" => ScalarType::String,
            "INT64" => ScalarType::Int64,
            "DOUBLE" => ScalarType::Double,
            "TIMESTAMP" => ScalarType::Timestamp,
            "BYTES" => ScalarType::Bytes,
            "LOCATION" => ScalarType::Location,
            "REFERENCE" => ScalarType::Reference,
            "ASSETID" | "ASSET" => ScalarType::Asset,
            _ => return None,
        };
        Some(Self { scalar, list })
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_from_its_spelling() {
        for scalar in ScalarType::ALL {
            for list in [false, true] {
                let value_type = ValueType { scalar, list };
                assert_eq!(ValueType::from_wire(value_type.as_str()), Some(value_type));
            }
        }
    }

    #[test]
    fn the_old_tag_of_lists_is_not_a_type() {
        assert_eq!(ValueType::from_wire("LIST"), None);
        assert_eq!(ValueType::from_wire("UNKNOWN_LIST"), None);
    }
}
