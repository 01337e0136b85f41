use std::fmt;
use std::future::IntoFuture;

use super::{AllowedIn, Database, Scope};
use crate::error::{DecodeError, Error, Result};
use crate::query::{Field, FieldDef};
use crate::record::{CkRecord, FromRecord, Record, RecordName, ToRecord, WholeRecord};
use crate::runtime::BoxFuture;
use crate::value::FieldType;
use crate::write::{Assign, Clearable, Operation, Outcomes, Patch, Saved, modify};

/// Apple: [Modifying Records](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/ModifyRecords.html)
impl<S: Scope> Database<S> {
    /// Saves a new record: `db.create(article).await?`, or under a name of your choice with
    /// [`named`](CreateCall::named).
    ///
    /// Without a name it gets a random UUID, chosen here and not by CloudKit, so that a create whose answer was lost
    /// can be repeated without making a second record.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] when there is a record of that name.
    pub fn create<R: WholeRecord>(&self, value: R) -> CreateCall<R, S>
    where
        R::Privacy: AllowedIn<S>,
    {
        CreateCall { database: self.clone(), operation: Operation::create(value) }
    }

    /// Changes some fields of a record: `db.update(&article).set(|a| a.views, 5).await?`.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] when somebody else saved the record in between.
    pub fn update<R: CkRecord>(&self, record: &Record<R>) -> UpdateCall<R, S>
    where
        R::Privacy: AllowedIn<S>,
    {
        UpdateCall {
            database: self.clone(),
            operation: Operation::update(record, |patch| patch),
            patch: Patch::new(),
        }
    }

    /// Changes some fields of the record of this name, whatever its version, and makes it if there is none.
    ///
    /// Other fields keep their values. If the record is made by this, fields that the struct cannot do without may be
    /// missing: then the record is saved, and reading it back is an [`Error::Decode`].
    #[doc(alias = "forceUpdate")]
    pub fn force_update<R: CkRecord>(&self, record_name: impl Into<RecordName>) -> UpdateCall<R, S>
    where
        R::Privacy: AllowedIn<S>,
    {
        let operation = Operation::force_update(record_name, |patch| patch);
        UpdateCall { database: self.clone(), operation, patch: Patch::new() }
    }

    /// Saves a whole record again: fields without a value are cleared.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] when somebody else saved the record in between.
    pub fn replace<R: WholeRecord>(&self, record: Record<R>) -> ReplaceCall<R, S>
    where
        R::Privacy: AllowedIn<S>,
    {
        ReplaceCall { database: self.clone(), operation: Operation::replace(record) }
    }

    /// Saves this as the record of this name, whatever is there and whether something is there.
    #[doc(alias = "forceReplace")]
    pub fn force_replace<R: WholeRecord>(
        &self,
        record_name: impl Into<RecordName>,
        value: R,
    ) -> ReplaceCall<R, S>
    where
        R::Privacy: AllowedIn<S>,
    {
        ReplaceCall { database: self.clone(), operation: Operation::force_replace(record_name, value) }
    }

    /// Deletes a record.
    ///
    /// # Errors
    ///
    /// [`Error::is_conflict`] when somebody else saved the record in between, [`Error::is_not_found`] when it is gone.
    pub fn delete<R: CkRecord>(&self, record: &Record<R>) -> DeleteCall<R, S> {
        DeleteCall { database: self.clone(), operation: Operation::delete(record) }
    }

    /// Deletes the record of this name, whatever its version. It succeeds if there is none.
    #[doc(alias = "forceDelete")]
    pub fn force_delete<R: CkRecord>(&self, record_name: impl Into<RecordName>) -> DeleteCall<R, S> {
        DeleteCall { database: self.clone(), operation: Operation::force_delete(record_name) }
    }

    /// Sends up to 200 operations in one request; each has an outcome of its own.
    ///
    /// In a custom zone they all take effect or none does, unless [`atomic`](ModifyCall::atomic) says otherwise. The
    /// public database and default zones know no such batches.
    ///
    /// # Errors
    ///
    /// When the whole request is refused, or CloudKit does not answer each operation exactly once. That an operation
    /// failed is in its outcome.
    pub fn modify<T>(&self, operations: impl IntoIterator<Item = Operation<T>>) -> ModifyCall<T, S>
    where
        T: ToRecord + FromRecord,
    {
        ModifyCall { database: self.clone(), operations: operations.into_iter().collect(), atomic: None }
    }
}

/// A record to be created; what [`Database::create`] gives. Await it.
#[must_use = "nothing is saved until this is awaited"]
pub struct CreateCall<R, S> {
    database: Database<S>,
    operation: Operation<R>,
}

impl<R, S> CreateCall<R, S> {
    /// Under this name. It must not be taken.
    pub fn named(mut self, record_name: impl Into<RecordName>) -> Self {
        self.operation.record_name = Some(record_name.into());
        self
    }
}

/// Fields to be changed; what [`Database::update`] gives. Await it.
#[must_use = "nothing is changed until this is awaited"]
pub struct UpdateCall<R, S> {
    database: Database<S>,
    operation: Operation<R>,
    patch: Patch<R>,
}

impl<R: CkRecord, S> UpdateCall<R, S> {
    /// Puts a value into a field.
    pub fn set<F, V>(mut self, field: impl FnOnce(R::Fields) -> Field<F>, value: V) -> Self
    where
        F: FieldDef<Record = R>,
        V: Assign<<F::Type as FieldType>::Stored>,
    {
        self.patch = self.patch.set(field, value);
        self
    }

    /// Leaves a field without a value.
    pub fn clear<F>(mut self, field: impl FnOnce(R::Fields) -> Field<F>) -> Self
    where
        F: FieldDef<Record = R>,
        F::Type: Clearable,
    {
        self.patch = self.patch.clear(field);
        self
    }

    /// Makes the changes of a patch that was put together elsewhere, beside those said here.
    pub fn apply(mut self, patch: Patch<R>) -> Self {
        for change in patch.changes {
            self.patch = self.patch.put(change);
        }
        self
    }
}

/// A record to be replaced; what [`Database::replace`] gives. Await it.
#[must_use = "nothing is saved until this is awaited"]
pub struct ReplaceCall<R, S> {
    database: Database<S>,
    operation: Operation<R>,
}

/// A record to be deleted; what [`Database::delete`] gives. Await it.
#[must_use = "nothing is deleted until this is awaited"]
pub struct DeleteCall<R, S> {
    database: Database<S>,
    operation: Operation<R>,
}

/// Operations to be sent in one request; what [`Database::modify`] gives. Await it.
#[must_use = "nothing is saved until this is awaited"]
pub struct ModifyCall<T, S> {
    database: Database<S>,
    operations: Vec<Operation<T>>,
    atomic: Option<bool>,
}

impl<T, S> ModifyCall<T, S> {
    /// Whether all operations take effect or none; only custom zones know it.
    pub fn atomic(mut self, atomic: bool) -> Self {
        self.atomic = Some(atomic);
        self
    }
}

impl<R: CkRecord + Send + Sync + 'static, S: Scope> IntoFuture for CreateCall<R, S> {
    type Output = Result<Record<R>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        save(self.database, self.operation)
    }
}

impl<R: CkRecord + Send + Sync + 'static, S: Scope> IntoFuture for UpdateCall<R, S> {
    type Output = Result<Record<R>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { database, mut operation, patch } = self;
        operation.set_patch(patch);
        save(database, operation)
    }
}

impl<R: CkRecord + Send + Sync + 'static, S: Scope> IntoFuture for ReplaceCall<R, S> {
    type Output = Result<Record<R>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        save(self.database, self.operation)
    }
}

impl<R: CkRecord + Send + Sync + 'static, S: Scope> IntoFuture for DeleteCall<R, S> {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { one(&self.database, self.operation).await.map(|_| ()) })
    }
}

impl<T: ToRecord + FromRecord + Send + Sync + 'static, S: Scope> IntoFuture for ModifyCall<T, S> {
    type Output = Result<Outcomes<T>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { modify(&self.database, self.operations, self.atomic).await })
    }
}

pub(crate) fn save<R, S>(
    database: Database<S>,
    operation: Operation<R>,
) -> BoxFuture<'static, Result<Record<R>>>
where
    R: ToRecord + FromRecord + Send + Sync + 'static,
    S: Scope,
{
    Box::pin(async move {
        match one(&database, operation).await? {
            Saved::Record(record) => Ok(record),
            Saved::Deleted(name) => Err(Error::Decode {
                operation: modify::OPERATION,
                source: Box::new(DecodeError {
                    at: "records[0]".to_owned(),
                    reason: format!("the record {name:?} is marked deleted, although it was to be saved"),
                }),
            }),
        }
    })
}

pub(crate) async fn one<R, S>(database: &Database<S>, operation: Operation<R>) -> Result<Saved<R>>
where
    R: ToRecord + FromRecord + Send + Sync + 'static,
    S: Scope,
{
    let outcome = modify(database, vec![operation], None).await?.into_vec().pop();
    match outcome {
        Some(Ok(saved)) => Ok(saved),
        Some(Err(error)) => Err(Error::Server { operation: modify::OPERATION, source: Box::new(error) }),
        None => Err(Error::Decode {
            operation: modify::OPERATION,
            source: Box::new(DecodeError {
                at: "records".to_owned(),
                reason: "no answer to the operation".to_owned(),
            }),
        }),
    }
}

macro_rules! debug {
    ($($call:ident),*) => {$(
        impl<R, S: Scope> fmt::Debug for $call<R, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($call))
                    .field("database", &self.database)
                    .field("operation", &self.operation)
                    .finish_non_exhaustive()
            }
        }
    )*};
}

debug!(CreateCall, UpdateCall, ReplaceCall, DeleteCall);

impl<T, S: Scope> fmt::Debug for ModifyCall<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { database, operations, atomic } = self;
        f.debug_struct("ModifyCall")
            .field("database", database)
            .field("operations", operations)
            .field("atomic", atomic)
            .finish()
    }
}
