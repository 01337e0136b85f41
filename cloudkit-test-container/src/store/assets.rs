//! The bytes of assets, what was answered to whoever brought them, and the records that hold them.
//!
//! Equal bytes are kept once. They stay while a record holds them, or while an upload of them may still be saved.

use rusqlite::{OptionalExtension, params};

use super::{DatabaseId, Store, StoreError};
use crate::value::{Asset, Field, Fields};

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS blobs (checksum TEXT PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS asset_uses (
        checksum TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (checksum, rid)) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS asset_uses_by_record ON asset_uses (rid);
    CREATE TABLE IF NOT EXISTS upload_urls (
        token TEXT PRIMARY KEY, database INTEGER NOT NULL, zone INTEGER NOT NULL, record TEXT NOT NULL,
        field TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
    -- Without a zone the asset may be saved anywhere in the database.
    CREATE TABLE IF NOT EXISTS receipts (
        receipt TEXT PRIMARY KEY, database INTEGER NOT NULL, zone INTEGER, record TEXT, field TEXT,
        checksum TEXT NOT NULL, size INTEGER NOT NULL, reference_checksum TEXT, wrapping_key TEXT,
        used INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS receipts_by_checksum ON receipts (checksum, used);
    -- Whichever way a record goes, its assets go with it.
    CREATE TRIGGER IF NOT EXISTS record_is_gone AFTER DELETE ON records BEGIN
        DELETE FROM asset_uses WHERE rid = OLD.rid;
    END;
    CREATE TRIGGER IF NOT EXISTS asset_use_is_gone AFTER DELETE ON asset_uses BEGIN
        DELETE FROM blobs WHERE checksum = OLD.checksum
            AND NOT EXISTS (SELECT 1 FROM asset_uses WHERE checksum = OLD.checksum)
            AND NOT EXISTS (SELECT 1 FROM receipts WHERE checksum = OLD.checksum AND used = 0);
    END;
";

/// The one field in which an uploaded asset may be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AssetPlace {
    pub(crate) zone: i64,
    pub(crate) record: String,
    pub(crate) field: String,
}

/// What an asset with a receipt may be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) database: DatabaseId,
    /// `None` for any field of the database.
    pub(crate) place: Option<AssetPlace>,
    /// With the receipt itself.
    pub(crate) asset: Asset,
}

impl Store {
    /// Remembers that a file may be uploaded for this place until `expires`.
    pub(crate) fn add_upload_url(
        &mut self,
        token: &str,
        database: DatabaseId,
        place: &AssetPlace,
        expires: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO upload_urls (token, database, zone, record, field, expires)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![token, database.0, place.zone, place.record, place.field, expires])?;
        Ok(())
    }

    /// What may be uploaded with this token, and until when.
    pub(crate) fn upload_url(
        &self,
        token: &str,
    ) -> Result<Option<(DatabaseId, AssetPlace, i64)>, StoreError> {
        let sql = "SELECT database, zone, record, field, expires FROM upload_urls WHERE token = ?1";
        let found = self.connection.prepare_cached(sql)?.query_row([token], |row| {
            let place = AssetPlace { zone: row.get(1)?, record: row.get(2)?, field: row.get(3)? };
            Ok((DatabaseId(row.get(0)?), place, row.get(4)?))
        });
        Ok(found.optional()?)
    }

    /// Ends the time in which something may be uploaded with this token.
    pub(crate) fn expire_upload_url(&mut self, token: &str, now: i64) -> Result<(), StoreError> {
        let sql = "UPDATE upload_urls SET expires = min(expires, ?2) WHERE token = ?1";
        self.connection.prepare_cached(sql)?.execute(params![token, now])?;
        Ok(())
    }

    /// Keeps the bytes of an asset, unless they are kept already.
    pub(crate) fn add_blob(&mut self, checksum: &str, data: &[u8]) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO blobs (checksum, data) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute(params![checksum, data])?;
        Ok(())
    }

    pub(crate) fn blob(&self, checksum: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT data FROM blobs WHERE checksum = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([checksum], |row| row.get(0)).optional()?)
    }

    fn has_blob(&self, checksum: &str) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM blobs WHERE checksum = ?1")?.exists([checksum])?)
    }

    /// Keeps a receipt, which keeps the bytes until it is used or expires.
    pub(crate) fn add_receipt(&mut self, receipt: &Receipt, expires: i64) -> Result<(), StoreError> {
        let Receipt { database, place, asset } = receipt;
        let sql = "INSERT INTO receipts (receipt, database, zone, record, field, checksum, size,
                reference_checksum, wrapping_key, used, expires)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10)";
        self.connection.prepare_cached(sql)?.execute(params![
            asset.receipt,
            database.0,
            place.as_ref().map(|place| place.zone),
            place.as_ref().map(|place| &place.record),
            place.as_ref().map(|place| &place.field),
            asset.file_checksum,
            asset.size,
            asset.reference_checksum,
            asset.wrapping_key,
            expires
        ])?;
        Ok(())
    }

    /// The receipt, if it is good at this time and the bytes are still there.
    pub(crate) fn receipt(&self, text: &str, now: i64) -> Result<Option<Receipt>, StoreError> {
        let sql = "SELECT database, zone, record, field, checksum, size, reference_checksum, wrapping_key
            FROM receipts WHERE receipt = ?1 AND expires > ?2";
        let found = self.connection.prepare_cached(sql)?.query_row(params![text, now], |row| {
            let zone: Option<i64> = row.get(1)?;
            let place = match zone {
                None => None,
                Some(zone) => Some(AssetPlace { zone, record: row.get(2)?, field: row.get(3)? }),
            };
            let asset = Asset {
                file_checksum: row.get(4)?,
                size: row.get(5)?,
                reference_checksum: row.get(6)?,
                wrapping_key: row.get(7)?,
                receipt: Some(text.to_owned()),
            };
            Ok(Receipt { database: DatabaseId(row.get(0)?), place, asset })
        });
        match found.optional()? {
            Some(receipt) if self.has_blob(&receipt.asset.file_checksum)? => Ok(Some(receipt)),
            _ => Ok(None),
        }
    }

    /// A record has taken up what the receipt stands for, and keeps the bytes from now on.
    pub(crate) fn use_receipt(&mut self, text: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached("UPDATE receipts SET used = 1 WHERE receipt = ?1")?.execute([text])?;
        Ok(())
    }

    /// Remembers which assets a record holds now. Bytes that no record holds any more go.
    pub(crate) fn set_asset_uses(&mut self, rid: i64, fields: &Fields) -> Result<(), StoreError> {
        let checksums: Vec<&str> =
            fields.values().flat_map(Field::assets).map(|asset| asset.file_checksum.as_str()).collect();
        // The new ones come first, so that what stays is at no time held by nobody.
        let sql = "INSERT OR IGNORE INTO asset_uses (checksum, rid) VALUES (?1, ?2)";
        for checksum in &checksums {
            self.connection.prepare_cached(sql)?.execute(params![checksum, rid])?;
        }
        let held: Vec<String> = {
            let mut statement =
                self.connection.prepare_cached("SELECT checksum FROM asset_uses WHERE rid = ?1")?;
            let rows = statement.query_map([rid], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let sql = "DELETE FROM asset_uses WHERE checksum = ?1 AND rid = ?2";
        for gone in held.iter().filter(|held| !checksums.contains(&held.as_str())) {
            self.connection.prepare_cached(sql)?.execute(params![gone, rid])?;
        }
        Ok(())
    }

    /// Forgets uploads whose time is over, with the bytes that no record has taken up.
    pub(crate) fn forget_old_uploads(&mut self, now: i64) -> Result<(), StoreError> {
        self.connection.prepare_cached("DELETE FROM upload_urls WHERE expires <= ?1")?.execute([now])?;
        let expired: Vec<String> = {
            let sql = "DELETE FROM receipts WHERE expires <= ?1 RETURNING checksum";
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map([now], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        let sql = "DELETE FROM blobs WHERE checksum = ?1
            AND NOT EXISTS (SELECT 1 FROM asset_uses WHERE checksum = ?1)
            AND NOT EXISTS (SELECT 1 FROM receipts WHERE checksum = ?1 AND used = 0)";
        for checksum in expired {
            self.connection.prepare_cached(sql)?.execute([checksum])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloudkit_core::value::ScalarType;

    use super::*;
    use crate::value::{Content, Scalar};

    fn asset(checksum: &str, receipt: &str) -> Asset {
        Asset {
            file_checksum: checksum.to_owned(),
            size: 1,
            reference_checksum: None,
            wrapping_key: None,
            receipt: Some(receipt.to_owned()),
        }
    }

    fn fields(checksums: &[&str]) -> Fields {
        let assets = checksums.iter().map(|checksum| Scalar::Asset(asset(checksum, "r"))).collect();
        let field = Field { scalar: ScalarType::Asset, encrypted: false, content: Content::List(assets) };
        Fields::from([("files".to_owned(), field)])
    }

    fn store_with(checksum: &str, receipt: &str, expires: i64) -> Store {
        let mut store = Store::open(None, Duration::ZERO).expect("a store in memory");
        store.add_blob(checksum, b"x").expect("kept");
        let receipt = Receipt { database: DatabaseId(1), place: None, asset: asset(checksum, receipt) };
        store.add_receipt(&receipt, expires).expect("kept");
        store
    }

    #[test]
    fn bytes_stay_while_a_record_holds_them() {
        let mut store = store_with("c", "r", 100);
        store.use_receipt("r").expect("used");
        for rid in [1, 2] {
            store.set_asset_uses(rid, &fields(&["c"])).expect("kept");
        }
        store.set_asset_uses(1, &fields(&[])).expect("kept");
        assert!(store.has_blob("c").expect("read"));
        store.set_asset_uses(2, &fields(&["c", "c"])).expect("kept");
        assert!(store.has_blob("c").expect("read"), "what stays is not dropped in between");
        store.set_asset_uses(2, &fields(&[])).expect("kept");
        assert!(!store.has_blob("c").expect("read"));
        assert_eq!(store.receipt("r", 50).expect("read"), None, "a receipt without bytes is worth nothing");
    }

    #[test]
    fn an_upload_that_no_record_takes_up_goes_when_its_receipt_expires() {
        let mut store = store_with("c", "r", 100);
        store.forget_old_uploads(99).expect("forgotten");
        assert!(store.receipt("r", 99).expect("read").is_some());
        assert_eq!(store.receipt("r", 100).expect("read"), None);
        store.forget_old_uploads(100).expect("forgotten");
        assert!(!store.has_blob("c").expect("read"));
    }

    #[test]
    fn an_upload_that_a_record_took_up_outlives_its_receipt() {
        let mut store = store_with("c", "r", 100);
        store.use_receipt("r").expect("used");
        store.set_asset_uses(1, &fields(&["c"])).expect("kept");
        store.forget_old_uploads(100).expect("forgotten");
        assert_eq!(store.blob("c").expect("read"), Some(b"x".to_vec()));
    }

    #[test]
    fn a_second_upload_of_the_same_bytes_outlives_the_first_one() {
        let mut store = store_with("c", "r", 100);
        let again = Receipt { database: DatabaseId(1), place: None, asset: asset("c", "s") };
        store.add_receipt(&again, 200).expect("kept");
        store.forget_old_uploads(150).expect("forgotten");
        assert!(store.receipt("s", 150).expect("read").is_some());
    }
}
