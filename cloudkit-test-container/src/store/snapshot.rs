//! The content of the store as lines of JSON, and back.
//!
//! Whatever tables there are take part, with their columns as members, so that a new table needs no line here.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cloudkit_core::Environment;
use rusqlite::types::{ToSqlOutput, Value as Sql, ValueRef};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Store, StoreError, intact};

/// What follows from other tables, belongs to the process, or is a secret of the container.
const LEFT_OUT: [&str; 14] = [
    "meta",
    "entries",
    "slots",
    "pending",
    "lagging",
    "blobs",
    "upload_urls",
    "receipts",
    "push_tokens",
    "notifications",
    "server_keys",
    "api_tokens",
    "web_auth_tokens",
    "users",
];

/// Columns that hold JSON, which stands in a line as it is.
const JSON: [(&str, &str); 2] = [("records", "fields"), ("subscriptions", "dictionary")];

/// The content of a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    /// The lines of each table.
    pub(crate) tables: BTreeMap<String, String>,
    /// The files that records have, by their checksum.
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    /// The last change tag that was given out.
    pub(crate) tag: i64,
}

/// A line that is not a row of its table.
#[derive(Debug)]
pub(crate) enum LoadError {
    Line { table: String, line: usize, reason: String },
    Store(StoreError),
}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for LoadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Everything that a snapshot holds, as of one moment.
    pub(crate) fn dump(&mut self) -> Result<Content, StoreError> {
        self.transaction(|store| {
            let mut content = Content { tag: store.latest_tag(), ..Content::default() };
            for table in store.content_tables()? {
                let lines = store.dump_table(&table)?;
                content.tables.insert(table, lines);
            }
            let sql = "SELECT checksum, data FROM blobs WHERE checksum IN (SELECT checksum FROM asset_uses)";
            let mut statement = store.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                content.blobs.insert(row.get(0)?, row.get(1)?);
            }
            Ok(content)
        })
    }

    fn content_tables(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut statement = self.connection.prepare(sql)?;
        let names = statement.query_map([], |row| row.get::<_, String>(0))?;
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str())).collect())
    }

    fn dump_table(&self, table: &str) -> Result<String, StoreError> {
        let mut statement = self.connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut lines = String::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for (index, column) in columns.iter().enumerate() {
                lines.push_str(if index == 0 { "{" } else { "," });
                lines.push_str(&format!("\"{column}\":"));
                let value = row.get_ref(index)?;
                match value {
                    ValueRef::Text(text) if is_json(table, column) => {
                        lines.push_str(&String::from_utf8_lossy(text));
                    }
                    _ => lines.push_str(&write_value(value).to_string()),
                }
            }
            lines.push_str("}\n");
        }
        Ok(lines)
    }

    /// Puts this content in place of the store's. Runs inside of a transaction; indexes are not built.
    pub(crate) fn load(&mut self, content: &Content) -> Result<(), LoadError> {
        self.forget_lag()?;
        let tables = self.content_tables()?;
        // Deleting records has triggers, so everything goes before anything comes.
        for table in
            tables.iter().map(String::as_str).chain(["blobs", "upload_urls", "receipts", "slots", "entries"])
        {
            self.connection.execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.forget_all();
        for (checksum, data) in &content.blobs {
            self.add_blob(checksum, data)?;
        }
        for (table, lines) in &content.tables {
            if !tables.contains(table) {
                let reason = "there is no such table".to_owned();
                return Err(LoadError::Line { table: table.clone(), line: 0, reason });
            }
            for (index, line) in lines.lines().enumerate() {
                if line.trim().is_empty() {
                    continue;
                }
                self.load_line(table, line).map_err(|reason| LoadError::Line {
                    table: table.clone(),
                    line: index + 1,
                    reason,
                })?;
            }
        }
        self.check_places()?;
        // Change tags and sync tokens of the time between would mean something else now.
        self.raise_tag(content.tag);
        for environment in [Environment::Development, Environment::Production] {
            self.expire_sync_tokens(environment)?;
        }
        Ok(())
    }

    fn load_line(&self, table: &str, line: &str) -> Result<(), String> {
        let row: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
        intact::check_row(table, &row)?;
        let mut known = self
            .connection
            .prepare_cached("SELECT name FROM pragma_table_info(?1)")
            .map_err(|error| error.to_string())?;
        let known: Vec<String> = known
            .query_map([table], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(|error| error.to_string())?;
        let mut values = Vec::new();
        for (column, raw) in &row {
            if !known.contains(column) {
                return Err(format!("there is no column `{column}`"));
            }
            values.push(if is_json(table, column) {
                Sql::Text(raw.get().to_owned())
            } else {
                read_value(raw).ok_or_else(|| format!("`{column}` has the value {}", raw.get()))?
            });
        }
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
        let values = values.into_iter().map(ToSqlOutput::Owned);
        self.connection
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}

fn is_json(table: &str, column: &str) -> bool {
    JSON.contains(&(table, column))
}

fn write_value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => json!(integer),
        ValueRef::Real(real) => json!(real),
        ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json!({ "base64": BASE64.encode(bytes) }),
    }
}

fn read_value(raw: &RawValue) -> Option<Sql> {
    Some(match serde_json::from_str(raw.get()).ok()? {
        Value::Null => Sql::Null,
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Sql::Integer(intact::in_range(integer)?),
            None => Sql::Real(number.as_f64()?),
        },
        Value::String(text) => Sql::Text(text),
        Value::Object(object) => Sql::Blob(BASE64.decode(object.get("base64")?.as_str()?).ok()?),
        Value::Bool(_) | Value::Array(_) => return None,
    })
}
