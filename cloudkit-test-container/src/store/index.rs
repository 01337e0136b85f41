//! The indexes: which keys a record has, and how they are kept in step with it.

use std::collections::{BTreeSet, HashSet};

use rusqlite::params;

use super::{ABSENT, DatabaseId, Record, Store, StoreError, full_key, index_key, keys, text_key};
use crate::schema::RecordType;
use crate::value::{Fields, Scalar};

/// Changes with the keys: indexes that were built in another form are built anew.
pub(crate) const INDEX_FORM: u32 = 2;

/// What one index is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// All records of a type, in the order of their creation.
    All,
    /// The values of a field, or of a system field under its name with underscores.
    Values(String),
    /// The words of a field.
    Words(String),
}

impl Slot {
    /// A name that no two slots share: field names hold neither `*` nor `#`.
    fn name(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Values(field) => field.clone(),
            Self::Words(field) => format!("{field}#"),
        }
    }
}

/// The words of a text as search sees them: letters and digits, in lower case, without diacritical marks.
pub(crate) fn words(text: &str) -> BTreeSet<String> {
    crate::query::fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The keys under which a record is found.
fn record_keys(record: &Record, fields: &Fields, record_type: &RecordType) -> HashSet<(Slot, Vec<u8>)> {
    let mut found = HashSet::from([(Slot::All, keys::rowid_key(record.rid))]);
    let system = record_type.system;
    for (index, name, key) in [
        (system.record_name, "___recordID", text_key(&record.name)),
        (system.created_at, "___createTime", index_key(&Scalar::Timestamp(record.created.at))),
        (system.modified_at, "___modTime", index_key(&Scalar::Timestamp(record.modified.at))),
        (system.created_by, "___createdBy", text_key(&record.created.by)),
        (system.modified_by, "___modifiedBy", text_key(&record.modified.by)),
    ] {
        if index.queryable || index.sortable {
            found.insert((Slot::Values(name.to_owned()), key));
        }
    }
    for (name, def) in &record_type.fields {
        let field = fields.get(name);
        if def.index.queryable || def.index.sortable {
            let slot = Slot::Values(name.clone());
            match field.map(|field| field.scalars()).unwrap_or_default() {
                // An empty list too: every record has some key in every slot.
                [] => {
                    found.insert((slot, ABSENT.to_vec()));
                }
                scalars => found.extend(scalars.iter().map(|scalar| (slot.clone(), index_key(scalar)))),
            }
        }
        if def.index.searchable {
            let texts = field.map(|field| field.scalars()).unwrap_or_default();
            for scalar in texts {
                let Scalar::String(text) = scalar else { continue };
                let slot = Slot::Words(name.clone());
                found.extend(words(text).into_iter().map(|word| (slot.clone(), text_key(&word))));
            }
        }
    }
    found
}

/// The key by which a system field of a record is sorted, in full length.
pub(crate) fn system_key(record: &Record, name: &str) -> Vec<u8> {
    match name {
        "___createTime" => full_key(&Scalar::Timestamp(record.created.at)),
        "___modTime" => full_key(&Scalar::Timestamp(record.modified.at)),
        "___createdBy" => full_key(&Scalar::String(record.created.by.clone())),
        "___modifiedBy" => full_key(&Scalar::String(record.modified.by.clone())),
        _ => full_key(&Scalar::String(record.name.clone())),
    }
}

impl Store {
    /// Tells the indexes that a record was saved (`new`) or deleted, at once or after the lag.
    pub(crate) fn index_change(
        &mut self,
        old: Option<&Record>,
        new: Option<&Record>,
        record_type: &RecordType,
        now: i64,
    ) -> Result<(), StoreError> {
        if self.index_lag.is_zero() {
            return self.apply_change(old, new, record_type);
        }
        let rid = new.or(old).map_or(0, |record| record.rid);
        let has_pending =
            self.connection.prepare_cached("SELECT 1 FROM pending WHERE rid = ?1")?.exists([rid])?;
        if !has_pending {
            let shown = old.map(write_record);
            let sql = "INSERT OR REPLACE INTO lagging (rid, record) VALUES (?1, ?2)";
            self.connection.prepare_cached(sql)?.execute(params![rid, shown])?;
        }
        let lag = i64::try_from(self.index_lag.as_millis()).unwrap_or(i64::MAX);
        let sql = "INSERT INTO pending (due, rid, record) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute(params![
            now.saturating_add(lag),
            rid,
            new.map(write_record)
        ])?;
        Ok(())
    }

    /// Lets the indexes see what is due by now.
    pub(crate) fn catch_up<'t>(
        &mut self,
        now: i64,
        record_type: impl Fn(&Record) -> Option<&'t RecordType>,
    ) -> Result<(), StoreError> {
        if self.index_lag.is_zero() {
            return Ok(());
        }
        self.transaction(|store| store.apply_due(now, record_type))
    }

    fn apply_due<'t>(
        &mut self,
        now: i64,
        record_type: impl Fn(&Record) -> Option<&'t RecordType>,
    ) -> Result<(), StoreError> {
        let due: Vec<(i64, i64, Option<String>)> = {
            let sql = "SELECT seq, rid, record FROM pending WHERE due <= ?1 ORDER BY seq";
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map([now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        for (seq, rid, new_text) in due {
            let shown = self.shown_version(rid)?.flatten();
            let new = new_text.as_deref().map(|text| read_record(text, rid)).transpose()?;
            if let Some(record_type) = new.as_ref().or(shown.as_ref()).and_then(&record_type) {
                self.apply_change(shown.as_ref(), new.as_ref(), record_type)?;
            }
            self.connection.execute("DELETE FROM pending WHERE seq = ?1", [seq])?;
            let more =
                self.connection.prepare_cached("SELECT 1 FROM pending WHERE rid = ?1")?.exists([rid])?;
            if more {
                let sql = "UPDATE lagging SET record = ?2 WHERE rid = ?1";
                self.connection.execute(sql, params![rid, new_text])?;
            } else {
                self.connection.execute("DELETE FROM lagging WHERE rid = ?1", [rid])?;
            }
        }
        Ok(())
    }

    /// Drops what the indexes have not seen yet, for them to be built anew. Whether there was anything.
    pub(crate) fn forget_lag(&mut self) -> Result<bool, StoreError> {
        self.connection.execute("DELETE FROM lagging", [])?;
        Ok(self.connection.execute("DELETE FROM pending", [])? > 0)
    }

    /// The version of a record that the indexes show, if it is not the current one: `Some(None)` if they show none.
    pub(crate) fn shown_version(&self, rid: i64) -> Result<Option<Option<Record>>, StoreError> {
        if self.index_lag.is_zero() {
            return Ok(None);
        }
        let mut statement = self.connection.prepare_cached("SELECT record FROM lagging WHERE rid = ?1")?;
        let mut rows = statement.query([rid])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let text: Option<String> = row.get(0)?;
        Ok(Some(text.as_deref().map(|text| read_record(text, rid)).transpose()?))
    }

    fn apply_change(
        &mut self,
        old: Option<&Record>,
        new: Option<&Record>,
        record_type: &RecordType,
    ) -> Result<(), StoreError> {
        let keys_of = |record: Option<&Record>| -> Result<HashSet<(Slot, Vec<u8>)>, StoreError> {
            let Some(record) = record else { return Ok(HashSet::new()) };
            Ok(record_keys(record, &record.read_fields()?, record_type))
        };
        let (old_keys, new_keys) = (keys_of(old)?, keys_of(new)?);
        let Some(record) = new.or(old) else { return Ok(()) };
        for (sql, changed) in [
            (
                "DELETE FROM entries WHERE zone = ?1 AND slot = ?2 AND key = ?3 AND rid = ?4",
                old_keys.difference(&new_keys),
            ),
            (
                "INSERT OR IGNORE INTO entries (zone, slot, key, rid) VALUES (?1, ?2, ?3, ?4)",
                new_keys.difference(&old_keys),
            ),
        ] {
            for (slot, key) in changed {
                let slot = self.slot_id(&record_type.name, slot)?;
                let mut statement = self.connection.prepare_cached(sql)?;
                statement.execute(params![record.zone, slot, key, record.rid])?;
            }
        }
        Ok(())
    }

    /// Builds the indexes of a database anew, after the schema has changed.
    pub(crate) fn rebuild_index<'t>(
        &mut self,
        database: DatabaseId,
        record_type: impl Fn(&Record) -> Option<&'t RecordType>,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM entries WHERE zone IN (SELECT id FROM zones WHERE database = ?1)";
        self.connection.execute(sql, [database.0])?;
        for rid in self.all_records(database)? {
            // Where the indexes lag they show an older version, or none yet.
            let shown = match self.shown_version(rid)? {
                Some(shown) => shown,
                None => self.record_by_rid(rid)?.map(|record| Record::clone(&record)),
            };
            let Some(record) = shown else { continue };
            if let Some(record_type) = record_type(&record) {
                self.apply_change(None, Some(&record), record_type)?;
            }
        }
        Ok(())
    }

    pub(super) fn slot_id(&mut self, record_type: &str, slot: &Slot) -> Result<i64, StoreError> {
        let name = (record_type.to_owned(), slot.name());
        if let Some(id) = self.slots.get(&name) {
            return Ok(*id);
        }
        let sql = "INSERT OR IGNORE INTO slots (type, field) VALUES (?1, ?2)";
        self.connection.execute(sql, params![name.0, name.1])?;
        let sql = "SELECT id FROM slots WHERE type = ?1 AND field = ?2";
        let id = self.connection.query_row(sql, params![name.0, name.1], |row| row.get(0))?;
        self.slots.insert(name, id);
        Ok(id)
    }
}

fn write_record(record: &Record) -> String {
    serde_json::to_string(record).expect("a record has string keys only")
}

fn read_record(text: &str, rid: i64) -> Result<Record, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged(rid))
}
