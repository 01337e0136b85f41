//! `records/modify`: operations in, an outcome for each of them out.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::lost_answer;
use super::{Operation, Outcome, Outcomes, Saved, Verb};
use crate::client::Call;
use crate::database::{Database, Public, Scope};
use crate::error::{DecodeError, Error, RequestError, Result, ServerError};
use crate::record::{FromRecord, RecordName, ToRecord};
use crate::wire::records::{MAX_ITEMS, ModifyRequest, RecordsReply};
use crate::wire::{RecordItem, match_items};

pub(crate) const OPERATION: &str = "records/modify";

/// Sends the operations, tries those again that CloudKit asks to send later, and finds out about those whose first
/// answer was lost.
pub(crate) async fn modify<T, S>(
    database: &Database<S>,
    mut operations: Vec<Operation<T>>,
    atomic: Option<bool>,
) -> Result<Outcomes<T>>
where
    T: ToRecord + FromRecord + Send + Sync + 'static,
    S: Scope,
{
    check(database, &operations)?;
    for operation in &mut operations {
        if operation.record_name.is_none() {
            operation.record_name = Some(database.client.new_record_name().map_err(refuse)?);
        }
    }
    let atomic = atomic.or_else(|| database.is_custom_zone().then_some(true));

    let mut outcomes: Vec<Option<Outcome<T>>> = Vec::new();
    outcomes.resize_with(operations.len(), || None);
    let mut pending: Vec<usize> = (0..operations.len()).collect();
    let mut attempt = 0;
    let began = database.client.sender.clock.monotonic();
    while !pending.is_empty() {
        attempt += 1;
        // The usual case is one request with everything in it, which needs no list of references.
        let mut items = if pending.len() == operations.len() {
            send(database, &operations, atomic).await?
        } else {
            let rest: Vec<&Operation<T>> = pending.iter().map(|&index| &operations[index]).collect();
            match send(database, &rest, atomic).await {
                Ok(items) => items,
                // The other operations have their outcomes, and one error for all would lose them.
                Err(error) => {
                    for index in pending {
                        if let Some(Err(earlier)) = &mut outcomes[index] {
                            add_failure(earlier, &error);
                        }
                    }
                    break;
                }
            }
        };
        let mut later = Vec::new();
        let mut wait = Duration::ZERO;
        for (index, outcome) in pending.drain(..).zip(items.drain(..)) {
            match outcome {
                Err(error) if error.is_retryable() && atomic != Some(true) => {
                    wait = wait.max(error.retry_after.unwrap_or_default());
                    later.push(index);
                    outcomes[index] = Some(Err(error));
                }
                outcome => outcomes[index] = Some(outcome),
            }
        }
        let elapsed = database.client.sender.clock.monotonic().saturating_sub(began);
        if later.is_empty() || !database.client.wait_for_items(attempt, elapsed, wait).await {
            break;
        }
        pending = later;
    }
    Ok(Outcomes::new(outcomes.into_iter().flatten().collect()))
}

/// Refuses here what CloudKit would refuse there, with a better message.
fn check<T: ToRecord, S: Scope>(database: &Database<S>, operations: &[Operation<T>]) -> Result<()> {
    database.check_zone(OPERATION)?;
    if operations.len() > MAX_ITEMS {
        return Err(refuse(RequestError::TooMany {
            what: "operations",
            count: operations.len(),
            limit: MAX_ITEMS,
        }));
    }
    let mut names: HashSet<&RecordName> = HashSet::with_capacity(operations.len());
    for operation in operations {
        operation.check().map_err(refuse)?;
        if let Some(name) = &operation.record_name
            && !names.insert(name)
        {
            return Err(refuse(RequestError::Repeated(name.clone())));
        }
        if S::PATH == Public::PATH && operation.has_encrypted_fields() {
            return Err(refuse(RequestError::EncryptedInPublic));
        }
    }
    Ok(())
}

fn refuse(source: RequestError) -> Error {
    Error::Request { operation: OPERATION, source }
}

async fn send<T, S, O>(
    database: &Database<S>,
    operations: &[O],
    atomic: Option<bool>,
) -> Result<Vec<Outcome<T>>>
where
    T: ToRecord + FromRecord + Send + Sync + 'static,
    S: Scope,
    O: AsOperation<T>,
{
    let desired_keys = T::desired_keys();
    let body = database.client.encode(
        OPERATION,
        &ModifyRequest {
            operations,
            zone: database.zone.as_ref(),
            atomic,
            desired_keys: desired_keys.as_deref(),
        },
    )?;
    // Names are chosen before anything is sent, so repeating an operation never makes a second record.
    let call = Call { operation: OPERATION, database: S::PATH, record_type: T::ONLY_TYPE, may_repeat: true };
    let sent = body.clone();
    let answer = match database.client.call(call, body).await {
        Ok(answer) => answer,
        // A failed atomic batch can be told item by item inside of the refusal.
        Err(error) => return atomic_failure(error, operations),
    };
    let reply = answer.read_records::<T>()?;
    let names = names(operations);
    let items = match_items(&names, reply.records)
        .map_err(|source| Error::Decode { operation: OPERATION, source: Box::new(source) })?;
    let mut outcomes = outcomes(items, operations)
        .map_err(|source| Error::Decode { operation: OPERATION, source: Box::new(source) })?;
    if answer.an_answer_was_lost() {
        settle(database, operations, &sent, &mut outcomes).await?;
    }
    database.client.reclaim(sent);
    Ok(outcomes)
}

fn names<T: 'static, O: AsOperation<T>>(operations: &[O]) -> Vec<&RecordName> {
    operations.iter().filter_map(|operation| operation.operation().record_name.as_ref()).collect()
}

fn outcomes<T: 'static, O: AsOperation<T>>(
    items: Vec<RecordItem<T>>,
    operations: &[O],
) -> Result<Vec<Outcome<T>>, DecodeError> {
    let outcome = |(item, operation): (RecordItem<T>, &O)| match item {
        RecordItem::Record(record) => Ok(Ok(Saved::Record(record))),
        RecordItem::Deleted(name) => Ok(Ok(Saved::Deleted(name))),
        RecordItem::Named(name) => match operation.operation().verb {
            Verb::Delete | Verb::ForceDelete => Ok(Ok(Saved::Deleted(name))),
            _ => Err(DecodeError::without_tag(&name)),
        },
        RecordItem::Failed(error) => Ok(Err(error)),
    };
    items.into_iter().zip(operations).map(outcome).collect()
}

/// An operation that was to be sent again: what came of that, beside why.
fn add_failure(earlier: &mut ServerError, error: &Error) {
    if let Some(refusal) = error.server_error() {
        *earlier = ServerError { record_name: earlier.record_name.take(), ..refusal.clone() };
        return;
    }
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    let reason = earlier.reason.take().map(|reason| format!("{reason}; ")).unwrap_or_default();
    earlier.reason = Some(format!("{reason}then {error}{cause}"));
}

fn atomic_failure<T, O>(error: Error, operations: &[O]) -> Result<Vec<Outcome<T>>>
where
    T: FromRecord + 'static,
    O: AsOperation<T>,
{
    let body = match &error {
        Error::Server { source, .. } => source.body.clone(),
        _ => Bytes::new(),
    };
    let Ok(reply) = crate::wire::read::<RecordsReply<T>>(&body) else { return Err(error) };
    match_items(&names(operations), reply.records)
        .and_then(|items| outcomes(items, operations))
        .map_err(|_| error)
}

/// An attempt before this one may have been carried out, and its answer was lost. Then a create meets its own record,
/// an update its own change tag, and a delete nothing: look at what is there, and count it as done if it is what was
/// sent.
async fn settle<T, S, O>(
    database: &Database<S>,
    operations: &[O],
    sent: &[u8],
    outcomes: &mut [Outcome<T>],
) -> Result<()>
where
    T: ToRecord + FromRecord + Send + Sync + 'static,
    S: Scope,
    O: AsOperation<T>,
{
    let doubtful = |operation: &Operation<T>, error: &ServerError| match operation.verb {
        Verb::Create | Verb::Update | Verb::Replace => error.is_conflict(),
        Verb::Delete => error.is_not_found(),
        Verb::ForceUpdate | Verb::ForceReplace | Verb::ForceDelete => false,
    };
    let mut body: Option<Value> = None;
    for (index, outcome) in outcomes.iter_mut().enumerate() {
        let operation = operations[index].operation();
        let (Err(error), Some(name)) = (&*outcome, &operation.record_name) else { continue };
        if !doubtful(operation, error) {
            continue;
        }
        if operation.verb == Verb::Delete {
            *outcome = Ok(Saved::Deleted(name.clone()));
            continue;
        }
        let Some(stored) = lost_answer::fetch(database, name).await? else { continue };
        let body = body.get_or_insert_with(|| serde_json::from_slice(sent).unwrap_or_default());
        let fields = &body["operations"][index]["record"]["fields"];
        if lost_answer::is_ours(fields, &stored, operation.verb != Verb::Update) {
            *outcome = Ok(Saved::Record(database.lookup(name).await?));
        }
    }
    Ok(())
}

/// An operation, or a reference to one.
trait AsOperation<T>: serde::Serialize + Sync {
    fn operation(&self) -> &Operation<T>;
}

impl<T: ToRecord + Sync + 'static> AsOperation<T> for Operation<T> {
    fn operation(&self) -> &Operation<T> {
        self
    }
}

impl<T: ToRecord + Sync + 'static> AsOperation<T> for &Operation<T> {
    fn operation(&self) -> &Operation<T> {
        self
    }
}
