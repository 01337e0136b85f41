//! What changed, and in which order: the change feeds of zones and of databases.
//!
//! Every save draws a change tag that is larger than all before it, so the tag of a live record is its place in the feed
//! of its zone. Only what is gone needs rows of its own.

use std::ops::ControlFlow;

use cloudkit_core::Environment;
use rusqlite::params;

use super::sqlite::SELECT_ZONES;
use super::{DEFAULT_ZONE, DatabaseId, Record, Store, StoreError, Zone};
use crate::schema::RecordType;

pub(super) const TABLES: &str = "
    CREATE INDEX IF NOT EXISTS records_by_change ON records (zone, tag);
    -- Records that were deleted from custom zones. The default zone has no feed to show them in.
    CREATE TABLE IF NOT EXISTS tombstones (
        zone INTEGER NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (zone, name)) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS tombstones_by_change ON tombstones (zone, seq);
    CREATE TABLE IF NOT EXISTS gone_zones (
        database INTEGER NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (database, name)) WITHOUT ROWID, STRICT;
";

/// The latest that happened to one record of a zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Saved(Record),
    Deleted { name: String },
}

/// The latest that happened to one zone of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ZoneChange {
    /// Its place in the feed.
    pub(crate) seq: i64,
    pub(crate) name: String,
    /// Whose zone it is, where it is somebody else's.
    pub(crate) owner: Option<String>,
    /// `None` once the zone is gone.
    pub(crate) zone: Option<Zone>,
}

impl Store {
    /// Walks the changes of a zone that come after a place in its feed, or, in `reverse`, before it.
    ///
    /// Each record occurs once, at its latest change.
    pub(crate) fn walk_changes(
        &self,
        zone: i64,
        from: i64,
        reverse: bool,
        mut visit: impl FnMut(i64, Change) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let (beyond, order) = if reverse { ("<", "DESC") } else { (">", "ASC") };
        let sql = format!(
            "SELECT tag, rid, NULL FROM records WHERE zone = ?1 AND tag {beyond} ?2
             UNION ALL SELECT seq, NULL, name FROM tombstones WHERE zone = ?1 AND seq {beyond} ?2
             ORDER BY 1 {order}"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![zone, from])?;
        while let Some(row) = rows.next()? {
            let change = match row.get::<_, Option<i64>>(1)? {
                Some(rid) => match self.record_by_rid(rid)? {
                    Some(record) => Change::Saved(Record::clone(&record)),
                    None => continue,
                },
                None => Change::Deleted { name: row.get(2)? },
            };
            if visit(row.get(0)?, change)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The place of the latest change of a zone; that of its making if nothing else has happened.
    pub(crate) fn latest_change(&self, zone: i64) -> Result<i64, StoreError> {
        let sql = "SELECT max(born,
            coalesce((SELECT max(tag) FROM records WHERE zone = ?1), 0),
            coalesce((SELECT max(seq) FROM tombstones WHERE zone = ?1), 0)) FROM zones WHERE id = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([zone], |row| row.get(0))?)
    }

    /// The feed of a database: its custom zones and those that are gone, in the order of their latest change.
    pub(crate) fn zone_changes(&self, database: DatabaseId) -> Result<Vec<ZoneChange>, StoreError> {
        let mut changes = Vec::new();
        let sql = format!("{SELECT_ZONES} WHERE zones.database = ?1 AND zones.name <> ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        for zone in statement.query_map(params![database.0, DEFAULT_ZONE], Zone::from_row)? {
            let zone = zone?;
            let seq = self.latest_change(zone.id)?;
            changes.push(ZoneChange { seq, name: zone.name.clone(), owner: None, zone: Some(zone) });
        }
        let sql = "SELECT seq, name FROM gone_zones WHERE database = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let gone = statement.query_map([database.0], |row| {
            Ok(ZoneChange { seq: row.get(0)?, name: row.get(1)?, owner: None, zone: None })
        })?;
        for change in gone {
            changes.push(change?);
        }
        changes.sort_by_key(|change| change.seq);
        Ok(changes)
    }

    /// Deletes a zone with all its records, and the subscriptions to it.
    pub(crate) fn delete_zone<'t>(
        &mut self,
        zone: &Zone,
        record_type: impl Fn(&Record) -> Option<&'t RecordType>,
        now: i64,
    ) -> Result<(), StoreError> {
        for rid in self.records_of_zone(zone.id)? {
            let Some(record) = self.record_by_rid(rid)? else { continue };
            if let Some(record_type) = record_type(&record) {
                self.index_change(Some(&record), None, record_type, now)?;
            }
            self.delete_record(rid)?;
        }
        let seq = self.fresh_tag();
        for sql in [
            "DELETE FROM tombstones WHERE zone = ?1",
            "DELETE FROM edges WHERE zone = ?1",
            "DELETE FROM subscriptions WHERE zone = ?1",
            "DELETE FROM zones WHERE id = ?1",
        ] {
            self.connection.execute(sql, [zone.id])?;
        }
        let sql = "INSERT OR REPLACE INTO gone_zones (database, name, seq) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![zone.database.0, zone.name, seq])?;
        Ok(())
    }

    fn records_of_zone(&self, zone: i64) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT rid FROM records WHERE zone = ?1")?;
        let rids = statement.query_map([zone], |row| row.get(0))?;
        Ok(rids.collect::<Result<_, _>>()?)
    }

    /// Leaves a tombstone for a record that is about to be deleted.
    pub(super) fn bury(&mut self, rid: i64) -> Result<(), StoreError> {
        let seq = self.fresh_tag();
        let sql = "INSERT OR REPLACE INTO tombstones (zone, name, seq)
            SELECT records.zone, records.name, ?2 FROM records JOIN zones ON zones.id = records.zone
            WHERE records.rid = ?1 AND zones.name <> ?3";
        self.connection.prepare_cached(sql)?.execute(params![rid, seq, DEFAULT_ZONE])?;
        Ok(())
    }

    /// Takes the tombstone away: a record of the same name was made.
    pub(super) fn bury_no_longer(&mut self, zone: i64, name: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM tombstones WHERE zone = ?1 AND name = ?2";
        self.connection.prepare_cached(sql)?.execute(params![zone, name])?;
        Ok(())
    }

    /// How often the sync tokens of an environment were made worthless.
    pub(crate) fn sync_epoch(&self, environment: Environment) -> Result<i64, StoreError> {
        let text = self.read_meta(&format!("sync_epoch {environment}"))?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Makes every sync token worthless that was given out in an environment so far.
    pub(crate) fn expire_sync_tokens(&mut self, environment: Environment) -> Result<(), StoreError> {
        let next = self.sync_epoch(environment)? + 1;
        self.write_meta(&format!("sync_epoch {environment}"), next.to_string())
    }
}
