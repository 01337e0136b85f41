use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{Database, HasZones, Scope};
use crate::client::Call;
use crate::error::{DecodeError, Error, Result, ServerError};
use crate::query::{
    Answerable, ContinuationMarker, Filter, Filtered, Page, Query, RawFilter, RawSort, Sort, Unfiltered,
};
use crate::record::{CkRecord, FromRecord, Record};
use crate::runtime::BoxFuture;
use crate::wire::RecordItem;
use crate::wire::records::{QueryDictionary, QueryRequest};

const OPERATION: &str = "records/query";

/// A query on a database; what [`Database::query`] gives.
///
/// Page by page with [`page`](Self::page), record by record with [`stream`](Self::stream), or all at once with
/// [`fetch_all`](Self::fetch_all).
///
/// Apple: [Fetching Records Using a Query](https://developer.apple.com/library/archive/documentation/DataManagement/Conceptual/CloudKitWebServicesReference/QueryingRecords.html)
#[must_use = "a query does nothing until its page, stream or records are asked for"]
pub struct QueryCall<R, S, F = Unfiltered> {
    database: Database<S>,
    query: Query<R, F>,
    options: QueryOptions,
}

/// What a request says beside the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryOptions {
    pub(crate) results_limit: Option<u32>,
    pub(crate) zone_wide: bool,
}

impl<R, S, F> Clone for QueryCall<R, S, F> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), query: self.query.clone(), options: self.options.clone() }
    }
}

impl<R: CkRecord, S: Scope, F> fmt::Debug for QueryCall<R, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { database, query, options } = self;
        f.debug_struct("QueryCall")
            .field("database", database)
            .field("query", query)
            .field("options", options)
            .finish()
    }
}

impl<R: CkRecord, S: Scope, F> QueryCall<R, S, F> {
    pub(super) fn new(database: Database<S>, query: Query<R, F>) -> Self {
        Self { database, query, options: QueryOptions::default() }
    }

    /// Only records that this condition is true of, beside those given before.
    pub fn filter(self, condition: impl FnOnce(R::Fields) -> Filter<R>) -> QueryCall<R, S, Filtered> {
        QueryCall { database: self.database, query: self.query.filter(condition), options: self.options }
    }

    /// The same, if there is something to compare with.
    pub fn filter_some<V>(
        mut self,
        value: Option<V>,
        condition: impl FnOnce(R::Fields, V) -> Filter<R>,
    ) -> Self {
        self.query = self.query.filter_some(value, condition);
        self
    }

    /// In this order; where an earlier order finds records equal, this one decides.
    pub fn sort(mut self, order: impl FnOnce(R::Fields) -> Sort<R>) -> Self {
        self.query = self.query.sort(order);
        self
    }

    /// At most this many records a page, 1 to 200; CloudKit's default, and its maximum, is 200.
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

    /// The first page.
    ///
    /// # Errors
    ///
    /// When CloudKit refuses the query, or its answer does not fit the struct.
    pub async fn page(&self) -> Result<Page<R>>
    where
        F: Answerable<R>,
    {
        self.run(None).await
    }

    /// The page that begins at a marker, which an earlier page of the same query gave.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); and when CloudKit does not know the marker.
    pub async fn page_after(&self, marker: &ContinuationMarker) -> Result<Page<R>>
    where
        F: Answerable<R>,
    {
        self.run(Some(marker)).await
    }

    /// Every record, page after page, as they are asked for.
    ///
    /// CloudKit pages by a marker. Records that are saved or deleted meanwhile may or may not be among them.
    pub fn stream(self) -> RecordStream<R>
    where
        F: Answerable<R>,
    {
        let Self { database, query, options } = self;
        RecordStream::new(move |marker| {
            let (database, filters, sorts) = (database.clone(), query.filters.clone(), query.sorts.clone());
            let options = options.clone();
            Box::pin(async move {
                run(&database, R::RECORD_TYPE, &filters, &sorts, &options, marker.as_ref()).await
            })
        })
    }

    /// Every record.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page), for any of the pages; and when CloudKit fails to give a single record.
    pub async fn fetch_all(self) -> Result<Vec<Record<R>>>
    where
        F: Answerable<R>,
    {
        self.stream().try_collect().await
    }

    /// The first record, if there is one.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    pub async fn first(self) -> Result<Option<Record<R>>>
    where
        F: Answerable<R>,
    {
        self.results_limit(1).stream().try_next().await
    }

    async fn run(&self, marker: Option<&ContinuationMarker>) -> Result<Page<R>> {
        let Query { filters, sorts, .. } = &self.query;
        run(&self.database, R::RECORD_TYPE, filters, sorts, &self.options, marker).await
    }
}

pub(crate) async fn run<R: FromRecord, S: Scope>(
    database: &Database<S>,
    record_type: &str,
    filters: &[RawFilter],
    sorts: &[RawSort],
    options: &QueryOptions,
    marker: Option<&ContinuationMarker>,
) -> Result<Page<R>> {
    // A zone-wide query names no zone, so it needs no owner either.
    if !options.zone_wide {
        database.check_zone(OPERATION)?;
    }
    let desired_keys = R::desired_keys();
    let body = database.client.encode(
        OPERATION,
        &QueryRequest {
            query: QueryDictionary { record_type, filter_by: filters, sort_by: sorts },
            zone: database.zone.as_ref().filter(|_| !options.zone_wide),
            zone_wide: options.zone_wide,
            results_limit: options.results_limit,
            continuation_marker: marker.map(ContinuationMarker::as_str),
            desired_keys: desired_keys.as_deref(),
        },
    )?;
    let call =
        Call { operation: OPERATION, database: S::PATH, record_type: Some(record_type), may_repeat: true };
    let answer = database.client.call(call, body).await?;
    let reply = answer.read_records::<R>()?;
    let next = reply.continuation_marker.map(ContinuationMarker::new);
    if next.is_some() && next.as_ref() == marker {
        return Err(Error::Decode {
            operation: OPERATION,
            source: Box::new(DecodeError {
                at: "continuationMarker".to_owned(),
                reason: "the marker of the next page is the one of this page, so the query would never end"
                    .to_owned(),
            }),
        });
    }
    let records = reply.records.into_iter().map(found).collect::<Result<_>>()?;
    Ok(Page::new(records, next))
}

fn found<R>(item: RecordItem<R>) -> Result<Result<Record<R>, ServerError>> {
    match item {
        RecordItem::Record(record) => Ok(Ok(record)),
        RecordItem::Failed(error) => Ok(Err(error)),
        RecordItem::Deleted(name) => Err(Error::Decode {
            operation: OPERATION,
            source: Box::new(DecodeError {
                at: "records".to_owned(),
                reason: format!("the record {name:?} is marked deleted, and a query finds living ones"),
            }),
        }),
        RecordItem::Named(name) => {
            Err(Error::Decode { operation: OPERATION, source: Box::new(DecodeError::without_tag(&name)) })
        }
    }
}

type NextPage<R> = dyn Fn(Option<ContinuationMarker>) -> BoxFuture<'static, Result<Page<R>>> + Send + Sync;

/// The records of a query, fetched a page at a time as they are asked for.
///
/// Take them with [`try_next`](Self::try_next), or with the combinators of a streams library: it is a
/// [`Stream`]. A record that CloudKit fails to give is an error in its place, and the stream goes on behind it; after
/// any other error it ends.
#[must_use = "a stream does nothing until records are taken from it"]
pub struct RecordStream<R> {
    next_page: Box<NextPage<R>>,
    ready: VecDeque<Result<Record<R>, ServerError>>,
    state: StreamState<R>,
}

enum StreamState<R> {
    /// The next page begins at this marker.
    At(Option<ContinuationMarker>),
    Fetching(BoxFuture<'static, Result<Page<R>>>),
    Ended,
}

impl<R> RecordStream<R> {
    pub(crate) fn new(
        next_page: impl Fn(Option<ContinuationMarker>) -> BoxFuture<'static, Result<Page<R>>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self { next_page: Box::new(next_page), ready: VecDeque::new(), state: StreamState::At(None) }
    }

    /// The next record, or `None` behind the last.
    ///
    /// # Errors
    ///
    /// When a page cannot be fetched, or CloudKit fails to give a single record.
    pub async fn try_next(&mut self) -> Result<Option<Record<R>>> {
        poll_fn(|cx| self.poll_record(cx)).await.transpose()
    }

    /// All records that are left.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next), for the first record that fails.
    pub async fn try_collect(mut self) -> Result<Vec<Record<R>>> {
        let mut records = Vec::new();
        while let Some(record) = self.try_next().await? {
            records.push(record);
        }
        Ok(records)
    }

    fn poll_record(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Record<R>>>> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Poll::Ready(Some(
                    record.map_err(|error| Error::Server { operation: OPERATION, source: Box::new(error) }),
                ));
            }
            match &mut self.state {
                StreamState::Ended => return Poll::Ready(None),
                StreamState::At(marker) => {
                    let marker = marker.take();
                    self.state = StreamState::Fetching((self.next_page)(marker));
                }
                StreamState::Fetching(page) => match ready!(page.as_mut().poll(cx)) {
                    Ok(page) => {
                        self.ready = page.records.into();
                        self.state = match page.next {
                            Some(marker) => StreamState::At(Some(marker)),
                            None => StreamState::Ended,
                        };
                    }
                    Err(error) => {
                        self.state = StreamState::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

// No field is pinned: the future inside is a box.
impl<R> Unpin for RecordStream<R> {}

impl<R> Stream for RecordStream<R> {
    type Item = Result<Record<R>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(cx)
    }
}

impl<R> fmt::Debug for RecordStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordStream").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}
