//! Push tokens, and the notifications that wait to be fetched with them.

use cloudkit_core::Environment;
use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};

pub(super) const TABLES: &str = "
    -- A token without an owner was not registered by anybody.
    CREATE TABLE IF NOT EXISTS push_tokens (
        token TEXT PRIMARY KEY, environment TEXT NOT NULL, owner TEXT, expires INTEGER) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS push_tokens_by_owner ON push_tokens (environment, owner);
    CREATE TABLE IF NOT EXISTS notifications (
        id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS notifications_by_token ON notifications (token, id);
";

/// So many notifications wait for one token at most; the oldest make room. Nobody may ever fetch them.
const MAX_WAITING: i64 = 1000;

impl Store {
    /// Keeps a token that was made here. It is good until `expires`, in milliseconds since 1970.
    pub(crate) fn add_push_token(
        &mut self,
        token: &str,
        environment: Environment,
        expires: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO push_tokens (token, environment, owner, expires)
            VALUES (?1, ?2, NULL, ?3)";
        self.connection.execute(sql, params![token, environment.as_str(), expires])?;
        Ok(())
    }

    /// Sends the notifications of a user to a token from now on, also to one of a device that never polls.
    pub(crate) fn register_push_token(
        &mut self,
        token: &str,
        environment: Environment,
        owner: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO push_tokens (token, environment, owner) VALUES (?1, ?2, ?3)
            ON CONFLICT (token) DO UPDATE SET environment = excluded.environment, owner = excluded.owner";
        self.connection.execute(sql, params![token, environment.as_str(), owner])?;
        Ok(())
    }

    /// Whether somebody can fetch notifications with this token.
    pub(crate) fn can_poll(&self, token: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM push_tokens WHERE token = ?1 AND expires > ?2";
        Ok(self.connection.prepare_cached(sql)?.exists(params![token, now])?)
    }

    /// Lets nobody fetch notifications with this token any more.
    pub(crate) fn expire_push_token(&mut self, token: &str, now: i64) -> Result<(), StoreError> {
        let sql = "UPDATE push_tokens SET expires = min(expires, ?2) WHERE token = ?1";
        self.connection.prepare_cached(sql)?.execute(params![token, now])?;
        Ok(())
    }

    /// Puts a notification into the queue of every registered token of a user. Whether there was any.
    pub(crate) fn queue_notification(
        &mut self,
        environment: Environment,
        owner: &str,
        body: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO notifications (token, body)
            SELECT token, ?3 FROM push_tokens WHERE environment = ?1 AND owner = ?2 AND expires > ?4";
        let queued =
            self.connection.prepare_cached(sql)?.execute(params![environment.as_str(), owner, body, now])?;
        if queued > 0 {
            let sql = "DELETE FROM notifications WHERE token IN
                    (SELECT token FROM push_tokens WHERE environment = ?1 AND owner = ?2)
                AND id <= (SELECT max(id) FROM notifications) - ?3
                AND id <= (SELECT id FROM notifications AS later WHERE later.token = notifications.token
                    ORDER BY id DESC LIMIT 1 OFFSET ?3)";
            self.connection.prepare_cached(sql)?.execute(params![
                environment.as_str(),
                owner,
                MAX_WAITING
            ])?;
        }
        Ok(queued > 0)
    }

    pub(crate) fn has_notification(&self, token: &str) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM notifications WHERE token = ?1")?.exists([token])?)
    }

    /// Takes the oldest notification that waits for a token.
    pub(crate) fn take_notification(&mut self, token: &str) -> Result<Option<String>, StoreError> {
        let sql = "DELETE FROM notifications
            WHERE id = (SELECT min(id) FROM notifications WHERE token = ?1) RETURNING body";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([token], |row| row.get(0)).optional()?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn notifications_that_nobody_fetches_do_not_pile_up() {
        let mut store = Store::open(None, Duration::ZERO).expect("opens");
        let environment = Environment::Development;
        for token in ["one", "two"] {
            store.add_push_token(token, environment, 10).expect("kept");
            store.register_push_token(token, environment, "alice").expect("kept");
        }
        assert!(!store.queue_notification(environment, "bob", "x", 1).expect("none"));
        assert!(!store.queue_notification(Environment::Production, "alice", "x", 1).expect("none"));
        assert!(!store.queue_notification(environment, "alice", "x", 10).expect("expired"));
        for number in 0..MAX_WAITING + 5 {
            assert!(store.queue_notification(environment, "alice", &number.to_string(), 1).expect("queued"));
            if number < 10 {
                assert_eq!(store.take_notification("two").expect("taken"), Some(number.to_string()));
            }
        }
        for token in ["one", "two"] {
            let mut waiting = Vec::new();
            while let Some(body) = store.take_notification(token).expect("taken") {
                waiting.push(body);
            }
            let first = if token == "one" { 5 } else { 10 };
            let expected: Vec<_> = (first..MAX_WAITING + 5).map(|number| number.to_string()).collect();
            assert_eq!(waiting, expected, "{token}");
        }
    }
}
