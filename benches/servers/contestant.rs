//! One server that takes part.

use std::io::Result;
use std::net::SocketAddr;
use std::time::Duration;

use super::load::{self, Check, Sent};
use super::process::Process;
use super::work::Work;

/// How long a round of one contestant should take.
const ROUND: Duration = Duration::from_millis(400);

/// At most so many requests in a round.
const MOST: usize = 12_000;

/// How a server wants to be spoken to.
pub(crate) trait Dialect {
    /// A request as it goes over the wire. Signed, if it has to be, for now.
    fn request(&mut self, work: Work) -> Vec<u8>;

    /// What shows that a reply is the one that was asked for.
    fn check(&self, work: Work) -> Check;

    /// How many records one request is about.
    fn records(&self, work: Work) -> usize;
}

/// A server that is running.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    pub(crate) dialect: Box<dyn Dialect>,
    /// The requests of the next round, as the last one has taught.
    planned: usize,
}

/// What a round has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// Records written, or queries answered.
    pub(crate) items: usize,
    pub(crate) wall: Duration,
    /// Of the server's process.
    pub(crate) server: Duration,
    /// Of the thread that sends the requests.
    pub(crate) client: Duration,
}

impl Contestant {
    pub(crate) fn new(
        name: &'static str,
        address: SocketAddr,
        process: Process,
        dialect: Box<dyn Dialect>,
    ) -> Self {
        Self { name, address, process, dialect, planned: 0 }
    }

    /// Sends a request that belongs to no measurement.
    pub(crate) fn send(&mut self, request: Vec<u8>, check: &Check) -> Result<()> {
        load::send(self.address, vec![vec![request]], check).map(drop)
    }

    /// Finds out how many requests make a round.
    pub(crate) fn warm_up(&mut self, work: Work, connections: usize) -> Result<()> {
        self.planned = 4 * connections;
        self.run(work, connections)?;
        self.run(work, connections)?;
        Ok(())
    }

    pub(crate) fn round(&mut self, work: Work, connections: usize) -> Result<Round> {
        self.run(work, connections)
    }

    fn run(&mut self, work: Work, connections: usize) -> Result<Round> {
        let each = self.planned.div_ceil(connections);
        let requests: Vec<Vec<Vec<u8>>> =
            (0..connections).map(|_| (0..each).map(|_| self.dialect.request(work)).collect()).collect();
        let check = self.dialect.check(work);
        let before = self.process.processor_time()?;
        let Sent { wall, client } = load::send(self.address, requests, &check)
            .map_err(|error| std::io::Error::other(format!("{}, {work:?}: {error}", self.name)))?;
        let server = self.process.processor_time()?.saturating_sub(before);
        let done = each * connections;
        let rate = done as f64 / wall.as_secs_f64();
        self.planned = ((rate * ROUND.as_secs_f64()) as usize).clamp(connections, MOST);
        Ok(Round { items: done * self.dialect.records(work), wall, server, client })
    }
}
