//! What the rounds have shown, as ratios: of the best rounds by the clock, and of the processor time of the servers in all
//! rounds, which tells more where the machine has other things to do.

use std::time::Duration;

use super::contestant::Round;
use super::work::Work;

/// The rounds of one kind of work.
pub(crate) struct Table {
    work: Work,
    connections: usize,
    rows: Vec<(&'static str, Vec<Round>)>,
}

/// What all rounds of a contestant amount to.
struct Sum {
    /// Records or queries a second, in the best round and in the middle one.
    best: f64,
    middle: f64,
    /// Processor time for each record or query, over all rounds, in microseconds.
    server: f64,
    client: f64,
}

impl Table {
    pub(crate) fn new(work: Work, connections: usize) -> Self {
        Self { work, connections, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &'static str, round: Round) {
        match self.rows.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rounds)) => rounds.push(round),
            None => self.rows.push((name, vec![round])),
        }
    }

    pub(crate) fn print(&self) {
        let what = match self.work {
            Work::Query => "queries that find 20 records",
            Work::Put => "new records, one a request",
            Work::Batch => "new records, in the largest batches",
        };
        let plural = if self.connections == 1 { "" } else { "s" };
        println!("\n{what}; {} connection{plural}", self.connections);
        println!(
            "  {:<40}{:>9}{:>10}{:>11}{:>11}  {:^17}  {:^17}",
            "", "best/s", "middle/s", "server µs", "client µs", "× dynalite", "× json-server"
        );
        println!("  {:<40}{:41}  {:>8}{:>9}  {:>8}{:>9}", "", "", "clock", "server", "clock", "server");
        let sums: Vec<(&str, Sum)> = self.rows.iter().map(|(name, rounds)| (*name, sum(rounds))).collect();
        let find = |name: &str| sums.iter().find(|(known, _)| *known == name).map(|(_, sum)| sum);
        for (name, sum) in &sums {
            let ratios = [find("dynalite"), find("json-server")].map(|base| match base {
                Some(base) => {
                    format!("{:>8.2}{:>9.2}", sum.best / base.best, base.server / sum.server.max(0.1))
                }
                None => String::new(),
            });
            println!(
                "  {name:<40}{:>9.0}{:>10.0}{:>11.1}{:>11.1}  {:>17}  {:>17}",
                sum.best, sum.middle, sum.server, sum.client, ratios[0], ratios[1]
            );
        }
    }
}

fn sum(rounds: &[Round]) -> Sum {
    let mut rates: Vec<f64> =
        rounds.iter().map(|round| round.items as f64 / round.wall.as_secs_f64()).collect();
    rates.sort_by(f64::total_cmp);
    let items = rounds.iter().map(|round| round.items).sum::<usize>().max(1) as f64;
    let each =
        |time: fn(&Round) -> Duration| rounds.iter().map(time).sum::<Duration>().as_secs_f64() * 1e6 / items;
    Sum {
        best: rates.last().copied().unwrap_or_default(),
        middle: rates.get(rates.len() / 2).copied().unwrap_or_default(),
        server: each(|round| round.server),
        client: each(|round| round.client),
    }
}
