//! Replies that do not arrive as they should.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use cloudkit_core::runtime::Clock as _;
use hyper::body::{Body, Frame, SizeHint};

use crate::clock::Clock;

/// The connection is to be closed instead of answered. A response carries it down to the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a planned fault closes the connection")
    }
}

impl std::error::Error for Dropped {}

impl Dropped {
    pub(super) fn response() -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(Self);
        response
    }
}

/// A body that ends early, or comes slowly. Its length is announced in full.
pub(super) struct TroubledBody {
    length: u64,
    rest: Bytes,
    piece: usize,
    pause: Option<(Clock, Duration)>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    end: End,
}

enum End {
    /// The body is complete.
    Good,
    /// The connection closes, once what was written before has left the buffers.
    Cut { flushed: bool },
}

impl TroubledBody {
    pub(super) fn truncated(mut body: Bytes, percent: u8) -> Self {
        let length = body.len();
        // The last byte is never sent: a body that is complete is no trouble.
        let kept = (length * usize::from(percent.min(100)) / 100).min(length.saturating_sub(1));
        body.truncate(kept);
        Self {
            length: length as u64,
            rest: body,
            piece: usize::MAX,
            pause: None,
            waiting: None,
            end: End::Cut { flushed: false },
        }
    }

    pub(super) fn slow(body: Bytes, piece: usize, pause: Duration, clock: Clock) -> Self {
        Self {
            length: body.len() as u64,
            rest: body,
            piece: piece.max(1),
            pause: Some((clock, pause)),
            waiting: None,
            end: End::Good,
        }
    }
}

impl Body for TroubledBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        if self.rest.is_empty() {
            return match &mut self.end {
                End::Good => Poll::Ready(None),
                End::Cut { flushed: true } => Poll::Ready(Some(Err(Dropped))),
                End::Cut { flushed } => {
                    *flushed = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            };
        }
        if let Some((clock, pause)) = self.pause.clone() {
            let waiting =
                self.waiting.get_or_insert_with(|| Box::pin(async move { clock.sleep(pause).await }));
            if waiting.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
        }
        let length = self.piece.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.end, End::Good)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self.end {
            End::Good => self.rest.len() as u64,
            End::Cut { .. } => self.length,
        })
    }
}
