//! One operation of a modify request: the checks, and what it does to the store.

use std::sync::Arc;

use cloudkit_core::value::ValueType;
use cloudkit_core::{Environment, ServerErrorCode};

use super::assets::settle_assets;
use super::lookup::not_permitted;
use super::modify::{Operation, Verb, encrypts};
use super::notify::{Event, RecordChange, announce};
use super::query::unknown_type;
use super::sharing::{leave, nothing_to_share};
use super::{ApiError, Call, Scope};
use crate::facts;
use crate::json::write_string;
use crate::schema::{
    FieldDef, Permission, RecordType, SHARE, Schema, USERS, check_record_type, created_index,
};
use crate::store::{Record, Stamp, Store, Zone};
use crate::value::{Action, Fields, ParseContext, RawField, WriteOptions, holds_assets, write_fields};

/// The longest record name, in characters, all of them ASCII.
const MAX_RECORD_NAME: usize = 255;

/// Runs the operations of one request.
pub(super) struct Saver<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) zone: Zone,
    schema: Arc<Schema>,
    schema_grew: bool,
    changes: Vec<RecordChange>,
}

impl<'a> Saver<'a> {
    pub(super) fn new(call: &'a Call<'a>, zone: Zone, schema: Arc<Schema>) -> Self {
        Self { call, zone, schema, schema_grew: false, changes: Vec::new() }
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Fires the subscriptions that the operations so far concern. Whether a notification waits for somebody now.
    pub(super) fn announce(&self, store: &mut Store) -> Result<bool, ApiError> {
        announce(self.call, store, &self.zone, &self.schema, &self.changes)
    }

    /// Remembers what happened to a record, for [`announce`](Self::announce).
    pub(super) fn note(&mut self, event: Event, record: Record) {
        self.changes.push(RecordChange { event, record });
    }

    /// Keeps the types and fields that saves have created, now that the saves are kept.
    pub(super) fn keep_schema(self, store: &mut Store) -> Result<(), ApiError> {
        if self.schema_grew {
            store.commit_batch()?;
            self.call.state.grow_schema(store, &self.schema)?;
        }
        Ok(())
    }

    /// Runs one operation and returns its entry in the reply.
    pub(super) fn run(
        &mut self,
        store: &mut Store,
        operation: &Operation<'_, '_>,
    ) -> Result<String, ApiError> {
        check_record_name(&operation.record_name, operation.record_type)?;
        let access = self.call.access(store, &self.zone)?;
        let stored = match store.record(self.zone.id, &operation.record_name)? {
            Some(record) if access.sees(store, &record)? => Some(record),
            Some(_)
                if matches!(
                    operation.verb,
                    Verb::Create | Verb::Update { force: true } | Verb::Replace { force: true }
                ) =>
            {
                // The name is taken, by a record that the caller must not be told of.
                return Err(not_permitted("CREATE"));
            }
            _ => None,
        };
        if let Verb::Delete { force } = operation.verb {
            return self.delete(store, operation, stored, force);
        }
        let record = match (operation.verb, stored) {
            (Verb::Create, Some(_)) => {
                return Err(ApiError::new(
                    facts::CREATE_ON_EXISTING.value,
                    "record to insert already exists",
                ));
            }
            (Verb::Create, None) => self.create(store, operation)?,
            (Verb::Update { force } | Verb::Replace { force }, Some(stored)) => {
                if !force {
                    check_tag(&stored, operation)?;
                }
                self.change(store, operation, &stored)?
            }
            (Verb::Update { force: true } | Verb::Replace { force: true }, None) => {
                self.create(store, operation)?
            }
            (_, None) => return Err(no_such_record()),
            (Verb::Delete { .. }, Some(_)) => return Err(ApiError::missing("operationType")),
        };
        let mut entry = String::new();
        self.call.write_record(&mut entry, &record, &self.zone, &operation.show)?;
        Ok(entry)
    }

    fn create(&mut self, store: &mut Store, operation: &Operation<'_, '_>) -> Result<Record, ApiError> {
        let type_name = operation.record_type.ok_or_else(|| {
            ApiError::bad_request("BadRequestException: missing required field 'recordType'")
        })?;
        if type_name.eq_ignore_ascii_case(SHARE)
            && type_name != SHARE
            && facts::SHARE_TYPE_IN_LOWER_CASE.value
        {
            return Err(nothing_to_share());
        }
        self.grow_schema(type_name, &operation.fields)?;
        let schema = Arc::clone(&self.schema);
        let record_type = schema.get(type_name).ok_or_else(|| unknown_type(type_name))?;
        let access = self.call.access(store, &self.zone)?;
        if type_name == USERS
            || !self.call.allowed(record_type, Permission::Create, None)
            || !access.may_add(store, &self.zone, operation.parent)?
        {
            return Err(not_permitted("CREATE"));
        }
        let sharing = self.sharing_of_new(store, operation, type_name)?;
        let fields = self.merge(store, record_type, Fields::new(), None, operation)?;
        let stamp = Stamp { at: self.call.now, by: self.call.caller_name().to_owned() };
        let mut record = Record {
            rid: 0,
            database: self.zone.database.0,
            zone: self.zone.id,
            name: operation.record_name.clone(),
            record_type: type_name.to_owned(),
            tag: store.fresh_tag(),
            created: stamp.clone(),
            modified: stamp,
            parent: operation.parent.map(str::to_owned),
            fields: stored_text(&fields)?,
            sharing,
        };
        let edges = self.edges(store, &record.name, &fields)?;
        record.rid = store.insert_record(&record)?;
        self.keep_edges(store, record.rid, &edges)?;
        if holds_assets(&record.fields) {
            store.set_asset_uses(record.rid, &fields)?;
        }
        store.index_change(None, Some(&record), record_type, self.call.now)?;
        self.keep_sharing(store, &record)?;
        self.note(Event::Created, record.clone());
        Ok(record)
    }

    fn change(
        &mut self,
        store: &mut Store,
        operation: &Operation<'_, '_>,
        stored: &Record,
    ) -> Result<Record, ApiError> {
        if let Some(given) = operation.record_type
            && given != stored.record_type
        {
            return Err(ApiError::new(
                facts::RECORD_TYPE_CHANGE.value,
                format!("invalid attempt to change the type of a record from '{}'", stored.record_type),
            ));
        }
        self.grow_schema(&stored.record_type, &operation.fields)?;
        let schema = Arc::clone(&self.schema);
        let record_type = schema.get(&stored.record_type).ok_or_else(|| unknown_type(&stored.record_type))?;
        let access = self.call.access(store, &self.zone)?;
        let may_write = if stored.record_type == SHARE {
            access.administers(&stored.name)
        } else {
            access.may_change(store, stored)?
        };
        if !may_write || !self.call.allowed(record_type, Permission::Write, Some(&stored.created.by)) {
            return Err(not_permitted("WRITE"));
        }
        let known = stored.read_fields()?;
        let before = match operation.verb {
            Verb::Update { .. } => known.clone(),
            _ => Fields::new(),
        };
        let fields = self.merge(store, record_type, before, Some(&known), operation)?;
        let parent = match operation.verb {
            Verb::Update { .. } => operation.parent.map(str::to_owned).or_else(|| stored.parent.clone()),
            _ => operation.parent.map(str::to_owned),
        };
        let record = Record {
            tag: store.fresh_tag(),
            modified: Stamp {
                at: self.call.now.max(stored.modified.at),
                by: self.call.caller_name().to_owned(),
            },
            parent,
            fields: stored_text(&fields)?,
            sharing: self.sharing_of_changed(store, operation, stored)?,
            ..stored.clone()
        };
        if stored.record_type != SHARE && !access.may_change(store, &record)? {
            // Another parent would take it away from those who share it.
            return Err(not_permitted("WRITE"));
        }
        let edges = self.edges(store, &record.name, &fields)?;
        store.update_record(&record)?;
        self.keep_edges(store, record.rid, &edges)?;
        if holds_assets(&stored.fields) || holds_assets(&record.fields) {
            store.set_asset_uses(record.rid, &fields)?;
        }
        store.index_change(Some(stored), Some(&record), record_type, self.call.now)?;
        self.keep_sharing(store, &record)?;
        self.note(Event::Updated, record.clone());
        Ok(record)
    }

    fn delete(
        &mut self,
        store: &mut Store,
        operation: &Operation<'_, '_>,
        stored: Option<Record>,
        force: bool,
    ) -> Result<String, ApiError> {
        match stored {
            Some(stored) => {
                if !force {
                    check_tag(&stored, operation)?;
                }
                if let Some(record_type) = self.schema.get(&stored.record_type)
                    && (stored.record_type == USERS
                        || !self.call.allowed(record_type, Permission::Write, Some(&stored.created.by)))
                {
                    return Err(not_permitted("WRITE"));
                }
                let leaves = stored.record_type == SHARE && self.call.scope == Scope::Shared;
                if leaves && facts::DELETING_A_SHARED_SHARE_LEAVES_IT.value {
                    let left = leave(self.call, store, &stored)?;
                    self.note(Event::Updated, left);
                } else if self.call.access(store, &self.zone)?.may_change(store, &stored)? {
                    self.delete_with_sources(store, stored)?;
                } else {
                    return Err(not_permitted("WRITE"));
                }
            }
            None if force && facts::FORCE_DELETE_OF_MISSING_SUCCEEDS.value => {}
            None => return Err(no_such_record()),
        }
        let mut entry = String::from("{\"recordName\":");
        write_string(&mut entry, &operation.record_name);
        entry.push_str(",\"deleted\":true}");
        Ok(entry)
    }

    /// Deletes a record and, transitively, all that go with it; refuses if any of them must stay.
    ///
    /// They go at once, in every zone: see `CASCADE_IS_IMMEDIATE` among the facts.
    fn delete_with_sources(&mut self, store: &mut Store, first: Record) -> Result<(), ApiError> {
        let mut doomed = vec![first];
        let mut next = 0;
        while let Some(record) = doomed.get(next).cloned() {
            next += 1;
            for (rid, _) in store.sources(record.zone, &record.name, Action::DeleteSelf.as_str())? {
                if doomed.iter().all(|known| known.rid != rid)
                    && let Some(source) = store.record_by_rid(rid)?
                {
                    doomed.push(Record::clone(&source));
                }
            }
            // A share does not outlive what it shares.
            if let Some(share) = record.sharing.as_ref().and_then(|sharing| sharing.share.as_ref())
                && let Some(share) = store.record(record.zone, share)?
                && doomed.iter().all(|known| known.rid != share.rid)
            {
                doomed.push(share);
            }
        }
        for record in &doomed {
            for (rid, field) in store.sources(record.zone, &record.name, Action::Validate.as_str())? {
                if doomed.iter().all(|known| known.rid != rid) {
                    return Err(ApiError::new(
                        ServerErrorCode::ValidatingReferenceError,
                        format!(
                            "Field={field}, recordID={}: Record delete would violate validating reference, \
                             rejecting update",
                            record.name
                        ),
                    ));
                }
            }
        }
        for record in doomed {
            if record.record_type == SHARE {
                self.unshare(store, &record)?;
            }
            store.delete_record(record.rid)?;
            if let Some(record_type) = self.schema.get(&record.record_type) {
                store.index_change(Some(&record), None, record_type, self.call.now)?;
            }
            self.note(Event::Deleted, record);
        }
        Ok(())
    }

    /// The fields as they are after the operation: what stays, `fields`, and what the operation sets.
    fn merge(
        &self,
        store: &mut Store,
        record_type: &RecordType,
        mut fields: Fields,
        stored: Option<&Fields>,
        operation: &Operation<'_, '_>,
    ) -> Result<Fields, ApiError> {
        for (name, raw) in &operation.fields {
            let def = record_type.fields.get(*name).ok_or_else(|| {
                let name: String = name.chars().take(255).collect();
                ApiError::bad_request(format!("Field '{name}' not found in {}", record_type.name))
            })?;
            if def.encrypted && !encrypts(self.call.scope) && raw.value.is_some() {
                return Err(ApiError::bad_request(
                    "encrypted fields are not supported in the public database",
                ));
            }
            let cx = ParseContext {
                record_type: &record_type.name,
                numbers_as_strings: operation.show.numbers_as_strings,
            };
            match raw.typed(def, cx).map_err(ApiError::bad_request)? {
                Some(mut field) => {
                    self.settle_references(&mut field)?;
                    let place = (operation.record_name.as_str(), *name);
                    let known = stored.and_then(|fields| fields.get(*name));
                    settle_assets(self.call, store, &self.zone, place, &mut field, known)?;
                    fields.insert((*name).to_owned(), field);
                }
                None => {
                    fields.remove(*name);
                }
            }
        }
        let size: usize = fields.iter().map(|(name, field)| name.len() + field.size()).sum();
        if size > facts::RECORD_SIZE.value {
            return Err(ApiError::bad_request(format!(
                "record too large: {size} bytes exceed the limit of {}",
                facts::RECORD_SIZE.value
            )));
        }
        Ok(fields)
    }

    /// Creates the types and fields that a save needs, where that was asked for: in development only.
    fn grow_schema(
        &mut self,
        type_name: &str,
        raw_fields: &[(&str, RawField<'_, '_>)],
    ) -> Result<(), ApiError> {
        if !self.call.state.creates_schema() {
            return Ok(());
        }
        let known = self.schema.get(type_name);
        let is_new = |name: &str| known.is_none_or(|known| !known.fields.contains_key(name));
        let mut new = Vec::new();
        for (name, raw) in raw_fields.iter().filter(|(name, raw)| raw.value.is_some() && is_new(name)) {
            let Some(value_type) = declared_type(raw) else { continue };
            let mut def = FieldDef::new(*name, value_type);
            def.encrypted = raw.encrypted;
            def.index = created_index(&def);
            new.push(def);
        }
        if known.is_some() && new.is_empty() {
            return Ok(());
        }
        if self.call.environment == Environment::Production {
            return Err(ApiError::bad_request(match (known, new.first()) {
                (Some(_), Some(field)) => format!(
                    "Cannot create or modify field '{}' in record '{type_name}' in production schema",
                    field.name
                ),
                _ => format!("Cannot create new type {type_name} in production schema"),
            }));
        }
        let mut record_type = known.cloned().unwrap_or_else(|| RecordType::new(type_name).default_grants());
        for field in new {
            record_type = record_type.field(field);
        }
        check_record_type(&record_type).map_err(|error| ApiError::bad_request(error.to_string()))?;
        let mut schema = Schema::clone(&self.schema);
        schema.record_types.insert(type_name.to_owned(), record_type);
        self.schema = Arc::new(schema);
        self.schema_grew = true;
        Ok(())
    }
}

fn declared_type(raw: &RawField<'_, '_>) -> Option<ValueType> {
    match &raw.tag {
        Some(crate::value::Tag::Type(value_type)) => Some(*value_type),
        Some(_) => None,
        None => raw.inferred(),
    }
}

pub(super) fn check_record_name(name: &str, record_type: Option<&str>) -> Result<(), ApiError> {
    let printable = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if name.is_empty() || name.len() > MAX_RECORD_NAME || !printable {
        return Err(ApiError::bad_request(format!(
            "invalid record name: it must be 1 to {MAX_RECORD_NAME} ASCII characters"
        )));
    }
    // Only the records of users, which the server makes itself, have such names.
    if name.starts_with('_') && record_type.is_some_and(|record_type| record_type != USERS) {
        return Err(ApiError::bad_request("invalid record name: names that start with '_' are reserved"));
    }
    Ok(())
}

fn check_tag(stored: &Record, operation: &Operation<'_, '_>) -> Result<(), ApiError> {
    if operation.change_tag == Some(stored.change_tag().as_str()) {
        return Ok(());
    }
    Err(ApiError::new(ServerErrorCode::Conflict, "client oplock error updating record"))
}

fn no_such_record() -> ApiError {
    ApiError::new(ServerErrorCode::NotFound, "recordChangeTag specified, but record not found")
}

fn stored_text(fields: &Fields) -> Result<String, ApiError> {
    let mut text = String::new();
    write_fields(&mut text, fields, WriteOptions::default());
    Ok(text)
}
