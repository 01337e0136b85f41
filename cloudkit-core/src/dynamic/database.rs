use super::{DynamicRecord, Value};
use crate::database::query::{QueryOptions, run};
use crate::database::{Database, HasZones, RecordStream, Scope};
use crate::error::{Error, Result, ServerError};
use crate::query::{Comparator, ContinuationMarker, Page, RawFilter, RawName, RawSort};
use crate::record::{Record, RecordName};
use crate::value::{Location, ScalarType, ValueType};
use crate::write::{Operation, Outcomes, Patch, Saved, Verb, modify};

/// A database for records whose type is not known when compiling; what [`Database::dynamic`] gives.
#[derive(Clone, Debug)]
pub struct DynamicDatabase<S: Scope>(Database<S>);

impl<S: Scope> Database<S> {
    /// The same database, for records whose type is not known when compiling.
    #[must_use]
    pub fn dynamic(&self) -> DynamicDatabase<S> {
        DynamicDatabase(self.clone())
    }
}

/// Every call fails as the one of [`Database`] does.
impl<S: Scope> DynamicDatabase<S> {
    /// Asks for records of this type.
    pub fn query(&self, record_type: impl Into<String>) -> DynamicQuery<S> {
        DynamicQuery {
            database: self.0.clone(),
            record_type: record_type.into(),
            filters: Vec::new(),
            sorts: Vec::new(),
            options: QueryOptions::default(),
        }
    }

    /// The record of this name.
    ///
    /// # Errors
    ///
    /// As [`Database::lookup`].
    pub async fn lookup(&self, record_name: impl Into<RecordName>) -> Result<Record<DynamicRecord>> {
        self.0.lookup(record_name).await
    }

    /// The records of these names, at most 200.
    ///
    /// # Errors
    ///
    /// As [`Database::lookup_many`].
    pub async fn lookup_many<N: Into<RecordName>>(
        &self,
        record_names: impl IntoIterator<Item = N>,
    ) -> Result<Vec<Result<Record<DynamicRecord>, ServerError>>> {
        self.0.lookup_many(record_names).await
    }

    /// Saves a new record, under a random UUID.
    ///
    /// # Errors
    ///
    /// As [`Database::create`].
    pub async fn create(&self, record: DynamicRecord) -> Result<Record<DynamicRecord>> {
        self.save(Operation::whole(Verb::Create, None, None, record)).await
    }

    /// Saves a new record under this name.
    ///
    /// # Errors
    ///
    /// As [`Database::create`].
    pub async fn create_named(
        &self,
        record_name: impl Into<RecordName>,
        record: DynamicRecord,
    ) -> Result<Record<DynamicRecord>> {
        self.save(Operation::whole(Verb::Create, Some(record_name.into()), None, record)).await
    }

    /// Changes some fields of a record.
    ///
    /// # Errors
    ///
    /// As [`Database::update`].
    pub async fn update(
        &self,
        record: &Record<DynamicRecord>,
        patch: Patch<DynamicRecord>,
    ) -> Result<Record<DynamicRecord>> {
        let tag = Some(record.change_tag().clone());
        self.save(Operation::patch(Verb::Update, record.record_name().clone(), tag, patch)).await
    }

    /// Saves a whole record again.
    ///
    /// # Errors
    ///
    /// As [`Database::replace`].
    pub async fn replace(&self, record: Record<DynamicRecord>) -> Result<Record<DynamicRecord>> {
        let (value, metadata) = record.into_parts();
        self.save(Operation::whole(
            Verb::Replace,
            Some(metadata.record_name),
            Some(metadata.change_tag),
            value,
        ))
        .await
    }

    /// Saves this as the record of this name, whatever is there.
    ///
    /// # Errors
    ///
    /// As [`Database::force_replace`].
    pub async fn force_replace(
        &self,
        record_name: impl Into<RecordName>,
        record: DynamicRecord,
    ) -> Result<Record<DynamicRecord>> {
        self.save(Operation::whole(Verb::ForceReplace, Some(record_name.into()), None, record)).await
    }

    /// Deletes a record.
    ///
    /// # Errors
    ///
    /// As [`Database::delete`].
    pub async fn delete(&self, record: &Record<DynamicRecord>) -> Result<()> {
        self.one(Operation::delete(record)).await.map(|_| ())
    }

    /// Deletes the record of this name, whatever its version and whether it is there.
    ///
    /// # Errors
    ///
    /// As [`Database::force_delete`].
    pub async fn force_delete(&self, record_name: impl Into<RecordName>) -> Result<()> {
        self.one(Operation::force_delete(record_name)).await.map(|_| ())
    }

    /// Sends up to 200 operations in one request; each has an outcome of its own.
    ///
    /// # Errors
    ///
    /// As [`Database::modify`].
    pub async fn modify(
        &self,
        operations: impl IntoIterator<Item = Operation<DynamicRecord>>,
    ) -> Result<Outcomes<DynamicRecord>> {
        modify(&self.0, operations.into_iter().collect(), None).await
    }

    async fn save(&self, operation: Operation<DynamicRecord>) -> Result<Record<DynamicRecord>> {
        crate::database::save(self.0.clone(), operation).await
    }

    async fn one(&self, operation: Operation<DynamicRecord>) -> Result<Saved<DynamicRecord>> {
        crate::database::one(&self.0, operation).await
    }
}

/// A query whose record type is not known when compiling; what [`DynamicDatabase::query`] gives.
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until its page, stream or records are asked for"]
pub struct DynamicQuery<S: Scope> {
    database: Database<S>,
    record_type: String,
    filters: Vec<RawFilter>,
    sorts: Vec<RawSort>,
    options: QueryOptions,
}

impl<S: Scope> DynamicQuery<S> {
    /// Only records whose field of this name compares so with the value.
    pub fn filter(self, field: impl Into<String>, comparator: Comparator, value: impl Into<Value>) -> Self {
        self.filter_raw(RawName::field(field), comparator, value.into())
    }

    /// The same for a field that CloudKit adds to each record, by its mapped name, such as `modifiedTimestamp`.
    pub fn filter_system(
        self,
        field: impl Into<String>,
        comparator: Comparator,
        value: impl Into<Value>,
    ) -> Self {
        self.filter_raw(RawName::system(field), comparator, value.into())
    }

    /// Only records whose place lies within this many metres of `centre`.
    pub fn near(mut self, field: impl Into<String>, centre: Location, metres: f64) -> Self {
        self.filters.push(RawFilter::near(RawName::field(field), centre, metres));
        self
    }

    /// In the order of the field of this name.
    pub fn sort(mut self, field: impl Into<String>, ascending: bool) -> Self {
        self.sorts.push(RawSort { field: RawName::field(field), ascending, relative_to: None });
        self
    }

    /// In the order of a field that CloudKit adds to each record, by its mapped name.
    pub fn sort_system(mut self, field: impl Into<String>, ascending: bool) -> Self {
        self.sorts.push(RawSort { field: RawName::system(field), ascending, relative_to: None });
        self
    }

    /// At most this many records a page, 1 to 200.
    pub fn results_limit(mut self, limit: u32) -> Self {
        self.options.results_limit = Some(limit);
        self
    }

    /// In all zones of the database, not in one.
    pub fn zone_wide(mut self) -> Self
    where
        S: HasZones,
    {
        self.options.zone_wide = true;
        self
    }

    /// One page: the first, or the one that begins at a marker.
    ///
    /// # Errors
    ///
    /// As [`QueryCall::page`](crate::database::QueryCall::page).
    pub async fn page(&self, marker: Option<&ContinuationMarker>) -> Result<Page<DynamicRecord>> {
        run(&self.database, &self.record_type, &self.filters, &self.sorts, &self.options, marker).await
    }

    /// Every record, page after page, as they are asked for.
    pub fn stream(self) -> RecordStream<DynamicRecord> {
        RecordStream::new(move |marker| {
            let query = self.clone();
            Box::pin(async move { query.page(marker.as_ref()).await })
        })
    }

    /// Every record.
    ///
    /// # Errors
    ///
    /// As [`QueryCall::fetch_all`](crate::database::QueryCall::fetch_all).
    pub async fn fetch_all(self) -> Result<Vec<Record<DynamicRecord>>, Error> {
        self.stream().try_collect().await
    }

    fn filter_raw(mut self, name: RawName, comparator: Comparator, value: Value) -> Self {
        let value_type = value.value_type().unwrap_or(ValueType::one(ScalarType::String));
        self.filters.push(RawFilter::dynamic(name, comparator, value_type, &FilterValue(&value), None));
        self
    }
}

/// References in filters go without their action.
struct FilterValue<'a>(&'a Value);

impl serde::Serialize for FilterValue<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Reference(reference) => reference.filter_value().serialize(serializer),
            Value::ReferenceList(references) => {
                serializer.collect_seq(references.iter().map(|reference| reference.filter_value()))
            }
            value => value.serialize(serializer),
        }
    }
}
