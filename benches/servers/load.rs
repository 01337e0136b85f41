//! Sends requests over HTTP/1.1 and waits for the replies, with little of its own: bytes that are ready go out, and of a
//! reply only its status, its length and a mark are looked at. One thread, whatever the number of connections.

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use memchr::memmem::{self, Finder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use super::process::thread_time;

/// What shows that a reply is the one that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) status: &'static str,
    /// This stands in the body so often.
    pub(crate) mark: &'static str,
    pub(crate) times: usize,
}

/// How long it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) wall: Duration,
    /// The processor time of this side.
    pub(crate) client: Duration,
}

/// Sends the requests of each connection one after the other, all connections at once.
pub(crate) fn send(address: SocketAddr, requests: Vec<Vec<Vec<u8>>>, check: &Check) -> Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let barrier = std::sync::Arc::new(Barrier::new(requests.len() + 1));
        let mut connections = tokio::task::JoinSet::new();
        for requests in requests {
            let (barrier, check) = (barrier.clone(), check.clone());
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            connections.spawn(async move {
                barrier.wait().await;
                converse(stream, &requests, &check).await
            });
        }
        barrier.wait().await;
        let (began, before) = (Instant::now(), thread_time()?);
        while let Some(ended) = connections.join_next().await {
            ended.map_err(Error::other)??;
        }
        Ok(Sent { wall: began.elapsed(), client: thread_time()?.saturating_sub(before) })
    })
}

async fn converse(mut stream: TcpStream, requests: &[Vec<u8>], check: &Check) -> Result<()> {
    let end_of_head = Finder::new(b"\r\n\r\n");
    let mark = Finder::new(check.mark.as_bytes());
    let mut reply = Vec::with_capacity(64 * 1024);
    for request in requests {
        stream.write_all(request).await?;
        reply.clear();
        let head = loop {
            if stream.read_buf(&mut reply).await? == 0 {
                return Err(Error::other("the server closes the connection"));
            }
            if let Some(at) = end_of_head.find(&reply) {
                break at + 4;
            }
        };
        let length =
            content_length(&reply[..head]).ok_or_else(|| wrong("the reply has no length", &reply))?;
        while reply.len() < head + length {
            if stream.read_buf(&mut reply).await? == 0 {
                return Err(Error::other("the server closes the connection in the middle of a reply"));
            }
        }
        let has_status = reply.get(9..12) == Some(check.status.as_bytes());
        if !has_status || mark.find_iter(&reply[head..]).count() != check.times {
            return Err(wrong("another reply was expected", &reply));
        }
    }
    Ok(())
}

fn content_length(head: &[u8]) -> Option<usize> {
    let at = memmem::find(head, b"ontent-").into_iter().chain(memmem::find_iter(head, b"ontent-"));
    let name =
        |at: &usize| head[at + 7..].get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"length: "));
    let digits = head[at.into_iter().find(name)? + 15..].split(|byte| *byte == b'\r').next()?;
    std::str::from_utf8(digits).ok()?.trim().parse().ok()
}

fn wrong(what: &str, reply: &[u8]) -> Error {
    let reply = String::from_utf8_lossy(&reply[..reply.len().min(1_000)]);
    Error::other(format!("{what}: {reply}"))
}
