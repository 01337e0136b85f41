//! The long poll: a request that waits until there is a notification for its token.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::watch;

use super::{Reply, Request, State, in_place};
use crate::api::ApiError;
use crate::faults::Fault;

/// Where notifications are fetched.
pub(super) const PATH: &str = "/aps";

/// What rules of faults call the long poll: Apple's word for its address.
pub(super) const NAME: &str = "webcourier";

/// Tells the requests that wait when to look again.
#[derive(Debug)]
pub(crate) struct Courier {
    rings: watch::Sender<Ring>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ring {
    count: u64,
    closed: bool,
}

impl Default for Courier {
    fn default() -> Self {
        Self { rings: watch::Sender::new(Ring::default()) }
    }
}

impl Courier {
    /// Some notification waits for somebody.
    pub(crate) fn ring(&self) {
        self.rings.send_modify(|ring| ring.count = ring.count.wrapping_add(1));
    }

    /// Nobody shall wait any longer: the container stops.
    pub(crate) fn close(&self) {
        self.rings.send_modify(|ring| ring.closed = true);
    }
}

impl State {
    /// Where the notifications for a token are fetched, in the form of Apple's addresses.
    pub(crate) fn courier_url(&self, token: &str) -> String {
        let life = crate::facts::PUSH_TOKEN_LIFE.value.as_secs();
        format!("{}{PATH}?tok={token}&ttl={life}", self.url())
    }
}

/// The token of a long poll; `None` if the request is none.
pub(super) fn token<'r>(method: &str, target: &'r str) -> Option<&'r str> {
    let query = target.strip_prefix(PATH)?.strip_prefix('?')?;
    if method != "GET" {
        return None;
    }
    query.split('&').find_map(|pair| pair.strip_prefix("tok="))
}

/// Lets a long poll wait until there is something for it, and every other request pass.
///
/// It waits by the machine's time, in virtual time too: a reader who is patient must not move the clock for others.
pub(super) async fn wait(state: &State, request: &Request) {
    let Some(token) = token(&request.method, &request.target) else { return };
    let mut rings = state.courier().rings.subscribe();
    let end = tokio::time::sleep(state.settings().long_poll);
    tokio::pin!(end);
    loop {
        if rings.borrow_and_update().closed || !is_patient(state, token) {
            return;
        }
        tokio::select! {
            () = &mut end => return,
            rang = rings.changed() => if rang.is_err() { return },
        }
    }
}

/// Whether there is nothing for the token yet, and may be later.
fn is_patient(state: &State, token: &str) -> bool {
    let store = state.store();
    let nothing_yet = store.has_notification(token).map(|has| !has);
    let may_come = store.can_poll(token, state.clock().now_ms());
    nothing_yet.unwrap_or(false) && may_come.unwrap_or(false)
}

/// Answers a long poll with one notification, or with nothing if none has come.
pub(super) fn respond(state: &State, request: &Request, fault: Option<&Fault>) -> Result<Reply, ApiError> {
    if let Some(planned) = in_place(fault)? {
        return Ok(planned);
    }
    let token = token(&request.method, &request.target).unwrap_or_default();
    let mut store = state.store();
    if fault == Some(&Fault::ExpiredToken) {
        store.expire_push_token(token, state.clock().now_ms())?;
    }
    if !store.can_poll(token, state.clock().now_ms())? {
        return Err(ApiError::new(
            cloudkit_core::ServerErrorCode::NotFound,
            "unknown or expired push token: make a new one with tokens/create",
        ));
    }
    Ok(match store.take_notification(token)? {
        Some(notification) => Reply::new(200, HeaderMap::new(), notification),
        None => Reply::new(204, HeaderMap::new(), Bytes::new()),
    })
}

/// How long a long poll waits unless it is told otherwise.
pub(crate) const LONG_POLL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use cloudkit_core::Environment;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use crate::TestContainer;

    #[tokio::test]
    async fn a_poll_that_waits_does_not_keep_the_container_from_stopping() {
        let container = TestContainer::builder("iCloud.com.example.Test").start().await.expect("starts");
        let state = container.state();
        state.store().add_push_token("t", Environment::Development, i64::MAX).expect("kept");
        let address = state.url().strip_prefix("http://").expect("an address").to_owned();
        let mut stream = TcpStream::connect(&address).await.expect("connects");
        let request = format!("GET /aps?tok=t HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        while state.courier().rings.receiver_count() == 0 {
            tokio::task::yield_now().await;
        }
        // Were it not released, the connection would be cut off after a while, without an answer.
        container.stop().await;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("read to the end");
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    }
}
