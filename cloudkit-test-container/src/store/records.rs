//! Records as they are kept, and the references between them.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{DatabaseId, KnownRecord, Store, StoreError};
use crate::sharing::Sharing;
use crate::value::{Fields, read_stored};

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The record's place in the order of creation. Zero until it is saved.
    pub(crate) rid: i64,
    pub(crate) database: i64,
    pub(crate) zone: i64,
    pub(crate) name: String,
    pub(crate) record_type: String,
    pub(crate) tag: i64,
    pub(crate) created: Stamp,
    pub(crate) modified: Stamp,
    pub(crate) parent: Option<String>,
    /// The fields as JSON, in the form in which replies carry them.
    pub(crate) fields: String,
    pub(crate) sharing: Option<Sharing>,
}

/// When something happened, in milliseconds since 1970, and who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) at: i64,
    pub(crate) by: String,
}

/// A reference whose target matters beyond its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferenceEdge {
    pub(crate) zone: i64,
    pub(crate) target: String,
    pub(crate) field: String,
    pub(crate) action: &'static str,
}

pub(super) const COLUMNS: &str = "rid, database, zone, name, type, tag, created, created_by, modified, modified_by, parent, fields, sharing";

impl Record {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            rid: row.get(0)?,
            database: row.get(1)?,
            zone: row.get(2)?,
            name: row.get(3)?,
            record_type: row.get(4)?,
            tag: row.get(5)?,
            created: Stamp { at: row.get(6)?, by: row.get(7)? },
            modified: Stamp { at: row.get(8)?, by: row.get(9)? },
            parent: row.get(10)?,
            fields: row.get(11)?,
            sharing: row.get::<_, Option<String>>(12)?.and_then(|text| serde_json::from_str(&text).ok()),
        })
    }

    fn sharing_text(&self) -> Option<String> {
        let sharing = self.sharing.as_ref()?;
        Some(serde_json::to_string(sharing).expect("it has string keys only"))
    }

    pub(crate) fn read_fields(&self) -> Result<Fields, StoreError> {
        read_stored(&self.fields).ok_or(StoreError::Damaged(self.rid))
    }

    /// The change tag as it is spelled on the wire.
    pub(crate) fn change_tag(&self) -> String {
        tag_text(self.tag)
    }
}

/// A change tag as it is spelled on the wire: digits and small letters.
pub(crate) fn tag_text(tag: i64) -> String {
    let mut digits = Vec::new();
    let mut rest = tag.unsigned_abs();
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

impl Store {
    pub(crate) fn record(&self, zone: i64, name: &str) -> Result<Option<Record>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM records WHERE zone = ?1 AND name = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![zone, name], Record::from_row).optional()?)
    }

    pub(crate) fn record_by_rid(&self, rid: i64) -> Result<Option<Arc<KnownRecord>>, StoreError> {
        if let Some(known) = self.cache.borrow().get(rid) {
            return Ok(Some(known));
        }
        let sql = format!("SELECT {COLUMNS} FROM records WHERE rid = ?1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let Some(record) = statement.query_row([rid], Record::from_row).optional()? else { return Ok(None) };
        let record = Arc::new(KnownRecord::new(record));
        // What is written inside of a transaction may yet be undone.
        if self.connection.is_autocommit() {
            self.cache.borrow_mut().keep(&record);
        }
        Ok(Some(record))
    }

    pub(crate) fn exists(&self, zone: i64, name: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM records WHERE zone = ?1 AND name = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists(params![zone, name])?)
    }

    /// Adds a record and returns its place in the order of creation.
    pub(crate) fn insert_record(&mut self, record: &Record) -> Result<i64, StoreError> {
        let sql = "INSERT INTO records
            (database, zone, name, type, tag, created, created_by, modified, modified_by, parent, fields, sharing)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        self.connection.prepare_cached(sql)?.execute(params![
            record.database,
            record.zone,
            record.name,
            record.record_type,
            record.tag,
            record.created.at,
            record.created.by,
            record.modified.at,
            record.modified.by,
            record.parent,
            record.fields,
            record.sharing_text()
        ])?;
        let rid = self.connection.last_insert_rowid();
        self.bury_no_longer(record.zone, &record.name)?;
        Ok(rid)
    }

    pub(crate) fn update_record(&mut self, record: &Record) -> Result<(), StoreError> {
        let sql = "UPDATE records SET tag = ?2, modified = ?3, modified_by = ?4, parent = ?5, fields = ?6,
            sharing = ?7 WHERE rid = ?1";
        self.cache.get_mut().forget(record.rid);
        self.connection.prepare_cached(sql)?.execute(params![
            record.rid,
            record.tag,
            record.modified.at,
            record.modified.by,
            record.parent,
            record.fields,
            record.sharing_text()
        ])?;
        Ok(())
    }

    pub(crate) fn delete_record(&mut self, rid: i64) -> Result<(), StoreError> {
        self.cache.get_mut().forget(rid);
        self.bury(rid)?;
        self.connection.prepare_cached("DELETE FROM records WHERE rid = ?1")?.execute([rid])?;
        self.connection.prepare_cached("DELETE FROM edges WHERE rid = ?1")?.execute([rid])?;
        Ok(())
    }

    /// Replaces what is known about the references of a record.
    pub(crate) fn set_edges(&mut self, rid: i64, edges: &[ReferenceEdge]) -> Result<(), StoreError> {
        self.connection.prepare_cached("DELETE FROM edges WHERE rid = ?1")?.execute([rid])?;
        let sql =
            "INSERT OR IGNORE INTO edges (zone, target, rid, field, action) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.connection.prepare_cached(sql)?;
        for edge in edges {
            statement.execute(params![edge.zone, edge.target, rid, edge.field, edge.action])?;
        }
        Ok(())
    }

    /// The records that refer to a target in this way, with the field, in the order of creation.
    pub(crate) fn sources(
        &self,
        zone: i64,
        target: &str,
        action: &str,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT rid, field FROM edges WHERE zone = ?1 AND target = ?2 AND action = ?3 ORDER BY rid";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows =
            statement.query_map(params![zone, target, action], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every record of a database, for building its indexes anew.
    pub(crate) fn all_records(&self, database: DatabaseId) -> Result<Vec<i64>, StoreError> {
        let mut statement =
            self.connection.prepare("SELECT rid FROM records WHERE database = ?1 ORDER BY rid")?;
        let rows = statement.query_map([database.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
