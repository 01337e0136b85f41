//! What happens to the records of an environment when its schema changes.

use cloudkit_core::Environment;

use super::{DatabaseId, Record, Store, StoreError};
use crate::schema::Schema;
use crate::value::{Field, WriteOptions, write_fields};

impl Store {
    /// Deletes every database of an environment with all that is in it.
    pub(crate) fn clear(&mut self, environment: Environment) -> Result<(), StoreError> {
        for database in self.databases(environment)? {
            self.clear_database(database)?;
        }
        // The databases get their default zones anew when they are next asked for, with numbers that no zone ever had.
        self.forget_databases();
        Ok(())
    }

    fn clear_database(&mut self, database: DatabaseId) -> Result<(), StoreError> {
        // Records that are gone already may still be shown by indexes that lag.
        let records = "SELECT rid FROM records WHERE database = ?1
            UNION SELECT rid FROM lagging WHERE json_extract(record, '$.database') = ?1
            UNION SELECT rid FROM pending WHERE json_extract(record, '$.database') = ?1";
        self.connection.execute_batch(
            "CREATE TEMP TABLE IF NOT EXISTS cleared (rid INTEGER PRIMARY KEY); DELETE FROM temp.cleared",
        )?;
        self.connection.execute(&format!("INSERT INTO temp.cleared {records}"), [database.0])?;
        for table in ["pending", "lagging", "edges"] {
            let sql = format!("DELETE FROM {table} WHERE rid IN (SELECT rid FROM temp.cleared)");
            self.connection.execute(&sql, [])?;
        }
        // Everything else says itself to which database or zone it belongs. Zones go last, because the others are
        // found by them.
        for table in self.tables_with("zone")? {
            let sql = format!("DELETE FROM {table} WHERE zone IN (SELECT id FROM zones WHERE database = ?1)");
            self.connection.execute(&sql, [database.0])?;
        }
        for table in self.tables_with("database")? {
            self.connection.execute(&format!("DELETE FROM {table} WHERE database = ?1"), [database.0])?;
        }
        Ok(())
    }

    /// The tables that have a column of this name.
    fn tables_with(&self, column: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT tables.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND columns.name = ?1";
        let mut statement = self.connection.prepare(sql)?;
        let names = statement.query_map([column], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Takes from the records of an environment what its schema does not have: records of unknown types, and fields
    /// that are unknown or of another type.
    pub(crate) fn conform(&mut self, environment: Environment, schema: &Schema) -> Result<(), StoreError> {
        for database in self.databases(environment)? {
            for rid in self.all_records(database)? {
                let Some(record) = self.record_by_rid(rid)? else { continue };
                self.conform_record(Record::clone(&record), schema)?;
            }
        }
        Ok(())
    }

    fn conform_record(&mut self, mut record: Record, schema: &Schema) -> Result<(), StoreError> {
        let Some(record_type) = schema.get(&record.record_type) else {
            return self.delete_record(record.rid);
        };
        let mut fields = record.read_fields()?;
        let before = fields.len();
        fields.retain(|name, field: &mut Field| {
            record_type.fields.get(name).is_some_and(|declared| {
                (declared.value_type, declared.encrypted) == (field.value_type(), field.encrypted)
            })
        });
        if fields.len() == before {
            return Ok(());
        }
        self.set_asset_uses(record.rid, &fields)?;
        record.fields.clear();
        write_fields(&mut record.fields, &fields, WriteOptions::default());
        self.update_record(&record)
    }
}
