//! The records that were read last. Queries come upon the same ones again and again.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::{Record, StoreError};
use crate::value::Fields;

/// What the records of the cache may weigh, in bytes of their text.
const MOST: usize = 16 << 20;

/// A record as it was read. What its fields hold is found out once.
#[derive(Debug)]
pub(crate) struct KnownRecord {
    record: Record,
    fields: OnceLock<Fields>,
}

impl KnownRecord {
    pub(super) const fn new(record: Record) -> Self {
        Self { record, fields: OnceLock::new() }
    }

    pub(crate) fn fields(&self) -> Result<&Fields, StoreError> {
        if let Some(fields) = self.fields.get() {
            return Ok(fields);
        }
        let fields = self.record.read_fields()?;
        Ok(self.fields.get_or_init(|| fields))
    }
}

impl Deref for KnownRecord {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.record
    }
}

/// Records as the last transaction has left them. Whoever changes one takes it out.
#[derive(Debug, Default)]
pub(super) struct Cache {
    records: HashMap<i64, Arc<KnownRecord>>,
    size: usize,
}

impl Cache {
    pub(super) fn get(&self, rid: i64) -> Option<Arc<KnownRecord>> {
        self.records.get(&rid).cloned()
    }

    pub(super) fn keep(&mut self, record: &Arc<KnownRecord>) {
        let size = weight(record);
        if self.size + size > MOST {
            self.clear();
        }
        self.size += size;
        self.records.insert(record.rid, Arc::clone(record));
    }

    pub(super) fn forget(&mut self, rid: i64) {
        if let Some(record) = self.records.remove(&rid) {
            self.size -= weight(&record);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn weight(record: &Record) -> usize {
    size_of::<KnownRecord>() + record.name.len() + record.fields.len()
}
