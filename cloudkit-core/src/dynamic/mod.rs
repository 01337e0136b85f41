//! Records whose type is not known when compiling: for tools, imports and proxies.
//!
//! The operations are those of the typed side, with names and values where that has fields and types. So nothing of
//! what the compiler checks there is checked here; CloudKit does.
//!
//! ```no_run
//! use cloudkit_core::dynamic::DynamicRecord;
//! use cloudkit_core::query::Comparator;
//! # async fn run() -> cloudkit_core::Result<()> {
//! # let db = cloudkit_core::Container::from_env()?.public();
//! let db = db.dynamic();
//! let city = db.create(DynamicRecord::new("City").with("name", "Aabenraa").with("population", 16_401)).await?;
//! let found = db.query("City").filter("population", Comparator::GreaterThan, 10_000).fetch_all().await?;
//! # Ok(())
//! # }
//! ```

mod database;
mod value;

use std::collections::BTreeMap;

use serde::de::{Deserializer, Error as _};
use serde::ser::SerializeMap;

pub use database::{DynamicDatabase, DynamicQuery};
pub use value::{FieldValue, Value};

use crate::record::{FromRecord, ToRecord};
use crate::write::{Change, Patch};

/// A record whose type is not known when compiling.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicRecord {
    /// The record type.
    pub record_type: String,
    /// The fields that have a value.
    pub fields: BTreeMap<String, FieldValue>,
}

impl DynamicRecord {
    /// A record of this type, without a field.
    #[must_use]
    pub fn new(record_type: impl Into<String>) -> Self {
        Self { record_type: record_type.into(), fields: BTreeMap::new() }
    }

    /// The same record, with this value in the field of this name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// The value of the field of this name, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).map(|field| &field.value)
    }
}

impl FromRecord for DynamicRecord {
    const ONLY_TYPE: Option<&'static str> = None;

    fn desired_keys() -> Option<Vec<&'static str>> {
        None
    }

    fn decode_fields<'de, D: Deserializer<'de>>(record_type: &str, fields: D) -> Result<Self, D::Error> {
        let mut record = Self::new(record_type);
        for (name, json) in value::raw_fields(fields)? {
            let field = value::read_field(&json)
                .map_err(|error| D::Error::custom(format_args!("the field `{name}`: {error}")))?;
            if let Some(field) = field {
                record.fields.insert(name, field);
            }
        }
        Ok(record)
    }
}

impl ToRecord for DynamicRecord {
    fn record_type(&self) -> &str {
        &self.record_type
    }

    fn has_encrypted_fields(&self) -> bool {
        self.fields.values().any(|field| field.encrypted)
    }

    fn encode_fields<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        self.fields.iter().try_for_each(|(name, field)| fields.serialize_entry(name, field))
    }
}

impl Patch<DynamicRecord> {
    /// Puts a value into a field.
    pub fn set_field(self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        let FieldValue { value, encrypted } = value.into();
        let json = serde_json::value::to_raw_value(&value).map(Some).map_err(|error| error.to_string());
        self.put(Change::dynamic(name.into(), value.value_type(), encrypted, json))
    }

    /// Leaves a field without a value.
    pub fn clear_field(self, name: impl Into<String>) -> Self {
        self.put(Change::dynamic(name.into(), None, false, Ok(None)))
    }
}
