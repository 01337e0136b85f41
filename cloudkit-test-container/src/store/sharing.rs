//! Who has accepted which share, what they see of a zone, and the feeds that tell them when that changes.
//!
//! Participants see a part of a zone. What comes into that part or leaves it without being saved or deleted is kept
//! here as a change of its own, for each participant.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use cloudkit_core::Environment;
use rusqlite::{OptionalExtension, params};

use super::sqlite::SELECT_ZONES;
use super::{Change, DatabaseId, Record, Store, StoreError, Zone, ZoneChange};
use crate::sharing::{ParticipantType, SharePermission};

pub(super) const TABLES: &str = "
    CREATE INDEX IF NOT EXISTS records_by_parent ON records (zone, parent) WHERE parent IS NOT NULL;
    -- The users who have accepted a share, which is the record with this rid.
    CREATE TABLE IF NOT EXISTS share_members (
        user TEXT NOT NULL, zone INTEGER NOT NULL, share INTEGER NOT NULL,
        PRIMARY KEY (user, zone, share)) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS share_members_by_zone ON share_members (zone);
    CREATE INDEX IF NOT EXISTS share_members_by_share ON share_members (share);
    CREATE TABLE IF NOT EXISTS short_guids (guid TEXT PRIMARY KEY, rid INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE INDEX IF NOT EXISTS short_guids_by_record ON short_guids (rid);
    -- When a record has come into sight of a participant or gone out of it, without being saved.
    CREATE TABLE IF NOT EXISTS shared_changes (
        user TEXT NOT NULL, zone INTEGER NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (user, zone, name)) WITHOUT ROWID, STRICT;
    -- Zones that have gone out of sight of a participant, whose shared database it is.
    CREATE TABLE IF NOT EXISTS gone_shared_zones (
        database INTEGER NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (database, name, owner)) WITHOUT ROWID, STRICT;
    CREATE TRIGGER IF NOT EXISTS shared_record_is_gone AFTER DELETE ON records BEGIN
        DELETE FROM share_members WHERE share = OLD.rid;
        DELETE FROM short_guids WHERE rid = OLD.rid;
    END;
    CREATE TRIGGER IF NOT EXISTS shared_zone_is_gone AFTER DELETE ON zones BEGIN
        DELETE FROM shared_changes WHERE zone = OLD.id;
    END;
";

/// A share that a user has accepted, as far as it concerns the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GrantedShare {
    /// The name of the share.
    pub(crate) name: String,
    /// The record that is shared with all below it; `None` for the whole zone.
    pub(crate) root: Option<String>,
    /// At least [`SharePermission::ReadOnly`].
    pub(crate) permission: SharePermission,
    /// Whether the user may change the share itself.
    pub(crate) administers: bool,
}

impl Store {
    /// Remembers who has accepted the share.
    pub(crate) fn set_members<'u>(
        &mut self,
        share: &Record,
        users: impl Iterator<Item = &'u str>,
    ) -> Result<(), StoreError> {
        self.connection.prepare_cached("DELETE FROM share_members WHERE share = ?1")?.execute([share.rid])?;
        let sql = "INSERT OR IGNORE INTO share_members (user, zone, share) VALUES (?1, ?2, ?3)";
        let mut statement = self.connection.prepare_cached(sql)?;
        for user in users {
            statement.execute(params![user, share.zone, share.rid])?;
        }
        Ok(())
    }

    pub(crate) fn add_short_guid(&mut self, guid: &str, rid: i64) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO short_guids (guid, rid) VALUES (?1, ?2)";
        self.connection.prepare_cached(sql)?.execute(params![guid, rid])?;
        Ok(())
    }

    /// The record, with its zone, that a short GUID of this environment stands for.
    pub(crate) fn record_by_short_guid(
        &self,
        environment: Environment,
        guid: &str,
    ) -> Result<Option<(Record, Zone)>, StoreError> {
        let sql = "SELECT rid FROM short_guids WHERE guid = ?1";
        let rid = self.connection.prepare_cached(sql)?.query_row([guid], |row| row.get(0)).optional()?;
        let Some(rid) = rid else { return Ok(None) };
        let Some(record) = self.record_by_rid(rid)? else { return Ok(None) };
        let sql = format!("{SELECT_ZONES} WHERE zones.id = ?1 AND databases.environment = ?2");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let zone = statement.query_row(params![record.zone, environment.as_str()], Zone::from_row);
        Ok(zone.optional()?.map(|zone| (Record::clone(&record), zone)))
    }

    pub(crate) fn has_short_guid(&self, guid: &str) -> Result<bool, StoreError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM short_guids WHERE guid = ?1")?.exists([guid])?)
    }

    /// A zone by its owner. No database is made for somebody who has none.
    pub(crate) fn zone_of_owner(
        &self,
        environment: Environment,
        owner: &str,
        name: &str,
    ) -> Result<Option<Zone>, StoreError> {
        let sql = format!(
            "{SELECT_ZONES} WHERE databases.environment = ?1 AND databases.scope = 'private'
             AND databases.owner = ?2 AND zones.name = ?3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let zone = statement.query_row(params![environment.as_str(), owner, name], Zone::from_row);
        Ok(zone.optional()?)
    }

    /// The zones of others in which the user has accepted a share that still gives something.
    pub(crate) fn zones_shared_with(
        &self,
        environment: Environment,
        user: &str,
    ) -> Result<Vec<Zone>, StoreError> {
        let sql = format!(
            "{SELECT_ZONES} WHERE databases.environment = ?1
             AND zones.id IN (SELECT zone FROM share_members WHERE user = ?2) ORDER BY zones.id"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let zones = statement.query_map(params![environment.as_str(), user], Zone::from_row)?;
        let mut shared = Vec::new();
        for zone in zones {
            let zone = zone?;
            if !self.grants(zone.id, user)?.is_empty() {
                shared.push(zone);
            }
        }
        Ok(shared)
    }

    /// What the user may do in a zone of somebody else.
    pub(crate) fn grants(&self, zone: i64, user: &str) -> Result<Vec<GrantedShare>, StoreError> {
        let sql = "SELECT share FROM share_members WHERE zone = ?1 AND user = ?2 ORDER BY share";
        let mut statement = self.connection.prepare_cached(sql)?;
        let shares = statement.query_map(params![zone, user], |row| row.get(0))?;
        let mut grants = Vec::new();
        for rid in shares {
            let Some(share) = self.record_by_rid(rid?)? else { continue };
            let Some(terms) = share.sharing.as_ref().and_then(|sharing| sharing.terms.as_ref()) else {
                continue;
            };
            let permission = terms.permission_of(user);
            if permission == SharePermission::None {
                continue;
            }
            let administers = terms.participants.iter().any(|participant| {
                participant.identity.user.as_deref() == Some(user)
                    && participant.kind == ParticipantType::Administrator
            });
            grants.push(GrantedShare {
                name: share.name.clone(),
                root: terms.root.clone(),
                permission,
                administers,
            });
        }
        Ok(grants)
    }

    /// What these shares allow with a record of their zone.
    pub(crate) fn permission_by(
        &self,
        grants: &[GrantedShare],
        record: &Record,
    ) -> Result<SharePermission, StoreError> {
        let mut best = SharePermission::None;
        let mut allow = |granted: &GrantedShare| best = best.max(granted.permission);
        grants
            .iter()
            .filter(|granted| granted.root.is_none() || granted.name == record.name)
            .for_each(&mut allow);
        let mut seen = HashSet::new();
        let mut at = Some(record.name.clone());
        let mut above = record.parent.clone();
        while let Some(name) = at {
            grants.iter().filter(|granted| granted.root.as_deref() == Some(&name)).for_each(&mut allow);
            // Parents may form a circle, which nothing forbids.
            if !seen.insert(name) {
                break;
            }
            at = above.take();
            if let Some(name) = &at {
                let sql = "SELECT parent FROM records WHERE zone = ?1 AND name = ?2";
                let mut statement = self.connection.prepare_cached(sql)?;
                let parent = statement.query_row(params![record.zone, name], |row| row.get(0));
                above = parent.optional()?.flatten();
            }
        }
        Ok(best)
    }

    /// The names of the records that these shares show.
    fn names_seen(&self, zone: i64, grants: &[GrantedShare]) -> Result<BTreeSet<String>, StoreError> {
        let mut names = BTreeSet::new();
        for granted in grants {
            let sql = match granted.root {
                Some(_) => {
                    "WITH RECURSIVE tree (name) AS (SELECT ?2 UNION
                        SELECT records.name FROM records JOIN tree ON records.parent = tree.name
                        WHERE records.zone = ?1)
                     SELECT name FROM records WHERE zone = ?1 AND (name IN tree OR name = ?3)"
                }
                None => "SELECT name FROM records WHERE zone = ?1 AND ?2 IS NULL AND ?3 IS NOT NULL",
            };
            let mut statement = self.connection.prepare_cached(sql)?;
            let found = statement.query_map(params![zone, granted.root, granted.name], |row| row.get(0))?;
            for name in found {
                names.insert(name?);
            }
        }
        Ok(names)
    }

    /// The names of the records with a share that a record is, or is below.
    pub(crate) fn shared_roots_above(&self, zone: i64, name: &str) -> Result<Vec<String>, StoreError> {
        let sql = "WITH RECURSIVE above (name) AS (SELECT ?2 UNION
                SELECT records.parent FROM records JOIN above ON records.name = above.name
                WHERE records.zone = ?1 AND records.parent IS NOT NULL)
            SELECT rid FROM records WHERE zone = ?1 AND sharing IS NOT NULL AND name IN above";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map(params![zone, name], |row| row.get(0))?;
        let mut roots = Vec::new();
        for rid in found {
            let record = self.record_by_rid(rid?)?;
            let shared = record
                .filter(|record| record.sharing.as_ref().is_some_and(|sharing| sharing.share.is_some()));
            roots.extend(shared.map(|record| record.name.clone()));
        }
        Ok(roots)
    }

    /// How many records there are from a record downwards, itself included; it does not count beyond `at_most`.
    pub(crate) fn count_below(&self, zone: i64, root: &str, at_most: usize) -> Result<usize, StoreError> {
        let sql = "WITH RECURSIVE tree (name) AS (SELECT ?2 UNION
                SELECT records.name FROM records JOIN tree ON records.parent = tree.name
                WHERE records.zone = ?1)
            SELECT count(*) FROM (SELECT name FROM tree LIMIT ?3)";
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(sql)?;
        let count: i64 = statement.query_row(params![zone, root, at_most], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The records that a share shows, itself not included.
    pub(crate) fn records_shared_by(&self, share: &Record) -> Result<Vec<Record>, StoreError> {
        let Some(terms) = share.sharing.as_ref().and_then(|sharing| sharing.terms.as_ref()) else {
            return Ok(Vec::new());
        };
        let granted = GrantedShare {
            name: share.name.clone(),
            root: terms.root.clone(),
            permission: SharePermission::ReadOnly,
            administers: false,
        };
        let mut records = Vec::new();
        for name in self.names_seen(share.zone, &[granted])? {
            records.extend(self.record(share.zone, &name)?.filter(|record| record.rid != share.rid));
        }
        Ok(records)
    }

    /// What each participant of a zone sees of it.
    fn views(&self, zone: i64) -> Result<BTreeMap<String, BTreeSet<String>>, StoreError> {
        let users: BTreeSet<String> = {
            let mut statement =
                self.connection.prepare_cached("SELECT DISTINCT user FROM share_members WHERE zone = ?1")?;
            let users = statement.query_map([zone], |row| row.get(0))?;
            users.collect::<Result<_, _>>()?
        };
        let mut views = BTreeMap::new();
        for user in users {
            let grants = self.grants(zone, &user)?;
            views.insert(user, self.names_seen(zone, &grants)?);
        }
        Ok(views)
    }

    /// Runs `work`, and tells participants of the zone in their feeds what they see since then, or no longer see.
    pub(crate) fn tell_participants<T, E: From<StoreError>>(
        &mut self,
        zone: &Zone,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if zone.is_default() {
            // Nothing of it can be shared.
            return work(self);
        }
        let environment = self.environment_of(zone)?;
        let before = self.views(zone.id)?;
        let done = work(self)?;
        let after = self.views(zone.id)?;
        let nothing = BTreeSet::new();
        for user in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let was = before.get(user).unwrap_or(&nothing);
            let is = after.get(user).unwrap_or(&nothing);
            self.tell(zone, environment, user, was, is)?;
        }
        Ok(done)
    }

    fn tell(
        &mut self,
        zone: &Zone,
        environment: Environment,
        user: &str,
        was: &BTreeSet<String>,
        is: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let reader = self.database(environment, "shared", user)?;
        let owner = zone.owner().unwrap_or_default();
        if is.is_empty() && !was.is_empty() {
            let sql = "DELETE FROM shared_changes WHERE user = ?1 AND zone = ?2";
            self.connection.prepare_cached(sql)?.execute(params![user, zone.id])?;
            let seq = self.fresh_tag();
            let sql = "INSERT OR REPLACE INTO gone_shared_zones (database, name, owner, seq)
                VALUES (?1, ?2, ?3, ?4)";
            self.connection.prepare_cached(sql)?.execute(params![reader.0, zone.name, owner, seq])?;
            return Ok(());
        }
        if was.is_empty() && !is.is_empty() {
            let sql = "DELETE FROM gone_shared_zones WHERE database = ?1 AND name = ?2 AND owner = ?3";
            self.connection.prepare_cached(sql)?.execute(params![reader.0, zone.name, owner])?;
        }
        for name in was.symmetric_difference(is) {
            let seq = self.fresh_tag();
            let sql = "INSERT OR REPLACE INTO shared_changes (user, zone, name, seq) VALUES (?1, ?2, ?3, ?4)";
            self.connection.prepare_cached(sql)?.execute(params![user, zone.id, name, seq])?;
        }
        Ok(())
    }

    fn environment_of(&self, zone: &Zone) -> Result<Environment, StoreError> {
        let sql = "SELECT environment FROM databases WHERE id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let name: Option<String> = statement.query_row([zone.database.0], |row| row.get(0)).optional()?;
        Ok(name.and_then(|name| name.parse().ok()).unwrap_or(Environment::Development))
    }

    /// The latest that happened to each record of a zone, as a participant sees it, in the order of the feed.
    fn shared_changes(&self, zone: i64, user: &str) -> Result<Vec<(i64, Seen)>, StoreError> {
        let mut moved: HashMap<String, i64> = {
            let sql = "SELECT name, seq FROM shared_changes WHERE zone = ?1 AND user = ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![zone, user], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<Result<_, _>>()?
        };
        let grants = self.grants(zone, user)?;
        let mut changes = Vec::new();
        for name in self.names_seen(zone, &grants)? {
            let sql = "SELECT tag, rid FROM records WHERE zone = ?1 AND name = ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let (tag, rid): (i64, i64) =
                statement.query_row(params![zone, name], |row| Ok((row.get(0)?, row.get(1)?)))?;
            changes.push((moved.remove(&name).unwrap_or(0).max(tag), Seen::Record(rid)));
        }
        changes.extend(moved.into_iter().map(|(name, seq)| (seq, Seen::Gone(name))));
        changes.sort_by_key(|(seq, _)| *seq);
        Ok(changes)
    }

    /// Walks the changes of a zone that a participant is told of and that come after a place in the feed.
    pub(crate) fn walk_shared_changes(
        &self,
        zone: i64,
        user: &str,
        from: i64,
        mut visit: impl FnMut(i64, Change) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        for (seq, seen) in self.shared_changes(zone, user)? {
            if seq <= from {
                continue;
            }
            let change = match seen {
                Seen::Gone(name) => Change::Deleted { name },
                Seen::Record(rid) => match self.record_by_rid(rid)? {
                    Some(record) => Change::Saved(Record::clone(&record)),
                    None => continue,
                },
            };
            if visit(seq, change)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The place of the latest change of a zone that a participant is told of.
    pub(crate) fn latest_shared_change(&self, zone: i64, user: &str) -> Result<i64, StoreError> {
        Ok(self.shared_changes(zone, user)?.last().map_or(0, |(seq, _)| *seq))
    }

    /// The feed of the shared database of a user: zones of others, and those that were taken away.
    pub(crate) fn shared_zone_changes(
        &self,
        reader: DatabaseId,
        environment: Environment,
        user: &str,
    ) -> Result<Vec<ZoneChange>, StoreError> {
        let mut changes = Vec::new();
        for zone in self.zones_shared_with(environment, user)? {
            let seq = self.latest_shared_change(zone.id, user)?;
            let owner = zone.owner().map(str::to_owned);
            changes.push(ZoneChange { seq, name: zone.name.clone(), owner, zone: Some(zone) });
        }
        let sql = "SELECT seq, name, owner FROM gone_shared_zones WHERE database = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let gone = statement.query_map([reader.0], |row| {
            Ok(ZoneChange { seq: row.get(0)?, name: row.get(1)?, owner: row.get(2)?, zone: None })
        })?;
        for change in gone {
            changes.push(change?);
        }
        changes.sort_by_key(|change| change.seq);
        Ok(changes)
    }
}

/// What a participant sees of a record.
enum Seen {
    Record(i64),
    Gone(String),
}
