use super::{Database, Scope};
use crate::client::Call;
use crate::error::{DecodeError, Error, RequestError, Result, ServerError};
use crate::record::{FromRecord, Record, RecordName};
use crate::value::Reference;
use crate::wire::records::{LookupRequest, MAX_ITEMS, NamedRecord};
use crate::wire::{RecordItem, match_items};
use crate::{ServerErrorCode, record::CkRecord};

const OPERATION: &str = "records/lookup";

/// Apple: [Fetching Records by Record Name](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/LookupRecords.html)
impl<S: Scope> Database<S> {
    /// The record of this name. It sees what was saved a moment ago, which a query may not.
    ///
    /// # Errors
    ///
    /// [`Error::is_not_found`] when there is none; [`Error::Decode`] when it does not fit the struct.
    pub async fn lookup<R: FromRecord>(&self, record_name: impl Into<RecordName>) -> Result<Record<R>> {
        let name = record_name.into();
        match self.lookup_items(&[&name]).await?.pop() {
            Some(Ok(record)) => Ok(record),
            Some(Err(error)) => Err(Error::Server { operation: OPERATION, source: Box::new(error) }),
            None => Err(Error::Server {
                operation: OPERATION,
                source: Box::new(ServerError::new(ServerErrorCode::NotFound)),
            }),
        }
    }

    /// The record of this name, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`lookup`](Self::lookup), but for the record that is not there.
    pub async fn lookup_opt<R: FromRecord>(
        &self,
        record_name: impl Into<RecordName>,
    ) -> Result<Option<Record<R>>> {
        match self.lookup(record_name).await {
            Ok(record) => Ok(Some(record)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The records of these names, at most 200, each by itself and in their order.
    ///
    /// # Errors
    ///
    /// When CloudKit refuses the request, does not answer each name exactly once, or a record does not fit the struct.
    pub async fn lookup_many<R: FromRecord, N: Into<RecordName>>(
        &self,
        record_names: impl IntoIterator<Item = N>,
    ) -> Result<Vec<Result<Record<R>, ServerError>>> {
        let names: Vec<RecordName> = record_names.into_iter().map(Into::into).collect();
        self.lookup_items(&names.iter().collect::<Vec<_>>()).await
    }

    /// The record that a reference points to.
    ///
    /// # Errors
    ///
    /// As [`lookup`](Self::lookup).
    pub async fn lookup_reference<R: CkRecord>(&self, reference: &Reference<R>) -> Result<Record<R>> {
        let mut database = self.clone();
        if let Some(zone) = reference.zone() {
            database.zone = Some(zone.clone());
        }
        database.lookup(reference.record_name()).await
    }

    async fn lookup_items<R: FromRecord>(
        &self,
        names: &[&RecordName],
    ) -> Result<Vec<Result<Record<R>, ServerError>>> {
        let refuse = |source| Err(Error::Request { operation: OPERATION, source });
        self.check_zone(OPERATION)?;
        if names.len() > MAX_ITEMS {
            return refuse(RequestError::TooMany {
                what: "record names",
                count: names.len(),
                limit: MAX_ITEMS,
            });
        }
        for &name in names {
            if let Err(source) = name.check() {
                return refuse(RequestError::RecordName { name: name.clone(), source });
            }
        }
        let records: Vec<_> = names.iter().map(|record_name| NamedRecord { record_name }).collect();
        let desired_keys = R::desired_keys();
        let body = self.client.encode(
            OPERATION,
            &LookupRequest {
                records: &records,
                zone: self.zone.as_ref(),
                desired_keys: desired_keys.as_deref(),
            },
        )?;
        let call =
            Call { operation: OPERATION, database: S::PATH, record_type: R::ONLY_TYPE, may_repeat: true };
        let answer = self.client.call(call, body).await?;
        let reply = answer.read_records::<R>()?;
        let items = match_items(names, reply.records)
            .map_err(|source| Error::Decode { operation: OPERATION, source: Box::new(source) })?;
        items
            .into_iter()
            .map(|item| match item {
                RecordItem::Record(record) => Ok(Ok(record)),
                RecordItem::Failed(error) => Ok(Err(error)),
                // A trace of a deleted record is as good as none.
                RecordItem::Deleted(name) => Ok(Err(ServerError {
                    record_name: Some(name),
                    reason: Some("Record not found".to_owned()),
                    ..ServerError::new(ServerErrorCode::NotFound)
                })),
                RecordItem::Named(name) => Err(Error::Decode {
                    operation: OPERATION,
                    source: Box::new(DecodeError::without_tag(&name)),
                }),
            })
            .collect()
    }
}
