//! The database: its tables, databases and zones, and transactions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cloudkit_core::Environment;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use super::cache::Cache;
use super::shared::Batch;
use super::{DEFAULT_ZONE, StoreError, assets, changes, credentials, push, sharing, subscriptions};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS databases (
        id INTEGER PRIMARY KEY, environment TEXT NOT NULL, scope TEXT NOT NULL, owner TEXT NOT NULL,
        UNIQUE (environment, scope, owner)) STRICT;
    CREATE TABLE IF NOT EXISTS zones (
        id INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL, name TEXT NOT NULL,
        born INTEGER NOT NULL, UNIQUE (database, name)) STRICT;
    CREATE TABLE IF NOT EXISTS records (
        rid INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL, zone INTEGER NOT NULL,
        name TEXT NOT NULL, type TEXT NOT NULL, tag INTEGER NOT NULL,
        created INTEGER NOT NULL, created_by TEXT NOT NULL,
        modified INTEGER NOT NULL, modified_by TEXT NOT NULL,
        parent TEXT, fields TEXT NOT NULL, sharing TEXT,
        UNIQUE (zone, name)) STRICT;
    -- One row for each indexed value: the key's order is the value's order.
    CREATE TABLE IF NOT EXISTS entries (
        zone INTEGER NOT NULL, slot INTEGER NOT NULL, key BLOB NOT NULL, rid INTEGER NOT NULL,
        PRIMARY KEY (zone, slot, key, rid)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS slots (
        id INTEGER PRIMARY KEY, type TEXT NOT NULL, field TEXT NOT NULL, UNIQUE (type, field));
    -- References that a delete of their target has to look at.
    CREATE TABLE IF NOT EXISTS edges (
        zone INTEGER NOT NULL, target TEXT NOT NULL, rid INTEGER NOT NULL, field TEXT NOT NULL,
        action TEXT NOT NULL,
        PRIMARY KEY (zone, target, rid, field, action)) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS edges_by_source ON edges (rid);
    -- Writes that the indexes have not seen yet, and what the indexes show meanwhile.
    CREATE TABLE IF NOT EXISTS pending (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, rid INTEGER NOT NULL, record TEXT);
    CREATE INDEX IF NOT EXISTS pending_by_record ON pending (rid);
    CREATE INDEX IF NOT EXISTS pending_by_time ON pending (due);
    CREATE TABLE IF NOT EXISTS lagging (rid INTEGER PRIMARY KEY, record TEXT);
";

pub(super) const SELECT_ZONES: &str = "SELECT zones.id, zones.database, zones.name, databases.owner
    FROM zones JOIN databases ON databases.id = zones.database";

/// The name of the file in the directory.
const FILE: &str = "container.sqlite";

fn open_file(directory: &Path) -> Result<Connection, StoreError> {
    let unusable = |error| StoreError::Directory(directory.display().to_string(), error);
    std::fs::create_dir_all(directory).map_err(unusable)?;
    let file = directory.join(FILE);
    // The file holds private keys. SQLite gives its other files the permissions of this one.
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&file).map_err(unusable)?;

    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    // Two containers would each have an idea of their own of the next change tag.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    // What was acknowledged survives a kill: every commit reaches the disk before the reply is sent.
    connection.pragma_update(None, "journal_mode", "wal").map_err(|error| {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::InUse(directory.display().to_string())
            }
            _ => error.into(),
        }
    })?;
    connection.pragma_update(None, "synchronous", "full")?;
    // In KiB: the indexes of some hundred thousand records. Every save touches all parts of them.
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    Ok(connection)
}

/// Drops an index of a form that is not used any more. It is built anew, because `INDEX_FORM` has changed with it.
fn forget_old_index(connection: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM pragma_table_info('entries') WHERE name = 'database'";
    if connection.prepare(sql)?.exists([])? {
        connection.execute_batch("DROP TABLE entries")?;
    }
    Ok(())
}

/// One of the many databases of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DatabaseId(pub(crate) i64);

/// A zone, by number and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) id: i64,
    pub(crate) database: DatabaseId,
    pub(crate) name: String,
    /// The record name of the user whose zone it is; empty in the public database.
    owner: String,
}

impl Zone {
    /// Whose zone it is, as zone IDs tell it; nobody's in the public database.
    pub(crate) fn owner(&self) -> Option<&str> {
        (!self.owner.is_empty()).then_some(self.owner.as_str())
    }

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, database: DatabaseId(row.get(1)?), name: row.get(2)?, owner: row.get(3)? })
    }

    pub(crate) fn is_default(&self) -> bool {
        self.name == DEFAULT_ZONE
    }
}

/// The store. One connection, used by one request at a time.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) connection: Connection,
    pub(super) slots: HashMap<(String, String), i64>,
    pub(super) index_lag: Duration,
    pub(super) cache: RefCell<Cache>,
    /// Those whose transaction is open.
    pub(super) batch: Option<Arc<Batch>>,
    databases: HashMap<(Environment, &'static str, String), DatabaseId>,
    next_tag: i64,
}

impl Store {
    /// Opens the store of a directory, or makes one in memory.
    pub(crate) fn open(directory: Option<&Path>, index_lag: Duration) -> Result<Self, StoreError> {
        let connection = match directory {
            None => Connection::open_in_memory()?,
            Some(directory) => open_file(directory)?,
        };
        connection.set_prepared_statement_cache_capacity(128);
        // Otherwise many statements are planned anew with every value that is bound to them.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // One commit for all of them: each has to reach the disk.
        connection.execute_batch("BEGIN IMMEDIATE")?;
        forget_old_index(&connection)?;
        connection.execute_batch(TABLES)?;
        for tables in [
            credentials::TABLES,
            assets::TABLES,
            changes::TABLES,
            sharing::TABLES,
            subscriptions::TABLES,
            push::TABLES,
        ] {
            connection.execute_batch(tables)?;
        }
        connection.execute_batch("COMMIT")?;
        let next_tag = connection
            .query_row("SELECT value FROM meta WHERE name = 'tag'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(1);
        let mut slots = HashMap::new();
        {
            let mut statement = connection.prepare("SELECT type, field, id FROM slots")?;
            let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
            for row in rows {
                let (name, id) = row?;
                slots.insert(name, id);
            }
        }
        let (databases, cache, batch) = Default::default();
        Ok(Self { connection, slots, index_lag, cache, batch, databases, next_tag })
    }

    /// Whether the store is gone with the process.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.connection.path().is_none_or(str::is_empty)
    }

    /// Calls `each` after every step of SQLite's machine. Records that are at hand would cost none, so none is.
    #[cfg(test)]
    pub(crate) fn on_step(&mut self, each: Option<impl FnMut() -> bool + Send + 'static>) {
        self.cache.get_mut().clear();
        self.connection.progress_handler(1, each).expect("the connection is open");
    }

    /// Runs `work` in a transaction, which is kept if the result is `Ok`.
    pub(crate) fn transaction<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.commit_batch()?;
        self.begin()?;
        let result = work(self);
        if result.is_ok() {
            self.commit()?;
        } else {
            self.roll_back();
        }
        result
    }

    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        if !self.connection.is_autocommit() {
            // A panic in the middle of an earlier transaction, or a disk that was full, has left it open.
            self.roll_back();
        }
        self.execute("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&self) -> Result<(), StoreError> {
        self.write_meta("tag", self.next_tag)?;
        self.execute("COMMIT")
    }

    pub(super) fn roll_back(&mut self) {
        // Where it is not possible, SQLite has done so by itself.
        let _ = self.execute("ROLLBACK");
        self.forget_undone(true);
    }

    /// Runs `work` inside a transaction so that its failure undoes only itself.
    pub(crate) fn savepoint<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.execute("SAVEPOINT operation")?;
        let result = work(self);
        if result.is_err() {
            self.execute("ROLLBACK TO operation")?;
        }
        self.execute("RELEASE operation")?;
        self.forget_undone(result.is_err());
        result
    }

    /// Runs a statement that takes no values.
    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// The numbers of slots and databases that were made in what has just been undone may be given out again.
    fn forget_undone(&mut self, undone: bool) {
        if undone {
            self.slots.clear();
            self.databases.clear();
        }
    }

    /// Lets the databases be looked for again, with their default zones and their records.
    pub(super) fn forget_databases(&mut self) {
        self.databases.clear();
        self.cache.get_mut().clear();
    }

    /// Forgets what was known of the tables, which have another content now.
    pub(super) fn forget_all(&mut self) {
        self.forget_undone(true);
        self.cache.get_mut().clear();
    }

    /// The last change tag that was given out.
    pub(super) fn latest_tag(&self) -> i64 {
        self.next_tag - 1
    }

    /// Keeps change tags up to this one from being given out.
    pub(super) fn raise_tag(&mut self, tag: i64) {
        self.next_tag = self.next_tag.max(tag.saturating_add(1));
    }

    /// A change tag that no record ever had.
    pub(crate) fn fresh_tag(&mut self) -> i64 {
        let tag = self.next_tag;
        self.next_tag += 1;
        tag
    }

    pub(crate) fn read_meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        Ok(self.connection.query_row(sql, [name], |row| row.get(0)).optional()?)
    }

    pub(crate) fn write_meta(
        &self,
        name: &str,
        value: impl rusqlite::types::ToSql,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute(params![name, value])?;
        Ok(())
    }

    /// The database of this scope and owner, with its default zone; made when first asked for.
    pub(crate) fn database(
        &mut self,
        environment: Environment,
        scope: &'static str,
        owner: &str,
    ) -> Result<DatabaseId, StoreError> {
        let name = (environment, scope, owner.to_owned());
        if let Some(id) = self.databases.get(&name) {
            return Ok(*id);
        }
        let sql = "INSERT OR IGNORE INTO databases (environment, scope, owner) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![environment.as_str(), scope, owner])?;
        let sql = "SELECT id FROM databases WHERE environment = ?1 AND scope = ?2 AND owner = ?3";
        let id = self
            .connection
            .query_row(sql, params![environment.as_str(), scope, owner], |row| row.get(0).map(DatabaseId))?;
        self.create_zone(id, DEFAULT_ZONE)?;
        self.databases.insert(name, id);
        Ok(id)
    }

    /// The databases of an environment that were ever asked for.
    pub(crate) fn databases(&self, environment: Environment) -> Result<Vec<DatabaseId>, StoreError> {
        let mut statement = self.connection.prepare("SELECT id FROM databases WHERE environment = ?1")?;
        let rows = statement.query_map([environment.as_str()], |row| row.get(0).map(DatabaseId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Makes a zone, or does nothing if it exists. Zones other than the default one are made inside a transaction.
    pub(crate) fn create_zone(&mut self, database: DatabaseId, name: &str) -> Result<(), StoreError> {
        // The default zone is in no feed, so it needs no place in one.
        let born = if name == DEFAULT_ZONE { 0 } else { self.fresh_tag() };
        let sql = "INSERT OR IGNORE INTO zones (database, name, born) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![database.0, name, born])?;
        self.connection
            .execute("DELETE FROM gone_zones WHERE database = ?1 AND name = ?2", params![database.0, name])?;
        Ok(())
    }

    pub(crate) fn zone(&self, database: DatabaseId, name: &str) -> Result<Option<Zone>, StoreError> {
        let sql = format!("{SELECT_ZONES} WHERE zones.database = ?1 AND zones.name = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![database.0, name], Zone::from_row).optional()?)
    }

    /// How many custom zones a database has.
    pub(crate) fn count_zones(&self, database: DatabaseId) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM zones WHERE database = ?1 AND name != ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let count: i64 = statement.query_row(params![database.0, DEFAULT_ZONE], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    pub(crate) fn zones(&self, database: DatabaseId) -> Result<Vec<Zone>, StoreError> {
        let sql = format!("{SELECT_ZONES} WHERE zones.database = ?1 ORDER BY zones.id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let zones = statement.query_map(params![database.0], Zone::from_row)?;
        Ok(zones.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_the_old_form_makes_way_once() {
        let connection = Connection::open_in_memory().expect("in memory");
        connection
            .execute_batch("CREATE TABLE entries (database INTEGER, slot INTEGER, key BLOB, rid INTEGER)")
            .expect("made");
        forget_old_index(&connection).expect("dropped");
        connection.execute_batch(TABLES).expect("made");
        connection
            .execute("INSERT INTO entries (zone, slot, key, rid) VALUES (1, 1, x'02', 1)", [])
            .expect("new");
        forget_old_index(&connection).expect("nothing to do");
        let sql = "SELECT count(*) FROM entries";
        assert_eq!(connection.query_row(sql, [], |row| row.get(0)), Ok(1));
    }
}
