//! `records/modify`: up to 200 saves and deletes.

use std::collections::HashSet;

use cloudkit_core::ServerErrorCode;

use super::database_news::announce_databases;
use super::reply::{Show, array};
use super::request::{desired_keys, items, optional_bool, optional_text, required_text};
use super::save::Saver;
use super::sharing::ShareRequest;
use super::{ApiError, Call, Caller, Scope};
use crate::facts;
use crate::json::{Node, Object};
use crate::store::{Store, StoreError};
use crate::value::RawField;

/// What an operation does. The forceful kinds do not look at the change tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update { force: bool },
    Replace { force: bool },
    Delete { force: bool },
}

impl Verb {
    fn from_wire(text: &str) -> Option<Self> {
        Some(match text {
            "create" => Self::Create,
            "update" => Self::Update { force: false },
            "forceUpdate" => Self::Update { force: true },
            "replace" => Self::Replace { force: false },
            "forceReplace" => Self::Replace { force: true },
            "delete" => Self::Delete { force: false },
            "forceDelete" => Self::Delete { force: true },
            _ => return None,
        })
    }

    fn needs_tag(self) -> bool {
        matches!(
            self,
            Self::Update { force: false } | Self::Replace { force: false } | Self::Delete { force: false }
        )
    }
}

/// An operation whose shape is right.
#[derive(Debug)]
pub(super) struct Operation<'n, 'a> {
    pub(super) verb: Verb,
    pub(super) record_name: String,
    pub(super) record_type: Option<&'n str>,
    pub(super) change_tag: Option<&'n str>,
    pub(super) parent: Option<&'n str>,
    pub(super) fields: Vec<(&'n str, RawField<'n, 'a>)>,
    pub(super) sharing: ShareRequest,
    pub(super) show: Show,
}

pub(super) fn modify(call: &Call<'_>, request: &Object<'_>) -> Result<String, ApiError> {
    if *call.caller == Caller::World {
        return Err(call.sign_in());
    }
    let operations = read_operations(call, request)?;
    let atomic = optional_bool(request, "atomic")?;
    let zone_id = call.requested_zone(request)?;

    let mut store = call.state.shared_store().write();
    // Read while the store is held, since saves may extend it.
    let schema = call.state.schema(call.environment);
    let zone = call.find_zone(&mut store, &zone_id)?.ok_or_else(|| zone_id.not_found())?;
    if zone.is_default() && atomic == Some(true) {
        return Err(ApiError::bad_request(
            "BadRequestException: atomic operations not supported in default zone",
        ));
    }
    let atomic = !zone.is_default() && atomic.unwrap_or(facts::ATOMIC_DEFAULT_IN_CUSTOM_ZONES.value);
    let mut saver = Saver::new(call, zone, schema);
    let outcome = store.transaction(|store| {
        let zone = saver.zone().clone();
        // Once for all operations: it looks at everything that is shared.
        let entries =
            store.tell_participants(&zone, |store| run_all(store, &mut saver, &operations, atomic))?;
        let mut rings = saver.announce(store).map_err(Failure::Other)?;
        if call.scope != Scope::Public {
            rings |= announce_databases(call, store).map_err(Failure::Other)?;
        }
        Ok((entries, rings))
    });
    match outcome {
        Ok((entries, rings)) => {
            let token = call.asked_sync_token(&store, saver.zone())?;
            saver.keep_schema(&mut store)?;
            store.commit()?;
            if rings {
                call.state.courier().ring();
            }
            Ok(format!("{{\"records\":{}{token}}}", array(&entries)))
        }
        Err(Failure::Batch(entries)) => {
            let mut error = ApiError::new(ServerErrorCode::AtomicError, "one or more operations failed");
            error.records = Some(array(&entries));
            Err(error)
        }
        Err(Failure::Other(error)) => Err(error),
    }
}

/// Why a whole batch is undone.
enum Failure {
    Batch(Vec<String>),
    Other(ApiError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

fn run_all(
    store: &mut Store,
    saver: &mut Saver<'_>,
    operations: &[Operation<'_, '_>],
    atomic: bool,
) -> Result<Vec<String>, Failure> {
    let mut outcomes = Vec::with_capacity(operations.len());
    for operation in operations {
        let outcome = store.savepoint(|store| saver.run(store, operation));
        if let Err(error) = &outcome
            && error.code == ServerErrorCode::InternalError
        {
            return Err(Failure::Other(error.clone()));
        }
        outcomes.push(outcome);
    }
    let failed = outcomes.iter().any(Result::is_err);
    let undone = ApiError::new(ServerErrorCode::AtomicError, "batch request failed");
    let entries = outcomes.into_iter().zip(operations).map(|(outcome, operation)| match outcome {
        Ok(_) if atomic && failed => undone.record_item(&operation.record_name),
        Ok(entry) => entry,
        Err(error) => error.record_item(&operation.record_name),
    });
    let entries = entries.collect();
    if atomic && failed { Err(Failure::Batch(entries)) } else { Ok(entries) }
}

/// Reads all operations before any of them runs: one whose shape is wrong refuses the whole request.
fn read_operations<'n, 'a>(
    call: &Call<'_>,
    request: &'n Object<'a>,
) -> Result<Vec<Operation<'n, 'a>>, ApiError> {
    let default_show = Show {
        desired_keys: desired_keys(request)?,
        numbers_as_strings: optional_bool(request, "numbersAsStrings")?.unwrap_or(false),
    };
    let mut operations = Vec::new();
    let mut names = HashSet::new();
    for node in items(request, "operations")? {
        let operation = read_operation(call, node, &default_show)?;
        if !names.insert(operation.record_name.clone()) {
            return Err(ApiError::bad_request(format!(
                "BadRequestException: more than one operation on record '{}'",
                operation.record_name.chars().take(255).collect::<String>()
            )));
        }
        operations.push(operation);
    }
    Ok(operations)
}

fn read_operation<'n, 'a>(
    call: &Call<'_>,
    node: &'n Node<'a>,
    default_show: &Show,
) -> Result<Operation<'n, 'a>, ApiError> {
    let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
    let verb = object.get("operationType").ok_or_else(|| ApiError::missing("operationType"))?;
    let verb = verb.as_str().and_then(Verb::from_wire).ok_or_else(|| ApiError::unexpected(verb))?;
    let record = object.get("record").ok_or_else(|| ApiError::missing("record"))?;
    let record = record.as_object().ok_or_else(|| ApiError::unexpected(record))?;

    let record_name = match optional_text(record, "recordName")? {
        Some(name) => name.to_owned(),
        None if verb == Verb::Create => call.state.random_uuid(),
        None => return Err(ApiError::missing("recordName")),
    };
    let record_type = optional_text(record, "recordType")?.map(|name| call.record_type_meant(name));
    if verb == Verb::Create && record_type.is_none() {
        return Err(ApiError::missing("recordType"));
    }
    let change_tag = optional_text(record, "recordChangeTag")?.filter(|tag| !tag.is_empty());
    if verb.needs_tag() && change_tag.is_none() {
        return Err(ApiError::missing("recordChangeTag"));
    }
    let parent = match record.get("parent") {
        None => None,
        Some(node) => {
            let parent = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
            Some(required_text(parent, "recordName")?)
        }
    };
    let sharing = ShareRequest::read(record, record_type)?;
    let mut fields = Vec::new();
    if let Some(node) = record.get("fields") {
        let object = node.as_object().ok_or_else(|| ApiError::unexpected(node))?;
        for (name, node) in &object.members {
            fields.push((name.as_ref(), RawField::read(node)?));
        }
    }
    let numbers_as_strings =
        optional_bool(object, "numbersAsStrings")?.unwrap_or(default_show.numbers_as_strings);
    let desired_keys = desired_keys(object)?.or_else(|| default_show.desired_keys.clone());
    let show = Show { desired_keys, numbers_as_strings };
    Ok(Operation { verb, record_name, record_type, change_tag, parent, fields, sharing, show })
}

/// Whether encrypted fields may be saved here.
pub(super) fn encrypts(scope: Scope) -> bool {
    scope != Scope::Public
}
