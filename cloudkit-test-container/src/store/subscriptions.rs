//! Subscriptions as they are kept, and the shapes of subscriptions that each environment has seen.

use cloudkit_core::Environment;
use rusqlite::{OptionalExtension, Row, params};

use super::{DatabaseId, Store, StoreError};
use crate::subscription_shape::SubscriptionShape;

pub(super) const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS subscriptions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL, owner TEXT NOT NULL,
        name TEXT NOT NULL, zone INTEGER, equivalence TEXT, dictionary TEXT NOT NULL,
        UNIQUE (database, owner, name)) STRICT;
    -- How far the feed of its database had come when a subscription of the type `database` last fired.
    CREATE TABLE IF NOT EXISTS followed_databases (subscription INTEGER PRIMARY KEY, seen INTEGER NOT NULL) STRICT;
    CREATE TRIGGER IF NOT EXISTS subscription_is_gone AFTER DELETE ON subscriptions BEGIN
        DELETE FROM followed_databases WHERE subscription = OLD.id;
    END;
    -- What production knows of subscriptions is deployed, like record types.
    CREATE TABLE IF NOT EXISTS subscription_shapes (
        environment TEXT NOT NULL, shape TEXT NOT NULL, PRIMARY KEY (environment, shape)) WITHOUT ROWID, STRICT;
";

/// A subscription as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    /// Its place in the order of creation. Zero until it is saved.
    pub(crate) id: i64,
    /// The record name of the user, or of the key's user.
    pub(crate) owner: String,
    /// `subscriptionID`.
    pub(crate) name: String,
    /// The zone that a zone subscription follows.
    pub(crate) zone: Option<i64>,
    /// Whether it follows its whole database.
    pub(crate) follows_database: bool,
    /// What two query subscriptions of one owner cannot have in common.
    pub(crate) equivalence: Option<String>,
    /// The dictionary, as replies show it.
    pub(crate) dictionary: String,
}

const COLUMNS: &str = "id, owner, name, zone, equivalence, dictionary,
    id IN (SELECT subscription FROM followed_databases)";

/// A subscription of the type `database`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowedDatabase {
    pub(crate) subscription: Subscription,
    pub(crate) database: DatabaseId,
    /// Whether it is the shared database of the owner.
    pub(crate) is_shared: bool,
    /// How far its feed had come when the subscription last fired, or was made.
    pub(crate) seen: i64,
}

impl Subscription {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            owner: row.get(1)?,
            name: row.get(2)?,
            zone: row.get(3)?,
            equivalence: row.get(4)?,
            dictionary: row.get(5)?,
            follows_database: row.get(6)?,
        })
    }
}

impl Store {
    /// The subscriptions to a database, of everybody or of one owner, in the order of their creation.
    pub(crate) fn subscriptions(
        &self,
        database: DatabaseId,
        owner: Option<&str>,
    ) -> Result<Vec<Subscription>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM subscriptions WHERE database = ?1 AND (?2 IS NULL OR owner = ?2) ORDER BY id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![database.0, owner], Subscription::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) fn subscription(
        &self,
        database: DatabaseId,
        owner: &str,
        name: &str,
    ) -> Result<Option<Subscription>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM subscriptions WHERE database = ?1 AND owner = ?2 AND name = ?3");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![database.0, owner, name], Subscription::from_row).optional()?)
    }

    /// Keeps a subscription, in place of one of the same name.
    pub(crate) fn save_subscription(
        &mut self,
        database: DatabaseId,
        subscription: &Subscription,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO subscriptions (database, owner, name, zone, equivalence, dictionary)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (database, owner, name) DO UPDATE SET
                zone = excluded.zone, equivalence = excluded.equivalence, dictionary = excluded.dictionary";
        self.connection.prepare_cached(sql)?.execute(params![
            database.0,
            subscription.owner,
            subscription.name,
            subscription.zone,
            subscription.equivalence,
            subscription.dictionary
        ])?;
        Ok(())
    }

    /// Lets a subscription fire when the feed of its database comes further than this.
    pub(crate) fn follow_database(
        &mut self,
        database: DatabaseId,
        subscription: &Subscription,
        seen: i64,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO followed_databases (subscription, seen)
            SELECT id, ?4 FROM subscriptions WHERE database = ?1 AND owner = ?2 AND name = ?3";
        let parameters = params![database.0, subscription.owner, subscription.name, seen];
        self.connection.prepare_cached(sql)?.execute(parameters)?;
        Ok(())
    }

    pub(crate) fn set_seen(&mut self, subscription: i64, seen: i64) -> Result<(), StoreError> {
        let sql = "UPDATE followed_databases SET seen = ?2 WHERE subscription = ?1";
        self.connection.prepare_cached(sql)?.execute([subscription, seen])?;
        Ok(())
    }

    /// The subscriptions of the type `database`, in the order of their creation.
    pub(crate) fn followed_databases(
        &self,
        environment: Environment,
    ) -> Result<Vec<FollowedDatabase>, StoreError> {
        let sql = "SELECT subscriptions.id, subscriptions.owner, name, zone, equivalence, dictionary, 1,
                database, scope = 'shared', seen
            FROM followed_databases JOIN subscriptions ON subscriptions.id = subscription
            JOIN databases ON databases.id = database
            WHERE environment = ?1 ORDER BY subscription";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([environment.as_str()], |row| {
            Ok(FollowedDatabase {
                subscription: Subscription::from_row(row)?,
                database: DatabaseId(row.get(7)?),
                is_shared: row.get(8)?,
                seen: row.get(9)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(crate) fn delete_subscription(&mut self, id: i64) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM subscriptions WHERE id = ?1", [id])?;
        Ok(())
    }

    /// The shapes that an environment knows, in a fixed order.
    pub(crate) fn subscription_shapes(
        &self,
        environment: Environment,
    ) -> Result<Vec<SubscriptionShape>, StoreError> {
        let sql = "SELECT shape FROM subscription_shapes WHERE environment = ?1 ORDER BY shape";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut shapes = Vec::new();
        for text in statement.query_map([environment.as_str()], |row| row.get::<_, String>(0))? {
            // Nobody but `learn_subscription_shape` writes them.
            shapes.extend(SubscriptionShape::from_stored(&text?));
        }
        Ok(shapes)
    }

    pub(crate) fn knows_subscription_shape(
        &self,
        environment: Environment,
        shape: &SubscriptionShape,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM subscription_shapes WHERE environment = ?1 AND shape = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.exists(params![environment.as_str(), shape.to_stored()])?)
    }

    pub(crate) fn learn_subscription_shape(
        &mut self,
        environment: Environment,
        shape: &SubscriptionShape,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO subscription_shapes (environment, shape) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute(params![environment.as_str(), shape.to_stored()])?;
        Ok(())
    }

    /// Takes from development all shapes that production does not know: part of resetting development.
    pub(crate) fn reset_subscription_shapes(&mut self) -> Result<(), StoreError> {
        let sql = "DELETE FROM subscription_shapes WHERE environment = ?1
            AND shape NOT IN (SELECT shape FROM subscription_shapes WHERE environment = ?2)";
        let (from, to) = (Environment::Development.as_str(), Environment::Production.as_str());
        self.connection.execute(sql, [from, to])?;
        Ok(())
    }

    /// Lets production know all shapes that development knows: part of deploying a schema.
    pub(crate) fn deploy_subscription_shapes(&mut self) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO subscription_shapes (environment, shape)
            SELECT ?2, shape FROM subscription_shapes WHERE environment = ?1";
        let (from, to) = (Environment::Development.as_str(), Environment::Production.as_str());
        self.connection.execute(sql, [from, to])?;
        Ok(())
    }
}
