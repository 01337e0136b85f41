//! The test container against json-server and dynalite: the same work, sent by the same program, in one run.
//!
//! ```text
//! npm ci --prefix benches/npm      # once; without it the container runs alone
//! cargo bench -p cloudkit-benches --bench servers
//! cargo bench -p cloudkit-benches --bench servers -- --rounds 9 query container dynalite
//! ```
//!
//! Every server is a process of its own. In each round all of them have their turn, so that a slow second of the machine
//! meets all. Requests are written and signed before the clock starts. The program that sends them needs the machine as
//! well, so beside the wall clock stands what the system says of the processor time of either side.

mod container;
mod contestant;
mod dynalite;
mod json_server;
mod load;
mod process;
mod ready;
mod table;
mod work;

use std::io::Result;
use std::process::ExitCode;

use contestant::Contestant;
use table::Table;
use work::Work;

/// The first argument of the process that is the container. It runs what the `cloudkit` command runs.
const SERVE: &str = "__serve";

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == SERVE) {
        let arguments = ["cloudkit", "container", "serve"].map(Into::into).into_iter().chain(arguments);
        return cloudkit_cli::main(arguments, cloudkit_cli::Context::of_process());
    }
    match run(&Plan::read(std::env::args().skip(1))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Plan {
    rounds: usize,
    works: Vec<Work>,
    /// Parts of the names of the contestants; all of them if empty.
    names: Vec<String>,
}

impl Plan {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let mut plan = Self { rounds: 5, works: Vec::new(), names: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => plan.rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(5),
                // Cargo's own.
                flag if flag.starts_with('-') => {}
                "query" => plan.works.push(Work::Query),
                "put" => plan.works.push(Work::Put),
                "batch" => plan.works.push(Work::Batch),
                name => plan.names.push(name.to_owned()),
            }
        }
        if plan.works.is_empty() {
            plan.works.extend(Work::ALL);
        }
        plan
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part.as_str()))
    }
}

fn run(plan: &Plan) -> Result<()> {
    if plan.names.is_empty() {
        ready::measure()?;
    }
    let mut contestants: Vec<Contestant> = Vec::new();
    for setup in container::SETUPS {
        if plan.wants(setup.name) {
            contestants.push(container::start(setup)?);
        }
    }
    let npm = [dynalite::MEMORY, dynalite::LEVELDB, json_server::FILE, json_server::MEMORY];
    for name in npm.into_iter().filter(|name| plan.wants(name)) {
        if !process::is_installed(name) {
            println!("{name} is not installed; run `npm ci --prefix benches/npm`");
            continue;
        }
        let start = if name.starts_with("dynalite") { dynalite::start } else { json_server::start };
        contestants.push(start(name)?);
    }
    for work in plan.works.iter().copied() {
        for connections in [1, 16] {
            let mut table = Table::new(work, connections);
            for contestant in &mut contestants {
                contestant.warm_up(work, connections)?;
            }
            for _ in 0..plan.rounds {
                for contestant in &mut contestants {
                    let round = contestant.round(work, connections)?;
                    table.add(contestant.name, round);
                }
            }
            table.print();
        }
    }
    Ok(())
}
