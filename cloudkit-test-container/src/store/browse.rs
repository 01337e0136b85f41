//! What there is, for people who look around. Nothing is made by looking.

use cloudkit_core::Environment;
use rusqlite::{OptionalExtension, params};

use super::records::COLUMNS;
use super::{DatabaseId, Record, Store, StoreError, Zone};
use crate::sharing::SharePermission;

/// A database that somebody has used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownDatabase {
    pub(crate) id: DatabaseId,
    /// `public`, `private` or `shared`.
    pub(crate) scope: String,
    /// The record name of the user whose it is; empty for the public one.
    pub(crate) owner: String,
}

/// Which records of a zone are wanted, the latest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection<'a> {
    pub(crate) record_type: Option<&'a str>,
    /// A text in the record name or in a field, whatever its case.
    pub(crate) text: Option<&'a str>,
    /// Records that were created before the one of this number.
    pub(crate) before: Option<i64>,
    /// At most so many.
    pub(crate) limit: usize,
    /// The participant through whose eyes the zone is seen.
    pub(crate) reader: Option<&'a str>,
}

impl Store {
    /// The databases of an environment, the public one first.
    pub(crate) fn known_databases(&self, environment: Environment) -> Result<Vec<KnownDatabase>, StoreError> {
        let sql = "SELECT id, scope, owner FROM databases WHERE environment = ?1
            ORDER BY scope <> 'public', owner, scope";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([environment.as_str()], |row| {
            Ok(KnownDatabase { id: DatabaseId(row.get(0)?), scope: row.get(1)?, owner: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A database, if somebody has used it.
    pub(crate) fn known_database(
        &self,
        environment: Environment,
        scope: &str,
        owner: &str,
    ) -> Result<Option<DatabaseId>, StoreError> {
        let sql = "SELECT id FROM databases WHERE environment = ?1 AND scope = ?2 AND owner = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let id = statement.query_row(params![environment.as_str(), scope, owner], |row| row.get(0));
        Ok(id.optional()?.map(DatabaseId))
    }

    /// How many records of each type there are in a zone.
    pub(crate) fn count_types(&self, zone: i64) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = "SELECT type, count(*) FROM records WHERE zone = ?1 GROUP BY type ORDER BY type";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([zone], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The records of a zone that are wanted, and whether there are more.
    pub(crate) fn select(
        &self,
        zone: &Zone,
        selection: &Selection<'_>,
    ) -> Result<(Vec<Record>, bool), StoreError> {
        let grants = match selection.reader {
            Some(reader) => Some(self.grants(zone.id, reader)?),
            None => None,
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM records WHERE zone = ?1 AND rid < ?2 AND (?3 IS NULL OR type = ?3)
             AND (?4 IS NULL OR instr(lower(name), lower(?4)) > 0 OR instr(lower(fields), lower(?4)) > 0)
             ORDER BY rid DESC"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let before = selection.before.unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![zone.id, before, selection.record_type, selection.text], Record::from_row)?;
        let mut records = Vec::new();
        for record in rows {
            let record = record?;
            if let Some(grants) = &grants
                && self.permission_by(grants, &record)? == SharePermission::None
            {
                continue;
            }
            if records.len() == selection.limit {
                return Ok((records, true));
            }
            records.push(record);
        }
        Ok((records, false))
    }
}
