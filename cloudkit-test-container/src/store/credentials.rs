//! Who may ask, as far as it has to outlive the process: server-to-server keys, API tokens and users.

use cloudkit_core::Environment;
use rusqlite::params;

use super::{Store, StoreError};
use crate::api_tokens::ApiTokenDef;
use crate::auth::WebAuthToken;
use crate::users::KnownUser;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS server_keys (
        key_id TEXT NOT NULL, environment TEXT NOT NULL, public_key TEXT NOT NULL,
        -- Of the keys that the container has made for itself.
        private_key TEXT,
        revoked INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (key_id, environment)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS api_tokens (
        token TEXT NOT NULL, environment TEXT NOT NULL, settings TEXT NOT NULL,
        PRIMARY KEY (token, environment)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS web_auth_tokens (
        token TEXT NOT NULL, environment TEXT NOT NULL, user TEXT NOT NULL, api_token TEXT NOT NULL,
        expires INTEGER NOT NULL, life INTEGER NOT NULL,
        PRIMARY KEY (token, environment)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, properties TEXT NOT NULL) WITHOUT ROWID;
";

/// A server-to-server key as it is kept. The keys are PEM texts.
#[derive(Clone)]
pub(crate) struct KeptKey {
    pub(crate) key_id: String,
    pub(crate) environment: String,
    pub(crate) public_key: String,
    pub(crate) private_key: Option<String>,
    pub(crate) revoked: bool,
}

impl Store {
    pub(crate) fn kept_keys(&self) -> Result<Vec<KeptKey>, StoreError> {
        let sql = "SELECT key_id, environment, public_key, private_key, revoked FROM server_keys";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(KeptKey {
                key_id: row.get(0)?,
                environment: row.get(1)?,
                public_key: row.get(2)?,
                private_key: row.get(3)?,
                revoked: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps a key in place of one with the same ID and environment. What is known of its private half stays.
    pub(crate) fn keep_key(&self, key: &KeptKey) -> Result<(), StoreError> {
        let sql = "INSERT INTO server_keys (key_id, environment, public_key, private_key, revoked)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT DO UPDATE SET public_key = ?3, private_key = coalesce(?4, private_key), revoked = ?5";
        let values = params![key.key_id, key.environment, key.public_key, key.private_key, key.revoked];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    pub(crate) fn revoke_kept_key(&self, key_id: &str) -> Result<(), StoreError> {
        self.connection.execute("UPDATE server_keys SET revoked = 1 WHERE key_id = ?1", [key_id])?;
        Ok(())
    }

    pub(crate) fn kept_api_tokens(&self) -> Result<Vec<ApiTokenDef>, StoreError> {
        let mut statement = self.connection.prepare("SELECT token, environment, settings FROM api_tokens")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut tokens = Vec::new();
        for row in rows {
            let (token, environment, settings) = row?;
            let environment = environment.parse().map_err(|_| StoreError::DamagedKey)?;
            let settings = serde_json::from_str(&settings).map_err(|_| StoreError::DamagedKey)?;
            tokens.push(ApiTokenDef { token, environment, settings });
        }
        Ok(tokens)
    }

    /// Keeps an API token in place of what was set for it before.
    pub(crate) fn keep_api_token(&self, token: &ApiTokenDef) -> Result<(), StoreError> {
        let ApiTokenDef { token, environment, settings } = token;
        let settings = serde_json::to_string(settings).map_err(|_| StoreError::DamagedKey)?;
        let sql = "INSERT OR REPLACE INTO api_tokens (token, environment, settings) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![token, environment.as_str(), settings])?;
        Ok(())
    }

    pub(crate) fn kept_users(&self) -> Result<Vec<KnownUser>, StoreError> {
        let mut statement = self.connection.prepare("SELECT properties FROM users ORDER BY name")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let mut users = Vec::new();
        for properties in rows {
            users.push(serde_json::from_str(&properties?).map_err(|_| StoreError::DamagedUser)?);
        }
        Ok(users)
    }

    pub(crate) fn keep_user(&self, user: &KnownUser) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO users (name, properties) VALUES (?1, ?2)";
        let properties = serde_json::to_string(user).map_err(|_| StoreError::DamagedUser)?;
        self.connection.execute(sql, params![user.name, properties])?;
        Ok(())
    }

    /// Keeps a web auth token, unless the store is gone with the process anyway.
    pub(crate) fn keep_web_auth_token(
        &self,
        token: &str,
        environment: Environment,
        meaning: &WebAuthToken,
    ) -> Result<(), StoreError> {
        if self.is_in_memory() {
            return Ok(());
        }
        let sql =
            "INSERT OR REPLACE INTO web_auth_tokens (token, environment, user, api_token, expires, life)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let WebAuthToken { user, api_token, expires_at, life } = meaning;
        let values = params![token, environment.as_str(), user, api_token, expires_at, life];
        // Every reply to a user hands out another token. They survive the process, and need not survive the machine.
        self.connection.execute_batch("PRAGMA synchronous = normal")?;
        let kept = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(values));
        self.connection.execute_batch("PRAGMA synchronous = full")?;
        kept?;
        Ok(())
    }

    /// The web auth tokens that were kept, without those that expired before `since`.
    pub(crate) fn kept_web_auth_tokens(
        &self,
        since: i64,
    ) -> Result<Vec<(String, String, WebAuthToken)>, StoreError> {
        let sql = "DELETE FROM web_auth_tokens WHERE expires < ?1";
        self.connection.execute(sql, [since])?;
        let sql = "SELECT token, environment, user, api_token, expires, life FROM web_auth_tokens";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let meaning = WebAuthToken {
                user: row.get(2)?,
                api_token: row.get(3)?,
                expires_at: row.get(4)?,
                life: row.get(5)?,
            };
            Ok((row.get(0)?, row.get(1)?, meaning))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
