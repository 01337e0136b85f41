//! The test container with all cities of the world: the time of an import, of queries among few and among many records,
//! memory for each record, and how soon a container is ready.
//!
//! ```sh
//! cargo build --release -p cloudkit-cli
//! cargo bench -p cloudkit-benches --bench cities -- cities.jsonl.gz
//! ```
//!
//! README.md in this directory says where the file comes from. Without it an excerpt is repeated.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cloudkit_core::query::ContinuationMarker;
use cloudkit_test_container::TestContainer;
use tokio::task::JoinSet;

use data::{City, Row};
use process::Process;
use questions::{Db, Question, middle, page_at, questions};

mod data;
mod process;
mod questions;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FEW: usize = 1_000;
const SOME: usize = 10_000;

/// The most operations that one request may hold.
const BATCH: usize = 200;

/// So many requests of an import are under way at once.
const AT_ONCE: usize = 4;

/// The least of so many times counts. The containers take turns.
const ROUNDS: usize = 25;

#[tokio::main]
async fn main() -> Result<()> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let file = given.map(PathBuf::from);
    if file.is_none() {
        println!("No file was named: 5,000 cities are repeated under other names. See benches/README.md.");
    }
    let rows = data::read(file.as_deref())?;
    let questions = questions(&rows);

    ready_in_process().await?;
    let mut containers = Vec::new();
    for count in [FEW, SOME, rows.len()] {
        containers.push(Filled::new(&rows, &questions, count).await?);
    }
    compare(&questions, &containers).await?;
    drop(containers);
    match process::command() {
        Some(command) => memory(&command, &rows).await?,
        None => println!("\nFor memory: cargo build --release -p cloudkit-cli"),
    }
    Ok(())
}

/// A container with so many of the cities.
struct Filled {
    container: TestContainer,
    db: Db,
    records: usize,
    middle: Option<ContinuationMarker>,
}

impl Filled {
    async fn new(rows: &[Row], questions: &[Question], count: usize) -> Result<Self> {
        let container = TestContainer::start_with::<City>().await?;
        let db = container.client().public();
        let rows = excerpt(rows, questions, count)?;
        println!("\n{} records into a container in memory", rows.len());
        import(&db, &rows).await?;
        let middle = middle(&db, rows.len()).await?;
        Ok(Self { container, db, records: rows.len(), middle })
    }
}

/// So many rows, among them all that any question finds.
fn excerpt<'r>(rows: &'r [Row], questions: &[Question], count: usize) -> Result<Vec<&'r Row>> {
    let mut taken = vec![false; rows.len()];
    for index in questions.iter().flat_map(|question| &question.finds) {
        taken[*index] = true;
    }
    let found = taken.iter().filter(|taken| **taken).count();
    let missing = count.checked_sub(found).ok_or(format!("the questions find {found} rows"))?;
    let free: Vec<usize> = (0..rows.len()).filter(|index| !taken[*index]).collect();
    for turn in 0..missing {
        taken[free[turn * free.len() / missing]] = true;
    }
    Ok(rows.iter().zip(taken).filter(|(_, taken)| *taken).map(|(row, _)| row).collect())
}

async fn import(db: &Db, rows: &[&Row]) -> Result<()> {
    let tenth = rows.len().div_ceil(10);
    let mut rates = Vec::new();
    let began = Instant::now();
    for part in rows.chunks(tenth) {
        let began = Instant::now();
        let mut requests = JoinSet::new();
        for batch in part.chunks(BATCH) {
            if requests.len() == AT_ONCE {
                saved(requests.join_next().await)?;
            }
            let (db, operations): (_, Vec<_>) =
                (db.clone(), batch.iter().map(|row| row.operation()).collect());
            requests.spawn(async move {
                let outcomes = db.modify(operations).await.map_err(|error| error.to_string())?;
                outcomes.all_saved().map(|_| ()).map_err(|error| error.to_string())
            });
        }
        while let Some(done) = requests.join_next().await {
            saved(Some(done))?;
        }
        rates.push(part.len() as f64 / began.elapsed().as_secs_f64());
    }
    let took = began.elapsed();
    let rate = rows.len() as f64 / took.as_secs_f64();
    println!("  imported in {took:.2?}: {rate:.0} records a second");
    if let [first, .., last] = rates.as_slice() {
        println!("  the last tenth took {:.2} of the time of the first", first / last);
    }
    Ok(())
}

fn saved(
    done: Option<std::result::Result<std::result::Result<(), String>, tokio::task::JoinError>>,
) -> Result<()> {
    if let Some(done) = done {
        done??;
    }
    Ok(())
}

async fn compare(questions: &[Question], containers: &[Filled]) -> Result<()> {
    let header = |filled: &Filled| format!("{:>12}", filled.records);
    println!("\n{:<46}{:>6}{}", "query", "finds", containers.iter().map(header).collect::<String>());
    for question in questions {
        let mut best = vec![Duration::MAX; containers.len()];
        for _ in 0..ROUNDS {
            for (index, filled) in containers.iter().enumerate() {
                let began = Instant::now();
                let found = (question.ask)(&filled.db).await?;
                best[index] = best[index].min(began.elapsed());
                if found != question.finds.len() {
                    let (name, right) = (&question.name, question.finds.len());
                    return Err(format!("{name}: found {found} of {right}").into());
                }
            }
        }
        line(&question.name, question.finds.len(), &best);
    }
    let mut best = vec![Duration::MAX; containers.len()];
    for _ in 0..ROUNDS {
        for (index, filled) in containers.iter().enumerate() {
            let marker = filled.middle.as_ref().ok_or("there is no page in the middle")?;
            let began = Instant::now();
            page_at(&filled.db, marker).await?;
            best[index] = best[index].min(began.elapsed());
        }
    }
    line("a page of 200 in the middle of all, by name", 200, &best);
    for filled in containers {
        assert!(filled.container.requests().iter().all(|request| request.status == 200), "all went well");
    }
    Ok(())
}

fn line(name: &str, finds: usize, times: &[Duration]) {
    let first = times[0].as_secs_f64();
    let cell = |time: &Duration| {
        format!("{:>12}", format!("{:.2} ms ×{:.2}", time.as_secs_f64() * 1e3, time.as_secs_f64() / first))
    };
    println!(
        "{name:<46}{finds:>6}{}",
        times.iter().map(cell).map(|cell| format!("{cell:>18}")).collect::<String>()
    );
}

async fn ready_in_process() -> Result<()> {
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let began = Instant::now();
        let container = TestContainer::start_with::<City>().await?;
        best = best.min(began.elapsed());
        container.stop().await;
    }
    println!("A container in the process is ready after {best:.1?}.");
    Ok(())
}

async fn memory(command: &Path, rows: &[Row]) -> Result<()> {
    let directory = std::env::temp_dir().join(format!("cities-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let measured = measure(command, rows, &directory).await;
    std::fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(command: &Path, rows: &[Row], directory: &Path) -> Result<()> {
    let schema = directory.join("schema.ckdb");
    std::fs::write(&schema, cloudkit_core::schema::emit::<City>()?)?;
    let mut best = Duration::MAX;
    for _ in 0..10 {
        best = best.min(Process::start(command, &schema, None)?.ready_after);
    }
    println!("\n`cloudkit container serve` is ready after {best:.1?}.");
    let data = directory.join("data");
    let rows: Vec<&Row> = rows.iter().collect();
    for (name, data) in [("in memory", None), ("with --data", Some(data.as_path()))] {
        let process = Process::start(command, &schema, data)?;
        let idle = process.memory();
        println!("\n{} records into `cloudkit container serve`, {name}", rows.len());
        import(&process.db, &rows).await?;
        if let (Some(idle), Some(full)) = (idle, process.memory()) {
            println!("  idle {} MB, then {} MB", idle >> 20, full >> 20);
            println!("  {} bytes of memory for each record", full.saturating_sub(idle) / rows.len() as u64);
        }
        let Some(data) = data else { continue };
        drop(process);
        let again = Process::start(command, &schema, Some(data))?;
        println!("  ready again after {:.1?}", again.ready_after);
        let mut size = 0;
        for file in std::fs::read_dir(data)? {
            size += file?.metadata()?.len();
        }
        println!("  {} bytes in files for each record", size / rows.len() as u64);
    }
    Ok(())
}
