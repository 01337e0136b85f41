//! Whether what a snapshot brings can be what a container holds.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension as _;
use serde_json::value::RawValue;

use super::Store;
use super::snapshot::LoadError;
use crate::json;
use crate::sharing::Sharing;
use crate::value::read_stored;

/// Numbers of rows, changes and tags go up from what is there, and must have room for it.
const LARGEST: i64 = 1 << 62;

/// What has to be somewhere that is there: the table, what finds the name of a row that is not, and what is said of it.
const PLACES: [(&str, &str, &str); 4] = [
    (
        "databases",
        "SELECT CAST(id AS TEXT) FROM databases WHERE environment NOT IN ('development', 'production')
            OR scope NOT IN ('public', 'private', 'shared')",
        "the database is none of an environment: its id is",
    ),
    (
        "zones",
        "SELECT name FROM zones WHERE database NOT IN (SELECT id FROM databases)",
        "the zone is in no database:",
    ),
    (
        "records",
        "SELECT name FROM records WHERE NOT EXISTS (SELECT 1 FROM zones
            WHERE zones.id = records.zone AND zones.database = records.database)",
        "the record is in no zone of its database:",
    ),
    (
        "subscriptions",
        "SELECT name FROM subscriptions WHERE database NOT IN (SELECT id FROM databases)",
        "the subscription is to no database:",
    ),
];

/// The number, unless it leaves no room for later ones or is far below them.
pub(crate) fn in_range(number: i64) -> Option<i64> {
    (-LARGEST..=LARGEST).contains(&number).then_some(number)
}

/// Checks the texts of a row that have a form of their own.
pub(super) fn check_row(table: &str, row: &BTreeMap<String, Box<RawValue>>) -> Result<(), String> {
    let given = |column: &str| row.get(column).map(|raw| raw.get());
    match table {
        "records" => {
            if given("fields").is_some_and(|fields| read_stored(fields).is_none()) {
                return Err("`fields` is no dictionary of fields with their types".to_owned());
            }
            let sharing =
                given("sharing").and_then(|raw| serde_json::from_str::<Option<String>>(raw).ok().flatten());
            match sharing.map(|text| serde_json::from_str::<Sharing>(&text)) {
                Some(Err(error)) => Err(format!("`sharing` does not say how the record is shared: {error}")),
                _ => Ok(()),
            }
        }
        "subscriptions" => match given("dictionary").map(json::parse) {
            Some(Ok(node)) if node.as_object().is_some() => Ok(()),
            None => Ok(()),
            Some(_) => Err("`dictionary` is no dictionary of a subscription".to_owned()),
        },
        _ => Ok(()),
    }
}

impl Store {
    /// Checks that everything is somewhere.
    pub(super) fn check_places(&self) -> Result<(), LoadError> {
        for (table, sql, what) in PLACES {
            let name = self.connection.query_row(sql, [], |row| row.get::<_, String>(0)).optional()?;
            let Some(name) = name else { continue };
            return Err(LoadError::Line {
                table: table.to_owned(),
                line: 0,
                reason: format!("{what} {name}"),
            });
        }
        Ok(())
    }
}
